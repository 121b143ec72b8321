//! The commands, and what they share: where a text comes from, how options are set, files.

use super::{analyse, bench, pretrain, train};
use clap::{Args, Parser, Subcommand, ValueEnum};
use glassformer::config::{Field, RunConfig};
use glassformer::engine::{
    checkpoint,
    device::Place,
    exam,
    held::Held,
    run::{Run, input},
    sample::all_logits,
};
use glassformer::protocol::{Backend, Fault, FaultKind, Sampling};
use glassformer::text::score::{self, Score};
use glassformer::text::{MAX_TEXT_BYTES, corpus::Corpus, read_utf8};
use glassformer::trace::Format;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Parser)]
#[command(name = "engine", about = "Glassformer's engine without the browser")]
struct Cli {
    #[command(subcommand)]
    command: Job,
    /// Where tensors live; webgpu needs a build with the feature webgpu and a GPU.
    #[arg(long, global = true, value_enum, default_value_t = Device::Cpu)]
    backend: Device,
}

#[derive(Clone, Copy, ValueEnum)]
enum Device {
    Cpu,
    Webgpu,
}

#[derive(Subcommand)]
enum Job {
    /// Trains a model, prints its losses, and writes it to a file.
    Train(train::Train),
    /// Writes text with a trained model.
    Sample(Sample),
    /// Puts held-out questions of built-in corpora to a trained model.
    Exam {
        /// A checkpoint (safetensors).
        #[arg(long)]
        model: PathBuf,
        /// Built-in corpora by name (repeatable).
        #[arg(long, required = true)]
        corpus: Vec<String>,
    },
    /// Writes one forward pass over a text, every number of it.
    Trace {
        /// A checkpoint (safetensors).
        #[arg(long)]
        model: PathBuf,
        #[arg(long)]
        text: String,
        /// The file to write; its ending says the form: npz, safetensors or json.
        #[arg(long)]
        out: PathBuf,
        /// What to do otherwise, as in docs/scripting.md (repeatable):
        /// {"change":"head","layer":0,"head":1,"scale":0}.
        #[arg(long)]
        change: Vec<String>,
    },
    /// Reads something off a forward pass, or off many, and writes what it found.
    Analyse(analyse::Analyse),
    /// Writes a model's logits for given tokens, for comparison with another implementation.
    Logits {
        /// A checkpoint (safetensors).
        #[arg(long)]
        model: PathBuf,
        /// JSON: rows of tokens, all of one length.
        #[arg(long)]
        tokens: PathBuf,
        /// JSON: for each row and token, a number for each character.
        #[arg(long)]
        out: PathBuf,
    },
    /// Trains the models that the page opens with.
    Pretrain(pretrain::Pretrain),
    /// Times training steps of the benchmark's configurations.
    Bench(bench::Bench),
}

#[derive(Args)]
pub struct Source {
    /// A text file to learn from.
    #[arg(long, env = "GLASSFORMER_TEXT")]
    text: Option<PathBuf>,
    /// A built-in corpus by name, when there is no text file.
    #[arg(long, default_value = "adjectives")]
    corpus: String,
}

#[derive(Args)]
struct Sample {
    /// A checkpoint (safetensors).
    #[arg(long)]
    model: PathBuf,
    #[arg(long, default_value = "")]
    prompt: String,
    #[arg(long, default_value_t = 300)]
    tokens: u32,
    #[arg(long, default_value_t = 0.8)]
    temperature: f32,
    #[arg(long, default_value_t = 0)]
    top_k: u32,
    #[arg(long, default_value_t = 1.0)]
    top_p: f32,
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

pub fn main() -> Result<(), Fault> {
    let cli = Cli::parse();
    let backend = match cli.backend {
        Device::Cpu => Backend::Cpu,
        Device::Webgpu => Backend::Webgpu,
    };
    pollster::block_on(async {
        let place = Place::open(backend).await?;
        match cli.command {
            Job::Train(options) => train::train(options, &place).await,
            Job::Sample(options) => sample(options, &place).await,
            Job::Exam { model, corpus } => {
                let run = checkpoint::load(&read(&model)?, None, &place)?;
                examine(&run, &corpus).await
            }
            Job::Trace {
                model,
                text,
                out,
                change,
            } => {
                let run = checkpoint::load(&read(&model)?, None, &place)?;
                trace(&run, &text, &out, &change).await
            }
            Job::Analyse(options) => analyse::analyse(options, &place).await,
            Job::Logits { model, tokens, out } => {
                let run = checkpoint::load(&read(&model)?, None, &place)?;
                logits(&run, &tokens, &out).await
            }
            Job::Pretrain(options) => pretrain::pretrain(options, &place).await,
            Job::Bench(options) => bench::bench(options, &place).await,
        }
    })
}

async fn sample(options: Sample, place: &Place) -> Result<(), Fault> {
    let run = checkpoint::load(&read(&options.model)?, None, place)?;
    let sampling = Sampling {
        tokens: options.tokens,
        temperature: options.temperature,
        top_k: options.top_k,
        top_p: options.top_p,
        seed: options.seed,
    };
    let mut generation = Held::new(run).write(&options.prompt, sampling).await?;
    print!("{}", options.prompt);
    while !generation.is_done() {
        print!("{}", generation.advance().await?);
        // A closed pipe ends the program soon enough by itself.
        let _ = std::io::stdout().flush();
    }
    println!();
    Ok(())
}

async fn trace(run: &Run, text: &str, out: &Path, changes: &[String]) -> Result<(), Fault> {
    let ending = out.extension().unwrap_or_default().to_string_lossy();
    let format = Format::ALL.into_iter().find(|f| f.name() == ending);
    let format = format.ok_or_else(|| {
        let names = Format::ALL.map(Format::name).join(", ");
        input(format!(
            "{}: its ending must be one of {names}",
            out.display()
        ))
    })?;
    let changes = changes
        .iter()
        .map(|change| serde_json::from_str(change).map_err(|e| input(format!("{change}: {e}"))));
    let changes = changes.collect::<Result<Vec<_>, Fault>>()?;
    let trace = run.trace(text, &changes).await?;
    if trace.about.cut > 0 {
        println!(
            "the text is longer than the block: its first {} characters were left out",
            trace.about.cut
        );
    }
    write(out, &trace.export(format).map_err(input)?)
}

async fn logits(run: &Run, tokens: &Path, out: &Path) -> Result<(), Fault> {
    let rows: Vec<Vec<u32>> = serde_json::from_slice(&read(tokens)?).map_err(input)?;
    let logits = all_logits(run, &rows).await?;
    let text = serde_json::to_string(&logits).map_err(input)?;
    write(out, text.as_bytes())
}

async fn examine(run: &Run, corpora: &[String]) -> Result<(), Fault> {
    for name in corpora {
        let questions = Corpus::named(name).map_err(input)?.exam(1);
        let scores = exam::examine(run, &questions).await?;
        println!("{name}: of all {}", shares(&score::whole(&scores)));
        for (tag, score) in &scores {
            println!("  {tag:?}: of {} {}", score.exact.of, shares(score));
        }
    }
    Ok(())
}

pub fn shares(score: &Score) -> String {
    format!(
        "{:.1} % exact, {:.1} % of the characters",
        100.0 * score.exact.share(),
        100.0 * score.characters.share()
    )
}

impl Source {
    pub fn read(&self) -> Result<String, Fault> {
        match &self.text {
            Some(path) => read_utf8(&read(path)?, MAX_TEXT_BYTES).map_err(input),
            None => Ok(Corpus::named(&self.corpus).map_err(input)?.generate(1)),
        }
    }
}

pub fn assign(config: &mut RunConfig, assignment: &str) -> Result<(), Fault> {
    let (name, value) = assignment
        .split_once('=')
        .ok_or_else(|| input(format!("--set takes NAME=VALUE, not {assignment}")))?;
    let field = Field::named(name).ok_or_else(|| {
        let names: Vec<&str> = glassformer::config::FIELDS.iter().map(|f| f.name).collect();
        input(format!(
            "there is no option {name}; there are {}",
            names.join(", ")
        ))
    })?;
    field.assign(config, value).map_err(input)
}

pub fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|e| file_fault(path, &e))
}

pub fn file_fault(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(FaultKind::Input, format!("{}: {error}", path.display()))
}

/// Writes the file and says so.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    std::fs::write(path, bytes).map_err(|e| file_fault(path, &e))?;
    println!("wrote {} ({} bytes)", path.display(), bytes.len());
    Ok(())
}
