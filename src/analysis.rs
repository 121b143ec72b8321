//! What is read off a forward pass: plain arithmetic on recorded numbers.
//!
//! It knows neither the engine nor the page, so that both, and the tests, count the same way.

use serde::{Deserialize, Serialize};

/// Mean, spread and ends of some numbers.
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

/// How widely a query looks: the entropy, in nats, of its row of the pattern as shares of the row's
/// sum. 0 when it looks at one key; ln n when it looks at n alike. 0 for a row of zeros.
pub fn entropy(row: &[f32]) -> f64 {
    let sum: f64 = row.iter().map(|a| f64::from(*a)).sum();
    let terms = row.iter().filter(|a| **a > 0.0).map(|a| {
        let share = f64::from(*a) / sum;
        -share * share.ln()
    });
    terms.sum()
}

/// How far a gate is from doing nothing, as factors of two: |log2 g|. Up and down count alike.
pub fn octaves(gate: f32) -> f64 {
    f64::from(gate).log2().abs()
}

/// Cells of an attention pattern that have to be computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Cells whose window is open (w > 0).
    pub kept: usize,
    /// Cells of the causal triangle: T (T + 1) / 2.
    pub triangle: usize,
}

impl Cells {
    /// Counts in a window, `[T, T]`.
    pub fn of(window: &[f32], t: usize) -> Cells {
        let rows = window.chunks_exact(t.max(1)).enumerate();
        Cells {
            kept: rows
                .map(|(i, row)| row[..=i].iter().filter(|w| **w > 0.0).count())
                .sum(),
            triangle: t * (t + 1) / 2,
        }
    }

    pub fn plus(self, other: Cells) -> Cells {
        Cells {
            kept: self.kept + other.kept,
            triangle: self.triangle + other.triangle,
        }
    }

    /// Share of the local triangle that the window keeps.
    pub fn share(self) -> f64 {
        self.kept as f64 / self.triangle.max(1) as f64
    }

    /// Cells of the global and the local pass together, as a multiple of one standard pass. Never
    /// below 1: the global pass alone computes the whole triangle.
    pub fn against_standard(self) -> f64 {
        1.0 + self.share()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_what_is_known() {
        assert_eq!(entropy(&[1.0, 0.0, 0.0]), 0.0);
        assert!((entropy(&[0.25; 4]) - 4f64.ln()).abs() < 1e-12);
        // Rows that do not sum to 1 are shares of what they sum to.
        assert!((entropy(&[0.1; 4]) - 4f64.ln()).abs() < 1e-6);
        assert_eq!(entropy(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn halves_and_doubles_are_one_octave() {
        assert_eq!([0.5, 2.0, 1.0].map(octaves), [1.0, 1.0, 0.0]);
    }

    #[test]
    fn cells_below_the_diagonal_are_counted_where_the_window_is_open() {
        let window = [1.0, 9.0, 9.0, 0.5, 1.0, 9.0, 0.0, 0.25, 1.0];
        let cells = Cells::of(&window, 3);
        assert_eq!((cells.kept, cells.triangle), (5, 6));
        assert!((cells.against_standard() - 11.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_summary_is_of_all_numbers() {
        let summary = Summary::of([1.0, 3.0].into_iter()).expect("two numbers");
        assert_eq!((summary.mean, summary.deviation), (2.0, 1.0));
        assert_eq!((summary.least, summary.most), (1.0, 3.0));
        assert_eq!(Summary::of(std::iter::empty()), None);
    }
}
