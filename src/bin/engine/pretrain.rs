//! `engine pretrain`: the models that the page opens with, and the manifest that says what came of
//! them. A model below its mark fails the command, with its scores.

use super::cli::{assign, file_fault, shares, write};
use clap::Args;
use glassformer::config::{Attention, Kind, Preset, Recipe, RunConfig, attention::Normaliser};
use glassformer::engine::{
    checkpoint,
    device::Place,
    exam::examine,
    held::Held,
    params,
    run::{Run, input},
    train::Part,
};
use glassformer::models::{MANIFEST, Manifest, Pretrained};
use glassformer::protocol::{Fault, FaultKind};
use glassformer::text::corpus::{Corpus, Digits, Tag, mixed};
use glassformer::text::ngram::cross_entropy;
use glassformer::text::score::{Scores, whole};
use glassformer::trace::Format;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub struct Pretrain {
    /// The folder to write to; what stands there of other models stays.
    #[arg(long)]
    out: PathBuf,
    /// Only the models whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Keep models that miss their mark too; the manifest says so of them.
    #[arg(long)]
    keep: bool,
}

/// Share of the characters that a grammar determines, and of sums, that a model must get right.
const MARK: f64 = 0.95;

/// Nats per character by which a model may miss what counting reaches.
const NEAR: f64 = 0.15;
/// Characters that the counting looks back.
const ORDER: usize = 5;

/// What is pretrained, once for each kind of attention.
struct Plan {
    name: &'static str,
    corpora: &'static [Corpus],
    prompt: &'static str,
    /// As on the command line; the preset is `glass`.
    options: &'static [&'static str],
}

const PLANS: [Plan; 4] = [
    Plan {
        name: "glass",
        corpora: &[Corpus::Adjectives {}, Corpus::Copy {}, Corpus::Brackets {}],
        prompt: "the big fluffy ",
        options: &["lr=3e-3", "max_steps=12000"],
    },
    // Beside the others so small a model never learns to tell yes from no.
    Plan {
        name: "facts",
        corpora: &[Corpus::Facts {}],
        prompt: "the ",
        options: &["lr=2e-3", "max_steps=10000"],
    },
    Plan {
        name: "addition",
        corpora: &[Corpus::Addition {
            digits: Digits::LeastFirst,
        }],
        prompt: "321+654=",
        options: &[
            "block_size=32",
            "batch_size=32",
            "n_embd=64",
            "lr=3e-3",
            "max_steps=4000",
        ],
    },
    Plan {
        name: "prose",
        corpora: &[Corpus::Prose {}],
        prompt: "The ",
        options: &["lr=2e-3", "max_steps=1200"],
    },
];

impl Plan {
    /// Its corpora, each once.
    fn distinct(&self) -> impl Iterator<Item = Corpus> {
        let seen = |n: usize| self.corpora[..n].contains(&self.corpora[n]);
        let each = self.corpora.iter().enumerate();
        each.filter(move |(n, _)| !seen(*n))
            .map(|(_, corpus)| *corpus)
    }

    fn config(&self, kind: Kind) -> Result<RunConfig, Fault> {
        let mut config = RunConfig::new(Preset::Glass, Recipe::Notes);
        config.model.attention = Attention::of(kind, Normaliser::default());
        for option in self.options {
            assign(&mut config, option)?;
        }
        Ok(config)
    }
}

pub async fn pretrain(options: Pretrain, place: &Place) -> Result<(), Fault> {
    std::fs::create_dir_all(&options.out).map_err(|e| file_fault(&options.out, &e))?;
    let path = options.out.join(MANIFEST);
    let mut manifest: Manifest = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(input)?,
        Err(_) => Manifest::default(),
    };
    let mut failed = Vec::new();
    for plan in &PLANS {
        for kind in Kind::ALL {
            let name = format!("{}-{}", plan.name, kind.name().replace('_', "-"));
            if !name.contains(&options.only) {
                continue;
            }
            let (mut model, bytes) = train(plan, kind, name, place).await?;
            if !model.passes {
                failed.push(model.name.clone());
            }
            if model.passes || options.keep {
                write(&options.out.join(model.file()), &bytes)?;
                // The page shows it before its engine is there.
                model.traced = plan_of(&model) == 0 && kind == Kind::Standard;
                if let Some(file) = model.trace_file() {
                    let run = checkpoint::load(&bytes, None, place)?;
                    let trace = run.trace(plan.prompt, &[]).await?;
                    let bytes = trace.export(Format::Safetensors).map_err(input)?;
                    write(&options.out.join(file), &bytes)?;
                }
                manifest.models.retain(|other| other.name != model.name);
                manifest.models.push(model);
                manifest
                    .models
                    .sort_by_key(|m| (plan_of(m), m.kind as usize));
                let text = serde_json::to_string_pretty(&manifest).map_err(input)?;
                write(&path, format!("{text}\n").as_bytes())?;
            }
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Fault::new(
            FaultKind::Input,
            format!("below the mark: {}", failed.join(", ")),
        )),
    }
}

fn plan_of(model: &Pretrained) -> usize {
    let mut plans = PLANS.iter();
    plans
        .position(|plan| model.name.starts_with(plan.name))
        .unwrap_or(PLANS.len())
}

async fn train(
    plan: &Plan,
    kind: Kind,
    name: String,
    place: &Place,
) -> Result<(Pretrained, Vec<u8>), Fault> {
    let config = plan.config(kind)?;
    let text = mixed(plan.corpora, config.seed);
    let mut run = Held::new(Run::new(config, &text, place)?);
    let start = Instant::now();
    println!("{name}: {} steps", config.train.max_steps);
    while run.step() < config.train.max_steps {
        run.queue_step().await?;
        let due = run.step().is_multiple_of(1000) || run.step() == config.train.max_steps;
        let measured = run.read_steps(due).await?;
        if let (true, Some(step)) = (due, measured.last()) {
            let seconds = start.elapsed().as_secs_f64();
            println!(
                "  step {:6}  train {:.4}  {seconds:.0} s",
                step.step, step.loss
            );
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut loss = async |part| {
        let loss = run.mean_loss(part, None, || async { true }).await?;
        Ok::<_, Fault>(loss.unwrap_or(f32::NAN))
    };
    let (train_loss, val_loss) = (loss(Part::TrainHead).await?, loss(Part::Val).await?);
    let run = run.look().await?;
    println!("  train {train_loss:.4}  validation {val_loss:.4}");
    let mut scores = BTreeMap::new();
    for corpus in plan.distinct() {
        let of_corpus = examine(run, &corpus.exam(1)).await?;
        println!("  {}: {}", corpus.name(), shares(&whole(&of_corpus)));
        for (tag, score) in &of_corpus {
            println!("    {tag:?}: of {} {}", score.exact.of, shares(score));
        }
        scores.insert(corpus.name().to_string(), of_corpus);
    }
    let determined = scores.values().any(|scores| !scores.is_empty());
    let reference = run.text.as_ref().filter(|_| !determined).map(|text| {
        let (train, val) = (&text.dataset.train, &text.dataset.val);
        cross_entropy(train, val, ORDER, run.tokenizer.size())
    });
    if let Some(reference) = reference {
        println!("  counting reaches {reference:.4}");
    }
    let model = Pretrained {
        name,
        kind,
        corpora: plan.distinct().map(|c| c.name().to_string()).collect(),
        prompt: plan.prompt.into(),
        config,
        parameters: params::list(run.model())
            .iter()
            .map(|p| p.shape.iter().product::<usize>())
            .sum(),
        steps: run.step,
        seconds,
        train_loss,
        val_loss,
        passes: plan.distinct().all(|corpus| passes(corpus, &scores))
            && reference.is_none_or(|counted| f64::from(val_loss) <= counted + NEAR),
        reference,
        scores,
        traced: false,
    };
    Ok((model, checkpoint::save(run, false).await?))
}

/// Whether the model knows what it is meant to know of that text.
fn passes(corpus: Corpus, scores: &BTreeMap<String, Scores>) -> bool {
    let Some(scores) = scores.get(corpus.name()) else {
        return false;
    };
    match corpus {
        Corpus::Addition { .. } => {
            let carry = scores.get(&Tag::Carry).copied().unwrap_or_default();
            whole(scores).exact.share() >= MARK && carry.exact.share() >= MARK
        }
        Corpus::Adjectives {} | Corpus::Facts {} | Corpus::Copy {} | Corpus::Brackets {} => {
            whole(scores).characters.share() >= MARK
        }
        // It determines nothing; its loss is held against a reference.
        Corpus::Prose {} => true,
    }
}
