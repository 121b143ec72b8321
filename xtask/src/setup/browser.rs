//! Chromium, which the tests and the benchmark drive over its debugging protocol.

use std::{env, ffi::OsString};

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
