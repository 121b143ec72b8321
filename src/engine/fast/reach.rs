//! How far and how sharply each position of `adaptive_span` looks, and what that is read from.
//!
//! ```text
//! mean_i = sum_{j <= i} G_j / (i + 1)
//! s = sigmoid(u)      z = max(1, s M)      t = max(0.05, 1 - alpha (1 - s)) and others
//! gain = 1 / max(s, 1 / gain_max), or 1
//! ```
//!
//! The objective's price of a span, `span_penalty` times the mean of z / M, comes in on the way back.

use super::arena::{Arena, Node, Slot};
use crate::config::attention::{AdaptiveSpan, Sharpen, SpanFrom};
use crate::engine::attention::MIN_TEMPERATURE;
use lanes::functions::sigmoid;
use lanes::{add, map};

/// What a span is read from: the mean of what came so far, or the position alone.
#[derive(Clone, Debug)]
pub struct Gist {
    /// `[B, T, n]`, rows `stride` apart.
    pub x: Node,
    /// `[B, T, n]`
    pub out: Node,
    /// For a row: `[n]`.
    pub room: Slot,
    /// T
    pub tokens: usize,
    pub n: usize,
    pub stride: usize,
    pub from: SpanFrom,
}

impl Gist {
    pub fn forward(&self, arena: &mut Arena) {
        let n = self.n;
        let [x, out, sum] = arena.views([self.x.value, self.out.value, self.room]);
        let rows = x.chunks(self.stride).zip(out.chunks_exact_mut(n));
        for (row, (x, out)) in rows.enumerate() {
            let i = row % self.tokens;
            match self.from {
                SpanFrom::Position => out.copy_from_slice(&x[..n]),
                SpanFrom::RunningMean => {
                    if i == 0 {
                        sum.fill(0.0);
                    }
                    add(sum, &x[..n]);
                    for (out, sum) in out.iter_mut().zip(&*sum) {
                        *out = sum / (i + 1) as f32;
                    }
                }
            }
        }
    }

    /// Adds to x's gradient.
    pub fn backward(&self, arena: &mut Arena) {
        let n = self.n;
        let [dx, dout, sum] = arena.views([self.x.grad, self.out.grad, self.room]);
        let rows = dx.chunks_mut(self.stride).zip(dout.chunks_exact(n));
        for (row, (dx, dout)) in rows.enumerate().rev() {
            let i = row % self.tokens;
            match self.from {
                SpanFrom::Position => add(&mut dx[..n], dout),
                SpanFrom::RunningMean => {
                    if i + 1 == self.tokens {
                        sum.fill(0.0);
                    }
                    for (sum, dout) in sum.iter_mut().zip(dout) {
                        *sum += dout / (i + 1) as f32;
                    }
                    add(&mut dx[..n], sum);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
pub struct Reach {
    /// u: `[B, T]`.
    pub logits: Node,
    /// z, t and gain: `[B, T, 3]`.
    pub out: Node,
    /// s: `[B, T]`.
    pub shares: Slot,
    /// M
    pub longest: usize,
    pub options: AdaptiveSpan,
    /// What a token of span costs at one position of one layer.
    pub price: f32,
}

impl Reach {
    /// t before it is kept from going too low, and its slope in s.
    fn temperature(&self, share: f32) -> [f32; 2] {
        let alpha = self.options.alpha;
        match self.options.sharpen {
            Sharpen::Short => [alpha * share + (1.0 - alpha), alpha],
            Sharpen::Long => [1.0 - alpha * share, -alpha],
            Sharpen::Off => [1.0, 0.0],
        }
    }

    pub fn forward(&self, arena: &mut Arena) {
        let [logits, out, shares] = arena.views([self.logits.value, self.out.value, self.shares]);
        shares.copy_from_slice(logits);
        map(shares, sigmoid);
        for (share, out) in shares.iter().zip(out.chunks_exact_mut(3)) {
            let gain = match self.options.inverse_gain {
                true => share.max(self.options.gain_max.recip()).recip(),
                false => 1.0,
            };
            let [temperature, _] = self.temperature(*share);
            out.copy_from_slice(&[
                (share * self.longest as f32).max(1.0),
                temperature.max(MIN_TEMPERATURE as f32),
                gain,
            ]);
        }
    }

    pub fn backward(&self, arena: &mut Arena) {
        let [dlogits, dout, shares] = arena.views([self.logits.grad, self.out.grad, self.shares]);
        let positions = shares.iter().zip(dout.chunks_exact(3)).zip(dlogits);
        for ((share, dout), du) in positions {
            let m = self.longest as f32;
            let mut ds = 0.0;
            if share * m > 1.0 {
                ds += (dout[0] + self.price) * m;
            }
            let [temperature, slope] = self.temperature(*share);
            if temperature > MIN_TEMPERATURE as f32 {
                ds += dout[1] * slope;
            }
            if self.options.inverse_gain && *share > self.options.gain_max.recip() {
                ds -= dout[2] / (share * share);
            }
            *du = ds * share * (1.0 - share);
        }
    }
}
