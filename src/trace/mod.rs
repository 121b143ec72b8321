//! The record of one forward pass: every number on the way from characters to logits, under
//! TransformerLens's hook names and others in their manner.
//!
//! One flat buffer with a list of names and shapes. There is no batch axis. T is the length of the
//! text, C the channels, H the heads, D = C / H, V the vocabulary, M the longest span; equations as
//! in the heads of `engine/attention/`.
//!
//! | name | shape | what it is |
//! |---|---|---|
//! | `hook_embed`, `hook_pos_embed` | `[T, C]` | rows of the two tables |
//! | `blocks.N.hook_resid_pre` | `[T, C]` | the stream into block N |
//! | `blocks.N.hook_attn_out` | `[T, C]` | what attention returns: E |
//! | `blocks.N.hook_resid_mid` | `[T, C]` | the stream between attention and feed-forward |
//! | `blocks.N.hook_mlp_out` | `[T, C]` | what the feed-forward returns |
//! | `blocks.N.hook_resid_post` | `[T, C]` | the stream out of block N |
//! | `blocks.N.ln1.hook_scale`, `ln2`, `ln_final` | `[T, 1]` | root of variance plus 1e-5 |
//! | `blocks.N.ln1.hook_normalized`, `ln2`, `ln_final` | `[T, C]` | stretch and shift included |
//! | `blocks.N.attn.hook_q`, `hook_k`, `hook_v` | `[T, H, D]` | q, k, v |
//! | `blocks.N.attn.hook_attn_scores` | `[H, T, T]` | S: scaled, biased, divided by the temperature; minus infinity in the future |
//! | `blocks.N.attn.hook_pattern` | `[H, T, T]` | A: before dropout and before the inverse gain |
//! | `blocks.N.attn.hook_z` | `[T, H, D]` | O: before a gate, after the inverse gain |
//! | `blocks.N.attn.hook_result` | `[T, H, C]` | a head's own share of E: through its slice of Wo, gate included |
//! | `blocks.N.attn.hook_gate_stats` | `[T, H, 3]` | `head_gated`: a (logit), r and d (share of the block) |
//! | `blocks.N.attn.hook_gate` | `[T, H]` | `head_gated`: g, a factor |
//! | `blocks.N.attn.global.*`, `local.*` | as above | `adaptive_span`: each pass; `hook_result` through its half of Wp too |
//! | `blocks.N.attn.global.hook_out`, `local.hook_out` | `[T, C]` | `adaptive_span`: G and L |
//! | `blocks.N.attn.hook_span_context` | `[T, C]` | `adaptive_span`: what the span is read from |
//! | `blocks.N.attn.hook_span_scale` | `[T]` | s, in (0, 1) |
//! | `blocks.N.attn.hook_span` | `[T]` | z, tokens |
//! | `blocks.N.attn.hook_temperature` | `[T]` | t, a divisor |
//! | `blocks.N.attn.hook_gain` | `[T]` | a factor; 1 where it is off |
//! | `blocks.N.attn.hook_window` | `[T, T]` | w, 0 to 1 |
//! | `blocks.N.attn.hook_rel_bias` | `[H, M]` | c, added to scores |
//! | `blocks.N.mlp.hook_pre`, `hook_post` | `[T, 4C]` | before and after the bend |
//! | `logits` | `[T, V]` | |
//! | `probabilities` | `[T, V]` | softmax of the logits |
//! | `logits_change` | `[T, V]` | of a changed pass: its logits less those of the clean pass |
//!
//! A pass may be asked to do something otherwise ([`Intervention`]); its trace then shows the pass as
//! it went, with every change in place. A pass may also be of the latest tokens alone, the earlier
//! ones' keys and values being kept: `[T, ...]` then begins at the first of them, `[.., T, T]` has
//! their rows over all keys.

mod error;
#[cfg(any(feature = "engine", feature = "page"))]
mod file;
mod intervention;

pub use error::TraceError;
pub use intervention::{Branch, Intervention, InterventionError, Pass};

use crate::config::ModelConfig;
use crate::protocol::Backend;
use serde::{Deserialize, Serialize};

/// Counts up when a reader of the old form would misread the new one.
pub const VERSION: u32 = 1;

/// Which of a kind's twins was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// The plain operations that the files under `engine/attention/` spell out.
    Readable,
}

/// What a trace is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub version: u32,
    /// The text that was read, one character a token.
    pub text: String,
    pub tokens: Vec<u32>,
    /// Characters left out at its beginning, where the text was longer than the block.
    pub cut: usize,
    /// The ordered characters; a token is an index into them.
    pub vocab: Vec<char>,
    pub model: ModelConfig,
    /// Steps that the model was trained.
    pub step: u32,
    pub path: Path,
    pub backend: Backend,
    /// What the pass was asked to do otherwise.
    #[serde(default)]
    pub interventions: Vec<Intervention>,
    /// Position of the first row: 0 for a whole pass.
    #[serde(default)]
    pub first: usize,
    /// Names and shapes, in the order of the buffer.
    pub entries: Vec<Entry>,
}

/// One array of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    pub shape: Vec<usize>,
}

impl Entry {
    /// Numbers in it; `None` when no memory could hold as many.
    pub fn len(&self) -> Option<usize> {
        let mut axes = self.shape.iter();
        axes.try_fold(1usize, |n, axis| n.checked_mul(*axis))
    }

    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}

/// Named arrays in one flat buffer: the weights that a trace's numbers were computed with, under
/// their checkpoint names.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrays {
    entries: Vec<Entry>,
    data: Vec<f32>,
}

/// A forward pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub about: About,
    data: Vec<f32>,
}

/// One array, looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Array<'a> {
    pub shape: &'a [usize],
    pub data: &'a [f32],
}

impl Array<'_> {
    /// The number at an index with one place for each axis; `None` outside.
    pub fn at(&self, index: &[usize]) -> Option<f32> {
        if index.len() != self.shape.len() {
            return None;
        }
        let places = index.iter().zip(self.shape);
        let place = places
            .into_iter()
            .try_fold(0, |place, (i, axis)| (i < axis).then_some(place * axis + i))?;
        self.data.get(place).copied()
    }
}

/// The forms that a trace is exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// NumPy's archive: `numpy.load` opens it.
    Npz,
    Safetensors,
    /// Minus infinity as null.
    Json,
}

impl Format {
    pub const ALL: [Format; 3] = [Format::Npz, Format::Safetensors, Format::Json];

    /// Its name, which is also the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Format::Npz => "npz",
            Format::Safetensors => "safetensors",
            Format::Json => "json",
        }
    }
}

impl Arrays {
    /// Arrays of their parts.
    ///
    /// # Errors
    /// A buffer that is not as long as the entries say, a name that comes twice.
    pub fn new(entries: Vec<Entry>, data: Vec<f32>) -> Result<Self, TraceError> {
        adds_up(&entries, data.len())?;
        Ok(Arrays { entries, data })
    }

    /// The names, in the order of the buffer.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The array of that name.
    pub fn get(&self, name: &str) -> Option<Array<'_>> {
        find(&self.entries, &self.data, name)
    }
}

impl Trace {
    /// A trace of its parts.
    ///
    /// # Errors
    /// [`TraceError::Version`], or a buffer that is not as long as the entries say, a name that
    /// comes twice.
    pub fn new(about: About, data: Vec<f32>) -> Result<Self, TraceError> {
        if about.version != VERSION {
            return Err(TraceError::Version {
                found: about.version,
            });
        }
        adds_up(&about.entries, data.len())?;
        Ok(Trace { about, data })
    }

    /// The names, in the order of the pass.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.about.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Every array, in the order of the pass.
    pub fn arrays(&self) -> impl Iterator<Item = (&str, Array<'_>)> {
        walk(&self.about.entries, &self.data)
    }

    /// The array of that name.
    pub fn get(&self, name: &str) -> Option<Array<'_>> {
        find(&self.about.entries, &self.data, name)
    }

    /// All numbers one after the other, as [`About::entries`] says.
    pub fn data(&self) -> &[f32] {
        &self.data
    }
}

/// Whether the entries have different names and are as long as the buffer together.
fn adds_up(entries: &[Entry], found: usize) -> Result<(), TraceError> {
    let mut names = std::collections::HashSet::new();
    let mut expected = 0usize;
    for entry in entries {
        let sum = entry.len().and_then(|n| expected.checked_add(n));
        expected = sum.ok_or_else(|| TraceError::Oversized {
            name: entry.name.clone(),
        })?;
        if !names.insert(entry.name.as_str()) {
            return Err(TraceError::Twice {
                name: entry.name.clone(),
            });
        }
    }
    match expected == found {
        true => Ok(()),
        false => Err(TraceError::Length { expected, found }),
    }
}

fn walk<'a>(
    entries: &'a [Entry],
    mut rest: &'a [f32],
) -> impl Iterator<Item = (&'a str, Array<'a>)> {
    entries.iter().map(move |entry| {
        // `adds_up` made sure of the lengths.
        let (data, tail) = rest.split_at(entry.len().unwrap_or(0).min(rest.len()));
        rest = tail;
        let shape = entry.shape.as_slice();
        (entry.name.as_str(), Array { shape, data })
    })
}

fn find<'a>(entries: &'a [Entry], data: &'a [f32], name: &str) -> Option<Array<'a>> {
    let found = walk(entries, data).find(|(other, _)| *other == name);
    found.map(|(_, array)| array)
}

#[cfg(all(test, feature = "engine"))]
mod tests;
