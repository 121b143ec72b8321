//! Every hyper-parameter once: its type, name, range, default, help and where it comes from.
//!
//! Three groups make a run: the [`ModelConfig`] (what is trained), the [`TrainConfig`] (how) and a
//! seed. A [`Preset`] gives sizes, a [`Recipe`] gives the habits of the text it follows, and
//! [`FIELDS`] describes each single option, so that the page's controls, the command line's
//! `--set name=value` and the scripting's objects are all drawn from one table.

mod params;

pub use params::Item;

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

/// How one token looks at the others. One variant, one file under `engine/attention/`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Attention {
    /// Scaled dot product, causal softmax (seeds 002 and 003).
    Standard {},
}

impl Default for Attention {
    fn default() -> Self {
        Attention::Standard {}
    }
}

impl Attention {
    pub fn name(&self) -> &'static str {
        match self {
            Attention::Standard {} => "standard",
        }
    }
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
            model: overlaid("model", &self.model, model)?,
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
            field.range.check(field.name, (field.get)(self))?;
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
        Ok(())
    }
}

fn overlaid<T>(group: &'static str, base: &T, patch: &Json) -> Result<T, ConfigError>
where
    T: Serialize + for<'de> Deserialize<'de>,
{
    let malformed = |path: String, message: String| ConfigError::Malformed { path, message };
    let mut whole =
        serde_json::to_value(base).map_err(|e| malformed(group.into(), e.to_string()))?;
    match (patch, whole.as_object_mut()) {
        (Json::Null, _) => {}
        (Json::Object(fields), Some(target)) => {
            for (name, value) in fields {
                target.insert(name.clone(), value.clone());
            }
        }
        _ => return Err(malformed(group.into(), "expected an object".into())),
    }
    serde_path_to_error::deserialize(whole).map_err(|e| {
        let path = match e.path().to_string().as_str() {
            "." => group.to_string(),
            inner => format!("{group}.{inner}"),
        };
        malformed(path, e.inner().to_string())
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
}

/// One value of a field, as the page's controls and `--set` see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Integer(u64),
    Real(f64),
    Switch(bool),
    Choice(&'static str),
}

/// What a field may be set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    Integer { min: u64, max: u64 },
    Real { min: f64, max: f64 },
    Switch,
    Choice(&'static [&'static str]),
}

impl Range {
    fn check(&self, field: &'static str, value: Value) -> Result<(), ConfigError> {
        let outside = |value: f64, min: f64, max: f64| ConfigError::OutOfRange {
            field,
            value,
            min,
            max,
        };
        match (*self, value) {
            (Range::Integer { min, max }, Value::Integer(v)) if v < min || v > max => {
                Err(outside(v as f64, min as f64, max as f64))
            }
            // `contains` is false for NaN, as it should be.
            (Range::Real { min, max }, Value::Real(v)) if !(min..=max).contains(&v) => {
                Err(outside(v, min, max))
            }
            _ => Ok(()),
        }
    }

    /// Reads what a person typed.
    ///
    /// # Errors
    /// What the field takes, when `text` is not that.
    pub fn parse(&self, field: &'static str, text: &str) -> Result<Value, ConfigError> {
        let text = text.trim();
        let wrong = |expected| ConfigError::WrongType { field, expected };
        let value = match self {
            Range::Integer { .. } => text
                .parse()
                .map(Value::Integer)
                .map_err(|_| wrong("a whole number"))?,
            Range::Real { .. } => text
                .parse()
                .map(Value::Real)
                .map_err(|_| wrong("a number"))?,
            Range::Switch => match text {
                "true" | "on" => Value::Switch(true),
                "false" | "off" => Value::Switch(false),
                _ => return Err(wrong("on or off")),
            },
            Range::Choice(choices) => match choices.iter().find(|c| **c == text) {
                Some(choice) => Value::Choice(choice),
                None => {
                    return Err(ConfigError::NoSuchChoice {
                        field,
                        value: text.into(),
                        choices: choices.join(", "),
                    });
                }
            },
        };
        self.check(field, value)?;
        Ok(value)
    }
}

/// Which object of the scripting a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Model,
    Train,
}

/// One option: all that a control, a help text or a parser needs to know of it.
pub struct Field {
    pub name: &'static str,
    pub group: Group,
    pub label: &'static str,
    pub help: &'static str,
    /// The seed file that it comes from, or the reference.
    pub source: &'static str,
    pub range: Range,
    pub get: fn(&RunConfig) -> Value,
    /// Sets the value; a value of another type is left unset, which [`Range::parse`] rules out.
    set: fn(&mut RunConfig, Value),
}

impl Field {
    /// The option with that name.
    pub fn named(name: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Reads `text` into the configuration.
    ///
    /// # Errors
    /// What the field takes, when `text` is not that.
    pub fn assign(&self, config: &mut RunConfig, text: &str) -> Result<(), ConfigError> {
        let value = self.range.parse(self.name, text)?;
        (self.set)(config, value);
        Ok(())
    }
}

/// A field that holds a number: how it is read and written differs only by its type.
macro_rules! number {
    ($variant:ident, $wide:ty, $group:ident . $field:ident) => {
        (
            |c: &RunConfig| Value::$variant(c.$group.$field as $wide),
            |c: &mut RunConfig, v: Value| {
                if let Value::$variant(v) = v {
                    c.$group.$field = v as _;
                }
            },
        )
    };
}

/// A field that is on or off.
macro_rules! switch {
    ($group:ident . $field:ident) => {
        (
            |c: &RunConfig| Value::Switch(c.$group.$field),
            |c: &mut RunConfig, v: Value| {
                if let Value::Switch(v) = v {
                    c.$group.$field = v;
                }
            },
        )
    };
}

/// A field that is one of an enum's variants, each under its name.
macro_rules! choice {
    ($group:ident . $field:ident, $($name:literal => $variant:path),+) => {
        (
            |c: &RunConfig| match c.$group.$field {
                $($variant => Value::Choice($name),)+
            },
            |c: &mut RunConfig, v: Value| match v {
                $(Value::Choice($name) => c.$group.$field = $variant,)+
                _ => {}
            },
        )
    };
}

macro_rules! field {
    ($name:literal, $group:ident, $label:literal, $source:literal, $range:expr, $access:expr, $help:literal) => {
        Field {
            name: $name,
            group: Group::$group,
            label: $label,
            help: $help,
            source: $source,
            range: $range,
            get: $access.0,
            set: $access.1,
        }
    };
}

const fn integer(min: u64, max: u64) -> Range {
    Range::Integer { min, max }
}

const fn real(min: f64, max: f64) -> Range {
    Range::Real { min, max }
}

/// The table of every option, in the order in which the page shows them.
#[rustfmt::skip]
pub const FIELDS: &[Field] = &[
    field!("n_layer", Model, "Layers", "003", integer(1, 12), number!(Integer, u64, model.n_layer),
        "Blocks one after the other; each lets the tokens talk, then think."),
    field!("n_head", Model, "Heads", "003", integer(1, 16), number!(Integer, u64, model.n_head),
        "Channels of communication per block; each looks at the text in its own way."),
    field!("n_embd", Model, "Channels", "003", integer(4, 768), number!(Integer, u64, model.n_embd),
        "Width of the residual stream: how many numbers stand for one token. Heads must divide it."),
    field!("block_size", Model, "Context", "003", integer(1, 512), number!(Integer, u64, model.block_size),
        "The longest stretch of text, in characters, that one prediction can see."),
    field!("dropout", Model, "Dropout", "003", real(0.0, 0.9), number!(Real, f64, model.dropout),
        "Share of activations silenced at random in each training step, against learning by heart."),
    field!("norm", Model, "Layer norm", "003", Range::Choice(&["pre", "post", "none"]),
        choice!(model.norm, "pre" => Norm::Pre, "post" => Norm::Post, "none" => Norm::None),
        "Before each branch, after the sum as in the first Transformer, or nowhere."),
    field!("residual", Model, "Residual road", "003", Range::Switch, switch!(model.residual),
        "Whether each branch adds to the stream or replaces it."),
    field!("activation", Model, "Activation", "003", Range::Choice(&["relu", "gelu"]),
        choice!(model.activation, "relu" => Activation::Relu, "gelu" => Activation::Gelu),
        "The bend in the feed-forward layer."),
    field!("tied", Model, "Tied head", "nanoGPT", Range::Switch, switch!(model.tied),
        "Whether reading a token in and predicting one out share a matrix."),
    field!("bias", Model, "Biases", "003", Range::Switch, switch!(model.bias),
        "Constants added in linear layers and layer norms."),
    field!("embd_dropout", Model, "Dropout on embeddings", "nanoGPT", Range::Switch, switch!(model.embd_dropout),
        "Whether dropout also falls on the embeddings."),
    field!("batch_size", Train, "Batch", "003", integer(1, 256), number!(Integer, u64, train.batch_size),
        "Windows of text that one step learns from."),
    field!("lr", Train, "Learning rate", "003", real(1e-6, 1.0), number!(Real, f64, train.lr),
        "How far one step goes, at its highest."),
    field!("min_lr", Train, "Last learning rate", "nanoGPT", real(0.0, 1.0), number!(Real, f64, train.min_lr),
        "Where the cosine ends."),
    field!("warmup", Train, "Warm-up steps", "nanoGPT", integer(0, 10_000), number!(Integer, u64, train.warmup),
        "Steps over which the learning rate rises from nothing."),
    field!("max_steps", Train, "Steps", "nanoGPT", integer(1, 1_000_000), number!(Integer, u64, train.max_steps),
        "Length of the run."),
    field!("weight_decay", Train, "Weight decay", "nanoGPT", real(0.0, 1.0), number!(Real, f64, train.weight_decay),
        "Pull of every matrix towards zero."),
    field!("beta1", Train, "Adam beta 1", "nanoGPT", real(0.0, 0.9999), number!(Real, f64, train.beta1),
        "Memory of the mean gradient."),
    field!("beta2", Train, "Adam beta 2", "nanoGPT", real(0.0, 0.99999), number!(Real, f64, train.beta2),
        "Memory of the squared gradient."),
    field!("clip", Train, "Clip", "nanoGPT", real(0.0, 100.0), number!(Real, f64, train.clip),
        "Largest length of the whole gradient; 0 lets any through."),
    field!("eval_every", Train, "Validate every", "nanoGPT", integer(1, 100_000), number!(Integer, u64, train.eval_every),
        "Steps between two looks at text that is never trained on."),
    field!("checkpoint_every", Train, "Save every", "ours", integer(0, 100_000), number!(Integer, u64, train.checkpoint_every),
        "Steps between two saved states; 0 saves every ten seconds."),
];

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
    fn the_table_names_every_field_of_both_groups() {
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
    }

    #[test]
    fn what_a_person_types_is_read_or_refused() {
        let mut config = RunConfig::default();
        let mut assign = |name: &str, text: &str| {
            Field::named(name)
                .expect("a field")
                .assign(&mut config, text)
        };
        assign("n_embd", " 64 ").expect("a number");
        assign("norm", "post").expect("a choice");
        assign("tied", "on").expect("a switch");
        assert!(assign("norm", "both").is_err());
        assert!(assign("dropout", "NaN").is_err());
        assert!(assign("n_layer", "-1").is_err());
        assert_eq!(
            (config.model.n_embd, config.model.norm, config.model.tied),
            (64, Norm::Post, true)
        );
    }
}
