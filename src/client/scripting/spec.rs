//! What scripts ask for, read from plain data. Whatever is not known is refused by its name.

use crate::analysis::{Analysis, Options};
use crate::client::fault::input;
use crate::client::{NamedText, RunSpec};
use crate::config::{Preset, Recipe, RunConfig};
use crate::protocol::{Backend, Fault, Path, Sampling};
use crate::text::corpus::Corpus;
use crate::trace::{Format, Intervention};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

/// `newRun`'s object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewRun {
    preset: Option<Preset>,
    recipe: Option<Recipe>,
    model: Json,
    train: Json,
    corpus: Json,
    seed: Option<u32>,
    backend: Option<Backend>,
}

impl NewRun {
    pub(super) fn read(json: &Json) -> Result<Self, Fault> {
        object("newRun", json)
    }

    /// The run that it asks for, its text made.
    ///
    /// # Errors
    /// The option that is unknown or out of its range.
    pub(super) fn run(self) -> Result<RunSpec, Fault> {
        let preset = self.preset.unwrap_or_default();
        let mut config = RunConfig::new(preset, self.recipe.unwrap_or_default());
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        let config = config
            .with_overrides(&self.model, &self.train)
            .map_err(|e| input(e.to_string()))?;
        let NamedText { label, text } = match self.corpus {
            Json::Null => text_of(&json!(Corpus::ALL[0].name()), config.seed)?,
            corpus => text_of(&corpus, config.seed)?,
        };
        Ok(RunSpec {
            config,
            text,
            label,
            backend: self.backend,
        })
    }
}

/// `load`'s second argument.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Load {
    corpus: Json,
    seed: Option<u32>,
}

impl Load {
    pub(super) fn read(json: &Json) -> Result<Self, Fault> {
        object("load", json)
    }

    /// The text to train on, if one was named.
    ///
    /// # Errors
    /// The option that is unknown.
    pub(super) fn text(self) -> Result<Option<NamedText>, Fault> {
        let seed = self.seed.unwrap_or_else(|| RunConfig::default().seed);
        match self.corpus {
            Json::Null => Ok(None),
            corpus => text_of(&corpus, seed).map(Some),
        }
    }
}

/// `checkpoint`'s object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Checkpoint {
    pub(super) optimizer: bool,
}

impl Checkpoint {
    pub(super) fn read(json: &Json) -> Result<Self, Fault> {
        object("checkpoint", json)
    }
}

/// A text given itself.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OwnText {
    text: String,
    label: String,
}

impl Default for OwnText {
    fn default() -> Self {
        OwnText {
            text: String::new(),
            label: "a script's text".into(),
        }
    }
}

/// `generate`'s object, or the prompt alone.
pub(super) fn generate(mut json: Json) -> Result<(String, Sampling), Fault> {
    let prompt = match &mut json {
        Json::String(prompt) => return Ok((std::mem::take(prompt), Sampling::default())),
        Json::Object(fields) => fields.remove("prompt").unwrap_or_else(|| json!("")),
        _ => json!(""),
    };
    let Json::String(prompt) = prompt else {
        return Err(input(format!(
            "generate: prompt is {prompt}, but it must be a string"
        )));
    };
    Ok((prompt, object("generate", &json)?))
}

/// `train`'s argument: nothing for the whole run.
pub(super) fn steps(json: &Json) -> Result<Option<u32>, Fault> {
    match json {
        Json::Null => Ok(None),
        // JavaScript has one sort of number, and writes 1e3 for 1000.
        Json::Number(number) => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0);
            match whole {
                Some(n) if (1.0..=f64::from(u32::MAX)).contains(&n) => Ok(Some(n as u32)),
                _ => Err(wrong_steps(json)),
            }
        }
        other => Err(wrong_steps(other)),
    }
}

fn wrong_steps(given: &Json) -> Fault {
    input(format!(
        "train takes a whole number of steps, at least 1, or nothing for the whole run; not {given}"
    ))
}

/// `moveTo`'s argument.
pub(super) fn backend(json: &Json) -> Result<Backend, Fault> {
    Backend::deserialize(json).map_err(|e| input(format!("moveTo: {e}")))
}

/// `trainBy`'s argument: nothing for the best there is.
pub(super) fn path(json: &Json) -> Result<Option<Path>, Fault> {
    Option::deserialize(json).map_err(|e| input(format!("trainBy: {e}")))
}

/// `open`'s argument.
pub(super) fn model(json: &Json) -> Result<String, Fault> {
    let name = json.as_str().map(String::from);
    name.ok_or_else(|| input(format!("open takes a ready-made model's name, not {json}")))
}

/// `trace`'s first argument.
pub(super) fn trace_text(json: &Json) -> Result<String, Fault> {
    let text = json.as_str().map(String::from);
    text.ok_or_else(|| input(format!("trace takes a text, not {json}")))
}

/// `trace`'s object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TraceOptions {
    pub(super) interventions: Vec<Intervention>,
}

impl TraceOptions {
    pub(super) fn read(json: &Json) -> Result<Self, Fault> {
        object("trace", json)
    }
}

/// `readOn`'s object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReadOptions {
    pub(super) fresh: bool,
}

impl ReadOptions {
    pub(super) fn read(json: &Json) -> Result<Self, Fault> {
        object("readOn", json)
    }
}

/// `analyse`'s first argument.
pub(super) fn analysis(json: &Json) -> Result<Analysis, Fault> {
    let found = json.as_str().and_then(Analysis::named);
    found.ok_or_else(|| {
        let names = Analysis::ALL.map(Analysis::name).join(", ");
        input(format!("there is no analysis {json}; there are {names}"))
    })
}

/// `analyse`'s object.
pub(super) fn analysis_options(json: &Json) -> Result<Options, Fault> {
    object("analyse", json)
}

/// `exportTrace`'s second argument.
pub(super) fn format(json: &Json) -> Result<Format, Fault> {
    let found = Format::ALL.into_iter().find(|format| json == format.name());
    found.ok_or_else(|| {
        let names = Format::ALL.map(Format::name).join("\", \"");
        input(format!("exportTrace writes \"{names}\", not {json}"))
    })
}

fn text_of(corpus: &Json, seed: u32) -> Result<NamedText, Fault> {
    let keys = corpus.as_object();
    let has = |key| keys.is_some_and(|keys| keys.contains_key(key));
    if has("text") {
        let OwnText { text, label } = object("corpus", corpus)?;
        return Ok(NamedText { label, text });
    }
    if let Some(keys) = keys.filter(|_| !has("builtin")) {
        let keys: Vec<&str> = keys.keys().map(String::as_str).collect();
        return Err(input(format!(
            "corpus: there is neither \"builtin\" with a name nor \"text\" in it, only [{}]",
            keys.join(", ")
        )));
    }
    let corpus = Corpus::from_json(corpus).map_err(|e| input(format!("corpus: {e}")))?;
    Ok(NamedText {
        label: corpus.name().into(),
        text: corpus.generate(seed),
    })
}

/// Reads an object, of which every field may be left out; nothing counts as an empty one.
fn object<T: DeserializeOwned>(whose: &str, json: &Json) -> Result<T, Fault> {
    let empty = json!({});
    let json = if json.is_null() { &empty } else { json };
    let Some(fields) = json.as_object() else {
        return Err(input(format!("{whose} takes an object, not {json}")));
    };
    T::deserialize(json).map_err(|e| {
        let readable = |part: &Json| T::deserialize(part).is_ok();
        input(match to_blame(fields, &readable) {
            Some(path) => format!("{whose}: {path}: {e}"),
            None => format!("{whose}: {e}"),
        })
    })
}

/// Where the mistake is: in the field that would be refused by itself, and of a list in that entry.
fn to_blame(fields: &Map<String, Json>, readable: &dyn Fn(&Json) -> bool) -> Option<String> {
    let refused = |name: &str, value: &Json| !readable(&json!({ name: value }));
    let (name, value) = fields.iter().find(|(name, value)| refused(name, value))?;
    let mut entries = value.as_array().into_iter().flatten();
    Some(
        match entries.position(|entry| refused(name, &json!([entry]))) {
            Some(n) => format!("{name}[{n}]"),
            None => name.clone(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(spec: Json) -> String {
        let run = NewRun::read(&spec).and_then(NewRun::run);
        run.expect_err("must be refused").message
    }

    #[test]
    fn a_run_is_read_with_its_overrides() {
        let spec = json!({
            "preset": "laptop", "recipe": "nanogpt", "seed": 7, "backend": "cpu",
            "model": {"n_layer": 1}, "train": {"lr": 0.01},
            "corpus": {"text": "hello", "label": "mine"},
        });
        let run = NewRun::read(&spec).and_then(NewRun::run).expect("valid");
        assert_eq!(run.config.preset, Preset::Laptop);
        assert_eq!(
            (run.config.model.n_layer, run.config.model.n_embd),
            (1, 128)
        );
        assert!(run.config.model.tied);
        assert_eq!((run.config.train.lr, run.config.seed), (0.01, 7));
        assert_eq!((run.text.as_str(), run.label.as_str()), ("hello", "mine"));
        assert_eq!(run.backend, Some(Backend::Cpu));
    }

    #[test]
    fn nothing_asked_for_is_a_run_too() {
        let run = NewRun::read(&Json::Null).and_then(NewRun::run);
        let run = run.expect("all defaults");
        assert_eq!(run.label, "adjectives");
        assert!(!run.text.is_empty());
    }

    #[test]
    fn a_built_in_text_takes_its_options() {
        let text = |corpus: Json| {
            let spec = json!({ "corpus": corpus });
            let run = NewRun::read(&spec).and_then(NewRun::run);
            run.expect("a text").text
        };
        let most = text(json!({"builtin": "addition", "digits": "most_first"}));
        assert_ne!(most, text(json!({"builtin": "addition"})));
        assert_eq!(
            text(json!("addition")),
            text(json!({"builtin": "addition"}))
        );
    }

    #[test]
    fn what_is_not_known_is_refused_by_its_name() {
        for (spec, name) in [
            (json!({"presets": "glass"}), "presets"),
            (json!({"preset": "huge"}), "huge"),
            (json!({"backend": "tpu"}), "tpu"),
            (json!({"seed": -1}), "seed"),
            (json!({"model": {"n_layers": 2}}), "n_layers"),
            (json!({"train": {"speed": 2}}), "speed"),
            (json!({"corpus": {"file": "x"}}), "file"),
            (json!({"corpus": {"builtin": "moby"}}), "moby"),
            (
                json!({"corpus": {"builtin": "copy", "digits": "x"}}),
                "digits",
            ),
            (json!({"corpus": {"text": "ab", "lable": "x"}}), "lable"),
            (json!([1]), "object"),
        ] {
            let message = refusal(spec.clone());
            assert!(message.contains(name), "{spec}: {message}");
        }
    }

    #[test]
    fn a_mistake_is_found_where_it_is() {
        let head = json!({"change": "head", "layer": 0, "head": 1, "scale": 0});
        let text = |corpus: Json| refusal(json!({ "corpus": corpus }));
        let traced = |wish: Json| TraceOptions::read(&wish).expect_err("refused").message;
        for (message, place) in [
            (
                refusal(json!({"backend": "cpu", "seed": -1})),
                "newRun: seed: ",
            ),
            (text(json!({"label": "mine", "text": 3})), "corpus: text: "),
            (text(json!({"label": 3, "text": "ab"})), "corpus: label: "),
            (
                traced(json!({"interventions": [head, {"change": "head", "layer": "x"}]})),
                "trace: interventions[1]: ",
            ),
            (
                traced(json!({"interventions": head})),
                "trace: interventions: ",
            ),
        ] {
            assert!(message.starts_with(place), "{message}");
        }
    }

    #[test]
    fn a_prompt_may_stand_alone_or_with_options() {
        let (prompt, sampling) = generate(json!("the ")).expect("a prompt");
        assert_eq!((prompt.as_str(), sampling), ("the ", Sampling::default()));
        let wish = json!({"prompt": "a", "topK": 3, "topP": 0.5, "temperature": 0, "tokens": 9});
        let (_, sampling) = generate(wish).expect("options");
        assert_eq!((sampling.top_k, sampling.tokens), (3, 9));
        let message = |wish| generate(wish).expect_err("must be refused").message;
        assert!(message(json!({"prompt": "a", "temp": 1})).contains("temp"));
        assert!(message(json!({"prompt": 3})).contains("prompt"));
    }

    #[test]
    fn steps_are_whole_and_at_least_one() {
        assert_eq!(steps(&Json::Null), Ok(None));
        assert_eq!(steps(&json!(1e3)), Ok(Some(1000)));
        for wrong in [json!(0), json!(-1), json!(1.5), json!("ten"), json!(1e12)] {
            assert!(steps(&wrong).is_err(), "{wrong}");
        }
    }
}
