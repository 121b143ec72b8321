//! One configuration laid over another: what a script, a link or a form says, over what is there.

use super::{Attention, ConfigError, Field, Kind, RunConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

impl RunConfig {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Preset, Recipe, attention};
    use serde_json::json;

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
