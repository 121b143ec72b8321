//! `cargo xtask bench`: the product's speed and size in real Chromium. `native` measures the engine
//! without a browser, `peers` brings other people's trainers into the same one.

pub mod native;
mod peers;

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{machine::Machine, programs, setup, site};

/// What `bench` can be told.
pub struct Options {
    /// Also write the figures to this file.
    pub json: Option<PathBuf>,
    /// Train on this text.
    pub text: Option<PathBuf>,
    /// Measure this built site in place of one built now.
    pub site: Option<PathBuf>,
    /// Measure other trainers too.
    pub peers: bool,
    /// What the benchmark itself makes of the rest.
    pub others: Vec<String>,
}

/// Where the tests and the benchmark find the site, unless it is in `dist/`.
const SITE: &str = "GLASSFORMER_SITE";

/// Builds the site that visitors get, unless there is one, then measures it.
pub fn run(options: Options) -> Result<()> {
    let mut machine = Machine::here()?;
    let built = options.site.or_else(|| env::var_os(SITE).map(Into::into));
    match &built {
        Some(folder) => {
            setup::ensure(&mut machine, &[setup::Need::Browser])?;
            println!("\nMeasuring the site in {}.\n", folder.display());
        }
        None => {
            setup::ensure(&mut machine, &setup::ALL)?;
            println!("\nBuilding what is measured: the site as visitors get it.\n");
            site::build(&machine)?;
        }
    }

    let mut bench = machine.browser_cargo()?;
    if let Some(folder) = built {
        bench.env(SITE, absolute(&folder)?);
    }
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
    if options.peers {
        bench.arg("--peers").arg(peers::install(&machine)?);
    }
    programs::run(bench.args(options.others))
}

fn absolute(file: &Path) -> Result<PathBuf> {
    std::path::absolute(file).with_context(|| format!("{} is no file name", file.display()))
}
