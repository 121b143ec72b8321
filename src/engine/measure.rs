//! What a kind of attention does over a text: recorded passes, summed up layer by layer.

use super::run::Run;
use super::train::no_text;
use crate::analysis::{Cells, Summary, entropy_bits, octaves};
use crate::protocol::Fault;
use serde::Serialize;
use std::collections::BTreeMap;

/// One block's attention over some windows of text.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Layer {
    /// Entropy of the rows of each pattern, in bits: over all heads and queries. By the pattern's
    /// name: `hook_pattern`, or `global.hook_pattern` and `local.hook_pattern`.
    pub entropy_bits: BTreeMap<String, Summary>,
    /// Sums of those rows.
    pub row_sum: BTreeMap<String, Summary>,
    /// `head_gated`: the gates, and how far they are from 1 in factors of two.
    pub gate: Option<Summary>,
    pub gate_octaves: Option<Summary>,
    /// `adaptive_span`: spans in tokens over all positions; their deviation within a text, which is
    /// what tells positions apart.
    pub span: Option<Summary>,
    pub span_deviation_within: Option<f64>,
    pub temperature: Option<Summary>,
    pub gain: Option<Summary>,
    pub cells: Option<Cells>,
}

/// Every block's attention over the first `count` whole windows of the validation text.
///
/// # Errors
/// When there is no text, or the device fails.
pub async fn measure(run: &Run, count: usize) -> Result<Vec<Layer>, Fault> {
    let text = run.text.as_ref().ok_or_else(no_text)?;
    let block_size = run.config.model.block_size;
    let mut seen = Seen::new();
    for window in text.dataset.val.chunks_exact(block_size).take(count) {
        let trace = run.trace_tokens(window, 0, &[]).await?;
        for (name, array) in trace.arrays() {
            if name.contains(".attn.") {
                let all = seen.entry(name.to_string()).or_default();
                all.extend_from_slice(array.data);
            }
        }
    }
    let layers = 0..run.config.model.n_layer;
    Ok(layers.map(|n| layer(n, block_size, &seen)).collect())
}

/// What was recorded under each name, window after window.
type Seen = BTreeMap<String, Vec<f32>>;

fn layer(n: usize, t: usize, seen: &Seen) -> Layer {
    let prefix = format!("blocks.{n}.attn.");
    let numbers = |name: &str| seen.get(&format!("{prefix}{name}"));
    let summary = |name: &str| Summary::of(numbers(name)?.iter().map(|x| f64::from(*x)));
    let mut layer = Layer {
        gate: summary("hook_gate"),
        gate_octaves: numbers("hook_gate")
            .and_then(|gates| Summary::of(gates.iter().map(|g| octaves(*g)))),
        span: summary("hook_span"),
        temperature: summary("hook_temperature"),
        gain: summary("hook_gain"),
        ..Layer::default()
    };
    for pattern in ["hook_pattern", "global.hook_pattern", "local.hook_pattern"] {
        let Some(cells) = numbers(pattern) else {
            continue;
        };
        let rows = cells.chunks_exact(t);
        let sums = rows
            .clone()
            .map(|row| row.iter().copied().map(f64::from).sum());
        layer
            .entropy_bits
            .extend(Summary::of(rows.map(entropy_bits)).map(|s| (pattern.into(), s)));
        layer
            .row_sum
            .extend(Summary::of(sums).map(|s| (pattern.into(), s)));
    }
    layer.span_deviation_within = numbers("hook_span").and_then(|spans| {
        let texts = spans.chunks_exact(t);
        let each = texts.filter_map(|text| Summary::of(text.iter().map(|z| f64::from(*z))));
        Some(Summary::of(each.map(|s| s.deviation).collect::<Vec<_>>().into_iter())?.mean)
    });
    layer.cells = numbers("hook_window").map(|windows| {
        let each = windows
            .chunks_exact(t * t)
            .map(|window| Cells::of(window, t));
        each.fold(Cells::default(), Cells::plus)
    });
    layer
}
