//! What each scene shows, in a few sentences whose terms point at the stage.

use super::idea::{Idea, Word};
use super::journey::Scene;
use super::term::Term;
use crate::config::attention::{Normaliser, Sharpen};
use crate::config::{Activation, Attention, ModelConfig, Norm};
use crate::explain::NormSite;
use crate::trace::{Branch, Pass};

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    Say(&'static str),
    Count(usize),
    /// Words that point at numbers on the stage.
    Point(Term, &'static str),
    /// Words that have no numbers there, but a meaning.
    Mean(Idea, &'static str),
}

use Part::{Count, Mean, Point, Say};

/// What a piece of a text asks to be explained.
pub fn word(part: &Part) -> Option<Word> {
    match part {
        Point(term, _) => Some(Word::Term(*term)),
        Mean(idea, _) => Some(Word::Idea(*idea)),
        Say(_) | Count(_) => None,
    }
}

/// Words that one reads in a second, at 200 a minute.
const READ: f64 = 200.0 / 60.0;

/// Seconds that a scene lasts at the normal speed: as long as its text is read, and as what moves in
/// it needs.
pub fn seconds(scene: Scene, model: &ModelConfig) -> f64 {
    let count = |words: &str| {
        let words = words.split_whitespace();
        words
            .filter(|word| word.contains(char::is_alphanumeric))
            .count()
    };
    let text = words(scene, model).into_iter().map(|part| match part {
        Say(words) | Point(_, words) | Mean(_, words) => count(words),
        Count(_) => 1,
    });
    let text: usize = text.sum();
    scene.duration().max(text as f64 / READ)
}

/// Letters and spaces of a scene's text.
pub fn letters(scene: Scene, model: &ModelConfig) -> usize {
    let text = words(scene, model).into_iter().map(|part| match part {
        Say(words) | Point(_, words) | Mean(_, words) => words.chars().count(),
        Count(n) => n.to_string().len(),
    });
    text.sum()
}

/// The text of a scene.
pub fn words(scene: Scene, model: &ModelConfig) -> Vec<Part> {
    match scene {
        Scene::Embed => vec![
            Say("To guess the next character, each one before it is looked up in a table: "),
            Point(Term::CharacterRow, "a row"),
            Say(" of "),
            Count(model.n_embd),
            Say(" numbers. Its place in the sentence has "),
            Point(Term::PositionRow, "a row of its own"),
            Say(
                ", and both are added: the model knows what stands there, and where. The sum begins the ",
            ),
            Point(Term::Stream, "residual stream"),
            Say("."),
        ],
        Scene::Norm(NormSite::Final) => vec![
            Say("Before the "),
            Point(Term::Stream, "stream"),
            Say(" is read off it is "),
            Point(Term::Normed, "normed"),
            Say(" once more: centred, brought to one size by its "),
            Point(Term::Deviation, "deviation"),
            Say(", then stretched and shifted channel by channel."),
        ],
        Scene::Norm(_) => {
            let mut parts = vec![
                Say("The row's mean is taken off and what is left is divided by its "),
                Point(Term::Deviation, "deviation"),
                Say(", so that no row is larger than the others. Each is "),
                Point(Term::Normed, "normed"),
                Say(" for itself, across its own channels. "),
            ];
            parts.extend(match model.norm {
                Norm::Pre => [
                    Say("Here the norm stands before the branch, so that the "),
                    Point(Term::Stream, "stream"),
                    Say(" itself is left alone."),
                ]
                .as_slice(),
                Norm::Post | Norm::None => &[Say(
                    "Here the norm stands after the sum, as in the first Transformer.",
                )],
            });
            parts
        }
        Scene::Project(_) => vec![
            Say("The same "),
            Point(read_by_a_branch(model), "row"),
            Say(" is multiplied by three learned matrices. The "),
            Point(Term::Query, "query"),
            Say(" says what this token looks for, the "),
            Point(Term::Key, "key"),
            Say(" what it offers to others, the "),
            Point(Term::Value, "value"),
            Say(" what it hands over when it is looked at. Every "),
            Mean(Idea::Head, "head"),
            Say(" has three of its own."),
        ],
        Scene::Score(_) => vec![
            Say("The "),
            Point(Term::Query, "query"),
            Say(" meets every "),
            Point(Term::Key, "key"),
            Say(" up to its own token. Their products, number by number, are summed to a "),
            Point(Term::Score, "score"),
            Say(
                ": large where both point the same way, negative where apart. Only differences count: \
                 the least negative may win.",
            ),
        ],
        Scene::AdditiveScore(_) => vec![
            Say("Not multiplied but added are "),
            Point(Term::Query, "query"),
            Say(" and "),
            Point(Term::Key, "key"),
            Say(", bent by tanh, and read off as a "),
            Point(Term::Score, "score"),
            Say(
                " by a vector that the head has learned. All these numbers are kept for each pair: far \
                 more room than a dot product needs.",
            ),
        ],
        Scene::Mask(_) => {
            let mut parts = match model.attention {
                Attention::Additive(_) => vec![],
                Attention::Standard(_) | Attention::HeadGated(_) | Attention::AdaptiveSpan(_) => {
                    vec![Say(
                        "Sums of many products grow with their number; its root brings them back to \
                         size. ",
                    )]
                }
            };
            parts.extend([
                Say("No token may see what comes after it, or guessing would be copying: there a "),
                Point(Term::Score, "score"),
                Say(" of minus infinity becomes a weight of exactly 0."),
            ]);
            parts
        }
        Scene::Sharpen(_) => {
            let Attention::AdaptiveSpan(options) = model.attention else {
                return vec![];
            };
            let note = match options.sharpen {
                Sharpen::Short => "A short span looks sharply.",
                Sharpen::Long => "A long span looks sharply.",
                Sharpen::Off => "In this model it is always 1.",
            };
            vec![
                Say("What a "),
                Point(Term::Distance, "distance"),
                Say(" is worth is learned, and added to the "),
                Point(Term::Score, "score"),
                Say(". Then the row is divided by its "),
                Point(Term::Temperature, "temperature"),
                Say(": below 1 differences grow, and the head makes up its mind. "),
                Say(note),
            ]
        }
        Scene::Softmax(place) => {
            let mut parts = vec![Say("Every "), Point(Term::Score, "score")];
            let local = place.pass == Some(Pass::Local);
            let normaliser = model.attention.normaliser();
            parts.extend(match normaliser {
                Normaliser::Softmax if local => [
                    Say(" becomes an exponential, multiplied by its key's window. Divided by their sum \
                         they are "),
                    Point(Term::Weight, "weights"),
                    Say(": the query has exactly 1 to give away."),
                ],
                Normaliser::Softmax => [
                    Say(" becomes an exponential: never negative, and the large ones stand out. Divided \
                         by their sum they are "),
                    Point(Term::Weight, "weights"),
                    Say(": the query has exactly 1 to give away."),
                ],
                Normaliser::OffByOne => [
                    Say(" becomes an exponential, divided by the sum of all plus 1. The 1 is room for \
                         nothing: a head that finds no key worth a "),
                    Point(Term::Weight, "weight"),
                    Say(" may look nowhere."),
                ],
                Normaliser::Sigmoid => [
                    Say(" goes through a sigmoid of its own. The "),
                    Point(Term::Weight, "weights"),
                    Say(" do not compete, and need not sum to 1."),
                ],
            });
            if local && normaliser != Normaliser::Softmax {
                parts.push(Say(" Its key's window multiplies each."));
            }
            parts
        }
        Scene::Mix(_) => vec![
            Say("Each "),
            Point(Term::Value, "value"),
            Say(" is multiplied by the "),
            Point(Term::Weight, "weight"),
            Say(" that its key got, and all are added up. What weighs little hardly shows in "),
            Point(Term::Mixed, "the sum"),
            Say("; this is how one token learns of another."),
        ],
        Scene::Gate => vec![
            Point(Term::Measures, "Three things are measured"),
            Say(
                " of each head at this token: how strongly it fires, where it looks, how widely. A small \
                 network sees them for all heads together, and its ",
            ),
            Point(Term::Gate, "gates"),
            Say(" turn each head up or down. At 1 a head passes as it is."),
        ],
        Scene::Span => vec![
            Say("A first pass looked at everything. "),
            Point(Term::Gist, "What it found so far"),
            Say(" decides "),
            Point(Term::Span, "how many tokens"),
            Say(" a second pass may look back, and "),
            Point(Term::Temperature, "how sharply"),
            Say(". What was found by later tokens has no say in it."),
        ],
        Scene::Window => vec![
            Say("Within the span the "),
            Point(Term::Window, "window"),
            Say(
                " is open, at its end it fades out over a few tokens, beyond it nothing is seen: the \
                 softmax that follows multiplies each key by it. A hard end would have no slope to learn from; the ramp has one.",
            ),
        ],
        Scene::Heads => {
            let make = match model.attention {
                Attention::AdaptiveSpan(_) => "In each pass a head's own matrix makes ",
                Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => {
                    "Each head's learned matrix makes "
                }
            };
            vec![
                Say(make),
                Point(Term::HeadShare, "a row as wide as the stream"),
                Say("; all add up to "),
                Point(Term::AttentionOut, "what attention adds"),
                Say(". Length says how much a head adds, "),
                Mean(Idea::Cosine, "cosine"),
                Say(" whether it pulls as the sum does, "),
                Mean(Idea::Entropy, "entropy"),
                Say(" how widely it looked."),
            ]
        }
        Scene::Add(branch) => {
            let what = match branch {
                Branch::Attn => Point(Term::AttentionOut, "what attention found"),
                Branch::Mlp => Point(Term::FeedForwardOut, "what the feed-forward made"),
            };
            vec![
                Say("The "),
                Point(Term::Stream, "stream"),
                Say(" is not replaced: "),
                what,
                Say(
                    " is added to it. On this road a number from the embedding can reach the end \
                     untouched; and in training the ",
                ),
                Mean(Idea::Slope, "slope"),
                Say(", which says how each weight has to move, reaches every block along it."),
            ]
        }
        Scene::FeedForward => {
            let relu = match model.activation {
                Activation::Relu => {
                    ". Sums below 0 become 0 (relu): those neurons stay silent. The rest "
                }
                Activation::Gelu => {
                    ". Sums below 0 become nearly 0 (gelu): those neurons stay nearly silent. The rest "
                }
            };
            vec![
                Say("The tokens have talked, now each thinks for itself. "),
                Count(4 * model.n_embd),
                Say(" "),
                Point(Term::Neuron, "neurons"),
                Say(" each sum up "),
                Point(read_by_a_branch(model), "its row"),
                Say(" with weights of their own"),
                Say(relu),
                Point(Term::FeedForwardOut, "write back"),
                Say(" to the stream."),
            ]
        }
        Scene::Cache => vec![
            Say("Later tokens look back at this one by its "),
            Point(Term::Key, "key"),
            Say(" and its "),
            Point(Term::Value, "value"),
            Say(
                ". Neither changes any more, since no token sees what comes after it. So they are kept: \
                 the next character costs one new row in each block. After ",
            ),
            Count(model.block_size),
            Say(" tokens the window slides: every position is another, and all is made anew."),
        ],
        Scene::Lens => vec![
            Say("What would the model say if it ended earlier? This is the "),
            Mean(Idea::LogitLens, "logit lens"),
            Say(": the stream at every depth, put through the last norm and the "),
            Mean(Idea::Unembedding, "unembedding"),
            Say(", a glimpse of "),
            Point(Term::Probability, "a guess"),
            Say(" that is being formed."),
        ],
        Scene::Logits => vec![
            Say("The "),
            match model.norm {
                Norm::Pre => Point(Term::Normed, "normed row"),
                Norm::Post | Norm::None => Point(Term::Stream, "stream"),
            },
            Say(" is compared with "),
            Mean(Idea::Unembedding, "a row for each character"),
            Say(": the better the fit, the larger the "),
            Point(Term::Logit, "logit"),
            Say(". Softmax makes "),
            Point(Term::Probability, "probabilities"),
            Say(" of them, just as it made weights of scores."),
        ],
        Scene::Sample => vec![
            Say("A "),
            Mean(Idea::Tempered, "temperature"),
            Say(" changes "),
            Point(Term::Probability, "how likely"),
            Say(" each character is: below 1 favours the likeliest. "),
            Mean(Idea::TopK, "Top k"),
            Say(" and "),
            Mean(Idea::TopP, "top p"),
            Say(" leave the first few. With "),
            Point(Term::Chance, "these chances"),
            Say(
                " a place between 0 and 1, made from the seed, decides. The character joins the \
                 sentence, and its journey begins.",
            ),
        ],
    }
}

/// Whether one of a text's terms is this one.
pub fn points_at(text: &[Part], term: Term) -> bool {
    text.iter()
        .any(|part| matches!(part, Point(other, _) if *other == term))
}

/// What attention, feed-forward and unembedding are given.
fn read_by_a_branch(model: &ModelConfig) -> Term {
    match model.norm {
        Norm::Pre => Term::Normed,
        Norm::Post | Norm::None => Term::Stream,
    }
}

/// The text of the closed view.
pub fn overview() -> Vec<Part> {
    vec![
        Say("Each cell is a token's stream at one depth, with "),
        Point(Term::Probability, "the character"),
        Say(" that the "),
        Mean(Idea::LogitLens, "logit lens"),
        Say(
            " reads there; fuller is surer. Lines show what the chosen token looks at, from the weight \
             below on: strong the chosen head's, faint the others'; click one. ",
        ),
        Point(Term::Weight, "Points"),
        Say(" and frames: all heads together."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::golden::{ALL, golden};
    use crate::explain::{Quantity, Source};
    use crate::page::explore::journey::journey;
    use crate::page::explore::overview;
    use crate::page::explore::scene::{Mark, Picture, View, picture};
    use crate::protocol::Sampling;

    fn terms(text: &[Part]) -> Vec<Term> {
        let of = |part: &Part| word(part).and_then(Word::term);
        text.iter().filter_map(of).collect()
    }

    #[test]
    fn a_scene_lasts_until_its_text_is_read() {
        for bytes in ALL {
            let (trace, _) = golden(bytes);
            let model = &trace.about.model;
            for stop in journey(model) {
                let say = |part: &Part| match part {
                    Say(words) | Point(_, words) | Mean(_, words) => (*words).to_string(),
                    Count(n) => n.to_string(),
                };
                let text: String = words(stop.scene, model).iter().map(say).collect();
                let minutes = text.split_whitespace().count() as f64 / 200.0;
                let lasts = seconds(stop.scene, model);
                // Where a part ends within a word, that word was counted twice.
                assert!(lasts >= 60.0 * minutes - 0.5, "{:?}: {lasts} s", stop.scene);
                assert!(lasts >= stop.scene.duration() && lasts < 40.0);
            }
        }
    }

    /// Every scene of every kind at its end, for the first token and the last.
    fn each(mut look: impl FnMut(&View, Picture)) {
        for bytes in ALL {
            let (trace, weights) = golden(bytes);
            let source = Source {
                trace: &trace,
                weights: Some(&weights),
                sampling: Sampling::default(),
            };
            for stop in journey(source.model()) {
                for token in [0, source.tokens() - 1] {
                    let view = View {
                        source,
                        before: None,
                        stop,
                        token,
                        head: 1,
                        picked: None,
                        flipped: false,
                        written: 0,
                        width: 620.0,
                        stretch: 1.0,
                        time: 1.0,
                    };
                    look(&view, picture(&view));
                }
            }
        }
    }

    fn lights(picture: &Picture, term: Term) -> bool {
        let colour = |mark: &Mark| matches!(mark, Mark::Cell { role, .. } if *role == term.role());
        picture.of(term).any(colour)
    }

    #[test]
    fn every_term_lights_numbers_of_its_scene_in_its_own_colour() {
        each(|view, picture| {
            for term in terms(&words(view.stop.scene, view.source.model())) {
                assert!(lights(&picture, term), "{term:?} in {:?}", view.stop);
            }
        });
    }

    #[test]
    fn every_number_on_the_stage_lights_a_term() {
        each(|view, picture| {
            let text = words(view.stop.scene, view.source.model());
            for cell in picture.marks.iter().filter_map(Mark::cell) {
                let term = Term::of(cell.quantity);
                let said = term.is_some_and(|term| points_at(&text, term));
                assert!(said, "{} in {:?}", cell.name(), view.stop);
            }
        });
    }

    #[test]
    fn the_terms_of_the_closed_view_light_it() {
        each(|view, _| {
            let picture = overview::picture(view, 0.3);
            for term in terms(&overview()) {
                assert!(picture.of(term).next().is_some(), "{term:?}");
            }
        });
    }

    #[test]
    fn a_term_covers_what_it_is_the_word_for() {
        assert!(Term::Stream.covers(Quantity::ResidMid(3)));
        assert!(!Term::Stream.covers(Quantity::AttnOut(3)));
        assert_eq!(Term::of(Quantity::Gain(0)), None);
    }
}
