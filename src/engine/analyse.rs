//! The passes that an analysis asks for: over a text, over a corpus, or with one part after the other
//! switched off.

use super::record::Watch;
use super::run::{Run, input, numbers};
use crate::analysis::ablation::{Answer, Digit, Effect, Fact, Part, effects, fact};
use crate::analysis::contributions::{Contribution, leave_out};
use crate::analysis::lens::{found, lens};
use crate::analysis::{Analysis, Gathering, Head, Needs, Options, Report, of_trace};
use crate::protocol::Fault;
use crate::text::corpus::addition::{Digits, Problem};
use crate::text::corpus::facts::recall_questions;
use crate::text::corpus::{Corpus, Tag};
use crate::trace::{Arrays, Intervention};
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};

/// Seed of the texts and questions that are generated: none that a ready-made model was trained on.
/// (`prose` is one text, whatever the seed.)
const UNSEEN: u32 = 2;

/// A line that is shown, and what is right where in it.
struct Asked {
    shown: Vec<u32>,
    /// Positions, and the tokens that should come after them.
    right: Vec<(usize, u32)>,
}

impl Asked {
    /// Every character of `answer` after `prompt`.
    fn new(run: &Run, prompt: &str, answer: &str) -> Result<Self, Fault> {
        let prompt = run.tokenizer.encode(prompt).map_err(input)?;
        let answer = run.tokenizer.encode(answer).map_err(input)?;
        let first = prompt.len().saturating_sub(1);
        let right = answer.iter().enumerate().map(|(n, t)| (first + n, *t));
        let right = right.collect();
        // The answer's last character is asked for and never shown.
        let shown: Vec<u32> = prompt
            .iter()
            .chain(&answer[..answer.len().saturating_sub(1)])
            .copied()
            .collect();
        let block_size = run.config.model.block_size;
        if shown.len() > block_size {
            return Err(input(format!(
                "A question takes {} tokens, but the model sees {block_size}.",
                shown.len()
            )));
        }
        Ok(Asked { shown, right })
    }
}

impl Run {
    /// Reads that off the model.
    ///
    /// # Errors
    /// A text or corpus that is missing or unknown, or has characters that the model does not know,
    /// an option out of bounds, or a device that fails.
    pub async fn analyse(&self, analysis: Analysis, options: &Options) -> Result<Report, Fault> {
        match (analysis.needs(), &options.text, &options.corpus) {
            (Needs::Trace | Needs::Corpus, Some(text), None) => {
                let trace = self.trace(text, &[]).await?;
                let report = of_trace(analysis, &trace, &self.arrays().await?, options);
                let mut report = report.map_err(input)?;
                if let Report::Contributions { contributions } = &mut report {
                    self.effects_on(contributions, text).await?;
                }
                Ok(report)
            }
            (Needs::Corpus, None, Some(corpus)) => {
                self.over_corpus(analysis, corpus, options.windows).await
            }
            (Needs::Passes, None, Some(corpus)) if analysis == Analysis::Parts => {
                let corpus = Corpus::named(corpus).map_err(input)?;
                let effects = self.parts(corpus, options.questions).await?;
                Ok(Report::Parts { effects })
            }
            (Needs::Passes, None, None) if analysis == Analysis::Carry => {
                let effects = self.carries(options.questions).await?;
                Ok(Report::Carry { effects })
            }
            (Needs::Passes, None, None) if analysis == Analysis::Facts => {
                let facts = self.facts().await?;
                Ok(Report::Facts { facts })
            }
            (Needs::Trace, ..) => Err(input(format!(
                "{} is read off one pass: give a text, and no corpus.",
                analysis.name()
            ))),
            (Needs::Corpus, ..) => Err(input(format!(
                "{} is read off many passes: give a corpus, or a text.",
                analysis.name()
            ))),
            (Needs::Passes, ..) => Err(input(match analysis {
                Analysis::Parts => {
                    "parts asks a corpus's questions: give its name, and no text.".into()
                }
                _ => format!(
                    "{} asks questions of its own: give neither text nor corpus.",
                    analysis.name()
                ),
            })),
        }
    }

    /// Beside what each head puts to a logit, what the logit loses without it: a pass for each head.
    async fn effects_on(&self, found: &mut [Contribution], text: &str) -> Result<(), Fault> {
        for head in Head::all(&self.config.model) {
            let without = self.trace(text, &[Part::Head(head).off()]).await?;
            leave_out(found, head, &without).map_err(input)?;
        }
        Ok(())
    }

    async fn arrays(&self) -> Result<Arrays, Fault> {
        let (entries, numbers) = self.weights().await?;
        Arrays::new(entries, numbers).map_err(input)
    }

    /// Over whole blocks of a corpus.
    async fn over_corpus(
        &self,
        analysis: Analysis,
        corpus: &str,
        windows: usize,
    ) -> Result<Report, Fault> {
        let text = Corpus::named(corpus).map_err(input)?.generate(UNSEEN);
        let tokens = self.tokenizer.encode(&text).map_err(input)?;
        let mut gathering = Gathering::new(analysis, &self.config.model).map_err(input)?;
        let blocks = tokens.chunks_exact(self.config.model.block_size);
        for block in blocks.take(windows.max(1)) {
            let trace = self.trace_tokens(block, 0, &[]).await?;
            gathering.add(&trace).map_err(input)?;
        }
        Ok(gathering.finish())
    }

    /// What each part is worth to the questions of a corpus, on lines that no text contains.
    async fn parts(&self, corpus: Corpus, questions: usize) -> Result<Vec<Effect<Tag>>, Fault> {
        let exam = corpus.exam(UNSEEN);
        if exam.is_empty() {
            return Err(input(format!(
                "In {} nothing is right or wrong, so there is nothing to ask.",
                corpus.name()
            )));
        }
        let (mut asked, mut groups) = (Vec::new(), Vec::new());
        for question in exam.iter().take(questions.max(1)) {
            let line = Asked::new(self, &question.prompt, &question.answer)?;
            groups.extend(std::iter::repeat_n(question.tag, line.right.len()));
            asked.push(line);
        }
        let clean = self.answers(&asked, &[]).await?;
        let off = self.without_each(&asked).await?;
        effects(&groups, &clean, &off).map_err(input)
    }

    /// What each part is worth to the digits of sums that no text contains.
    async fn carries(&self, questions: usize) -> Result<Vec<Effect<Digit>>, Fault> {
        let digits = Digits::LeastFirst;
        let exam = Corpus::Addition { digits }.exam(UNSEEN);
        let (mut asked, mut groups) = (Vec::new(), Vec::new());
        for question in exam.iter().take(questions.max(1)) {
            let Some(problem) = Problem::read(&question.prompt, digits) else {
                continue;
            };
            asked.push(Asked::new(self, &question.prompt, &problem.answer(digits))?);
            groups.extend(Digit::of(problem, digits));
        }
        let clean = self.answers(&asked, &[]).await?;
        let off = self.without_each(&asked).await?;
        effects(&groups, &clean, &off).map_err(input)
    }

    /// Where the facts that only training told are found, and what loses them.
    async fn facts(&self) -> Result<Vec<Fact>, Fault> {
        let questions = recall_questions();
        let asked = questions.iter().map(|question| {
            let first = question.answer.chars().take(1).collect::<String>();
            Asked::new(self, &question.prompt, &first)
        });
        let asked = asked.collect::<Result<Vec<_>, Fault>>()?;
        let clean = self.answers(&asked, &[]).await?;
        let off = self.without_each(&asked).await?;
        let weights = self.arrays().await?;
        let mut facts = Vec::new();
        for (n, question) in questions.iter().enumerate() {
            let trace = self.trace_tokens(&asked[n].shown, 0, &[]).await?;
            let options = Options {
                position: Some(asked[n].shown.len() - 1),
                character: question.answer.chars().next(),
                ..Options::default()
            };
            let readings = lens(&trace, &weights, &options).map_err(input)?;
            let off: Vec<(Part, Answer)> = off.iter().map(|(part, all)| (*part, all[n])).collect();
            facts.push(fact(
                &question.prompt,
                &question.answer,
                found(readings.iter()),
                clean[n],
                &off,
            ));
        }
        Ok(facts)
    }

    /// The answers without each part of the model in turn.
    async fn without_each(&self, asked: &[Asked]) -> Result<Vec<(Part, Vec<Answer>)>, Fault> {
        let mut off = Vec::new();
        for part in Part::all(&self.config.model) {
            off.push((part, self.answers(asked, &[part.off()]).await?));
        }
        Ok(off)
    }

    /// One answer for each character that is asked for, in order, from one pass over all lines.
    async fn answers(
        &self,
        asked: &[Asked],
        changes: &[Intervention],
    ) -> Result<Vec<Answer>, Fault> {
        // Lines are filled up to one length with what causal attention never sees.
        let t = asked.iter().map(|a| a.shown.len()).max().unwrap_or(1);
        let tokens = asked.iter().flat_map(|a| {
            let shown = a.shown.iter().map(|token| *token as i32);
            shown.chain(std::iter::repeat(0)).take(t)
        });
        let tokens = TensorData::new(tokens.collect::<Vec<i32>>(), [asked.len(), t]);
        let tokens = Tensor::<2, Int>::from_data(tokens, &self.place.plain()); // [B, T]
        let watch = Watch {
            changes,
            ..Watch::default()
        };
        let logits = self.model().valid().forward_watched(tokens, watch); // [B, T, V]
        let logits = numbers(logits).await?;
        let vocab = self.tokenizer.size();
        let answers = asked.iter().enumerate().flat_map(|(row, a)| {
            let logits = &logits;
            a.right.iter().map(move |(position, token)| {
                let place = (row * t + position) * vocab;
                Answer::of(&logits[place..place + vocab], *token as usize)
            })
        });
        Ok(answers.collect())
    }
}
