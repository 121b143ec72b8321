//! What every kind does: queries, keys and values for each head, and the heads' way back into the
//! stream.

use crate::config::ModelConfig;
use crate::engine::cache::Memory;
use crate::engine::dropout::Site;
use crate::engine::init::Init;
use crate::engine::layers::Linear;
use crate::engine::record::Context;
use burn::tensor::Tensor;

/// Wq, Wk and Wv stacked: `[3C, C]`.
pub fn c_attn(init: &Init, config: &ModelConfig) -> Linear {
    let c = config.n_embd;
    Linear::new(&init.at("c_attn"), [3 * c, c], 0.02, config.bias)
}

/// Wo: `[C, C]`.
pub fn c_proj(init: &Init, config: &ModelConfig) -> Linear {
    let c = config.n_embd;
    let std = config.residual_std();
    Linear::new(&init.at("c_proj"), [c, c], std, config.bias)
}

/// What each head asks, offers and hands over.
pub struct Qkv {
    /// `[B, H, T, D]`
    pub q: Tensor<4>,
    /// Those of earlier tokens too, where they are kept: `[B, H, S, D]`, like `v`.
    pub k: Tensor<4>,
    pub v: Tensor<4>,
}

/// `x`, `[B, T, C]`, seen by `n_head` heads.
pub fn split(c_attn: &Linear, x: Tensor<3>, n_head: usize, context: &Context) -> Qkv {
    let [b, t, c] = x.dims();
    let (h, d) = (n_head, c / n_head);
    let qkv = c_attn
        .forward(x) // [B, T, 3C]
        .reshape([b, t, 3, h, d])
        .permute([2, 0, 3, 1, 4]); // [3, B, H, T, D]
    let part = |i: usize| qkv.clone().narrow(0, i, 1).reshape([b, h, t, d]);
    let (q, k, v) = (part(0), part(1), part(2)); // [B, H, T, D] each
    context.record("hook_q", || by_token(q.clone()));
    context.record("hook_k", || by_token(k.clone()));
    context.record("hook_v", || by_token(v.clone()));
    Qkv {
        q,
        k: context.remember(Memory::Key, k),
        v: context.remember(Memory::Value, v),
    }
}

/// S = q . k / sqrt(D), the future included: `[B, H, T, S]`.
pub fn dot_products(q: Tensor<4>, k: Tensor<4>) -> Tensor<4> {
    let d = q.dims()[3];
    q.mul_scalar((d as f64).sqrt().recip()) // scaling q is cheaper than scaling the scores
        .matmul(k.transpose())
}

/// O: what each head takes from the tokens it looks at. `[B, H, T, S]` of weights and
/// `[B, H, S, D]` of values to `[B, H, T, D]`.
pub fn mix(pattern: Tensor<4>, v: Tensor<4>, site: Site, context: &Context) -> Tensor<4> {
    let z = context.drop_out(pattern, site).matmul(v); // [B, H, T, D]
    context.record("hook_z", || by_token(z.clone()));
    z
}

/// E: the heads' sum, on the way back into the stream. `[B, H, T, D]` to `[B, T, C]`.
pub fn out(c_proj: &Linear, z: Tensor<4>, context: &Context) -> Tensor<3> {
    let z = context.heads(z); // [B, H, T, D]
    context.record("hook_result", || contributions(z.clone(), c_proj));
    c_proj.forward(join(z))
}

/// The heads side by side: `[B, H, T, D]` to `[B, T, C]`.
pub fn join(z: Tensor<4>) -> Tensor<3> {
    let [b, h, t, d] = z.dims();
    by_token(z).reshape([b, t, h * d])
}

/// O_h Wo_h^T, Wo_h the D columns of Wo that belong to head h: what each head alone adds.
/// `[B, H, T, D]` to `[B, T, H, C]`.
pub fn contributions(z: Tensor<4>, c_proj: &Linear) -> Tensor<4> {
    let [b, h, _, d] = z.dims();
    let c = h * d;
    let slices = c_proj
        .weight
        .val() // [C, C]
        .reshape([c, h, d])
        .permute([1, 2, 0]) // [H, D, C]
        .unsqueeze::<4>()
        .expand([b, h, d, c]); // [B, H, D, C]
    by_token(z.matmul(slices))
}

/// `[B, H, T, n]` to `[B, T, H, n]`.
pub fn by_token(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 2, 1, 3])
}
