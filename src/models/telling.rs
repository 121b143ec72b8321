//! Where one sees what an example promises: the weight, or the head, on which a ready-made model's next
//! character hangs, found once in its own passes. `tests/models.rs` holds every row of it.
//!
//! A weight that is taken away leaves its share to the others of its row, and these can mislead where it
//! told nothing. So a weight counts only if the guess also falls when nobody gets its share, and when the
//! whole head is off; otherwise the head is named on which most hangs, and none where none matters.

use crate::trace::{Intervention, Pass};

const GLOBAL: Option<Pass> = Some(Pass::Global);
const LOCAL: Option<Pass> = Some(Pass::Local);

/// What to take away from a pass over an example, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Telling {
    pub layer: usize,
    /// Of which pass, where there are two and a weight is taken.
    pub pass: Option<Pass>,
    pub head: usize,
    pub taken: Taken,
    /// The character that is then less likely to come next: from so many percent down to so many, to a
    /// tenth.
    pub falls: (char, f32, f32),
}

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The largest weight of the last token's look, which this token gets.
    Weight { key: usize },
    /// The head, where no single weight tells.
    Head,
}

impl Telling {
    /// The change that takes it away, in a pass over so many tokens.
    pub fn change(&self, tokens: usize) -> Intervention {
        let Telling {
            layer, pass, head, ..
        } = *self;
        match self.taken {
            Taken::Weight { key } => Intervention::Cell {
                layer,
                head,
                pass,
                query: tokens.saturating_sub(1),
                key,
                weight: 0.0,
                renormalise: true,
            },
            Taken::Head => Intervention::Head {
                layer,
                head,
                pass,
                scale: 0.0,
            },
        }
    }
}

/// Where a model's pass over an example shows it; `None` where nothing does.
pub fn telling(model: &str, text: &str) -> Option<Telling> {
    let rows = TELLING.iter();
    let row = rows.filter(|row| (row.0, row.1) == (model, text));
    row.map(|row| row.2).next()
}

/// A model, an example of what it learned, and where it shows.
pub type Row = (&'static str, &'static str, Telling);

/// Block, pass, head, key, and what falls.
const fn row(
    model: &'static str,
    text: &'static str,
    (layer, pass, head, key): (usize, Option<Pass>, usize, usize),
    falls: (char, f32, f32),
) -> Row {
    let telling = Telling {
        layer,
        pass,
        head,
        taken: Taken::Weight { key },
        falls,
    };
    (model, text, telling)
}

/// Block, head, and what falls without it.
const fn head(
    model: &'static str,
    text: &'static str,
    (layer, head): (usize, usize),
    falls: (char, f32, f32),
) -> Row {
    let telling = Telling {
        layer,
        pass: None,
        head,
        taken: Taken::Head,
        falls,
    };
    (model, text, telling)
}

/// Every place that is known. Where a model does not know what comes next there is none.
#[rustfmt::skip]
pub const TELLING: [Row; 31] = [
    row("glass-standard", "the big fluffy ", (1, None, 1, 6), ('d', 96.2, 48.2)),
    head("glass-standard", "some big fluffy dog", (1, 1), ('s', 81.0, 16.6)),
    row("glass-standard", "stone<eno", (1, None, 3, 2), ('t', 96.4, 79.6)),
    head("glass-head-gated", "the big fluffy ", (1, 3), ('d', 87.3, 1.3)),
    row("glass-head-gated", "some big fluffy dog", (0, None, 0, 15), ('s', 97.8, 67.5)),
    row("glass-head-gated", "stone<eno", (1, None, 1, 1), ('t', 99.4, 3.7)),
    head("glass-head-gated", "([]{<|", (0, 0), ('>', 99.8, 0.4)),
    head("glass-adaptive-span", "the big fluffy ", (0, 1), ('d', 99.2, 3.5)),
    row("glass-adaptive-span", "some big fluffy dog", (1, GLOBAL, 3, 1), ('s', 98.8, 37.3)),
    row("glass-adaptive-span", "stone<eno", (1, GLOBAL, 0, 2), ('t', 99.6, 15.5)),
    head("glass-adaptive-span", "([]{<|", (0, 2), ('>', 99.9, 62.7)),
    row("glass-additive", "the big fluffy ", (1, None, 3, 4), ('d', 99.5, 55.8)),
    head("glass-additive", "some big fluffy dog", (1, 1), ('s', 92.4, 39.3)),
    head("glass-additive", "([]{<|", (0, 0), ('>', 99.8, 0.1)),
    row("facts-additive", "ann is not wet but bold. bold? ", (1, None, 0, 23), ('y', 97.8, 0.1)),
    row("facts-additive", "ned is not tall but shy. tall? ", (0, None, 2, 29), ('n', 99.7, 0.0)),
    head("facts-additive", "the pet of gus is a ", (0, 1), ('d', 99.9, 11.2)),
    row("addition-standard", "321+654=", (0, None, 0, 0), ('9', 100.0, 0.0)),
    row("addition-standard", "586+937=4", (0, None, 0, 1), ('2', 99.9, 0.0)),
    row("addition-standard", "999+100=0", (0, None, 0, 1), ('0', 99.9, 0.0)),
    row("addition-head-gated", "321+654=", (0, None, 0, 0), ('9', 99.9, 0.0)),
    row("addition-head-gated", "586+937=4", (0, None, 0, 5), ('2', 99.8, 0.0)),
    row("addition-head-gated", "999+100=0", (0, None, 0, 1), ('0', 99.6, 0.0)),
    row("addition-adaptive-span", "321+654=", (1, LOCAL, 1, 0), ('9', 99.8, 0.0)),
    row("addition-adaptive-span", "586+937=4", (1, LOCAL, 1, 1), ('2', 99.8, 0.0)),
    row("addition-adaptive-span", "999+100=0", (1, LOCAL, 1, 1), ('0', 99.7, 0.0)),
    row("addition-additive", "586+937=4", (0, None, 3, 1), ('2', 99.9, 0.0)),
    row("addition-additive", "999+100=0", (0, None, 3, 1), ('0', 99.9, 0.0)),
    head("prose-adaptive-span", "The mouse looked u", (0, 2), ('p', 91.2, 30.0)),
    head("prose-adaptive-span", "he could not get u", (0, 3), ('p', 86.1, 61.0)),
    head("prose-additive", "The mouse looked u", (0, 3), ('p', 40.3, 5.1)),
];
