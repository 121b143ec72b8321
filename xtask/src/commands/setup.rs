//! `cargo xtask setup`: everything that any command needs.

use anyhow::Result;

use crate::{machine::Machine, setup};

/// Installs what is missing.
pub fn run() -> Result<()> {
    let mut machine = Machine::here()?;
    setup::ensure(&mut machine, &setup::ALL)?;
    println!("\nReady: `cargo xtask serve` shows the page, `cargo xtask test` runs every test.");
    Ok(())
}
