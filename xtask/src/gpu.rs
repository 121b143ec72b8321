//! The tests of the GPU executor, and the adapter that they run on: the machine's own, or else the
//! one in software that comes with Chromium.

use std::{env, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{machine::Machine, programs, setup::browser};

/// The one test that needs nothing but an adapter.
const PROBE: [&str; 3] = ["--", "--exact", "an_adapter_is_there"];

/// Compiles and runs them.
pub fn test(machine: &Machine) -> Result<()> {
    let cargo = || {
        let mut cargo = machine.cargo();
        cargo.args([
            "test",
            "--package",
            "glassformer",
            "--test",
            "gpu",
            "--test",
            "asked",
        ]);
        cargo.args(["--no-default-features", "--features", "webgpu"]);
        cargo
    };
    // Compiling is shown, so that what follows can be quiet.
    programs::run(cargo().arg("--no-run"))?;
    if programs::succeeds(cargo().args(PROBE)) {
        println!("The GPU is this machine's own.");
        return programs::run(&mut cargo());
    }
    let driver = browser::swiftshader(machine)?.context(
        "this machine has no GPU that Vulkan or Metal knows, and Chromium's own in software \
         (vk_swiftshader_icd.json) is not in the browser's folder; install Debian's or Google's \
         browser, or a Vulkan driver such as mesa-vulkan-drivers",
    )?;
    println!(
        "This machine has no GPU of its own: SwiftShader computes instead, {}.",
        driver.display()
    );
    programs::run(with_driver(&mut cargo(), &driver)?)
}

/// Has Vulkan take that driver, and Vulkan itself from beside it where the machine has none.
fn with_driver<'a>(command: &'a mut Command, driver: &Path) -> Result<&'a mut Command> {
    let beside = driver.parent().map(Path::to_owned);
    let old = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let old = env::split_paths(&old).filter(|folder| !folder.as_os_str().is_empty());
    let libraries = env::join_paths(old.chain(beside))
        .context("the browser's folder has a character that LD_LIBRARY_PATH cannot hold")?;
    Ok(command
        .env("VK_ICD_FILENAMES", driver)
        .env("LD_LIBRARY_PATH", libraries))
}
