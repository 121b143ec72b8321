//! Peeling: which characters a vector is made of (seed 001: "find most likely token and subtract it
//! -> find most likely token and subtract it -> ...").
//!
//! What is peeled is y, the vector that meets the unembedding: the stream after the last norm, or the
//! stream itself where the model has none. Each round
//!
//! ```text
//! v = the character with the largest logit, w_v . y
//! a = w_v . y / |w_v|^2                       how much of v's direction is in y
//! y becomes y - a w_v                         the projection onto it is taken away
//! ```
//!
//! so that y = sum of a w_v + residue, exactly, after any number of rounds. Matching pursuit (Mallat
//! and Zhang 1993) does the same with directions of length 1; here the *likeliest* character is
//! taken, as the seed asks, which a long direction helps to become. Directions are not at right
//! angles to one another: what is taken away once can be needed again, and so a character may come
//! more than once. The norm never rises.

use super::head::{self, chosen, rows};
use super::lens::{Point, points};
use super::vectors::{add_scaled, dot, largest, norm, softmax, wide};
use super::{AnalysisError, Options, Unembedding};
use crate::trace::{Arrays, Trace};
use serde::Serialize;

/// Why there was no further round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The residue is shorter than the floor.
    Floor,
    /// As many characters as were asked for.
    Count,
    /// No character's direction points the residue's way any more: every logit is 0 or below.
    NothingLeft,
}

/// One round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Round {
    pub token: usize,
    /// Its logit before it was taken away.
    pub logit: f64,
    /// Its share of the softmax over all characters then.
    pub probability: f64,
    /// a, in lengths of its direction.
    pub coefficient: f64,
    /// |y| after it was taken away, as a share of what it was at the beginning.
    pub left: f64,
}

/// A vector in characters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Peel {
    pub rounds: Vec<Round>,
    /// What no round took away: `[C]`.
    pub residue: Vec<f64>,
    pub end: End,
}

/// Peels `y`, `[C]`, until its norm is below `floor` as a share of what it was, or `most` characters
/// have been taken away.
pub fn peel(unembedding: &Unembedding, y: &[f64], floor: f64, most: usize) -> Peel {
    let whole = norm(y);
    let mut residue = y.to_vec();
    let mut rounds = Vec::new();
    let end = loop {
        let share = if whole > 0.0 {
            norm(&residue) / whole
        } else {
            0.0
        };
        if share <= floor {
            break End::Floor;
        }
        if rounds.len() >= most {
            break End::Count;
        }
        let logits = unembedding.logits(&residue);
        let token = largest(&logits);
        let logit = logits.get(token).copied().unwrap_or(0.0);
        if logit <= 0.0 {
            break End::NothingLeft;
        }
        let direction = unembedding.direction(token);
        let coefficient = logit / dot(&direction, &direction);
        add_scaled(&mut residue, -coefficient, &direction);
        rounds.push(Round {
            token,
            logit,
            probability: softmax(&logits)[token],
            coefficient,
            left: norm(&residue) / whole,
        });
    };
    Peel {
        rounds,
        residue,
        end,
    }
}

/// A character in one token's vector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Peeled {
    pub character: char,
    #[serde(flatten)]
    pub round: Round,
}

/// One token's vector at one point of the stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeeledPoint {
    pub point: Point,
    pub position: usize,
    /// |y| at the beginning.
    pub norm: f64,
    pub characters: Vec<Peeled>,
    pub residue: Vec<f64>,
    pub end: End,
}

/// The stream at every point, or the one asked about, peeled at the position asked about, or the
/// last.
///
/// # Errors
/// A point, position, hook or weight that is not there, a floor that is no share.
pub fn peels(
    trace: &Trace,
    weights: &Arrays,
    options: &Options,
) -> Result<Vec<PeeledPoint>, AnalysisError> {
    if !(0.0..=1.0).contains(&options.floor) {
        return Err(AnalysisError::OutOfBounds {
            what: "floor",
            bounds: "a share of the norm, 0 to 1",
        });
    }
    let model = &trace.about.model;
    let unembedding = Unembedding::of(model, weights)?;
    let last = head::positions(trace).end.saturating_sub(1);
    let position = options.position.unwrap_or(last);
    let mut found = Vec::new();
    for point in points(model, options.point.as_deref())? {
        let stream = rows(trace, &point.to_string())?;
        for position in chosen(trace, Some(position))? {
            let y = unembedding.normed(&wide(stream[position - trace.about.first]));
            let peeled = peel(&unembedding, &y, options.floor, options.most);
            let characters = peeled.rounds.iter().map(|round| Peeled {
                character: head::character(trace, round.token),
                round: *round,
            });
            found.push(PeeledPoint {
                point,
                position,
                norm: norm(&y),
                characters: characters.collect(),
                residue: peeled.residue,
                end: peeled.end,
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{KINDS, Made, model};
    use crate::config::{Kind, Norm};
    use crate::trace::Entry;

    #[test]
    fn two_characters_by_hand() {
        let mut config = model(Kind::Standard);
        (config.n_embd, config.norm) = (2, Norm::None);
        let entry = Entry {
            name: "lm_head.weight".into(),
            shape: vec![2, 2],
        };
        let weights = Arrays::new(vec![entry], vec![2.0, 0.0, 0.0, 1.0]).expect("adds up");
        let unembedding = Unembedding::of(&config, &weights).expect("there");
        // (3, 4): logits 6 and 4; 1.5 of the first direction, then 4 of the second.
        let peeled = peel(&unembedding, &[3.0, 4.0], 0.0, 9);
        let steps: Vec<_> = peeled
            .rounds
            .iter()
            .map(|round| (round.token, round.logit, round.coefficient, round.left))
            .collect();
        assert_eq!(steps, [(0, 6.0, 1.5, 0.8), (1, 4.0, 4.0, 0.0)]);
        // e^6 of e^6 + e^4; then e^4 of e^0 + e^4.
        let shares = peeled.rounds.iter().map(|round| round.probability);
        for (share, away) in shares.zip([2.0f64, 4.0]) {
            assert!((share - 1.0 / (1.0 + (-away).exp())).abs() < 1e-12);
        }
        assert_eq!((peeled.residue, peeled.end), (vec![0.0, 0.0], End::Floor));
        assert_eq!(peel(&unembedding, &[3.0, 4.0], 0.0, 1).end, End::Count);
        assert_eq!(
            peel(&unembedding, &[-1.0, -1.0], 0.0, 9).end,
            End::NothingLeft
        );
        assert_eq!(peel(&unembedding, &[0.0, 0.0], 0.0, 9).end, End::Floor);
    }

    #[test]
    fn coefficients_and_residue_add_up_and_the_norm_never_rises() {
        for (kind, seed) in KINDS.into_iter().zip(1..) {
            let config = model(kind);
            let Made { trace, weights } = Made::new(&config, 6, seed);
            let unembedding = Unembedding::of(&config, &weights).expect("there");
            for stream in rows(&trace, "blocks.1.hook_resid_mid").expect("recorded") {
                let y = unembedding.normed(&wide(stream));
                let peeled = peel(&unembedding, &y, 0.01, 12);
                let mut sum = peeled.residue.clone();
                let mut left = 1.0;
                for round in &peeled.rounds {
                    add_scaled(
                        &mut sum,
                        round.coefficient,
                        &unembedding.direction(round.token),
                    );
                    assert!(round.coefficient > 0.0 && round.left <= left + 1e-12);
                    left = round.left;
                }
                let off: Vec<f64> = sum.iter().zip(&y).map(|(a, b)| a - b).collect();
                assert!(norm(&off) < 1e-9);
            }
        }
    }

    #[test]
    fn without_a_position_the_last_is_peeled_at_every_point() {
        let Made { trace, weights } = Made::new(&model(Kind::Standard), 3, 2);
        let found = peels(&trace, &weights, &Options::default()).expect("whole");
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|peeled| peeled.position == 2));
        let options = Options {
            floor: f64::NAN,
            ..Options::default()
        };
        assert!(peels(&trace, &weights, &options).is_err());
    }
}
