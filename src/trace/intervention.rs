//! What a forward pass is asked to do otherwise than its weights say, and what it may not be asked.
//!
//! A change takes the place of the number itself, so that all that follows is computed from it, and
//! the trace shows it. No change can let a token see a later one: a cell above the diagonal does not
//! exist.

use crate::config::{Attention, Kind, ModelConfig, attention::Normaliser};
use serde::{Deserialize, Serialize};

/// Which of the two passes of `adaptive_span`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    Global,
    Local,
}

impl Pass {
    /// The name under which a trace has it.
    pub fn name(self) -> &'static str {
        match self {
            Pass::Global => "global",
            Pass::Local => "local",
        }
    }
}

/// What a block adds to the residual stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    Attn,
    Mlp,
}

/// One change of a forward pass. Layers, heads and positions count from 0; positions are those of
/// the trace, after what it left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Intervention {
    /// What a head adds is multiplied by `scale`: 0 switches it off.
    Head {
        layer: usize,
        head: usize,
        /// `adaptive_span`: in which pass; without it in both.
        #[serde(default)]
        pass: Option<Pass>,
        scale: f32,
    },
    /// A query's weight for one key.
    Cell {
        layer: usize,
        head: usize,
        #[serde(default)]
        pass: Option<Pass>,
        query: usize,
        key: usize,
        weight: f32,
        /// Whether the row's other weights shrink or grow alike, so that its sum stays.
        #[serde(default)]
        renormalise: bool,
    },
    /// All of a query's weights, one for each key up to itself.
    Row {
        layer: usize,
        head: usize,
        #[serde(default)]
        pass: Option<Pass>,
        query: usize,
        weights: Vec<f32>,
        /// Whether they are multiplied alike, so that the row's sum stays.
        #[serde(default)]
        renormalise: bool,
    },
    /// A block's attention or feed-forward adds nothing.
    Branch { layer: usize, branch: Branch },
    /// What came along the residual stream ends here, and only the branch goes on.
    Residual { layer: usize, branch: Branch },
    /// The token embedding at a position: C numbers.
    Embedding { position: usize, values: Vec<f32> },
    /// `adaptive_span`: the temperature of the local pass, at one position or at all.
    Temperature {
        layer: usize,
        #[serde(default)]
        position: Option<usize>,
        value: f32,
    },
    /// `adaptive_span`: the span in tokens, at one position or at all. Temperature and gain stay
    /// what the predictor makes them.
    Span {
        layer: usize,
        #[serde(default)]
        position: Option<usize>,
        tokens: f32,
    },
    /// `head_gated`: a head's gate, at one position or at all.
    Gate {
        layer: usize,
        head: usize,
        #[serde(default)]
        position: Option<usize>,
        value: f32,
    },
}

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InterventionError {
    #[error("there is no {what} {index}: {}", there_are(*.count))]
    Absent {
        what: &'static str,
        index: usize,
        count: usize,
    },
    #[error(
        "query {query} does not see key {key}: a token looks only at itself and at what stands \
         before it"
    )]
    Future { query: usize, key: usize },
    #[error(
        "{what} can be set only in a model with {} attention, and this one's is {}",
        .kind.name(), .found.name()
    )]
    OtherKind {
        what: &'static str,
        kind: Kind,
        found: Kind,
    },
    #[error("only adaptive_span attention has passes, and this model's is {}", .0.name())]
    NoPasses(Kind),
    #[error("adaptive_span attention has two patterns: say pass \"local\" or pass \"global\"")]
    WhichPass,
    #[error("{what} takes {expected} numbers, and these are {found}")]
    Length {
        what: &'static str,
        expected: usize,
        found: usize,
    },
    #[error("{what} is {value}, but it must be {bounds}")]
    OutOfBounds {
        what: &'static str,
        value: f32,
        bounds: &'static str,
    },
    #[error("a row of weights that are all 0 cannot be made to sum to anything")]
    Nothing,
}

fn there_are(count: usize) -> String {
    match count {
        0 => "there is none".into(),
        1 => "there is only 0".into(),
        _ => format!("they are 0 to {}", count - 1),
    }
}

type Checked = Result<(), InterventionError>;

impl Intervention {
    /// Whether it can be made in a pass of that model over `t` tokens.
    ///
    /// # Errors
    /// A layer, head, position or cell that does not exist, what the model's kind of attention does
    /// not have, or a number that is none or out of its bounds.
    pub fn check(&self, model: &ModelConfig, t: usize) -> Checked {
        let layer = |n: usize| within("layer", n, model.n_layer);
        let place = |position: &Option<usize>| match position {
            Some(position) => within("position", *position, t),
            None => Ok(()),
        };
        match self {
            Intervention::Head {
                layer: n,
                head,
                pass,
                scale,
            } => {
                layer(*n)?;
                within("head", *head, model.n_head)?;
                if pass.is_some() && model.attention.kind() != Kind::AdaptiveSpan {
                    return Err(InterventionError::NoPasses(model.attention.kind()));
                }
                finite("scale", *scale)
            }
            Intervention::Cell {
                layer: n,
                head,
                pass,
                query,
                key,
                weight,
                renormalise,
            } => {
                layer(*n)?;
                row(model, *head, *pass, *query, t)?;
                within("position", *key, t)?;
                if key > query {
                    return Err(InterventionError::Future {
                        query: *query,
                        key: *key,
                    });
                }
                let shares = model.attention.normaliser() == Normaliser::Softmax;
                match *renormalise && shares {
                    true => bounded("weight", *weight, 0.0..=1.0, "a share, 0 to 1"),
                    false => bounded("weight", *weight, 0.0..=1e6, "a weight, 0 to a million"),
                }
            }
            Intervention::Row {
                layer: n,
                head,
                pass,
                query,
                weights,
                renormalise,
            } => {
                layer(*n)?;
                row(model, *head, *pass, *query, t)?;
                length("a row of weights up to its query", query + 1, weights.len())?;
                for weight in weights {
                    bounded("weight", *weight, 0.0..=1e6, "a weight, 0 to a million")?;
                }
                match *renormalise && weights.iter().all(|w| *w == 0.0) {
                    true => Err(InterventionError::Nothing),
                    false => Ok(()),
                }
            }
            Intervention::Branch { layer: n, .. } | Intervention::Residual { layer: n, .. } => {
                layer(*n)
            }
            Intervention::Embedding { position, values } => {
                within("position", *position, t)?;
                length("an embedding", model.n_embd, values.len())?;
                values.iter().try_for_each(|x| finite("the embedding", *x))
            }
            Intervention::Temperature {
                layer: n,
                position,
                value,
            } => {
                layer(*n)?;
                of_kind("a temperature", Kind::AdaptiveSpan, model)?;
                place(position)?;
                bounded("temperature", *value, 0.01..=100.0, "0.01 to 100")
            }
            Intervention::Span {
                layer: n,
                position,
                tokens,
            } => {
                layer(*n)?;
                of_kind("a span", Kind::AdaptiveSpan, model)?;
                place(position)?;
                bounded("span", *tokens, 1.0..=65536.0, "1 token or more")
            }
            Intervention::Gate {
                layer: n,
                head,
                position,
                value,
            } => {
                layer(*n)?;
                of_kind("a gate", Kind::HeadGated, model)?;
                within("head", *head, model.n_head)?;
                place(position)?;
                finite("gate", *value)
            }
        }
    }
}

fn within(what: &'static str, index: usize, count: usize) -> Checked {
    match index < count {
        true => Ok(()),
        false => Err(InterventionError::Absent { what, index, count }),
    }
}

fn row(model: &ModelConfig, head: usize, pass: Option<Pass>, query: usize, t: usize) -> Checked {
    within("head", head, model.n_head)?;
    within("position", query, t)?;
    match (&model.attention, pass) {
        (Attention::AdaptiveSpan(_), None) => Err(InterventionError::WhichPass),
        (Attention::AdaptiveSpan(_), Some(_)) | (_, None) => Ok(()),
        (other, Some(_)) => Err(InterventionError::NoPasses(other.kind())),
    }
}

fn length(what: &'static str, expected: usize, found: usize) -> Checked {
    match expected == found {
        true => Ok(()),
        false => Err(InterventionError::Length {
            what,
            expected,
            found,
        }),
    }
}

fn of_kind(what: &'static str, kind: Kind, model: &ModelConfig) -> Checked {
    let found = model.attention.kind();
    match found == kind {
        true => Ok(()),
        false => Err(InterventionError::OtherKind { what, kind, found }),
    }
}

fn finite(what: &'static str, value: f32) -> Checked {
    bounded(what, value, -1e6..=1e6, "a number between -1e6 and 1e6")
}

fn bounded(
    what: &'static str,
    value: f32,
    range: std::ops::RangeInclusive<f32>,
    bounds: &'static str,
) -> Checked {
    // A NaN lies in no range.
    match range.contains(&value) {
        true => Ok(()),
        false => Err(InterventionError::OutOfBounds {
            what,
            value,
            bounds,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;
    use serde_json::json;

    fn refusal(kind: Kind, change: serde_json::Value) -> String {
        let mut model = RunConfig::default().model;
        model.attention = Attention::of(kind, Normaliser::default());
        let change: Intervention = serde_json::from_value(change).expect("well formed");
        let refused = change.check(&model, 8).expect_err("must be refused");
        refused.to_string()
    }

    #[test]
    fn what_does_not_exist_is_refused_by_its_name() {
        let standard = Kind::Standard;
        for (change, word) in [
            (
                json!({"change": "head", "layer": 2, "head": 0, "scale": 0}),
                "layer 2: they are 0 to 1",
            ),
            (
                json!({"change": "head", "layer": 0, "head": 4, "scale": 0}),
                "head 4",
            ),
            (
                json!({"change": "cell", "layer": 0, "head": 0, "query": 2, "key": 3, "weight": 0.5}),
                "query 2 does not see key 3",
            ),
            (
                json!({"change": "cell", "layer": 0, "head": 0, "query": 8, "key": 3, "weight": 0.5}),
                "position 8",
            ),
            (
                json!({"change": "row", "layer": 0, "head": 0, "query": 1, "weights": [1.0]}),
                "takes 2 numbers",
            ),
            (
                json!({"change": "row", "layer": 0, "head": 0, "query": 1, "weights": [0.0, 0.0], "renormalise": true}),
                "all 0",
            ),
            (
                json!({"change": "span", "layer": 0, "tokens": 3.0}),
                "adaptive_span",
            ),
            (
                json!({"change": "gate", "layer": 0, "head": 0, "value": 3.0}),
                "head_gated",
            ),
            (
                json!({"change": "head", "layer": 0, "head": 0, "scale": 0, "pass": "local"}),
                "passes",
            ),
            (
                json!({"change": "embedding", "position": 0, "values": [1.0]}),
                "takes 32 numbers",
            ),
        ] {
            let message = refusal(standard, change.clone());
            assert!(message.contains(word), "{change}: {message}");
        }
        let cell =
            json!({"change": "cell", "layer": 0, "head": 0, "query": 2, "key": 1, "weight": 0.5});
        assert!(refusal(Kind::AdaptiveSpan, cell).contains("two patterns"));
        let cold = json!({"change": "temperature", "layer": 0, "value": 0.0});
        assert!(refusal(Kind::AdaptiveSpan, cold).contains("0.01"));
    }

    #[test]
    fn an_unknown_option_is_no_change() {
        let change = json!({"change": "branch", "layer": 0, "branch": "attn", "scale": 1});
        assert!(serde_json::from_value::<Intervention>(change).is_err());
    }
}
