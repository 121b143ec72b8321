//! The weights mix the values.

use super::board::{Board, Come, Strip, strongest};
use super::by_hand::ByHand;
use super::few::few;
use super::labels::{LETTER, LINE, LINES, written};
use super::marks::{Align, Look, Rect, Role};
use crate::explain::{Cell, Place, Quantity};

/// Height of the sum that the values come to.
const SUM: f64 = 46.0;
/// Room for a weight in figures, beside its bar.
const WRITTEN: f64 = 42.0;

/// Where the columns of the picture begin, in its own area.
struct Columns {
    /// The weights, behind the keys' characters.
    label: f64,
    weight: f64,
    /// The values.
    second: f64,
    /// What passes of them.
    third: f64,
    /// How wide both are.
    part: f64,
}

impl Columns {
    fn of(width: f64) -> Self {
        let (label, weight) = (44.0, 56.0_f64.min(width * 0.16));
        let second = label + weight + WRITTEN;
        let part = (width - second - 18.0) / 2.0;
        Columns {
            label,
            weight,
            second,
            third: second + part + 18.0,
            part,
        }
    }
}

/// Values are weighted and summed.
pub fn mix(board: &mut Board, place: Place) {
    let (token, head) = (board.view.token, board.view.head);
    let count = token + 1;
    let mut weights = board.numbers(Quantity::Pattern(place), &[head, token]);
    weights.resize(count, 0.0);
    let values: Vec<Vec<f64>> = (0..count)
        .map(|j| board.numbers(Quantity::Value(place), &[j, head]))
        .collect();
    let z = board.numbers(Quantity::Mixed(place), &[token, head]);
    let by_hand = ByHand::of(board, place, &weights);
    let set = by_hand.as_ref().map_or(&[][..], |by_hand| &by_hand.keys);
    let keys = few(&weights, &[set, board.picked_key().as_slice()].concat());
    let rest = Rest::of(&keys, &weights, &values);
    let all: Vec<f64> = values.iter().flatten().copied().collect();
    let most = board.most(&all);
    // What passes is seldom as large as what there was: it has a scale of its own, which z shares.
    let weighted = values.iter().zip(&weights);
    let passing: Vec<f64> = weighted
        .flat_map(|(value, a)| value.iter().map(move |v| a * v))
        .chain(z.iter().copied())
        .chain(rest.passing.iter().copied())
        .collect();
    let passes = board.most(&passing);
    for (j, (value, a)) in values.iter().zip(&weights).enumerate() {
        board.say(&format!("value of key {j}, weight {a:.4}"), value);
    }
    let rows = keys.len() + usize::from(rest.keys > 0);
    let height = board.tall((350.0 / rows as f64).clamp(LINES, 24.0));
    let chosen = board.picked_key().unwrap_or_else(|| strongest(&weights));
    let chosen = keys.iter().position(|key| *key == chosen).unwrap_or(0);
    let mut area = board.shelf("weight × value", Role::Value, LINE + height * rows as f64);
    board.scale(area, most);
    area.y += LINE;
    let columns = Columns::of(area.w);
    let Columns {
        label,
        weight,
        second,
        third,
        part,
    } = columns;
    let some = (rest.keys > 0).then_some(keys.len());
    headings(board, area, &columns, some);
    let mut partial = vec![0.0; z.len()];
    for (n, j) in keys.iter().copied().enumerate() {
        let (value, a) = (&values[j], weights[j]);
        let come = board.turn(n, rows, 0.05, 0.8);
        for (sum, v) in partial.iter_mut().zip(value) {
            *sum += a * v * come;
        }
        let y = area.y + n as f64 * height;
        let line = |x: f64, w: f64| Rect::new(x, y + 1.0, w, height - 2.0);
        let said = written(n, chosen, height, LINES);
        if said {
            let at = (area.x + label - 10.0, y + height / 2.0);
            let words = format!("{j} {}", board.character(j));
            board.text(at, words, Align::Right, Role::Faint);
        }
        board.cells(
            line(area.x + label, weight),
            &Strip::bars(&[a], Role::Attention)
                .looking(Look::Share)
                .within(1.0),
            |_| Some(Cell::new(Quantity::Pattern(place), &[head, token, j])),
            |_| Come::HERE,
        );
        if set.contains(&j) {
            board.frame(line(area.x + label, weight), Role::Ink, 1.0);
        }
        // Where it can be taken hold of.
        let (end, middle) = (
            area.x + label + weight * a.clamp(0.0, 1.0),
            y + height / 2.0,
        );
        let grip = height / 2.0 - 2.0;
        board.line(
            (end, middle - grip),
            (end, middle + grip),
            Role::Attention,
            2.0,
            1.0,
        );
        if said {
            let at = (area.x + second - 8.0, middle);
            board.text(at, format!("{a:.2}"), Align::Right, Role::Ink);
        }
        let strip = Strip::bars(value, Role::Value).within(most);
        let cell = |d| Some(Cell::new(Quantity::Value(place), &[j, head, d]));
        let x = area.x + second;
        board.cells(line(x, part), &strip, cell, |_| Come {
            share: 1.0,
            alpha: 0.9,
        });
        // The same, as much of it as the weight lets through.
        let share = 1.0 + (a - 1.0) * come;
        let strip = strip.within(most + (passes - most) * come);
        board.cells(
            line(area.x + third, part),
            &strip,
            |_| None,
            |_| Come {
                share,
                alpha: come * (0.5 + 0.5 * a.clamp(0.0, 1.0).sqrt()),
            },
        );
    }
    if rest.keys > 0 {
        let y = area.y + keys.len() as f64 * height;
        let come = board.turn(keys.len(), rows, 0.05, 0.8);
        for (sum, passing) in partial.iter_mut().zip(&rest.passing) {
            *sum += passing * come;
        }
        rest.row(
            board,
            Rect::new(area.x, y, area.w, height),
            &columns,
            (passes, come),
        );
    }
    let done = board.view.time >= 0.8;
    let numbers = if done { &z } else { &partial };
    let strip = Strip::bars(numbers, Role::Value).within(passes);
    let settled = board.phase(0.8, 0.9);
    let cell = |d| done.then(|| Cell::new(Quantity::Mixed(place), &[token, head, d]));
    let whole = board.shelf("= taken along, z", Role::Value, board.tall(SUM));
    board.say("= taken along, z", numbers);
    board.scale(whole, passes);
    // Under the numbers that it is the sum of.
    let under = Rect::new(whole.x + third, whole.y, part, whole.h);
    board.cells(under, &strip, cell, |_| Come {
        share: 1.0,
        alpha: 0.6 + 0.4 * settled,
    });
    let left = Rect {
        w: third - 18.0,
        ..whole
    };
    beside_the_sum(board, left, by_hand.as_ref());
    if done {
        board.frame(under, Role::Value, settled);
    }
    board.focus(Cell::new(Quantity::Mixed(place), &[token, head, 0]));
}

/// What the columns are, and of how many keys where not of all.
fn headings(board: &mut Board, area: Rect, columns: &Columns, some: Option<usize>) {
    let short = "value".to_string();
    let long = some.map(|keys| format!("value, {keys} largest weights"));
    let fits = |words: &String| words.chars().count() as f64 * LETTER <= columns.part;
    let values = long.filter(fits).unwrap_or(short);
    for (x, words, role) in [
        (columns.label, "weight", Role::Attention),
        (columns.second, values.as_str(), Role::Value),
        (columns.third, "what passes", Role::Value),
    ] {
        let at = (area.x + x, area.y - LINE / 2.0);
        board.text(at, words, Align::Left, role);
    }
}

/// At the left of the sum: how it came about, or what the reader did to it.
fn beside_the_sum(board: &mut Board, area: Rect, by_hand: Option<&ByHand>) {
    let sum = "what passes, each column summed".to_string();
    let lines = match by_hand {
        Some(by_hand) => {
            let others = by_hand.others();
            let words = ["framed: set by hand".into()].into_iter().chain(others);
            let mut lines: Vec<String> = words.collect();
            // As many as there is height for.
            if area.h < LINE * lines.len() as f64 {
                lines = vec![lines.join(", ")];
            }
            lines
        }
        None if board.is_narrow() => Vec::new(),
        None => vec![sum],
    };
    let first = area.centre().1 - LINE / 2.0 * (lines.len() as f64 - 1.0);
    for (n, words) in lines.into_iter().enumerate() {
        let at = (area.x + area.w, first + n as f64 * LINE);
        board.text(at, words, Align::Right, Role::Faint);
    }
}

/// The keys that have no row of their own, together.
struct Rest {
    keys: usize,
    weight: f64,
    passing: Vec<f64>,
}

impl Rest {
    fn of(drawn: &[usize], weights: &[f64], values: &[Vec<f64>]) -> Self {
        let mut rest = Rest {
            keys: 0,
            weight: 0.0,
            passing: vec![0.0; values.first().map_or(0, Vec::len)],
        };
        let rows = weights.iter().zip(values).enumerate();
        for (_, (a, value)) in rows.filter(|(j, _)| drawn.binary_search(j).is_err()) {
            rest.keys += 1;
            rest.weight += a;
            for (sum, v) in rest.passing.iter_mut().zip(value) {
                *sum += a * v;
            }
        }
        rest
    }

    /// Their row: it has no value of its own, and stands for no number of the pass.
    fn row(&self, board: &mut Board, area: Rect, columns: &Columns, (passes, come): (f64, f64)) {
        let middle = area.centre().1;
        let line = |x: f64, w: f64| Rect::new(area.x + x, area.y + 1.0, w, area.h - 2.0);
        let number = [self.weight];
        let weight = Strip::bars(&number, Role::Attention)
            .looking(Look::Share)
            .within(1.0);
        board.cells(
            line(columns.label, columns.weight),
            &weight,
            |_| None,
            |_| Come::HERE,
        );
        let at = (area.x + columns.second - 8.0, middle);
        board.text(at, format!("{:.2}", self.weight), Align::Right, Role::Ink);
        let long = format!("the other {} keys together", self.keys);
        let fits = long.chars().count() as f64 * LETTER <= columns.part;
        let words = match fits {
            true => long,
            false => format!("{} others", self.keys),
        };
        let at = (area.x + columns.second, middle);
        board.text(at, words, Align::Left, Role::Faint);
        board.say("the other keys together", &self.passing);
        let strip = Strip::bars(&self.passing, Role::Value).within(passes);
        board.cells(
            line(columns.third, columns.part),
            &strip,
            |_| None,
            |_| Come::grown(come),
        );
    }
}
