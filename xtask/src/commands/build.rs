//! `cargo xtask build`: a static site in `dist/`.

use anyhow::Result;

use crate::{machine::Machine, setup, site};

/// Builds the site, checks that it can live in a sub-folder, and says how large it is.
pub fn run() -> Result<()> {
    let mut machine = Machine::here()?;
    setup::ensure(&mut machine, &setup::SITE)?;
    println!(
        "\nBuilding the page and its three engines: the first time about 15 minutes on two cores.\n"
    );
    site::build(&machine)?;
    site::print_sizes(&machine)?;
    println!("\nThe site is in dist/. Copy that folder anywhere on any static host.");
    Ok(())
}
