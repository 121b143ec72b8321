//! This checkout on this machine: where things are, and how programs are started here.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{programs, setup::browser};

/// The checkout and the toolchain that builds it.
pub struct Machine {
    /// The folder with the top `Cargo.toml`.
    pub root: PathBuf,
    /// The rustup toolchain for all that is built here; `None` where there is no rustup.
    pub toolchain: Option<String>,
    path: OsString,
}

impl Machine {
    /// The machine this runs on.
    pub fn here() -> Result<Machine> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .with_context(|| format!("{} has no folder above it", manifest.display()))?
            .to_owned();
        let mut machine = Machine {
            root,
            toolchain: None,
            path: path()?,
        };
        machine.toolchain = machine.choice_of_rustup();
        Ok(machine)
    }

    /// A program in the checkout, with the toolchain and the PATH that all of them share.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", &self.path);
        // What `cargo run` tells xtask about xtask would mislead a second cargo; CARGO above all,
        // since `cargo clippy` would go on with the cargo that it names.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text == "CARGO"
                || text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_MANIFEST_")
            {
                command.env_remove(&name);
            }
        }
        // The proxy of the outer cargo has set this to the toolchain that built xtask.
        match &self.toolchain {
            Some(toolchain) => command.env("RUSTUP_TOOLCHAIN", toolchain),
            None => command.env_remove("RUSTUP_TOOLCHAIN"),
        };
        command
    }

    /// Cargo, with the toolchain that builds what is shipped.
    pub fn cargo(&self) -> Command {
        self.command("cargo")
    }

    /// Cargo for what drives a browser, which is named to it.
    pub fn browser_cargo(&self) -> Result<Command> {
        let browser = browser::find(self)?.context("no Chromium was found")?;
        let mut cargo = self.cargo();
        cargo.env("CHROMIUM", browser.program);
        Ok(cargo)
    }

    /// Trunk, kept from asking after newer versions of itself.
    pub fn trunk(&self) -> Command {
        let mut trunk = self.command("trunk");
        trunk.env("TRUNK_SKIP_VERSION_CHECK", "true");
        // Trunk reads it as a boolean, the rest of the world as set or not set.
        if env::var_os("NO_COLOR").is_some() {
            trunk.env("NO_COLOR", "true");
        }
        trunk
    }

    /// Cargo, with a toolchain that has rustfmt and clippy. Debian's has neither.
    pub fn lint_cargo(&self) -> Result<Command> {
        // Without rustup the one toolchain there is stands first, as `None`.
        for candidate in [
            self.toolchain.clone(),
            self.default_toolchain(),
            Some("stable".to_owned()),
        ] {
            let cargo = || {
                let mut cargo = self.cargo();
                cargo.env("RUSTUP_AUTO_INSTALL", "0");
                if let Some(toolchain) = &candidate {
                    cargo.env("RUSTUP_TOOLCHAIN", toolchain);
                }
                cargo
            };
            if programs::succeeds(cargo().args(["fmt", "--version"]))
                && programs::succeeds(cargo().args(["clippy", "--version"]))
            {
                return Ok(cargo());
            }
        }
        bail!("no toolchain here has rustfmt and clippy; run `rustup component add rustfmt clippy`")
    }

    /// What rustup would take in this folder if nobody told it otherwise.
    pub fn choice_of_rustup(&self) -> Option<String> {
        let text = self.output_of_rustup(&["show", "active-toolchain"])?;
        Some(text.split_whitespace().next()?.to_owned())
    }

    /// What rustup takes where no folder has a toolchain of its own.
    pub fn default_toolchain(&self) -> Option<String> {
        let text = self.output_of_rustup(&["default"])?;
        Some(text.split_whitespace().next()?.to_owned())
    }

    fn output_of_rustup(&self, arguments: &[&str]) -> Option<String> {
        let mut rustup = self.command("rustup");
        rustup.args(arguments).env_remove("RUSTUP_TOOLCHAIN");
        programs::output(&mut rustup).ok()
    }

    /// The version of a crate in `Cargo.lock`.
    pub fn locked_version(&self, package: &str) -> Result<String> {
        let file = self.root.join("Cargo.lock");
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read; `git restore` it", file.display()))?;
        locked_version(&text, package)
            .with_context(|| format!("{} does not name {package}", file.display()))
    }
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')?;
    Some(version.to_owned())
}

/// PATH, with the folder first into which `cargo install` writes: a fresh home lacks it.
fn path() -> Result<OsString> {
    let cargo_home = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir()
            .context("this user has no home folder; set the environment variable CARGO_HOME")?
            .join(".cargo"),
    };
    let old = env::var_os("PATH").unwrap_or_default();
    let folders = [cargo_home.join("bin")]
        .into_iter()
        .chain(env::split_paths(&old));
    env::join_paths(folders).context("CARGO_HOME has a character that no PATH can hold")
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn a_version_is_read_from_the_package_of_exactly_that_name() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(locked_version(lock, "a").as_deref(), Some("2.0.0"));
        assert_eq!(locked_version(lock, "b"), None);
    }
}
