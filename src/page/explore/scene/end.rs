//! What the stream says: the lens at every depth, and the next character.

use super::board::{Board, Come, Strip};
use super::labels::{LINE, LINES};
use super::marks::{Align, Look, Mark, Rect, Role};
use crate::analysis::ranked;
use crate::config::Norm;
use crate::explain::{Candidate, Cell, Quantity, candidates, minus};
use crate::page::explore::characters::of_vocabulary;
use crate::page::explore::draw::{After, after, drawn, place};
use crate::page::format::percent;
use crate::protocol::Sampling;

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
        let height = board.tall(18.0);
        let area = board.shelf(&label, Role::Residual, height + 44.0);
        let shown: Vec<f64> = best.iter().take(GUESSES).map(|(_, p)| *p).collect();
        board.say(&label, &shown);
        let width = area.w / GUESSES as f64;
        for (n, (v, p)) in best.into_iter().take(GUESSES).enumerate() {
            let x = area.x + n as f64 * width;
            let bar = Rect::new(x, area.y + 24.0, width - 12.0, height);
            let share = [p];
            let strip = Strip::bars(&share, Role::Attention)
                .looking(Look::Share)
                .within(1.0);
            let cell = Cell::new(Quantity::LensProbability(depth), &[token, v]);
            board.cells(bar, &strip, |_| Some(cell), |_| Come::grown(come));
            let role = if n == 0 { Role::Ink } else { Role::Faint };
            let at = (x, area.y + 12.0);
            board.words(
                at,
                of_vocabulary(&board.source(), v),
                Align::Left,
                role,
                come,
            );
            let words = percent(p);
            let at = (x, area.y + height + 34.0);
            board.words(at, words, Align::Left, role, come);
        }
    }
    let focus = board.source().lens(layers, token).map(|lens| lens.best().0);
    if let Ok(v) = focus {
        board.focus(Cell::new(Quantity::LensProbability(layers), &[token, v]));
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
    let label = match board.source().model().norm {
        Norm::Pre => "the normed row",
        Norm::Post | Norm::None => "the stream",
    };
    board.strip(
        label,
        &strip,
        |c| Some(Cell::new(input, &[token, c])),
        |_| Come::HERE,
    );

    let best = ranked(&probabilities);
    let most = board.most(&logits);
    let count = best.len().min(CANDIDATES);
    let height = board.tall(24.0).max(LINES);
    let label = "next character";
    let area = board.shelf(label, Role::Attention, height * count as f64 + LINE);
    // What a change did to a logit stands beside it.
    let (share, changed) = match change.is_empty() {
        true => (0.42, 0.0),
        false => (0.58, 62.0),
    };
    let columns = [0.0, 40.0, 40.0 + (area.w - 40.0) * share];
    let y = area.y + LINE / 2.0;
    for (x, words) in columns.into_iter().zip(["", "logit", "probability"]) {
        board.text((area.x + x, y), words, Align::Left, Role::Faint);
    }
    let delta = area.x + columns[2] - 22.0;
    if changed > 0.0 {
        board.text((delta, y), "Δ logit", Align::Right, Role::Gate);
    }
    for (n, (v, p)) in best.iter().take(count).enumerate() {
        let y = area.y + LINE + n as f64 * height;
        let role = if n == 0 { Role::Ink } else { Role::Faint };
        board.strong(
            (area.x + 4.0, y + height / 2.0),
            of_vocabulary(&board.source(), *v),
            Align::Left,
            role,
        );
        let come = board.turn(n, count, 0.06, 0.45);
        let logit = [logits[*v]];
        let wide = columns[2] - columns[1] - 70.0 - changed;
        let bar = Rect::new(area.x + columns[1], y + 3.0, wide.max(20.0), height - 6.0);
        let strip = Strip::bars(&logit, Role::Residual)
            .looking(Look::Sideways)
            .within(most);
        let cell = Cell::new(Quantity::Logits, &[token, *v]);
        board.cells(bar, &strip, |_| Some(cell), |_| Come::grown(come));
        let at = (bar.x + bar.w + 8.0, y + height / 2.0);
        let words = minus(&format!("{:+.2}", logit[0]));
        board.words(at, words, Align::Left, role, come);
        if let Some(change) = change.get(*v) {
            let words = minus(&format!("{change:+.2}"));
            board.words((delta, at.1), words, Align::Right, Role::Gate, come);
        }

        let come = board.turn(n, count, 0.5, 0.85);
        let wide = area.w - columns[2] - 62.0;
        let bar = Rect::new(area.x + columns[2], y + 3.0, wide.max(20.0), height - 6.0);
        let strip = Strip::bars(std::slice::from_ref(p), Role::Attention)
            .looking(Look::Share)
            .within(1.0);
        let cell = Cell::new(Quantity::Probabilities, &[token, *v]);
        board.cells(bar, &strip, |_| Some(cell), |_| Come::grown(come));
        let at = (bar.x + bar.w + 8.0, y + height / 2.0);
        board.words(at, percent(*p), Align::Left, role, come);
    }
    let shown: Vec<f64> = best.iter().take(count).map(|(_, p)| *p).collect();
    board.say("probabilities, the likeliest first", &shown);
    if let Some((v, p)) = best.first() {
        let character = of_vocabulary(&board.source(), *v);
        let words = format!("likeliest: {character} with {}", percent(*p));
        board.note(words, Role::Ink, board.phase(0.86, 0.96));
        board.focus(Cell::new(Quantity::Probabilities, &[token, *v]));
    }
}

/// Temperature, top k and top p: what is left to draw from.
pub fn sample(board: &mut Board) {
    let token = board.view.token;
    let options = board.source().sampling;
    let logits = board.numbers(Quantity::Logits, &[token]);
    let all = candidates(&logits, &options);
    let drawn = all
        .iter()
        .filter(|candidate| candidate.chance > 0.0)
        .count();
    let top_k = match options.top_k {
        0 => "all".to_string(),
        k => k.to_string(),
    };
    board.note(
        format!(
            "temperature {}, top k {top_k}, top p {}: {drawn} of {} characters are left",
            options.temperature,
            options.top_p,
            all.len()
        ),
        Role::Ink,
        1.0,
    );
    let height = board.tall(24.0).max(LINES);
    let count = all.len().min(CANDIDATES);
    let area = board.shelf(
        "next character",
        Role::Attention,
        height * count as f64 + LINE,
    );
    let third = (area.w - 28.0) / 3.0;
    for (n, words) in ["the model's", "tempered", "drawn with"]
        .into_iter()
        .enumerate()
    {
        let x = area.x + 28.0 + n as f64 * third;
        board.text((x, area.y + LINE / 2.0), words, Align::Left, Role::Faint);
    }
    for (n, candidate) in all.iter().take(count).enumerate() {
        let y = area.y + LINE + n as f64 * height;
        let v = candidate.character;
        let left_out = candidate.chance == 0.0;
        let role = if left_out { Role::Faint } else { Role::Ink };
        board.strong(
            (area.x + 4.0, y + height / 2.0),
            of_vocabulary(&board.source(), v),
            Align::Left,
            role,
        );
        let own = Cell::new(Quantity::Probabilities, &[token, v]);
        let chance = Cell::new(Quantity::Chance, &[token, v]);
        let shares = [
            (board.number(own), Role::Attention, Come::HERE, Some(own)),
            (
                candidate.tempered,
                Role::Gate,
                Come::grown(board.turn(n, count, 0.05, 0.3)),
                None,
            ),
            (
                candidate.chance,
                Role::Attention,
                Come::grown(board.turn(n, count, 0.3, 0.6)),
                Some(chance),
            ),
        ];
        for (k, (share, role, come, cell)) in shares.into_iter().enumerate() {
            let x = area.x + 28.0 + k as f64 * third;
            let bar = Rect::new(x, y + 3.0, (third - 66.0).max(12.0), height - 6.0);
            let number = [share];
            let strip = Strip::bars(&number, role).looking(Look::Share).within(1.0);
            board.cells(bar, &strip, |_| cell, |_| come);
            let words = match k == 2 && left_out {
                true => "left out".to_string(),
                false => percent(share),
            };
            let at = (bar.x + bar.w + 6.0, y + height / 2.0);
            let role = if left_out { Role::Faint } else { Role::Ink };
            board.words(at, words, Align::Left, role, come.alpha);
        }
    }
    let chances: Vec<f64> = all
        .iter()
        .take(count)
        .map(|candidate| candidate.chance)
        .collect();
    board.say("chances, the likeliest first", &chances);
    line(board, &all);
    if let Some(best) = all.first() {
        board.focus(Cell::new(Quantity::Chance, &[token, best.character]));
    }
}

/// The chances side by side from 0 to 1, and where on that line the draw falls.
fn line(board: &mut Board, all: &[Candidate]) {
    let options = board.source().sampling;
    let tokens = &board.source().trace.about.tokens;
    let come = board.phase(0.62, 0.78);
    let area = board.shelf("the draw", Role::Gate, 30.0);
    let mut x = area.x;
    let kept = all.iter().filter(|candidate| candidate.chance > 0.0);
    for (n, candidate) in kept.enumerate() {
        let width = candidate.chance * area.w;
        let part = Rect::new(x, area.y, (width - 1.0).max(0.5), area.h);
        board.push(Mark::Cell {
            area: part,
            role: Role::Attention,
            look: Look::Part,
            // One shade and another, to tell neighbours apart; the chance is the length.
            value: if n % 2 == 0 { 0.42 } else { 0.22 },
            most: 1.0,
            cell: None,
            alpha: come,
        });
        if width > 14.0 {
            let words = of_vocabulary(&board.source(), candidate.character);
            board.words(part.centre(), words, Align::Centre, Role::Ink, come);
        }
        x += width;
    }
    for (x, words, align) in [
        (area.x, "0", Align::Left),
        (area.x + area.w, "1", Align::Right),
    ] {
        board.words((x, area.y + area.h + 9.0), words, align, Role::Faint, come);
    }
    board.y += LINE / 2.0;
    let come = board.phase(0.8, 0.95);
    let character = |board: &Board, token| of_vocabulary(&board.source(), token);
    let fell = |seed| place(&Sampling { seed, ..options });
    let words = match after(tokens, board.view.written, board.view.token, options) {
        After::Next { seed } => {
            let at = fell(seed);
            let Some(token) = drawn(all, at) else { return };
            mark(board, area, at, token, come);
            let character = character(board, token);
            match at {
                Some(at) => format!("seed {seed}: the draw falls at {at:.4}, on {character}"),
                None => format!("temperature 0: no draw, {character} is the likeliest"),
            }
        }
        After::Drawn {
            character: token,
            seed,
        } => {
            let at = fell(seed);
            let character = character(board, token);
            // With other options it may have been drawn from elsewhere: then its place is not known.
            match (drawn(all, at) == Some(token), at) {
                (true, Some(place)) => {
                    mark(board, area, at, token, come);
                    format!("seed {seed}: the draw fell at {place:.4}, on {character}")
                }
                (true, None) => format!("temperature 0: {character} was the likeliest"),
                (false, _) => format!("{character} was drawn here, under other options"),
            }
        }
        After::Given(token) => {
            let character = character(board, token);
            format!("Here the sentence goes on with {character}: it was given and not drawn.")
        }
    };
    board.note(words, Role::Ink, come);
}

/// The place of the draw on its line.
fn mark(board: &mut Board, area: Rect, at: Option<f64>, token: usize, come: f64) {
    board.say("drawn, by its number", &[token as f64]);
    let Some(at) = at else { return };
    board.say("place of the draw", &[at]);
    let x = area.x + at * area.w;
    board.line(
        (x, area.y - 6.0),
        (x, area.y + area.h + 4.0),
        Role::Gate,
        3.0,
        come,
    );
}
