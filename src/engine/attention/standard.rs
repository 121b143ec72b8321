//! Scaled dot-product attention with a causal softmax (seeds 002 and 003; Vaswani and others 2017).
//!
//! ```text
//! S_hij = (q_hi . k_hj) / sqrt(D)
//! A     = softmax over j <= i of S
//! O_hi  = sum_j A_hij v_hj
//! E_i   = sum_h O_hi Wo_h^T + bo
//! ```

use super::Context;
use crate::config::ModelConfig;
use crate::engine::dropout::Site;
use crate::engine::init::Init;
use crate::engine::layers::Linear;
use burn::module::Module;
use burn::tensor::{Tensor, activation::softmax};

#[derive(Module, Debug)]
pub struct Standard {
    /// Wq, Wk and Wv stacked: `[3C, C]`.
    pub c_attn: Linear,
    /// Wo: `[C, C]`.
    pub c_proj: Linear,
    n_head: usize,
}

impl Standard {
    pub fn new(init: &Init, config: &ModelConfig) -> Self {
        let c = config.n_embd;
        Standard {
            c_attn: Linear::new(&init.at("c_attn"), [3 * c, c], 0.02, config.bias),
            c_proj: Linear::new(
                &init.at("c_proj"),
                [c, c],
                config.residual_std(),
                config.bias,
            ),
            n_head: config.n_head,
        }
    }

    /// `[B, T, C]` to `[B, T, C]`.
    pub fn forward(&self, x: Tensor<3>, layer: usize, context: &Context) -> Tensor<3> {
        let [b, t, c] = x.dims();
        let (h, d) = (self.n_head, c / self.n_head);

        let qkv = self
            .c_attn
            .forward(x) // [B, T, 3C]
            .reshape([b, t, 3, h, d])
            .permute([2, 0, 3, 1, 4]); // [3, B, H, T, D]
        let part = |i: usize| qkv.clone().narrow(0, i, 1).reshape([b, h, t, d]);
        let (q, k, v) = (part(0), part(1), part(2)); // [B, H, T, D] each

        let scores = q
            .mul_scalar((d as f64).sqrt().recip()) // scaling q is cheaper than scaling the scores
            .matmul(k.transpose()); // [B, H, T, T]
        let future = context
            .future
            .clone()
            .reshape([1, 1, t, t])
            .expand([b, h, t, t]);
        let pattern = softmax(scores.mask_fill(future, f32::NEG_INFINITY), 3); // [B, H, T, T]
        let pattern = match &context.dropout {
            Some(dropout) => dropout.apply(pattern, layer, Site::Pattern),
            None => pattern,
        };

        let z = pattern.matmul(v); // [B, H, T, D]
        let z = z.permute([0, 2, 1, 3]).reshape([b, t, c]); // [B, T, C]
        self.c_proj.forward(z) // [B, T, C]
    }
}
