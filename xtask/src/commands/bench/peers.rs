//! Other people's trainers for the browser: fetched into the target folder, with our pages that use
//! them beside them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{machine::Machine, setup::npm};

/// Our pages and the list of packages, from the root.
const SOURCE: &str = "benches/peers";
/// Where they are served from, from the root.
const FOLDER: &str = "target/peers";
/// The list of packages, and its copy that says that they are there.
const PACKAGES: &str = "package.json";
const INSTALLED: &str = "installed.json";

/// The folder with everything; fetches what is not there.
pub fn install(machine: &Machine) -> Result<PathBuf> {
    let (source, folder) = (machine.root.join(SOURCE), machine.root.join(FOLDER));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let files = fs::read_dir(&source).with_context(|| source.display().to_string())?;
    for file in files {
        let file = file?;
        copy(&file.path(), &folder.join(file.file_name()))?;
    }
    let wanted = read(&folder.join(PACKAGES))?;
    if read(&folder.join(INSTALLED)).ok() != Some(wanted) {
        npm::fetch(machine, &folder, &[])
            .context("the other trainers could not be fetched from npm's registry")?;
        copy(&folder.join(PACKAGES), &folder.join(INSTALLED))?;
    }
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))?;
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| file.display().to_string())
}
