//! Which head a guess hangs on: how far the likeliest next character falls in the pass without that
//! head whose loss costs it most.
//!
//! As in `ablation.rs` a head that is off adds nothing, all that follows is computed anew, and what
//! others make up for is not in the loss. Here it is asked of one text, after each of its tokens.

use super::head::rows;
use super::vectors::{largest, softmax, wide};
use super::{AnalysisError, Head};
use crate::trace::Trace;

/// The likeliest character after a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// Its place in the vocabulary.
    pub token: usize,
    /// Its probability, 0 to 1.
    pub chance: f64,
}

/// What a guess hangs on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    pub guess: Guess,
    /// Without which it falls lowest; the first of equals.
    pub head: Head,
    /// How likely it is then.
    pub without: f64,
}

/// What a pass guesses after each of its tokens.
///
/// # Errors
/// A pass without logits.
pub fn guesses(pass: &Trace) -> Result<Vec<Guess>, AnalysisError> {
    let each = rows(pass, "logits")?.into_iter().map(|row| {
        let logits = wide(row);
        let token = largest(&logits);
        let chance = softmax(&logits).get(token).copied();
        Guess {
            token,
            chance: chance.unwrap_or_default(),
        }
    });
    Ok(each.collect())
}

/// How likely each of these guesses is in another pass over the same text.
///
/// # Errors
/// A pass without logits, or one that is not as long.
pub fn chances(guesses: &[Guess], pass: &Trace) -> Result<Vec<f64>, AnalysisError> {
    let rows = rows(pass, "logits")?;
    if rows.len() != guesses.len() {
        return Err(AnalysisError::Answers {
            expected: guesses.len(),
            found: rows.len(),
        });
    }
    let each = rows.into_iter().zip(guesses).map(|(row, guess)| {
        let chance = softmax(&wide(row)).get(guess.token).copied();
        chance.ok_or(AnalysisError::Models)
    });
    each.collect()
}

/// What each guess hangs on, of its chances in passes without one head; nothing where there are none.
pub fn falls(guesses: &[Guess], off: &[(Head, Vec<f64>)]) -> Vec<Fall> {
    let fall = |(n, guess): (usize, &Guess)| {
        let without = off
            .iter()
            .filter_map(|(head, chances)| Some((*head, *chances.get(n)?)));
        let (head, without) = without.min_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Fall {
            guess: *guess,
            head,
            without,
        })
    };
    guesses.iter().enumerate().filter_map(fall).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{KINDS, Made, VOCAB, model};

    #[test]
    fn the_lowest_of_passes_by_hand() {
        let guess = |token, chance| Guess { token, chance };
        let heads = [0, 1].map(|head| Head {
            layer: head,
            pass: None,
            head,
        });
        let guesses = [guess(3, 0.9), guess(1, 0.5)];
        let off = [(heads[0], vec![0.2, 0.5]), (heads[1], vec![0.3, 0.1])];
        let found = falls(&guesses, &off);
        let told: Vec<_> = found.iter().map(|fall| (fall.head, fall.without)).collect();
        assert_eq!(told, [(heads[0], 0.2), (heads[1], 0.1)]);
        assert_eq!(found[1].guess, guesses[1]);
        assert_eq!(falls(&guesses, &[]), []);
    }

    #[test]
    fn a_guess_is_the_likeliest_and_as_likely_in_the_same_pass() {
        for kind in KINDS {
            let made = Made::new(&model(kind), 6, 1);
            let found = guesses(&made.trace).expect("logits");
            assert_eq!(found.len(), 6);
            let least = 1.0 / VOCAB.len() as f64;
            assert!(found.iter().all(|guess| guess.chance >= least));
            let again = chances(&found, &made.trace).expect("the same");
            assert!(found.iter().map(|guess| guess.chance).eq(again));
            let longer = Made::new(&model(kind), 7, 1);
            assert!(chances(&found, &longer.trace).is_err());
        }
    }
}
