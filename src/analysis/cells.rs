//! What a window saves: cells of a pattern that have to be computed.

use serde::{Deserialize, Serialize};

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
    fn cells_below_the_diagonal_are_counted_where_the_window_is_open() {
        let window = [1.0, 9.0, 9.0, 0.5, 1.0, 9.0, 0.0, 0.25, 1.0];
        let cells = Cells::of(&window, 3);
        assert_eq!((cells.kept, cells.triangle), (5, 6));
        assert!((cells.against_standard() - 11.0 / 6.0).abs() < 1e-12);
    }
}
