//! A training step as a list: which operation, on which numbers, in which order.
//!
//! Everything is settled when a run begins: sizes, places in memory, what is done. A step then only
//! walks along the list and back. The plan itself computes nothing; [`super::cpu`] does, and another
//! device could from the same list.

use super::activation::Activation;
use super::adamw::AdamW;
use super::arena::{Layout, Node, Slot};
use super::attention::Attention;
use super::builder::Builder;
use super::cross_entropy::CrossEntropy;
use super::embedding::Embedding;
use super::gate::Gate;
use super::join::Join;
use super::linear::Linear;
use super::norm::LayerNorm;
use super::reach::{Gist, Reach};
use super::threads::share::Share;
use crate::config::ModelConfig;
use serde::{Deserialize, Serialize};

/// One operation, forwards and backwards.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a plan has a few dozen, made once"
)]
pub enum Op {
    Embedding(Embedding),
    LayerNorm(LayerNorm),
    Linear(Linear),
    Attention(Attention),
    Gate(Gate),
    Gist(Gist),
    Reach(Reach),
    Activation(Activation),
    Join(Join),
    CrossEntropy(CrossEntropy),
}

/// A step of one configuration.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the order of the forward pass.
    pub ops: Vec<Op>,
    pub optimizer: AdamW,
    /// The batch's mean loss: `[1]`.
    pub loss: Slot,
    /// `[B, T, V]`
    pub logits: Node,
    /// Which of the batch's sequences it is for.
    pub share: Share,
    /// T
    pub tokens: usize,
}

/// What a plan is made for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub config: ModelConfig,
    /// V
    pub vocab: usize,
    /// `[B, T]` of the whole batch, T at most the block.
    pub shape: [usize; 2],
    /// The model's, in the order in which they lie in memory.
    pub parameters: Vec<Parameter>,
}

impl Job {
    /// n, the numbers of all parameters.
    pub fn numbers(&self) -> usize {
        self.parameters.iter().map(|p| p.len).sum()
    }
}

/// A parameter as the plan needs to know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub len: usize,
    pub decays: bool,
}

/// Why a configuration takes the readable path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncovered {
    #[error("the fast step would take {megabytes} MB, and so much memory is not to be had")]
    Memory { megabytes: usize },
    #[error("the fast step does not find the parameter {0}")]
    Parameter(String),
    #[error("the fast step does not know, on the GPU, {0}")]
    Gpu(&'static str),
}

impl Plan {
    /// The plan for a share of each batch, and the memory that it needs.
    ///
    /// # Errors
    /// [`Uncovered`], when the configuration has no plan.
    pub fn new(job: &Job, share: Share) -> Result<(Plan, Layout), Uncovered> {
        let Job {
            config,
            vocab,
            shape: [_, tokens],
            parameters,
        } = job;
        let largest = largest(config, *vocab, job.shape);
        if largest > (isize::MAX as f64) / 4.0 {
            return Err(Uncovered::Memory {
                megabytes: (largest / f64::from(1 << 18)) as usize,
            });
        }
        let mut builder = Builder::new(config, *vocab, (share, *tokens), parameters);
        builder.model()?;
        Ok(builder.finish())
    }

    /// V
    pub fn vocab(&self) -> usize {
        self.logits.value.len() / (self.share.batch * self.tokens)
    }

    /// Multiplications and additions of a step, forwards and backwards, of all that takes time:
    /// products of matrices and the cells of attention.
    pub fn work(&self) -> f64 {
        let of = |op: &Op| match op {
            // Three products.
            Op::Linear(op) => 6.0 * op.rows as f64 * op.n_in as f64 * op.n_out as f64,
            Op::Attention(op) => op.work(),
            Op::Embedding(_)
            | Op::LayerNorm(_)
            | Op::Gate(_)
            | Op::Gist(_)
            | Op::Reach(_)
            | Op::Activation(_)
            | Op::Join(_)
            | Op::CrossEntropy(_) => 0.0,
        };
        self.ops.iter().map(of).sum()
    }
}

/// Numbers in the largest of all tables, in a type that no product overflows.
fn largest(config: &ModelConfig, vocab: usize, [batch, tokens]: [usize; 2]) -> f64 {
    let wide = [
        4 * config.n_embd,
        12 * config.n_head,
        vocab,
        config.n_head * tokens,
    ];
    let width = wide.into_iter().max().unwrap_or(0);
    batch as f64 * tokens as f64 * width as f64
}
