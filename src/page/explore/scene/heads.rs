//! The heads side by side: their gates, and what each adds to the whole.

use super::board::{Board, Come, Strip, bars_to, nth};
use super::labels::{LETTER, LINE};
use super::marks::{Align, Look, Rect, Role};
use crate::analysis::entropy_bits;
use crate::explain::{Cell, Place, Quantity, minus};
use crate::trace::Branch;

/// Where the three measures stop being readable side by side.
const MEASURES: f64 = 190.0;
/// Letters of a label that stands beside its strip.
const BESIDE: usize = 19;
/// Which of what the gate sees is where the head looks.
const OFFSET: usize = 1;

/// Each head through its slice of Wo: the slices add up to the output.
pub fn out(board: &mut Board) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    let heads = board.source().model().n_head;
    let sum = board.numbers(Quantity::AttnOut(layer), &[token]);
    let shares: Vec<(Place, usize)> = board
        .source()
        .places(layer)
        .into_iter()
        .flat_map(|place| (0..heads).map(move |head| (place, head)))
        .collect();
    let rows: Vec<Vec<f64>> = shares
        .iter()
        .map(|(place, head)| board.numbers(Quantity::HeadResult(*place), &[token, *head]))
        .collect();
    let bias = board.source().out_biases(layer).ok().flatten();
    let parts = rows.iter().chain(&bias).chain([&sum]).flatten();
    let all: Vec<f64> = parts.copied().collect();
    let most = board.most(&all);
    let measured = !board.is_narrow();
    if measured {
        let words = ["length", "cosine", "entropy"];
        for (k, words) in words.into_iter().enumerate() {
            let x = board.view.width - MEASURES + (k as f64 + 1.0) * MEASURES / 3.0;
            let at = (x, board.y + LINE / 2.0);
            board.text(at, words, Align::Right, Role::Faint);
        }
        // All rows have that of the sum below them.
        let at = (board.left(), board.y + LINE / 2.0);
        board.text(at, bars_to(most), Align::Left, Role::Faint);
        board.y += LINE;
    }
    // Under the channels of the heads, which it is the sum of.
    let measures = if measured { MEASURES } else { 0.0 };
    let under = |area: Rect| Rect {
        w: area.w - measures,
        ..area
    };
    let mut partial = vec![0.0; sum.len()];
    for (n, ((place, head), row)) in shares.iter().zip(&rows).enumerate() {
        let come = board.turn(n, shares.len(), 0.04, 0.72);
        for (total, x) in partial.iter_mut().zip(row) {
            *total += x * come;
        }
        let pass = place
            .pass
            .map_or(String::new(), |pass| format!("{} ", pass.name()));
        let gate = Cell::new(Quantity::Gate(layer), &[token, *head]);
        let gate = board.source().at(gate);
        let gate = gate.map_or(String::new(), |gate| format!(" × {gate:.2}"));
        let strength = match board.source().head_scale(*place, *head) {
            1.0 => gate,
            // Then it is no matter how far its gate is open.
            0.0 => ", off".into(),
            scale => format!("{gate}, × {scale:.2}"),
        };
        let label = format!("{pass}head {head}{strength}");
        // Those above and below it say that it is one.
        let short = format!("{pass}{head}{strength}");
        let fits = !measured || label.chars().count() <= BESIDE;
        let written = if fits { &label } else { &short };
        let area = board.shelf(written, Role::Value, board.tall(30.0));
        board.say(&label, row);
        if n == 0 && !measured {
            board.scale(area, most);
        }
        let own = under(area).w;
        let strip = Strip::bars(row, Role::Value).within(most);
        let cell = |c| Some(Cell::new(Quantity::HeadResult(*place), &[token, *head, c]));
        board.cells(Rect { w: own, ..area }, &strip, cell, |_| Come::grown(come));
        let pattern = board
            .source()
            .row(Quantity::Pattern(*place), &[*head, token]);
        // Of a single key it is 0, whose sign is a matter of rounding.
        let spread = entropy_bits(pattern.unwrap_or_default()).abs();
        let words = [
            format!("{:.3}", length(row)),
            cosine(row, &sum).map_or("none".into(), |cosine| minus(&format!("{cosine:+.2}"))),
            format!("{spread:.2} bits"),
        ];
        if measured {
            for (k, words) in words.into_iter().enumerate() {
                let x = area.x + area.w - MEASURES + (k as f64 + 1.0) * MEASURES / 3.0;
                board.words(
                    (x, area.y + area.h / 2.0),
                    words,
                    Align::Right,
                    Role::Ink,
                    come,
                );
            }
        } else {
            board.y -= 6.0;
            let [length, cosine, spread] = words;
            let words = format!("length {length}, cosine {cosine}, entropy {spread}");
            board.note(words, Role::Faint, come);
        }
        if *head + 1 == heads || n + 1 == shares.len() {
            board.y += 4.0;
        } else if measured {
            board.y -= 6.0;
        }
    }
    if let Some(bias) = &bias {
        let come = board.phase(0.72, 0.8);
        for (total, x) in partial.iter_mut().zip(bias) {
            *total += x * come;
        }
        let area = board.shelf("bias b", Role::Value, board.tall(30.0));
        board.say("bias b", bias);
        let strip = Strip::bars(bias, Role::Value).within(most);
        board.cells(under(area), &strip, |_| None, |_| Come::grown(come));
    }
    let come = board.phase(0.8, 0.92);
    let numbers: Vec<f64> = partial
        .iter()
        .zip(&sum)
        .map(|(partial, sum)| partial + (sum - partial) * come)
        .collect();
    let strip = Strip::bars(&numbers, Role::Value).within(most);
    let done = come >= 1.0;
    let cell = |c| done.then(|| Cell::new(Quantity::AttnOut(layer), &[token, c]));
    let label = match bias {
        Some(_) => "E, the sum",
        None => "E, with the bias",
    };
    let area = board.shelf(label, Role::Value, board.tall(46.0));
    board.say(label, &numbers);
    board.cells(under(area), &strip, cell, |_| Come::HERE);
    let words = match board.source().is_off(layer, Branch::Attn) {
        true => "attention is switched off: E is 0, whatever its heads make".to_string(),
        false => format!("length of E {:.3}", length(&sum)),
    };
    board.note(words, Role::Ink, board.phase(0.92, 1.0));
    board.focus(Cell::new(Quantity::AttnOut(layer), &[token, 0]));
}

fn length(row: &[f64]) -> f64 {
    row.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// 1 in the same direction, -1 in the opposite one; `None` where one has no direction.
fn cosine(one: &[f64], other: &[f64]) -> Option<f64> {
    let dot: f64 = one.iter().zip(other).map(|(a, b)| a * b).sum();
    let lengths = length(one) * length(other);
    (lengths > 0.0).then(|| dot / lengths)
}

/// What is measured of each head at this query, and the gate that follows from it.
pub fn gate(board: &mut Board) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    let heads = board.source().model().n_head;
    let most = f64::from(board.source().model().attention.most_of_a_gate());
    let across = board.room() / heads.max(1) as f64;
    for head in 0..heads {
        let x = board.left() + (head as f64 + 0.5) * across;
        let at = (x, board.y + LINE / 2.0);
        board.text(at, format!("head {head}"), Align::Centre, Role::Faint);
    }
    board.y += LINE;
    let own = Cell::new(
        Quantity::GateStats(layer),
        &[token, board.view.head, OFFSET],
    );
    let longest = board.source().model().block_size;
    let back = -board.number(own) * longest as f64;
    let measures = [
        (
            "how strongly, a",
            "sum of weight × score: below 0 where what it looks at has scores below 0".to_string(),
        ),
        (
            "where, r",
            format!(
                "mean place minus its own, as a share of {longest} tokens: head {} looks {back:.1} tokens \
                 back",
                board.view.head
            ),
        ),
        (
            "how widely, d",
            "deviation of that place; then all three side by side, as the network reads them"
                .to_string(),
        ),
    ];
    for (k, (label, help)) in measures.into_iter().enumerate() {
        let cell = |head| Cell::new(Quantity::GateStats(layer), &[token, head, k]);
        let numbers: Vec<f64> = (0..heads).map(|head| board.number(cell(head))).collect();
        let start = 0.03 + k as f64 * 0.15;
        let come = board.phase(start, start + 0.13);
        let strip = Strip::bars(&numbers, Role::Attention);
        board.strip(
            label,
            &strip,
            |head| Some(cell(head)),
            |_| Come::grown(come),
        );
        board.y -= 8.0;
        board.note(help, Role::Faint, come);
    }
    network(board);
    let cell = |head| Cell::new(Quantity::Gate(layer), &[token, head]);
    let gates: Vec<f64> = (0..heads).map(|head| board.number(cell(head))).collect();
    let opening = board.phase(0.62, 0.92);
    let shown: Vec<f64> = gates.iter().map(|g| 1.0 + (g - 1.0) * opening).collect();
    let area = board.shelf("gate g", Role::Gate, board.tall(84.0));
    board.say("gates", &gates);
    let strip = Strip::bars(&shown, Role::Gate)
        .looking(Look::Column)
        .within(most);
    let alpha = board.phase(0.56, 0.6);
    board.cells(
        area,
        &strip,
        |head| (opening >= 1.0).then(|| cell(head)),
        |_| Come { share: 1.0, alpha },
    );
    let body = nth(area, 0, heads).body(Look::Column);
    let one = body.y + body.h * (1.0 - 1.0 / most);
    board.line(
        (area.x, one),
        (area.x + area.w, one),
        Role::Faint,
        1.0,
        alpha,
    );
    board.words(
        (area.x + 4.0, one - 8.0),
        "1: as it is",
        Align::Left,
        Role::Faint,
        alpha,
    );
    let width = area.w / heads.max(1) as f64;
    for (head, gate) in gates.iter().enumerate() {
        let x = area.x + (head as f64 + 0.5) * width;
        let y = area.y + area.h + LINE / 2.0;
        let set = match board.source().set_to(cell(head)) {
            Some(_) => ", by hand",
            None => "",
        };
        let long = format!("head {head}: × {gate:.3}{set}");
        let fits = long.chars().count() as f64 * LETTER <= width;
        let words = if fits { long } else { format!("× {gate:.3}") };
        board.words((x, y), words, Align::Centre, Role::Ink, opening);
    }
    board.y += LINE;
    let own = Rect::new(
        area.x + board.view.head as f64 * width,
        area.y,
        width,
        area.h,
    );
    board.frame(own, Role::Query, opening);
    board.focus(cell(board.view.head));
}

/// What stands between the measures and the gates: what the small network reads, and its neurons. No
/// trace has them, so that they stand for no number of the pass.
fn network(board: &mut Board) {
    let (token, layer) = (board.view.token, board.view.stop.layer);
    let Some(network) = board.source().gate_network(layer, token) else {
        return;
    };
    let come = board.phase(0.46, 0.52);
    let label = match network.compares {
        true => "u: a, r, d compared",
        false => "u: a, r, d",
    };
    // The three of a head under its own name.
    let heads = board.source().model().n_head;
    let of_heads = (0..heads).flat_map(|head| network.read.iter().skip(head).step_by(heads));
    let read: Vec<f64> = of_heads.copied().collect();
    let strip = Strip::bars(&read, Role::Attention);
    board.strip(label, &strip, |_| None, |_| Come::grown(come));
    let come = board.phase(0.52, 0.58);
    let strip = Strip::bars(&network.neurons, Role::Residual);
    let label = format!("{} neurons", network.neurons.len());
    board.strip(&label, &strip, |_| None, |_| Come::grown(come));
}
