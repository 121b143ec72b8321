//! Makes the programs of a built site smaller for those who download them, and changes nothing of
//! what they do. Trunk runs it over the site before it puts it in its place (`Trunk.toml`).
//!
//! Servers compress what they send. How well that goes depends on what stands near what, and a linker
//! does not care: so functions that are alike are put side by side ([`order`]). The names that a
//! program and its script call each other by are of interest to nobody else, and get one or two
//! letters ([`names`]); what is only for debuggers is left out. `docs/performance.md` has what each
//! of them brings.

mod names;
mod order;
mod program;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};

/// How the file names of programs end; the script beside each ends in `.js` instead.
const PROGRAM: &str = "_bg.wasm";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    // A page that is built to be worked on is not sent to anybody.
    if env::var("TRUNK_PROFILE").is_ok_and(|profile| profile == "debug") {
        return Ok(());
    }
    let folder = env::var_os("TRUNK_STAGING_DIR")
        .or_else(|| env::args_os().nth(1))
        .context("press takes the folder of a built site")?;
    let folder = PathBuf::from(folder);
    let page = folder.join("index.html");
    for file in programs(&folder)? {
        let (before, after) = press(&file).with_context(|| file.display().to_string())?;
        resize(&page, &file, before, after)?;
    }
    Ok(())
}

/// The programs of the site.
fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(PROGRAM) {
            files.push(path);
        }
    }
    Ok(files)
}

/// Presses one program and its script; its length before and after.
fn press(file: &Path) -> Result<(usize, usize)> {
    let script = PathBuf::from(file.to_string_lossy().replace(PROGRAM, ".js"));
    let text = fs::read_to_string(&script).with_context(|| script.display().to_string())?;
    let old = fs::read(file)?;
    let imports = program::imports(&old)?;
    let (text, short) = names::shortened(&text, &imports);
    let new = program::pressed(&old, &short)?;
    // Else the program could not be started.
    let renamed = |name: String| short.get(&name).cloned().unwrap_or(name);
    let asked_for: Vec<String> = imports.into_iter().map(renamed).collect();
    ensure!(
        program::imports(&new)? == asked_for,
        "the program does not ask its script for what it did"
    );
    fs::write(file, &new)?;
    fs::write(&script, text)?;
    Ok((old.len(), new.len()))
}

/// Has the page know the program's new length, against which it says how much has come.
fn resize(page: &Path, file: &Path, before: usize, after: usize) -> Result<()> {
    let Some(name) = file.file_name().map(|name| name.to_string_lossy()) else {
        return Ok(());
    };
    let html = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let sized = |length| format!("{name}', {length},");
    fs::write(page, html.replace(&sized(before), &sized(after)))?;
    Ok(())
}
