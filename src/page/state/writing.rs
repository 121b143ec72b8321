//! What the model is asked to write, and what it has written.

use crate::config::number;
use crate::protocol::Sampling;
use crate::text::tokenizer::Tokenizer;
use std::collections::BTreeMap;

/// Characters of a written text that the page keeps: the older ones are scrolled away.
const KEPT: usize = 20_000;

/// One way to steer the drawing of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knob {
    Tokens,
    Temperature,
    TopK,
    TopP,
    Seed,
}

impl Knob {
    pub const ALL: [Knob; 5] = [
        Knob::Tokens,
        Knob::Temperature,
        Knob::TopK,
        Knob::TopP,
        Knob::Seed,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Knob::Tokens => "Length",
            Knob::Temperature => "Temperature",
            Knob::TopK => "Top k",
            Knob::TopP => "Top p",
            Knob::Seed => "Seed",
        }
    }

    pub fn help(self) -> &'static str {
        match self {
            Knob::Tokens => "Characters to write, 1 to 100,000.",
            Knob::Temperature => {
                "0 always takes the likeliest character; 1 draws as the model believes; more is wilder. 0 to 10."
            }
            Knob::TopK => "Draws only from the k likeliest characters; 0 for all.",
            Knob::TopP => {
                "Draws only from the likeliest characters that together reach this share, above 0 and at most 1."
            }
            Knob::Seed => "The same seed, model and prompt write the same text.",
        }
    }

    /// As addresses and identifiers call it.
    pub fn name(self) -> &'static str {
        match self {
            Knob::Tokens => "tokens",
            Knob::Temperature => "temperature",
            Knob::TopK => "top-k",
            Knob::TopP => "top-p",
            Knob::Seed => "seed",
        }
    }

    /// As a field shows it.
    pub fn get(self, options: &Sampling) -> String {
        match self {
            Knob::Tokens => options.tokens.to_string(),
            Knob::Temperature => options.temperature.to_string(),
            Knob::TopK => options.top_k.to_string(),
            Knob::TopP => options.top_p.to_string(),
            Knob::Seed => options.seed.to_string(),
        }
    }

    /// Reads what was typed, within the engine's own ranges.
    ///
    /// # Errors
    /// What it takes, in words.
    pub fn set(self, options: &mut Sampling, text: &str) -> Result<(), &'static str> {
        let text = text.trim();
        let whole = || text.parse::<u32>().ok();
        let real = || number(text).map(|x| x as f32);
        match self {
            Knob::Tokens => {
                let fits = whole().filter(|n| (1..=100_000).contains(n));
                options.tokens = fits.ok_or("a whole number from 1 to 100,000")?;
            }
            Knob::Temperature => {
                let fits = real().filter(|t| (0.0..=10.0).contains(t));
                options.temperature = fits.ok_or("a number from 0 to 10")?;
            }
            Knob::TopK => options.top_k = whole().ok_or("a whole number, 0 for all")?,
            Knob::TopP => {
                let fits = real().filter(|p| *p > 0.0 && *p <= 1.0);
                options.top_p = fits.ok_or("a number above 0 and at most 1")?;
            }
            Knob::Seed => options.seed = whole().ok_or("a whole number")?,
        }
        Ok(())
    }
}

/// A text that a model wrote, or is writing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    pub prompt: String,
    pub text: String,
}

/// What happens in the prompt box.
#[derive(Clone, Debug)]
pub enum WritingAction {
    Prompt(String),
    Turn(Knob, String),
    Leave(Knob),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Writing {
    pub prompt: String,
    /// Whether the person wrote the prompt; until then the page proposes one.
    touched: bool,
    pub options: Sampling,
    /// What stands in a knob's field and is not taken yet, by the knob's label.
    drafts: BTreeMap<&'static str, String>,
    pub active: bool,
    pub written: Option<Written>,
}

impl Writing {
    pub fn reduce(&mut self, action: WritingAction) {
        match action {
            WritingAction::Prompt(prompt) => {
                self.prompt = prompt;
                self.touched = true;
            }
            WritingAction::Turn(knob, text) => {
                // A mistake stays in the draft, from which `error` reads it again.
                let _ = knob.set(&mut self.options, &text);
                self.drafts.insert(knob.label(), text);
            }
            WritingAction::Leave(knob) => {
                if self.error(knob).is_none() {
                    self.drafts.remove(knob.label());
                }
            }
        }
    }

    /// The prompt, where the person wrote it.
    pub fn own_prompt(&self) -> Option<&str> {
        let own = self.touched && !self.prompt.is_empty();
        own.then_some(self.prompt.as_str())
    }

    /// Gives up the person's prompt where a model does not know every character of it: what it was.
    pub fn give_up(&mut self, vocab: &[char]) -> Option<String> {
        let own = self.own_prompt()?.to_string();
        unknown_characters(&own, vocab)?;
        self.touched = false;
        self.prompt.clear();
        Some(own)
    }

    /// Proposes a prompt, unless the person wrote one.
    pub fn propose(&mut self, prompt: &str) {
        if !self.touched {
            self.prompt = prompt.into();
        }
    }

    /// A ready-made model was opened: proposes its prompt, also in the place of one of which it does
    /// not know every character, and takes away what another model wrote.
    pub fn offer(&mut self, prompt: &str, vocab: &[char]) {
        if unknown_characters(&self.prompt, vocab).is_some() {
            self.touched = false;
        }
        self.propose(prompt);
        if !self.active {
            self.written = None;
        }
    }

    pub fn begin(&mut self, prompt: String) {
        self.active = true;
        let text = String::new();
        self.written = Some(Written { prompt, text });
    }

    pub fn write(&mut self, piece: &str) {
        let Some(written) = &mut self.written else {
            return;
        };
        written.text.push_str(piece);
        if written.text.len() > 2 * KEPT {
            let cut = written.text.ceil_char_boundary(written.text.len() - KEPT);
            written.text.drain(..cut);
            written.prompt.clear();
        }
    }

    pub fn shown(&self, knob: Knob) -> String {
        match self.drafts.get(knob.label()) {
            Some(draft) => draft.clone(),
            None => knob.get(&self.options),
        }
    }

    pub fn error(&self, knob: Knob) -> Option<String> {
        let draft = self.drafts.get(knob.label())?;
        let expected = knob.set(&mut Sampling::default(), draft).err()?;
        Some(format!("{} takes {expected}", knob.label()))
    }

    pub fn is_ready(&self) -> bool {
        Knob::ALL.iter().all(|knob| self.error(*knob).is_none())
    }
}

/// Names the prompt's characters that the model does not know.
pub fn unknown_characters(prompt: &str, vocab: &[char]) -> Option<String> {
    let tokenizer = Tokenizer::from_vocab(vocab.to_vec()).ok()?;
    let error = tokenizer.encode(prompt).err()?;
    Some(super::setup::sentence(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_prompt_gives_way_to_the_persons() {
        let mut writing = Writing::default();
        writing.propose("the ");
        assert_eq!(writing.prompt, "the ");
        writing.reduce(WritingAction::Prompt(String::new()));
        writing.propose("first");
        assert_eq!(writing.prompt, "");
    }

    #[test]
    fn knobs_are_read_within_the_engines_ranges() {
        let mut writing = Writing::default();
        for (knob, wrong, right) in [
            (Knob::Tokens, "0", "300"),
            (Knob::Temperature, "-1", "1.5"),
            (Knob::TopK, "2.5", "40"),
            (Knob::TopP, "0", "0.9"),
            (Knob::Seed, "x", "3"),
        ] {
            writing.reduce(WritingAction::Turn(knob, wrong.into()));
            writing.reduce(WritingAction::Leave(knob));
            assert!(writing.error(knob).is_some(), "{knob:?}");
            assert_eq!(writing.shown(knob), wrong);
            writing.reduce(WritingAction::Turn(knob, right.into()));
            writing.reduce(WritingAction::Leave(knob));
            assert!(writing.is_ready());
        }
        let expected = Sampling {
            tokens: 300,
            temperature: 1.5,
            top_k: 40,
            top_p: 0.9,
            seed: 3,
        };
        assert_eq!(writing.options, expected);
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        let mut writing = Writing::default();
        writing.write("lost, since nothing was begun");
        writing.begin("the ".into());
        for _ in 0..=2 * KEPT {
            writing.write("é");
        }
        let written = writing.written.expect("a text");
        assert!(written.text.len() <= 2 * KEPT && written.text.len() >= KEPT);
        assert!(written.text.chars().all(|c| c == 'é'));
    }

    #[test]
    fn unknown_characters_are_named() {
        assert_eq!(unknown_characters("ab", &['a', 'b']), None);
        let message = unknown_characters("abé", &['a', 'b']).expect("unknown");
        assert!(message.contains('é') && message.starts_with("The model"));
    }
}
