//! Which of a batch's sequences a thread computes with.

/// Neighbouring sequences of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Sequences of the batch before its own.
    pub first: usize,
    /// Its own.
    pub batch: usize,
    /// B, those of the whole batch.
    pub whole: usize,
}

impl Share {
    /// The whole batch.
    pub fn all(whole: usize) -> Self {
        Share {
            first: 0,
            batch: whole,
            whole,
        }
    }

    /// The batch in that many shares, which differ by one sequence at most. The first is never the
    /// largest, since its thread moves the weights as well.
    ///
    /// `threads` is at least 1 and at most `whole`.
    pub fn split(whole: usize, threads: usize) -> Vec<Self> {
        let border = |n: usize| n * whole / threads;
        let share = |n| Share {
            first: border(n),
            batch: border(n + 1) - border(n),
            whole,
        };
        (0..threads).map(share).collect()
    }

    /// Whether its thread has the optimizer.
    pub fn moves_weights(self) -> bool {
        self.first == 0
    }

    /// What of `[B, T]` it has: `[batch, T]`.
    pub fn of<T>(self, tokens: &[T]) -> &[T] {
        let t = tokens.len() / self.whole;
        &tokens[self.first * t..(self.first + self.batch) * t]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_each_other_and_are_fair() {
        for whole in 1..20 {
            for threads in 1..=whole.min(5) {
                let shares = Share::split(whole, threads);
                assert_eq!(shares.len(), threads);
                let mut next = 0;
                for share in &shares {
                    assert_eq!((share.first, share.whole), (next, whole));
                    assert!(share.batch >= 1);
                    assert!(share.batch >= shares[0].batch);
                    assert!(share.batch <= shares[0].batch + 1);
                    next += share.batch;
                }
                assert_eq!(next, whole);
                assert_eq!(
                    shares.iter().filter(|share| share.moves_weights()).count(),
                    1
                );
            }
        }
    }

    #[test]
    fn a_share_is_cut_out_of_the_batch() {
        let tokens: Vec<u32> = (0..12).collect();
        let shares = Share::split(4, 3);
        let parts: Vec<&[u32]> = shares.iter().map(|share| share.of(&tokens)).collect();
        assert_eq!(parts.concat(), tokens);
        assert_eq!(parts[0], [0, 1, 2]);
    }
}
