//! The fast step on the GPU, ahead of the model that burn has: its weights are newer until somebody
//! asks for them. Where an engine is built for the CPU only there is none of it.

#[cfg(feature = "webgpu")]
pub use gpu::Ahead;
#[cfg(not(feature = "webgpu"))]
pub use none::Ahead;

#[cfg(feature = "webgpu")]
mod gpu {
    use crate::engine::diverged;
    use crate::engine::fast::cpu::Lesson;
    use crate::engine::fast::gpu::Gpu;
    use crate::engine::fast::plan::Uncovered;
    use crate::engine::learner::parameters;
    use crate::engine::optim::{AdamW, learning_rate};
    use crate::engine::params;
    use crate::engine::run::{Run, numbers, unread};
    use crate::engine::train::{Measured, Part, Stopped, evaluation, mean, no_text};
    use crate::protocol::Fault;
    use crate::text::batch::Batch;
    use std::collections::VecDeque;

    /// A run's twin on the GPU.
    #[derive(Debug)]
    pub struct Ahead {
        gpu: Gpu,
        /// Step and learning rate of each step whose numbers have not been read.
        queued: VecDeque<(u32, f64)>,
    }

    impl Ahead {
        /// The twin of that run, whose weights it does not have yet; `None` where the run's place is
        /// no GPU, or there is no text.
        pub async fn new(run: &Run) -> Option<Result<Self, Uncovered>> {
            let kernels = run.place.kernels.as_ref()?;
            // Without a text the step itself will say so.
            let (batch, _) = run.lesson().ok()?;
            let (config, vocab) = (&run.config, run.model().vocab());
            let parameters = parameters(run.model());
            let shape = [batch.batch_size, batch.block_size];
            let gpu = Gpu::new(kernels, &config.model, vocab, shape, &parameters).await;
            Some(gpu.map(|gpu| Ahead {
                gpu,
                queued: VecDeque::new(),
            }))
        }

        /// Takes the run's weights and moments over.
        pub async fn enter(&self, run: &Run) -> Result<(), Fault> {
            let mut values = Vec::new();
            // One by one: joining them first would have burn make a shader for it.
            for parameter in params::list(run.model()) {
                values.extend(numbers(parameter.tensor).await?);
            }
            let optimizer = run.learner.optimizer();
            let m = numbers(optimizer.m.clone()).await?;
            let v = numbers(optimizer.v.clone()).await?;
            self.gpu.set_state([&values, &m, &v]);
            Ok(())
        }

        /// Gives the run the weights and moments after all queued steps.
        pub async fn leave(&self, run: &mut Run) -> Result<(), Fault> {
            let state = self.gpu.state().await.map_err(unread)?;
            let [values, m, v] = &state;
            let device = run.place.plain();
            let (model, optimizer) = run.learner.readable();
            *model = params::fill(model.clone(), values);
            *optimizer = AdamW::filled(model, [values, m, v], &device);
            Ok(())
        }

        /// The weights after all queued steps, as [`crate::engine::learner::Learner::bytes`] has them.
        pub async fn bytes(&self, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
            self.gpu.bytes(with_optimizer).await.map_err(unread)
        }

        /// As [`Run::mean_loss`], of the weights after all queued steps.
        pub async fn mean_loss<F: Future<Output = bool>>(
            &mut self,
            run: &Run,
            part: Part,
            limit: Option<usize>,
            between: impl FnMut() -> F,
        ) -> Result<Option<f32>, Fault> {
            let text = run.text.as_ref().ok_or_else(no_text)?;
            let batches = evaluation(text, &run.config, part, limit);
            let losses = async |batch: &Batch| self.gpu.losses(batch).await.map_err(unread);
            mean(batches, losses, between).await
        }

        /// Queues the run's next step and counts it.
        pub fn queue_step(&mut self, run: &mut Run) -> Result<(), Fault> {
            self.send_next(run)?;
            let lr = learning_rate(&run.config.train, run.step);
            run.step += 1;
            self.queued.push_back((run.step, lr));
            Ok(())
        }

        /// Has the GPU make the run's next step, or make it again.
        fn send_next(&mut self, run: &Run) -> Result<(), Fault> {
            let (batch, dropout) = run.lesson()?;
            let lesson = Lesson {
                tokens: &batch.inputs,
                targets: &batch.targets,
                dropout,
            };
            self.gpu.step(&lesson, &run.config.train, run.step);
            Ok(())
        }

        /// The numbers of queued steps, oldest first: of those that are due, or of all. Where one of
        /// them was not taken the run is at the step before it again, as its weights are.
        pub async fn read(&mut self, run: &mut Run, all: bool) -> Result<Vec<Measured>, Stopped> {
            let numbers = self.gpu.numbers(all).await.map_err(unread)?;
            let mut before = Vec::with_capacity(numbers.len());
            for [loss, grad_norm] in numbers {
                let Some((step, lr)) = self.queued.pop_front() else {
                    break;
                };
                let measured = Measured {
                    step,
                    lr,
                    loss,
                    grad_norm,
                };
                let good = match grad_norm.is_finite() {
                    true => measured.finite(),
                    false => Err(self.not_taken(run, measured).await),
                };
                match good {
                    Ok(good) => before.push(good),
                    Err(fault) => return Err(Stopped { before, fault }),
                }
            }
            Ok(before)
        }

        /// Goes back to before a step that was not taken, and says which it was.
        async fn not_taken(&mut self, run: &mut Run, measured: Measured) -> Fault {
            let Measured {
                step,
                loss,
                grad_norm,
                ..
            } = measured;
            self.forget();
            run.step = step - 1;
            match self.gradients_of_next(run).await {
                Ok(gradients) => {
                    let parameters = parameters(run.model());
                    diverged::not_taken(step, [loss, grad_norm], &parameters, &gradients)
                }
                Err(fault) => fault,
            }
        }

        /// The gradients of a step that was not taken, `[n]`. Those behind it have written over them;
        /// from the same weights and the same batch they come out the same.
        async fn gradients_of_next(&mut self, run: &Run) -> Result<Vec<f32>, Fault> {
            self.send_next(run)?;
            let gradients = self.gpu.gradients().await.map_err(unread)?;
            self.gpu.forget();
            self.gpu.go_on();
            Ok(gradients)
        }

        /// Leaves unread what has not been read.
        pub fn forget(&mut self) {
            self.gpu.forget();
            self.queued.clear();
        }
    }
}

#[cfg(not(feature = "webgpu"))]
mod none {
    use crate::engine::fast::plan::Uncovered;
    use crate::engine::run::Run;
    use crate::engine::train::{Measured, Part, Stopped};
    use crate::protocol::Fault;

    /// Never made.
    #[derive(Debug)]
    pub enum Ahead {}

    impl Ahead {
        pub async fn new(_: &Run) -> Option<Result<Self, Uncovered>> {
            None
        }

        pub async fn enter(&self, _: &Run) -> Result<(), Fault> {
            match *self {}
        }

        pub async fn leave(&self, _: &mut Run) -> Result<(), Fault> {
            match *self {}
        }

        pub async fn bytes(&self, _: bool) -> Result<Vec<u8>, Fault> {
            match *self {}
        }

        pub async fn mean_loss<F: Future<Output = bool>>(
            &mut self,
            _: &Run,
            _: Part,
            _: Option<usize>,
            _: impl FnMut() -> F,
        ) -> Result<Option<f32>, Fault> {
            match *self {}
        }

        pub fn queue_step(&mut self, _: &mut Run) -> Result<(), Fault> {
            match *self {}
        }

        pub async fn read(&mut self, _: &mut Run, _: bool) -> Result<Vec<Measured>, Stopped> {
            match *self {}
        }

        pub fn forget(&mut self) {
            match *self {}
        }
    }
}
