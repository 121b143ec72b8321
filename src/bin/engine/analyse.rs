//! `engine analyse`: reads something off a model's passes, and writes what it found as JSON.

use super::cli::{read, write};
use clap::{Args, ValueEnum, builder::PossibleValue};
use glassformer::analysis::{Analysis, Options};
use glassformer::engine::{checkpoint, device::Place, run::input};
use glassformer::protocol::Fault;
use std::path::PathBuf;

#[derive(Args)]
pub struct Analyse {
    /// A checkpoint (safetensors).
    #[arg(long)]
    model: PathBuf,
    /// The text of the pass.
    #[arg(long)]
    text: Option<String>,
    /// A built-in corpus by name, instead of a text: for what is read off many passes.
    #[arg(long, conflicts_with = "text")]
    corpus: Option<String>,
    /// How many blocks of the corpus.
    #[arg(long, default_value_t = 100)]
    windows: usize,
    /// `parts`, `carry`: how many questions.
    #[arg(long, default_value_t = 100)]
    questions: usize,
    #[arg(long, value_enum)]
    kind: Kind,
    /// The position asked about, from 0. Without it all; for peel, the last.
    #[arg(long)]
    position: Option<usize>,
    /// The character whose logit is shared out, or that is followed to the end. Without it the
    /// likeliest.
    #[arg(long)]
    character: Option<char>,
    /// A point of the stream, as blocks.0.hook_resid_mid. Without it all.
    #[arg(long)]
    point: Option<String>,
    /// `lens`: how many of the likeliest characters.
    #[arg(long, default_value_t = 3)]
    top: usize,
    /// `peel`: the norm to stop at, as a share of the vector's own, 0 to 1.
    #[arg(long, default_value_t = 0.1)]
    floor: f64,
    /// `peel`: most characters to take away.
    #[arg(long, default_value_t = 8)]
    most: usize,
    /// The file to write (JSON).
    #[arg(long)]
    out: PathBuf,
}

/// An analysis as an argument.
#[derive(Clone, Copy)]
struct Kind(Analysis);

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Kind; Analysis::ALL.len()] = {
            let mut all = [Kind(Analysis::Lens); Analysis::ALL.len()];
            let mut n = 0;
            while n < all.len() {
                all[n] = Kind(Analysis::ALL[n]);
                n += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.help()))
    }
}

pub async fn analyse(asked: Analyse, place: &Place) -> Result<(), Fault> {
    let run = checkpoint::load(&read(&asked.model)?, None, place)?;
    let Kind(analysis) = asked.kind;
    let options = Options {
        text: asked.text,
        corpus: asked.corpus,
        windows: asked.windows,
        questions: asked.questions,
        position: asked.position,
        character: asked.character,
        point: asked.point,
        top: asked.top,
        floor: asked.floor,
        most: asked.most,
    };
    let report = run.analyse(analysis, &options).await?;
    let text = serde_json::to_string_pretty(&report).map_err(input)?;
    write(&asked.out, text.as_bytes())
}
