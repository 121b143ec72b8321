//! The command line of wasm-bindgen. It must be of exactly the version of the crate, whose private
//! format it reads.

use anyhow::{Context, Result};

use crate::{machine::Machine, programs};

/// The version that is installed, when it is the one in `Cargo.lock`.
pub fn found(machine: &Machine) -> Result<Option<String>> {
    let wanted = machine.locked_version("wasm-bindgen")?;
    let answer = programs::output(machine.command("wasm-bindgen").arg("--version")).ok();
    Ok(answer.filter(|answer| answer.split_whitespace().nth(1) == Some(&wanted)))
}

/// Compiles it.
pub fn install(machine: &Machine) -> Result<()> {
    let version = machine.locked_version("wasm-bindgen")?;
    let mut locked = machine.cargo();
    locked.args([
        "install",
        "--locked",
        "wasm-bindgen-cli",
        "--version",
        &version,
    ]);
    if programs::run(&mut locked).is_ok() {
        return Ok(());
    }
    // Its lock file may name a crate that this machine's registry does not have.
    println!("with its own lock file it does not build; trying without");
    let mut unlocked = machine.cargo();
    unlocked.args(["install", "wasm-bindgen-cli", "--version", &version]);
    programs::run(&mut unlocked).with_context(|| {
        format!(
            "wasm-bindgen-cli {version} could not be compiled. Its source comes from the registry \
             of crates, which must be within reach"
        )
    })
}
