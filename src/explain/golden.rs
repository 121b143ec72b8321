//! Passes that the engine made, for tests: `tests/recomputed/README.md`.

use crate::trace::{About, Arrays, Entry, Trace};
use serde::Deserialize;

#[derive(Deserialize)]
struct Head {
    about: About,
    weights: Vec<Entry>,
}

/// A pass and its model's weights.
pub fn golden(bytes: &[u8]) -> (Trace, Arrays) {
    let end = bytes
        .iter()
        .position(|b| *b == b'\n')
        .expect("a first line");
    let head: Head = serde_json::from_slice(&bytes[..end]).expect("what it is of");
    let numbers = bytes[end + 1..].chunks_exact(4);
    let mut data: Vec<f32> = numbers
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    let lengths = head.about.entries.iter().map(|entry| entry.len());
    let length: usize = lengths.map(|n| n.expect("small")).sum();
    let weights = data.split_off(length);
    (
        Trace::new(head.about, data).expect("a trace"),
        Arrays::new(head.weights, weights).expect("weights"),
    )
}

/// One of each kind of attention, and those that were changed.
pub const ALL: [&[u8]; 9] = [
    include_bytes!("../../tests/recomputed/standard.pass"),
    include_bytes!("../../tests/recomputed/off-by-one.pass"),
    include_bytes!("../../tests/recomputed/bare.pass"),
    include_bytes!("../../tests/recomputed/head-gated.pass"),
    include_bytes!("../../tests/recomputed/adaptive-span.pass"),
    include_bytes!("../../tests/recomputed/additive.pass"),
    include_bytes!("../../tests/recomputed/poked.pass"),
    include_bytes!("../../tests/recomputed/poked-span.pass"),
    include_bytes!("../../tests/recomputed/poked-gate.pass"),
];
