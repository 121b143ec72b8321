//! The scores of `additive` attention (Bahdanau, Cho and Bengio 2014), and the way back.
//!
//! ```text
//! S_ij  = v . t_ij,  t_ij = tanh(q_i + k_j)
//! dv    = sum_ij dS_ij t_ij        dq_i = sum_j dS_ij v (1 - t_ij^2)        dk_j likewise over i
//! ```
//!
//! t has D numbers for each pair: it is computed again on the way back, which costs less than to
//! keep it.

use lanes::functions::exp;
use lanes::{F32x4, LANES};

/// One head's queries, keys and vector, each row filled up with zeros to whole vectors of four, and
/// their gradients: room for [`Room::numbers`].
pub struct Room<'a> {
    q: &'a mut [[f32; LANES]],
    k: &'a mut [[f32; LANES]],
    v: &'a mut [[f32; LANES]],
    dq: &'a mut [[f32; LANES]],
    dk: &'a mut [[f32; LANES]],
    dv: &'a mut [[f32; LANES]],
    /// Vectors of four in a row.
    width: usize,
}

/// A head's rows in memory: `tokens` of them, `width` numbers each, `stride` from one to the next.
#[derive(Clone, Copy)]
pub struct Rows {
    pub tokens: usize,
    pub width: usize,
    pub stride: usize,
}

impl<'a> Room<'a> {
    /// Numbers that a head of that size needs.
    pub fn numbers(tokens: usize, width: usize) -> usize {
        (4 * tokens + 2) * width.next_multiple_of(LANES)
    }

    /// The head's numbers, copied; all gradients 0. `v` is `[D]`.
    pub fn new(room: &'a mut [f32], rows: Rows, q: &[f32], k: &[f32], v: &[f32]) -> Self {
        room.fill(0.0);
        let width = rows.width.div_ceil(LANES);
        let (room, _) = room.as_chunks_mut::<LANES>();
        let n = rows.tokens * width;
        let (q_room, rest) = room.split_at_mut(n);
        let (k_room, rest) = rest.split_at_mut(n);
        let (dq, rest) = rest.split_at_mut(n);
        let (dk, rest) = rest.split_at_mut(n);
        let (v_room, rest) = rest.split_at_mut(width);
        let dv = &mut rest[..width];
        for (to, from) in [(&mut *q_room, q), (&mut *k_room, k)] {
            let lines = to.chunks_exact_mut(width).zip(from.chunks(rows.stride));
            for (to, from) in lines {
                to.as_flattened_mut()[..rows.width].copy_from_slice(&from[..rows.width]);
            }
        }
        v_room.as_flattened_mut()[..rows.width].copy_from_slice(&v[..rows.width]);
        Room {
            q: q_room,
            k: k_room,
            v: v_room,
            dq,
            dk,
            dv,
            width,
        }
    }

    /// S of every query and the keys up to it: `[T, T]`.
    pub fn scores(&self, s: &mut [f32]) {
        let w = self.width;
        let t = self.q.len() / w;
        for (i, (q, s)) in self
            .q
            .chunks_exact(w)
            .zip(s.chunks_exact_mut(t))
            .enumerate()
        {
            for (k, s) in self.k.chunks_exact(w).zip(&mut s[..=i]) {
                let terms = q.iter().zip(k).zip(&*self.v);
                let sum = terms.fold(F32x4::splat(0.0), |sum, ((q, k), v)| {
                    F32x4::new(*v).times_plus(bent(*q, *k), sum)
                });
                *s = sum.sum();
            }
        }
    }

    /// Fills the gradients from dS: `[T, T]`.
    pub fn back(&mut self, ds: &[f32]) {
        let w = self.width;
        let t = self.q.len() / w;
        let one = F32x4::splat(1.0);
        for i in 0..t {
            let (q, dq) = (&self.q[i * w..][..w], &mut self.dq[i * w..][..w]);
            let keys = self.k.chunks_exact(w).zip(self.dk.chunks_exact_mut(w));
            for ((k, dk), ds) in keys.zip(&ds[i * t..=i * t + i]) {
                let ds = F32x4::splat(*ds);
                for n in 0..w {
                    let t = bent(q[n], k[n]);
                    let slope = ds * F32x4::new(self.v[n]) * (one - t * t);
                    dq[n] = (F32x4::new(dq[n]) + slope).array();
                    dk[n] = (F32x4::new(dk[n]) + slope).array();
                    self.dv[n] = ds.times_plus(t, F32x4::new(self.dv[n])).array();
                }
            }
        }
    }

    /// Writes dq and dk to rows that begin there, and adds dv.
    pub fn hand_back(&self, rows: Rows, dqkv: &mut [f32], [q, k]: [usize; 2], dv: &mut [f32]) {
        let n = rows.width;
        for (start, from) in [(q, &*self.dq), (k, &*self.dk)] {
            for (i, from) in from.chunks_exact(self.width).enumerate() {
                let to = &mut dqkv[start + i * rows.stride..][..n];
                to.copy_from_slice(&from.as_flattened()[..n]);
            }
        }
        for (to, from) in dv.iter_mut().zip(self.dv.as_flattened()) {
            *to += from;
        }
    }
}

/// tanh(q + k) = 1 - 2 / (e^(2q + 2k) + 1); absolute error below 2e-7.
#[inline(always)]
fn bent(q: [f32; LANES], k: [f32; LANES]) -> F32x4 {
    let (one, two) = (F32x4::splat(1.0), F32x4::splat(2.0));
    let sum = F32x4::new(q) + F32x4::new(k);
    one - two / (exp(sum + sum) + one)
}
