//! Causal attention of every head (Vaswani and others 2017), and the way back.
//!
//! ```text
//! S  = q k^T / sqrt(D)      A = weights of S, row by row      z = (m A) v
//! dA = m (dz v^T)           dv = (m A)^T dz
//! dS = slopes of A, dA      dq = dS k / sqrt(D)               dk = dS^T q / sqrt(D)
//! ```
//!
//! m is dropout's mask. Head by head, so that a head's squares stay in the nearest cache; what lies in
//! the future is not computed. `additive` has other scores ([`super::additive`]), and `head_gated`
//! takes statistics of S and A on the way ([`super::gate`]); the local pass of `adaptive_span` has rows of
//! its own ([`super::span`]).

use super::additive::{Room, Rows};
use super::arena::{Arena, Node, Slot};
use super::dropout::Mask;
use super::gate::{Row, Stats};
use super::pattern;
use super::span::{Look, Span};
use crate::config::attention::Normaliser;
use crate::engine::dropout::{Dropout, Site};
use lanes::matmul::{Causal, Matrix, Scratch, Size, Start, multiply};
use lanes::{F32x4, dot, map};

/// How many of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    /// B
    pub batch: usize,
    /// H
    pub heads: usize,
    /// T
    pub tokens: usize,
    /// D
    pub width: usize,
}

/// One head in one window.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Among B H.
    n: usize,
    /// Its queries' first number in `[B, T, 3C]`; its keys' is C further on, its values' 2C.
    qkv: usize,
    /// Its first number in `[B, T, C]`.
    z: usize,
    /// Its first number in `[B, T, 3, H]`.
    stats: usize,
    /// Its window's first position among B T.
    position: usize,
    /// Among H.
    head: usize,
}

impl Heads {
    /// C = H D
    pub fn channels(self) -> usize {
        self.heads * self.width
    }

    fn places(self) -> impl Iterator<Item = Place> {
        (0..self.batch * self.heads).map(move |n| {
            let (row, head) = (n / self.heads, n % self.heads);
            let first = row * self.tokens;
            let (c, within) = (self.channels(), head * self.width);
            Place {
                n,
                qkv: first * 3 * c + within,
                z: first * c + within,
                stats: first * 3 * self.heads + head,
                position: first,
                head,
            }
        })
    }
}

/// How a query and a key make a score.
#[derive(Clone, Debug)]
pub enum Scoring {
    /// q . k / sqrt(D)
    Dot,
    /// v . tanh(q + k)
    Additive {
        /// `[H, D]`
        v: Node,
        /// [`Room::numbers`] of one head.
        room: Slot,
    },
}

#[derive(Clone, Debug)]
pub struct Attention {
    /// `[B, T, 3C]`
    pub qkv: Node,
    /// A: `[B, H, T, T]`.
    pub pattern: Slot,
    /// m A, or none where nothing is dropped: `[B, H, T, T]`.
    pub dropped: Slot,
    /// `[B, T, C]`
    pub z: Node,
    /// For one head's dA: `[T, T]`.
    pub room: Slot,
    pub sizes: Heads,
    pub scoring: Scoring,
    pub normaliser: Normaliser,
    pub stats: Option<Stats>,
    pub span: Option<Span>,
    pub layer: usize,
    pub site: Site,
    /// Cells of the site's patterns before these: those of the batch's other sequences.
    pub first: usize,
}

impl Attention {
    /// Multiplications and additions, forwards and backwards.
    pub(super) fn work(&self) -> f64 {
        let Heads {
            batch,
            heads,
            tokens,
            width,
        } = self.sizes;
        // Half of the square lies in the future.
        let cells = (batch * heads * tokens) as f64 * tokens as f64 / 2.0;
        let per_channel = match self.scoring {
            // Six products.
            Scoring::Dot => 12.0,
            // A tanh in the place of two of them, and its slope.
            Scoring::Additive { .. } => 40.0,
        };
        cells * width as f64 * per_channel
    }

    /// v and its room, or nothing.
    fn additive(&self) -> (Node, Slot) {
        match self.scoring {
            Scoring::Dot => (Node::NONE, Slot::NONE),
            Scoring::Additive { v, room } => (v, room),
        }
    }

    /// The statistics' numbers and the scores kept for them, or nothing.
    fn kept(&self) -> (Node, Slot) {
        match &self.stats {
            Some(stats) => (stats.out, stats.scores),
            None => (Node::NONE, Slot::NONE),
        }
    }

    /// How position `n` of all looks, by its z, t and gain.
    fn look(&self, span: &Span, reach: &[f32], n: usize) -> Look {
        Look {
            span: reach[3 * n],
            temperature: reach[3 * n + 1],
            ramp: span.ramp,
            longest: span.longest,
            normaliser: self.normaliser,
        }
    }

    /// z, t and gain of every position, c, and the scores kept for them, or nothing.
    fn reach(&self) -> (Node, Node, Slot) {
        match &self.span {
            Some(span) => (span.reach, span.rel_bias, span.scores),
            None => (Node::NONE, Node::NONE, Slot::NONE),
        }
    }

    pub fn forward(&self, arena: &mut Arena, scratch: &mut Scratch, dropout: Option<&Dropout>) {
        let Heads {
            tokens: t,
            width: d,
            heads: h,
            ..
        } = self.sizes;
        let c = self.sizes.channels();
        let mask = dropout.map(|dropout| Mask::new(dropout, self.layer, self.site));
        let ((v_of_heads, room), (stats, scores)) = (self.additive(), self.kept());
        let (reach, rel_bias, sharpened) = self.reach();
        let [
            qkv,
            pattern,
            dropped,
            z,
            v_of_heads,
            room,
            stats,
            scores,
            reach,
            rel_bias,
            sharpened,
        ] = arena.views([
            self.qkv.value,
            self.pattern,
            self.dropped,
            self.z.value,
            v_of_heads.value,
            room,
            stats.value,
            scores,
            reach.value,
            rel_bias.value,
            sharpened,
        ]);
        for place in self.sizes.places() {
            let square = place.n * t * t..(place.n + 1) * t * t;
            let q = &qkv[place.qkv..];
            let (k, v) = (&q[c..], &q[2 * c..]);
            let a = &mut pattern[square.clone()]; // [T, T]
            match self.scoring {
                Scoring::Dot => {
                    let size = Size { m: t, n: t, k: d };
                    let (rows, columns) = (Matrix::new(q, 3 * c), Matrix::turned(k, 3 * c));
                    let out = (&mut *a, t);
                    multiply(
                        out,
                        size,
                        rows,
                        columns,
                        Start::Zero,
                        Causal::Result,
                        scratch,
                    );
                    let scale = F32x4::splat((d as f32).sqrt().recip());
                    for (i, row) in a.chunks_exact_mut(t).enumerate() {
                        map(&mut row[..=i], |s| s * scale);
                    }
                }
                Scoring::Additive { .. } => {
                    let v = &v_of_heads[place.head * d..];
                    Room::new(room, self.rows(), q, k, v).scores(a);
                }
            }
            for (i, row) in a.chunks_exact_mut(t).enumerate() {
                let (seen, future) = row.split_at_mut(i + 1);
                if let Some(Stats { block, .. }) = self.stats {
                    let kept = &mut scores[square.start + i * t..][..=i];
                    kept.copy_from_slice(seen);
                    pattern::weights(self.normaliser, seen);
                    let row = Row {
                        scores: kept,
                        weights: seen,
                        block,
                    };
                    for (which, number) in row.stats().into_iter().enumerate() {
                        stats[place.stats + (3 * i + which) * h] = number;
                    }
                } else if let Some(span) = &self.span {
                    let look = self.look(span, reach, place.position + i);
                    let bias = &rel_bias[place.head * span.longest..][..span.longest];
                    let kept = &mut sharpened[square.start + i * t..][..=i];
                    look.weights(bias, seen, kept);
                } else {
                    pattern::weights(self.normaliser, seen);
                }
                future.fill(0.0);
            }
            let used = match &mask {
                Some(mask) => {
                    let used = &mut dropped[square.clone()];
                    used.copy_from_slice(a);
                    for (i, row) in used.chunks_exact_mut(t).enumerate() {
                        mask.apply(self.first + square.start + i * t, &mut row[..=i]);
                    }
                    &*used
                }
                None => &*a,
            }; // [T, T]
            let size = Size { m: t, n: d, k: t };
            let (rows, columns) = (Matrix::new(used, t), Matrix::new(v, 3 * c));
            let out = (&mut z[place.z..], c);
            multiply(
                out,
                size,
                rows,
                columns,
                Start::Zero,
                Causal::Lower,
                scratch,
            );
            if self.span.is_some() {
                let rows = z[place.z..].chunks_mut(c).take(t);
                for (n, row) in rows.enumerate() {
                    let gain = F32x4::splat(reach[3 * (place.position + n) + 2]);
                    map(&mut row[..d], |z| z * gain);
                }
            }
        }
    }

    pub fn backward(&self, arena: &mut Arena, scratch: &mut Scratch, dropout: Option<&Dropout>) {
        let Heads {
            tokens: t,
            width: d,
            heads: h,
            ..
        } = self.sizes;
        let c = self.sizes.channels();
        let mask = dropout.map(|dropout| Mask::new(dropout, self.layer, self.site));
        let ((v_of_heads, room), (stats, scores)) = (self.additive(), self.kept());
        let (reach, rel_bias, sharpened) = self.reach();
        let [
            qkv,
            dqkv,
            pattern,
            dropped,
            dz,
            da,
            v_of_heads,
            dv_of_heads,
            room,
            stats,
            dstats,
            scores,
            z,
            reach,
            dreach,
            rel_bias,
            sharpened,
        ] = arena.views([
            self.qkv.value,
            self.qkv.grad,
            self.pattern,
            self.dropped,
            self.z.grad,
            self.room,
            v_of_heads.value,
            v_of_heads.grad,
            room,
            stats.value,
            stats.grad,
            scores,
            self.z.value,
            reach.value,
            reach.grad,
            rel_bias.grad,
            sharpened,
        ]);
        dreach.fill(0.0);
        let square = Size { m: t, n: t, k: d };
        let narrow = Size { m: t, n: d, k: t };
        for place in self.sizes.places() {
            let whole = place.n * t * t..(place.n + 1) * t * t;
            let q = &qkv[place.qkv..];
            let (k, v) = (&q[c..], &q[2 * c..]);
            let a = &pattern[whole.clone()]; // [T, T]
            let used = match &mask {
                Some(_) => &dropped[whole.clone()],
                None => a,
            }; // [T, T]
            if self.span.is_some() {
                let rows = dz[place.z..].chunks_mut(c).zip(z[place.z..].chunks(c));
                for (n, (dz, z)) in rows.take(t).enumerate() {
                    let at = 3 * (place.position + n) + 2;
                    let (dz, gain) = (&mut dz[..d], reach[at]);
                    dreach[at] += dot(dz, &z[..d]) / gain;
                    map(dz, |dz| dz * F32x4::splat(gain));
                }
            }
            let dz = Matrix::new(&dz[place.z..], c); // [T, D]
            let values = Matrix::turned(v, 3 * c);
            multiply(
                (da, t),
                square,
                dz,
                values,
                Start::Zero,
                Causal::Result,
                scratch,
            );
            let dv = (&mut dqkv[place.qkv + 2 * c..], 3 * c);
            let weights = Matrix::turned(used, t);
            multiply(dv, narrow, weights, dz, Start::Zero, Causal::Upper, scratch);

            let rows = da.chunks_exact_mut(t).zip(a.chunks_exact(t));
            for (i, (da, a)) in rows.enumerate() {
                let (seen, future) = da.split_at_mut(i + 1);
                let a = &a[..=i];
                if let Some(mask) = &mask {
                    mask.apply(self.first + whole.start + i * t, seen);
                }
                if let Some(Stats { block, .. }) = self.stats {
                    let row = Row {
                        scores: &scores[whole.start + i * t..][..=i],
                        weights: a,
                        block,
                    };
                    let at = |which: usize| place.stats + (3 * i + which) * h;
                    let back = [0, 1, 2].map(|which| dstats[at(which)]);
                    let there = [0, 1, 2].map(|which| stats[at(which)]);
                    row.add_to_weights(there, back, seen);
                    pattern::slopes(self.normaliser, a, seen);
                    for (ds, a) in seen.iter_mut().zip(a) {
                        *ds += back[0] * a;
                    }
                } else if let Some(span) = &self.span {
                    let n = place.position + i;
                    let look = self.look(span, reach, n);
                    let dbias = &mut rel_bias[place.head * span.longest..][..span.longest];
                    let kept = &sharpened[whole.start + i * t..][..=i];
                    let [dz, dt] = look.slopes(a, kept, seen, dbias);
                    dreach[3 * n] += dz;
                    dreach[3 * n + 1] += dt;
                } else {
                    pattern::slopes(self.normaliser, a, seen);
                }
                future.fill(0.0);
            }
            match self.scoring {
                Scoring::Dot => {
                    let scale = F32x4::splat((d as f32).sqrt().recip());
                    da.chunks_exact_mut(t)
                        .enumerate()
                        .for_each(|(i, row)| map(&mut row[..=i], |ds| ds * scale));
                    let dq = (&mut dqkv[place.qkv..], 3 * c);
                    let (rows, keys) = (Matrix::new(da, t), Matrix::new(k, 3 * c));
                    multiply(dq, narrow, rows, keys, Start::Zero, Causal::Lower, scratch);
                    let dk = (&mut dqkv[place.qkv + c..], 3 * c);
                    let (rows, queries) = (Matrix::turned(da, t), Matrix::new(q, 3 * c));
                    multiply(
                        dk,
                        narrow,
                        rows,
                        queries,
                        Start::Zero,
                        Causal::Upper,
                        scratch,
                    );
                }
                Scoring::Additive { .. } => {
                    let within = place.head * d..(place.head + 1) * d;
                    let v = &v_of_heads[within.clone()];
                    let mut room = Room::new(room, self.rows(), q, k, v);
                    room.back(da);
                    let starts = [place.qkv, place.qkv + c];
                    room.hand_back(self.rows(), dqkv, starts, &mut dv_of_heads[within]);
                }
            }
        }
    }

    /// A head's queries or keys in `[B, T, 3C]`.
    fn rows(&self) -> Rows {
        Rows {
            tokens: self.sizes.tokens,
            width: self.sizes.width,
            stride: 3 * self.sizes.channels(),
        }
    }
}
