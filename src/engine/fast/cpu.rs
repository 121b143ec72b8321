//! The plan, carried out on the CPU, on one thread. [`super::threads`] has several do it.

use super::arena::Arena;
use super::evaluate::{Filled, filled};
use super::plan::{Job, Op, Parameter, Plan, Uncovered};
use super::threads::share::Share;
use crate::config::{ModelConfig, TrainConfig};
use crate::engine::dropout::Dropout;
use crate::text::batch::Batch;
use lanes::matmul::Scratch;

/// A plan and its memory.
#[derive(Debug)]
pub struct Cpu {
    plan: Plan,
    arena: Arena,
    scratch: Scratch,
}

/// What one step learns from.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// `[B, T]`, B the sequences of the plan's share
    pub tokens: &'a [u32],
    /// `[B, T]`
    pub targets: &'a [u32],
    pub dropout: Option<Dropout>,
}

impl Cpu {
    /// Plan and memory of a configuration, for batches of that shape, `[B, T]`; all parameters are 0.
    ///
    /// # Errors
    /// [`Uncovered`], when there is no plan for it, or no room.
    pub fn new(
        config: &ModelConfig,
        vocab: usize,
        shape: [usize; 2],
        parameters: &[Parameter],
    ) -> Result<Self, Uncovered> {
        let job = Job {
            config: *config,
            vocab,
            shape,
            parameters: parameters.to_vec(),
        };
        Cpu::for_share(&job, Share::all(shape[0]))
    }

    /// Plan and memory of a share of each batch; all parameters are 0.
    ///
    /// # Errors
    /// As [`Cpu::new`].
    pub fn for_share(job: &Job, share: Share) -> Result<Self, Uncovered> {
        let (plan, layout) = Plan::new(job, share)?;
        let arena = Arena::new(&layout).ok_or(Uncovered::Memory {
            megabytes: layout.numbers() / (1 << 18),
        })?;
        Ok(Cpu {
            plan,
            arena,
            scratch: Scratch::default(),
        })
    }

    /// Whether batches of that shape, `[B, T]`, are what the plan was made for.
    pub fn fits(&self, shape: [usize; 2]) -> bool {
        [self.plan.share.whole, self.plan.tokens] == shape
    }

    /// Which of a batch's sequences it learns from.
    pub fn share(&self) -> Share {
        self.plan.share
    }

    /// Whether it can evaluate windows of that many tokens.
    pub fn takes(&self, tokens: usize) -> bool {
        tokens <= self.plan.tokens
    }

    /// Parameters and both moments: `[n]` each.
    pub fn state(&self) -> [&[f32]; 3] {
        let optimizer = &self.plan.optimizer;
        [optimizer.values, optimizer.m, optimizer.v].map(|slot| self.arena.get(slot))
    }

    /// Takes parameters and moments over; `[n]` each.
    pub fn set_state(&mut self, state: [&[f32]; 3]) {
        let optimizer = &self.plan.optimizer;
        let slots = [optimizer.values, optimizer.m, optimizer.v];
        for (slot, numbers) in slots.into_iter().zip(state) {
            self.arena.get_mut(slot).copy_from_slice(numbers);
        }
    }

    /// The latest batch's logits: `[B, T, V]`.
    pub fn logits(&self) -> &[f32] {
        self.arena.get(self.plan.logits.value)
    }

    /// Every parameter's gradient: `[n]`.
    pub fn gradients(&self) -> &[f32] {
        self.arena.get(self.plan.optimizer.grads)
    }

    /// Every parameter, to be written over: `[n]`.
    pub fn values_mut(&mut self) -> &mut [f32] {
        self.arena.get_mut(self.plan.optimizer.values)
    }

    /// Every parameter's gradient, to be added to: `[n]`.
    pub fn gradients_mut(&mut self) -> &mut [f32] {
        self.arena.get_mut(self.plan.optimizer.grads)
    }

    /// Forwards and backwards: the gradients are there afterwards. Returns the loss.
    pub fn learn(&mut self, lesson: &Lesson) -> f32 {
        for op in &self.plan.ops {
            forward(op, &mut self.arena, &mut self.scratch, lesson);
        }
        self.arena.get_mut(self.plan.optimizer.grads).fill(0.0);
        for op in self.plan.ops.iter().rev() {
            backward(op, &mut self.arena, &mut self.scratch, lesson);
        }
        self.arena.get(self.plan.loss)[0]
    }

    /// The sum of the losses of a text's windows, dropout off; none longer than the plan's.
    pub fn losses(&mut self, batch: &Batch) -> f64 {
        let mut sum = 0.0;
        for Filled { tokens, targets } in filled(batch, [self.plan.share.batch, self.plan.tokens]) {
            let lesson = Lesson {
                tokens: &tokens,
                targets: &targets,
                dropout: None,
            };
            for op in &self.plan.ops {
                match op {
                    Op::CrossEntropy(op) => sum += op.sum(&self.arena, &targets),
                    op => forward(op, &mut self.arena, &mut self.scratch, &lesson),
                }
            }
        }
        sum
    }

    /// A step along the gradients; `step` counts from 0. Returns their norm before clipping: where
    /// that is not finite, the step was not taken.
    pub fn step(&mut self, train: &TrainConfig, step: u32) -> f32 {
        self.plan.optimizer.step(&mut self.arena, train, step)
    }
}

pub(super) fn forward(op: &Op, arena: &mut Arena, scratch: &mut Scratch, lesson: &Lesson) {
    let dropout = lesson.dropout.as_ref();
    match op {
        Op::Embedding(op) => op.forward(arena, lesson.tokens),
        Op::LayerNorm(op) => op.forward(arena),
        Op::Linear(op) => op.forward(arena, scratch),
        Op::Attention(op) => op.forward(arena, scratch, dropout),
        Op::Gate(op) => op.forward(arena),
        Op::Gist(op) => op.forward(arena),
        Op::Reach(op) => op.forward(arena),
        Op::Activation(op) => op.forward(arena),
        Op::Join(op) => op.forward(arena, dropout),
        Op::CrossEntropy(op) => op.forward(arena, lesson.targets),
    }
}

pub(super) fn backward(op: &Op, arena: &mut Arena, scratch: &mut Scratch, lesson: &Lesson) {
    let dropout = lesson.dropout.as_ref();
    match op {
        Op::Embedding(op) => op.backward(arena, lesson.tokens),
        Op::LayerNorm(op) => op.backward(arena),
        Op::Linear(op) => op.backward(arena, scratch),
        Op::Attention(op) => op.backward(arena, scratch, dropout),
        Op::Gate(op) => op.backward(arena),
        Op::Gist(op) => op.backward(arena),
        Op::Reach(op) => op.backward(arena),
        Op::Activation(op) => op.backward(arena),
        Op::Join(op) => op.backward(arena, dropout),
        // Its gradient came with its value.
        Op::CrossEntropy(_) => {}
    }
}
