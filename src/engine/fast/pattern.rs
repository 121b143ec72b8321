//! A query's scores to its weights, and the way back; formulas and sources in
//! [`crate::engine::attention::normaliser`].
//!
//! ```text
//! softmax, off_by_one   dS_j = A_j (dA_j - sum_k A_k dA_k)
//! sigmoid               dS_j = A_j (1 - A_j) dA_j
//! ```
//!
//! The 1 in off_by_one's sum is a key whose score is 0 and whose weight nobody uses: the slope is
//! softmax's.

use crate::config::attention::Normaliser;
use lanes::functions::{exp, sigmoid};
use lanes::{F32x4, dot, largest, map, map2, sum};

/// Scores of a query for the keys that it may see become weights, in place: `[i + 1]`, i the
/// query's position.
pub fn weights(normaliser: Normaliser, row: &mut [f32]) {
    match normaliser {
        Normaliser::Softmax => {
            let most = largest(row);
            let all = exponentials(row, most);
            scale(row, all.recip());
        }
        Normaliser::OffByOne => {
            let most = largest(row).max(0.0);
            let all = libm::expf(-most) + exponentials(row, most);
            scale(row, all.recip());
        }
        Normaliser::Sigmoid => {
            let shift = F32x4::splat(libm::logf(row.len() as f32)); // ln(i + 1)
            map(row, |s| sigmoid(s - shift));
        }
    }
}

/// dA of one query becomes dS, in place; `a` are its weights. `[i + 1]` each.
pub fn slopes(normaliser: Normaliser, a: &[f32], da: &mut [f32]) {
    match normaliser {
        Normaliser::Softmax | Normaliser::OffByOne => {
            let mean = F32x4::splat(dot(a, da));
            map2(da, a, |da, a| a * (da - mean));
        }
        Normaliser::Sigmoid => map2(da, a, |da, a| (a - a * a) * da),
    }
}

/// x becomes e^(x - most); their sum.
pub(super) fn exponentials(row: &mut [f32], most: f32) -> f32 {
    let most = F32x4::splat(most);
    map(row, |s| exp(s - most));
    sum(row)
}

/// Every number times that factor.
pub(super) fn scale(row: &mut [f32], factor: f32) {
    let factor = F32x4::splat(factor);
    map(row, |x| x * factor);
}
