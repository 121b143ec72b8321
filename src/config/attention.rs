//! The attention kinds and their options: one variant, one struct of options, one file under
//! `engine/attention/`.

use super::ConfigError;
use serde::{Deserialize, Serialize};

/// The kinds by name, without their options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Standard,
    HeadGated,
    AdaptiveSpan,
    Additive,
}

impl Kind {
    pub const ALL: [Kind; 4] = [
        Kind::Standard,
        Kind::HeadGated,
        Kind::AdaptiveSpan,
        Kind::Additive,
    ];

    /// The name used in scripting, on the command line and in checkpoints.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Standard => "standard",
            Kind::HeadGated => "head_gated",
            Kind::AdaptiveSpan => "adaptive_span",
            Kind::Additive => "additive",
        }
    }

    /// The name for a chooser.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::Standard => "Standard",
            Kind::HeadGated => "Head-gated",
            Kind::AdaptiveSpan => "Adaptive span",
            Kind::Additive => "Additive",
        }
    }

    /// One line for the chooser.
    pub const fn help(self) -> &'static str {
        match self {
            Kind::Standard => "Each query meets its own and each earlier key in a dot product.",
            Kind::HeadGated => {
                "Each head is turned up or down by where it looks, how widely and how strongly."
            }
            Kind::AdaptiveSpan => {
                "A pass over everything decides how far back a second, sharper pass may look."
            }
            Kind::Additive => {
                "Query and key are added and bent before they are scored, not multiplied."
            }
        }
    }
}

/// How one token looks at the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// Scaled dot product, causal softmax (seeds 002 and 003).
    Standard(Standard),
    /// A gate per head and query, from the shape of its attention row (seed 000).
    HeadGated(HeadGated),
    /// A global pass guides a local pass with a span per position (seed 004).
    AdaptiveSpan(AdaptiveSpan),
    /// v . tanh(q + k) (seed 002; Bahdanau and others 2014).
    Additive(Additive),
}

impl Default for Attention {
    fn default() -> Self {
        Attention::of(Kind::Standard, Normaliser::default())
    }
}

impl Attention {
    /// The kind with its default options.
    pub fn of(kind: Kind, normaliser: Normaliser) -> Self {
        match kind {
            Kind::Standard => Attention::Standard(Standard { normaliser }),
            Kind::HeadGated => Attention::HeadGated(HeadGated {
                normaliser,
                ..HeadGated::default()
            }),
            Kind::AdaptiveSpan => Attention::AdaptiveSpan(AdaptiveSpan {
                normaliser,
                ..AdaptiveSpan::default()
            }),
            Kind::Additive => Attention::Additive(Additive { normaliser }),
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Attention::Standard(_) => Kind::Standard,
            Attention::HeadGated(_) => Kind::HeadGated,
            Attention::AdaptiveSpan(_) => Kind::AdaptiveSpan,
            Attention::Additive(_) => Kind::Additive,
        }
    }

    /// What no head is multiplied by more than; 1 where heads have no gates.
    pub fn most_of_a_gate(&self) -> f32 {
        match self {
            Attention::HeadGated(options) => match options.gate_form {
                GateForm::TwoSigmoid => 2.0,
                GateForm::LogSymmetric => 4.0,
            },
            Attention::Standard(_) | Attention::AdaptiveSpan(_) | Attention::Additive(_) => 1.0,
        }
    }

    pub fn normaliser(&self) -> Normaliser {
        match self {
            Attention::Standard(options) => options.normaliser,
            Attention::HeadGated(options) => options.normaliser,
            Attention::AdaptiveSpan(options) => options.normaliser,
            Attention::Additive(options) => options.normaliser,
        }
    }

    pub fn normaliser_mut(&mut self) -> &mut Normaliser {
        match self {
            Attention::Standard(options) => &mut options.normaliser,
            Attention::HeadGated(options) => &mut options.normaliser,
            Attention::AdaptiveSpan(options) => &mut options.normaliser,
            Attention::Additive(options) => &mut options.normaliser,
        }
    }
}

/// What makes weights of scores (seed 001, "no summation to 1"; the sigmoid with its shift by the
/// number of keys: Ramapuram and others 2024, arXiv 2409.04431).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Normaliser {
    /// exp S / sum exp S: a row sums to 1.
    #[default]
    Softmax,
    /// exp S / (1 + sum exp S): a head may look nowhere.
    OffByOne,
    /// 1 / (1 + exp(-S + ln(i + 1))): each cell by itself.
    Sigmoid,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Standard {
    pub normaliser: Normaliser,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct HeadGated {
    pub normaliser: Normaliser,
    pub gate_norm: GateNorm,
    pub gate_form: GateForm,
}

/// What the gate sees of a head's statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum GateNorm {
    /// LayerNorm over the heads, so that a head is compared with the others; with fewer than three
    /// heads nothing would be left of them, and they stay raw.
    #[default]
    Heads,
    /// As measured.
    None,
}

/// The last step from the gate's logit z to its factor; both are 1 at z = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum GateForm {
    /// 2 / (1 + exp(-z)), in (0, 2).
    #[default]
    TwoSigmoid,
    /// exp(ln 4 tanh z), in (1/4, 4).
    LogSymmetric,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveSpan {
    pub normaliser: Normaliser,
    /// Longest span in tokens; `None` is the whole block.
    pub max_span: Option<usize>,
    /// Distances that have a learned bias of their own; `None` is the whole block.
    pub max_rel_dist: Option<usize>,
    /// R, tokens over which the window fades out.
    pub ramp: f32,
    /// Strength of the sharpening.
    pub alpha: f32,
    pub sharpen: Sharpen,
    pub span_from: SpanFrom,
    /// Whether the local pattern is multiplied by the inverse of the span.
    pub inverse_gain: bool,
    /// Largest such factor.
    pub gain_max: f32,
    /// Weight of the mean span, as a share of the longest, in the training objective.
    pub span_penalty: f32,
}

impl Default for AdaptiveSpan {
    fn default() -> Self {
        AdaptiveSpan {
            normaliser: Normaliser::default(),
            max_span: None,
            max_rel_dist: None,
            ramp: 4.0,
            alpha: 0.5,
            sharpen: Sharpen::default(),
            span_from: SpanFrom::default(),
            inverse_gain: false,
            gain_max: 4.0,
            span_penalty: 0.0003,
        }
    }
}

impl AdaptiveSpan {
    /// M, the longest span in tokens: the least of `max_span`, `max_rel_dist` and the block.
    pub fn longest(&self, block_size: usize) -> usize {
        let limits = [self.max_span, self.max_rel_dist];
        let shortest = limits.into_iter().flatten().min();
        shortest.map_or(block_size, |limit| limit.min(block_size))
    }
}

/// Which way the span moves the temperature of the local pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Sharpen {
    /// 1 - alpha (1 - s): a short span looks sharply (the words of seed 004).
    #[default]
    Short,
    /// 1 - alpha s: a long span looks sharply (the formula in the same seed's listing).
    Long,
    /// 1.
    Off,
}

/// What the span of a position is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum SpanFrom {
    /// The mean of the global pass over all positions so far.
    #[default]
    RunningMean,
    /// The global pass at the position itself.
    Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Additive {
    pub normaliser: Normaliser,
}

/// Most bytes that one tensor of additive attention may take: what every WebGPU device lets a
/// kernel bind (`maxStorageBufferBindingSize`).
const LARGEST_TENSOR: u64 = 128 << 20;
/// Most bytes that all layers' may take together, kept for the backward pass.
const LARGEST_SUM: u64 = 1 << 30;

impl super::RunConfig {
    /// What depends on the kind of attention and not on one field alone.
    ///
    /// # Errors
    /// A span that is longer than the block, or tensors that would not fit in memory.
    pub(super) fn check_attention(&self) -> Result<(), ConfigError> {
        let model = &self.model;
        match model.attention {
            Attention::Standard(_) | Attention::HeadGated(_) => Ok(()),
            Attention::AdaptiveSpan(options) => {
                let spans = [
                    ("max_span", options.max_span),
                    ("max_rel_dist", options.max_rel_dist),
                ];
                for (field, span) in spans {
                    if let Some(span) = span.filter(|span| *span > model.block_size) {
                        return Err(ConfigError::SpanTooLong {
                            field,
                            span,
                            block_size: model.block_size,
                        });
                    }
                }
                Ok(())
            }
            Attention::Additive(_) => {
                // [B, H, T, T, D], and H D = C. Not in `usize`, which has 32 bits in a browser.
                let (batch, block) = (self.train.batch_size as u64, model.block_size as u64);
                let bytes = 4 * batch * block * block * model.n_embd as u64;
                let all = bytes * model.n_layer as u64;
                let (needed, limit, scope) = if bytes > LARGEST_TENSOR {
                    (bytes, LARGEST_TENSOR, "in each layer")
                } else if all > LARGEST_SUM {
                    (all, LARGEST_SUM, "in all layers")
                } else {
                    return Ok(());
                };
                let mib = |bytes: u64| bytes.div_ceil(1 << 20) as usize;
                Err(ConfigError::TooLarge {
                    batch_size: self.train.batch_size,
                    block_size: model.block_size,
                    n_embd: model.n_embd,
                    needed: mib(needed),
                    limit: mib(limit),
                    scope,
                })
            }
        }
    }
}
