//! Where one sees what an example promises: the weight on which a ready-made model's next character
//! hangs, found once in its own passes. `tests/models.rs` holds every row of it.

use crate::trace::Pass;

const GLOBAL: Option<Pass> = Some(Pass::Global);
const LOCAL: Option<Pass> = Some(Pass::Local);

/// A weight of the last token's look, and what comes of taking it away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Telling {
    pub layer: usize,
    /// Of which pass, where there are two.
    pub pass: Option<Pass>,
    pub head: usize,
    /// The token that gets it.
    pub key: usize,
    /// The character that is then less likely to come next: from so many percent down to so many.
    pub falls: (char, u8, u8),
}

/// Where a model's pass over an example shows it; `None` where no single weight does.
pub fn telling(model: &str, text: &str) -> Option<Telling> {
    let rows = TELLING.iter();
    let row = rows.filter(|row| (row.0, row.1) == (model, text));
    row.map(|row| row.2).next()
}

/// Block, pass, head, key, and what falls.
type Row = (&'static str, &'static str, Telling);

const fn row(
    model: &'static str,
    text: &'static str,
    (layer, pass, head, key): (usize, Option<Pass>, usize, usize),
    falls: (char, u8, u8),
) -> Row {
    let place = Telling {
        layer,
        pass,
        head,
        key,
        falls,
    };
    (model, text, place)
}

/// Every place that is known.
#[rustfmt::skip]
pub const TELLING: [Row; 29] = [
    row("glass-standard", "the big fluffy ", (1, None, 1, 6), ('d', 96, 48)),
    row("glass-standard", "some big fluffy dog", (0, None, 0, 15), ('s', 81, 15)),
    row("glass-standard", "stone<eno", (1, None, 3, 2), ('t', 96, 80)),
    row("glass-standard", "([]{<|", (1, None, 1, 4), ('>', 100, 84)),
    row("glass-head-gated", "the big fluffy ", (1, None, 2, 8), ('d', 87, 7)),
    row("glass-head-gated", "some big fluffy dog", (1, None, 1, 15), ('s', 98, 48)),
    row("glass-head-gated", "stone<eno", (1, None, 1, 1), ('t', 99, 4)),
    row("glass-adaptive-span", "the big fluffy ", (1, GLOBAL, 3, 6), ('d', 99, 97)),
    row("glass-adaptive-span", "some big fluffy dog", (1, GLOBAL, 3, 1), ('s', 99, 37)),
    row("glass-adaptive-span", "stone<eno", (1, GLOBAL, 0, 2), ('t', 100, 16)),
    row("glass-adaptive-span", "([]{<|", (0, LOCAL, 1, 4), ('>', 100, 61)),
    row("glass-additive", "the big fluffy ", (1, None, 3, 4), ('d', 100, 56)),
    row("glass-additive", "some big fluffy dog", (0, None, 0, 15), ('s', 92, 83)),
    row("facts-additive", "ann is not wet but bold. bold? ", (1, None, 0, 23), ('y', 98, 0)),
    row("facts-additive", "ned is not tall but shy. tall? ", (1, None, 2, 26), ('n', 100, 3)),
    row("addition-standard", "321+654=", (0, None, 0, 0), ('9', 100, 0)),
    row("addition-standard", "586+937=4", (0, None, 0, 1), ('2', 100, 0)),
    row("addition-standard", "999+100=0", (0, None, 2, 0), ('0', 100, 0)),
    row("addition-head-gated", "321+654=", (0, None, 0, 0), ('9', 100, 0)),
    row("addition-head-gated", "586+937=4", (0, None, 0, 5), ('2', 100, 0)),
    row("addition-head-gated", "999+100=0", (0, None, 2, 0), ('0', 100, 3)),
    row("addition-adaptive-span", "321+654=", (1, LOCAL, 1, 0), ('9', 100, 0)),
    row("addition-adaptive-span", "586+937=4", (1, LOCAL, 1, 1), ('2', 100, 0)),
    row("addition-adaptive-span", "999+100=0", (1, LOCAL, 1, 1), ('0', 100, 0)),
    row("addition-additive", "321+654=", (0, None, 3, 4), ('9', 100, 0)),
    row("addition-additive", "586+937=4", (0, None, 3, 1), ('2', 100, 0)),
    row("addition-additive", "999+100=0", (0, None, 3, 1), ('0', 100, 0)),
    row("prose-adaptive-span", "The mouse looked u", (1, LOCAL, 0, 14), ('p', 91, 73)),
    row("prose-adaptive-span", "he could not get u", (0, LOCAL, 1, 16), ('p', 86, 16)),
];
