//! Scores become weights.

use super::board::{Board, Come, Strip, strongest};
use super::by_hand::ByHand;
use super::grid::{Shade, grid};
use super::labels::LINE;
use super::marks::{Align, Look, Mark, Rect, Role};
use crate::config::Kind;
use crate::explain::{Cell, Exponentials, Place, Quantity};
use crate::trace::Pass;

/// Height of the columns that exponentials and weights are shown as.
const COLUMN: f64 = 64.0;
/// Tokens up to which all weights of a head are drawn: of more, a cell would be a speck.
const DRAWN: usize = 64;

/// All queries of the head against all keys: divided by the root of D, and the future hidden.
pub fn mask(board: &mut Board, place: Place) {
    let (token, head) = (board.view.token, board.view.head);
    let tokens = board.source().tokens();
    let size = board.source().head_size();
    let scaled = board.source().model().attention.kind() != Kind::Additive;
    let root = if scaled { (size as f64).sqrt() } else { 1.0 };
    let scaling = board.phase(0.08, 0.4);
    let divisor = 1.0 + (root - 1.0) * scaling;
    let raw: Vec<Vec<f64>> = (0..tokens)
        .map(|i| {
            let each = (0..tokens).map(|j| match scaled {
                true => board.number(Cell::new(Quantity::Dot(place), &[head, i, j])),
                false => board.number(Cell::new(Quantity::Scores(place), &[head, i, j])),
            });
            each.collect()
        })
        .collect();
    let visible = raw.iter().enumerate().flat_map(|(i, row)| &row[..=i]);
    let visible: Vec<f64> = visible.copied().collect();
    // What the root brings back to size was beyond it before.
    let most = board.most(&visible) / root;
    let hiding = board.phase(0.5, 0.95);
    let recorded = |i: usize, j: usize| match (scaled, place.pass, j > i) {
        // The local pass's recorded scores have bias and temperature in them.
        (true, Some(_), false) => Cell::new(Quantity::ScaledDot(place), &[head, i, j]),
        _ => Cell::new(Quantity::Scores(place), &[head, i, j]),
    };
    let own: Vec<f64> = raw[token.min(tokens.saturating_sub(1))]
        .iter()
        .take(token + 1)
        .map(|x| x / root)
        .collect();
    // The key that the scenes before and after speak of.
    let strongest = strongest(&own);
    let focus = Cell::new(recorded(token, 0).quantity, &[head, token, strongest]);
    board.say("scores of the chosen query", &own);
    let drawn = std::cell::Cell::new(Look::Bar);
    let pattern = |board: &mut Board| {
        let tallest = board.tall(330.0);
        let look = grid(board, tallest, strongest, |i, j| {
            // The veil falls from the last key to the first.
            let veiled = j > i && hiding > 1.0 - (j as f64 + 0.5) / tokens as f64;
            Shade {
                value: raw[i][j] / divisor,
                most,
                look: Look::Bar,
                hidden: veiled,
                cell: (scaling >= 1.0 || !scaled).then(|| recorded(i, j)),
                role: Role::Attention,
            }
        });
        drawn.set(look);
    };
    board.beside(0.56, false, pattern, |board, _| {
        if scaled {
            let words = format!(
                "each dot product, divided by √D = √{size} = {root:.3}: D, the numbers of a query, is {size}"
            );
            board.note(words, Role::Ink, board.phase(0.0, 0.1));
        }
        board.note(
            "what comes after the query is hidden from it: minus infinity",
            Role::Ink,
            board.phase(0.45, 0.55),
        );
        legend(board, most, drawn.get());
    });
    board.focus(focus);
}

/// What the colours of scores say, from the most below 0 to the most above it, drawn as they are.
fn legend(board: &mut Board, most: f64, look: Look) {
    const STEPS: i32 = 4;
    let area = board.shelf("colours", Role::Faint, 16.0);
    let side = 22.0;
    for step in -STEPS..=STEPS {
        let x = area.x + f64::from(step + STEPS) * side;
        board.push(Mark::Cell {
            area: Rect::new(x, area.y, side - 1.0, area.h),
            role: Role::Attention,
            look,
            value: most * f64::from(step) / f64::from(STEPS),
            most,
            cell: None,
            alpha: 1.0,
        });
    }
    board.note(
        format!(
            "violet above 0, up to {most:.2}; amber below 0, down to −{most:.2}: the lower beside the others of its row, the less a key gets"
        ),
        Role::Faint,
        1.0,
    );
}

/// One column a key, with its character under the last of the lines. Where all would lie upon one
/// another, that of the picked key has its own, else that of `key`, and some of the others.
pub fn keys(board: &mut Board, area: Rect, key: usize) {
    let count = board.view.token + 1;
    let key = board.picked_key().unwrap_or(key);
    let y = area.y + area.h + 9.0;
    let under = Rect { y, ..area };
    board.characters(under, count, key, |_| Role::Faint);
    board.y += LINE;
}

/// Exponentials rise, then share out: the chosen query's row, and beside it those of all queries.
pub fn softmax(board: &mut Board, place: Place) {
    let (token, head) = (board.view.token, board.view.head);
    let weights = seen(board, Quantity::Pattern(place));
    let strongest = strongest(&weights);
    board.beside(
        0.6,
        true,
        |board| shares(board, place, &weights, strongest),
        |board, free| triangle(board, place, free, strongest),
    );
    // The weight that is being made, then the strongest.
    let working = board.active(weights.len(), sharing(board, place), 0.82);
    let shown = working.unwrap_or(strongest);
    board.focus(Cell::new(Quantity::Pattern(place), &[head, token, shown]));
}

/// When weights begin to be made: after the exponentials, where there are any.
fn sharing(board: &Board, place: Place) -> f64 {
    let (token, head) = (board.view.token, board.view.head);
    match board.source().exponentials(place, head, token) {
        Some(_) => 0.52,
        None => 0.12,
    }
}

/// What the chosen query has for each key that it sees.
fn seen(board: &Board, quantity: Quantity) -> Vec<f64> {
    let (token, head) = (board.view.token, board.view.head);
    let row = board.numbers(quantity, &[head, token]);
    row.into_iter().take(token + 1).collect()
}

/// From a row of scores to its weights.
fn shares(board: &mut Board, place: Place, weights: &[f64], strongest: usize) {
    let (token, head) = (board.view.token, board.view.head);
    let scores = seen(board, Quantity::Scores(place));
    let count = scores.len();
    let by_hand = ByHand::of(board, place, weights);
    let at = |quantity: Quantity| move |j| Some(Cell::new(quantity, &[head, token, j]));

    let most = board.most(&scores);
    let strip = Strip::bars(&scores, Role::Attention).within(most);
    let area = board.shelf("scores S", Role::Attention, board.tall(44.0));
    board.say("scores", &scores);
    board.scale(area, most);
    board.cells(area, &strip, at(Quantity::Scores(place)), |_| Come::HERE);
    keys(board, area, strongest);

    let exponentials = board.source().exponentials(place, head, token);
    let sharing = sharing(board, place);
    if let Some(Exponentials { shares, sum, .. }) = exponentials {
        let shares: Vec<f64> = shares.into_iter().take(count).collect();
        let turns: Vec<f64> = (0..count)
            .map(|j| board.turn(j, count, 0.06, 0.42))
            .collect();
        let strip = Strip::bars(&shares, Role::Attention)
            .looking(Look::Column)
            .within(1.0);
        let label = match place.pass {
            Some(Pass::Local) => "w exp(S − m)",
            Some(Pass::Global) | None => "exp(S − m)",
        };
        let area = board.shelf(label, Role::Attention, board.tall(COLUMN));
        board.say("exponentials", &shares);
        board.cells(area, &strip, |_| None, |j| Come::grown(turns[j]));
        keys(board, area, strongest);
        let words = format!("together {sum:.4}: each is divided by it");
        board.note(words, Role::Ink, board.phase(0.42, 0.5));
        let words = "m is the largest S; it changes no weight";
        match &by_hand {
            // Its line is where it is said what was set: nothing moves for that.
            Some(_) => board.skip(words),
            None => board.note(words, Role::Faint, board.phase(0.06, 0.2)),
        }
    } else {
        board.note(
            "each weight is a sigmoid of its own score; they need not sum to 1",
            Role::Ink,
            1.0,
        );
        // Here it is said what was set.
        board.y += LINE;
    }
    let turns: Vec<f64> = (0..count)
        .map(|j| board.turn(j, count, sharing, 0.82))
        .collect();
    let strip = Strip::bars(weights, Role::Attention)
        .looking(Look::Column)
        .within(1.0);
    let area = board.shelf("weights A", Role::Attention, board.tall(COLUMN));
    board.say("weights", weights);
    board.cells(area, &strip, at(Quantity::Pattern(place)), |j| {
        Come::grown(turns[j])
    });
    keys(board, area, strongest);
    let come = board.phase(0.74, 0.9);
    if let Some(by_hand) = &by_hand {
        by_hand.mark_columns(board, area, come);
    }
    let sum = match &by_hand {
        Some(by_hand) => by_hand.sum(),
        None => format!("the row sums to {:.4}", weights.iter().sum::<f64>()),
    };
    stack(board, weights, place, come, sum);
}

/// The weights laid end to end, and in words what they sum to.
fn stack(board: &mut Board, weights: &[f64], place: Place, come: f64, words: String) {
    let (token, head) = (board.view.token, board.view.head);
    let sum: f64 = weights.iter().sum();
    let area = board.shelf("end to end", Role::Attention, board.tall(22.0));
    let unit = area.w / sum.max(1.0);
    let mut x = area.x;
    for (j, weight) in weights.iter().enumerate() {
        let width = weight * unit * come;
        let part = Rect::new(x, area.y, (width - 1.0).max(0.0), area.h);
        board.push(Mark::Cell {
            area: part,
            role: Role::Attention,
            look: Look::Part,
            value: *weight,
            // As dark as in the matrix.
            most: 1.0,
            cell: (come > 0.05).then(|| Cell::new(Quantity::Pattern(place), &[head, token, j])),
            alpha: come,
        });
        if width > 16.0 {
            let character = board.character(j);
            let at = (part.centre().0, area.y + area.h + 9.0);
            board.words(at, character, Align::Centre, Role::Faint, come);
        }
        x += width;
    }
    board.y += LINE / 2.0;
    board.note(words, Role::Ink, come);
}

/// The weights of every query of the head: the whole triangle, of which the scene has made one line,
/// with its largest at the key `strongest`.
fn triangle(board: &mut Board, place: Place, free: f64, strongest: usize) {
    let tokens = board.source().tokens();
    if tokens > DRAWN {
        let words = format!("the weights of all queries are drawn for up to {DRAWN} tokens");
        board.note(words, Role::Faint, 1.0);
        return;
    }
    let head = board.view.head;
    let rows: Vec<Vec<f64>> = (0..tokens)
        .map(|query| board.numbers(Quantity::Pattern(place), &[head, query]))
        .collect();
    let come = board.phase(0.86, 0.98);
    let tallest = free.max(board.tall(300.0));
    grid(board, tallest, strongest, |query, key| Shade {
        value: rows[query].get(key).copied().unwrap_or(0.0) * come,
        most: 1.0,
        look: Look::Shade,
        hidden: key > query,
        cell: (come >= 1.0).then(|| Cell::new(Quantity::Pattern(place), &[head, query, key])),
        role: Role::Attention,
    });
}
