//! Forward passes that are looked at: a whole one, and one token more.

use crate::{
    counters::{self, Counters},
    measure::median,
};
use glassformer::protocol::Backend;
use harness::{Outcome, Page, in_browser};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A model that is looked into, with how long a text.
pub struct Look {
    preset: &'static str,
    kind: &'static str,
    backend: Backend,
    tokens: usize,
}

impl Look {
    pub fn name(&self) -> String {
        let Look {
            preset,
            kind,
            backend,
            ..
        } = self;
        format!("passes of {preset}, {kind}, on {}", backend.name())
    }
}

/// `glass` over half a block with every kind, `laptop` over a block.
pub fn looks(quick: bool) -> Vec<Look> {
    let look = |preset, kind, backend, tokens| Look {
        preset,
        kind,
        backend,
        tokens,
    };
    let kinds = ["standard", "head_gated", "adaptive_span", "additive"];
    let mut looks: Vec<Look> = kinds
        .into_iter()
        .map(|kind| look("glass", kind, Backend::Cpu, 32))
        .collect();
    looks.push(look("laptop", "standard", Backend::Cpu, 64));
    if !quick {
        looks.push(look("glass", "standard", Backend::Webgpu, 32));
        looks.push(look("laptop", "standard", Backend::Webgpu, 64));
    }
    looks
}

/// What a look takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Passes {
    pub preset: &'static str,
    pub kind: &'static str,
    pub backend: Backend,
    pub tokens: usize,
    /// Of the recorded numbers.
    pub trace_bytes: u64,
    /// A whole pass over the text, recorded, as the page gets it: medians by the page's clock.
    pub trace_ms: f64,
    /// One token more with its rows.
    pub token_traced_ms: f64,
    /// One token more, written by `generate`.
    pub token_written_ms: f64,
    /// Of one token more with its rows, early and late in the text.
    pub dispatches_early: f64,
    pub dispatches_late: f64,
}

#[derive(Deserialize)]
struct Timed {
    bytes: u64,
    whole: Vec<f64>,
    written: f64,
}

/// # Errors
/// When the page refuses, or has an uncaught error.
pub fn measure(look: &Look, text: &str) -> Outcome<Passes> {
    let setup = counters::counting(look.backend);
    let spec = json!({
        "preset": look.preset, "model": {"attention": {"kind": look.kind}},
        "corpus": {"text": text}, "backend": look.backend,
    });
    let sentence: String = text.chars().take(look.tokens).collect();
    let rounds = if look.backend == Backend::Cpu { 20 } else { 3 };
    let written = if look.backend == Backend::Cpu { 60 } else { 10 };
    in_browser(&setup, |page| {
        let Timed {
            bytes,
            whole,
            written,
        } = page.script(&format!(
            "await glassformer.newRun({spec});
             const text = {sentence};
             const first = await glassformer.trace(text);
             const bytes = first.names.reduce((sum, name) => sum + 4 * first.get(name).data.length, 0);
             const timed = async act => {{
                 const start = performance.now();
                 await act();
                 return performance.now() - start;
             }};
             const whole = [];
             for (let i = 0; i < {rounds}; i++) whole.push(await timed(() => glassformer.trace(text)));
             const write = tokens => glassformer.generate({{ prompt: text.slice(0, 2), tokens }});
             await write(3);
             const written = await timed(() => write({written})) / {written};
             return {{ bytes, whole, written }};",
            sentence = json!(sentence)
        ))?;
        // Once for the shaders, once for the clock.
        read_on(page, &sentence)?;
        let tokens = read_on(page, &sentence)?;
        let late = tokens.len() - 1;
        Ok(Passes {
            preset: look.preset,
            kind: look.kind,
            backend: look.backend,
            tokens: look.tokens,
            trace_bytes: bytes,
            trace_ms: median(whole),
            token_written_ms: written,
            dispatches_early: tokens[1].1,
            dispatches_late: tokens[late].1,
            token_traced_ms: median(tokens.into_iter().skip(1).map(|(ms, _)| ms).collect()),
        })
    })
}

/// Reads the text token by token: milliseconds and dispatches of each.
fn read_on(page: &mut Page, text: &str) -> Outcome<Vec<(f64, f64)>> {
    let mut all = Vec::new();
    for (n, character) in text.chars().enumerate() {
        let before = Counters::read(page)?.dispatches;
        let ms = page.script(&format!(
            "const start = performance.now();
             await glassformer.readOn({}, {{ fresh: {} }});
             return performance.now() - start;",
            json!(character.to_string()),
            n == 0
        ))?;
        all.push((ms, Counters::read(page)?.dispatches - before));
    }
    Ok(all)
}
