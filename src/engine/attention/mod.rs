//! How tokens look at each other: one enum, one file a kind.

mod standard;

pub use standard::Standard;

use super::dropout::Dropout;
use super::init::Init;
use crate::config::{Attention, ModelConfig};
use burn::module::Module;
use burn::tensor::{Bool, Tensor};

/// A block's attention, of the configured kind.
#[derive(Module, Debug)]
pub enum CausalSelfAttention {
    Standard(Standard),
}

/// What a forward pass carries along besides the activations.
#[derive(Clone, Debug)]
pub struct Context {
    /// `None` outside training.
    pub dropout: Option<Dropout>,
    /// `[T, T]`, true where j > i: the future.
    pub future: Tensor<2, Bool>,
}

impl CausalSelfAttention {
    pub fn new(init: &Init, config: &ModelConfig) -> Self {
        match config.attention {
            Attention::Standard {} => CausalSelfAttention::Standard(Standard::new(init, config)),
        }
    }

    /// `[B, T, C]` to `[B, T, C]`.
    pub fn forward(&self, x: Tensor<3>, layer: usize, context: &Context) -> Tensor<3> {
        match self {
            CausalSelfAttention::Standard(attention) => attention.forward(x, layer, context),
        }
    }
}
