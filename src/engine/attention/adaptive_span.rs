//! Adaptive span with temperature sharpening (seed 004, in a causal form; the soft window is that of
//! Sukhbaatar and others 2019, arXiv 1905.07799): a global pass decides, position by position, how
//! far back and how sharply a local pass looks.
//!
//! ```text
//! G    = causal attention over everything
//! s_i  = sigmoid(w . LN(mean of G_j, j <= i) + b)       the span's share of the longest
//! z_i  = max(1, s_i M)                                  the span in tokens
//! t_i  = max(0.05, 1 - alpha (1 - s_i))                 the temperature, or 1 - alpha s_i, or 1
//! S    = (q . k / sqrt(D) + c[i - j]) / t_i
//! w_ij = clamp((R + z_i - 1 - (i - j)) / R, 0, 1)       the window; 0 from M tokens back on
//! A^L  = w exp S / sum w exp S                          times 1 / max(s_i, 1 / gain_max), if asked
//! E_i  = Wp [L_i ; G_i] + bp
//! ```

use super::heads::{self, Qkv};
use super::{Attended, normaliser};
use crate::config::attention::{self as options, Sharpen, SpanFrom};
use crate::config::{ModelConfig, Norm};
use crate::engine::cache::Memory;
use crate::engine::dropout::Site;
use crate::engine::init::Init;
use crate::engine::layers::{LayerNorm, Linear, project};
use crate::engine::record::Context;
use crate::trace::Pass;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, activation};

/// The coldest that a row may get.
pub const MIN_TEMPERATURE: f64 = 0.05;

#[derive(Module, Debug)]
pub struct AdaptiveSpan {
    /// The local pass: Wq, Wk and Wv stacked, `[3C, C]`.
    pub c_attn: Linear,
    /// The local pass: Wo, `[C, C]`.
    pub c_proj: Linear,
    pub global: GlobalPass,
    pub span: SpanPredictor,
    /// What a distance is worth to a head of the local pass: `[H, M]`.
    pub rel_bias: Param<Tensor<2>>,
    /// Wp: `[C, 2C]`.
    pub combine: Linear,
    n_head: usize,
    /// M, the longest span in tokens.
    longest: usize,
    #[module(skip)]
    options: options::AdaptiveSpan,
}

/// Causal attention over everything.
#[derive(Module, Debug)]
pub struct GlobalPass {
    /// Only under `norm: pre`.
    pub ln: Option<LayerNorm>,
    /// `[3C, C]`
    pub c_attn: Linear,
    /// `[C, C]`
    pub c_proj: Linear,
}

/// One number in (0, 1) for a position.
#[derive(Module, Debug)]
pub struct SpanPredictor {
    pub ln: LayerNorm,
    /// w: `[1, C]`
    pub weight: Param<Tensor<2>>,
    /// b: `[1]`
    pub bias: Option<Param<Tensor<1>>>,
}

/// What a span decides, `[B, T, 1]` each.
struct Reach {
    /// s_i
    share: Tensor<3>,
    /// z_i
    span: Tensor<3>,
    /// t_i
    temperature: Tensor<3>,
}

impl AdaptiveSpan {
    pub fn new(init: &Init, config: &ModelConfig, options: &options::AdaptiveSpan) -> Self {
        let c = config.n_embd;
        let (global, span) = (init.at("global"), init.at("span"));
        let longest = options.longest(config.block_size);
        let std = |n: usize| (n as f64).sqrt().recip();
        AdaptiveSpan {
            c_attn: heads::c_attn(init, config),
            c_proj: heads::c_proj(init, config),
            global: GlobalPass {
                ln: (config.norm == Norm::Pre)
                    .then(|| LayerNorm::new(&global.at("ln"), c, config.bias)),
                c_attn: heads::c_attn(&global, config),
                c_proj: heads::c_proj(&global, config),
            },
            span: SpanPredictor {
                ln: LayerNorm::new(&span.at("ln"), c, config.bias),
                weight: span.at("weight").normal([1, c], std(c)),
                bias: config.bias.then(|| span.at("bias").constant(1, 0.0)),
            },
            rel_bias: init.at("rel_bias").zeros([config.n_head, longest]),
            combine: Linear::new(&init.at("combine"), [c, 2 * c], std(2 * c), config.bias),
            n_head: config.n_head,
            longest,
            options: *options,
        }
    }

    /// `x`, `[B, T, C]`, is normed for the local pass; `raw`, `[B, T, C]`, is the stream, of which
    /// the global pass makes its own norm.
    pub fn forward(&self, x: Tensor<3>, raw: Tensor<3>, context: &Context) -> Attended {
        let global = self.global_pass(raw, context); // [B, T, C]
        let reach = self.reach(global.clone(), context); // [B, T, 1]
        let window = self.window(reach.span.clone(), context); // [B, 1, T, S]
        let span_share = reach.span.clone().div_scalar(self.longest as f64); // [B, T, 1]
        let local = self.local_pass(x, reach, window, context); // [B, T, C]
        Attended {
            out: self.combine.forward(Tensor::cat(vec![local, global], 2)), // [B, T, C]
            span_share: Some(span_share),
        }
    }

    /// G: `[B, T, C]` to `[B, T, C]`.
    fn global_pass(&self, raw: Tensor<3>, context: &Context) -> Tensor<3> {
        let context = context.pass(Pass::Global);
        let x = match &self.global.ln {
            Some(ln) => ln.forward_seen(raw, &context.within("ln")),
            None => raw,
        }; // [B, T, C]
        let Qkv { q, k, v } = heads::split(&self.global.c_attn, x, self.n_head, &context); // [B, H, T, D]
        let scores = heads::dot_products(q, k); // [B, H, T, S]
        let pattern = normaliser::weights(self.options.normaliser, scores, None, &context); // [B, H, T, S]
        let z = heads::mix(pattern, v, Site::GlobalPattern, &context); // [B, H, T, D]
        let z = context.heads(z); // [B, H, T, D]
        context.record("hook_result", || {
            self.combined(heads::contributions(z.clone(), &self.global.c_proj), 1)
        });
        let out = self.global.c_proj.forward(heads::join(z)); // [B, T, C]
        context.record("hook_out", || out.clone());
        out
    }

    /// Span and temperature of every position, from the global pass: `[B, T, C]` to `[B, T, 1]`.
    fn reach(&self, global: Tensor<3>, context: &Context) -> Reach {
        let b = global.dims()[0];
        let gist = match self.options.span_from {
            SpanFrom::RunningMean => {
                let all = context.remember(Memory::Global, global); // [B, S, C]
                let means = means_so_far(context, &all.device()); // [T, S]
                let [t, s] = means.dims();
                means.unsqueeze::<3>().expand([b, t, s]).matmul(all)
            }
            SpanFrom::Position => global,
        }; // [B, T, C]
        context.record("hook_span_context", || gist.clone());

        let bias = self.span.bias.as_ref().map(Param::val);
        let logit = project(self.span.ln.forward(gist), self.span.weight.val(), bias); // [B, T, 1]
        let share = activation::sigmoid(logit); // [B, T, 1]
        let span = share.clone().mul_scalar(self.longest as f64).clamp_min(1.0); // [B, T, 1]
        let span = context.span(span); // [B, T, 1]
        let alpha = f64::from(self.options.alpha);
        let temperature = match self.options.sharpen {
            Sharpen::Short => share.clone().mul_scalar(alpha).add_scalar(1.0 - alpha),
            Sharpen::Long => share.clone().mul_scalar(-alpha).add_scalar(1.0),
            Sharpen::Off => share.ones_like(),
        }
        .clamp_min(MIN_TEMPERATURE); // [B, T, 1]
        let temperature = context.temperature(temperature); // [B, T, 1]
        context.record("hook_span_scale", || share.clone().squeeze_dim::<2>(2));
        context.record("hook_span", || span.clone().squeeze_dim::<2>(2));
        context.record("hook_temperature", || {
            temperature.clone().squeeze_dim::<2>(2)
        });
        Reach {
            share,
            span,
            temperature,
        }
    }

    /// w: 1 within the span, fading over the ramp, 0 beyond and in the future.
    /// `[B, T, 1]` to `[B, 1, T, S]`.
    fn window(&self, span: Tensor<3>, context: &Context) -> Tensor<4> {
        let (b, [t, s]) = (span.dims()[0], context.lengths());
        let distance = distances(context, &span.device()); // [T, S]
        let outside = distance
            .clone()
            .greater_equal_elem(self.longest as i64)
            .bool_or(context.future.clone()); // [T, S]
        let ramp = f64::from(self.options.ramp);
        let distance = distance.float().unsqueeze::<3>(); // [1, T, S]
        let window = (span.add_scalar(ramp - 1.0) - distance)
            .div_scalar(ramp)
            .clamp(0.0, 1.0) // [B, T, S]
            .mask_fill(outside.unsqueeze::<3>().expand([b, t, s]), 0.0);
        context.record("hook_window", || window.clone());
        window.unsqueeze_dim::<4>(1)
    }

    /// L: `[B, T, C]` to `[B, T, C]`.
    fn local_pass(
        &self,
        x: Tensor<3>,
        reach: Reach,
        window: Tensor<4>,
        context: &Context,
    ) -> Tensor<3> {
        let [b, t, _] = x.dims();
        let gain = match self.options.inverse_gain {
            true => {
                let least = f64::from(self.options.gain_max).recip();
                Some(reach.share.clone().clamp_min(least).recip()) // [B, T, 1]
            }
            false => None,
        };
        context.record("hook_gain", || {
            let gain = gain.clone().unwrap_or_else(|| reach.share.ones_like());
            gain.reshape([b, t])
        });
        context.record("hook_rel_bias", || {
            let h = self.n_head;
            let bias = self.rel_bias.val().unsqueeze::<3>();
            bias.expand([b, h, self.longest])
        });

        let context = context.pass(Pass::Local);
        let Qkv { q, k, v } = heads::split(&self.c_attn, x, self.n_head, &context); // [B, H, T, D]
        let temperature = reach.temperature.unsqueeze_dim::<4>(1); // [B, 1, T, 1]
        let scores = (heads::dot_products(q, k) + self.distance_bias(&context)) / temperature; // [B, H, T, S]
        let normaliser = self.options.normaliser;
        let pattern = normaliser::weights(normaliser, scores, Some(window), &context); // [B, H, T, S]
        let z = context.drop_out(pattern, Site::Pattern).matmul(v); // [B, H, T, D]
        // A factor of a whole row of A is a factor of what the row sums up.
        let z = match gain {
            Some(gain) => z * gain.unsqueeze_dim::<4>(1),
            None => z,
        }; // [B, H, T, D]
        context.record("hook_z", || heads::by_token(z.clone()));
        let z = context.heads(z); // [B, H, T, D]
        context.record("hook_result", || {
            self.combined(heads::contributions(z.clone(), &self.c_proj), 0)
        });
        let out = self.c_proj.forward(heads::join(z)); // [B, T, C]
        context.record("hook_out", || out.clone());
        out
    }

    /// c[i - j] at every cell, 0 where there is none: `[1, H, T, S]`.
    ///
    /// Without a gather, whose way back would add up gradients one by one: one row that holds
    /// c[0], nothing, c[n], ..., c[1], laid out again and again, comes back one place further on each
    /// time that its end is cut off, and so every row of the square is the one above it moved right.
    fn distance_bias(&self, context: &Context) -> Tensor<4> {
        let (h, [t, s]) = (self.n_head, context.lengths());
        let known = self.longest.min(s);
        let bias = self.rel_bias.val(); // [H, M]
        let nothing = Tensor::zeros([h, 2 * s - known], &bias.device());
        let mut row = vec![bias.clone().narrow(1, 0, 1), nothing];
        if known > 1 {
            row.push(bias.narrow(1, 1, known - 1).flip([1]));
        }
        let row = Tensor::cat(row, 1); // [H, 2S]: place n holds c[-n mod 2S]
        row.unsqueeze_dim::<3>(1)
            .expand([h, s, 2 * s])
            .reshape([h, 2 * s * s])
            .narrow(1, 0, (2 * s - 1) * s)
            .reshape([h, s, 2 * s - 1]) // place (i, j) holds c[i - j mod 2S]
            .narrow(2, 0, s) // [H, S, S]
            .narrow(1, context.first(), t) // [H, T, S]
            .unsqueeze::<4>()
    }

    /// A pass's contributions through its half of Wp, 0 the local one and 1 the global one:
    /// `[B, T, H, C]` to the same.
    fn combined(&self, contributions: Tensor<4>, half: usize) -> Tensor<4> {
        let c = contributions.dims()[3];
        let wp = self.combine.weight.val().narrow(1, half * c, c); // [C, C]
        project(contributions, wp, None)
    }
}

/// Row i holds 1 / (i + 1) up to place i and 0 after it: `[T, S]`.
fn means_so_far(context: &Context, device: &Device) -> Tensor<2> {
    let ([t, s], first) = (context.lengths(), context.first());
    let count = Tensor::<1, Int>::arange(first as i64 + 1..s as i64 + 1, device).float();
    let share = count.recip().reshape([t, 1]).expand([t, s]); // [T, S]
    share.mask_fill(context.future.clone(), 0.0)
}

/// i - j: `[T, S]`.
fn distances(context: &Context, device: &Device) -> Tensor<2, Int> {
    let ([t, s], first) = (context.lengths(), context.first());
    let position = Tensor::<1, Int>::arange(0..s as i64, device);
    let i = position.clone().narrow(0, first, t).reshape([t, 1]); // [T, 1]
    i.expand([t, s]) - position.reshape([1, s]).expand([t, s])
}
