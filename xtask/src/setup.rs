//! What a machine must have, and how it gets it: one file for each thing.

mod axe;
pub mod browser;
mod debian_toolchain;
pub mod npm;
mod trunk;
mod wasm_bindgen;
mod wasm_target;

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::machine::Machine;

/// One thing that may be missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need {
    /// A Rust toolchain that compiles to WebAssembly.
    WasmTarget,
    /// The command line of wasm-bindgen, of the version in `Cargo.lock`.
    WasmBindgen,
    /// Trunk, which builds and serves the site.
    Trunk,
    /// Chromium, for the tests and the benchmark.
    Browser,
    /// axe, with which the tests look for barriers.
    Axe,
}

/// What it takes to build the site.
pub const SITE: [Need; 3] = [Need::WasmTarget, Need::WasmBindgen, Need::Trunk];
/// What it takes to do everything.
pub const ALL: [Need; 5] = [
    Need::WasmTarget,
    Need::WasmBindgen,
    Need::Trunk,
    Need::Browser,
    Need::Axe,
];
/// What it takes to test it in a browser.
pub const BROWSER: [Need; 2] = [Need::Browser, Need::Axe];

impl Need {
    /// Its name, and what installing it does and how long that takes.
    fn plan(self) -> (&'static str, &'static str) {
        match self {
            Need::WasmTarget => (
                "Rust for the browser",
                "adding the wasm32-unknown-unknown target: seconds where rustup reaches its \
                 server, else 2 minutes with Debian's packages",
            ),
            Need::WasmBindgen => (
                "wasm-bindgen",
                "compiling the version that Cargo.lock names: about 2 minutes",
            ),
            Need::Trunk => (
                "Trunk",
                "compiling Trunk, which builds the site: about 5 minutes",
            ),
            Need::Browser => (
                "Chromium",
                "installing the browser's package: about 1 minute",
            ),
            Need::Axe => (
                "axe",
                "fetching it with npm: seconds, or 2 minutes with npm itself",
            ),
        }
    }

    /// What is there, asked of the thing itself; `None` when it is missing or unfit.
    fn found(self, machine: &mut Machine) -> Result<Option<String>> {
        match self {
            Need::WasmTarget => Ok(wasm_target::found(machine)),
            Need::WasmBindgen => wasm_bindgen::found(machine),
            Need::Trunk => Ok(trunk::found(machine)),
            Need::Browser => Ok(browser::find(machine)?.map(|browser| browser.version)),
            Need::Axe => Ok(axe::found(machine)),
        }
    }

    fn install(self, machine: &mut Machine) -> Result<()> {
        match self {
            Need::WasmTarget => wasm_target::install(machine),
            Need::WasmBindgen => wasm_bindgen::install(machine),
            Need::Trunk => trunk::install(machine),
            Need::Browser => browser::install(),
            Need::Axe => axe::install(machine),
        }
    }
}

/// Installs those of `needs` that are missing, one after the other.
pub fn ensure(machine: &mut Machine, needs: &[Need]) -> Result<()> {
    for (index, need) in needs.iter().enumerate() {
        let (name, plan) = need.plan();
        let head = format!("[setup {}/{}] {name}", index + 1, needs.len());
        if let Some(version) = need.found(machine)? {
            println!("{head}: {version}, already here");
            continue;
        }
        println!("{head}: {plan}");
        let start = Instant::now();
        need.install(machine)
            .with_context(|| format!("{name} is missing and could not be installed"))?;
        let Some(version) = need.found(machine)? else {
            bail!(
                "{name}: the installation ended without an error, yet it does not work; run \
                 `cargo xtask setup` again and read what is printed above"
            );
        };
        println!(
            "{head}: {version}, installed in {} s",
            start.elapsed().as_secs()
        );
    }
    Ok(())
}
