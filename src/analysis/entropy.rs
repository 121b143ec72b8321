//! How widely and how far each head looks (seed 001, "calculate entropy distribution of heads").
//!
//! A query's row of the pattern is read as shares of its sum, p_j = A_ij / sum_k A_ik, so that rows
//! of every normaliser compare: those of `off_by_one` and `sigmoid` need not sum to 1.
//!
//! ```text
//! entropy          -sum_j p_j log2 p_j          bits: 0 at one key, log2 n at n keys alike
//! effective span   2^entropy                    keys: how many would be as hard to guess among,
//!                                               looked at alike (the Hill number of order 1)
//! mean distance    sum_j p_j (i - j)            tokens back from the query
//! ```
//!
//! Entropies are in bits, since people read them as yes-or-no questions and as keys, 2^entropy;
//! losses stay in nats, as everywhere.

use super::{AnalysisError, Head, Summary};
use crate::config::ModelConfig;
use crate::trace::Trace;
use serde::Serialize;

/// How widely a query looks, in bits: the entropy of its row of the pattern as shares of the row's
/// sum. 0 when it looks at one key; log2 n when it looks at n alike. 0 for a row of zeros.
pub fn entropy_bits(row: &[f32]) -> f64 {
    let sum: f64 = row.iter().copied().map(f64::from).sum();
    let terms = row.iter().filter(|a| **a > 0.0).map(|a| {
        let share = f64::from(*a) / sum;
        -share * share.log2()
    });
    // One key with all of the weight: a sum of zeros, which may have come out below 0.
    terms.sum::<f64>().max(0.0) + 0.0
}

/// The shape of one query's row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Look {
    pub entropy_bits: f64,
    /// 2^entropy, in keys.
    pub effective_span: f64,
    /// Tokens back from the query.
    pub mean_distance: f64,
}

impl Look {
    /// Of a row over the keys from 0 up to the query itself, its last place. `None` of a row of
    /// zeros, which looks nowhere.
    pub fn of(row: &[f32]) -> Option<Look> {
        let sum: f64 = row.iter().copied().map(f64::from).sum();
        if sum <= 0.0 {
            return None;
        }
        let back = row.iter().rev().enumerate();
        let distances = back.map(|(distance, a)| f64::from(*a) / sum * distance as f64);
        let entropy_bits = entropy_bits(row);
        Some(Look {
            entropy_bits,
            effective_span: entropy_bits.exp2(),
            mean_distance: distances.sum(),
        })
    }
}

/// Bars of the distribution for one bit.
pub const BARS_A_BIT: usize = 4;

/// How one head looked, over all queries of a corpus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Looks {
    #[serde(flatten)]
    pub head: Head,
    /// Rows that were counted: those that look anywhere.
    pub rows: usize,
    pub entropy_bits: Option<Summary>,
    /// Rows by entropy: bar n counts those from n / 4 bits up to (n + 1) / 4.
    pub histogram: Vec<usize>,
    /// In keys.
    pub effective_span: Option<Summary>,
    /// In tokens.
    pub mean_distance: Option<Summary>,
}

/// Takes trace after trace, and tells how each head looks.
#[derive(Clone, Debug)]
pub struct Entropies {
    heads: Vec<(Head, Vec<Look>)>,
}

impl Entropies {
    pub fn new(model: &ModelConfig) -> Self {
        let heads = Head::all(model).into_iter();
        Entropies {
            heads: heads.map(|head| (head, Vec::new())).collect(),
        }
    }

    /// The first query sees nothing but itself; its rows count like the others.
    ///
    /// # Errors
    /// A trace without a head's pattern.
    pub fn add(&mut self, trace: &Trace) -> Result<(), AnalysisError> {
        for (head, looks) in &mut self.heads {
            let rows = head.pattern(trace)?.rows();
            looks.extend(rows.filter_map(|(_, row)| Look::of(row)));
        }
        Ok(())
    }

    pub fn finish(&self) -> Vec<Looks> {
        let each = self.heads.iter();
        each.map(|(head, looks)| {
            let summary = |what: fn(&Look) -> f64| Summary::of(looks.iter().map(what));
            Looks {
                head: *head,
                rows: looks.len(),
                entropy_bits: summary(|look| look.entropy_bits),
                histogram: histogram(looks),
                effective_span: summary(|look| look.effective_span),
                mean_distance: summary(|look| look.mean_distance),
            }
        })
        .collect()
    }
}

fn histogram(looks: &[Look]) -> Vec<usize> {
    let mut bars = Vec::new();
    for look in looks {
        let bar = (look.entropy_bits * BARS_A_BIT as f64) as usize;
        if bars.len() <= bar {
            bars.resize(bar + 1, 0);
        }
        bars[bar] += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{Made, model};
    use crate::config::Kind;
    use crate::random::Stream;

    #[test]
    fn entropy_of_what_is_known() {
        assert_eq!(entropy_bits(&[1.0, 0.0, 0.0]), 0.0);
        assert_eq!(entropy_bits(&[0.25; 4]), 2.0);
        // Rows that do not sum to 1 are shares of what they sum to.
        assert!((entropy_bits(&[0.1; 4]) - 2.0).abs() < 1e-6);
        assert_eq!(entropy_bits(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn a_row_by_hand() {
        // Half two tokens back, half at itself: one bit, two keys, one token back on average.
        let look = Look::of(&[0.5, 0.0, 0.5]).expect("it looks");
        assert_eq!((look.entropy_bits, look.effective_span), (1.0, 2.0));
        assert_eq!(look.mean_distance, 1.0);
        assert_eq!(Look::of(&[0.0, 0.0]), None);
    }

    #[test]
    fn no_row_leaves_its_bounds_and_no_factor_changes_it() {
        let mut stream = Stream::new(1, "entropy");
        for n in 1..200 {
            let row: Vec<f32> = (0..n).map(|_| stream.uniform() as f32 + 1e-3).collect();
            let look = Look::of(&row).expect("it looks");
            assert!((0.0..=f64::from(n).log2() + 1e-9).contains(&look.entropy_bits));
            assert!((1.0 - 1e-9..=f64::from(n) + 1e-6).contains(&look.effective_span));
            assert!((0.0..=f64::from(n - 1)).contains(&look.mean_distance));
            let half: Vec<f32> = row.iter().map(|a| a * 0.5).collect();
            let half = Look::of(&half).expect("it looks");
            assert!((half.entropy_bits - look.entropy_bits).abs() < 1e-9);
        }
    }

    #[test]
    fn every_row_of_a_corpus_is_in_one_bar() {
        let config = model(Kind::AdaptiveSpan);
        let mut entropies = Entropies::new(&config);
        let traces: Vec<_> = (0..3).map(|seed| Made::new(&config, 5, seed)).collect();
        for made in &traces {
            entropies.add(&made.trace).expect("whole");
        }
        let heads = entropies.finish();
        assert_eq!(heads.len(), config.n_layer * 2 * config.n_head);
        for head in heads {
            assert_eq!(head.rows, 3 * 5);
            assert_eq!(head.histogram.iter().sum::<usize>(), head.rows);
            let summary = head.entropy_bits.expect("rows");
            assert!(summary.most <= 5f64.log2() + 1e-9 && summary.least == 0.0);
        }
    }
}
