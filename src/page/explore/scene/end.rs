//! What the stream says: the lens at every depth, and the next character.

use super::board::{Board, Come, LINE, Strip, largest, visible};
use super::marks::{Align, Look, Rect, Role};
use crate::explain::{Cell, Quantity};

/// Characters shown at each depth.
const GUESSES: usize = 5;
/// Characters shown at the end.
const CANDIDATES: usize = 12;

/// The model's guess if it ended here, at every depth of the stream.
pub fn lens(board: &mut Board) {
    let token = board.view.token;
    let layers = board.source().model().n_layer;
    if board.source().lens(0, token).is_err() {
        board.note(
            "the lens reads the weights, which are not here while they change",
            Role::Faint,
            1.0,
        );
        return;
    }
    for depth in 0..=layers {
        let Ok(lens) = board.source().lens(depth, token) else {
            continue;
        };
        let come = board.turn(depth, layers + 1, 0.03, 0.95);
        let label = match depth {
            0 => "embedding".to_string(),
            n => format!("after block {}", n - 1),
        };
        let best = ranked(&lens.probabilities);
        let area = board.shelf(&label, Role::Residual, 58.0);
        let shown: Vec<f64> = best.iter().take(GUESSES).map(|(_, p)| *p).collect();
        board.say(&label, &shown);
        let width = area.w / GUESSES as f64;
        for (n, (v, p)) in best.into_iter().take(GUESSES).enumerate() {
            let x = area.x + n as f64 * width;
            let bar = Rect::new(x, area.y + 24.0, width - 12.0, 14.0);
            let share = [p];
            let strip = Strip::bars(&share, Role::Attention)
                .looking(Look::Share)
                .within(1.0);
            let cell = Cell::new(Quantity::LensLogit(depth), &[token, v]);
            board.cells(bar, &strip, |_| Some(cell), |_| Come::grown(come));
            let character = board
                .source()
                .trace
                .about
                .vocab
                .get(v)
                .copied()
                .unwrap_or(' ');
            let role = if n == 0 { Role::Ink } else { Role::Faint };
            board.words(
                (x, area.y + 12.0),
                visible(character),
                Align::Left,
                role,
                come,
            );
            let words = percent(p);
            board.words((x, area.y + 48.0), words, Align::Left, role, come);
        }
    }
    let focus = board.source().lens(layers, token).map(|lens| lens.best().0);
    if let Ok(v) = focus {
        board.focus(Cell::new(Quantity::LensLogit(layers), &[token, v]));
    }
}

/// Unembedding and softmax: the likeliest next characters.
pub fn logits(board: &mut Board) {
    let token = board.view.token;
    let logits = board.numbers(Quantity::Logits, &[token]);
    let probabilities = board.numbers(Quantity::Probabilities, &[token]);
    let change = board.numbers(Quantity::LogitsChange, &[token]);
    let input = board.source().logits_input();
    let x = board.numbers(input, &[token]);
    let strip = Strip::bars(&x, Role::Residual);
    board.strip(
        "the stream",
        &strip,
        |c| Some(Cell::new(input, &[token, c])),
        |_| Come::HERE,
    );

    let best = ranked(&probabilities);
    let most = largest(&logits);
    let count = best.len().min(CANDIDATES);
    let height = 24.0;
    let label = "next character";
    let area = board.shelf(label, Role::Attention, height * count as f64 + LINE);
    let columns = [0.0, 40.0, 40.0 + (area.w - 40.0) * 0.42];
    let heads = ["", "logit", "probability"];
    for (x, words) in columns.into_iter().zip(heads) {
        board.text(
            (area.x + x, area.y + LINE / 2.0),
            words,
            Align::Left,
            Role::Faint,
        );
    }
    for (n, (v, p)) in best.iter().take(count).enumerate() {
        let y = area.y + LINE + n as f64 * height;
        let character = board
            .source()
            .trace
            .about
            .vocab
            .get(*v)
            .copied()
            .unwrap_or(' ');
        let role = if n == 0 { Role::Ink } else { Role::Faint };
        board.strong(
            (area.x + 4.0, y + height / 2.0),
            visible(character),
            Align::Left,
            role,
        );
        let come = board.turn(n, count, 0.06, 0.45);
        let logit = [logits[*v]];
        let wide = columns[2] - columns[1] - 70.0;
        let bar = Rect::new(area.x + columns[1], y + 3.0, wide.max(20.0), height - 6.0);
        let strip = Strip::bars(&logit, Role::Residual)
            .looking(Look::Sideways)
            .within(most);
        let cell = Cell::new(Quantity::Logits, &[token, *v]);
        board.cells(bar, &strip, |_| Some(cell), |_| Come::grown(come));
        let at = (bar.x + bar.w + 8.0, y + height / 2.0);
        let words = format!("{:+.2}", logit[0]);
        board.words(at, words, Align::Left, role, come);

        let come = board.turn(n, count, 0.5, 0.85);
        let changed = if change.is_empty() { 0.0 } else { 62.0 };
        let wide = area.w - columns[2] - 62.0 - changed;
        let bar = Rect::new(area.x + columns[2], y + 3.0, wide.max(20.0), height - 6.0);
        let strip = Strip::bars(std::slice::from_ref(p), Role::Attention)
            .looking(Look::Share)
            .within(1.0);
        let cell = Cell::new(Quantity::Probabilities, &[token, *v]);
        board.cells(bar, &strip, |_| Some(cell), |_| Come::grown(come));
        let at = (bar.x + bar.w + 8.0, y + height / 2.0);
        board.words(at, percent(*p), Align::Left, role, come);
        if let Some(change) = change.get(*v) {
            let at = (area.x + area.w, y + height / 2.0);
            board.words(
                at,
                format!("Δ {change:+.2}"),
                Align::Right,
                Role::Gate,
                come,
            );
        }
    }
    let shown: Vec<f64> = best.iter().take(count).map(|(_, p)| *p).collect();
    board.say("probabilities, the likeliest first", &shown);
    if let Some((v, p)) = best.first() {
        let character = board
            .source()
            .trace
            .about
            .vocab
            .get(*v)
            .copied()
            .unwrap_or(' ');
        let words = format!("likeliest: {} with {}", visible(character), percent(*p));
        board.note(words, Role::Ink, board.phase(0.86, 0.96));
        board.focus(Cell::new(Quantity::Probabilities, &[token, *v]));
    }
}

/// Places by size, the largest first.
fn ranked(numbers: &[f64]) -> Vec<(usize, f64)> {
    let mut all: Vec<(usize, f64)> = numbers.iter().copied().enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

fn percent(p: f64) -> String {
    format!("{:.1} %", 100.0 * p)
}
