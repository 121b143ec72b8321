//! A Rust toolchain that compiles to `wasm32-unknown-unknown`, the browser's target.
//!
//! Normally `rustup target add` is all. Where rustup cannot reach its server and the system is
//! Debian, [`super::debian_toolchain`] makes one from Debian's packages and this checkout takes it.

use std::fs;

use anyhow::{Context, Result, bail};

use super::debian_toolchain;
use crate::{machine::Machine, programs};

/// The target's name.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The toolchain of this checkout, when it can do what the site's build asks of it.
pub fn found(machine: &Machine) -> Option<String> {
    compiles(machine).then(|| match &machine.toolchain {
        Some(toolchain) => format!("toolchain {toolchain}"),
        None => "the system's toolchain".to_owned(),
    })
}

/// Adds the target, or takes a toolchain that has it.
pub fn install(machine: &mut Machine) -> Result<()> {
    let Some(original) = machine.toolchain.clone() else {
        bail!(
            "this Rust was not installed by rustup and lacks {TARGET}. Install rustup \
             (https://rustup.rs), open a new terminal, and run the same command again"
        );
    };

    // A Debian toolchain made for another checkout serves this one too.
    machine.toolchain = Some(debian_toolchain::NAME.to_owned());
    if !compiles(machine) {
        machine.toolchain = Some(original.clone());
        // Where this checkout's toolchain is Debian's, it is there but no longer works.
        if original != debian_toolchain::NAME {
            match add(machine, &original) {
                Ok(()) => return Ok(()),
                Err(error) if !programs::has_apt() => return Err(error),
                Err(_) => println!("rustup could not add it; making it from Debian's packages"),
            }
        }
        debian_toolchain::install(machine)?;
        machine.toolchain = Some(debian_toolchain::NAME.to_owned());
    }

    // So that plain `trunk serve` and `cargo build` work in this folder too.
    programs::run(
        machine
            .command("rustup")
            .args(["override", "set", debian_toolchain::NAME]),
    )
}

fn add(machine: &Machine, toolchain: &str) -> Result<()> {
    let mut rustup = machine.command("rustup");
    rustup.args(["target", "add", TARGET, "--toolchain", toolchain]);
    programs::run(&mut rustup).with_context(|| {
        format!(
            "rustup could not add {TARGET}. Connect to the network (or name a mirror in \
             RUSTUP_DIST_SERVER) and run the same command again"
        )
    })
}

/// Tries it: links a small program for the target with full link-time optimisation, as a release
/// build does. A standard library that is missing, of another compiler or without bitcode fails.
fn compiles(machine: &Machine) -> bool {
    let attempt = || -> Result<()> {
        let folder = machine.root.join("target/xtask/probe");
        fs::create_dir_all(&folder).context("target/ cannot be written")?;
        let source = folder.join("probe.rs");
        fs::write(
            &source,
            "#[unsafe(no_mangle)] pub extern \"C\" fn f() { println!(\"{:?}\", Some(1)) }\n",
        )?;
        let mut rustc = machine.command("rustc");
        rustc
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "cdylib",
                "--target",
                TARGET,
            ])
            .args(["-Clto=fat", "-Cpanic=abort", "--out-dir"])
            .arg(&folder)
            .arg(&source)
            .env("RUSTUP_AUTO_INSTALL", "0");
        programs::output(&mut rustc).map(drop)
    };
    attempt().is_ok()
}
