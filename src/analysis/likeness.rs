//! Are heads alike? (seed 001: "heads could actually perform similar tasks between one another")
//!
//! Two heads can be alike in what they add and in where they look; either can be without the other.
//!
//! ```text
//! cosine      of E~_g and E~_h at one token                        -1 to 1, 1: the same direction
//! distance    of their rows P, Q at one query: sqrt(JS(P, Q))      0 to 1, 0: the same row
//!             JS = KL(P | M) / 2 + KL(Q | M) / 2,  M = (P + Q) / 2, logarithms to base 2
//! ```
//!
//! The root of the Jensen-Shannon divergence is a metric (Endres and Schindelin 2003); rows are read
//! as shares of their sum. Both are means over a corpus, for every pair of heads, those of different
//! blocks included: all write into one stream. A first token's row is left out, since with one key
//! every head looks alike.

use super::summary::Mean;
use super::vectors::{cosine, wide};
use super::{AnalysisError, Head};
use crate::config::ModelConfig;
use crate::trace::Trace;
use serde::Serialize;

/// The Jensen-Shannon distance of two rows as shares of their sums: 0 for the same, 1 for rows that
/// share no key. `None` where one of them is all 0.
pub fn distance(p: &[f32], q: &[f32]) -> Option<f64> {
    let sum = |row: &[f32]| row.iter().copied().map(f64::from).sum::<f64>();
    let (p_sum, q_sum) = (sum(p), sum(q));
    if p_sum <= 0.0 || q_sum <= 0.0 {
        return None;
    }
    let term = |p: f64, m: f64| if p > 0.0 { p * (p / m).log2() } else { 0.0 };
    let terms = p.iter().zip(q).map(|(p, q)| {
        let (p, q) = (f64::from(*p) / p_sum, f64::from(*q) / q_sum);
        let m = (p + q) / 2.0;
        (term(p, m) + term(q, m)) / 2.0
    });
    // Rounding may lead below 0 or past 1 by a little.
    Some(terms.sum::<f64>().clamp(0.0, 1.0).sqrt())
}

/// Every pair of heads: row g, column h. Both matrices are symmetric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likeness {
    /// What rows and columns stand for.
    pub heads: Vec<Head>,
    /// Mean cosine of contributions; `None` where a head never added anything.
    pub cosine: Vec<Vec<Option<f64>>>,
    /// Mean Jensen-Shannon distance of patterns; `None` where no text had two tokens.
    pub distance: Vec<Vec<Option<f64>>>,
    /// Tokens that the means are over.
    pub tokens: usize,
}

/// Takes trace after trace, and compares their heads.
#[derive(Clone, Debug)]
pub struct Likenesses {
    heads: Vec<Head>,
    /// Of each pair g < h, in order.
    cosine: Vec<Mean>,
    distance: Vec<Mean>,
    tokens: usize,
}

impl Likenesses {
    pub fn new(model: &ModelConfig) -> Self {
        let heads = Head::all(model);
        let pairs = heads.len() * heads.len().saturating_sub(1) / 2;
        Likenesses {
            heads,
            cosine: vec![Mean::default(); pairs],
            distance: vec![Mean::default(); pairs],
            tokens: 0,
        }
    }

    /// # Errors
    /// A trace without a head's contributions or pattern.
    pub fn add(&mut self, trace: &Trace) -> Result<(), AnalysisError> {
        let mut added: Vec<Vec<Vec<f64>>> = Vec::new(); // [heads][T][C]
        let mut looked: Vec<Vec<&[f32]>> = Vec::new(); // [heads][T][keys]
        for head in &self.heads {
            let contributions = head.contributions(trace)?;
            added.push(contributions.into_iter().map(wide).collect());
            let rows = head.pattern(trace)?.rows();
            looked.push(rows.map(|(_, row)| row).collect());
        }
        self.tokens += added.first().map_or(0, Vec::len);
        let pairs = pairs(self.heads.len()).zip(self.cosine.iter_mut().zip(&mut self.distance));
        for ((g, h), (mean_cosine, mean_distance)) in pairs {
            let tokens = added[g].iter().zip(&added[h]);
            tokens
                .filter_map(|(a, b)| cosine(a, b))
                .for_each(|x| mean_cosine.add(x));
            let queries = looked[g].iter().zip(&looked[h]);
            queries
                .filter(|(row, _)| row.len() > 1)
                .filter_map(|(p, q)| distance(p, q))
                .for_each(|x| mean_distance.add(x));
        }
        Ok(())
    }

    pub fn finish(&self) -> Likeness {
        let square = |means: &[Mean], own: f64| {
            let n = self.heads.len();
            let mut square = vec![vec![Some(own); n]; n];
            for ((g, h), mean) in pairs(n).zip(means) {
                square[g][h] = mean.value();
                square[h][g] = mean.value();
            }
            square
        };
        Likeness {
            heads: self.heads.clone(),
            cosine: square(&self.cosine, 1.0),
            distance: square(&self.distance, 0.0),
            tokens: self.tokens,
        }
    }
}

/// Every g < h below n.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |g| (g + 1..n).map(move |h| (g, h)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{Made, model};
    use crate::config::Kind;
    use crate::random::Stream;

    #[test]
    fn distances_by_hand() {
        assert_eq!(distance(&[1.0, 0.0], &[0.0, 1.0]), Some(1.0));
        assert_eq!(distance(&[0.5, 0.5], &[0.1, 0.1]), Some(0.0));
        // P = (1, 0), Q = (1/2, 1/2), M = (3/4, 1/4): KL(P|M) = log2 4/3,
        // KL(Q|M) = (log2 2/3 + log2 2) / 2 = log2(4/3) / 2.
        let expected = (0.75 * (4f64 / 3.0).log2()).sqrt();
        let found = distance(&[1.0, 0.0], &[0.5, 0.5]).expect("both look");
        assert!((found - expected).abs() < 1e-12);
        assert_eq!(distance(&[0.0], &[1.0]), None);
    }

    #[test]
    fn the_distance_is_a_metric() {
        let mut stream = Stream::new(1, "metric");
        for _ in 0..500 {
            let mut draw = || -> Vec<f32> { (0..5).map(|_| stream.uniform() as f32).collect() };
            let (p, q, r) = (draw(), draw(), draw());
            let d = |a: &[f32], b: &[f32]| distance(a, b).expect("they look");
            assert!((0.0..=1.0).contains(&d(&p, &q)));
            assert!((d(&p, &q) - d(&q, &p)).abs() < 1e-12 && d(&p, &p) < 1e-7);
            assert!(d(&p, &r) <= d(&p, &q) + d(&q, &r) + 1e-12);
        }
    }

    #[test]
    fn a_corpus_is_the_mean_of_its_tokens() {
        let config = model(Kind::AdaptiveSpan);
        let made = [Made::new(&config, 6, 1), Made::new(&config, 6, 2)];
        let report = |traces: &[&Made]| {
            let mut all = Likenesses::new(&config);
            for made in traces {
                all.add(&made.trace).expect("whole");
            }
            all.finish()
        };
        let (one, two) = (report(&[&made[0]]), report(&[&made[1]]));
        let both = report(&[&made[0], &made[1]]);
        assert_eq!((both.heads.len(), both.tokens), (12, 12));
        for (g, h) in pairs(12) {
            for field in [|l: &Likeness| &l.cosine, |l: &Likeness| &l.distance]
                as [fn(&Likeness) -> &Vec<Vec<Option<f64>>>; 2]
            {
                let value = |l: &Likeness| field(l)[g][h].expect("there were tokens");
                assert!((value(&both) - (value(&one) + value(&two)) / 2.0).abs() < 1e-12);
                assert_eq!(field(&both)[g][h], field(&both)[h][g]);
            }
        }
    }
}
