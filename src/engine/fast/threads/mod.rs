//! The fast step on several threads: each computes with some of a batch's sequences.
//!
//! ```text
//! loss = mean over B sequences = sum over threads of (sum over its sequences) / B
//! ```
//!
//! so the gradients of all threads need only be added. One thread, the engine's own, has the weights
//! and the optimizer. For each step it writes the parameters and the batch where all can read them
//! ([`board`]), computes its own [`share`], adds what the others bring ([`crew`]) and moves the weights.
//! The others, [`helper`]s, turn parameters and tokens into gradients and keep nothing.
//!
//! So a run does not depend on who is faster, a helper that is lost costs nothing but time, and from one
//! thread to several only the rounding of the sum over the batch changes. Dropout's masks are keyed by a
//! number's place in the whole batch. [`alone`] decides when it pays.
//!
//! In the browser wasm's own threads would need a standard library built for them. So each thread has a
//! program and a memory of its own, and what they share lies in a buffer beside both
//! (`src/engine/hire.rs`).

pub mod alone;
pub mod board;
pub mod crew;
pub mod helper;
pub mod share;

use super::cpu::{Cpu, Lesson};
use super::plan::{Job, Uncovered};
use crate::config::TrainConfig;
use alone::Alone;
use crew::Crew;
use share::Share;

/// The fast step, on one thread or on several.
#[derive(Debug)]
pub struct Threads {
    cpu: Cpu,
    crew: Result<Crew, Alone>,
}

impl Threads {
    /// Plan and memory for a job, with those who help, if anybody does; all parameters are 0.
    ///
    /// # Errors
    /// [`Uncovered`], when there is no plan for it, or no room.
    pub fn new(job: &Job, crew: Result<Crew, Alone>) -> Result<Self, Uncovered> {
        let [batch, _] = job.shape;
        let threads = crew.as_ref().map_or(1, Crew::threads);
        let cpu = Cpu::for_share(job, Share::split(batch, threads)[0])?;
        Ok(Threads { cpu, crew })
    }

    /// How many there are.
    ///
    /// # Errors
    /// Why there is one.
    pub fn count(&self) -> Result<usize, &Alone> {
        self.crew.as_ref().map(Crew::threads)
    }

    /// Whether batches of that shape, `[B, T]`, are what the plan was made for.
    pub fn fits(&self, shape: [usize; 2]) -> bool {
        // Without its helpers, and without room for the whole batch, a share is of no use.
        let whole = self.crew.is_ok() || self.cpu.share() == Share::all(shape[0]);
        self.cpu.fits(shape) && whole
    }

    /// Parameters and both moments: `[n]` each.
    pub fn state(&self) -> [&[f32]; 3] {
        self.cpu.state()
    }

    /// Takes parameters and moments over; `[n]` each.
    pub fn set_state(&mut self, state: [&[f32]; 3]) {
        self.cpu.set_state(state);
    }

    /// Every parameter's gradient after a step: `[n]`.
    pub fn gradients(&self) -> &[f32] {
        self.cpu.gradients()
    }

    /// The engine's own thread, which has the weights, to evaluate windows of so many tokens with.
    pub fn evaluator(&mut self, tokens: usize) -> Option<&mut Cpu> {
        self.cpu.takes(tokens).then_some(&mut self.cpu)
    }

    /// One step; `step` counts from 0. Returns the batch's loss and the gradients' norm before
    /// clipping.
    ///
    /// # Errors
    /// [`Uncovered`], when the helpers are lost and there is no room to go on without them.
    pub fn step(
        &mut self,
        lesson: &Lesson,
        train: &TrainConfig,
        step: u32,
    ) -> Result<[f32; 2], Uncovered> {
        let loss = match &mut self.crew {
            Ok(crew) => match crew.learn(&mut self.cpu, lesson) {
                Ok(loss) => loss,
                Err(why) => {
                    self.go_on_alone(why)?;
                    self.cpu.learn(lesson)
                }
            },
            Err(_) => self.cpu.learn(lesson),
        };
        Ok([loss, self.cpu.step(train, step)])
    }

    /// The same state, in a plan for the whole batch.
    fn go_on_alone(&mut self, why: Alone) -> Result<(), Uncovered> {
        if let Ok(crew) = std::mem::replace(&mut self.crew, Err(why)) {
            let job = crew.job();
            let mut cpu = Cpu::for_share(job, Share::all(job.shape[0]))?;
            cpu.set_state(self.cpu.state());
            self.cpu = cpu;
        }
        Ok(())
    }
}
