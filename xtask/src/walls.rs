//! Checks of what must be absent, which no compiler sees. `docs/architecture.md` says why.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{machine::Machine, programs};

/// Crates of the engine: none of them may come along with the page.
const ENGINE_CRATES: [&str; 4] = ["burn", "cubecl", "wgpu", "naga"];

/// The one file that may make chance; everything else draws from it.
const CHANCE: &str = "src/random.rs";
/// What a source of chance other than that file looks like.
const OTHER_CHANCE: [&str; 7] = [
    "Math::random",
    "Math.random",
    "get_random_values",
    "getrandom::",
    "fastrand",
    "rand::",
    "Distribution::Normal",
];

/// The page's dependencies contain nothing of the engine.
pub fn page_without_engine(machine: &Machine) -> Result<()> {
    let mut tree = machine.cargo();
    tree.args([
        "tree",
        "--package",
        "glassformer",
        "--no-default-features",
        "--features",
        "page",
    ])
    .args([
        "--edges", "normal", "--target", "all", "--prefix", "none", "--format", "{p}",
    ]);
    let tree = programs::output(&mut tree)?;
    let guests: Vec<&str> = tree.lines().filter(|line| is_of_engine(line)).collect();
    if !guests.is_empty() {
        bail!(
            "the page would carry parts of the engine: {}. Move what needs them behind the feature \
             `engine`",
            guests.join(", ")
        );
    }
    println!(
        "the page depends on {} crates, none of them the engine's",
        tree.lines().count()
    );
    Ok(())
}

/// No file but [`CHANCE`] makes random numbers: runs must repeat to the bit.
pub fn one_source_of_chance(machine: &Machine) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["lanes/src", "src"] {
        rust_files(&machine.root.join(folder), &mut files)?;
    }
    let mut found = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&machine.root).unwrap_or(file);
        if name == Path::new(CHANCE) {
            continue;
        }
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        for (line, what) in other_chance(&text) {
            found.push(format!("{}:{line}: {what}", name.display()));
        }
    }
    if !found.is_empty() {
        bail!(
            "random numbers from elsewhere than {CHANCE}; draw from a `random::Stream` instead:\n  {}",
            found.join("\n  ")
        );
    }
    println!(
        "{} files, none with a source of chance of its own",
        files.len()
    );
    Ok(())
}

fn is_of_engine(line: &str) -> bool {
    let name = line.split([' ', '-']).next().unwrap_or_default();
    ENGINE_CRATES.contains(&name)
}

/// The lines, counted from 1, whose code makes chance, and what gives them away.
fn other_chance(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for what in OTHER_CHANCE {
            // `rand::` is also the end of longer paths.
            let whole = code.match_indices(what).any(|(at, _)| {
                !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
            });
            if whole {
                found.push((index + 1, what));
            }
        }
    }
    found
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_known_by_its_crates() {
        assert!(is_of_engine("burn v0.22.1") && is_of_engine("burn-flex v0.22.1 (*)"));
        assert!(!is_of_engine("yew v0.23.0") && !is_of_engine("burnish v1.0.0"));
    }

    #[test]
    fn chance_is_seen_in_code_and_not_in_words() {
        let text =
            "// not Math.random()\nlet x = js_sys::Math::random();\nuse operand::X;\nrand::rng();";
        assert_eq!(other_chance(text), [(2, "Math::random"), (4, "rand::")]);
    }
}
