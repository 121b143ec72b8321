//! What the threads of a step share: one stretch of memory, and who may write where.
//!
//! ```text
//! word 0           the round: how many batches have been handed out
//! word h           helper h, from 1 on: the last round that it has finished, or LOST
//! then             what a round is of: seed, step and rate of dropout
//! then             tokens and targets, [B, T] each; the parameters, [n]
//! then, by helper  its part of the loss, and its gradients, [n]
//! ```
//!
//! A thread writes numbers first and then the word that says so; who waits for that word sees them.
//! Nothing here depends on who is faster: everybody reads only what is finished.

use super::alone::MOST;
use crate::engine::dropout::Dropout;
use crate::engine::fast::plan::Job;
use std::time::Duration;

/// Memory that threads share, in words of four bytes.
pub trait Memory: std::fmt::Debug {
    /// A word, with all that was written before it was stored.
    fn load(&self, word: usize) -> i32;
    /// Stores a word, and wakes those who wait for it.
    fn store(&self, word: usize, value: i32);
    /// Returns once the word is no longer `value`, or after that time, or for no reason.
    fn wait(&self, word: usize, value: i32, most: Duration);
    fn read(&self, from: usize, to: &mut [f32]);
    fn write(&self, to: usize, from: &[f32]);
    fn read_tokens(&self, from: usize, to: &mut [u32]);
    fn write_tokens(&self, to: usize, from: &[u32]);
}

/// The word that counts rounds. They begin with 1.
pub const ROUND: usize = 0;
/// In the place of a round: there is no further one, and helpers leave.
pub const OVER: i32 = -1;
/// In the place of a helper's round: its program has ended. `www/engine-worker.js` writes it.
pub const LOST: i32 = -1;

const SEED: usize = MOST;
const STEP: usize = MOST + 1;
const RATE: usize = MOST + 2;
/// Places begin at multiples of a cache line.
const LINE: usize = 16;

/// Where what lies, in words.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// B T
    rows: usize,
    /// n
    numbers: usize,
}

impl Places {
    pub fn new(job: &Job) -> Self {
        let [batch, tokens] = job.shape;
        Places {
            rows: batch * tokens,
            numbers: job.numbers(),
        }
    }

    /// Words for that many threads, helpers and the one that they help.
    pub fn words(&self, threads: usize) -> usize {
        self.loss(threads)
    }

    pub fn tokens(&self) -> usize {
        LINE
    }

    pub fn targets(&self) -> usize {
        self.tokens() + self.rows
    }

    pub fn parameters(&self) -> usize {
        (self.targets() + self.rows).next_multiple_of(LINE)
    }

    /// Helper h's part of the loss, h from 1 on.
    pub fn loss(&self, helper: usize) -> usize {
        let each = (self.numbers + 1).next_multiple_of(LINE);
        let first = (self.parameters() + self.numbers).next_multiple_of(LINE);
        first + (helper - 1) * each
    }

    pub fn gradients(&self, helper: usize) -> usize {
        self.loss(helper) + 1
    }
}

/// Writes what a round drops.
pub fn write_dropout(memory: &dyn Memory, dropout: Option<Dropout>) {
    let (seed, step, rate) = dropout.map_or((0, 0, 0.0), |d| (d.seed, d.step, d.rate));
    memory.write_tokens(SEED, &[seed, step, rate.to_bits()]);
}

/// What a round drops.
pub fn read_dropout(memory: &dyn Memory) -> Option<Dropout> {
    let mut words = [0; RATE - SEED + 1];
    memory.read_tokens(SEED, &mut words);
    let [seed, step, rate] = words;
    let rate = f32::from_bits(rate);
    (rate > 0.0).then_some(Dropout { seed, step, rate })
}

const _: () = assert!(STEP == SEED + 1 && RATE == SEED + 2 && RATE < LINE);
