//! What the command line asks for.

use harness::{Outcome, Trouble};
use std::path::PathBuf;

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Training steps of all sizes.
    Steps,
    /// Training steps with the other kinds of attention.
    Kinds,
    /// Passes that are looked at.
    Passes,
    /// Frames of the page.
    Drawing,
    /// Bytes that a visitor downloads.
    Downloads,
}

impl Part {
    pub const ALL: [Part; 5] = [
        Part::Steps,
        Part::Kinds,
        Part::Passes,
        Part::Drawing,
        Part::Downloads,
    ];

    fn name(self) -> &'static str {
        match self {
            Part::Steps => "steps",
            Part::Kinds => "kinds",
            Part::Passes => "passes",
            Part::Drawing => "drawing",
            Part::Downloads => "downloads",
        }
    }
}

#[derive(Debug, Default)]
pub struct Options {
    /// Where the figures go besides the screen.
    pub json: Option<PathBuf>,
    /// What is trained on; without it the environment variable GLASSFORMER_TEXT, else the public
    /// Tiny Shakespeare.
    pub text: Option<PathBuf>,
    /// Fewer steps, and nothing that takes seconds a step: whether it all works, not how fast.
    pub quick: bool,
    /// What is measured; `None` for all parts.
    only: Option<Vec<Part>>,
    /// Where other trainers are installed that are measured too.
    pub peers: Option<PathBuf>,
    /// The validation loss to which `laptop` is trained (nats per character).
    pub to_loss: Option<f64>,
}

const USAGE: &str = "usage: cargo xtask bench [--only steps,kinds,passes,drawing,downloads] \
    [--peers] [--to-loss LOSS] [--text FILE] [--json FILE] [--quick]";

impl Options {
    /// # Errors
    /// A word that is not understood, with what there is.
    pub fn read(mut words: impl Iterator<Item = String>) -> Outcome<Options> {
        let mut options = Options::default();
        while let Some(word) = words.next() {
            let mut value = || {
                words.next().ok_or_else(|| {
                    Trouble::Other(format!("{word} must be followed by a value; {USAGE}"))
                })
            };
            match word.as_str() {
                "--json" => options.json = Some(value()?.into()),
                "--text" => options.text = Some(value()?.into()),
                "--peers" => options.peers = Some(value()?.into()),
                "--to-loss" => options.to_loss = Some(loss(&value()?)?),
                "--only" => options.only = Some(parts(&value()?)?),
                "--quick" => options.quick = true,
                // Cargo says it to every benchmark.
                "--bench" => {}
                _ => return harness::trouble(format!("unknown option {word}; {USAGE}")),
            }
        }
        Ok(options)
    }

    pub fn has(&self, part: Part) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&part))
    }
}

fn loss(word: &str) -> Outcome<f64> {
    let loss = word.parse().ok().filter(|loss: &f64| *loss > 0.0);
    loss.ok_or_else(|| {
        Trouble::Other(format!(
            "--to-loss {word}: a loss is a number above 0, such as 2.0"
        ))
    })
}

fn parts(words: &str) -> Outcome<Vec<Part>> {
    let part = |word: &str| {
        let known = Part::ALL.into_iter().find(|part| part.name() == word);
        known.ok_or_else(|| Trouble::Other(format!("--only {word}: no such part; {USAGE}")))
    };
    words.split(',').map(part).collect()
}
