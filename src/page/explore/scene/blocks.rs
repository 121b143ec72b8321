//! Cells that stand together, as one area: a strip, a grid.

use super::marks::Rect;

/// The widest gap, in CSS pixels, over which cells still stand together.
const TOGETHER: f64 = 2.1;

/// The areas that cells fill, given in the order in which scenes lay them: line by line.
pub fn blocks(cells: &[Rect]) -> Vec<Rect> {
    let lines = joined(cells, |line, cell| {
        let beside = (line.x + line.w - cell.x).abs() <= TOGETHER;
        let level = near(line.y, cell.y) && near(line.h, cell.h);
        (beside && level).then_some(Rect {
            w: cell.x + cell.w - line.x,
            ..line
        })
    });
    joined(&lines, |block, line| {
        let under = (block.y + block.h - line.y).abs() <= TOGETHER;
        let flush = near(block.x, line.x) && near(block.w, line.w);
        (under && flush).then_some(Rect {
            h: line.y + line.h - block.y,
            ..block
        })
    })
}

/// Each area that `join` can add to an earlier one is added to it.
fn joined(areas: &[Rect], join: impl Fn(Rect, Rect) -> Option<Rect>) -> Vec<Rect> {
    // Lines of two grids may alternate: their blocks are among the last few.
    const LAST: usize = 8;
    let mut all: Vec<Rect> = Vec::new();
    for area in areas {
        let of_late = all.iter_mut().rev().take(LAST);
        let mut grown = of_late.filter_map(|one| join(*one, *area).map(|whole| (one, whole)));
        match grown.next() {
            Some((one, whole)) => *one = whole,
            None => all.push(*area),
        }
    }
    all
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of cells, 10 by 10 with a gap of 1, from a corner on.
    fn grid(x: f64, y: f64, lines: usize, columns: usize) -> Vec<Rect> {
        let cells = (0..lines).flat_map(|line| (0..columns).map(move |column| (line, column)));
        cells
            .map(|(line, column)| {
                Rect::new(x + 11.0 * column as f64, y + 11.0 * line as f64, 10.0, 10.0)
            })
            .collect()
    }

    #[test]
    fn a_strip_and_a_grid_are_one_area_each() {
        let mut cells = grid(0.0, 0.0, 1, 5);
        cells.extend(grid(0.0, 40.0, 3, 4));
        assert_eq!(
            blocks(&cells),
            [
                Rect::new(0.0, 0.0, 54.0, 10.0),
                Rect::new(0.0, 40.0, 43.0, 32.0)
            ]
        );
    }

    #[test]
    fn lines_two_pixels_apart_are_one_area_wherever_they_stand() {
        // Sums of fractions, as a stage that is stretched has them.
        let lines = (0..20).map(|n| Rect::new(0.0, 8.3 + f64::from(n) * 17.1 + 1.0, 10.0, 15.1));
        assert_eq!(blocks(&lines.collect::<Vec<_>>()).len(), 1);
    }

    #[test]
    fn what_stands_apart_stays_apart() {
        let mut cells = grid(0.0, 0.0, 1, 1);
        cells.extend(grid(14.0, 0.0, 1, 1));
        // Under the first, but wider.
        cells.extend(grid(0.0, 11.0, 1, 2));
        assert_eq!(blocks(&cells).len(), 3);
        assert!(blocks(&[]).is_empty());
    }

    #[test]
    fn lines_that_alternate_make_two_blocks() {
        let (left, right) = (grid(0.0, 0.0, 4, 3), grid(100.0, 0.0, 4, 3));
        let lines = left.chunks(3).zip(right.chunks(3));
        let cells: Vec<Rect> = lines.flat_map(|(a, b)| [a, b].concat()).collect();
        assert_eq!(blocks(&cells).len(), 2);
    }
}
