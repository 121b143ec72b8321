//! `cargo xtask pretrain`: the models that the page opens with.

use anyhow::Result;

use crate::{machine::Machine, programs};

/// What `pretrain` can be told.
pub struct Options {
    /// Only the models whose name contains this.
    pub only: Option<String>,
}

/// Trains natively and writes `www/models/` with its manifest; fails when a model misses its mark.
pub fn run(options: Options) -> Result<()> {
    let machine = Machine::here()?;
    println!(
        "\nBuilding the engine with full optimisation (about 10 minutes the first time), then\n\
         training sixteen models, one after the other: an hour or two.\n"
    );
    let mut cargo = machine.cargo();
    cargo.args(["run", "--profile", "native", "--no-default-features"]);
    cargo.args(["--features", "engine", "--bin", "engine", "--"]);
    cargo.args(["pretrain", "--out", "www/models"]);
    if let Some(only) = options.only {
        cargo.args(["--only", &only]);
    }
    programs::run(&mut cargo)
}
