//! Many numbers in a few.

use serde::{Deserialize, Serialize};

/// Mean, spread and ends of some numbers, in their own unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub mean: f64,
    /// Standard deviation, over all of them.
    pub deviation: f64,
    pub least: f64,
    pub most: f64,
}

impl Summary {
    /// `None` of no numbers.
    pub fn of(numbers: impl Iterator<Item = f64> + Clone) -> Option<Summary> {
        let n = numbers.clone().count() as f64;
        if n == 0.0 {
            return None;
        }
        let mean = numbers.clone().sum::<f64>() / n;
        let squares = numbers.clone().map(|x| (x - mean) * (x - mean));
        Some(Summary {
            mean,
            deviation: (squares.sum::<f64>() / n).sqrt(),
            least: numbers.clone().fold(f64::INFINITY, f64::min),
            most: numbers.fold(f64::NEG_INFINITY, f64::max),
        })
    }
}

/// A mean that takes number after number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    pub fn add(&mut self, x: f64) {
        self.sum += x;
        self.count += 1;
    }

    /// Numbers so far.
    pub fn count(&self) -> usize {
        self.count
    }

    /// `None` of no numbers.
    pub fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// How far a gate is from doing nothing, as factors of two: |log2 g|. Up and down count alike.
pub fn octaves(gate: f32) -> f64 {
    f64::from(gate).log2().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_doubles_are_one_octave() {
        assert_eq!([0.5, 2.0, 1.0].map(octaves), [1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_summary_is_of_all_numbers() {
        let summary = Summary::of([1.0, 3.0].into_iter()).expect("two numbers");
        assert_eq!((summary.mean, summary.deviation), (2.0, 1.0));
        assert_eq!((summary.least, summary.most), (1.0, 3.0));
        assert_eq!(Summary::of(std::iter::empty()), None);
    }

    #[test]
    fn a_mean_of_nothing_is_none() {
        let mut mean = Mean::default();
        assert_eq!(mean.value(), None);
        mean.add(1.0);
        mean.add(4.0);
        assert_eq!((mean.value(), mean.count()), (Some(2.5), 2));
    }
}
