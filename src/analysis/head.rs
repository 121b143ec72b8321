//! Heads by name, and what a trace has of each: its contribution and its pattern.

use super::AnalysisError;
use crate::config::{Kind, ModelConfig};
use crate::trace::{Array, Arrays, Pass, Trace};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// One head of the model. `adaptive_span` has two of each number, one in each pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Head {
    pub layer: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
    pub head: usize,
}

impl Head {
    /// All of a block, in the order of the pass: H, or H global and H local ones.
    pub fn of_layer(model: &ModelConfig, layer: usize) -> Vec<Head> {
        let passes: &[Option<Pass>] = match model.attention.kind() {
            Kind::AdaptiveSpan => &[Some(Pass::Global), Some(Pass::Local)],
            Kind::Standard | Kind::HeadGated | Kind::Additive => &[None],
        };
        let heads = passes.iter().flat_map(|pass| {
            (0..model.n_head).map(move |head| Head {
                layer,
                pass: *pass,
                head,
            })
        });
        heads.collect()
    }

    /// All of the model, block by block.
    pub fn all(model: &ModelConfig) -> Vec<Head> {
        let layers = 0..model.n_layer;
        layers
            .flat_map(|layer| Head::of_layer(model, layer))
            .collect()
    }

    /// The full name of one of its hooks.
    fn hook(&self, name: &str) -> String {
        match self.pass {
            Some(pass) => format!("blocks.{}.attn.{}.{name}", self.layer, pass.name()),
            None => format!("blocks.{}.attn.{name}", self.layer),
        }
    }

    /// E~_h, what it adds to each token: row t of the answer is `[C]`.
    ///
    /// # Errors
    /// A trace without `hook_result` for it.
    pub fn contributions<'a>(&self, trace: &'a Trace) -> Result<Vec<&'a [f32]>, AnalysisError> {
        let name = self.hook("hook_result");
        let Array { shape, data } = recorded(trace, &name)?;
        match *shape {
            [_, heads, c] if self.head < heads => {
                let tokens = data.chunks_exact((heads * c).max(1));
                Ok(tokens.map(|token| &token[self.head * c..][..c]).collect())
            }
            _ => Err(unshaped(name, "[T, H, C]", shape)),
        }
    }

    /// A, how it looks.
    ///
    /// # Errors
    /// A trace without `hook_pattern` for it.
    pub fn pattern<'a>(&self, trace: &'a Trace) -> Result<Pattern<'a>, AnalysisError> {
        let name = self.hook("hook_pattern");
        let Array { shape, data } = recorded(trace, &name)?;
        match *shape {
            [heads, queries, keys] if self.head < heads && trace.about.first + queries == keys => {
                let n = queries * keys;
                Ok(Pattern {
                    first: trace.about.first,
                    keys,
                    cells: &data[self.head * n..][..n],
                })
            }
            _ => Err(unshaped(name, "[H, T, S]", shape)),
        }
    }
}

/// One head's weights: a row for each query, over the keys up to it.
#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a> {
    /// Position of the first query.
    first: usize,
    keys: usize,
    cells: &'a [f32],
}

impl<'a> Pattern<'a> {
    /// Each query's position with its weights for the keys from 0 up to itself.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &'a [f32])> + Clone + use<'a> {
        let rows = self.cells.chunks_exact(self.keys.max(1));
        let queries = rows.zip(self.first..);
        queries.map(|(row, query)| (query, &row[..=query]))
    }
}

/// The array of that name.
pub fn recorded<'a>(trace: &'a Trace, name: &str) -> Result<Array<'a>, AnalysisError> {
    trace
        .get(name)
        .ok_or_else(|| AnalysisError::Missing(name.into()))
}

/// Rows of an array `[T, n]`.
pub fn rows<'a>(trace: &'a Trace, name: &str) -> Result<Vec<&'a [f32]>, AnalysisError> {
    let Array { shape, data } = recorded(trace, name)?;
    match *shape {
        [_, n] => Ok(data.chunks_exact(n.max(1)).collect()),
        _ => Err(unshaped(name.into(), "[T, n]", shape)),
    }
}

/// The weight of that name.
pub fn weight<'a>(weights: &'a Arrays, name: &str) -> Result<Array<'a>, AnalysisError> {
    weights
        .get(name)
        .ok_or_else(|| AnalysisError::Missing(name.into()))
}

pub fn unshaped(name: String, expected: &'static str, found: &[usize]) -> AnalysisError {
    AnalysisError::Shape {
        name,
        expected,
        found: found.to_vec(),
    }
}

/// Positions that the trace has.
pub fn positions(trace: &Trace) -> Range<usize> {
    let first = trace.about.first;
    // The tokens of a partial pass are all that it has read; its rows are the latest of them.
    let last = match trace.get("logits").map(|logits| logits.shape) {
        Some([rows, ..]) => first + rows,
        _ => first,
    };
    first..last
}

/// That one position, or all.
///
/// # Errors
/// A position that the trace does not have.
pub fn chosen(trace: &Trace, position: Option<usize>) -> Result<Range<usize>, AnalysisError> {
    let all = positions(trace);
    match position {
        None => Ok(all),
        Some(position) if all.contains(&position) => Ok(position..position + 1),
        Some(position) => Err(AnalysisError::Position {
            position,
            first: all.start,
            last: all.end.saturating_sub(1),
        }),
    }
}

/// The token of that character.
///
/// # Errors
/// A character outside the vocabulary.
pub fn token(trace: &Trace, character: char) -> Result<usize, AnalysisError> {
    let vocab = &trace.about.vocab;
    let found = vocab.iter().position(|c| *c == character);
    found.ok_or(AnalysisError::Character(character))
}

/// The character of that token; the replacement character where there is none.
pub fn character(trace: &Trace, token: usize) -> char {
    let vocab = &trace.about.vocab;
    vocab
        .get(token)
        .copied()
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}
