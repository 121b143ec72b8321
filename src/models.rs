//! The pretrained models that come with the page: what each was trained on, for how long, and what
//! came of it. `www/models/manifest.json` holds a [`Manifest`], written by `cargo xtask pretrain`.

pub mod telling;

use crate::config::{Kind, RunConfig};
use crate::text::score::Scores;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The manifest's name beside the models.
pub const MANIFEST: &str = "manifest.json";

/// All that there are, the one that the page opens with first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub models: Vec<Pretrained>,
}

/// One model and its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pretrained {
    /// As "glass-standard": also the file's name, without `.safetensors`.
    pub name: String,
    pub kind: Kind,
    /// The built-in texts that it was trained on, line by line in turn.
    pub corpora: Vec<String>,
    /// A beginning that it knows how to go on from.
    pub prompt: String,
    pub config: RunConfig,
    pub parameters: usize,
    /// Steps trained, and how long that took where it was done.
    pub steps: u32,
    pub seconds: f64,
    /// Nats per character at the end, over as much training text as there is validation text.
    pub train_loss: f32,
    /// Nats per character over the whole of the validation text.
    pub val_loss: f32,
    /// Held-out scores by corpus; a text that determines nothing has none.
    pub scores: BTreeMap<String, Scores>,
    /// Where nothing is determined: the validation loss of counting what follows five characters
    /// (`text::ngram`), of which the model must stay within 0.15 nats.
    #[serde(default)]
    pub reference: Option<f64>,
    /// Whether it reaches what it is meant to reach.
    pub passes: bool,
    /// Whether the pass over its prompt lies beside it, for a page whose engine is still on its way.
    #[serde(default)]
    pub traced: bool,
}

impl Manifest {
    pub fn named(&self, name: &str) -> Option<&Pretrained> {
        self.models.iter().find(|model| model.name == name)
    }
}

impl Pretrained {
    /// The file's name beside the manifest.
    pub fn file(&self) -> String {
        format!("{}.safetensors", self.name)
    }

    /// The name of the pass over its prompt, where there is one.
    pub fn trace_file(&self) -> Option<String> {
        self.traced
            .then(|| format!("{}.trace.safetensors", self.name))
    }
}
