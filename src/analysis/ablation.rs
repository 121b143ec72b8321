//! What is lost without a part of the model: where the carry happens, where a fact is found, and the
//! effect of leaving a head out beside what its contribution measures (seed 001: "identify where the
//! carry happens"; "test with arbitrary information but that the model knows").
//!
//! The forward passes are the engine's: one clean, then one with each part off. Of each it keeps an
//! [`Answer`] for every character that was asked for; [`effects`] compares them, group by group.
//!
//! A head that is switched off adds nothing (its contribution is multiplied by 0), and all that follows
//! is computed anew. What others make up for is therefore not in the loss: a part whose loss is small
//! may still do the work when all is well.

use super::lens::{Found, rank};
use super::vectors::{largest, wide};
use super::{AnalysisError, Head};
use crate::config::ModelConfig;
use crate::text::corpus::addition::{Digits, Problem, WIDTH};
use crate::trace::{Branch, Intervention};
use serde::{Deserialize, Serialize};

/// A part of the model that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum Part {
    Head(Head),
    /// A block's attention, all heads and biases.
    Attn {
        layer: usize,
    },
    /// A block's feed-forward.
    Mlp {
        layer: usize,
    },
}

impl Part {
    /// All: of each block the heads, the attention, the feed-forward.
    pub fn all(model: &ModelConfig) -> Vec<Part> {
        let layers = 0..model.n_layer;
        let parts = layers.flat_map(|layer| {
            let heads = Head::of_layer(model, layer).into_iter().map(Part::Head);
            heads.chain([Part::Attn { layer }, Part::Mlp { layer }])
        });
        parts.collect()
    }

    /// The change of a forward pass that switches it off.
    pub fn off(self) -> Intervention {
        match self {
            Part::Head(Head { layer, pass, head }) => Intervention::Head {
                layer,
                head,
                pass,
                scale: 0.0,
            },
            Part::Attn { layer } => Intervention::Branch {
                layer,
                branch: Branch::Attn,
            },
            Part::Mlp { layer } => Intervention::Branch {
                layer,
                branch: Branch::Mlp,
            },
        }
    }
}

/// What a pass gave where one character is right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Whether the right character was the likeliest.
    pub right: bool,
    /// The right character's logit less the mean of all: adding to all alike changes nothing that
    /// the model says.
    pub logit: f64,
}

impl Answer {
    /// Of the logits at the place that predicts it, `[V]`.
    pub fn of(logits: &[f32], token: usize) -> Answer {
        let logits = wide(logits);
        let own = logits.get(token).copied().unwrap_or(f64::NEG_INFINITY);
        Answer {
            right: largest(&logits) == token && rank(&logits, token) == 1,
            logit: own - super::vectors::mean(&logits),
        }
    }
}

/// What switching one part off did to one group of questions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect<G> {
    #[serde(flatten)]
    pub part: Part,
    pub group: G,
    pub questions: usize,
    /// Share answered right, 0 to 1, by the whole model and without the part.
    pub accuracy_clean: f64,
    pub accuracy_off: f64,
    /// Of the right character's logit less the mean of all logits: off less clean. Below 0 the part
    /// spoke for the answer.
    pub mean_logit_change: f64,
}

/// The table: every part, group by group.
///
/// `groups` has the group of each question, `clean` the whole model's answers, `off` those without
/// each part, all in the questions' order.
///
/// # Errors
/// [`AnalysisError::Answers`] when there are not as many answers as questions.
pub fn effects<G: Ord + Clone>(
    groups: &[G],
    clean: &[Answer],
    off: &[(Part, Vec<Answer>)],
) -> Result<Vec<Effect<G>>, AnalysisError> {
    let same = |found: usize| match found == groups.len() {
        true => Ok(()),
        false => Err(AnalysisError::Answers {
            expected: groups.len(),
            found,
        }),
    };
    same(clean.len())?;
    let mut places: Vec<(&G, Vec<usize>)> = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        match places.binary_search_by_key(&group, |(group, _)| group) {
            Ok(n) => places[n].1.push(place),
            Err(n) => places.insert(n, (group, vec![place])),
        }
    }
    let mut table = Vec::new();
    for (part, off) in off {
        same(off.len())?;
        for (group, places) in &places {
            let mean = |of: &dyn Fn(usize) -> f64| {
                places.iter().map(|place| of(*place)).sum::<f64>() / places.len() as f64
            };
            let right = |answers: &[Answer]| mean(&|n| f64::from(u8::from(answers[n].right)));
            table.push(Effect {
                part: *part,
                group: (*group).clone(),
                questions: places.len(),
                accuracy_clean: right(clean),
                accuracy_off: right(off),
                mean_logit_change: mean(&|n| off[n].logit - clean[n].logit),
            });
        }
    }
    Ok(table)
}

/// Which digit of a sum was asked for, and whether a carry comes in to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Digit {
    /// 0 for the ones.
    pub place: usize,
    /// Whether the place below hands a one on: never to the ones.
    pub carry: bool,
}

impl Digit {
    /// The group of each digit of the answer, in the order in which they are written.
    pub fn of(problem: Problem, digits: Digits) -> Vec<Digit> {
        let carries = problem.carries();
        let place = |place: usize| Digit {
            place,
            carry: place > 0 && carries[place - 1],
        };
        let all = (0..=WIDTH).map(place);
        match digits {
            Digits::LeastFirst => all.collect(),
            Digits::MostFirst => all.rev().collect(),
        }
    }
}

/// A fact that stands only in the training text, asked in other words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    pub question: String,
    pub answer: String,
    /// Whether the whole model gives the answer's first character.
    pub known: bool,
    /// From where in the stream that character is the likeliest (`lens`).
    #[serde(flatten)]
    pub found: Found,
    /// The parts without which a known answer is no longer given.
    pub lost_without: Vec<Part>,
}

/// One row of the table of facts: the clean answer, where the lens found it, and what came of
/// switching each part off.
pub fn fact(
    question: &str,
    answer: &str,
    found: Found,
    clean: Answer,
    off: &[(Part, Answer)],
) -> Fact {
    let lost = off.iter().filter(|(_, off)| clean.right && !off.right);
    Fact {
        question: question.into(),
        answer: answer.into(),
        known: clean.right,
        found,
        lost_without: lost.map(|(part, _)| *part).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::lens::Point;
    use crate::analysis::made::{KINDS, model};
    use crate::random::Stream;

    const HEAD: Part = Part::Head(Head {
        layer: 1,
        pass: None,
        head: 2,
    });

    fn answer(right: bool, logit: f64) -> Answer {
        Answer { right, logit }
    }

    #[test]
    fn a_table_by_hand() {
        let clean = [answer(true, 2.0), answer(true, 4.0), answer(false, 1.0)];
        let off = vec![answer(true, 1.0), answer(false, 0.0), answer(false, 1.5)];
        let table = effects(&["a", "b", "b"], &clean, &[(HEAD, off.clone())]).expect("paired");
        assert_eq!(table.len(), 2);
        assert_eq!((table[0].group, table[0].questions), ("a", 1));
        assert_eq!((table[0].accuracy_clean, table[0].accuracy_off), (1.0, 1.0));
        assert_eq!(table[0].mean_logit_change, -1.0);
        assert_eq!((table[1].accuracy_clean, table[1].accuracy_off), (0.5, 0.0));
        assert_eq!(table[1].mean_logit_change, -1.75);
        assert!(effects(&["a"], &clean, &[]).is_err());
        assert!(effects(&["a", "b", "b"], &clean, &[(HEAD, off[..2].to_vec())]).is_err());
    }

    #[test]
    fn an_answer_is_right_where_it_is_the_likeliest() {
        assert_eq!(Answer::of(&[1.0, 4.0, 1.0], 1), answer(true, 2.0));
        assert_eq!(Answer::of(&[1.0, 4.0, 1.0], 0), answer(false, -1.0));
        // What is added to all alike is not seen.
        assert_eq!(Answer::of(&[11.0, 14.0, 11.0], 1), answer(true, 2.0));
    }

    #[test]
    fn what_changes_nothing_has_no_effect() {
        let mut stream = Stream::new(1, "effects");
        let groups: Vec<usize> = (0..50).map(|_| stream.below(4)).collect();
        let clean: Vec<Answer> = (0..50)
            .map(|_| answer(stream.below(2) == 0, stream.normal()))
            .collect();
        let table = effects(&groups, &clean, &[(HEAD, clean.clone())]).expect("paired");
        assert_eq!(table.iter().map(|e| e.questions).sum::<usize>(), 50);
        for effect in table {
            assert_eq!(effect.accuracy_clean, effect.accuracy_off);
            assert_eq!(effect.mean_logit_change, 0.0);
        }
    }

    #[test]
    fn carries_stand_at_the_digit_that_they_come_in_to() {
        // 15 + 7 = 22: the ones hand one on to the tens.
        let problem = Problem::new(15, 7).expect("small");
        let carries = |digits| -> Vec<bool> {
            let all = Digit::of(problem, digits).into_iter();
            all.map(|digit| digit.carry).collect()
        };
        assert_eq!(carries(Digits::LeastFirst), [false, true, false, false]);
        assert_eq!(carries(Digits::MostFirst), [false, false, true, false]);
        // A digit is that of both operands, and one more where a carry comes in.
        let mut stream = Stream::new(1, "digits");
        for _ in 0..1000 {
            let [a, b] = [0, 0].map(|_| stream.below(1000) as u32);
            let problem = Problem::new(a, b).expect("small");
            let answer = problem.answer(Digits::LeastFirst);
            for (digit, c) in Digit::of(problem, Digits::LeastFirst)
                .iter()
                .zip(answer.chars())
            {
                let of = |n: u32| n / 10u32.pow(digit.place as u32) % 10;
                let sum = (of(a) + of(b) + u32::from(digit.carry)) % 10;
                assert_eq!(c.to_digit(10), Some(sum));
            }
        }
    }

    #[test]
    fn every_part_can_be_switched_off() {
        for kind in KINDS {
            let config = model(kind);
            for part in Part::all(&config) {
                assert_eq!(part.off().check(&config, 4), Ok(()));
            }
        }
        let json = serde_json::to_value(HEAD).expect("plain");
        assert_eq!(
            json,
            serde_json::json!({ "part": "head", "layer": 1, "head": 2 })
        );
    }

    #[test]
    fn a_fact_is_lost_only_if_it_was_known() {
        let found = Found {
            first: Some(Point::Mid(0)),
            settled: None,
        };
        let off = [
            (HEAD, answer(false, 0.0)),
            (Part::Mlp { layer: 0 }, answer(true, 0.0)),
        ];
        let known = fact("ann has a ", "duck", found, answer(true, 1.0), &off);
        assert_eq!(known.lost_without, [HEAD]);
        let unknown = fact("ann has a ", "duck", found, answer(false, 1.0), &off);
        assert!(!unknown.known && unknown.lost_without.is_empty());
    }
}
