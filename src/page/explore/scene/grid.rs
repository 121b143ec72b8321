//! Every query against every key, as a matrix.

use super::board::Board;
use super::labels::{LINES, written};
use super::marks::{Align, Look, Mark, Rect, Role};
use crate::explain::Cell;

/// A cell of a grid.
pub struct Shade {
    pub value: f64,
    pub most: f64,
    /// A bar where there is room for one; else a shade.
    pub look: Look,
    pub hidden: bool,
    pub cell: Option<Cell>,
    pub role: Role,
}

/// Room for the characters above it and at its left.
const HEAD: f64 = 20.0;
/// The highest that a row is, and how much wider than high a cell may be: of very flat ones nobody
/// sees where the diagonal runs.
const HIGHEST: f64 = 34.0;
const FLATTEST: f64 = 3.0;
/// Under this a cell has no room for a bar.
const BARRED: f64 = 9.0;

/// Every query against every key, the chosen query's line framed, not taller than `tallest`, and as
/// wide as there is room. `shade` is given a query and a key; a query is a row, or a column where the
/// reader has flipped the view. Where not all characters can be written beside it, that of the chosen
/// query is, and that of the picked key, else of `key`. Answers whether there was room for bars.
pub fn grid(
    board: &mut Board,
    tallest: f64,
    key: usize,
    shade: impl Fn(usize, usize) -> Shade,
) -> Look {
    let tokens = board.source().tokens().max(1);
    let count = tokens as f64;
    let high = ((tallest - HEAD) / count).min(HIGHEST);
    let wide = ((board.room() - HEAD) / count).min(high * FLATTEST);
    let (query, key) = (board.view.token, board.picked_key().unwrap_or(key));
    let flipped = board.view.flipped;
    let (label, row, column) = match flipped {
        false => ("queries ↓ keys →", query, key),
        true => ("keys ↓ queries →", key, query),
    };
    let area = board.shelf(label, Role::Faint, high * count + HEAD);
    let (left, top) = (area.x + HEAD, area.y + HEAD);
    let barred = high.min(wide) >= BARRED;
    let head = Rect::new(left, top - HEAD / 2.0, wide * count, HEAD);
    board.characters(head, tokens, column, |i| {
        if i == query { Role::Ink } else { Role::Faint }
    });
    for i in 0..tokens {
        let chosen = i == query;
        let role = if chosen { Role::Ink } else { Role::Faint };
        let y = top + i as f64 * high;
        if written(i, row, high, LINES) {
            let at = (left - 6.0, y + high / 2.0);
            board.text(at, board.character(i), Align::Right, role);
        }
        for j in 0..tokens {
            let (query, key) = if flipped { (j, i) } else { (i, j) };
            let Shade {
                value,
                most,
                look,
                hidden,
                cell,
                role,
            } = shade(query, key);
            let look = match (hidden, barred) {
                (true, _) => Look::Hidden,
                (false, true) => look,
                (false, false) => Look::Shade,
            };
            let gap = if high.min(wide) > 6.0 { 1.0 } else { 0.0 };
            let x = left + j as f64 * wide;
            board.push(Mark::Cell {
                area: Rect::new(x, y, wide - gap, high - gap),
                role,
                look,
                value: if hidden { f64::NEG_INFINITY } else { value },
                most,
                cell,
                // The chosen line has its frame: paler than it, the same weight would look smaller.
                alpha: 1.0,
            });
        }
    }
    let (x, y) = (left - 1.0, top - 1.0);
    let at = query as f64;
    let line = match flipped {
        false => Rect::new(x, y + at * high, wide * count + 1.0, high + 1.0),
        true => Rect::new(x + at * wide, y, wide + 1.0, high * count + 1.0),
    };
    board.frame(line, Role::Query, 1.0);
    match barred {
        true => Look::Bar,
        false => Look::Shade,
    }
}
