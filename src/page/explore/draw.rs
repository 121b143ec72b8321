//! The draw of a character, as the engine does it (`src/engine/sample.rs`), so that it can be seen:
//! where between 0 and 1 it falls, and on which of the characters that are left. The place is a pure
//! function of the seed; that the engine takes the same character is tested on the real page.

use crate::explain::Candidate;
use crate::page::state::explore::write_on::seed_of;
use crate::protocol::Sampling;
use crate::random::Stream;

/// Where between 0 and 1 the draw falls; `None` where nothing is left to chance.
pub fn place(options: &Sampling) -> Option<f64> {
    // The stream's name is the engine's.
    let mut stream = Stream::new(options.seed, "sample");
    (options.temperature > 0.0).then(|| stream.uniform())
}

/// The character whose share of the line from 0 to 1 the place lies in.
pub fn drawn(candidates: &[Candidate], place: Option<f64>) -> Option<usize> {
    let mut left = place.unwrap_or(0.0);
    let mut kept = candidates.iter().filter(|one| one.chance > 0.0);
    let hit = kept.clone().find(|one| {
        left -= one.chance;
        left < 0.0
    });
    // Shares add up to 1 but for rounding.
    hit.or(kept.next_back()).map(|one| one.character)
}

/// How the character after a token came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It stood in the sentence that a person gave.
    Given(usize),
    /// It was drawn.
    Drawn { character: usize, seed: u32 },
    /// It will be.
    Next { seed: u32 },
}

/// The same of any token: the last `written` of the tokens were drawn.
pub fn after(tokens: &[u32], written: usize, token: usize, options: Sampling) -> After {
    let given = tokens.len().saturating_sub(written);
    let seed = |n: usize| seed_of(options, n);
    match tokens.get(token + 1) {
        None => After::Next {
            seed: seed(written),
        },
        Some(next) if token + 1 < given => After::Given(*next as usize),
        Some(next) => After::Drawn {
            character: *next as usize,
            seed: seed(written - (tokens.len() - token - 1)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::candidates;

    /// Probabilities 0.25, 0.1, 0.5, 0.15 at temperature 1.
    fn logits() -> [f64; 4] {
        [0.25f64, 0.1, 0.5, 0.15].map(f64::ln)
    }

    #[test]
    fn the_place_decides_the_character() {
        let options = Sampling {
            temperature: 1.0,
            ..Sampling::default()
        };
        let all = candidates(&logits(), &options);
        // On the line, the likeliest first: 2 up to 0.5, 0 up to 0.75, 3 up to 0.9, then 1.
        for (place, character) in [
            (0.0, 2),
            (0.49, 2),
            (0.51, 0),
            (0.74, 0),
            (0.76, 3),
            (0.91, 1),
            (1.0, 1),
        ] {
            assert_eq!(drawn(&all, Some(place)), Some(character), "at {place}");
        }
        assert_eq!(drawn(&all, None), Some(2));
        assert_eq!(drawn(&[], Some(0.5)), None);
        let greedy = Sampling {
            temperature: 0.0,
            ..options
        };
        assert_eq!(place(&greedy), None);
    }

    #[test]
    fn many_seeds_draw_as_often_as_the_chances_say() {
        let options = Sampling {
            temperature: 1.0,
            ..Sampling::default()
        };
        let all = candidates(&logits(), &options);
        let (mut counts, draws) = ([0.0; 4], 20_000);
        for seed in 0..draws {
            let place = place(&Sampling { seed, ..options });
            assert!(place.is_some_and(|place| (0.0..1.0).contains(&place)));
            if let Some(character) = drawn(&all, place) {
                counts[character] += 1.0 / f64::from(draws);
            }
        }
        for (share, chance) in counts.into_iter().zip([0.25, 0.1, 0.5, 0.15]) {
            assert!((share - chance).abs() < 0.02, "{share} is not {chance}");
        }
    }

    #[test]
    fn each_drawn_character_has_its_own_seed() {
        let options = Sampling {
            seed: 7,
            ..Sampling::default()
        };
        // Of five tokens the last two were drawn.
        let tokens = [3, 1, 4, 1, 5];
        let of = |token| after(&tokens, 2, token, options);
        assert_eq!(of(0), After::Given(1));
        assert_eq!(of(1), After::Given(4));
        let first = After::Drawn {
            character: 1,
            seed: 7,
        };
        assert_eq!(of(2), first);
        let second = After::Drawn {
            character: 5,
            seed: 8,
        };
        assert_eq!(of(3), second);
        assert_eq!(of(4), After::Next { seed: 9 });
        // A window that has slid past all that a person gave.
        let slid = after(&tokens, 9, 0, options);
        let expected = After::Drawn {
            character: 1,
            seed: 12,
        };
        assert_eq!(slid, expected);
    }
}
