//! Every hyper-parameter once: its type, name, range, default, help and where it comes from.
//!
//! Three groups make a run: the [`ModelConfig`] (what is trained), the [`TrainConfig`] (how) and a
//! seed. A [`Preset`] gives sizes, a [`Recipe`] gives the habits of the text it follows, and
//! [`FIELDS`] describes each single option, so that the page's controls, the command line's
//! `--set name=value` and the scripting's objects are all drawn from one table.

pub mod attention;
mod error;
mod fields;
mod number;
mod overrides;
mod params;

pub use attention::{Attention, Kind};
pub use error::ConfigError;
pub use fields::{FIELDS, Field, Group, Range, Value};
pub use number::number;
pub use params::{Item, grouped};

use serde::{Deserialize, Serialize};

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
            Recipe::Notes => "as in the notes this project began with: untied head, relu, biases",
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
