//! The logit lens: what the stream reads as, at every point on its way (nostalgebraist 2020,
//! "interpreting GPT: the logit lens"; seed 001: "try to propagate token to the end", and "color
//! represent the certainty of represented token").
//!
//! The stream of one token at some point, x, goes straight to the end: through the last norm (under
//! `norm: pre`) and the unembedding, as if no block came after.
//!
//! ```text
//! y      = LN_f(x)                       or x itself, where the model has no last norm
//! logits = W y
//! p      = softmax(logits)
//! rank   = 1 + how many characters have a larger logit       1 is the likeliest; equals share a rank
//! ```
//!
//! Certainty is told twice: the probability of the likeliest character, and the entropy of all of
//! them, -sum p log2 p, in bits (0: sure; log2 V: no idea). At the last point the lens is the model.

use super::head::{self, chosen, rows};
use super::vectors::{largest, ranked, softmax, wide};
use super::{AnalysisError, Options, Unembedding};
use crate::config::ModelConfig;
use crate::trace::{Arrays, Trace};
use serde::{Serialize, Serializer};
use std::fmt;

/// A point of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Point {
    /// The character's row of the table alone, without its position.
    Embed,
    /// Into the first block: character and position.
    Start,
    /// Within that block, between attention and feed-forward.
    Mid(usize),
    /// Out of that block, which is into the next.
    Post(usize),
}

impl Point {
    /// All, from the embedding to the end. A block's `hook_resid_pre` is the `hook_resid_post` of the
    /// one before it and does not come again.
    pub fn all(model: &ModelConfig) -> Vec<Point> {
        let blocks = (0..model.n_layer).flat_map(|n| [Point::Mid(n), Point::Post(n)]);
        [Point::Embed, Point::Start]
            .into_iter()
            .chain(blocks)
            .collect()
    }
}

/// Its hook's name.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Point::Embed => f.write_str("hook_embed"),
            Point::Start => f.write_str("blocks.0.hook_resid_pre"),
            Point::Mid(n) => write!(f, "blocks.{n}.hook_resid_mid"),
            Point::Post(n) => write!(f, "blocks.{n}.hook_resid_post"),
        }
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The points asked about: that one, or all.
///
/// # Errors
/// A point that the model does not have.
pub(super) fn points(model: &ModelConfig, name: Option<&str>) -> Result<Vec<Point>, AnalysisError> {
    let all = Point::all(model);
    let Some(name) = name else {
        return Ok(all);
    };
    let found = all.iter().find(|point| point.to_string() == name);
    match found {
        Some(point) => Ok(vec![*point]),
        None => Err(AnalysisError::Point {
            name: name.into(),
            points: all
                .iter()
                .map(Point::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// Where one character stands among all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Standing {
    pub character: char,
    pub logit: f64,
    pub probability: f64,
    /// From 1.
    pub rank: usize,
}

/// One token's stream, read at one point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    pub point: Point,
    pub position: usize,
    /// The likeliest characters, the first most.
    pub likeliest: Vec<Standing>,
    /// Of the whole distribution.
    pub entropy_bits: f64,
    /// The character that is followed from the embedding to the end.
    pub followed: Standing,
}

/// 1 + how many logits are larger than that token's.
pub fn rank(logits: &[f64], token: usize) -> usize {
    let own = logits.get(token).copied().unwrap_or(f64::NEG_INFINITY);
    1 + logits.iter().filter(|other| **other > own).count()
}

/// Entropy of probabilities in bits: -sum p log2 p.
pub fn certainty_bits(probabilities: &[f64]) -> f64 {
    let some = probabilities.iter().filter(|p| **p > 0.0);
    some.map(|p| -p * p.log2()).sum()
}

/// The stream at every point, or the one asked about, read at every position or the one asked
/// about. The character followed is the one asked about, or what the model in the end holds
/// likeliest at that position.
///
/// # Errors
/// A point, position, character, hook or weight that is not there.
pub fn lens(
    trace: &Trace,
    weights: &Arrays,
    options: &Options,
) -> Result<Vec<Reading>, AnalysisError> {
    let model = &trace.about.model;
    let unembedding = Unembedding::of(model, weights)?;
    let ends = rows(trace, "logits")?;
    let mut readings = Vec::new();
    for point in points(model, options.point.as_deref())? {
        let stream = rows(trace, &point.to_string())?;
        for position in chosen(trace, options.position)? {
            let row = position - trace.about.first;
            let followed = match options.character {
                Some(character) => head::token(trace, character)?,
                None => largest(&wide(ends[row])),
            };
            let logits = unembedding.logits(&unembedding.normed(&wide(stream[row])));
            let probabilities = softmax(&logits);
            let standing = |token: usize| Standing {
                character: head::character(trace, token),
                logit: logits.get(token).copied().unwrap_or(f64::NEG_INFINITY),
                probability: probabilities.get(token).copied().unwrap_or(0.0),
                rank: rank(&logits, token),
            };
            let order = ranked(&logits).into_iter().map(|(token, _)| token);
            readings.push(Reading {
                point,
                position,
                likeliest: order.take(options.top).map(standing).collect(),
                entropy_bits: certainty_bits(&probabilities),
                followed: standing(followed),
            });
        }
    }
    Ok(readings)
}

/// The points from which an answer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The first point where it is the likeliest.
    pub first: Option<Point>,
    /// The first point from which it is the likeliest up to the end. A rank can fall to 1 by chance
    /// and rise again; this one stays.
    pub settled: Option<Point>,
}

/// Where along its way one position's followed character becomes the likeliest: readings of that
/// position, from the embedding to the end.
pub fn found<'a>(readings: impl Iterator<Item = &'a Reading>) -> Found {
    let none = Found {
        first: None,
        settled: None,
    };
    readings.fold(none, |found, reading| match reading.followed.rank {
        1 => Found {
            first: found.first.or(Some(reading.point)),
            settled: found.settled.or(Some(reading.point)),
        },
        _ => Found {
            settled: None,
            ..found
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{KINDS, Made, model};
    use crate::config::{Kind, Norm};

    #[test]
    fn ranks_and_certainty_by_hand() {
        assert_eq!([0, 1, 2].map(|n| rank(&[1.0, 3.0, 3.0], n)), [3, 1, 1]);
        assert_eq!(certainty_bits(&[0.5, 0.25, 0.25, 0.0]), 1.5);
    }

    #[test]
    fn at_the_end_the_lens_is_the_model() {
        for (kind, seed) in KINDS.into_iter().zip(1..) {
            for (norm, tied) in [(Norm::Pre, false), (Norm::Post, true), (Norm::None, false)] {
                let mut config = model(kind);
                (config.norm, config.tied) = (norm, tied);
                let Made { trace, weights } = Made::new(&config, 4, seed);
                let readings = lens(&trace, &weights, &Options::default()).expect("whole");
                assert_eq!(readings.len(), Point::all(&config).len() * 4);
                let probabilities = rows(&trace, "probabilities").expect("recorded");
                for reading in readings.iter().filter(|r| r.point == Point::Post(1)) {
                    let own = probabilities[reading.position];
                    let token = head::token(&trace, reading.followed.character).expect("known");
                    assert!((reading.followed.probability - f64::from(own[token])).abs() < 1e-5);
                    assert_eq!(reading.followed.rank, 1);
                    assert_eq!(reading.likeliest[0], reading.followed);
                }
            }
        }
    }

    #[test]
    fn every_reading_is_a_distribution() {
        let Made { trace, weights } = Made::new(&model(Kind::Standard), 5, 9);
        let options = Options {
            top: 5,
            character: Some('c'),
            ..Options::default()
        };
        for reading in lens(&trace, &weights, &options).expect("whole") {
            let sum: f64 = reading.likeliest.iter().map(|s| s.probability).sum();
            assert!((sum - 1.0).abs() < 1e-12);
            assert!((0.0..=5f64.log2() + 1e-9).contains(&reading.entropy_bits));
            let place = &reading.likeliest[reading.followed.rank - 1];
            assert_eq!(*place, reading.followed);
        }
    }

    #[test]
    fn what_is_found_and_lost_again_has_not_settled() {
        let Made { trace, weights } = Made::new(&model(Kind::Standard), 1, 1);
        let mut readings = lens(&trace, &weights, &Options::default()).expect("whole");
        let ranks = [2, 1, 2, 1, 1, 1];
        for (reading, rank) in readings.iter_mut().zip(ranks) {
            reading.followed.rank = rank;
        }
        let all = found(readings.iter());
        assert_eq!(all.first, Some(Point::Start));
        assert_eq!(all.settled, Some(Point::Post(0)));
        let never = found(readings.iter().take(1));
        assert_eq!((never.first, never.settled), (None, None));
    }

    #[test]
    fn an_unknown_point_is_refused_with_those_there_are() {
        let error = points(&model(Kind::Standard), Some("blocks.2.hook_resid_mid"));
        let message = error.expect_err("two blocks").to_string();
        assert!(message.contains("blocks.1.hook_resid_post"), "{message}");
    }
}
