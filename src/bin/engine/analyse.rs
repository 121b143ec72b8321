//! `engine analyse`: reads something off a model's passes, and writes what it found as JSON.

use super::cli::{read, write};
use clap::{Args, ValueEnum, builder::PossibleValue};
use glassformer::analysis::{Analysis, Gathering, Needs, Options, Report, of_trace};
use glassformer::engine::{
    checkpoint,
    device::Place,
    run::{Run, input},
};
use glassformer::protocol::Fault;
use glassformer::text::corpus::Corpus;
use glassformer::trace::Arrays;
use std::path::PathBuf;

#[derive(Args)]
pub struct Analyse {
    /// A checkpoint (safetensors).
    #[arg(long)]
    model: PathBuf,
    /// The text of the pass.
    #[arg(long, required_unless_present = "corpus")]
    text: Option<String>,
    /// A built-in corpus by name, instead of a text: for what is read off many passes.
    #[arg(long, conflicts_with = "text")]
    corpus: Option<String>,
    /// How many blocks of the corpus.
    #[arg(long, default_value_t = 100)]
    windows: usize,
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

pub async fn analyse(options: Analyse, place: &Place) -> Result<(), Fault> {
    let run = checkpoint::load(&read(&options.model)?, None, place)?;
    let report = report(&run, &options).await?;
    let text = serde_json::to_string_pretty(&report).map_err(input)?;
    write(&options.out, text.as_bytes())
}

async fn report(run: &Run, options: &Analyse) -> Result<Report, Fault> {
    let Kind(analysis) = options.kind;
    if let Some(corpus) = &options.corpus {
        return over_corpus(run, analysis, corpus, options.windows).await;
    }
    let text = options.text.as_deref().unwrap_or_default();
    let trace = run.trace(text, &[]).await?;
    let (entries, data) = run.weights().await?;
    let weights = Arrays::new(entries, data).map_err(input)?;
    let asked = Options {
        position: options.position,
        character: options.character,
        point: options.point.clone(),
        ..Options::default()
    };
    of_trace(analysis, &trace, &weights, &asked).map_err(input)
}

/// Over whole blocks of a text that the model was not trained on: the corpus under a seed of its own.
async fn over_corpus(
    run: &Run,
    analysis: Analysis,
    corpus: &str,
    windows: usize,
) -> Result<Report, Fault> {
    if analysis.needs() == Needs::Trace {
        return Err(input(format!(
            "{} is read off one pass: give a text instead of a corpus",
            analysis.name()
        )));
    }
    let text = Corpus::named(corpus).map_err(input)?.generate(UNSEEN_SEED);
    let tokens = run.tokenizer.encode(&text).map_err(input)?;
    let mut gathering = Gathering::new(analysis, &run.config.model).map_err(input)?;
    let blocks = tokens.chunks_exact(run.config.model.block_size);
    for block in blocks.take(windows) {
        let trace = run.trace_tokens(block, 0, &[]).await?;
        gathering.add(&trace).map_err(input)?;
    }
    Ok(gathering.finish())
}

/// Models are trained on texts of seed 1.
const UNSEEN_SEED: u32 = 2;
