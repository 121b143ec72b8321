//! Windows of a text in the one shape that a plan has, `[B, T]`.
//!
//! The last windows of a text are too few for a batch, and the very last ends before the block does.
//! What is missing is filled up: no window depends on another, nor a token on a later one, so what
//! is asked for stays as it is, and the losses of the rest are not counted.

use crate::text::batch::Batch;

/// The target of a place that only fills up.
pub const UNASKED: u32 = u32::MAX;

/// What a plan takes: `[B, T]` each.
#[derive(Clone, Debug)]
pub struct Filled {
    pub tokens: Vec<u32>,
    /// [`UNASKED`] where nothing is asked.
    pub targets: Vec<u32>,
}

/// The batch's windows, as many at a time as the shape has rows, none longer than those.
pub fn filled(batch: &Batch, shape: [usize; 2]) -> impl Iterator<Item = Filled> + '_ {
    let t = batch.block_size.max(1);
    let some = t * shape[0].max(1);
    let both = batch.inputs.chunks(some).zip(batch.targets.chunks(some));
    both.map(move |(inputs, targets)| Filled {
        tokens: fill(inputs, t, shape, 0),
        targets: fill(targets, t, shape, UNASKED),
    })
}

/// Rows of `t` numbers as rows of the shape's length.
fn fill(from: &[u32], t: usize, [rows, length]: [usize; 2], rest: u32) -> Vec<u32> {
    let mut all = vec![rest; rows * length];
    for (to, from) in all.chunks_mut(length.max(1)).zip(from.chunks(t)) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_is_there_once_and_the_rest_is_not_asked_for() {
        let batch = Batch {
            inputs: vec![1, 2, 3, 4, 5, 6],
            targets: vec![2, 3, 4, 5, 6, 7],
            batch_size: 3,
            block_size: 2,
        };
        let all: Vec<Filled> = filled(&batch, [2, 3]).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].tokens, [1, 2, 0, 3, 4, 0]);
        assert_eq!(all[0].targets, [2, 3, UNASKED, 4, 5, UNASKED]);
        assert_eq!(all[1].tokens, [5, 6, 0, 0, 0, 0]);
        let none = [UNASKED; 4];
        assert_eq!(all[1].targets, [&[6, 7], &none[..]].concat());
    }
}
