//! A model that only counts: the probability of a character after the last few, smoothed as Witten
//! and Bell (1991) do. What a trained model should at least come near to.

use std::collections::HashMap;

/// Counts of what followed each context of up to `order` tokens.
struct Counts {
    order: usize,
    vocab: usize,
    followers: HashMap<Vec<u32>, HashMap<u32, u32>>,
}

impl Counts {
    fn of(tokens: &[u32], order: usize, vocab: usize) -> Self {
        let mut followers: HashMap<Vec<u32>, HashMap<u32, u32>> = HashMap::new();
        for (at, token) in tokens.iter().enumerate() {
            for length in 0..=order.min(at) {
                let context = tokens[at - length..at].to_vec();
                *followers
                    .entry(context)
                    .or_default()
                    .entry(*token)
                    .or_default() += 1;
            }
        }
        Counts {
            order,
            vocab,
            followers,
        }
    }

    /// P(token | context) = (count + distinct P(token | shorter context)) / (all + distinct), and
    /// the uniform distribution below the empty context.
    fn probability(&self, context: &[u32], token: u32) -> f64 {
        let longest = context.len().min(self.order);
        (0..=longest).fold(1.0 / self.vocab as f64, |shorter, length| {
            let Some(seen) = self.followers.get(&context[context.len() - length..]) else {
                return shorter;
            };
            let all: u32 = seen.values().sum();
            let distinct = seen.len() as f64;
            let count = f64::from(seen.get(&token).copied().unwrap_or(0));
            (count + distinct * shorter) / (f64::from(all) + distinct)
        })
    }
}

/// Mean loss on `val`, in nats per character, of a model that has counted in `train` what follows
/// up to `order` characters. 0 for nothing to predict.
pub fn cross_entropy(train: &[u32], val: &[u32], order: usize, vocab: usize) -> f64 {
    let counts = Counts::of(train, order, vocab.max(1));
    let losses = (1..val.len()).map(|at| -counts.probability(&val[..at], val[at]).ln());
    losses.sum::<f64>() / val.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_after_any_context() {
        let tokens: Vec<u32> = (0..200).map(|i| (i * i + 3 * i / 7) % 5).collect();
        let counts = Counts::of(&tokens, 3, 6);
        for context in [&[][..], &[0], &[1, 2], &[4, 4, 4], &tokens[50..60], &[5, 5]] {
            let sum: f64 = (0..6).map(|t| counts.probability(context, t)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{context:?}: {sum}");
        }
    }

    #[test]
    fn by_hand() {
        // After 0 came 1 twice; alone 0 came twice and 1 twice. Uniform: a half.
        let counts = Counts::of(&[0, 1, 0, 1], 1, 2);
        let alone = (2.0 + 2.0 * 0.5) / (4.0 + 2.0);
        assert_eq!(counts.probability(&[], 1), alone);
        assert_eq!(counts.probability(&[0], 1), (2.0 + alone) / (2.0 + 1.0));
    }

    #[test]
    fn more_context_helps_where_there_is_something_to_see() {
        let text: Vec<u32> = (0..3000).map(|i| [0, 1, 0, 2][i % 4]).collect();
        let loss = |order| cross_entropy(&text[..2000], &text[2000..], order, 3);
        assert!(loss(0) > 1.0 && loss(1) < 0.5 && loss(2) < 0.01);
    }
}
