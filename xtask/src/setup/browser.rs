//! Chromium, which the tests and the benchmark drive over its debugging protocol.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{machine::Machine, programs};

/// Where it is looked for, in this order, after the environment variable CHROMIUM.
const PROGRAMS: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// A browser that starts.
pub struct Browser {
    /// The program.
    pub program: OsString,
    /// What it says of itself.
    pub version: String,
}

/// The browser that CHROMIUM names, else the first on PATH.
pub fn find(machine: &Machine) -> Result<Option<Browser>> {
    let try_it = |program: OsString| {
        let version = programs::output(machine.command(&program).arg("--version"))?;
        anyhow::Ok(Browser { program, version })
    };
    if let Some(program) = env::var_os("CHROMIUM") {
        return try_it(program)
            .map(Some)
            .context("the environment variable CHROMIUM names no browser that starts");
    }
    Ok(PROGRAMS
        .iter()
        .find_map(|program| try_it(program.into()).ok()))
}

/// The file that tells Vulkan of SwiftShader, the GPU in software that Chromium brings along; `None`
/// where it is not beside the browser's program.
pub fn swiftshader(machine: &Machine) -> Result<Option<PathBuf>> {
    let Some(browser) = find(machine)? else {
        return Ok(None);
    };
    // A name alone is looked for as the shell does it.
    let paths = env::var_os("PATH").unwrap_or_default();
    let programs = env::split_paths(&paths).map(|folder| folder.join(&browser.program));
    let Some(program) = programs.into_iter().find(|program| program.is_file()) else {
        return Ok(None);
    };
    // Where the program is a script, the distribution has the browser in a folder of that name.
    let name = program.file_name().unwrap_or_default();
    let scripted = ["/usr/lib", "/usr/lib64"].map(|folder| Path::new(folder).join(name));
    let real = program.canonicalize().unwrap_or(program.clone());
    let folders = real
        .parent()
        .map(Path::to_owned)
        .into_iter()
        .chain(scripted);
    let mut files = folders.map(|folder| folder.join("vk_swiftshader_icd.json"));
    Ok(files.find(|file| file.is_file()))
}

/// Installs it.
pub fn install() -> Result<()> {
    if !programs::has_apt() {
        bail!(
            "install Chromium or Chrome, or name its program in the environment variable CHROMIUM, \
             and run the same command again"
        );
    }
    // Without a font the page's words would be boxes, in screenshots too.
    programs::apt_install("chromium fonts-liberation", "Installing Chromium")
}
