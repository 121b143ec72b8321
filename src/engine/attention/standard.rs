//! Scaled dot-product attention with a causal softmax (seeds 002 and 003; Vaswani and others 2017).
//!
//! ```text
//! S_hij = (q_hi . k_hj) / sqrt(D)
//! A     = softmax over j <= i of S
//! O_hi  = sum_j A_hij v_hj
//! E_i   = sum_h O_hi Wo_h^T + bo
//! ```

use super::heads::{self, Qkv};
use super::normaliser;
use crate::config::ModelConfig;
use crate::config::attention::{self as options, Normaliser};
use crate::engine::dropout::Site;
use crate::engine::init::Init;
use crate::engine::layers::Linear;
use crate::engine::record::Context;
use burn::module::Module;
use burn::tensor::Tensor;

#[derive(Module, Debug)]
pub struct Standard {
    /// Wq, Wk and Wv stacked: `[3C, C]`.
    pub c_attn: Linear,
    /// Wo: `[C, C]`.
    pub c_proj: Linear,
    n_head: usize,
    #[module(skip)]
    normaliser: Normaliser,
}

impl Standard {
    pub fn new(init: &Init, config: &ModelConfig, options: &options::Standard) -> Self {
        Standard {
            c_attn: heads::c_attn(init, config),
            c_proj: heads::c_proj(init, config),
            n_head: config.n_head,
            normaliser: options.normaliser,
        }
    }

    /// `[B, T, C]` to `[B, T, C]`.
    pub fn forward(&self, x: Tensor<3>, context: &Context) -> Tensor<3> {
        let Qkv { q, k, v } = heads::split(&self.c_attn, x, self.n_head, context); // [B, H, T, D]
        let scores = heads::dot_products(q, k); // [B, H, T, S]
        let pattern = normaliser::weights(self.normaliser, scores, None, context); // [B, H, T, S]
        let z = heads::mix(pattern, v, Site::Pattern, context); // [B, H, T, D]
        heads::out(&self.c_proj, z, context) // [B, T, C]
    }
}
