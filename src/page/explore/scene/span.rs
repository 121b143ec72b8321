//! `adaptive_span`: how far back the local pass may look, and how sharply.

use super::board::{Board, Come, Strip, strongest};
use super::by_hand;
use super::grid::{Shade, grid};
use super::labels::LINE;
use super::marks::{Align, Look, Rect, Role};
use super::weights::keys;
use crate::config::Attention;
use crate::config::attention::Sharpen;
use crate::explain::{Cell, Place, Quantity};

/// What the global pass found decides how far back, and how sharply.
pub fn span(board: &mut Board) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    let gist = board.numbers(Quantity::SpanContext(layer), &[token]);
    let strip = Strip::bars(&gist, Role::Residual);
    let cell = |c| Some(Cell::new(Quantity::SpanContext(layer), &[token, c]));
    let come = board.phase(0.0, 0.15);
    board.strip("seen so far", &strip, cell, |_| Come::grown(come));

    let longest = longest(board) as f64;
    if let Attention::AdaptiveSpan(options) = board.source().model().attention {
        let mut words = format!("M, the longest span: {longest} tokens");
        if options.sharpen != Sharpen::Off {
            words += &format!(
                "; α, how much the span can sharpen at most: {}",
                options.alpha
            );
        }
        board.note(words, Role::Faint, 1.0);
    }
    let of = |quantity: fn(usize) -> Quantity| Cell::new(quantity(layer), &[token]);
    let measures = [
        ("share s", of(Quantity::SpanScale), 1.0, Role::Span),
        ("span n, tokens", of(Quantity::Span), longest, Role::Span),
        ("temperature t", of(Quantity::Temperature), 1.0, Role::Gate),
    ];
    for (n, (label, cell, most, role)) in measures.into_iter().enumerate() {
        let start = 0.2 + n as f64 * 0.16;
        let come = board.phase(start, start + 0.15);
        let value = board.number(cell);
        let area = board.shelf(label, role, board.tall(26.0));
        board.say(label, &[value]);
        by_hand::aside(board, area, cell);
        let number = [value];
        let strip = Strip::bars(&number, role)
            .looking(Look::Share)
            .within(most.max(value));
        let own = Rect {
            w: area.w - 84.0,
            ..area
        };
        board.cells(own, &strip, |_| Some(cell), |_| Come::grown(come));
        let at = (area.x + area.w, area.y + area.h / 2.0);
        board.words(at, format!("{value:.3}"), Align::Right, Role::Ink, come);
    }
    let span = board.number(of(Quantity::Span));
    bracket(board, span, board.phase(0.7, 0.95));
    board.focus(of(Quantity::Span));
}

/// M, the longest span in tokens.
fn longest(board: &Board) -> usize {
    let model = board.source().model();
    match model.attention {
        Attention::AdaptiveSpan(options) => options.longest(model.block_size),
        Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => {
            model.block_size
        }
    }
}

/// The tokens up to the chosen one, and how far the span reaches back over them.
fn bracket(board: &mut Board, span: f64, come: f64) {
    let count = board.view.token + 1;
    let area = board.shelf("reaches back", Role::Span, 40.0);
    let width = area.w / count as f64;
    let token = board.view.token;
    let (key, y) = (board.picked_key().unwrap_or(token), area.y + 10.0);
    board.characters(Rect { y, ..area }, count, key, |j| {
        let within = (token - j) as f64 <= span - 1.0;
        if within { Role::Ink } else { Role::Faint }
    });
    let end = area.x + count as f64 * width;
    let reach = span.min(count as f64) * width * come;
    let y = area.y + 28.0;
    board.line((end, y), (end - reach, y), Role::Span, 3.0, 1.0);
    board.line(
        (end - reach, y - 5.0),
        (end - reach, y + 5.0),
        Role::Span,
        2.0,
        1.0,
    );
    board.line((end, y - 5.0), (end, y + 5.0), Role::Span, 2.0, 1.0);
    // What the window lets in beyond the span, paler and paler.
    let layer = board.view.stop.layer;
    let window = board.numbers(Quantity::Window(layer), &[board.view.token]);
    for (j, w) in window.iter().enumerate().take(count) {
        let left = area.x + j as f64 * width;
        let right = (left + width).min(end - reach);
        if *w > 0.0 && right > left {
            board.line((left, y), (right, y), Role::Span, 3.0, 0.7 * w * come);
        }
    }
    let seen = window.iter().filter(|w| **w > 0.0).count();
    let own = Cell::new(Quantity::Span(layer), &[token]);
    // What is made of the share besides is not made of the span.
    let set = match board.source().set_to(own) {
        Some(_) => " by hand, share and temperature as they were",
        None => "",
    };
    let words = match span > count as f64 {
        true => format!("{span:.1} tokens{set}: further than the sentence goes"),
        false => {
            format!("{span:.1} tokens{set}; the window then fades out, and lets in {seen} in all")
        }
    };
    board.note(words, Role::Span, come);
}

/// What the distance is worth is added, and the sum divided by the temperature.
pub fn sharpen(board: &mut Board, place: Place) {
    let (token, head, layer) = (board.view.token, board.view.head, place.layer);
    let count = token + 1;
    let dot = |j| Cell::new(Quantity::ScaledDot(place), &[head, token, j]);
    let dots: Vec<f64> = (0..count).map(|j| board.number(dot(j))).collect();
    let distance = |j: usize| Cell::new(Quantity::RelBias(layer), &[head, token - j]);
    let biases: Vec<f64> = (0..count)
        .map(|j| board.source().at(distance(j)).map_or(0.0, f64::from))
        .collect();
    let scores = board.numbers(Quantity::Scores(place), &[head, token]);
    let scores: Vec<f64> = scores.into_iter().take(count).collect();
    let temperature = Cell::new(Quantity::Temperature(layer), &[token]);
    let strongest = strongest(&scores);
    let t = board.number(temperature);
    let most = board.most(&[&dots[..], &biases, &scores].concat());

    let strip = Strip::bars(&dots, Role::Attention).within(most);
    let area = board.strip("q · k / √D", &strip, |j| Some(dot(j)), |_| Come::HERE);
    keys(board, area, strongest);
    let come = board.phase(0.08, 0.3);
    let strip = Strip::bars(&biases, Role::Span).within(most);
    let area = board.strip(
        "+ β of the distance",
        &strip,
        |j| Some(distance(j)),
        |_| Come::grown(come),
    );
    keys(board, area, strongest);
    let adding = board.phase(0.34, 0.55);
    let dividing = board.phase(0.62, 0.9);
    let area = board.shelf("÷ temperature t", Role::Gate, board.tall(26.0));
    board.say("temperature t", &[t]);
    by_hand::aside(board, area, temperature);
    let number = [t];
    let strip = Strip::bars(&number, Role::Gate)
        .looking(Look::Share)
        .within(t.max(1.0));
    let own = Rect {
        w: area.w - 84.0,
        ..area
    };
    board.cells(
        own,
        &strip,
        |_| Some(temperature),
        |_| Come::grown(dividing),
    );
    let at = (area.x + area.w, area.y + area.h / 2.0);
    board.words(at, format!("{t:.4}"), Align::Right, Role::Ink, dividing);
    let numbers: Vec<f64> = dots
        .iter()
        .zip(&biases)
        .map(|(s, c)| (s + c * adding) / (1.0 + (t - 1.0) * dividing))
        .collect();
    let done = dividing >= 1.0;
    let numbers = if done { &scores } else { &numbers };
    let strip = Strip::bars(numbers, Role::Attention).within(most);
    let cell = |j| done.then(|| Cell::new(Quantity::Scores(place), &[head, token, j]));
    let area = board.strip("= scores S", &strip, cell, |_| Come::HERE);
    keys(board, area, strongest);
    board.focus(Cell::new(Quantity::Scores(place), &[head, token, token]));
}

/// Where the local pass may look: open within the span, fading out over the ramp. Beside the chosen
/// query's row those of all queries.
pub fn window(board: &mut Board) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    board.beside(0.55, true, row, |board, free| {
        let come = board.phase(0.55, 0.9);
        let windows: Vec<Vec<f64>> = (0..board.source().tokens())
            .map(|i| board.numbers(Quantity::Window(layer), &[i]))
            .collect();
        let tallest = free.max(board.tall(230.0));
        grid(board, tallest, token, |i, j| Shade {
            value: windows[i].get(j).copied().unwrap_or(0.0) * come,
            most: 1.0,
            look: Look::Shade,
            hidden: false,
            cell: (come >= 1.0).then(|| Cell::new(Quantity::Window(layer), &[i, j])),
            role: Role::Span,
        });
    });
    board.focus(Cell::new(
        Quantity::Window(layer),
        &[token, token.saturating_sub(1)],
    ));
}

/// The window of the chosen query, and its span.
fn row(board: &mut Board) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    let span = board.number(Cell::new(Quantity::Span(layer), &[token]));
    let row = board.numbers(Quantity::Window(layer), &[token]);
    let row: Vec<f64> = row.into_iter().take(token + 1).collect();
    let count = row.len();
    let area = board.shelf("window w", Role::Span, board.tall(80.0));
    board.say("window", &row);
    // It opens from the query backwards.
    let turns: Vec<f64> = (0..count)
        .map(|j| board.turn(count - 1 - j, count, 0.04, 0.5))
        .collect();
    let strip = Strip::bars(&row, Role::Span)
        .looking(Look::Column)
        .within(1.0);
    board.cells(
        area,
        &strip,
        |j| Some(Cell::new(Quantity::Window(layer), &[token, j])),
        |j| Come::grown(turns[j]),
    );
    board.y += LINE / 2.0 - 8.0;
    bracket(board, span, board.phase(0.2, 0.5));
}
