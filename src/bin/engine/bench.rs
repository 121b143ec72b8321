//! `engine bench`: how long a training step takes on this machine, for `cargo xtask bench --native`.

use super::cli::{Source, write};
use clap::Args;
use glassformer::config::{Attention, Kind, RunConfig, attention::Normaliser};
use glassformer::engine::{
    device::Place,
    held::Held,
    run::{Run, input},
    train::Part,
};
use glassformer::protocol::{Backend, Fault, FaultKind, Path};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The configurations that every benchmark here measures, other people's trainers included.
const SIZES: &str = include_str!("../../../benches/sizes.json");

/// A figure is the middle one of so many rounds, each about so long.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(400);
/// Most steps in a round.
const MOST: u32 = 400;

#[derive(Args)]
pub struct Bench {
    #[command(flatten)]
    source: Source,
    /// readable or fast; left out, fast where the fast step knows the configuration.
    #[arg(long, value_parser = super::train::path)]
    path: Option<Path>,
    /// Only the configurations, with standard attention, and none of the other kinds.
    #[arg(long)]
    standard: bool,
    /// Also train the preset laptop until its validation loss is that low (nats per character).
    #[arg(long, value_name = "LOSS")]
    to_loss: Option<f32>,
    /// Measure nothing where the only GPU is one in software.
    #[arg(long)]
    hardware: bool,
    /// Short rounds: whether it all works, not how fast.
    #[arg(long)]
    quick: bool,
    /// A file to write the figures to (JSON).
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What is measured.
struct Case {
    size: &'static str,
    /// The kind, with what is special about it.
    label: String,
    attention: Attention,
}

/// The figures of one case.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    config: &'static str,
    attention: String,
    path: Path,
    ms_per_step: f64,
    steps: u32,
    /// About ln V, since it is that of a model that has learned nothing.
    first_loss: f32,
}

/// How long a loss took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reached {
    target: f32,
    /// The estimate with which it was reached, or the last one.
    val_loss: Option<f32>,
    steps: u32,
    seconds: f64,
}

pub async fn bench(options: Bench, place: &Place) -> Result<(), Fault> {
    let text = options.source.read()?;
    let adapter = place.adapter.as_deref().unwrap_or("without a name");
    match place.backend {
        Backend::Cpu => println!("on the CPU, one thread"),
        Backend::Webgpu => println!("on the GPU {adapter}"),
    }
    let mut rows = Vec::new();
    let mut reached = None;
    if options.hardware && place.software {
        println!("a GPU in software, which is not measured");
    } else {
        for case in cases(options.standard)? {
            let row = measure(&case, &text, &options, place).await?;
            println!(
                "{}, {}: {:.3} ms a step over {} steps, {} path",
                row.config,
                row.attention,
                row.ms_per_step,
                row.steps,
                row.path.name()
            );
            rows.push(row);
        }
        if let Some(target) = options.to_loss {
            let to_loss = reach(target, &text, &options, place).await?;
            let Reached {
                val_loss,
                steps,
                seconds,
                ..
            } = &to_loss;
            println!("laptop: validation loss {val_loss:?} after {steps} steps, {seconds:.1} s");
            reached = Some(to_loss);
        }
    }
    if let Some(file) = &options.json {
        let report = json!({
            "backend": place.backend, "adapter": place.adapter, "software": place.software,
            "runs": rows, "toLoss": reached,
        });
        write(file, format!("{report:#}\n").as_bytes())?;
    }
    Ok(())
}

/// S, M and L with standard attention; S and M with each other kind. A span says how far back
/// adaptive_span may look.
fn cases(standard: bool) -> Result<Vec<Case>, Fault> {
    let mut cases = Vec::new();
    let mut add = |size, label: &str, attention| {
        cases.push(Case {
            size,
            label: label.into(),
            attention,
        });
    };
    let asked = |kind: &Kind| !standard || *kind == Kind::Standard;
    for kind in Kind::ALL.into_iter().filter(asked) {
        let attention = Attention::of(kind, Normaliser::default());
        match kind {
            Kind::Standard => {
                for size in ["S", "M", "L"] {
                    add(size, kind.name(), attention);
                }
            }
            Kind::HeadGated | Kind::Additive => {
                for size in ["S", "M"] {
                    add(size, kind.name(), attention);
                }
            }
            Kind::AdaptiveSpan => {
                for size in ["S", "M"] {
                    add(size, kind.name(), attention);
                    let block = config(size, attention)?.model.block_size;
                    let mut near = attention;
                    if let Attention::AdaptiveSpan(options) = &mut near {
                        options.max_span = Some(block / 8);
                    }
                    add(size, "adaptive_span, spans up to T/8", near);
                }
            }
        }
    }
    Ok(cases)
}

/// The configuration of that size.
fn config(size: &str, attention: Attention) -> Result<RunConfig, Fault> {
    let sizes: Json = serde_json::from_str(SIZES).map_err(input)?;
    let Json::Object(mut model) = sizes[size]["model"].clone() else {
        return Err(input(format!("there is no size {size}")));
    };
    model.insert("attention".into(), json!(attention));
    RunConfig::default()
        .with_overrides(&Json::Object(model), &sizes[size]["train"])
        .map_err(input)
}

async fn measure(case: &Case, text: &str, options: &Bench, place: &Place) -> Result<Row, Fault> {
    let config = config(case.size, case.attention)?;
    let mut run = Held::new(Run::new(config, text, place)?);
    run.choose(options.path);
    let (_, first_loss) = steps(&mut run, 1).await?;
    let ln_v = (run.info().vocab.len() as f32).ln();
    if (first_loss - ln_v).abs() > 0.3 {
        return Err(Fault::new(
            FaultKind::Internal,
            format!("the first loss is {first_loss}, and not about ln V, {ln_v}"),
        ));
    }
    steps(&mut run, 3).await?;
    let (probe, _) = steps(&mut run, 3).await?;
    let round = if options.quick { ROUND / 4 } else { ROUND };
    let count = 3.0 * round.as_secs_f64() / probe.as_secs_f64();
    let count = (count.round() as u32).clamp(1, MOST);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let (time, _) = steps(&mut run, count).await?;
        rounds.push(time.as_secs_f64() * 1000.0 / f64::from(count));
    }
    rounds.sort_by(f64::total_cmp);
    Ok(Row {
        config: case.size,
        attention: case.label.clone(),
        path: run.path(),
        ms_per_step: rounds[ROUNDS / 2],
        steps: count * ROUNDS as u32,
        first_loss,
    })
}

/// So many training steps, to where the numbers of the last one are there; its loss.
async fn steps(run: &mut Held, count: u32) -> Result<(Duration, f32), Fault> {
    let start = Instant::now();
    let mut loss = f32::NAN;
    for n in 1..=count {
        run.queue_step().await?;
        for measured in run.read_steps(n == count).await? {
            loss = measured.loss;
        }
    }
    Ok((start.elapsed(), loss))
}

/// Estimates of the validation loss are so many steps apart, over so many batches, as in the page.
const EVAL_EVERY: u32 = 100;
const EVAL_BATCHES: usize = 4;

/// Trains the preset `laptop` until an estimate of its validation loss is low enough, or its run ends.
async fn reach(target: f32, text: &str, options: &Bench, place: &Place) -> Result<Reached, Fault> {
    let config = RunConfig::new(glassformer::config::Preset::Laptop, Default::default());
    let mut run = Held::new(Run::new(config, text, place)?);
    run.choose(options.path);
    let start = Instant::now();
    loop {
        steps(&mut run, EVAL_EVERY).await?;
        let val_loss = run
            .mean_loss(Part::Val, Some(EVAL_BATCHES), || async { true })
            .await?;
        if val_loss.is_some_and(|loss| loss <= target) || run.step() >= config.train.max_steps {
            return Ok(Reached {
                target,
                val_loss,
                steps: run.step(),
                seconds: start.elapsed().as_secs_f64(),
            });
        }
    }
}
