//! Scores to weights: softmax, or one of two that need not sum to 1 (seed 001).
//!
//! ```text
//! softmax     w exp(S - m) / sum_k w exp(S - m)              m the row's maximum
//! off_by_one  w exp(S - m) / (exp(-m) + sum_k w exp(S - m))  m = max(0, the row's maximum)
//! sigmoid     w / (1 + exp(-S + ln(i + 1)))
//! ```
//!
//! The window w is 1 everywhere but in the local pass of `adaptive_span`. Where it is 0, and in the
//! future, the score is minus infinity before the maximum is taken and before exp.

use crate::config::attention::Normaliser;
use crate::engine::record::Context;
use burn::tensor::{Int, Tensor, activation};

/// The pattern A, `[B, H, T, S]`.
///
/// `scores` are `[B, H, T, S]` and finite, the future's too; `window` is `[B, 1, T, S]`.
pub fn weights(
    normaliser: Normaliser,
    scores: Tensor<4>,
    window: Option<Tensor<4>>,
    context: &Context,
) -> Tensor<4> {
    let dims = scores.dims();
    let [t, s] = context.lengths();
    let future = context.future.clone().reshape([1, 1, t, s]).expand(dims); // [B, H, T, S]
    context.record("hook_attn_scores", || {
        scores.clone().mask_fill(future.clone(), f32::NEG_INFINITY)
    });
    let closed = match &window {
        Some(window) => future.bool_or(window.clone().lower_equal_elem(0.0).expand(dims)),
        None => future,
    }; // [B, H, T, S]

    let pattern = match (normaliser, window) {
        (Normaliser::Softmax, None) => {
            activation::softmax(scores.mask_fill(closed, f32::NEG_INFINITY), 3)
        }
        (Normaliser::Softmax, Some(window)) => {
            let scores = scores.mask_fill(closed, f32::NEG_INFINITY);
            let m = scores.clone().detach().max_dim(3); // [B, H, T, 1]
            let e = (scores - m).exp() * window; // [B, H, T, S]
            let sum = e.clone().sum_dim(3); // [B, H, T, 1]
            e / sum
        }
        (Normaliser::OffByOne, window) => {
            let scores = scores.mask_fill(closed, f32::NEG_INFINITY);
            let m = scores.clone().detach().max_dim(3).clamp_min(0.0); // [B, H, T, 1]
            let e = (scores - m.clone()).exp(); // [B, H, T, S]
            let e = windowed(e, window);
            let sum = m.neg().exp() + e.clone().sum_dim(3); // [B, H, T, 1]
            e / sum
        }
        (Normaliser::Sigmoid, window) => {
            let keys = context.first() as i64 + 1..s as i64 + 1;
            let keys = Tensor::<1, Int>::arange(keys, &scores.device()).float();
            let shift = keys.log().reshape([1, 1, t, 1]); // ln(i + 1)
            // A finite score first, then the mask: the slope at minus infinity is not a number.
            let open = activation::sigmoid(scores - shift); // [B, H, T, S]
            windowed(open.mask_fill(closed, 0.0), window)
        }
    }; // [B, H, T, S]
    let pattern = context.pattern(pattern); // [B, H, T, S]
    context.record("hook_pattern", || pattern.clone());
    pattern
}

/// `[B, H, T, S]` times `[B, 1, T, S]`.
fn windowed(x: Tensor<4>, window: Option<Tensor<4>>) -> Tensor<4> {
    match window {
        Some(window) => x * window,
        None => x,
    }
}
