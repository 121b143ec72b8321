//! Training: one step, and what it reports.
//!
//! A step waits for its gradients' norm before it moves anything: on the CPU that is there at once, and
//! on a GPU the readable path is there to be read. (The fast one on a GPU is queued: `ahead.rs`.)

use super::diverged;
use super::dropout::Dropout;
use super::fast::cpu::Lesson;
use super::learner;
use super::optim;
use super::params;
use super::run::{Run, TrainingText, numbers};
use crate::config::{Attention, RunConfig};
use crate::protocol::{Backend, Fault, FaultKind};
use crate::text::batch::{Batch, windows};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Training came to an end with a fault.
#[derive(Debug)]
pub struct Stopped {
    /// The numbers of the steps before it that had not been given yet.
    pub before: Vec<Measured>,
    pub fault: Fault,
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Stopped {
            before: Vec::new(),
            fault,
        }
    }
}

impl From<Stopped> for Fault {
    fn from(stopped: Stopped) -> Self {
        stopped.fault
    }
}

/// A step's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub step: u32,
    pub lr: f64,
    /// Nats per character.
    pub loss: f32,
    /// Before clipping.
    pub grad_norm: f32,
}

impl Run {
    /// Makes one training step.
    ///
    /// # Errors
    /// [`FaultKind::State`] when the model was loaded without a text; [`FaultKind::Diverged`] when the
    /// gradients are not finite: then the model stays as it was; [`FaultKind::Device`] when the device
    /// fails.
    pub async fn train_step(&mut self) -> Result<Measured, Fault> {
        let (batch, dropout) = self.lesson()?;
        let train = self.config.train;
        let lr = optim::learning_rate(&train, self.step);
        let shape = [batch.batch_size, batch.block_size];
        let on_cpu = self.place.backend == Backend::Cpu;
        let [loss, grad_norm] = match self.learner.fast(&self.config, shape, on_cpu)? {
            Some(threads) => {
                let lesson = Lesson {
                    tokens: &batch.inputs,
                    targets: &batch.targets,
                    dropout,
                };
                let numbers = threads.step(&lesson, &train, self.step);
                let [loss, norm] = numbers.map_err(no_room)?;
                if !norm.is_finite() {
                    let gradients = threads.gradients().to_vec();
                    return Err(self.not_taken([loss, norm], &gradients));
                }
                [loss, norm]
            }
            None => self.readable_step(&batch, dropout).await?,
        };
        self.step += 1;
        let measured = Measured {
            step: self.step,
            lr,
            loss,
            grad_norm,
        };
        measured.finite()
    }

    /// Sees to helpers for the next step, where it has any.
    pub(super) async fn hire(&mut self) {
        if self.place.backend == Backend::Cpu && self.text.is_some() {
            let shape = [self.config.train.batch_size, self.config.model.block_size];
            self.learner.hire_for(&self.config, shape).await;
        }
    }

    /// What the next step learns from.
    ///
    /// # Errors
    /// As [`Run::train_step`].
    pub(super) fn lesson(&self) -> Result<(Batch, Option<Dropout>), Fault> {
        let text = self.text.as_ref().ok_or_else(no_text)?;
        let batch = text.dataset.batch(
            self.config.seed,
            self.step,
            self.config.train.batch_size,
            self.config.model.block_size,
        );
        let dropout = (self.config.model.dropout > 0.0).then_some(Dropout {
            seed: self.config.seed,
            step: self.step,
            rate: self.config.model.dropout,
        });
        Ok((batch, dropout))
    }

    /// A step through burn's graph: loss and gradient norm.
    async fn readable_step(
        &mut self,
        batch: &Batch,
        dropout: Option<Dropout>,
    ) -> Result<[f32; 2], Fault> {
        let (tokens, targets) = upload(batch, &self.place.device); // [B, T] each
        let (model, optimizer) = self.learner.readable();
        let loss = model.loss(tokens, targets, dropout);
        let mut gradients = loss.objective.backward();
        let gradients = Tensor::cat(params::gradients(model, &mut gradients), 0); // [n]
        let norm = optim::norm(&gradients); // [1]
        let both = vec![loss.cross_entropy.inner(), params::plain(norm.clone())];
        let both = numbers(Tensor::cat(both, 0)).await?; // [2]
        let both = [both[0], both[1]];
        if !both[1].is_finite() {
            let gradients = numbers(params::plain(gradients)).await?;
            return Err(self.not_taken(both, &gradients));
        }
        let train = &self.config.train;
        *model = optimizer.step(model.clone(), gradients, norm, train, self.step);
        Ok(both)
    }

    /// What is said of a step whose gradients, `[n]`, are not all finite, so that it was not taken.
    fn not_taken(&self, numbers: [f32; 2], gradients: &[f32]) -> Fault {
        let parameters = learner::parameters(self.model());
        diverged::not_taken(self.step + 1, numbers, &parameters, gradients)
    }

    /// Mean loss over the whole of the given part of the text, in nats per character.
    ///
    /// `limit` bounds the number of batches, spread evenly over the part; `between` is awaited after
    /// each, and ends the evaluation early (with `None`) by answering false.
    ///
    /// # Errors
    /// When there is no text, or the device fails.
    pub async fn mean_loss<F: Future<Output = bool>>(
        &mut self,
        part: Part,
        limit: Option<usize>,
        between: impl FnMut() -> F,
    ) -> Result<Option<f32>, Fault> {
        let text = self.text.as_ref().ok_or_else(no_text)?;
        let batches = evaluation(text, &self.config, part, limit);
        let block_size = self.config.model.block_size;
        if let Some(cpu) = self.learner.evaluator(block_size) {
            return mean(batches, async |batch| Ok(cpu.losses(batch)), between).await;
        }
        let model = self.learner.model().valid();
        let device = self.place.plain();
        let losses = async |batch: &Batch| {
            let (tokens, targets) = upload(batch, &device);
            let loss = model.loss(tokens, targets, None).cross_entropy; // [1]
            let loss = numbers(loss).await?[0];
            Ok(f64::from(loss) * batch.inputs.len() as f64)
        };
        mean(batches, losses, between).await
    }
}

/// The batches that an evaluation reads; `limit` as in [`Run::mean_loss`].
pub(super) fn evaluation<'a>(
    text: &'a TrainingText,
    config: &RunConfig,
    part: Part,
    limit: Option<usize>,
) -> impl Iterator<Item = Batch> + use<'a> {
    let tokens = match part {
        Part::Val => &text.dataset.val,
        // As much of the training text as there is validation text.
        Part::TrainHead => {
            let n = text.dataset.val.len().min(text.dataset.train.len());
            &text.dataset.train[..n]
        }
    };
    let block_size = config.model.block_size;
    let batch_size = match config.model.attention {
        // Its size in memory was checked for the training batch.
        Attention::Additive(_) => config.train.batch_size.min(EVAL_BATCH),
        Attention::Standard(_) | Attention::HeadGated(_) | Attention::AdaptiveSpan(_) => EVAL_BATCH,
    };
    let batches = tokens.len().div_ceil(block_size * batch_size).max(1);
    let stride = limit.map_or(1, |limit| batches.div_ceil(limit.max(1)));
    windows(tokens, block_size, batch_size).step_by(stride)
}

/// The mean over all targets of the batches; `losses` gives the sum over one batch's. `None` where
/// there are none, or `between` has ended it.
pub(super) async fn mean<F: Future<Output = bool>>(
    batches: impl Iterator<Item = Batch>,
    mut losses: impl AsyncFnMut(&Batch) -> Result<f64, Fault>,
    mut between: impl FnMut() -> F,
) -> Result<Option<f32>, Fault> {
    let (mut sum, mut count) = (0.0, 0);
    for batch in batches {
        sum += losses(&batch).await?;
        count += batch.inputs.len();
        if !between().await {
            return Ok(None);
        }
    }
    Ok((count > 0).then(|| (sum / count as f64) as f32))
}

/// Windows in one batch of an evaluation.
pub(super) const EVAL_BATCH: usize = 32;

/// Which text an evaluation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The training text's beginning, as long as the validation text.
    TrainHead,
    Val,
}

impl Measured {
    /// Itself.
    ///
    /// # Errors
    /// [`FaultKind::Diverged`] when a number is not finite.
    pub(super) fn finite(self) -> Result<Self, Fault> {
        match self.loss.is_finite() && self.grad_norm.is_finite() {
            true => Ok(self),
            false => Err(diverged::taken(self.step, [self.loss, self.grad_norm])),
        }
    }
}

/// The helpers are gone, and the memory for doing their part is not to be had.
fn no_room(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Device, format!("{error}."))
}

/// A model without its text was asked to train.
pub fn no_text() -> Fault {
    Fault::new(
        FaultKind::State,
        "This model was loaded without a text, so there is nothing to train on. Choose a corpus.",
    )
}

/// Inputs and targets as `[B, T]` tensors, in one upload.
fn upload(batch: &Batch, device: &Device) -> (Tensor<2, Int>, Tensor<2, Int>) {
    let (b, t) = (batch.batch_size, batch.block_size);
    let both: Vec<i32> = batch
        .inputs
        .iter()
        .chain(&batch.targets)
        .map(|token| *token as i32)
        .collect();
    let both = Tensor::<3, Int>::from_data(TensorData::new(both, [2, b, t]), device); // [2, B, T]
    let half = |i: usize| both.clone().narrow(0, i, 1).reshape([b, t]);
    (half(0), half(1))
}
