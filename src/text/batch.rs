//! Windows of a text: random ones to train on, all of them in order to evaluate on.
//!
//! At every position the model predicts the next character, so a window of T inputs comes with T
//! targets, the same text shifted by one.

use super::TextError;
use crate::random::Stream;
use std::collections::HashMap;

/// A text as tokens: its first 90 % trains, the rest validates (nanoGPT's `prepare.py`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// At least one window and its last target.
    pub train: Vec<u32>,
    /// May be empty or shorter than a window, when the text is hardly longer than one.
    pub val: Vec<u32>,
}

/// B windows of T tokens, row-major [B, T].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub inputs: Vec<u32>,
    /// `targets[b, t]` is the token after `inputs[b, t]`.
    pub targets: Vec<u32>,
    /// B.
    pub batch_size: usize,
    /// T, which may be less than the model's block where the text ends.
    pub block_size: usize,
}

impl Batch {
    /// The windows of `length` tokens that begin at those places; each must end before the last
    /// token, which is only a target.
    fn at(part: &[u32], starts: impl Iterator<Item = usize>, length: usize) -> Self {
        let mut batch = Batch {
            inputs: Vec::new(),
            targets: Vec::new(),
            batch_size: 0,
            block_size: length,
        };
        for start in starts {
            let end = start + length;
            batch.inputs.extend_from_slice(&part[start..end]);
            batch.targets.extend_from_slice(&part[start + 1..=end]);
            batch.batch_size += 1;
        }
        batch
    }
}

impl Dataset {
    /// Divides a text, for windows of `block_size` tokens.
    ///
    /// Where 90 % would be less than one window the training part takes what a window needs.
    ///
    /// # Errors
    /// [`TextError::TooShort`] when the whole text has no `block_size + 1` tokens.
    pub fn split(tokens: Vec<u32>, block_size: usize) -> Result<Self, TextError> {
        let needed = block_size.saturating_add(1);
        if tokens.len() < needed {
            return Err(TextError::TooShort {
                found: tokens.len(),
                needed,
            });
        }
        let mut train = tokens;
        let val = train.split_off((train.len() * 9 / 10).max(needed));
        Ok(Dataset { train, val })
    }

    /// Whether the validation part has a character to predict and one to predict it from; without,
    /// [`windows`] of it is empty and there is no validation loss.
    pub fn can_validate(&self) -> bool {
        self.val.len() > 1
    }

    /// The batch of one training step: windows that begin anywhere in the training part, each place
    /// as likely as the others.
    ///
    /// A pure function of seed and step, so that a resumed run, another backend and another
    /// attention kind see the same batches. Windows are shorter than `block_size` only when the
    /// training part is (which [`Dataset::split`] with that `block_size` rules out).
    pub fn batch(&self, seed: u32, step: u32, batch_size: usize, block_size: usize) -> Batch {
        let mut stream = Stream::new(seed, "batch").at(u64::from(step));
        let length = block_size.min(self.train.len().saturating_sub(1));
        let places = self.train.len() - length;
        let starts = (0..batch_size).map(|_| stream.below(places));
        Batch::at(&self.train, starts, length)
    }
}

/// All of a part, in order, in windows that follow one another without overlap: every token but
/// the first is a target exactly once, so that a mean over them weighs each once.
///
/// Whole windows come `batch_size` at a time, then fewer, then the rest of the text as one shorter
/// window: three shapes at most. Nothing comes out of fewer than two tokens, nor of a size of 0.
pub fn windows(
    part: &[u32],
    block_size: usize,
    batch_size: usize,
) -> impl Iterator<Item = Batch> + '_ {
    let targets = match (block_size, batch_size) {
        (0, _) | (_, 0) => 0,
        _ => part.len().saturating_sub(1),
    };
    let whole = targets.checked_div(block_size).unwrap_or(0);
    let rest = targets - whole * block_size;
    let full = (0..whole).step_by(batch_size.max(1)).map(move |first| {
        let last = whole.min(first + batch_size);
        Batch::at(part, (first..last).map(|w| w * block_size), block_size)
    });
    let short = (rest > 0).then(|| Batch::at(part, std::iter::once(whole * block_size), rest));
    full.chain(short)
}

/// Entropy of single characters in nats, H = -sum p ln p: the loss of a model that only counts how
/// often each character occurs. Every token must be below `vocab`. 0 without tokens.
pub fn unigram_entropy(tokens: &[u32], vocab: usize) -> f64 {
    let mut counts = vec![0; vocab];
    for token in tokens {
        if let Some(count) = counts.get_mut(*token as usize) {
            *count += 1;
        }
    }
    sum_count_log(&[tokens.len() as u64], tokens.len()) - sum_count_log(&counts, tokens.len())
}

/// Entropy of a character given the one before it in nats, H = -sum p(a, b) ln p(b | a): the loss
/// of a model that only counts pairs. What it leaves is what attention has to find. 0 for fewer
/// than two tokens.
pub fn bigram_entropy(tokens: &[u32], vocab: usize) -> f64 {
    let mut firsts = vec![0; vocab];
    // Sparse: a Chinese text has thousands of characters, and their square would not fit.
    let mut pairs: HashMap<(u32, u32), u64> = HashMap::new();
    for pair in tokens.windows(2) {
        if let Some(count) = firsts.get_mut(pair[0] as usize) {
            *count += 1;
        }
        *pairs.entry((pair[0], pair[1])).or_default() += 1;
    }
    let mut pairs: Vec<u64> = pairs.into_values().collect();
    // A fixed order of summation, so that every machine gives the same last digit.
    pairs.sort_unstable();
    let total = tokens.len().saturating_sub(1);
    sum_count_log(&firsts, total) - sum_count_log(&pairs, total)
}

/// sum c ln c / total, from which both entropies are made; `libm` for the same bits everywhere.
fn sum_count_log(counts: &[u64], total: usize) -> f64 {
    let terms = counts.iter().filter(|c| **c > 0).map(|c| *c as f64);
    terms.map(|c| c * libm::log(c)).sum::<f64>() / total.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(n: u32) -> Vec<u32> {
        (0..n).collect()
    }

    #[test]
    fn nine_tenths_train_and_nothing_is_lost() {
        for n in [65, 66, 72, 100, 1000, 1003] {
            let Dataset { train, val } = Dataset::split(numbered(n), 64).expect("long enough");
            assert_eq!(train.len(), (n as usize * 9 / 10).max(65), "of {n}");
            assert_eq!([train, val].concat(), numbered(n));
        }
        let whole = Dataset::split(numbered(65), 64).expect("just long enough");
        assert!(whole.val.is_empty() && !whole.can_validate());
        assert!(
            !Dataset::split(numbered(66), 64)
                .expect("fits")
                .can_validate()
        );
        assert!(
            Dataset::split(numbered(67), 64)
                .expect("fits")
                .can_validate()
        );
    }

    #[test]
    fn a_text_shorter_than_a_window_is_refused_with_both_lengths() {
        let error = Dataset::split(numbered(64), 64).expect_err("too short");
        assert_eq!(
            error,
            TextError::TooShort {
                found: 64,
                needed: 65
            }
        );
        let message = error.to_string();
        assert!(message.contains("64 characters") && message.contains("at least 65"));
        assert!(Dataset::split(numbered(9), usize::MAX).is_err());
    }

    #[test]
    fn batches_are_windows_of_the_training_part() {
        let data = Dataset::split(numbered(500).iter().map(|t| t * 3).collect(), 16).expect("long");
        for step in 0..200 {
            let batch = data.batch(5, step, 7, 16);
            assert_eq!((batch.batch_size, batch.block_size), (7, 16));
            let rows = batch.inputs.chunks(16).zip(batch.targets.chunks(16));
            assert_eq!(rows.len(), 7);
            for (inputs, targets) in rows {
                let start = inputs[0] as usize / 3;
                assert_eq!(inputs, &data.train[start..start + 16]);
                assert_eq!(targets, &data.train[start + 1..start + 17]);
            }
        }
    }

    #[test]
    fn batches_reach_the_first_and_the_last_window() {
        let data = Dataset::split(numbered(40), 8).expect("long enough");
        let starts: std::collections::BTreeSet<u32> = (0..200)
            .map(|step| data.batch(1, step, 4, 8).inputs[0])
            .collect();
        // 36 tokens train, the last of them only a target.
        assert_eq!(starts.into_iter().collect::<Vec<_>>(), numbered(28));
    }

    #[test]
    fn a_batch_is_a_function_of_seed_and_step() {
        let data = Dataset::split(numbered(1000), 32).expect("long enough");
        let later = data.batch(1, 9, 4, 32);
        assert_eq!(later, data.batch(1, 9, 4, 32));
        assert_ne!(later, data.batch(1, 10, 4, 32));
        assert_ne!(later, data.batch(2, 9, 4, 32));
        // One window more does not move the others.
        let wider = data.batch(1, 9, 5, 32);
        assert_eq!(wider.inputs[..4 * 32], later.inputs);
    }

    #[test]
    fn windows_count_every_target_once_and_in_order() {
        for n in 0..60 {
            for block_size in [1, 2, 5, 8, 100] {
                for batch_size in [1, 3, 4] {
                    let part = numbered(n);
                    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
                    let mut shapes = std::collections::BTreeSet::new();
                    for batch in windows(&part, block_size, batch_size) {
                        assert!(batch.block_size <= block_size && batch.batch_size <= batch_size);
                        assert_eq!(batch.inputs.len(), batch.batch_size * batch.block_size);
                        shapes.insert((batch.batch_size, batch.block_size));
                        inputs.extend(batch.inputs);
                        targets.extend(batch.targets);
                    }
                    let last = n.saturating_sub(1);
                    assert_eq!(inputs, numbered(last));
                    assert_eq!(targets, (1..=last).collect::<Vec<u32>>());
                    assert!(shapes.len() <= 3);
                }
            }
        }
        assert_eq!(windows(&numbered(9), 0, 4).count(), 0);
        assert_eq!(windows(&numbered(9), 4, 0).count(), 0);
    }

    #[test]
    fn entropies_of_cases_worked_by_hand() {
        let near = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        };
        let ln = f64::ln;
        // Four equally frequent characters; half and two quarters; one alone.
        near(unigram_entropy(&[0, 1, 2, 3, 3, 2, 1, 0], 4), ln(4.0));
        near(unigram_entropy(&[0, 1, 0, 2], 9), 1.5 * ln(2.0));
        near(unigram_entropy(&[1, 1, 1], 2), 0.0);
        near(unigram_entropy(&[], 2), 0.0);
        // Alternation leaves nothing open after one character.
        near(bigram_entropy(&[0, 1, 0, 1, 0, 1], 2), 0.0);
        near(bigram_entropy(&[0], 2), 0.0);
        // Pairs 00 01 11 10 (once each): each first character is followed by either.
        near(bigram_entropy(&[0, 0, 1, 1, 0], 2), ln(2.0));
        // Pairs 01 10 02 20 01 10: after 0 twice 1 and once 2, after 1 and 2 always 0.
        let after_zero = ln(3.0) - 2.0 / 3.0 * ln(2.0);
        near(bigram_entropy(&[0, 1, 0, 2, 0, 1, 0], 3), after_zero / 2.0);
    }
}
