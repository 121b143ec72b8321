//! A toolchain for the browser from Debian's packages, for machines that have Debian's server and
//! not rustup's.
//!
//! Debian has a recent Rust (for building browsers) without a standard library for wasm, and the
//! library's source. So the library is built once and put where that compiler looks for it; the
//! linker for wasm, which Debian's package leaves out, is the one of rustup's toolchain.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use super::wasm_target::TARGET;
use crate::{machine::Machine, programs};

/// What rustup calls it.
pub const NAME: &str = "web";

const SYSROOT: &str = "/usr";
const PACKAGES: &str = "rustc-web cargo-web rust-web-src";

/// Makes it, or makes it anew.
pub fn install(machine: &Machine) -> Result<()> {
    if !has_packages() {
        programs::apt_install(PACKAGES, "Installing Debian's Rust")?;
        ensure!(
            has_packages(),
            "the packages {PACKAGES} were installed, yet they are not all of one version, or compiler \
             or sources are not in {SYSROOT}; look at `dpkg -l | grep rust` and `apt-get upgrade` them"
        );
    }
    let linker = linker(machine)?;
    let libraries = build_standard_library(machine)?;
    place(&linker, &libraries)?;
    programs::run(
        machine
            .command("rustup")
            .args(["toolchain", "link", NAME, SYSROOT]),
    )
}

/// Whether compiler, cargo and sources are there, and of one version.
fn has_packages() -> bool {
    let version = |package| {
        let format = "-f=${db:Status-Status} ${Version}";
        let mut query = Command::new("dpkg-query");
        programs::output(query.args(["-W", format, package]))
            .ok()
            .filter(|answer| answer.starts_with("installed"))
    };
    let mut versions = PACKAGES.split(' ').map(version);
    let first = versions.next().flatten();
    first.is_some()
        && versions.all(|version| version == first)
        && Path::new("/usr/bin/rustc").exists()
        && Path::new("/usr/lib/rustlib/src/rust/library/std").exists()
}

/// `rust-lld` of the toolchain that rustup installed.
fn linker(machine: &Machine) -> Result<PathBuf> {
    let mut rustc = machine.command("rustc");
    // In this folder the toolchain may already be the one that is being made.
    if let Some(toolchain) = machine.default_toolchain() {
        rustc.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    let sysroot = programs::output(rustc.args(["--print", "sysroot"]))?;
    let linker = Path::new(&sysroot)
        .join("lib/rustlib")
        .join(host()?)
        .join("bin/rust-lld");
    if sysroot == SYSROOT || !linker.exists() {
        bail!(
            "rustup's linker {} is not there. Make a toolchain of rustup's the default one, for instance \
             `rustup default stable`, and run this again",
            linker.display()
        );
    }
    Ok(linker)
}

/// The name of this kind of machine, as Debian's compiler says it.
fn host() -> Result<String> {
    let words = programs::output(Command::new("/usr/bin/rustc").arg("-vV"))?;
    let host = words.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .context("/usr/bin/rustc does not say its host")?
        .to_owned())
}

/// Builds the standard library for the browser; the folder with its parts.
fn build_standard_library(machine: &Machine) -> Result<PathBuf> {
    let package = machine.root.join("target/xtask/std");
    if package.exists() {
        fs::remove_dir_all(&package).context("target/xtask/std cannot be removed")?;
    }
    fs::create_dir_all(package.join("src")).context("target/ cannot be written")?;
    fs::write(
        package.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    fs::write(package.join("src/lib.rs"), "#![no_std]\n")?;

    let mut cargo = machine.command("/usr/bin/cargo");
    cargo
        .current_dir(&package)
        .args([
            "build",
            "--release",
            "-Zbuild-std=std,panic_abort",
            "--target",
            TARGET,
        ])
        .args(["--target-dir", "built"])
        // Else Debian's cargo would take rustup's compiler from PATH.
        .env("RUSTC", "/usr/bin/rustc")
        // `build-std` is not stable.
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode inside, link-time optimisation fails later.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    programs::run(&mut cargo).context(
        "the standard library could not be built. It takes a few crates from the registry: is \
         that within reach?",
    )?;
    let built = package.join("built").join(TARGET).join("release/deps");
    for entry in fs::read_dir(&built).context("the standard library was built elsewhere")? {
        let path = entry?.path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("libempty-"))
        {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(built)
}

/// Puts linker and library where the compiler looks for them.
fn place(linker: &Path, libraries: &Path) -> Result<()> {
    let into = format!("{SYSROOT}/lib/rustlib/{TARGET}/lib");
    let tools = format!("{SYSROOT}/lib/rustlib/{}/bin", host()?);
    let (linker, libraries) = (linker.display(), libraries.display());
    // Parts of an earlier compiler go first: two of a name would be one too many.
    programs::as_root(
        &format!(
            "mkdir -p {into} {tools}; rm -f {into}/*.rlib; cp \"{libraries}\"/*.rlib {into}/; \
             ln -sfn \"{linker}\" {tools}/rust-lld"
        ),
        "Placing the standard library",
    )
}
