//! `cargo xtask bench`: the product's speed and size in real Chromium.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{machine::Machine, programs, setup, site};

/// What `bench` can be told.
pub struct Options {
    /// Also write the figures to this file.
    pub json: Option<PathBuf>,
    /// Train on this text.
    pub text: Option<PathBuf>,
    /// What the benchmark itself makes of the rest.
    pub others: Vec<String>,
}

/// Builds the site that visitors get, then measures it.
pub fn run(options: Options) -> Result<()> {
    let mut machine = Machine::here()?;
    setup::ensure(&mut machine, &setup::ALL)?;
    println!("\nBuilding what is measured: the site as visitors get it.\n");
    site::build(&machine)?;

    let mut bench = machine.browser_cargo()?;
    // What it measures is the built site: compiling burn beside it, or itself for speed, would
    // only take time.
    bench.args(["bench", "--bench", "browser", "--no-default-features"]);
    bench.args(["--profile", "dev", "--"]);
    // Cargo runs a benchmark in its package's folder, the reader's may be another.
    for (name, file) in [("--json", &options.json), ("--text", &options.text)] {
        if let Some(file) = file {
            bench.arg(name).arg(absolute(file)?);
        }
    }
    programs::run(bench.args(options.others))
}

fn absolute(file: &Path) -> Result<PathBuf> {
    std::path::absolute(file).with_context(|| format!("{} is no file name", file.display()))
}
