//! axe, which the browser tests run in the page: it finds what people with a screen reader, a
//! keyboard or weak eyes would stumble over.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{machine::Machine, programs};

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
    if !programs::succeeds(machine.command("npm").arg("--version")) {
        if !programs::has_apt() {
            bail!("install Node.js with npm, and run the same command again");
        }
        programs::apt_install("npm", "Installing npm, which fetches axe")?;
    }
    let folder = machine.root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut npm = machine.command("npm");
    npm.args([
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ])
    .arg("--prefix")
    .arg(&folder)
    .arg(format!("axe-core@{VERSION}"));
    programs::run(&mut npm).context("axe could not be fetched from npm's registry")
}
