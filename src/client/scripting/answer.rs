//! What scripts get: plain objects with camelCase names, as `docs/scripting.md` lists them.

use crate::analysis::Analysis;
use crate::client::{EngineInfo, SavedRun, Started, Status};
use crate::config::attention::Normaliser;
use crate::config::{Attention, FIELDS, Group, Kind, Preset, Range, Recipe, RunConfig, Value};
use crate::models::Pretrained;
use crate::protocol::{Backend, RunInfo, StepReport, TrainSummary};
use crate::text::corpus::Corpus;
use crate::text::score::whole;
use crate::trace::{About, Intervention, Path, Trace};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

#[derive(Serialize)]
pub(super) struct Ready {
    backend: Backend,
    adapter: Option<String>,
    reason: String,
    version: u32,
}

impl From<EngineInfo> for Ready {
    fn from(info: EngineInfo) -> Self {
        let EngineInfo {
            backend,
            adapter,
            reason,
            version,
        } = info;
        Ready {
            backend,
            adapter,
            reason,
            version,
        }
    }
}

/// A run as it was really made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ran {
    params: usize,
    /// How many characters the model knows, and which, in the order of their tokens.
    vocab: usize,
    characters: String,
    backend: Backend,
    adapter: Option<String>,
    reason: String,
    config: RunConfig,
    label: String,
    /// The name of the ready-made model that it is.
    ready_made: Option<String>,
    step: u32,
    train_chars: usize,
    val_chars: usize,
    unigram_entropy: f32,
}

impl From<&Started> for Ran {
    fn from(started: &Started) -> Self {
        let Started {
            info,
            engine,
            label,
            ready_made,
        } = started;
        let RunInfo {
            config,
            params,
            vocab,
            step,
            train_chars,
            val_chars,
            unigram_entropy,
        } = info;
        Ran {
            params: *params,
            vocab: vocab.len(),
            characters: vocab.iter().collect(),
            backend: engine.backend,
            adapter: engine.adapter.clone(),
            reason: engine.reason.clone(),
            config: *config,
            label: label.clone(),
            ready_made: ready_made.as_ref().map(|model| model.name.clone()),
            step: *step,
            train_chars: *train_chars,
            val_chars: *val_chars,
            unigram_entropy: *unigram_entropy,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trained {
    step: u32,
    train_loss: f32,
    val_loss: Option<f32>,
    ms_per_step: f32,
    tokens_per_second: f32,
    finished: bool,
}

impl From<TrainSummary> for Trained {
    fn from(summary: TrainSummary) -> Self {
        let TrainSummary {
            step,
            train_loss,
            val_loss,
            ms_per_step,
            tokens_per_second,
            finished,
        } = summary;
        Trained {
            step,
            train_loss,
            val_loss,
            ms_per_step,
            tokens_per_second,
            finished,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Step {
    step: u32,
    train_loss: f32,
    val_loss: Option<f32>,
    lr: f32,
    grad_norm: f32,
    ms: f32,
}

impl From<&StepReport> for Step {
    fn from(report: &StepReport) -> Self {
        let StepReport {
            step,
            train_loss,
            val_loss,
            lr,
            grad_norm,
            ms,
        } = *report;
        Step {
            step,
            train_loss,
            val_loss,
            lr,
            grad_norm,
            ms,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Losses {
    pub(super) train_loss: f32,
    pub(super) val_loss: f32,
}

#[derive(Serialize)]
pub(super) struct Written {
    pub(super) text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Saved {
    step: u32,
    max_steps: u32,
    label: String,
    when: f64,
    preset: Preset,
}

impl From<SavedRun> for Saved {
    fn from(run: SavedRun) -> Self {
        let SavedRun {
            step,
            max_steps,
            label,
            when,
            preset,
        } = run;
        Saved {
            step,
            max_steps,
            label,
            when,
            preset,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Stand {
    engine: Option<Ready>,
    run: Option<Ran>,
    step: u32,
    training: bool,
    writing: bool,
}

impl From<Status> for Stand {
    fn from(status: Status) -> Self {
        Stand {
            engine: status.engine.map(Ready::from),
            run: status.run.as_deref().map(Ran::from),
            step: status.step,
            training: status.training,
            writing: status.writing,
        }
    }
}

/// A ready-made model and its record.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model<'a> {
    name: &'a str,
    kind: Kind,
    corpora: &'a [String],
    prompt: &'a str,
    config: &'a RunConfig,
    params: usize,
    steps: u32,
    seconds: f64,
    train_loss: f32,
    val_loss: f32,
    /// By corpus, all sorts of questions together.
    scores: Map<String, Json>,
    reference: Option<f64>,
    passes: bool,
}

impl<'a> From<&'a Pretrained> for Model<'a> {
    fn from(model: &'a Pretrained) -> Self {
        let mut scores = Map::new();
        for (corpus, sorts) in &model.scores {
            scores.insert(corpus.clone(), json!(whole(sorts)));
        }
        Model {
            name: &model.name,
            kind: model.kind,
            corpora: &model.corpora,
            prompt: &model.prompt,
            config: &model.config,
            params: model.parameters,
            steps: model.steps,
            seconds: model.seconds,
            train_loss: model.train_loss,
            val_loss: model.val_loss,
            scores,
            reference: model.reference,
            passes: model.passes,
        }
    }
}

/// What a trace is of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Traced<'a> {
    text: &'a str,
    tokens: &'a [u32],
    cut: usize,
    step: u32,
    path: Path,
    backend: Backend,
    interventions: &'a [Intervention],
    names: Vec<&'a str>,
}

impl<'a> From<&'a Trace> for Traced<'a> {
    fn from(trace: &'a Trace) -> Self {
        let About {
            text,
            tokens,
            cut,
            step,
            path,
            backend,
            interventions,
            ..
        } = &trace.about;
        Traced {
            text,
            tokens,
            cut: *cut,
            step: *step,
            path: *path,
            backend: *backend,
            interventions,
            names: trace.names().collect(),
        }
    }
}

/// Rows that were read on.
#[derive(Serialize)]
pub(super) struct Rows<'a> {
    #[serde(flatten)]
    pub(super) traced: Traced<'a>,
    /// Position of the first of them.
    pub(super) first: usize,
    pub(super) rebuilt: bool,
}

pub(super) fn corpora() -> Vec<Json> {
    let corpora = Corpus::ALL.into_iter().map(|corpus| {
        json!({
            "name": corpus.name(),
            "title": corpus.title(),
            "help": corpus.help(),
            "options": corpus.options(),
        })
    });
    corpora.collect()
}

pub(super) fn presets() -> Vec<Json> {
    let presets = Preset::ALL.into_iter().map(|preset| {
        json!({
            "name": preset.name(),
            "help": preset.help(),
            "config": as_written(&RunConfig::new(preset, Recipe::default())),
        })
    });
    presets.collect()
}

pub(super) fn recipes() -> Vec<Json> {
    let recipes = Recipe::ALL.into_iter();
    recipes
        .map(|recipe| json!({ "name": recipe.name(), "help": recipe.help() }))
        .collect()
}

pub(super) fn kinds() -> Vec<Json> {
    let kinds = Kind::ALL.into_iter();
    kinds
        .map(|kind| {
            json!({
                "name": kind.name(),
                "help": kind.help(),
                "attention": as_written(&Attention::of(kind, Normaliser::default())),
            })
        })
        .collect()
}

pub(super) fn analyses() -> Vec<Json> {
    let analyses = Analysis::ALL.into_iter();
    analyses
        .map(|analysis| json!({ "name": analysis.name(), "help": analysis.help() }))
        .collect()
}

/// As JSON with every number as a person writes it: `json!` alone would make 0.2, an `f32`, to
/// 0.20000000298.
fn as_written(value: &impl Serialize) -> Json {
    let text = serde_json::to_string(value).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Every option of `model`, `model.attention` and `train`, with the default preset's value.
pub(super) fn options() -> Vec<Json> {
    let options = FIELDS.iter().map(|field| {
        let group = match field.group {
            Group::Model => "model",
            Group::Attention => "attention",
            Group::Train => "train",
        };
        let mut defaults = RunConfig::default();
        if let Some(kind) = field.kind {
            defaults.model.attention = Attention::of(kind, Normaliser::default());
        }
        let default = match ((field.get)(&defaults), field.range) {
            // In an object nothing stands for what the word stands for in a control.
            (Some(Value::Choice(_)), Range::IntegerOr { .. }) | (None, _) => Json::Null,
            (Some(Value::Integer(number)), _) => json!(number),
            (Some(Value::Real(number)), _) => json!(number as f32),
            (Some(Value::Switch(on)), _) => json!(on),
            (Some(Value::Choice(name)), _) => json!(name),
        };
        let range = match field.range {
            Range::Integer { min, max } => json!({ "integer": { "min": min, "max": max } }),
            Range::IntegerOr { min, max, word } => {
                json!({ "integer": { "min": min, "max": max, "null": word } })
            }
            Range::Real { min, max } => json!({ "real": { "min": min, "max": max } }),
            Range::Switch => json!({ "choice": [true, false] }),
            Range::Choice(choices) => json!({ "choice": choices }),
        };
        json!({
            "name": field.name,
            "group": group,
            "kind": field.kind.map(Kind::name),
            "label": field.label,
            "help": field.help,
            "source": field.source,
            "default": default,
            "range": range,
        })
    });
    options.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_with_defaults_inside_their_ranges() {
        let options = options();
        let layers = options.iter().find(|option| option["name"] == "n_layer");
        let layers = layers.expect("an option of every model");
        assert_eq!(layers["group"], "model");
        assert_eq!(layers["default"], json!(2));
        assert_eq!(layers["range"]["integer"]["max"], json!(12));
    }

    #[test]
    fn numbers_come_as_they_are_written() {
        let listed = serde_json::to_string(&(presets(), kinds())).expect("plain data");
        assert!(listed.contains("\"dropout\":0.2,") && listed.contains("\"span_penalty\":0.0003}"));
    }

    #[test]
    fn a_loss_that_is_not_due_is_null() {
        let summary = TrainSummary {
            step: 3,
            train_loss: 2.0,
            val_loss: None,
            ms_per_step: 1.0,
            tokens_per_second: 1000.0,
            finished: false,
        };
        let answer = serde_json::to_value(Trained::from(summary)).expect("plain data");
        assert_eq!(answer["valLoss"], Json::Null);
        assert_eq!(answer["trainLoss"], json!(2.0));
    }
}
