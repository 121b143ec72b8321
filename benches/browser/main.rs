//! The product's speed and size in real Chromium, through `window.glassformer`:
//! `cargo xtask bench`, whose help lists the options.
//!
//! `docs/performance.md` says what each figure means. No figure here is a test: a slow machine is
//! no bug.

mod counters;
mod frames;
mod measure;
mod options;
mod passes;
mod peers;
mod report;
mod size;
mod sizes;
mod text;
mod to_loss;

use harness::{Outcome, Trouble};
use measure::Row;
use options::{Options, Part};
use std::process::ExitCode;

fn run() -> Outcome<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let text = text::load(options.text.as_deref())?;
    let mut report = report::Report::new(report::about(&text)?);
    for part in Part::ALL.into_iter().filter(|part| options.has(*part)) {
        match part {
            Part::Steps => report.rows = rows(measure::cases(options.quick), &text)?,
            Part::Kinds => report.kinds = rows(measure::kinds(options.quick)?, &text)?,
            Part::Passes => {
                for look in passes::looks(options.quick) {
                    eprintln!("measuring {} ...", look.name());
                    report.looks.push(passes::measure(&look, &text)?);
                }
            }
            Part::Drawing => {
                eprintln!("measuring what drawing costs ...");
                report.drawn = Some(frames::measure(&text)?);
            }
            Part::Downloads => {
                eprintln!("weighing the downloads ...");
                report.downloads = size::downloads(options.quick)?;
            }
        }
    }
    if let Some(folder) = &options.peers {
        report.peers = peers::measure(folder, &text, options.quick)?;
    }
    if let Some(target) = options.to_loss {
        eprintln!("training laptop to a validation loss of {target} ...");
        report.to_loss = Some(to_loss::measure(target, &text)?);
    }
    print!("{}", report.table());
    if let Some(file) = options.json {
        let json = format!("{:#}\n", report.json());
        std::fs::write(&file, json)
            .map_err(|e| Trouble::Other(format!("cannot write {}: {e}", file.display())))?;
    }
    Ok(())
}

fn rows(cases: Vec<measure::Case>, text: &str) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for case in cases {
        eprintln!("measuring {} ...", case.name());
        rows.extend(measure::measure(&case, text)?);
    }
    Ok(rows)
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
