//! axe, which the browser tests run in the page: it finds what people with a screen reader, a
//! keyboard or weak eyes would stumble over.

use std::fs;

use anyhow::{Context, Result};

use super::npm;
use crate::machine::Machine;

/// What is installed; another version may find more, and so fails a page that has not changed.
const VERSION: &str = "4.14.1";
/// Where `tests/browser/accessible.rs` looks for it, from the root.
const FOLDER: &str = "target/axe";

/// The version that is installed, when it is this one.
pub fn found(machine: &Machine) -> Option<String> {
    let package = machine.root.join(FOLDER).join("node_modules/axe-core");
    let about = fs::read_to_string(package.join("package.json")).ok()?;
    let wanted = format!("\"version\": \"{VERSION}\"");
    (about.contains(&wanted) && package.join("axe.min.js").is_file())
        .then(|| format!("axe-core {VERSION}"))
}

/// Fetches it.
pub fn install(machine: &Machine) -> Result<()> {
    let package = format!("axe-core@{VERSION}");
    npm::fetch(machine, &machine.root.join(FOLDER), &[&package])
        .context("axe could not be fetched from npm's registry")
}
