//! What `head_gated` adds (formulas and source in [`crate::engine::attention`]): the shape of each
//! attention row in three numbers, and a factor for what each head took.
//!
//! ```text
//! a = sum_j A_j S_j      m = sum_j A_j p_j,  r = m - p_i      d = sqrt(sum_j A_j (p_j - m)^2 + eps)
//! dA_j += da S_j + dr p_j + dd / 2d ((p_j - m)^2 - 2 p_j sum_k A_k (p_k - m))      dS_j += da A_j
//!
//! g = 1 + tanh(u / 2), or 4^(tanh u)      y = g z      dz = g dy      du = g'(u) dy . z
//! ```
//!
//! The last sum is 0 where a row of A sums to 1, and not under the other normalisers.

use super::arena::{Arena, Node, Slot};
use super::attention::Heads;
use crate::config::attention::GateForm;
use lanes::functions::{exp, tanh};
use lanes::{F32x4, dot, map};

/// Under the root of the spread, as in the readable kind.
const EPS: f32 = 1e-8;

/// The statistics of every head and query.
#[derive(Clone, Debug)]
pub struct Stats {
    /// a, r and d of each head: `[B, T, 3, H]`.
    pub out: Node,
    /// S, kept for a's slope: `[B, H, T, T]`.
    pub scores: Slot,
    /// Tokens in a block, the measure of places.
    pub block: usize,
}

/// A row of attention, of query `i` in a block of `block` tokens: `[i + 1]` each.
pub struct Row<'a> {
    pub scores: &'a [f32],
    pub weights: &'a [f32],
    pub block: usize,
}

impl Row<'_> {
    fn place(&self, j: usize) -> f32 {
        j as f32 / self.block as f32
    }

    /// Its a, r and d.
    pub fn stats(&self) -> [f32; 3] {
        let a = dot(self.weights, self.scores);
        let cells = self.weights.iter().enumerate();
        let m: f32 = cells.clone().map(|(j, a)| a * self.place(j)).sum();
        let variance: f32 = cells.map(|(j, a)| a * (self.place(j) - m).powi(2)).sum();
        let here = self.place(self.weights.len() - 1);
        [a, m - here, (variance + EPS).sqrt()]
    }

    /// Adds to dA what comes by way of the statistics `[a, r, d]`, their gradients being `back`.
    pub fn add_to_weights(&self, [_, r, d]: [f32; 3], back: [f32; 3], da: &mut [f32]) {
        let m = r + self.place(self.weights.len() - 1);
        let cells = self.weights.iter().enumerate();
        let off: f32 = cells.map(|(j, a)| a * (self.place(j) - m)).sum();
        let spread = back[2] / (2.0 * d);
        for (j, (da, s)) in da.iter_mut().zip(self.scores).enumerate() {
            let p = self.place(j);
            *da += back[0] * s + back[1] * p + spread * ((p - m) * (p - m) - 2.0 * p * off);
        }
    }
}

/// A head's factor at each query.
#[derive(Clone, Debug)]
pub struct Gate {
    /// u: `[B, T, H]`.
    pub logits: Node,
    /// What the heads took: `[B, T, C]`.
    pub z: Node,
    /// `[B, T, C]`
    pub out: Node,
    /// g, then its slope in u: `[2, B, T, H]`.
    pub gates: Slot,
    pub sizes: Heads,
    pub form: GateForm,
}

impl Gate {
    pub fn forward(&self, arena: &mut Arena) {
        let d = self.sizes.width;
        let [logits, z, out, gates] =
            arena.views([self.logits.value, self.z.value, self.out.value, self.gates]);
        let (gates, slopes) = gates.split_at_mut(logits.len());
        let one = F32x4::splat(1.0);
        let (half, ln_4) = (F32x4::splat(0.5), F32x4::splat(4f32.ln()));
        gates.copy_from_slice(logits);
        slopes.copy_from_slice(logits);
        match self.form {
            GateForm::TwoSigmoid => {
                map(gates, |u| one + tanh(u * half));
                map(slopes, |u| {
                    let t = tanh(u * half);
                    half * (one - t * t)
                });
            }
            GateForm::LogSymmetric => {
                map(gates, |u| exp(ln_4 * tanh(u)));
                map(slopes, |u| {
                    let t = tanh(u);
                    ln_4 * (one - t * t) * exp(ln_4 * t)
                });
            }
        }
        let heads = out.chunks_exact_mut(d).zip(z.chunks_exact(d));
        for ((out, z), g) in heads.zip(gates) {
            for (out, z) in out.iter_mut().zip(z) {
                *out = *g * z;
            }
        }
    }

    pub fn backward(&self, arena: &mut Arena) {
        let d = self.sizes.width;
        let [z, gates, dlogits, dz, dout] = arena.views([
            self.z.value,
            self.gates,
            self.logits.grad,
            self.z.grad,
            self.out.grad,
        ]);
        let (gates, slopes) = gates.split_at(dlogits.len());
        let heads = z.chunks_exact(d).zip(dout.chunks_exact(d));
        let heads = heads.zip(dz.chunks_exact_mut(d)).zip(dlogits);
        for ((((z, dout), dz), du), (g, slope)) in heads.zip(gates.iter().zip(slopes)) {
            *du = slope * dot(z, dout);
            for (dz, dout) in dz.iter_mut().zip(dout) {
                *dz = g * dout;
            }
        }
    }
}
