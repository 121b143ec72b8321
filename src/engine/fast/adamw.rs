//! AdamW (Loshchilov and Hutter 2019) and clipping by global norm, as [`crate::engine::optim`] has
//! them, over all parameters in one go.
//!
//! ```text
//! g'    = g min(1, clip / (|g| + 1e-6))
//! m     = b1 m + (1 - b1) g'
//! v     = b2 v + (1 - b2) g'^2
//! theta = theta (1 - lr decay) - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + 1e-8)
//! ```

use super::arena::{Arena, Slot};
use crate::config::TrainConfig;
use crate::engine::optim::{EPS, learning_rate};
use lanes::{F32x4, LANES, dot};

/// Where parameters, gradients and moments lie: `[n]` each, in one order.
#[derive(Clone, Debug)]
pub struct AdamW {
    pub values: Slot,
    pub grads: Slot,
    pub m: Slot,
    pub v: Slot,
    /// Neighbours that are treated alike: how many numbers, and whether they decay.
    pub runs: Vec<(usize, bool)>,
}

/// What is the same for all numbers of a step.
struct Factors {
    clip: f32,
    beta1: f32,
    beta2: f32,
    lr: f32,
    correction2: f32,
}

impl AdamW {
    /// One step; `step` counts from 0. Returns the gradient's global norm before clipping: where that
    /// is not finite, nothing has moved.
    pub fn step(&self, arena: &mut Arena, train: &TrainConfig, step: u32) -> f32 {
        let norm = norm(arena.get(self.grads));
        if !norm.is_finite() {
            return norm;
        }
        let clip = match train.clip > 0.0 {
            // min(1, clip / norm), with PyTorch's guard against a norm of 0.
            true => (train.clip as f32 / (norm + 1e-6)).min(1.0),
            false => 1.0,
        };
        let lr = learning_rate(train, step);
        let t = f64::from(step) + 1.0;
        let factors = Factors {
            clip,
            beta1: train.beta1 as f32,
            beta2: train.beta2 as f32,
            lr: (lr / (1.0 - train.beta1.powf(t))) as f32,
            correction2: (1.0 - train.beta2.powf(t)).recip() as f32,
        };
        let mut start = 0;
        for (len, decays) in &self.runs {
            let places = [self.values, self.grads, self.m, self.v].map(|s| s.part(start, *len));
            let decay = match decays {
                true => 1.0 - (lr * train.weight_decay) as f32,
                false => 1.0,
            };
            update(arena.views(places), &factors, decay);
            start += len;
        }
        norm
    }
}

/// The root of the sum of squares; block by block, so that no sum of many small numbers loses them.
fn norm(g: &[f32]) -> f32 {
    let blocks = g.chunks(4096).map(|g| f64::from(dot(g, g)));
    blocks.sum::<f64>().sqrt() as f32
}

/// Moves numbers that decay alike.
fn update([values, grads, m, v]: [&mut [f32]; 4], factors: &Factors, decay: f32) {
    let [clip, b1, b2] = [factors.clip, factors.beta1, factors.beta2].map(F32x4::splat);
    let [c1, c2] = [1.0 - factors.beta1, 1.0 - factors.beta2].map(F32x4::splat);
    let [lr, correction2, eps, decay] =
        [factors.lr, factors.correction2, EPS as f32, decay].map(F32x4::splat);
    let one = |x: F32x4, g: F32x4, m: F32x4, v: F32x4| {
        let g = g * clip;
        let m = m * b1 + g * c1;
        let v = v * b2 + g * g * c2;
        let deviation = (v * correction2).sqrt() + eps;
        (x * decay - lr * m / deviation, m, v)
    };
    let (xs, x_rest) = values.as_chunks_mut::<LANES>();
    let (gs, g_rest) = grads.as_chunks::<LANES>();
    let (ms, m_rest) = m.as_chunks_mut::<LANES>();
    let (vs, v_rest) = v.as_chunks_mut::<LANES>();
    for (((x, g), m), v) in xs.iter_mut().zip(gs).zip(ms).zip(vs) {
        let moved = one(
            F32x4::new(*x),
            F32x4::new(*g),
            F32x4::new(*m),
            F32x4::new(*v),
        );
        (*x, *m, *v) = (moved.0.array(), moved.1.array(), moved.2.array());
    }
    for (((x, g), m), v) in x_rest.iter_mut().zip(g_rest).zip(m_rest).zip(v_rest) {
        let moved = one(
            F32x4::splat(*x),
            F32x4::splat(*g),
            F32x4::splat(*m),
            F32x4::splat(*v),
        );
        (*x, *m, *v) = (moved.0.array()[0], moved.1.array()[0], moved.2.array()[0]);
    }
}
