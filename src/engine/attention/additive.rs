//! Additive attention (seed 002; Bahdanau, Cho and Bengio 2014): query and key are added, bent and
//! read off by a vector of each head.
//!
//! ```text
//! S_hij = v_h . tanh(q_hi + k_hj)
//! ```
//!
//! All else is as in [`standard`](super::Standard). The sum of every query with every key is
//! `[B, H, T, T, D]`: D times the room of a pattern, which the configuration's check bounds.

use super::heads::{self, Qkv};
use super::normaliser;
use crate::config::ModelConfig;
use crate::config::attention::{self as options, Normaliser};
use crate::engine::dropout::Site;
use crate::engine::init::Init;
use crate::engine::layers::Linear;
use crate::engine::record::Context;
use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};

#[derive(Module, Debug)]
pub struct Additive {
    /// Wq, Wk and Wv stacked: `[3C, C]`.
    pub c_attn: Linear,
    /// Wo: `[C, C]`.
    pub c_proj: Linear,
    pub additive: ScoreVectors,
    n_head: usize,
    #[module(skip)]
    normaliser: Normaliser,
}

/// What turns a bent sum into a score.
#[derive(Module, Debug)]
pub struct ScoreVectors {
    /// One vector a head: `[H, D]`.
    pub v: Param<Tensor<2>>,
}

impl Additive {
    pub fn new(init: &Init, config: &ModelConfig, options: &options::Additive) -> Self {
        let (h, d) = (config.n_head, config.n_embd / config.n_head);
        let v = init.at("additive").at("v");
        Additive {
            c_attn: heads::c_attn(init, config),
            c_proj: heads::c_proj(init, config),
            additive: ScoreVectors {
                v: v.normal([h, d], (d as f64).sqrt().recip()),
            },
            n_head: config.n_head,
            normaliser: options.normaliser,
        }
    }

    /// `[B, T, C]` to `[B, T, C]`.
    pub fn forward(&self, x: Tensor<3>, context: &Context) -> Tensor<3> {
        let Qkv { q, k, v } = heads::split(&self.c_attn, x, self.n_head, context); // [B, H, T, D]
        let scores = self.scores(q, k); // [B, H, T, S]
        let pattern = normaliser::weights(self.normaliser, scores, None, context); // [B, H, T, S]
        let z = heads::mix(pattern, v, Site::Pattern, context); // [B, H, T, D]
        heads::out(&self.c_proj, z, context) // [B, T, C]
    }

    /// Every query against every key: `[B, H, T, D]` and `[B, H, S, D]` to `[B, H, T, S]`.
    ///
    /// By tanh x = 2 sigmoid(2x) - 1, v . tanh(q + k) = 2 v . sigmoid(2q + 2k) - sum of v: the CPU
    /// takes a third of tanh's time for a sigmoid, and that is most of the time here.
    fn scores(&self, q: Tensor<4>, k: Tensor<4>) -> Tensor<4> {
        let ([b, h, t, d], s) = (q.dims(), k.dims()[2]);
        let (q, k) = (q.mul_scalar(2.0), k.mul_scalar(2.0)); // [B, H, T, D], [B, H, S, D]
        let sums = q.unsqueeze_dim::<5>(3) + k.unsqueeze_dim::<5>(2); // [B, H, T, S, D]
        let bent = activation::sigmoid(sums).reshape([b, h, t * s, d]); // [B, H, T * S, D]
        let v = self.additive.v.val().reshape([1, h, d, 1]); // [1, H, D, 1]
        let least = v.clone().sum_dim(2); // [1, H, 1, 1]
        let read = bent.matmul(v.mul_scalar(2.0).expand([b, h, d, 1])); // [B, H, T * S, 1]
        (read - least).reshape([b, h, t, s])
    }
}
