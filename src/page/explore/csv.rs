//! Numbers as a table that any spreadsheet opens: a line for each row, what it is of in front of it.

use super::characters::{counts_characters, of_text, of_vocabulary};
use super::scene::Row;
use crate::explain::{Quantity, Shape, Source};
use crate::page::link::names::find_quantity;
use crate::trace::Array;

/// What an axis counts, and how its places are called.
#[derive(Clone, Copy)]
enum Axis {
    Token(&'static str),
    Character,
    Count(&'static str),
}

impl Axis {
    fn name(self) -> &'static str {
        match self {
            Axis::Token(name) | Axis::Count(name) => name,
            Axis::Character => "character",
        }
    }

    fn place(self, source: &Source, n: usize) -> String {
        match self {
            Axis::Token(_) => format!("{n} {}", of_text(source, n)),
            Axis::Character => format!("{n} {}", of_vocabulary(source, n)),
            Axis::Count(_) => n.to_string(),
        }
    }
}

/// What the first column's name has behind it in a pass that is not the model's own.
const CHANGED: &str = " (of a pass changed by hand)";

fn said_of(changed: bool) -> &'static str {
    match changed {
        true => CHANGED,
        false => "",
    }
}

/// The numbers that a scene shows.
pub fn of_rows(rows: &[Row], changed: bool) -> String {
    let longest = rows.iter().map(|row| row.numbers.len()).max().unwrap_or(0);
    let mut text = String::new();
    let head = (0..longest).map(|n| n.to_string());
    line(
        &mut text,
        std::iter::once(format!("row{}", said_of(changed))).chain(head),
    );
    for row in rows {
        let numbers = row.numbers.iter().map(|x| number(*x));
        line(&mut text, std::iter::once(row.label.clone()).chain(numbers));
    }
    text
}

/// An array of the pass, or of the weights, by its name: the last axis goes to the right, the others
/// stand in front of each line.
pub fn of_array(source: &Source, name: &str, array: Array) -> String {
    let axes = axes(source, name, array.shape.len());
    let Some((last, lead)) = axes.split_last() else {
        return String::new();
    };
    let mut text = String::new();
    // A change is of the pass; the weights are the same.
    let of_pass = source.trace.get(name).is_some();
    let said = said_of(of_pass && !source.trace.about.interventions.is_empty());
    let names = lead.iter().enumerate().map(|(n, axis)| match n {
        0 => format!("{}{said}", axis.name()),
        _ => axis.name().into(),
    });
    let width = array.shape.last().copied().unwrap_or(0);
    match lead.is_empty() {
        // A line of numbers is easier to read down than across.
        true => {
            line(
                &mut text,
                [format!("{}{said}", last.name()), "value".into()],
            );
            for (n, x) in array.data.iter().enumerate() {
                line(&mut text, [last.place(source, n), x.to_string()]);
            }
        }
        false => {
            line(
                &mut text,
                names.chain((0..width).map(|n| last.place(source, n))),
            );
            for (n, row) in array.data.chunks_exact(width.max(1)).enumerate() {
                let places = places(n, &array.shape[..lead.len()]);
                let places = lead
                    .iter()
                    .zip(places)
                    .map(|(axis, n)| axis.place(source, n));
                line(&mut text, places.chain(row.iter().map(f32::to_string)));
            }
        }
    }
    text
}

/// The n-th row's place on each of the axes before the last.
fn places(mut n: usize, axes: &[usize]) -> Vec<usize> {
    let mut places: Vec<usize> = axes
        .iter()
        .rev()
        .map(|axis| {
            let place = n % axis.max(&1);
            n /= axis.max(&1);
            place
        })
        .collect();
    places.reverse();
    places
}

fn axes(source: &Source, name: &str, rank: usize) -> Vec<Axis> {
    let quantity = find_quantity(name, source.model().n_layer);
    match quantity.filter(|quantity| quantity.shape().rank() == rank) {
        Some(quantity) => of_quantity(quantity),
        None => of_weights(name, rank),
    }
}

fn of_quantity(quantity: Quantity) -> Vec<Axis> {
    let (token, query, key) = (
        Axis::Token("token"),
        Axis::Token("query"),
        Axis::Token("key"),
    );
    let head = Axis::Count("head");
    match quantity.shape() {
        Shape::T => vec![token],
        Shape::TC if counts_characters(quantity) => vec![token, Axis::Character],
        Shape::TC => vec![token, Axis::Count("channel")],
        Shape::TH => vec![token, head],
        Shape::THD => vec![token, head, Axis::Count("number")],
        Shape::HTT => vec![head, query, key],
        Shape::TT => vec![query, key],
        Shape::HM => vec![head, Axis::Count("distance")],
    }
}

/// Rows of weights make one number each; those of the two tables stand for characters.
fn of_weights(name: &str, rank: usize) -> Vec<Axis> {
    let rows = match name {
        "transformer.wte.weight" | "lm_head.weight" => Axis::Character,
        _ => Axis::Count("row"),
    };
    let columns = vec![Axis::Count("column"); rank.saturating_sub(1)];
    std::iter::once(rows).chain(columns).take(rank).collect()
}

/// As few digits as say it exactly: what the model has is single precision.
fn number(x: f64) -> String {
    let short = x as f32;
    match f64::from(short) == x {
        true => short.to_string(),
        false => x.to_string(),
    }
}

fn line(text: &mut String, fields: impl IntoIterator<Item = String>) {
    for (n, field) in fields.into_iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&quoted(field));
    }
    text.push_str("\r\n");
}

/// A field with a sign in it that means something to the table stands in quotation marks.
fn quoted(field: String) -> String {
    match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::golden::{ALL, golden};
    use crate::protocol::Sampling;
    use crate::trace::{Branch, Intervention};

    /// A reader of its own, written from the format's description: quotation marks are doubled.
    fn read(text: &str) -> Vec<Vec<String>> {
        let mut rows = vec![vec![String::new()]];
        let (mut inside, mut characters) = (false, text.chars().peekable());
        while let Some(c) = characters.next() {
            let row = rows.last_mut().expect("a row");
            let field = row.last_mut().expect("a field");
            match c {
                '"' if inside && characters.peek() == Some(&'"') => {
                    field.push('"');
                    characters.next();
                }
                '"' => inside = !inside,
                ',' if !inside => row.push(String::new()),
                '\r' if !inside => {}
                '\n' if !inside => rows.push(vec![String::new()]),
                other => field.push(other),
            }
        }
        assert_eq!(
            rows.pop(),
            Some(vec![String::new()]),
            "it ends with its last line"
        );
        rows
    }

    #[test]
    fn every_array_of_every_kind_comes_back_number_by_number() {
        for bytes in ALL {
            let (trace, weights) = golden(bytes);
            let source = Source {
                trace: &trace,
                weights: Some(&weights),
                sampling: Sampling::default(),
            };
            let named = weights
                .names()
                .filter_map(|name| Some((name, weights.get(name)?)));
            for (name, array) in trace.arrays().chain(named) {
                let rows = read(&of_array(&source, name, array));
                let lead = array.shape.len().max(2) - 1;
                let width = rows[0].len();
                assert!(rows.iter().all(|row| row.len() == width), "{name}");
                let numbers = rows[1..].iter().flat_map(|row| &row[lead..]);
                let numbers: Vec<f32> = numbers.map(|x| x.parse().expect("a number")).collect();
                assert_eq!(numbers, array.data, "{name}");
            }
        }
    }

    #[test]
    fn a_pattern_says_whose_numbers_they_are() {
        let (trace, _) = golden(ALL[0]);
        let source = Source {
            trace: &trace,
            weights: None,
            sampling: Sampling::default(),
        };
        let name = "blocks.0.attn.hook_attn_scores";
        let array = trace.get(name).expect("scores");
        let rows = read(&of_array(&source, name, array));
        let tokens = trace.about.tokens.len();
        let first = trace.about.text.chars().next().expect("a character");
        assert_eq!(rows[0][..2], ["head", "query"]);
        assert_eq!(
            rows[0][2],
            format!("0 {}", crate::page::explore::characters::visible(first))
        );
        // The second head's first query sees itself and not the next.
        let row = &rows[1 + tokens];
        assert_eq!(
            (row[0].as_str(), row[1].split(' ').next()),
            ("1", Some("0"))
        );
        assert_ne!(row[2], "-inf");
        // Of a changed pass it says so, and of the weights, which are the same, it does not.
        let (mut trace, weights) = golden(ALL[0]);
        trace.about.interventions = vec![Intervention::Branch {
            layer: 0,
            branch: Branch::Mlp,
        }];
        let source = Source {
            trace: &trace,
            weights: Some(&weights),
            sampling: Sampling::default(),
        };
        let first = |name: &str| {
            let array = trace.get(name).or_else(|| weights.get(name));
            let rows = read(&of_array(&source, name, array.expect("an array")));
            rows[0][0].clone()
        };
        assert_eq!(first(name), "head (of a pass changed by hand)");
        let of_weights = weights.names().next().expect("weights");
        assert!(!first(of_weights).contains("changed"), "{of_weights}");
        assert_eq!(row[3], "-inf");
    }

    #[test]
    fn what_a_scene_shows_keeps_its_labels() {
        let rows = [
            Row {
                label: "certainty of \",\"".into(),
                numbers: vec![f64::from(0.1_f32), 1.0 / 3.0],
            },
            Row {
                label: "none".into(),
                numbers: Vec::new(),
            },
        ];
        let read = read(&of_rows(&rows, false));
        assert_eq!(read[0], ["row", "0", "1"]);
        assert_eq!(read[1], ["certainty of \",\"", "0.1", "0.3333333333333333"]);
        assert_eq!(read[2], ["none"]);
        assert!(of_rows(&rows, true).starts_with("row (of a pass changed by hand),0,1"));
    }
}
