//! Head-gated attention (seed 000): each head is turned up or down, query by query, by the shape of
//! its attention row and those of the other heads.
//!
//! ```text
//! a_hi = sum_j A_hij S_hij                              how strongly the head fires
//! m_hi = sum_j A_hij p_j ;  r_hi = m_hi - p_i           where it looks, relative to the query
//! d_hi = sqrt(sum_j A_hij (p_j - m_hi)^2 + eps)         how widely
//! u_i  = [LN(a_i), LN(r_i), LN(d_i)]                    LN over the heads, or as measured
//! g_i  = f(W2 gelu(W1 u_i + b1) + b2)                   1 as long as W2 and b2 are 0
//! E_i  = sum_h g_hi O_hi Wo_h^T + bo
//! ```
//!
//! p_j = j / block_size. The statistics read A before dropout, and gradients flow back through them.

use super::heads::{self, Qkv};
use super::normaliser;
use crate::config::ModelConfig;
use crate::config::attention::{self as options, GateForm, GateNorm, Normaliser};
use crate::engine::dropout::Site;
use crate::engine::init::Init;
use crate::engine::layers::{LayerNorm, Linear};
use crate::engine::record::Context;
use burn::module::Module;
use burn::tensor::{Int, Tensor, activation};

/// Under the root of the spread, so that its slope is finite where a head looks at one key.
const EPS: f64 = 1e-8;

#[derive(Module, Debug)]
pub struct HeadGated {
    /// Wq, Wk and Wv stacked: `[3C, C]`.
    pub c_attn: Linear,
    /// Wo: `[C, C]`.
    pub c_proj: Linear,
    pub gate: Gate,
    n_head: usize,
    block_size: usize,
    #[module(skip)]
    normaliser: Normaliser,
}

/// A small network over the statistics of all heads at one query.
#[derive(Module, Debug)]
pub struct Gate {
    /// Over the heads; absent where the statistics go in as they are.
    pub ln_logit: Option<LayerNorm>,
    pub ln_offset: Option<LayerNorm>,
    pub ln_spread: Option<LayerNorm>,
    /// W1: `[12H, 3H]`.
    pub c_fc: Linear,
    /// W2: `[H, 12H]`.
    pub c_proj: Linear,
    #[module(skip)]
    form: GateForm,
}

impl HeadGated {
    pub fn new(init: &Init, config: &ModelConfig, options: &options::HeadGated) -> Self {
        HeadGated {
            c_attn: heads::c_attn(init, config),
            c_proj: heads::c_proj(init, config),
            gate: Gate::new(&init.at("gate"), config, options),
            n_head: config.n_head,
            block_size: config.block_size,
            normaliser: options.normaliser,
        }
    }

    /// `[B, T, C]` to `[B, T, C]`.
    pub fn forward(&self, x: Tensor<3>, context: &Context) -> Tensor<3> {
        let Qkv { q, k, v } = heads::split(&self.c_attn, x, self.n_head, context); // [B, H, T, D]
        let scores = heads::dot_products(q, k); // [B, H, T, S]
        let pattern = normaliser::weights(self.normaliser, scores.clone(), None, context); // [B, H, T, S]
        let stats = self.stats(scores, pattern.clone(), context); // 3 of [B, T, H]
        let gate = context.gate(self.gate.forward(stats, context)); // [B, T, H]
        context.record("hook_gate", || gate.clone());

        let z = heads::mix(pattern, v, Site::Pattern, context); // [B, H, T, D]
        let z = z * gate.permute([0, 2, 1]).unsqueeze_dim::<4>(3); // [B, H, T, D]
        heads::out(&self.c_proj, z, context) // [B, T, C]
    }

    /// a, r and d of every head and query: `[B, T, H]` each.
    fn stats(&self, scores: Tensor<4>, pattern: Tensor<4>, context: &Context) -> [Tensor<3>; 3] {
        let dims = pattern.dims();
        let ([t, s], first) = (context.lengths(), context.first());
        let place = Tensor::<1, Int>::arange(0..s as i64, &pattern.device()).float();
        let place = place.div_scalar(self.block_size as f64); // [S]
        let p_j = place.clone().reshape([1, 1, 1, s]);
        let p_i = place.narrow(0, first, t).reshape([1, 1, t, 1]);

        // The future is taken out before it is multiplied: its weight is 0, its score anything.
        let future = context.future.clone().reshape([1, 1, t, s]).expand(dims);
        let seen = scores.mask_fill(future, 0.0); // [B, H, T, S]
        let a = (pattern.clone() * seen).sum_dim(3); // [B, H, T, 1]
        let m = (pattern.clone() * p_j.clone()).sum_dim(3); // [B, H, T, 1]
        let r = m.clone() - p_i; // [B, H, T, 1]
        let off = p_j - m; // [B, H, T, S]
        let variance = (pattern * off.clone() * off).sum_dim(3); // [B, H, T, 1]
        let d = variance.add_scalar(EPS).sqrt(); // [B, H, T, 1]

        let stats = [a, r, d].map(|x| x.squeeze_dim::<3>(3).permute([0, 2, 1])); // [B, T, H]
        context.record("hook_gate_stats", || Tensor::stack::<4>(stats.to_vec(), 3));
        stats
    }
}

impl Gate {
    fn new(init: &Init, config: &ModelConfig, options: &options::HeadGated) -> Self {
        let h = config.n_head;
        let compared = options.gate_norm == GateNorm::Heads && h > 2;
        let ln = |name| compared.then(|| LayerNorm::new(&init.at(name), h, config.bias));
        Gate {
            ln_logit: ln("ln_logit"),
            ln_offset: ln("ln_offset"),
            ln_spread: ln("ln_spread"),
            c_fc: Linear::new(&init.at("c_fc"), [12 * h, 3 * h], 0.02, config.bias),
            // Zeros: a new model's gates are all 1, and it is the standard model.
            c_proj: Linear::zeros(&init.at("c_proj"), [h, 12 * h], config.bias),
            form: options.gate_form,
        }
    }

    /// Three of `[B, T, H]` to `[B, T, H]`.
    fn forward(&self, [a, r, d]: [Tensor<3>; 3], context: &Context) -> Tensor<3> {
        let compared = |ln: &Option<LayerNorm>, x: Tensor<3>| match ln {
            Some(ln) => ln.forward(x),
            None => x,
        };
        let u = vec![
            compared(&self.ln_logit, a),
            compared(&self.ln_offset, r),
            compared(&self.ln_spread, d),
        ];
        let u = Tensor::cat(u, 2); // [B, T, 3H]
        let hidden = activation::gelu(self.c_fc.forward(u)); // [B, T, 12H]
        let z = context.drop_out(self.c_proj.forward(hidden), Site::Gate); // [B, T, H]
        match self.form {
            // 2 / (1 + exp(-z)), in a form that is exactly 1 at z = 0.
            GateForm::TwoSigmoid => z.mul_scalar(0.5).tanh().add_scalar(1.0),
            GateForm::LogSymmetric => z.tanh().mul_scalar(4.0f64.ln()).exp(),
        }
    }
}
