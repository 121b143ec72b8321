//! `engine train`: a run from a new model or a checkpoint, with its losses.

use super::cli::{Source, assign, read, write};
use clap::Args;
use glassformer::config::{Preset, Recipe, RunConfig};
use glassformer::engine::{
    checkpoint,
    device::Place,
    held::Held,
    measure::measure,
    run::{Run, input},
    train::Part,
};
use glassformer::protocol::{Fault, Path};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// Windows of the validation text that a report looks at.
const REPORT_WINDOWS: usize = 100;

#[derive(Args)]
pub struct Train {
    #[command(flatten)]
    source: Source,
    #[arg(long, default_value = "glass", value_parser = preset)]
    preset: Preset,
    #[arg(long, default_value = "notes", value_parser = recipe)]
    recipe: Recipe,
    /// Any option of the configuration, such as --set n_layer=3 (repeatable).
    #[arg(long = "set", value_name = "NAME=VALUE")]
    overrides: Vec<String>,
    #[arg(long, default_value_t = 1337)]
    seed: u32,
    /// Steps; the configuration's max_steps when left out.
    #[arg(long)]
    steps: Option<u32>,
    /// How steps are computed; left out, fast where the fast step knows the configuration.
    #[arg(long, value_parser = path)]
    path: Option<Path>,
    /// A checkpoint to go on from; it brings its own configuration.
    #[arg(long)]
    resume: Option<PathBuf>,
    /// Where to write the trained model (safetensors).
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where to write losses and what the attention does on the validation text (JSON).
    #[arg(long)]
    report: Option<PathBuf>,
}

fn preset(name: &str) -> Result<Preset, String> {
    let known = Preset::ALL.into_iter().find(|p| p.name() == name);
    known.ok_or_else(|| "choose glass, laptop or shakespeare".into())
}

fn recipe(name: &str) -> Result<Recipe, String> {
    let known = Recipe::ALL.into_iter().find(|r| r.name() == name);
    known.ok_or_else(|| "choose notes or nanogpt".into())
}

pub fn path(name: &str) -> Result<Path, String> {
    let known = Path::ALL.into_iter().find(|p| p.name() == name);
    known.ok_or_else(|| "choose readable or fast".into())
}

pub async fn train(options: Train, place: &Place) -> Result<(), Fault> {
    let text = options.source.read()?;
    let run = match &options.resume {
        Some(path) => checkpoint::load(&read(path)?, Some(&text), place)?,
        None => {
            let mut config = RunConfig::new(options.preset, options.recipe);
            config.seed = options.seed;
            for assignment in &options.overrides {
                assign(&mut config, assignment)?;
            }
            Run::new(config, &text, place)?
        }
    };
    let mut run = Held::new(run);
    run.choose(options.path);
    let info = run.info();
    println!(
        "{} parameters, {} characters to train on, {} distinct; ln V {:.4}, single characters {:.4}",
        info.params,
        info.train_chars,
        info.vocab.len(),
        (info.vocab.len() as f32).ln(),
        info.unigram_entropy
    );
    let until = match options.steps {
        Some(steps) => run.step().saturating_add(steps),
        None => run.config().train.max_steps,
    };
    let start = Instant::now();
    let mut curve = Vec::new();
    while run.step() < until {
        run.queue_step().await?;
        let due = run.step().is_multiple_of(run.config().train.eval_every) || run.step() == until;
        let measured = run.read_steps(due).await?;
        let (true, Some(step)) = (due, measured.last()) else {
            continue;
        };
        let val = run.mean_loss(Part::Val, None, || async { true }).await?;
        curve.push(json!({ "step": step.step, "train": step.loss, "validation": val }));
        println!(
            "step {:6}  train {:.4}  validation {}  norm {:.3}  {:.1} s",
            step.step,
            step.loss,
            val.map_or("-".into(), |v| format!("{v:.4}")),
            step.grad_norm,
            start.elapsed().as_secs_f64()
        );
    }
    println!("steps by the {} path", run.path().name());
    if let Some(why) = run.uncovered() {
        println!("not by the fast one: {why}");
    }
    let run = run.look().await?;
    if let Some(path) = &options.out {
        write(path, &checkpoint::save(run, true).await?)?;
    }
    if let Some(path) = &options.report {
        let report = json!({
            "config": run.config,
            "parameters": info.params,
            "seconds": start.elapsed().as_secs_f64(),
            "curve": curve,
            "layers": measure(run, REPORT_WINDOWS).await?,
        });
        let text = serde_json::to_string_pretty(&report).map_err(input)?;
        write(path, text.as_bytes())?;
    }
    Ok(())
}
