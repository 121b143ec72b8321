//! The list of analyses, as scripts and the command line call them, and what each answers with.

use super::AnalysisError;
use super::ablation::{Digit, Effect, Fact};
use super::contributions::{Contribution, contributions};
use super::entropy::{Entropies, Looks};
use super::lens::{Reading, lens};
use super::likeness::{Likeness, Likenesses};
use super::peel::{PeeledPoint, peels};
use super::rollout::{Rollout, rollout};
use super::shift::{Shift, Shifts};
use crate::config::ModelConfig;
use crate::text::corpus::Tag;
use crate::trace::{Arrays, Trace};
use serde::{Deserialize, Serialize};

/// What can be read off a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Analysis {
    Contributions,
    Likeness,
    Entropy,
    Lens,
    Peel,
    Rollout,
    Shift,
    Parts,
    Carry,
    Facts,
}

/// What an analysis reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// One trace, and the weights.
    Trace,
    /// Traces of a corpus, one after another; one will do ([`Gathering`]).
    Corpus,
    /// Passes with and without each part ([`super::ablation`]).
    Passes,
}

impl Analysis {
    pub const ALL: [Analysis; 10] = [
        Analysis::Contributions,
        Analysis::Likeness,
        Analysis::Entropy,
        Analysis::Lens,
        Analysis::Peel,
        Analysis::Rollout,
        Analysis::Shift,
        Analysis::Parts,
        Analysis::Carry,
        Analysis::Facts,
    ];

    /// The name in scripts, on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Analysis::Contributions => "contributions",
            Analysis::Likeness => "likeness",
            Analysis::Entropy => "entropy",
            Analysis::Lens => "lens",
            Analysis::Peel => "peel",
            Analysis::Rollout => "rollout",
            Analysis::Shift => "shift",
            Analysis::Parts => "parts",
            Analysis::Carry => "carry",
            Analysis::Facts => "facts",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Analysis> {
        Analysis::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// One sentence on what it answers.
    pub const fn help(self) -> &'static str {
        match self {
            Analysis::Contributions => {
                "How much each head adds to a token, in what direction, and to a character's logit."
            }
            Analysis::Likeness => {
                "Whether heads do alike: cosines of what they add, distances of where they look."
            }
            Analysis::Entropy => {
                "How widely each head looks, in bits and in keys, and how far back."
            }
            Analysis::Lens => {
                "Which character the stream reads as at every point, how surely, and where a \
                 chosen one ranks."
            }
            Analysis::Peel => {
                "Which characters a vector is made of: the likeliest is taken away, then the next."
            }
            Analysis::Rollout => {
                "How much of a token has come from each token at the beginning, block by block."
            }
            Analysis::Shift => {
                "Whether a head looks where meaning changes: correlations, with their intervals."
            }
            Analysis::Parts => {
                "What each head and block is worth to each sort of question of a corpus."
            }
            Analysis::Carry => {
                "What each head and block is worth to a digit of a sum, with and without a carry."
            }
            Analysis::Facts => {
                "Where a fact that only the training text told is found, and what loses it."
            }
        }
    }

    pub const fn needs(self) -> Needs {
        match self {
            Analysis::Contributions | Analysis::Lens | Analysis::Peel | Analysis::Rollout => {
                Needs::Trace
            }
            Analysis::Likeness | Analysis::Entropy | Analysis::Shift => Needs::Corpus,
            Analysis::Parts | Analysis::Carry | Analysis::Facts => Needs::Passes,
        }
    }
}

/// What is asked of an analysis; each reads what concerns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The text of the one pass.
    pub text: Option<String>,
    /// A built-in corpus by its name, for what is read off many passes.
    pub corpus: Option<String>,
    /// How many blocks of the corpus.
    pub windows: usize,
    /// `parts`, `carry`: how many questions.
    pub questions: usize,
    /// The position asked about. Without it all; in `peel`, the last.
    pub position: Option<usize>,
    /// The character whose logit is shared out, or that is followed to the end. Without it the one
    /// that the model holds likeliest there.
    pub character: Option<char>,
    /// A point of the stream, by its hook's name, as "blocks.0.hook_resid_mid". Without it all.
    pub point: Option<String>,
    /// `lens`: how many of the likeliest characters.
    pub top: usize,
    /// `peel`: the norm to stop at, as a share of the vector's own, 0 to 1.
    pub floor: f64,
    /// `peel`: most characters to take away.
    pub most: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            text: None,
            corpus: None,
            windows: 100,
            questions: 100,
            position: None,
            character: None,
            point: None,
            top: 3,
            floor: 0.1,
            most: 8,
        }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Report {
    Contributions { contributions: Vec<Contribution> },
    Likeness(Likeness),
    Entropy { heads: Vec<Looks> },
    Lens { readings: Vec<Reading> },
    Peel { points: Vec<PeeledPoint> },
    Rollout(Rollout),
    Shift { heads: Vec<Shift> },
    Parts { effects: Vec<Effect<Tag>> },
    Carry { effects: Vec<Effect<Digit>> },
    Facts { facts: Vec<Fact> },
}

/// The analyses that one trace is enough for.
///
/// # Errors
/// [`AnalysisError::Passes`] for those that compare many passes; else what is not in the trace or
/// among the weights, or an option that is out of bounds.
pub fn of_trace(
    analysis: Analysis,
    trace: &Trace,
    weights: &Arrays,
    options: &Options,
) -> Result<Report, AnalysisError> {
    match analysis {
        Analysis::Contributions => Ok(Report::Contributions {
            contributions: contributions(trace, weights, options)?,
        }),
        Analysis::Lens => Ok(Report::Lens {
            readings: lens(trace, weights, options)?,
        }),
        Analysis::Peel => Ok(Report::Peel {
            points: peels(trace, weights, options)?,
        }),
        Analysis::Rollout => rollout(trace).map(Report::Rollout),
        Analysis::Likeness
        | Analysis::Entropy
        | Analysis::Shift
        | Analysis::Parts
        | Analysis::Carry
        | Analysis::Facts => {
            let mut gathering = Gathering::new(analysis, &trace.about.model)?;
            gathering.add(trace)?;
            Ok(gathering.finish())
        }
    }
}

/// An analysis over a corpus, on its way.
#[derive(Clone, Debug)]
pub struct Gathering {
    model: ModelConfig,
    so_far: SoFar,
}

#[derive(Clone, Debug)]
enum SoFar {
    Likeness(Likenesses),
    Entropy(Entropies),
    Shift(Shifts),
}

impl Gathering {
    /// One that has seen nothing yet, for traces of models of that make.
    ///
    /// # Errors
    /// [`AnalysisError::Passes`] for an analysis that is none over a corpus.
    pub fn new(analysis: Analysis, model: &ModelConfig) -> Result<Self, AnalysisError> {
        let so_far = match analysis {
            Analysis::Likeness => SoFar::Likeness(Likenesses::new(model)),
            Analysis::Entropy => SoFar::Entropy(Entropies::new(model)),
            Analysis::Shift => SoFar::Shift(Shifts::new(model)),
            Analysis::Contributions
            | Analysis::Lens
            | Analysis::Peel
            | Analysis::Rollout
            | Analysis::Parts
            | Analysis::Carry
            | Analysis::Facts => return Err(AnalysisError::Passes(analysis)),
        };
        Ok(Gathering {
            model: *model,
            so_far,
        })
    }

    /// # Errors
    /// [`AnalysisError::Models`] for a trace of another model's, or what is not in the trace.
    pub fn add(&mut self, trace: &Trace) -> Result<(), AnalysisError> {
        if trace.about.model != self.model {
            return Err(AnalysisError::Models);
        }
        match &mut self.so_far {
            SoFar::Likeness(all) => all.add(trace),
            SoFar::Entropy(all) => all.add(trace),
            SoFar::Shift(all) => all.add(trace),
        }
    }

    pub fn finish(&self) -> Report {
        match &self.so_far {
            SoFar::Likeness(all) => Report::Likeness(all.finish()),
            SoFar::Entropy(all) => Report::Entropy {
                heads: all.finish(),
            },
            SoFar::Shift(all) => Report::Shift {
                heads: all.finish(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{KINDS, Made, model};
    use serde_json::{Value, json};

    #[test]
    fn names_are_those_of_json_and_each_has_its_sentence() {
        for analysis in Analysis::ALL {
            assert_eq!(
                serde_json::to_value(analysis).ok(),
                Some(json!(analysis.name()))
            );
            assert_eq!(Analysis::named(analysis.name()), Some(analysis));
            assert!(analysis.help().ends_with('.') && analysis.help().len() < 100);
        }
    }

    #[test]
    fn every_kind_of_attention_answers_in_numbers() {
        for (kind, seed) in KINDS.into_iter().zip(1..) {
            let Made { trace, weights } = Made::new(&model(kind), 6, seed);
            for analysis in Analysis::ALL {
                let report = of_trace(analysis, &trace, &weights, &Options::default());
                match analysis.needs() {
                    Needs::Passes => assert_eq!(report, Err(AnalysisError::Passes(analysis))),
                    Needs::Trace | Needs::Corpus => {
                        let json = serde_json::to_value(report.expect("whole")).expect("plain");
                        assert_eq!(json["kind"], analysis.name());
                        assert!(numbers(&json) > 0);
                    }
                }
            }
        }
    }

    /// How many numbers; null, which a NaN would become, is none of them.
    fn numbers(json: &Value) -> usize {
        match json {
            Value::Number(_) => 1,
            Value::Array(all) => all.iter().map(numbers).sum(),
            Value::Object(all) => all.values().map(numbers).sum(),
            Value::Null => panic!("a number is missing"),
            Value::Bool(_) | Value::String(_) => 0,
        }
    }

    #[test]
    fn an_unknown_option_or_character_or_position_is_refused() {
        assert!(serde_json::from_value::<Options>(json!({ "positon": 1 })).is_err());
        let Made { trace, weights } = Made::new(&model(KINDS[0]), 6, 1);
        let refusal = |options: Value| {
            let options: Options = serde_json::from_value(options).expect("well formed");
            let answer = of_trace(Analysis::Lens, &trace, &weights, &options);
            answer.expect_err("must be refused").to_string()
        };
        assert!(refusal(json!({ "character": "Z" })).contains("'Z'"));
        assert!(refusal(json!({ "position": 6 })).contains("0 to 5"));
    }

    #[test]
    fn traces_of_another_model_are_refused() {
        let mut gathering = Gathering::new(Analysis::Entropy, &model(KINDS[0])).expect("a corpus");
        let other = Made::new(&model(KINDS[1]), 3, 1);
        assert_eq!(gathering.add(&other.trace), Err(AnalysisError::Models));
    }
}
