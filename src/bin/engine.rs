//! The engine on the command line: trains, writes and measures without a browser.
//!
//! `cargo run --profile native --bin engine -- train --corpus addition --steps 500 --out run.safetensors`

#[cfg(not(target_arch = "wasm32"))]
mod cli {
    use clap::{Args, Parser, Subcommand, ValueEnum};
    use glassformer::config::{Field, Preset, Recipe, RunConfig};
    use glassformer::engine::{
        checkpoint,
        device::Place,
        exam,
        run::{Run, input},
        sample::Generation,
        train::{Part, read_steps},
    };
    use glassformer::protocol::{Backend, Fault, FaultKind, Sampling};
    use glassformer::text::{MAX_TEXT_BYTES, corpus::Corpus, read_utf8};
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::time::Instant;

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
        Train(Train),
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
        /// Times training steps of the configurations S and M.
        Bench {
            #[command(flatten)]
            source: Source,
            /// Steps to time, after ten of warm-up.
            #[arg(long, default_value_t = 50)]
            steps: u32,
        },
    }

    #[derive(Args)]
    struct Source {
        /// A text file to learn from.
        #[arg(long, env = "GLASSFORMER_TEXT")]
        text: Option<PathBuf>,
        /// A built-in corpus by name, when there is no text file.
        #[arg(long, default_value = "adjectives")]
        corpus: String,
    }

    #[derive(Args)]
    struct Train {
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
        /// A checkpoint to go on from; it brings its own configuration.
        #[arg(long)]
        resume: Option<PathBuf>,
        /// Where to write the trained model (safetensors).
        #[arg(long)]
        out: Option<PathBuf>,
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

    fn preset(name: &str) -> Result<Preset, String> {
        let known = Preset::ALL.into_iter().find(|p| p.name() == name);
        known.ok_or_else(|| "choose glass, laptop or shakespeare".into())
    }

    fn recipe(name: &str) -> Result<Recipe, String> {
        let known = Recipe::ALL.into_iter().find(|r| r.name() == name);
        known.ok_or_else(|| "choose notes or nanogpt".into())
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
                Job::Train(options) => train(options, &place).await,
                Job::Sample(options) => sample(options, &place).await,
                Job::Exam { model, corpus } => {
                    let run = checkpoint::load(&read(&model)?, None, &place)?;
                    examine(&run, &corpus).await
                }
                Job::Bench { source, steps } => bench(&source, steps, &place).await,
            }
        })
    }

    async fn train(options: Train, place: &Place) -> Result<(), Fault> {
        let text = options.source.read()?;
        let mut run = match &options.resume {
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
            Some(steps) => run.step.saturating_add(steps),
            None => run.config.train.max_steps,
        };
        let start = Instant::now();
        while run.step < until {
            let queued = run.queue_step()?;
            for step in read_steps(vec![queued]).await? {
                let due = step.step.is_multiple_of(run.config.train.eval_every);
                if due || step.step == until {
                    let val = run.mean_loss(Part::Val, None, || async { true }).await?;
                    println!(
                        "step {:6}  train {:.4}  validation {}  norm {:.3}  {:.1} s",
                        step.step,
                        step.loss,
                        val.map_or("-".into(), |v| format!("{v:.4}")),
                        step.grad_norm,
                        start.elapsed().as_secs_f64()
                    );
                }
            }
        }
        if let Some(path) = &options.out {
            let bytes = checkpoint::save(&run, true).await?;
            std::fs::write(path, &bytes).map_err(|e| file_fault(path, &e))?;
            println!("wrote {} ({} bytes)", path.display(), bytes.len());
        }
        Ok(())
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
        let mut generation = Generation::new(&run, &options.prompt, sampling)?;
        print!("{}", options.prompt);
        while !generation.is_done() {
            print!("{}", generation.advance(&run).await?);
            // A closed pipe ends the program soon enough by itself.
            let _ = std::io::stdout().flush();
        }
        println!();
        Ok(())
    }

    async fn examine(run: &Run, corpora: &[String]) -> Result<(), Fault> {
        for name in corpora {
            let questions = Corpus::named(name).map_err(input)?.exam(1);
            let scores = exam::examine(run, &questions).await?;
            println!("{name}: of all {}", shares(&exam::whole(&scores)));
            for (tag, score) in &scores {
                println!("  {tag:?}: of {} {}", score.exact.of, shares(score));
            }
        }
        Ok(())
    }

    fn shares(score: &exam::Score) -> String {
        format!(
            "{:.1} % exact, {:.1} % of the characters",
            100.0 * score.exact.share(),
            100.0 * score.characters.share()
        )
    }

    /// The same configurations as the page's benchmark: S and M.
    async fn bench(source: &Source, steps: u32, place: &Place) -> Result<(), Fault> {
        let text = source.read()?;
        println!("backend {}, {} steps", place.backend.name(), steps);
        for (name, sizes) in [
            (
                "S",
                [
                    "n_layer=1",
                    "n_head=4",
                    "n_embd=32",
                    "block_size=32",
                    "batch_size=4",
                ],
            ),
            (
                "M",
                [
                    "n_layer=4",
                    "n_head=4",
                    "n_embd=128",
                    "block_size=64",
                    "batch_size=8",
                ],
            ),
        ] {
            let mut config = RunConfig::default();
            for assignment in sizes {
                assign(&mut config, assignment)?;
            }
            let mut run = Run::new(config, &text, place)?;
            let mut times = Vec::new();
            for _ in 0..10 + steps {
                let start = Instant::now();
                let queued = run.queue_step()?;
                read_steps(vec![queued]).await?;
                times.push(start.elapsed().as_secs_f64() * 1000.0);
            }
            let mut times = times.split_off(10);
            times.sort_by(f64::total_cmp);
            let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
            let least = times.first().copied().unwrap_or(f64::NAN);
            println!("{name}: {median:.2} ms a step (median; least {least:.2})");
        }
        Ok(())
    }

    impl Source {
        fn read(&self) -> Result<String, Fault> {
            match &self.text {
                Some(path) => read_utf8(&read(path)?, MAX_TEXT_BYTES).map_err(input),
                None => Ok(Corpus::named(&self.corpus).map_err(input)?.generate(1)),
            }
        }
    }

    fn assign(config: &mut RunConfig, assignment: &str) -> Result<(), Fault> {
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

    fn read(path: &Path) -> Result<Vec<u8>, Fault> {
        std::fs::read(path).map_err(|e| file_fault(path, &e))
    }

    fn file_fault(path: &Path, error: &std::io::Error) -> Fault {
        Fault::new(FaultKind::Input, format!("{}: {error}", path.display()))
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    match cli::main() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {}
