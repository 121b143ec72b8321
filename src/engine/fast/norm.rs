//! Layer norm (Ba, Kiros and Hinton 2016): each row centred and scaled, then stretched and shifted.
//!
//! ```text
//! h  = (x - mean) / s,  s = sqrt(variance + 1e-5)        y = w h + b
//! g  = w dy
//! dx = (g - mean(g) - h mean(g h)) / s     dw = sum over rows of dy h     db = sum over rows of dy
//! ```
//!
//! dx lacks what of g would only move the mean or the scale, since the norm takes both out again.

use super::arena::{Arena, Node, Slot, Write};
use crate::engine::layers::LAYER_NORM_EPS;
use lanes::{dot, sum};

#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// `[rows, n]`
    pub x: Node,
    /// `[n]`
    pub weight: Node,
    /// `[n]`, or none.
    pub bias: Node,
    /// `[rows, n]`
    pub out: Node,
    /// Mean and 1 / s of each row: `[rows, 2]`.
    pub stats: Slot,
    /// Room for a row of h and one of g: `[2, n]`.
    pub room: Slot,
    pub n: usize,
    /// From one row's beginning to the next one's, in `x` and in `out`: n, or more where other
    /// numbers lie between.
    pub stride: usize,
    /// How dx is handed back.
    pub write: Write,
}

impl LayerNorm {
    pub fn forward(&self, arena: &mut Arena) {
        let (n, stride) = (self.n, self.stride);
        let [x, weight, bias, out, stats] = arena.views([
            self.x.value,
            self.weight.value,
            self.bias.value,
            self.out.value,
            self.stats,
        ]);
        let rows = x.chunks(stride).zip(out.chunks_mut(stride));
        for ((x, out), stats) in rows.zip(stats.chunks_exact_mut(2)) {
            let (x, out) = (&x[..n], &mut out[..n]);
            let mean = sum(x) / n as f32;
            for (y, x) in out.iter_mut().zip(x) {
                *y = x - mean;
            }
            let variance = dot(out, out) / n as f32;
            let scale = (variance + LAYER_NORM_EPS as f32).sqrt().recip();
            for (y, w) in out.iter_mut().zip(&*weight) {
                *y *= scale * w;
            }
            for (y, b) in out.iter_mut().zip(&*bias) {
                *y += b;
            }
            stats.copy_from_slice(&[mean, scale]);
        }
    }

    pub fn backward(&self, arena: &mut Arena) {
        let (n, stride) = (self.n, self.stride);
        let [x, weight, dw, db, dy, dx, stats, room] = arena.views([
            self.x.value,
            self.weight.value,
            self.weight.grad,
            self.bias.grad,
            self.out.grad,
            self.x.grad,
            self.stats,
            self.room,
        ]);
        let (h, g) = room.split_at_mut(n); // [n] each
        let rows = x.chunks(stride).zip(dy.chunks(stride));
        let rows = rows.zip(dx.chunks_mut(stride));
        for (((x, dy), dx), stats) in rows.zip(stats.chunks_exact(2)) {
            let (x, dy, dx) = (&x[..n], &dy[..n], &mut dx[..n]);
            let (mean, scale) = (stats[0], stats[1]);
            for (h, x) in h.iter_mut().zip(x) {
                *h = (x - mean) * scale;
            }
            for ((g, dy), w) in g.iter_mut().zip(dy).zip(&*weight) {
                *g = dy * w;
            }
            for ((dw, dy), h) in dw.iter_mut().zip(dy).zip(&*h) {
                *dw += dy * h;
            }
            for (db, dy) in db.iter_mut().zip(dy) {
                *db += dy;
            }
            let (shift, stretch) = (sum(g) / n as f32, dot(g, h) / n as f32);
            let along = |g: f32, h: f32| (g - shift - h * stretch) * scale;
            let terms = dx.iter_mut().zip(&*g).zip(&*h);
            match self.write {
                Write::Set => terms.for_each(|((dx, g), h)| *dx = along(*g, *h)),
                Write::Add => terms.for_each(|((dx, g), h)| *dx += along(*g, *h)),
            }
        }
    }
}
