//! How tokens look at each other: one enum, one file a kind, and what they share: [`heads`] and the
//! [`normaliser`].
//!
//! Shapes: B batch, T tokens, H heads, D = C / H. S counts the keys: T, or more where the tokens go on
//! after others whose keys and values were kept ([`super::cache`]).

mod adaptive_span;
mod additive;
mod head_gated;
pub mod heads;
pub mod normaliser;
mod standard;

pub use adaptive_span::{AdaptiveSpan, MIN_TEMPERATURE};
pub use additive::Additive;
pub use head_gated::HeadGated;
pub use standard::Standard;

use super::init::Init;
use super::record::Context;
use crate::config::{Attention, ModelConfig};
use burn::module::Module;
use burn::tensor::Tensor;

/// A block's attention, of the configured kind.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one a layer")]
pub enum CausalSelfAttention {
    Standard(Standard),
    HeadGated(HeadGated),
    AdaptiveSpan(AdaptiveSpan),
    Additive(Additive),
}

/// What attention hands on.
pub struct Attended {
    /// `[B, T, C]`
    pub out: Tensor<3>,
    /// z / M of `adaptive_span`, which the objective charges for: `[B, T, 1]`.
    pub span_share: Option<Tensor<3>>,
}

impl From<Tensor<3>> for Attended {
    fn from(out: Tensor<3>) -> Self {
        Attended {
            out,
            span_share: None,
        }
    }
}

impl CausalSelfAttention {
    pub fn new(init: &Init, config: &ModelConfig) -> Self {
        match &config.attention {
            Attention::Standard(options) => {
                CausalSelfAttention::Standard(Standard::new(init, config, options))
            }
            Attention::HeadGated(options) => {
                CausalSelfAttention::HeadGated(HeadGated::new(init, config, options))
            }
            Attention::AdaptiveSpan(options) => {
                CausalSelfAttention::AdaptiveSpan(AdaptiveSpan::new(init, config, options))
            }
            Attention::Additive(options) => {
                CausalSelfAttention::Additive(Additive::new(init, config, options))
            }
        }
    }

    /// `x` is the stream through the block's norm, `raw` the stream itself: `[B, T, C]` each.
    pub fn forward(&self, x: Tensor<3>, raw: Tensor<3>, context: &Context) -> Attended {
        match self {
            CausalSelfAttention::Standard(attention) => attention.forward(x, context).into(),
            CausalSelfAttention::HeadGated(attention) => attention.forward(x, context).into(),
            CausalSelfAttention::AdaptiveSpan(attention) => attention.forward(x, raw, context),
            CausalSelfAttention::Additive(attention) => attention.forward(x, context).into(),
        }
    }
}
