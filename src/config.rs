//! Every hyper-parameter once: its type, name, range, default, help and where it comes from.
//!
//! Three groups make a run: the [`ModelConfig`] (what is trained), the [`TrainConfig`] (how) and a
//! seed. A [`Preset`] gives sizes, a [`Recipe`] gives the habits of the text it follows, and
//! [`FIELDS`] describes each single option, so that the page's controls, the command line's
//! `--set name=value` and the scripting's objects are all drawn from one table.

pub mod attention;
mod fields;
mod number;
mod params;

pub use attention::{Attention, Kind};
pub use fields::{FIELDS, Field, Group, Range, Value};
pub use number::number;
pub use params::{Item, grouped};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Which sizes a run starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 2 layers, 4 heads of 8 in 32 channels: small enough to read every number.
    #[default]
    Glass,
    /// 4 layers, 128 channels: nanoGPT's recipe for a laptop's CPU.
    Laptop,
    /// 6 layers, 384 channels: the scaled-up model of the notes.
    Shakespeare,
}

impl Preset {
    pub const ALL: [Preset; 3] = [Preset::Glass, Preset::Laptop, Preset::Shakespeare];

    /// The name used in scripting, on the command line and in checkpoints.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Glass => "glass",
            Preset::Laptop => "laptop",
            Preset::Shakespeare => "shakespeare",
        }
    }

    /// One line for the chooser.
    pub fn help(self) -> &'static str {
        match self {
            Preset::Glass => "2 layers, 4 heads, 32 channels: small enough to read every number",
            Preset::Laptop => "4 layers, 4 heads, 128 channels: learns real text on a laptop",
            Preset::Shakespeare => {
                "6 layers, 6 heads, 384 channels, 256 characters: wants a real GPU"
            }
        }
    }
}

/// Whose habits the model follows where the texts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// The lecture notes (seed 003): untied head, relu, biases, no dropout on the embeddings.
    #[default]
    Notes,
    /// nanoGPT's `train_shakespeare_char.py`: tied head, gelu, no biases, dropout on the embeddings.
    Nanogpt,
}

impl Recipe {
    pub const ALL: [Recipe; 2] = [Recipe::Notes, Recipe::Nanogpt];

    pub fn name(self) -> &'static str {
        match self {
            Recipe::Notes => "notes",
            Recipe::Nanogpt => "nanogpt",
        }
    }

    pub fn help(self) -> &'static str {
        match self {
            Recipe::Notes => "as in the lecture notes: untied head, relu, biases",
            Recipe::Nanogpt => "as nanoGPT: tied head, gelu, no biases",
        }
    }
}

/// Where LayerNorm stands in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// x + f(LN x), and a final LN.
    #[default]
    Pre,
    /// LN(x + f(x)), no final LN.
    Post,
    /// x + f(x).
    None,
}

/// The feed-forward layer's non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    #[default]
    Relu,
    Gelu,
}

/// What is trained. Letters as in the docs: L layers, H heads, C channels, T tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// L, blocks one after the other.
    pub n_layer: usize,
    /// H, heads per block; C must be divisible by it.
    pub n_head: usize,
    /// C, channels of the residual stream.
    pub n_embd: usize,
    /// Longest context in characters.
    pub block_size: usize,
    /// Share of activations dropped while training, 0 to 0.9.
    pub dropout: f32,
    pub norm: Norm,
    /// Whether each branch is added to the stream (`x + f(x)`) or replaces it (`f(x)`).
    pub residual: bool,
    pub activation: Activation,
    /// Whether the output head shares the token embedding's matrix.
    pub tied: bool,
    /// Biases in linear layers and LayerNorms (the head never has one).
    pub bias: bool,
    /// Whether dropout also falls on the embeddings.
    pub embd_dropout: bool,
    pub attention: Attention,
}

impl ModelConfig {
    /// Deviation of the weights that write into the residual stream: 0.02 / sqrt(2L), so that the
    /// stream's variance does not grow with depth (GPT-2, section 2.3).
    pub fn residual_std(&self) -> f64 {
        0.02 / (2.0 * self.n_layer as f64).sqrt()
    }
}

/// How it is trained: AdamW with warm-up, cosine decay and clipping by global norm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// B, windows of text per step.
    pub batch_size: usize,
    /// Peak learning rate.
    pub lr: f64,
    /// Learning rate at the end of the cosine.
    pub min_lr: f64,
    /// Steps of linear warm-up.
    pub warmup: u32,
    /// Length of the run, and of the cosine.
    pub max_steps: u32,
    /// Decay on tensors of two or more dimensions.
    pub weight_decay: f64,
    pub beta1: f64,
    pub beta2: f64,
    /// Largest global norm of the gradient; 0 switches clipping off.
    pub clip: f64,
    /// Steps between two estimates of the validation loss.
    pub eval_every: u32,
    /// Steps between two checkpoints; 0 lets the clock decide (ten seconds' worth).
    pub checkpoint_every: u32,
}

/// Everything that decides a run but its text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    pub preset: Preset,
    pub recipe: Recipe,
    pub model: ModelConfig,
    pub train: TrainConfig,
    /// Decides weights, batches and dropout.
    pub seed: u32,
}

impl Default for RunConfig {
    fn default() -> Self {
        RunConfig::new(Preset::default(), Recipe::default())
    }
}

impl RunConfig {
    /// The preset's sizes with the recipe's habits.
    pub fn new(preset: Preset, recipe: Recipe) -> Self {
        let (n_layer, n_head, n_embd, block_size, batch_size, dropout, max_steps) = match preset {
            Preset::Glass => (2, 4, 32, 64, 16, 0.0, 3000),
            Preset::Laptop => (4, 4, 128, 64, 12, 0.0, 2000),
            Preset::Shakespeare => (6, 6, 384, 256, 64, 0.2, 5000),
        };
        let (tied, activation, bias, embd_dropout) = match recipe {
            Recipe::Notes => (false, Activation::Relu, true, false),
            Recipe::Nanogpt => (true, Activation::Gelu, false, true),
        };
        RunConfig {
            preset,
            recipe,
            model: ModelConfig {
                n_layer,
                n_head,
                n_embd,
                block_size,
                dropout,
                norm: Norm::Pre,
                residual: true,
                activation,
                tied,
                bias,
                embd_dropout,
                attention: Attention::default(),
            },
            train: TrainConfig {
                batch_size,
                lr: 1e-3,
                min_lr: 1e-4,
                warmup: 100,
                max_steps,
                weight_decay: 0.1,
                beta1: 0.9,
                beta2: 0.99,
                clip: 1.0,
                eval_every: 250,
                checkpoint_every: 0,
            },
            seed: 1337,
        }
    }

    /// Lays `model` and `train` objects, each with any of the fields, over this configuration, and
    /// checks the result.
    ///
    /// # Errors
    /// An unknown key by its name, a value of the wrong type by its path, or the first value that
    /// is outside its range.
    pub fn with_overrides(self, model: &Json, train: &Json) -> Result<Self, ConfigError> {
        let config = RunConfig {
            model: overlaid(
                "model",
                &self.model,
                &with_kind(&self.model.attention, model)?,
            )?,
            train: overlaid("train", &self.train, train)?,
            ..self
        };
        config.check()?;
        Ok(config)
    }

    /// Whether the engine can build it: every field in its range, and the ranges that depend on
    /// one another.
    ///
    /// # Errors
    /// The first field that is off, with its value, its range and what to do.
    pub fn check(&self) -> Result<(), ConfigError> {
        for field in FIELDS {
            if let Some(value) = (field.get)(self) {
                field.range.check(field.name, value)?;
            }
        }
        let ModelConfig { n_head, n_embd, .. } = self.model;
        if !n_embd.is_multiple_of(n_head) {
            let fit: Vec<String> = (1..=n_embd.min(16))
                .filter(|h| n_embd.is_multiple_of(*h))
                .map(|h| h.to_string())
                .collect();
            return Err(ConfigError::Indivisible {
                n_embd,
                n_head,
                fit: fit.join(", "),
            });
        }
        if self.train.min_lr > self.train.lr {
            return Err(ConfigError::Schedule {
                lr: self.train.lr,
                min_lr: self.train.min_lr,
            });
        }
        self.check_attention()
    }
}

/// The patch with its attention completed: options without a kind are laid over the present one's,
/// a kind without options has its defaults.
fn with_kind(base: &Attention, patch: &Json) -> Result<Json, ConfigError> {
    let mut patch = patch.clone();
    let Some(options) = patch.get_mut("attention").and_then(Json::as_object_mut) else {
        return Ok(patch);
    };
    let kind = match options.get("kind") {
        Some(kind) => Kind::ALL.into_iter().find(|k| kind == k.name()),
        None => {
            let whole = serde_json::to_value(base).unwrap_or_default();
            for (name, value) in whole.as_object().into_iter().flatten() {
                options.entry(name).or_insert_with(|| value.clone());
            }
            Some(base.kind())
        }
    };
    // A kind that is none is refused by name when the whole is read.
    let Some(kind) = kind else { return Ok(patch) };
    let foreign = options.keys().filter_map(|name| Field::named(name));
    for field in foreign {
        if let Some(owner) = field.kind.filter(|owner| *owner != kind) {
            let field = field.name;
            return Err(ConfigError::OtherKind { field, owner, kind });
        }
    }
    Ok(patch)
}

fn overlaid<T>(group: &'static str, base: &T, patch: &Json) -> Result<T, ConfigError>
where
    T: Serialize + for<'de> Deserialize<'de>,
{
    let malformed = |path: String, message: String| ConfigError::Malformed { path, message };
    let whole = serde_json::to_value(base).map_err(|e| malformed(group.into(), e.to_string()))?;
    let fields: Vec<(&String, &Json)> = match patch {
        Json::Null => Vec::new(),
        Json::Object(fields) => fields.iter().collect(),
        _ => return Err(malformed(group.into(), "expected an object".into())),
    };
    let with = |fields: &[(&String, &Json)]| {
        let mut whole = whole.clone();
        if let Some(target) = whole.as_object_mut() {
            for (name, value) in fields {
                target.insert(name.to_string(), (*value).clone());
            }
        }
        T::deserialize(&whole)
    };
    with(&fields).map_err(|e| {
        // To blame is the one that would be refused by itself.
        let wrong = fields.iter().find(|field| with(&[**field]).is_err());
        let path = match wrong {
            Some((name, _)) => format!("{group}.{name}"),
            None => group.into(),
        };
        malformed(path, e.to_string())
    })
}

/// What is wrong with a configuration, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {message}")]
    Malformed { path: String, message: String },
    #[error("{field} is {value}, but it must lie between {min} and {max}")]
    OutOfRange {
        field: &'static str,
        value: f64,
        min: f64,
        max: f64,
    },
    #[error("{field} cannot be \"{value}\"; choose one of {choices}")]
    NoSuchChoice {
        field: &'static str,
        value: String,
        choices: String,
    },
    #[error("{field} takes {expected}")]
    WrongType {
        field: &'static str,
        expected: &'static str,
    },
    #[error("n_embd {n_embd} cannot be shared out over n_head {n_head} heads; n_head may be {fit}")]
    Indivisible {
        n_embd: usize,
        n_head: usize,
        fit: String,
    },
    #[error("min_lr {min_lr} is above lr {lr}; the learning rate falls from lr to min_lr")]
    Schedule { lr: f64, min_lr: f64 },
    #[error("{field} is an option of {} attention, and this is {}; leave it out or choose that kind", owner.name(), kind.name())]
    OtherKind {
        field: &'static str,
        owner: Kind,
        kind: Kind,
    },
    #[error(
        "{field} is {span}, but a window of {block_size} tokens (block_size) is all there is to look at; choose at most {block_size}"
    )]
    SpanTooLong {
        field: &'static str,
        span: usize,
        block_size: usize,
    },
    #[error(
        "additive attention compares all pairs in all channels: {batch_size} x {block_size} x {block_size} x {n_embd} \
         numbers take {needed} MiB {scope}, and at most {limit} MiB fit; lower batch_size, block_size or n_embd"
    )]
    TooLarge {
        batch_size: usize,
        block_size: usize,
        n_embd: usize,
        /// Mebibytes.
        needed: usize,
        /// Mebibytes.
        limit: usize,
        scope: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_preset_and_recipe_passes_its_own_check() {
        for preset in Preset::ALL {
            for recipe in Recipe::ALL {
                RunConfig::new(preset, recipe)
                    .check()
                    .expect("a preset is valid");
            }
        }
    }

    #[test]
    fn the_table_names_every_field_of_every_group() {
        let config = RunConfig::default();
        let named = |group: Group| -> Vec<&str> {
            let of_group = FIELDS.iter().filter(|f| f.group == group);
            of_group.map(|f| f.name).collect()
        };
        let json = serde_json::to_value(config).expect("plain data");
        for (group, key) in [(Group::Model, "model"), (Group::Train, "train")] {
            let object = json[key].as_object().expect("an object");
            for name in object.keys().filter(|name| *name != "attention") {
                assert!(
                    named(group).contains(&name.as_str()),
                    "{key}.{name} has no control"
                );
            }
        }
        for kind in Kind::ALL {
            let attention = Attention::of(kind, attention::Normaliser::default());
            let json = serde_json::to_value(attention).expect("plain data");
            let mut config = config;
            config.model.attention = attention;
            for name in json.as_object().expect("an object").keys() {
                let field = Field::named(if name == "kind" { "attention" } else { name });
                let field = field.unwrap_or_else(|| panic!("{name} has no control"));
                assert!((field.get)(&config).is_some(), "{name} is none of {kind:?}");
            }
        }
    }

    #[test]
    fn overrides_keep_the_rest_and_refuse_what_they_do_not_know() {
        let base = RunConfig::new(Preset::Laptop, Recipe::Nanogpt);
        let config = base
            .with_overrides(
                &json!({"n_layer": 1, "attention": {"kind": "standard"}}),
                &Json::Null,
            )
            .expect("valid");
        assert_eq!((config.model.n_layer, config.model.n_embd), (1, 128));

        let kind = |attention: Json| {
            let config = base.with_overrides(&json!({ "attention": attention }), &Json::Null);
            config.map(|c| c.model.attention)
        };
        let gated = kind(json!({"kind": "head_gated", "gate_form": "log_symmetric"}));
        let Ok(Attention::HeadGated(gated)) = gated else {
            panic!("another kind: {gated:?}")
        };
        assert_eq!(gated.gate_form, attention::GateForm::LogSymmetric);
        assert_eq!(gated.gate_norm, attention::GateNorm::Heads);
        let sigmoid = kind(json!({"normaliser": "sigmoid"})).expect("the present kind");
        assert_eq!(sigmoid.kind(), Kind::Standard);
        assert_eq!(sigmoid.normaliser(), attention::Normaliser::Sigmoid);
        assert!(kind(json!({"kind": "adaptive_span", "alpha": 1, "max_span": null})).is_ok());

        let message = |model: Json, train: Json| {
            base.with_overrides(&model, &train)
                .expect_err("must be refused")
                .to_string()
        };
        assert!(message(json!({"n_layers": 1}), Json::Null).contains("n_layers"));
        assert!(message(json!({"n_layer": "two"}), Json::Null).contains("model.n_layer"));
        assert!(message(json!({"block_size": 0}), Json::Null).contains("block_size is 0"));
        assert!(message(json!({"n_head": 3}), Json::Null).contains("n_head may be 1, 2, 4, 8, 16"));
        assert!(message(Json::Null, json!({"lr": 1e-5})).contains("min_lr"));
        assert!(message(json!({"attention": {"kind": "magic"}}), Json::Null).contains("magic"));
        assert!(message(json!([1]), Json::Null).contains("expected an object"));

        let refused = |attention: Json| message(json!({ "attention": attention }), Json::Null);
        let other = refused(json!({"kind": "standard", "gate_form": "two_sigmoid"}));
        assert!(
            other.contains("gate_form is an option of head_gated"),
            "{other}"
        );
        let other = refused(json!({"span_penalty": 0.1}));
        assert!(
            other.contains("adaptive_span attention, and this is standard"),
            "{other}"
        );
        let unknown = refused(json!({"kind": "additive", "gates": 1}));
        assert!(unknown.contains("gates"), "{unknown}");
        let long = refused(json!({"kind": "adaptive_span", "max_span": 65}));
        assert!(
            long.contains("max_span is 65") && long.contains("at most 64"),
            "{long}"
        );
        assert!(refused(json!({"kind": "adaptive_span", "alpha": 1.5})).contains("alpha is 1.5"));
        let large = RunConfig::new(Preset::Shakespeare, Recipe::Notes)
            .with_overrides(&json!({"attention": {"kind": "additive"}}), &Json::Null)
            .expect_err("six gigabytes")
            .to_string();
        assert!(
            large.contains("6144 MiB") && large.contains("128 MiB"),
            "{large}"
        );
    }
}
