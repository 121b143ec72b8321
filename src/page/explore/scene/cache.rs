//! What is kept of a block's head: one key and one value a token.

use super::board::{Board, Come, Strip};
use super::few::few;
use super::labels::{LINE, LINES, written};
use super::marks::{Align, Rect, Role};
use crate::explain::{Cell, Place, Quantity};

/// The kept rows of earlier tokens rest, and the chosen token's comes to them.
pub fn cache(board: &mut Board) {
    let (token, head, layer) = (board.view.token, board.view.head, board.view.stop.layer);
    let places = board.source().places(layer);
    let rows = token + 1;
    // Of many the last: the chosen token's comes to them.
    let places_of: Vec<f64> = (0..rows).map(|j| j as f64).collect();
    let drawn = few(
        &places_of,
        &[&[token], board.picked_key().as_slice()].concat(),
    );
    let own = drawn.partition_point(|j| *j < token);
    let slid = board.source().trace.about.cut > 0;
    // On a phone the rows first, which the counts are of.
    let narrow = board.is_narrow();
    if !narrow {
        counts(board, (drawn.len(), rows), places.len(), slid);
    }

    let columns: Vec<Column> = places
        .iter()
        .flat_map(|place| [Column::key(*place), Column::value(*place)])
        .collect();
    let height = board.tall((330.0 / drawn.len() as f64).clamp(12.0, 24.0));
    let label = format!("block {layer}, head {head}");
    let area = board.shelf(&label, Role::Key, LINE + height * drawn.len() as f64);
    let margin = 40.0;
    let gap = 14.0;
    let width = (area.w - margin) / columns.len() as f64 - gap;
    for (k, column) in columns.into_iter().enumerate() {
        let x = area.x + margin + k as f64 * (width + gap);
        let at = (x, area.y + LINE / 2.0 - 2.0);
        let words = column.words(board.is_narrow());
        board.words(at, words, Align::Left, column.role, 1.0);
        let numbers: Vec<Vec<f64>> = (0..rows)
            .map(|j| board.numbers(column.quantity, &[j, head]))
            .collect();
        let all: Vec<f64> = numbers.iter().flatten().copied().collect();
        let most = board.most(&all);
        for (j, row) in numbers.iter().enumerate() {
            board.say(&column.label(j), row);
        }
        for (n, j) in drawn.iter().copied().enumerate() {
            let row = &numbers[j];
            // Where the window has slid nothing rests: every row is made anew.
            let come = match (j == token, slid) {
                (true, _) => board.phase(0.3, 0.75),
                (false, true) => board.turn(n, drawn.len(), 0.05, 0.75),
                (false, false) => 1.0,
            };
            let resting = if j == token { 1.0 } else { 0.55 };
            let y = area.y + LINE + n as f64 * height;
            let strip = Strip::bars(row, column.role).within(most);
            let cell = |d| Some(Cell::new(column.quantity, &[j, head, d]));
            board.cells(
                Rect::new(x, y + 1.0, width, height - 2.0),
                &strip,
                cell,
                |_| Come {
                    share: come,
                    alpha: come * resting,
                },
            );
        }
    }
    let rows_of = drawn.iter().copied().enumerate();
    for (n, j) in rows_of.filter(|(n, _)| written(*n, own, height, LINES)) {
        let role = if j == token { Role::Ink } else { Role::Faint };
        let at = (
            area.x + margin - 10.0,
            area.y + LINE + (n as f64 + 0.5) * height,
        );
        let words = format!("{j} {}", board.character(j));
        board.text(at, words, Align::Right, role);
    }
    // Beside its label, which it would cut.
    let row = Rect::new(
        area.x + margin - 4.0,
        area.y + LINE + own as f64 * height,
        area.w - margin + 2.0,
        height,
    );
    board.frame(row, Role::Query, board.phase(0.7, 0.85));
    if narrow {
        counts(board, (drawn.len(), rows), places.len(), slid);
    }
    if let Some(place) = places.first() {
        board.focus(Cell::new(Quantity::Key(*place), &[token, head, 0]));
    }
}

/// What is kept, what it saves, and what ends it.
fn counts(board: &mut Board, (drawn, rows): (usize, usize), passes: usize, slid: bool) {
    let model = board.source().model();
    let (block, layers) = (model.block_size, model.n_layer);
    let numbers = 2 * model.n_embd * layers * passes;
    let shown = match drawn < rows {
        true => format!(", {drawn} of them drawn"),
        false => String::new(),
    };
    board.note(
        format!(
            "{rows} of at most {block} rows{shown}; in all blocks and heads {numbers} numbers a token"
        ),
        Role::Ink,
        1.0,
    );
    let words = match (slid, rows) {
        (true, _) => format!(
            "The window has slid: all {rows} tokens stand at other positions, so all {rows} rows are made anew."
        ),
        (false, 1) => "The first token: nothing is kept yet.".to_string(),
        (false, 2) => "Made anew for this token: 1 row. Kept: the one before it.".to_string(),
        (false, rows) => format!(
            "Made anew for this token: 1 row instead of {rows}. Kept: the {} before it.",
            rows - 1
        ),
    };
    board.note(words, Role::Faint, 1.0);
    let anew = if slid { rows } else { 1 };
    board.say("rows made anew", &[anew as f64]);
    if !slid && rows == block {
        board.note(
            "The block is full: one more character, and the window slides.",
            Role::Gate,
            board.phase(0.75, 0.9),
        );
    }
}

/// Keys or values of a pass.
struct Column {
    place: Place,
    quantity: Quantity,
    role: Role,
    name: &'static str,
}

impl Column {
    fn key(place: Place) -> Self {
        Column {
            place,
            quantity: Quantity::Key(place),
            role: Role::Key,
            name: "key",
        }
    }

    fn value(place: Place) -> Self {
        Column {
            place,
            quantity: Quantity::Value(place),
            role: Role::Value,
            name: "value",
        }
    }

    /// What a row is called for those who do not see it.
    fn label(&self, token: usize) -> String {
        match self.place.pass {
            Some(pass) => format!("{} {} of token {token}", pass.name(), self.name),
            None => format!("{} of token {token}", self.name),
        }
    }

    fn words(&self, narrow: bool) -> String {
        match self.place.pass {
            Some(pass) if narrow => format!("{} {}", &self.name[..1], pass.name()),
            Some(pass) => format!("{}s, {}", self.name, pass.name()),
            None => format!("{}s", self.name),
        }
    }
}
