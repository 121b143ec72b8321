//! `cargo xtask test`: every check and every test, each with its time.

use std::process::Command as Program;

use anyhow::{Context, Result};

use crate::{gpu, machine::Machine, programs, report::Report, setup, site, walls};

/// What `test` can be told.
pub struct Options {
    /// Leave out the WebGPU engine, the site and the browser.
    pub fast: bool,
    /// Stop at the first stage that fails.
    pub fail_fast: bool,
}

/// The page alone, as visitors get it.
const PAGE: &[&str] = &["--no-default-features", "--features", "page"];
/// The engine alone, for the CPU.
const ENGINE: &[&str] = &["--no-default-features", "--features", "engine"];
/// The engine with the fast step on a GPU.
const WEBGPU: &[&str] = &["--no-default-features", "--features", "webgpu"];
/// The same with burn's operations on the GPU.
const READABLE: &[&str] = &["--no-default-features", "--features", "burn-wgpu"];

/// The small packages beside the product.
const BESIDE: &[&str] = &[
    "--package",
    "xtask",
    "--package",
    "lanes",
    "--package",
    "press",
    "--package",
    "harness",
];

/// Runs the stages and sums them up; an error when one of them failed.
pub fn run(options: Options) -> Result<()> {
    let mut report = Report::new(options.fail_fast);
    let mut machine = Machine::here()?;

    // Without these nothing can be built, so that a failure ends the run.
    setup::ensure(&mut machine, &setup::SITE)?;
    let has_browser = !options.fast
        && report.stage("Browser", || setup::ensure(&mut machine, &setup::BROWSER))?;
    let machine = machine;

    lints(&mut report, &machine, options.fast)?;
    absences(&mut report, &machine)?;
    native_tests(&mut report, &machine)?;
    if options.fast {
        report.skip("Native tests: the GPU executor", "--fast");
    } else {
        report.stage("Native tests: the GPU executor", || gpu::test(&machine))?;
    }
    if options.fast {
        report.skip("Site and browser tests", "--fast");
    } else {
        let has_site = report.stage("Site", || {
            site::build(&machine)?;
            site::print_sizes(&machine)
        })?;
        if has_site && has_browser {
            report.stage("Browser tests", || {
                // They drive the site and need nothing of the package: no native engine is built.
                let mut cargo = machine.browser_cargo()?;
                programs::run(cargo.args(["test", "--no-default-features", "--test", "browser"]))
            })?;
        } else {
            report.skip(
                "Browser tests",
                "they need the site and the browser, see above",
            );
        }
    }
    report.finish()
}

/// Formatting, clippy and documentation. Each wall is crossed on its own: what compiles only with
/// another half's features fails here.
fn lints(report: &mut Report, machine: &Machine, fast: bool) -> Result<()> {
    let cargo = || machine.lint_cargo();
    report.stage("Formatting", || {
        programs::run(cargo()?.args(["fmt", "--all", "--check"]))
            .context("`cargo fmt --all` mends it, with the toolchain that has rustfmt")
    })?;

    let clippy = |arguments: &[&str]| {
        let mut clippy = cargo()?;
        clippy
            .arg("clippy")
            .args(arguments)
            .args(["--", "--deny", "warnings"]);
        programs::run(&mut clippy)
    };
    let of_product = |features: &[&str], targets: &[&str]| {
        clippy(&[&["--package", "glassformer"], features, targets].concat())
    };
    report.stage("Clippy: xtask, lanes, press and harness", || {
        clippy(&[BESIDE, &["--all-targets"]].concat())
    })?;
    report.stage("Clippy: page", || of_product(PAGE, &["--lib", "--bins"]))?;
    report.stage("Clippy: engine", || of_product(ENGINE, &["--all-targets"]))?;
    if fast {
        report.skip("Clippy: engine with WebGPU", "--fast");
        report.skip("Clippy: engine with burn on WebGPU", "--fast");
    } else {
        report.stage("Clippy: engine with WebGPU", || {
            of_product(
                WEBGPU,
                &["--lib", "--bins", "--test", "gpu", "--test", "asked"],
            )
        })?;
        report.stage("Clippy: engine with burn on WebGPU", || {
            of_product(READABLE, &["--lib", "--bins"])
        })?;
    }

    let document = |arguments: &[&str]| {
        let mut doc = cargo()?;
        doc.args(["doc", "--no-deps"])
            .args(arguments)
            .env("RUSTDOCFLAGS", "--deny warnings");
        programs::run(&mut doc)
    };
    report.stage("Documentation", || {
        let engine = if fast { ENGINE } else { READABLE };
        document(BESIDE)?;
        document(&[&["--package", "glassformer", "--lib"], PAGE].concat())?;
        document(&[&["--package", "glassformer", "--lib"], engine].concat())
    })?;
    Ok(())
}

/// What must not be there, and the licences of what is.
fn absences(report: &mut Report, machine: &Machine) -> Result<()> {
    report.stage("No engine in the page", || {
        walls::page_without_engine(machine)
    })?;
    report.stage("One source of chance", || {
        walls::one_source_of_chance(machine)
    })?;
    if programs::succeeds(machine.cargo().args(["deny", "--version"])) {
        report.stage("Licences and sources", || {
            programs::run(
                machine
                    .cargo()
                    .args(["deny", "check", "bans", "licenses", "sources"]),
            )
        })?;
    } else {
        report.skip(
            "Licences and sources",
            "cargo-deny is not installed; `cargo install --locked cargo-deny` takes long",
        );
    }
    Ok(())
}

/// The tests that need no browser, in the two halves they are compiled in.
fn native_tests(report: &mut Report, machine: &Machine) -> Result<()> {
    let test = |arguments: &[&str]| {
        let mut cargo: Program = machine.cargo();
        cargo.arg("test").args(arguments);
        programs::run(&mut cargo)
    };
    report.stage("Native tests: xtask, lanes and engine", || {
        let mut targets = vec!["--lib".to_owned(), "--bins".to_owned()];
        for name in integration_tests(machine)? {
            targets.extend(["--test".to_owned(), name]);
        }
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        test(BESIDE)?;
        test(
            &[
                &["--package", "glassformer", "--no-fail-fast"],
                targets.as_slice(),
            ]
            .concat(),
        )?;
        test(&["--package", "glassformer", "--doc"])
    })?;
    report.stage("Native tests: page", || {
        test(&[&["--package", "glassformer", "--lib"], PAGE].concat())
    })?;
    Ok(())
}

/// The names of the tests in `tests/`, but for those that need a browser or a GPU.
fn integration_tests(machine: &Machine) -> Result<Vec<String>> {
    let folder = machine.root.join("tests");
    let mut names = Vec::new();
    for entry in folder
        .read_dir()
        .context("the folder tests/ cannot be read")?
    {
        let path = entry?.path();
        let is_test = path.extension().is_some_and(|extension| extension == "rs")
            || path.join("main.rs").exists();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if is_test && !["asked", "browser", "gpu"].contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
