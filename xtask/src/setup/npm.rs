//! npm, which fetches what is written in JavaScript; none of it is in the product.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{machine::Machine, programs};

/// Fetches packages into a folder: those that are named, or those that its `package.json` names.
/// Nothing of theirs runs while they are installed.
pub fn fetch(machine: &Machine, folder: &Path, packages: &[&str]) -> Result<()> {
    if !programs::succeeds(machine.command("npm").arg("--version")) {
        if !programs::has_apt() {
            bail!("install Node.js with npm, and run the same command again");
        }
        programs::apt_install("npm", "Installing npm")?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut npm = machine.command("npm");
    npm.args([
        "install",
        "--no-save",
        "--no-package-lock",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ])
    .arg("--prefix")
    .arg(folder)
    .args(packages);
    programs::run(&mut npm)
}
