//! The formula of each scene, as MathML: `build/formulas.rs` makes it when the page is built.

use super::journey::Scene;
use crate::config::attention::{GateForm, Normaliser, Sharpen, SpanFrom};
use crate::config::{Activation, Attention, ModelConfig, Norm};
use crate::explain::Place;
use crate::trace::{Branch, Pass};
use yew::AttrValue;
use yew::prelude::*;

include!(concat!(env!("OUT_DIR"), "/formulas.rs"));

/// The scene's formula on the page.
pub fn formula(scene: Scene, model: &ModelConfig) -> Html {
    let mathml = AttrValue::from(mathml(scene, model));
    // On a narrow screen a long one scrolls, which must not need a finger.
    html! {
        <div class="formula" tabindex="0" role="region" aria-label="Formula">
            { Html::from_html_unchecked(mathml) }
        </div>
    }
}

pub fn mathml(scene: Scene, model: &ModelConfig) -> String {
    let also = match scene == Scene::Span {
        true => temperature(&model.attention),
        false => "",
    };
    first(scene, model).to_string() + also
}

/// The scene's formula; of a span's there is one more.
fn first(scene: Scene, model: &ModelConfig) -> &'static str {
    match scene {
        Scene::Embed => EMBED,
        Scene::Norm(_) => NORM,
        Scene::Project(_) => match model.norm {
            Norm::Pre => PROJECT,
            Norm::Post | Norm::None => PROJECT_BARE,
        },
        Scene::Score(_) => SCORE,
        Scene::AdditiveScore(_) => ADDITIVE_SCORE,
        Scene::Mask(place) => mask(&model.attention, place),
        Scene::Sharpen(_) => SHARPEN,
        Scene::Softmax(place) => weights(model.attention.normaliser(), place),
        Scene::Mix(_) => MIX,
        Scene::Gate => gate(&model.attention),
        Scene::Span => span(&model.attention),
        Scene::Window => WINDOW,
        Scene::Heads => match model.attention {
            Attention::HeadGated(_) => HEADS_GATED,
            Attention::AdaptiveSpan(_) => HEADS_OF_BOTH,
            Attention::Standard(_) | Attention::Additive(_) => HEADS,
        },
        Scene::Add(Branch::Attn) => ADD_ATTENTION,
        Scene::Add(Branch::Mlp) => ADD_FEED_FORWARD,
        Scene::FeedForward => match (model.activation, model.norm) {
            (Activation::Relu, Norm::Pre) => RELU,
            (Activation::Relu, Norm::Post | Norm::None) => RELU_BARE,
            (Activation::Gelu, Norm::Pre) => GELU,
            (Activation::Gelu, Norm::Post | Norm::None) => GELU_BARE,
        },
        Scene::Cache => CACHE,
        Scene::Lens | Scene::Logits => match model.norm {
            Norm::Pre => LOGITS_NORMED,
            Norm::Post | Norm::None => LOGITS,
        },
        Scene::Sample => SAMPLE,
    }
}

/// Of the local pass it is no score yet: bias and temperature are still to come.
fn mask(attention: &Attention, place: Place) -> &'static str {
    match (attention, place.pass) {
        (_, Some(Pass::Local)) => MASK_LOCAL,
        (Attention::Additive(_), _) => MASK_ADDITIVE,
        (Attention::Standard(_) | Attention::HeadGated(_) | Attention::AdaptiveSpan(_), _) => MASK,
    }
}

fn weights(normaliser: Normaliser, place: Place) -> &'static str {
    let windowed = match place.pass {
        Some(Pass::Local) => true,
        Some(Pass::Global) | None => false,
    };
    match (normaliser, windowed) {
        (Normaliser::Softmax, false) => SOFTMAX,
        (Normaliser::Softmax, true) => SOFTMAX_WINDOW,
        (Normaliser::OffByOne, false) => OFF_BY_ONE,
        (Normaliser::OffByOne, true) => OFF_BY_ONE_WINDOW,
        (Normaliser::Sigmoid, false) => SIGMOID,
        (Normaliser::Sigmoid, true) => SIGMOID_WINDOW,
    }
}

/// Of the scene that only a gated model has.
fn gate(attention: &Attention) -> &'static str {
    match attention {
        Attention::HeadGated(options) => match options.gate_form {
            GateForm::TwoSigmoid => GATE_TWO_SIGMOID,
            GateForm::LogSymmetric => GATE_LOG_SYMMETRIC,
        },
        Attention::Standard(_) | Attention::AdaptiveSpan(_) | Attention::Additive(_) => "",
    }
}

/// Of the scene that only a model with a span has.
fn span(attention: &Attention) -> &'static str {
    match attention {
        Attention::AdaptiveSpan(options) => match options.span_from {
            SpanFrom::RunningMean => SPAN,
            SpanFrom::Position => SPAN_POSITION,
        },
        Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => "",
    }
}

/// What the span makes of the temperature.
fn temperature(attention: &Attention) -> &'static str {
    match attention {
        Attention::AdaptiveSpan(options) => match options.sharpen {
            Sharpen::Short => SHARP_IF_SHORT,
            Sharpen::Long => SHARP_IF_LONG,
            Sharpen::Off => NEVER_SHARP,
        },
        Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::attention::AdaptiveSpan;
    use crate::config::{Kind, RunConfig};
    use crate::explain::symbols::signs;
    use crate::page::explore::journey::journey;

    /// Every scene that some configuration has, with its formula.
    fn each(mut look: impl FnMut(Scene, &str)) {
        for kind in Kind::ALL {
            for norm in [Norm::Pre, Norm::Post, Norm::None] {
                for normaliser in [
                    Normaliser::Softmax,
                    Normaliser::OffByOne,
                    Normaliser::Sigmoid,
                ] {
                    let mut model = RunConfig::default().model;
                    model.attention = Attention::of(kind, normaliser);
                    model.norm = norm;
                    for stop in journey(&model) {
                        look(stop.scene, &mathml(stop.scene, &model));
                    }
                }
            }
        }
    }

    #[test]
    fn every_scene_has_a_formula_that_is_whole_and_can_be_said() {
        each(|scene, mathml| {
            assert!(
                mathml.starts_with("<math alttext=\""),
                "{scene:?}: {mathml}"
            );
            assert!(mathml.ends_with("</math>"), "{scene:?}: {mathml}");
            let opened = mathml.matches('<').count() - 2 * mathml.matches("</").count();
            assert_eq!(opened, mathml.matches("/>").count(), "{scene:?}: {mathml}");
        });
    }

    #[test]
    fn a_span_says_how_its_model_makes_the_temperature() {
        for (sharpen, formula) in [
            (Sharpen::Short, SHARP_IF_SHORT),
            (Sharpen::Long, SHARP_IF_LONG),
            (Sharpen::Off, NEVER_SHARP),
        ] {
            let mut model = RunConfig::default().model;
            model.attention = Attention::AdaptiveSpan(AdaptiveSpan {
                sharpen,
                ..AdaptiveSpan::default()
            });
            assert!(mathml(Scene::Span, &model).ends_with(formula));
            assert!(!mathml(Scene::Window, &model).contains(formula));
        }
    }

    #[test]
    fn one_scene_of_a_pass_says_what_its_score_is() {
        for kind in Kind::ALL {
            let mut model = RunConfig::default().model;
            model.attention = Attention::of(kind, Normaliser::default());
            let mut made = 0;
            for stop in journey(&model) {
                // That it stays is said of the same score once more.
                let formula = mathml(stop.scene, &model);
                made += usize::from(formula.contains("alttext=\"S of i and j is "));
            }
            let passes = match kind {
                Kind::AdaptiveSpan => 2,
                Kind::Standard | Kind::HeadGated | Kind::Additive => 1,
            };
            assert_eq!(made, passes * model.n_layer, "{kind:?}");
        }
    }

    #[test]
    fn every_letter_is_in_the_table() {
        each(|scene, mathml| {
            for sign in signs(mathml) {
                assert!(sign.is_ok(), "{scene:?}: {sign:?} in {mathml}");
            }
        });
    }

    #[test]
    fn only_queries_keys_and_values_have_their_colours() {
        let of = |formula: &str| {
            let coloured = |class: &str| formula.contains(&format!("class=\"{class}\""));
            ["of-query", "of-key", "of-value"].map(coloured)
        };
        assert_eq!(of(PROJECT), [true; 3]);
        assert_eq!(of(SCORE), [true, true, false]);
        assert_eq!(of(ADDITIVE_SCORE), [true, true, false]);
        assert_eq!(of(MIX), [false, false, true]);
        assert_eq!(of(EMBED), [false; 3]);
    }
}
