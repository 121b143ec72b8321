//! The local pass's rows of `adaptive_span` (formulas and sources in [`crate::engine::attention`]).
//!
//! ```text
//! S_j  = (q . k_j / sqrt(D) + c[n]) / t,  n = i - j         w_j = clamp((R + z - 1 - n) / R, 0, 1)
//! A_j  = w_j e^S_j / sum_k w_k e^S_k
//! dw_j = dS_j / w_j        dz = sum_j dw_j / R on the ramp        dt = -sum_j dS_j S_j / t
//! dc[n] += dS_j / t        d(q . k_j / sqrt(D)) = dS_j / t
//! ```

use super::arena::{Node, Slot};
use super::pattern::{exponentials, scale};
use crate::config::attention::Normaliser;
use lanes::functions::sigmoid;
use lanes::{F32x4, dot, largest, map, sum};

/// What an attention needs to know of spans.
#[derive(Clone, Debug)]
pub struct Span {
    /// z, t and the gain of every position: `[B, T, 3]`.
    pub reach: Node,
    /// c: `[H, M]`.
    pub rel_bias: Node,
    /// S, kept for t's slope: `[B, H, T, T]`.
    pub scores: Slot,
    /// R
    pub ramp: f32,
    /// M
    pub longest: usize,
}

/// How far and how sharply one query looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// z, tokens.
    pub span: f32,
    /// t
    pub temperature: f32,
    /// R
    pub ramp: f32,
    /// M
    pub longest: usize,
    pub normaliser: Normaliser,
}

impl Look {
    /// (R + z - 1 - n) / R, not clamped.
    fn height(&self, distance: usize) -> f32 {
        (self.span + (self.ramp - 1.0) - distance as f32) / self.ramp
    }

    fn window(&self, distance: usize) -> f32 {
        self.height(distance).clamp(0.0, 1.0)
    }

    /// The first key that query `i` sees: its window is open from there to itself.
    fn first(&self, i: usize) -> usize {
        let most = self.longest.min(i + 1);
        let open = (0..most).take_while(|n| self.window(*n) > 0.0).count();
        i + 1 - open
    }

    /// Scaled products with the keys up to query i become weights; `kept` becomes S where the window
    /// is open. `[i + 1]` each; `bias` is c of the head, `[M]`.
    pub fn weights(&self, bias: &[f32], row: &mut [f32], kept: &mut [f32]) {
        let i = row.len() - 1;
        let first = self.first(i);
        let (closed, open) = row.split_at_mut(first);
        closed.fill(0.0);
        for (x, c) in open.iter_mut().rev().zip(bias) {
            *x = (*x + c) / self.temperature;
        }
        kept[first..].copy_from_slice(open);
        let most = largest(open);
        let windowed = |open: &mut [f32]| {
            for (n, x) in open.iter_mut().rev().enumerate() {
                *x *= self.window(n);
            }
        };
        match self.normaliser {
            Normaliser::Softmax => {
                exponentials(open, most);
                windowed(open);
                let all = sum(open);
                scale(open, all.recip());
            }
            Normaliser::OffByOne => {
                let most = most.max(0.0);
                exponentials(open, most);
                windowed(open);
                let all = libm::expf(-most) + sum(open);
                scale(open, all.recip());
            }
            Normaliser::Sigmoid => {
                let shift = F32x4::splat(libm::logf((i + 1) as f32));
                map(open, |s| sigmoid(s - shift));
                windowed(open);
            }
        }
    }

    /// dA of the query becomes the gradient of the scaled products, in place; that of c is added.
    /// Returns dz and dt.
    pub fn slopes(&self, a: &[f32], kept: &[f32], da: &mut [f32], dbias: &mut [f32]) -> [f32; 2] {
        let i = da.len() - 1;
        let first = self.first(i);
        let (closed, da) = da.split_at_mut(first);
        closed.fill(0.0);
        let (a, kept) = (&a[first..], &kept[first..]);
        let mean = dot(a, da);
        let [mut dz, mut dt] = [0.0; 2];
        let cells = a.iter().zip(kept).zip(da).rev().zip(dbias).enumerate();
        for (n, (((a, s), da), dc)) in cells {
            let window = self.window(n);
            let (ds, dw) = match self.normaliser {
                Normaliser::Softmax | Normaliser::OffByOne => {
                    let ds = a * (*da - mean);
                    (ds, ds / window)
                }
                Normaliser::Sigmoid => {
                    let open = a / window;
                    (a * (1.0 - open) * *da, open * *da)
                }
            };
            if self.height(n) < 1.0 {
                dz += dw / self.ramp;
            }
            dt -= ds * s / self.temperature;
            *da = ds / self.temperature;
            *dc += *da;
        }
        [dz, dt]
    }
}
