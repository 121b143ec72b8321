//! The residual stream: from a character to its row, the norm, the sums, the feed-forward.

use super::board::{Board, Come, Strip, nth};
use super::labels::LINES;
use super::marks::{Align, Look, Mark, Rect, Role};
use crate::config::{Activation, Norm};
use crate::explain::{Cell, NormSite, Quantity, minus};
use crate::page::explore::characters::visible;
use crate::trace::{Branch, Intervention};

/// Rows of the table of characters that are shown around the chosen one.
const NEIGHBOURS: usize = 5;
/// Height of one.
const TABLE_ROW: f64 = 18.0;

/// The character's row leaves the table, the position's row is added.
pub fn embed(board: &mut Board) {
    let token = board.view.token;
    let about = &board.source().trace.about;
    let character = board.character(token);
    let id = about.tokens.get(token).copied().unwrap_or(0) as usize;
    let row = board.numbers(Quantity::TokenRow, &[token]);
    let position = board.numbers(Quantity::PositionRow, &[token]);
    let sum = board.numbers(Quantity::ResidPre(0), &[token]);
    let most = board.most(&[&row[..], &position, &sum].concat());

    let leaving = table(board, id, most);
    let cell = |quantity| move |c| Some(Cell::new(quantity, &[token, c]));
    let strip = Strip::bars(&row, Role::Residual).within(most);
    let label = format!("character {character}");
    let come = board.phase(0.12, 0.4);
    let after = board.y;
    let area = board.strip(&label, &strip, cell(Quantity::TokenRow), |_| Come {
        share: 1.0,
        alpha: if come >= 1.0 || leaving.is_none() {
            1.0
        } else {
            0.0
        },
    });
    if let Some(from) = leaving.filter(|_| come < 1.0) {
        board.cells(from.towards(area, come), &strip, |_| None, |_| Come::HERE);
    }
    debug_assert!(board.y > after);
    let strip = Strip::bars(&position, Role::Residual).within(most);
    let come = board.phase(0.42, 0.6);
    let label = format!("+ position {token}");
    board.strip(&label, &strip, cell(Quantity::PositionRow), |_| {
        Come::grown(come)
    });
    let strip = Strip::bars(&sum, Role::Residual).within(most);
    let turns: Vec<f64> = (0..sum.len())
        .map(|c| board.turn(c, sum.len(), 0.62, 0.98))
        .collect();
    board.strip("= the stream", &strip, cell(Quantity::ResidPre(0)), |c| {
        Come::grown(turns[c])
    });
    board.focus(Cell::new(Quantity::ResidPre(0), &[token, 0]));
}

/// A part of the table of characters; answers where the chosen row stands.
fn table(board: &mut Board, id: usize, most: f64) -> Option<Rect> {
    let source = board.source();
    let vocab = &source.trace.about.vocab;
    let first = id.saturating_sub(NEIGHBOURS / 2);
    let first = first.min(vocab.len().saturating_sub(NEIGHBOURS));
    let last = (first + NEIGHBOURS).min(vocab.len());
    source.weight_row("transformer.wte.weight", id)?;
    let left = board.left();
    board.note(
        format!("from the table of {} characters", vocab.len()),
        Role::Faint,
        1.0,
    );
    let row_height = board.tall(TABLE_ROW).max(LINES);
    let mut chosen = None;
    for (n, character) in vocab.iter().enumerate().take(last).skip(first) {
        let row = source.weight_row("transformer.wte.weight", n)?;
        let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
        let indent = if board.is_narrow() { 20.0 } else { 0.0 };
        let area = Rect::new(
            left + indent,
            board.y,
            board.room() - indent,
            row_height - 2.0,
        );
        let own = n == id;
        let at = (area.x - 12.0, area.y + area.h / 2.0);
        let role = if own { Role::Ink } else { Role::Faint };
        board.text(at, visible(*character), Align::Right, role);
        let alpha = if own { 1.0 } else { 0.45 };
        let strip = Strip::bars(&row, Role::Residual).within(most);
        board.cells(area, &strip, |_| None, |_| Come { share: 1.0, alpha });
        if own {
            let shown = board.phase(0.0, 0.1);
            board.frame(area, Role::Ink, shown);
            chosen = Some(area);
        }
        board.y += row_height;
    }
    board.y += 14.0;
    chosen
}

/// The row is centred, divided by its deviation, stretched and shifted.
pub fn norm(board: &mut Board, site: NormSite) {
    let token = board.view.token;
    let Some((x, mean, scale)) = board.source().before_norm(site, token) else {
        return;
    };
    let out = board.numbers(Quantity::Normalized(site), &[token]);
    let input = match (board.source().model().norm, site) {
        // The sum that a norm after it is given is not recorded.
        (Norm::Post, _) => None,
        (_, NormSite::Attention(layer) | NormSite::Global(layer)) => {
            Some(Quantity::ResidPre(layer))
        }
        (_, NormSite::FeedForward(layer)) => Some(Quantity::ResidMid(layer)),
        (_, NormSite::Final) => Some(board.source().stream(board.source().model().n_layer)),
    };
    let fills = board.most(&x);
    let strip = Strip::bars(&x, Role::Residual).within(fills);
    let cell = |c| input.map(|quantity| Cell::new(quantity, &[token, c]));
    let area = board.strip("the stream", &strip, cell, |_| Come::HERE);
    // The mean as a line at its height in the bars.
    let shown = board.phase(0.05, 0.2);
    let body = nth(area, 0, x.len()).body(Look::Bar);
    let height = body.y + body.h / 2.0 * (1.0 - mean / fills);
    board.push(Mark::Line {
        from: (area.x, height),
        to: (area.x + area.w * shown, height),
        role: Role::Ink,
        width: 1.5,
        dashed: true,
        alpha: 1.0,
    });
    board.note(
        format!("mean {}", minus(&format!("{mean:+.4}"))),
        Role::Ink,
        shown,
    );
    let centring = board.phase(0.2, 0.4);
    let dividing = board.phase(0.42, 0.64);
    let stretching = board.phase(0.68, 0.92);
    let words = format!("minus the mean, divided by the deviation {scale:.4}");
    board.note(words, Role::Ink, dividing.max(centring));

    let numbers: Vec<f64> = x
        .iter()
        .zip(&out)
        .map(|(x, out)| {
            let centred = x - mean * centring;
            let divided = centred / (1.0 + (scale - 1.0) * dividing);
            divided + (out - divided) * stretching
        })
        .collect();
    let most = board.most(&[&out[..], &numbers].concat());
    let strip = Strip::bars(&numbers, Role::Residual).within(most);
    let done = stretching >= 1.0;
    let cell = |c| done.then(|| Cell::new(Quantity::Normalized(site), &[token, c]));
    board.strip("the normed row", &strip, cell, |_| Come::HERE);
    board.note(
        "then the learned stretch and shift of each channel",
        Role::Ink,
        stretching,
    );

    let deviation = Cell::new(Quantity::NormScale(site), &[token, 0]);
    let number = [board.number(deviation)];
    let strip = Strip::bars(&number, Role::Residual)
        .looking(Look::Share)
        .within(fills);
    let area = board.shelf("deviation", Role::Residual, 22.0);
    board.say("deviation", &number);
    let area = Rect {
        w: area.w.min(220.0),
        ..area
    };
    board.cells(area, &strip, |_| Some(deviation), |_| Come::grown(dividing));
    let at = (area.x + area.w + 10.0, area.y + area.h / 2.0);
    board.words(at, format!("{scale:.4}"), Align::Left, Role::Ink, dividing);
    board.focus(Cell::new(Quantity::Normalized(site), &[token, 0]));
}

/// The stream, what a branch adds to it, and the stream after it.
pub fn add(board: &mut Board, branch: Branch) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    let (before, added, after, words) = match branch {
        Branch::Attn => (
            Quantity::ResidPre(layer),
            Quantity::AttnOut(layer),
            Quantity::ResidMid(layer),
            "+ E, attention",
        ),
        Branch::Mlp => (
            Quantity::ResidMid(layer),
            Quantity::MlpOut(layer),
            Quantity::ResidPost(layer),
            "+ F, feed forward",
        ),
    };
    let model = board.source().model();
    let ended = board
        .source()
        .trace
        .about
        .interventions
        .contains(&Intervention::Residual { layer, branch });
    let open = model.residual && !ended;
    let x = board.numbers(before, &[token]);
    let change = board.numbers(added, &[token]);
    let road = if open { 1.0 } else { 0.0 };
    // Under post the recorded stream is behind the norm already.
    let recorded = model.norm != Norm::Post;
    let sum: Vec<f64> = match recorded {
        true => board.numbers(after, &[token]),
        false => x.iter().zip(&change).map(|(x, e)| x * road + e).collect(),
    };
    let most = board.most(&[&x[..], &change, &sum].concat());
    let cell = |quantity| move |c| Some(Cell::new(quantity, &[token, c]));
    let strip = Strip::bars(&x, Role::Residual).within(most);
    let alpha = if open { 1.0 } else { 0.25 };
    board.strip("the stream", &strip, cell(before), |_| Come {
        share: 1.0,
        alpha,
    });
    if !open {
        board.note("the residual is off: the stream ends here", Role::Ink, 1.0);
    }
    let strip = Strip::bars(&change, Role::Value).within(most);
    let come = board.phase(0.1, 0.4);
    board.strip(words, &strip, cell(added), |_| Come::grown(come));
    let turns: Vec<f64> = (0..sum.len())
        .map(|c| board.turn(c, sum.len(), 0.45, 0.97))
        .collect();
    let partial: Vec<f64> = sum
        .iter()
        .zip(&x)
        .zip(&turns)
        .map(|((sum, x), turn)| {
            let from = x * road;
            from + (sum - from) * turn
        })
        .collect();
    let strip = Strip::bars(&partial, Role::Residual).within(most);
    let done: Vec<bool> = turns.iter().map(|turn| *turn >= 1.0).collect();
    let cell = |c: usize| (recorded && done[c]).then(|| Cell::new(after, &[token, c]));
    board.strip("= the stream", &strip, cell, |c| Come {
        share: 1.0,
        alpha: 0.35 + 0.65 * turns[c],
    });
    let focus = if recorded { after } else { added };
    board.focus(Cell::new(focus, &[token, 0]));
}

/// Four neurons a channel, which of them fire, and back to the channels.
pub fn feed_forward(board: &mut Board) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    let input = board.source().feed_forward_input(layer);
    let x = board.numbers(input, &[token]);
    let cell = |quantity| move |n| Some(Cell::new(quantity, &[token, n]));
    let strip = Strip::bars(&x, Role::Residual);
    board.strip("in", &strip, cell(input), |_| Come::HERE);

    let (relu, below) = match board.source().model().activation {
        Activation::Relu => ("relu", "0"),
        Activation::Gelu => ("gelu", "nearly 0"),
    };
    let pre = board.numbers(Quantity::MlpPre(layer), &[token]);
    let post = board.numbers(Quantity::MlpPost(layer), &[token]);
    let most = board.most(&pre);
    let come = board.phase(0.08, 0.3);
    neurons(
        board,
        &format!("before {relu}"),
        &pre,
        most,
        Quantity::MlpPre(layer),
        come,
    );
    let firing = post.iter().filter(|x| **x > 0.0).count();
    let come = board.phase(0.36, 0.6);
    let words = format!(
        "{relu}: what is below 0 becomes {below}; {firing} of {} neurons fire",
        post.len()
    );
    board.note(words, Role::Ink, come);
    neurons(
        board,
        &format!("after {relu}"),
        &post,
        most,
        Quantity::MlpPost(layer),
        come,
    );

    let out = board.numbers(Quantity::MlpOut(layer), &[token]);
    let turns: Vec<f64> = (0..out.len())
        .map(|c| board.turn(c, out.len(), 0.64, 0.98))
        .collect();
    let strip = Strip::bars(&out, Role::Value);
    board.strip(
        "back to the stream",
        &strip,
        cell(Quantity::MlpOut(layer)),
        |c| Come::grown(turns[c]),
    );
    board.focus(Cell::new(Quantity::MlpOut(layer), &[token, 0]));
}

/// Neurons in as many lines as they need.
fn neurons(
    board: &mut Board,
    label: &str,
    numbers: &[f64],
    most: f64,
    quantity: Quantity,
    come: f64,
) {
    let token = board.view.token;
    let columns = ((board.room() / 9.0) as usize)
        .clamp(1, 64)
        .min(numbers.len().max(1));
    let lines = numbers.len().div_ceil(columns);
    let height = board.tall(if lines > 8 { 9.0 } else { 26.0 });
    let area = board.shelf(label, Role::Residual, lines as f64 * height);
    board.say(label, numbers);
    board.scale(area, most);
    for (n, value) in numbers.iter().enumerate() {
        let line = Rect {
            y: area.y + (n / columns) as f64 * height,
            h: height,
            ..area
        };
        board.push(Mark::Cell {
            area: nth(line, n % columns, columns),
            role: Role::Residual,
            look: Look::Bar,
            value: value * come,
            most,
            cell: (come > 0.05).then(|| Cell::new(quantity, &[token, n])),
            alpha: come,
        });
    }
}
