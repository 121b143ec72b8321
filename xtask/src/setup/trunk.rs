//! Trunk, which builds and serves the site.

use anyhow::{Context, Result};

use crate::{machine::Machine, programs};

/// The version that is installed where there is none; later ones ask for a newer Rust.
const VERSION: [u32; 3] = [0, 21, 14];

/// The version that is installed, when it is new enough.
pub fn found(machine: &Machine) -> Option<String> {
    let answer = programs::output(machine.trunk().arg("--version")).ok()?;
    let version = answer.split_whitespace().nth(1)?;
    (numbers(version)? >= VERSION).then(|| answer.clone())
}

/// Compiles it.
pub fn install(machine: &Machine) -> Result<()> {
    let [major, minor, patch] = VERSION;
    let mut cargo = machine.cargo();
    cargo
        .args(["install", "--locked", "trunk", "--version"])
        .arg(format!("{major}.{minor}.{patch}"))
        // Its own profile asks for the fastest Trunk; ours is sooner there and waits for rustc anyway.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    programs::run(&mut cargo).context(
        "Trunk could not be compiled. Its source comes from the registry of crates, which must be \
         within reach; any other way to install Trunk will do: https://trunkrs.dev",
    )
}

/// `1.2.3` or `1.2.3-rc` as numbers.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::{VERSION, numbers};

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("0.21.9").is_some_and(|version| version < VERSION));
        assert!(numbers("0.21.14").is_some_and(|version| version >= VERSION));
        assert!(numbers("0.22.0-beta.1").is_some_and(|version| version >= VERSION));
        assert_eq!(numbers("0.21"), None);
    }
}
