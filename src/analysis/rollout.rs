//! Aggregated attention: how much of what stands at a token after some blocks has come from each
//! token at the beginning (attention rollout; Abnar and Zuidema 2020, arXiv 2005.00928). Seed 001
//! asks for points between the layers "to better display aggregated attentions".
//!
//! ```text
//! A_l  = the mean of the block's patterns over its heads, each row as shares of its sum
//! M_l  = r I + (1 - r) A_l                 r the share that the residual stream carries past attention
//! R_l  = M_l R_(l-1),  R_0 = I             row i: how much of token i came from each token
//! ```
//!
//! r is 1/2 with the residual share, as in the paper, and 0 without it. Every row of R sums to 1, and
//! nothing comes from the future. The rollout follows weights only: not the values' lengths, which may make a
//! large weight carry little, nor what the feed-forward does.
//!
//! In `adaptive_span` the mean is over the heads of both passes, H global and H local: the block's
//! output is a sum of all 2H contributions, and each head counts alike, as in the other kinds. A row
//! of zeros, which looks nowhere, has no part in the mean; where no head looks anywhere the token keeps
//! what it has.

use super::{Analysis, AnalysisError, Head};
use crate::trace::Trace;
use serde::Serialize;

/// A square of shares: row i, the query's, over the keys; `[T][T]`.
pub type Square = Vec<Vec<f64>>;

/// The residual share of the paper.
pub const RESIDUAL_SHARE: f64 = 0.5;

/// R after each block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rollout {
    /// A_l, the mean of each block's heads: `[L][T][T]`.
    pub mean: Vec<Square>,
    /// R_l with the residual share: `[L][T][T]`.
    pub with_residual: Vec<Square>,
    /// R_l of attention alone: `[L][T][T]`.
    pub without_residual: Vec<Square>,
}

/// R_l of every block, of the blocks' mean patterns, `[T][T]` each, when the residual stream carries
/// that share.
pub fn roll_out(means: &[Square], residual_share: f64) -> Vec<Square> {
    let mut rolled: Vec<Square> = Vec::new();
    for mean in means {
        let t = mean.len();
        let before = rolled.last().cloned().unwrap_or_else(|| identity(t));
        let mixed = mean.iter().enumerate().map(|(i, row)| {
            let mut from = vec![0.0; t];
            for (j, weight) in row.iter().enumerate() {
                let own = if i == j { residual_share } else { 0.0 };
                let weight = own + (1.0 - residual_share) * weight;
                super::vectors::add_scaled(&mut from, weight, &before[j]);
            }
            from
        });
        let mixed = mixed.collect();
        rolled.push(mixed);
    }
    rolled
}

fn identity(t: usize) -> Square {
    let row = |i: usize| (0..t).map(|j| f64::from(u8::from(i == j))).collect();
    (0..t).map(row).collect()
}

/// A_l of one block.
fn mean_pattern(trace: &Trace, layer: usize) -> Result<Square, AnalysisError> {
    let t = trace.about.tokens.len();
    let mut mean = vec![vec![0.0; t]; t];
    for head in Head::of_layer(&trace.about.model, layer) {
        for (query, row) in head.pattern(trace)?.rows() {
            let sum: f64 = row.iter().copied().map(f64::from).sum();
            if sum > 0.0 {
                let cells = mean[query].iter_mut().zip(row);
                cells.for_each(|(cell, a)| *cell += f64::from(*a) / sum);
            }
        }
    }
    for (query, row) in mean.iter_mut().enumerate() {
        let sum: f64 = row.iter().sum();
        match sum > 0.0 {
            // Each head that looks brought a sum of 1.
            true => row.iter_mut().for_each(|cell| *cell /= sum),
            // Where none does, the token keeps what it has.
            false => row[query] = 1.0,
        }
    }
    Ok(mean)
}

/// The rollout of a pass over a whole text.
///
/// # Errors
/// A trace without a head's pattern, or of the latest tokens alone.
pub fn rollout(trace: &Trace) -> Result<Rollout, AnalysisError> {
    if trace.about.first > 0 {
        return Err(AnalysisError::Partial(Analysis::Rollout));
    }
    let layers = 0..trace.about.model.n_layer;
    let mean: Vec<Square> = layers
        .map(|layer| mean_pattern(trace, layer))
        .collect::<Result<_, _>>()?;
    Ok(Rollout {
        with_residual: roll_out(&mean, RESIDUAL_SHARE),
        without_residual: roll_out(&mean, 0.0),
        mean,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{KINDS, Made, model};

    #[test]
    fn two_blocks_by_hand() {
        let halves = vec![vec![1.0, 0.0], vec![0.5, 0.5]];
        let rolled = roll_out(&[halves.clone(), halves.clone()], 0.0);
        assert_eq!(rolled[0], halves);
        assert_eq!(rolled[1], [[1.0, 0.0], [0.75, 0.25]]);
        // Half stays: 1/4 and 3/4, then 1/4 + 3/4 x 1/4 = 7/16.
        let rolled = roll_out(&[halves.clone(), halves], 0.5);
        assert_eq!(rolled[0], [[1.0, 0.0], [0.25, 0.75]]);
        assert_eq!(rolled[1], [[1.0, 0.0], [0.4375, 0.5625]]);
    }

    #[test]
    fn rows_sum_to_one_and_nothing_comes_from_the_future() {
        for (kind, seed) in KINDS.into_iter().zip(1..) {
            let made = Made::new(&model(kind), 7, seed);
            let rolled = rollout(&made.trace).expect("whole");
            let Rollout {
                mean,
                with_residual,
                without_residual,
            } = &rolled;
            for square in [mean, with_residual, without_residual]
                .into_iter()
                .flatten()
            {
                for (i, row) in square.iter().enumerate() {
                    assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                    assert!(row[i + 1..].iter().all(|share| *share == 0.0));
                    assert!(row.iter().all(|share| *share >= 0.0));
                }
            }
            assert_eq!(mean[0], without_residual[0]);
        }
    }

    #[test]
    fn a_pass_over_the_latest_tokens_is_refused() {
        let mut made = Made::new(&model(KINDS[0]), 4, 1);
        made.trace.about.first = 1;
        let error = rollout(&made.trace).expect_err("partial").to_string();
        assert!(error.contains("in one pass"), "{error}");
    }
}
