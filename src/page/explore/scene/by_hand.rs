//! What the reader made of a row of weights, said where it is seen: what was set, and what became of
//! the others, which their scores alone do not explain.

use super::board::{Board, nth};
use super::labels::{LETTER, LINE, brief};
use super::marks::{Align, Look, Rect, Role};
use crate::explain::{Cell, Place};

/// Said over what was set, or beside it.
const SET: &str = "set by hand";
/// A row's sum is the one before up to here.
const SAME: f64 = 1e-4;

/// Says beside a gate, a span or a temperature that the reader set it.
pub fn aside(board: &mut Board, area: Rect, cell: Cell) {
    if board.source().set_to(cell).is_some() {
        board.aside(area, SET);
    }
}

/// The chosen query's weights that the reader had a hand in.
pub struct ByHand {
    /// Which were set, in order.
    pub keys: Vec<usize>,
    /// What the scores alone make of the row.
    untouched: Vec<f64>,
    /// By how much the largest of the others is more now; `None` where there is no other.
    factor: Option<f64>,
    sum: f64,
    stays: bool,
}

impl ByHand {
    /// `None` where nothing in the row was set.
    pub fn of(board: &Board, place: Place, weights: &[f64]) -> Option<ByHand> {
        let (token, head) = (board.view.token, board.view.head);
        let keys = board.source().set_keys(place, head, token);
        if keys.is_empty() {
            return None;
        }
        let untouched = board.source().untouched(place, head, token)?;
        let untouched: Vec<f64> = untouched.into_iter().take(weights.len()).collect();
        let others = untouched.iter().zip(weights).enumerate();
        let others = others.filter(|(j, (was, _))| !keys.contains(j) && **was > 0.0);
        let largest = others.max_by(|(_, a), (_, b)| a.0.total_cmp(b.0));
        let (sum, was): (f64, f64) = (weights.iter().sum(), untouched.iter().sum());
        Some(ByHand {
            factor: largest.map(|(_, (was, is))| is / was),
            untouched,
            sum,
            stays: (sum - was).abs() < SAME,
            keys,
        })
    }

    /// What became of the others.
    pub fn others(&self) -> Option<String> {
        let factor = self.factor?;
        Some(format!("the others × {}", brief(factor)))
    }

    /// The same, and what the row then sums to.
    pub fn sum(&self) -> String {
        let total = match self.stays {
            true => format!("the sum stays {:.4}", self.sum),
            false => format!("the row sums to {:.4}", self.sum),
        };
        match self.others() {
            Some(others) => format!("{others}: {total}"),
            None => total,
        }
    }

    /// Frames the columns that were set, and has a line in each at what it would be without that. It
    /// is said in the line of words over the columns, which is left free for it.
    pub fn mark_columns(&self, board: &mut Board, area: Rect, alpha: f64) {
        let count = self.untouched.len();
        for (j, weight) in self.untouched.iter().enumerate() {
            let body = nth(area, j, count).body(Look::Column);
            let y = body.y + body.h * (1.0 - weight.clamp(0.0, 1.0));
            board.line(
                (body.x, y),
                (body.x + body.w - 1.0, y),
                Role::Ink,
                1.5,
                alpha,
            );
        }
        for j in &self.keys {
            board.frame(nth(area, *j, count), Role::Ink, alpha);
        }
        if board.is_narrow() {
            board.aside(area, "framed: by hand; lines: before");
            return;
        }
        board.aside(area, "lines: before");
        let half = SET.chars().count() as f64 * LETTER / 2.0;
        let mut free = area.x;
        for j in &self.keys {
            let middle = nth(area, *j, count).centre().0;
            let x = middle.clamp(area.x + half, (area.x + area.w - half).max(area.x + half));
            // Of two that stand close together the frames say it.
            if x - half >= free {
                board.words(
                    (x, area.y - 4.0 - LINE / 2.0),
                    SET,
                    Align::Centre,
                    Role::Ink,
                    alpha,
                );
                free = x + half + LETTER;
            }
        }
    }
}
