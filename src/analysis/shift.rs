//! Does attention go with a change of meaning? (seed 001: "is there correlation between attention
//! weights and the change in meaning of hidden representations from the input token to the output
//! token?")
//!
//! Meaning is read as direction in the stream: x_i before a block's attention (`hook_resid_pre`), x'_i
//! after it (`hook_resid_mid`). Weights are shares of their row, p_ij. Two changes can be meant, and
//! both are correlated with the weights of every head (Pearson's r):
//!
//! ```text
//! turn      a token:  1 - cos(x_i, x'_i)                  against  1 - p_ii
//!           how far the token turned away from what it was, and how much the head looked at others
//! approach  a cell:   cos(x'_i, x_j) - cos(x_i, x_j)      against  p_ij, j < i
//!           how much nearer the token came to what stands at j, and how much the head looked there
//! ```
//!
//! The first token sees only itself and is left out; so is the diagonal in `approach`, where x_j is
//! x_i and can only be turned away from. The change is that of all heads together, the weight one
//! head's: r says which heads look where meaning changes, not which of them change it.

use super::head::rows;
use super::vectors::{cosine, wide};
use super::{Analysis, AnalysisError, Correlated, Correlation, Head};
use crate::config::ModelConfig;
use crate::trace::Trace;
use serde::Serialize;

/// How far a vector turned: 1 - cosine, 0 to 2. `None` where one of the two is 0.
pub fn turn(before: &[f64], after: &[f64]) -> Option<f64> {
    cosine(before, after).map(|cosine| 1.0 - cosine)
}

/// How much nearer to `other` a vector came, in cosine: -2 to 2. `None` where one of the three is 0.
pub fn approach(before: &[f64], after: &[f64], other: &[f64]) -> Option<f64> {
    Some(cosine(after, other)? - cosine(before, other)?)
}

/// One head's two correlations; `None` where one of the two numbers never varied.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shift {
    #[serde(flatten)]
    pub head: Head,
    pub turn: Option<Correlated>,
    pub approach: Option<Correlated>,
}

/// Takes trace after trace, and correlates.
#[derive(Clone, Debug)]
pub struct Shifts {
    n_layer: usize,
    heads: Vec<(Head, Correlation, Correlation)>,
}

impl Shifts {
    pub fn new(model: &ModelConfig) -> Self {
        let heads = Head::all(model).into_iter();
        Shifts {
            n_layer: model.n_layer,
            heads: heads
                .map(|head| (head, Correlation::default(), Correlation::default()))
                .collect(),
        }
    }

    /// # Errors
    /// A trace without the stream or a head's pattern, or of the latest tokens alone.
    pub fn add(&mut self, trace: &Trace) -> Result<(), AnalysisError> {
        if trace.about.first > 0 {
            return Err(AnalysisError::Partial(Analysis::Shift));
        }
        for layer in 0..self.n_layer {
            let stream = |name: &str| -> Result<Vec<Vec<f64>>, AnalysisError> {
                let rows = rows(trace, &format!("blocks.{layer}.{name}"))?;
                Ok(rows.into_iter().map(wide).collect())
            };
            let before = stream("hook_resid_pre")?;
            let after = stream("hook_resid_mid")?;
            let changes: Vec<Change> = (1..before.len())
                .map(|i| Change::of(i, &before, &after[i]))
                .collect();
            let here = self
                .heads
                .iter_mut()
                .filter(|(head, ..)| head.layer == layer);
            for (head, turns, approaches) in here {
                for ((_, row), change) in head.pattern(trace)?.rows().skip(1).zip(&changes) {
                    change.correlate(row, turns, approaches);
                }
            }
        }
        Ok(())
    }

    pub fn finish(&self) -> Vec<Shift> {
        let each = self.heads.iter();
        each.map(|(head, turn, approach)| Shift {
            head: *head,
            turn: turn.finish(),
            approach: approach.finish(),
        })
        .collect()
    }
}

/// What attention did to one token's direction.
struct Change {
    turn: Option<f64>,
    /// To each token before it.
    approaches: Vec<Option<f64>>,
}

impl Change {
    fn of(i: usize, before: &[Vec<f64>], after: &[f64]) -> Self {
        let others = before[..i].iter();
        Change {
            turn: turn(&before[i], after),
            approaches: others
                .map(|other| approach(&before[i], after, other))
                .collect(),
        }
    }

    /// Against that token's row of a head's pattern.
    fn correlate(&self, row: &[f32], turns: &mut Correlation, approaches: &mut Correlation) {
        let sum: f64 = row.iter().copied().map(f64::from).sum();
        let Some((own, others)) = row.split_last().filter(|_| sum > 0.0) else {
            return;
        };
        if let Some(turn) = self.turn {
            turns.add(1.0 - f64::from(*own) / sum, turn);
        }
        for (weight, approach) in others.iter().zip(&self.approaches) {
            if let Some(approach) = approach {
                approaches.add(f64::from(*weight) / sum, *approach);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{KINDS, Made, model};

    #[test]
    fn changes_by_hand() {
        let (east, north) = ([1.0, 0.0], [0.0, 3.0]);
        assert_eq!(turn(&east, &[2.0, 0.0]), Some(0.0));
        assert_eq!(turn(&east, &north), Some(1.0));
        assert_eq!(turn(&east, &[-1.0, 0.0]), Some(2.0));
        assert_eq!(approach(&east, &[3.0, 4.0], &north), Some(0.8));
        assert_eq!(turn(&east, &[0.0, 0.0]), None);
    }

    #[test]
    fn a_head_that_looks_away_where_tokens_turn_is_correlated_with_it() {
        let before = vec![vec![1.0, 0.0]; 5];
        let (mut turns, mut approaches) = (Correlation::default(), Correlation::default());
        for (i, share) in [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.5)] {
            // Turned so far that 1 - cosine is the share looked away.
            let cosine: f64 = 1.0 - share;
            let after = [cosine, (1.0 - cosine * cosine).sqrt()];
            let mut row = vec![0.0; i + 1];
            (row[0], row[i]) = (share as f32, (1.0 - share) as f32);
            Change::of(i, &before, &after).correlate(&row, &mut turns, &mut approaches);
        }
        let found = turns.finish().expect("varies");
        assert!((found.r - 1.0).abs() < 1e-6 && found.count == 4);
        assert_eq!(approaches.count(), 1 + 2 + 3 + 4);
    }

    #[test]
    fn every_cell_is_counted_once_and_no_correlation_leaves_its_bounds() {
        for (kind, seed) in KINDS.into_iter().zip(1..) {
            let config = model(kind);
            let mut shifts = Shifts::new(&config);
            for text in 0..2 {
                let made = Made::new(&config, 6, seed * 10 + text);
                shifts.add(&made.trace).expect("whole");
            }
            for shift in shifts.finish() {
                let (turn, approach) =
                    (shift.turn.expect("varies"), shift.approach.expect("varies"));
                assert_eq!((turn.count, approach.count), (2 * 5, 2 * 15));
                for found in [turn, approach] {
                    let [low, high] = found.interval.expect("enough");
                    assert!(-1.0 <= low && low <= found.r && found.r <= high && high <= 1.0);
                }
            }
        }
    }
}
