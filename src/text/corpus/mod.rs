//! The built-in texts, made by the project: small languages, each with something to learn from.
//!
//! One variant of [`Corpus`], one file. Each but `prose` is a grammar that draws lines, and a line
//! is made of pieces that are free and pieces that follow from what stands before them (see
//! `Line`). Two things come out of that:
//! - [`Corpus::generate`], the text to train on;
//! - [`Corpus::exam`], questions about what the grammar determines, on lines that were kept out of
//!   every generated text, whatever its seed.

pub mod addition;
mod adjectives;
mod brackets;
mod copy;
mod examples;
pub mod facts;
mod line;
mod prose;

pub use addition::Digits;
use line::Line;
pub use line::{Question, Tag};

use super::TextError;
use crate::random::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::HashSet;

/// Lines that one exam asks about, no two alike.
const EXAM_LINES: usize = 300;

/// Lines drawn to find them: one in ten is held out, and some come again.
const EXAM_DRAWS: usize = 30_000;

/// A built-in text with its options. As JSON: `{"builtin": "addition", "digits": "most_first"}`,
/// every option but the name having a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "builtin", rename_all = "snake_case")]
pub enum Corpus {
    /// Sentences whose adjectives decide on the noun: "the big old fluffy dog runs. good dog!"
    Adjectives {},
    /// Statements with a negation here or there, and arbitrary facts to be learned by heart.
    Facts {},
    /// Sums of two numbers of three digits.
    Addition { digits: Digits },
    /// Words that come again, as they are or backwards.
    Copy {},
    /// Brackets of four kinds, nested, and closed in the right order.
    Brackets {},
    /// A few pages of story.
    Prose {},
}

/// An option of a built-in text, for a chooser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CorpusOption {
    pub name: &'static str,
    pub help: &'static str,
    /// What it may be, the default first.
    pub choices: &'static [&'static str],
}

impl Corpus {
    /// Every built-in text with its default options, in the order of a chooser.
    pub const ALL: [Corpus; 6] = [
        Corpus::Adjectives {},
        Corpus::Facts {},
        Corpus::Addition {
            digits: Digits::LeastFirst,
        },
        Corpus::Copy {},
        Corpus::Brackets {},
        Corpus::Prose {},
    ];

    /// The name used in scripting, on the command line and in manifests.
    pub fn name(self) -> &'static str {
        match self {
            Corpus::Adjectives {} => "adjectives",
            Corpus::Facts {} => "facts",
            Corpus::Addition { .. } => "addition",
            Corpus::Copy {} => "copy",
            Corpus::Brackets {} => "brackets",
            Corpus::Prose {} => "prose",
        }
    }

    /// The name a person reads.
    pub fn title(self) -> &'static str {
        match self {
            Corpus::Adjectives {} => "Adjectives and nouns",
            Corpus::Facts {} => "Facts and negations",
            Corpus::Addition { .. } => "Addition",
            Corpus::Copy {} => "Copy and reverse",
            Corpus::Brackets {} => "Brackets",
            Corpus::Prose {} => "Stories",
        }
    }

    /// One line on what there is to learn from it.
    pub fn help(self) -> &'static str {
        match self {
            Corpus::Adjectives {} => {
                "Big and fluffy make a dog, tiny and fluffy a cat: see what each head looks \
                 at before the noun and the verb"
            }
            Corpus::Facts {} => {
                "A “not” turns an answer, some facts are known by heart: set weights or heads to 0, \
                 and see which fall"
            }
            Corpus::Addition { .. } => {
                "Sums of three digits: see each digit look at the two it adds up, and find the carry"
            }
            Corpus::Copy {} => {
                "A word comes again, or backwards: see attention step through it letter by letter"
            }
            Corpus::Brackets {} => {
                "What is still open, and in which order? See each bracket find its partner"
            }
            Corpus::Prose {} => {
                "A few pages of plain stories: spelling first, then words, then something like sense"
            }
        }
    }

    /// What can be chosen about it.
    pub fn options(self) -> &'static [CorpusOption] {
        match self {
            Corpus::Addition { .. } => &[CorpusOption {
                name: "digits",
                help: "which digit of every number is written first: the ones, as carries go, \
                       or the hundreds, as people write",
                choices: &["least_first", "most_first"],
            }],
            Corpus::Adjectives {}
            | Corpus::Facts {}
            | Corpus::Copy {}
            | Corpus::Brackets {}
            | Corpus::Prose {} => &[],
        }
    }

    /// The text of that name, with its default options.
    ///
    /// # Errors
    /// [`TextError::NoSuchCorpus`] with the names there are.
    pub fn named(name: &str) -> Result<Self, TextError> {
        let found = Corpus::ALL.into_iter().find(|c| c.name() == name);
        found.ok_or_else(|| TextError::NoSuchCorpus {
            name: name.into(),
            choices: Corpus::ALL.map(Corpus::name).join(", "),
        })
    }

    /// The text that a script asked for: its name, or an object with its options.
    ///
    /// # Errors
    /// [`TextError::NoSuchCorpus`], or [`TextError::CorpusOptions`] that names what it does not
    /// know.
    pub fn from_json(json: &Json) -> Result<Self, TextError> {
        const NAME: &str = "builtin";
        let Some(name) = json.as_str().or_else(|| json.get(NAME)?.as_str()) else {
            return Err(TextError::CorpusOptions(format!(
                "expected a name, or an object with the name under \"{NAME}\""
            )));
        };
        let options = json.as_object().into_iter().flatten();
        options
            .filter(|(option, _)| *option != NAME)
            .try_fold(Self::named(name)?, |corpus, (option, value)| {
                corpus.with(option, value)
            })
    }

    /// The same with one of its options chosen.
    fn with(self, option: &str, value: &Json) -> Result<Self, TextError> {
        match self {
            Corpus::Addition { .. } if option == "digits" => match Digits::deserialize(value) {
                Ok(digits) => Ok(Corpus::Addition { digits }),
                Err(error) => Err(TextError::CorpusOptions(format!("{option}: {error}"))),
            },
            Corpus::Adjectives {}
            | Corpus::Facts {}
            | Corpus::Addition { .. }
            | Corpus::Copy {}
            | Corpus::Brackets {}
            | Corpus::Prose {} => {
                let has: Vec<String> = self
                    .options()
                    .iter()
                    .map(|o| format!("`{}`", o.name))
                    .collect();
                Err(TextError::CorpusOptions(format!(
                    "{} has no option `{option}`; it has {}",
                    self.name(),
                    if has.is_empty() {
                        "none".into()
                    } else {
                        has.join(", ")
                    }
                )))
            }
        }
    }

    /// The text to train on: ASCII, lines that end in `\n`, 100 to 400 KB (`prose`: what there is
    /// of it). The same seed gives the same text on every machine; `prose` has only one.
    pub fn generate(self, seed: u32) -> String {
        let Some(grammar) = self.grammar() else {
            return prose::TEXT.into();
        };
        let mut stream = Stream::new(seed, self.name());
        let mut text = String::with_capacity(grammar.bytes + line::MAX_LENGTH);
        while text.len() < grammar.bytes {
            let line = (grammar.draw)(&mut stream);
            if !line.is_held_out() {
                text.push_str(&line.text());
            }
        }
        text
    }

    /// Questions whose answers the grammar determines, on lines that no generated text contains.
    ///
    /// A question is about one determined piece of a held-out line; what is free in it (which noun
    /// the line is about, the operands of a sum) and what any count of neighbours would know (the
    /// rest of a word) is not asked. Scores are the caller's: exact answers, or characters. `prose`
    /// determines nothing and has no exam.
    pub fn exam(self, seed: u32) -> Vec<Question> {
        let Some(grammar) = self.grammar() else {
            return Vec::new();
        };
        // A stream of its own: the exam must not repeat what the text of this seed drew.
        let mut stream = Stream::new(seed, self.name()).at(1);
        let mut lines = HashSet::new();
        let drawn = std::iter::repeat_with(|| (grammar.ask)(&mut stream)).take(EXAM_DRAWS);
        let held_out = drawn.filter(|line| line.is_held_out() && lines.insert(line.text()));
        // Two lines may still begin alike, and then their first question is one.
        let mut asked = HashSet::new();
        let questions = held_out.take(EXAM_LINES).flat_map(|line| line.questions());
        let mut questions: Vec<Question> = questions
            .filter(|question| asked.insert(question.prompt.clone()))
            .collect();
        if let Corpus::Facts {} = self {
            // Chance must not leave a fact out.
            let recalled = facts::recall_questions();
            questions.extend(
                recalled
                    .into_iter()
                    .filter(|q| asked.insert(q.prompt.clone())),
            );
        }
        questions
    }

    fn grammar(self) -> Option<Grammar> {
        let (bytes, draw): (usize, fn(&mut Stream) -> Line) = match self {
            Corpus::Adjectives {} => (320_000, adjectives::draw),
            Corpus::Facts {} => (320_000, facts::draw),
            Corpus::Addition { digits } => {
                return Some(Grammar {
                    bytes: 390_000,
                    draw: match digits {
                        Digits::LeastFirst => |stream| addition::tell(stream, Digits::LeastFirst),
                        Digits::MostFirst => |stream| addition::tell(stream, Digits::MostFirst),
                    },
                    ask: match digits {
                        Digits::LeastFirst => |stream| addition::ask(stream, Digits::LeastFirst),
                        Digits::MostFirst => |stream| addition::ask(stream, Digits::MostFirst),
                    },
                });
            }
            Corpus::Copy {} => (320_000, copy::draw),
            Corpus::Brackets {} => (320_000, brackets::draw),
            Corpus::Prose {} => return None,
        };
        Some(Grammar {
            bytes,
            draw,
            ask: draw,
        })
    }
}

/// One text of several: their lines in turn, each in proportion to its length, so that any stretch
/// of it has something of all. A corpus that is named twice comes twice, in other lines. The same
/// seed gives the same text.
pub fn mixed(corpora: &[Corpus], seed: u32) -> String {
    let seeds = (0..).map(|n| seed.wrapping_add(n));
    let texts = corpora.iter().zip(seeds).map(|(c, seed)| c.generate(seed));
    let texts: Vec<String> = texts.collect();
    let mut rests: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut text = String::with_capacity(texts.iter().map(String::len).sum());
    let left = |rest: &str, whole: &String| rest.len() as f64 / whole.len().max(1) as f64;
    while let Some(next) = (0..rests.len())
        .filter(|n| !rests[*n].is_empty())
        .max_by(|a, b| left(rests[*a], &texts[*a]).total_cmp(&left(rests[*b], &texts[*b])))
    {
        let end = rests[next]
            .find('\n')
            .map_or(rests[next].len(), |at| at + 1);
        let (line, rest) = rests[next].split_at(end);
        text.push_str(line);
        rests[next] = rest;
    }
    text
}

/// How a text is made: lines are drawn until it has that many bytes.
struct Grammar {
    bytes: usize,
    draw: fn(&mut Stream) -> Line,
    /// Draws the lines that an exam asks about.
    ask: fn(&mut Stream) -> Line,
}

#[cfg(test)]
mod tests;
