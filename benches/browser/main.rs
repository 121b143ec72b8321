//! The product's speed and size in real Chromium, through `window.glassformer`:
//! `cargo xtask bench [--text FILE] [--json FILE] [--quick]`.
//!
//! `docs/performance.md` says what each figure means. No figure here is a test: a slow machine is
//! no bug.

mod counters;
mod frames;
mod measure;
mod passes;
mod report;
mod size;
mod text;

// The tests use what the benchmark does not.
#[allow(dead_code)]
#[path = "../../tests/browser/harness/mod.rs"]
mod harness;

use harness::{Outcome, Trouble};
use std::{path::PathBuf, process::ExitCode};

/// What the command line asks for.
#[derive(Debug, Default)]
pub struct Options {
    /// Where the figures go besides the screen.
    pub json: Option<PathBuf>,
    /// What is trained on; without it the environment variable GLASSFORMER_TEXT, else the public
    /// Tiny Shakespeare.
    pub text: Option<PathBuf>,
    /// Fewer steps and no M on WebGPU: whether it all works, not how fast.
    pub quick: bool,
}

const USAGE: &str = "usage: cargo xtask bench [--text FILE] [--json FILE] [--quick]";

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Outcome<Options> {
        let mut options = Options::default();
        while let Some(word) = words.next() {
            let mut file = || {
                words.next().map(PathBuf::from).ok_or_else(|| {
                    Trouble::Other(format!("{word} must be followed by a file name; {USAGE}"))
                })
            };
            match word.as_str() {
                "--json" => options.json = Some(file()?),
                "--text" => options.text = Some(file()?),
                "--quick" => options.quick = true,
                // Cargo says it to every benchmark.
                "--bench" => {}
                _ => return harness::trouble(format!("unknown option {word}; {USAGE}")),
            }
        }
        Ok(options)
    }
}

fn run() -> Outcome<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let text = text::load(options.text.as_deref())?;
    let mut rows = Vec::new();
    for case in measure::cases(options.quick) {
        eprintln!("measuring {} ...", case.name());
        rows.push(measure::measure(&case, &text)?);
    }
    let mut looks = Vec::new();
    for look in passes::looks(options.quick) {
        eprintln!("measuring {} ...", look.name());
        looks.push(passes::measure(&look, &text)?);
    }
    eprintln!("measuring what drawing costs ...");
    let (soon, drawings) = frames::measure(&text)?;
    eprintln!("weighing the downloads ...");
    let report = report::Report {
        about: report::about(&text)?,
        rows,
        looks,
        soon,
        drawings,
        downloads: size::downloads(options.quick)?,
    };
    print!("{}", report.table());
    if let Some(file) = options.json {
        let json = format!("{:#}\n", report.json());
        std::fs::write(&file, json)
            .map_err(|e| Trouble::Other(format!("cannot write {}: {e}", file.display())))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
