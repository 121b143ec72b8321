//! Running other programs, with errors that name them.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};

/// Runs it with its output on the terminal; an error unless it succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", line(command));
    std::io::stdout()
        .flush()
        .context("standard output is closed")?;
    let status = command.status().with_context(|| not_started(command))?;
    succeeded(command, status)
}

/// As [`run`], and hands over what it wrote on standard error, which is shown as it comes.
pub fn run_and_listen(command: &mut Command) -> Result<String> {
    println!("$ {}", line(command));
    command.stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| not_started(command))?;
    let mut heard = String::new();
    if let Some(stderr) = child.stderr.take() {
        for text in BufReader::new(stderr).split(b'\n') {
            let text = text.context("reading a program's standard error")?;
            let text = String::from_utf8_lossy(&text);
            eprintln!("{text}");
            heard.push_str(&text);
            heard.push('\n');
        }
    }
    let status = child.wait().with_context(|| not_started(command))?;
    succeeded(command, status)?;
    Ok(heard)
}

/// Runs it quietly; what it wrote on standard output, or an error with what it complained of.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| not_started(command))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` failed ({}):\n{}",
            line(command),
            output.status,
            complaint.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether it can be started and succeeds, with nothing shown.
pub fn succeeds(command: &mut Command) -> bool {
    output(command).is_ok()
}

/// Runs a shell script that needs root, or says which command the reader should give.
pub fn as_root(script: &str, purpose: &str) -> Result<()> {
    let user = output(Command::new("id").arg("-u"))?;
    if user != "0" {
        bail!(
            "{purpose} needs root, which this command does not take by itself. Run\n\n  \
             sudo sh -c '{script}'\n\nand then the same `cargo xtask` command again"
        );
    }
    run(Command::new("sh").args(["-c", &format!("set -e; {script}")]))
        .with_context(|| format!("{purpose} failed"))
}

/// Installs packages of Debian or a descendant of it, and no more than they need.
pub fn apt_install(packages: &str, purpose: &str) -> Result<()> {
    // The lists are fetched only where they are needed: fresh containers have none.
    let install = format!(
        "DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends {packages}"
    );
    as_root(
        &format!("{install} || {{ apt-get update -qq && {install}; }}"),
        purpose,
    )
}

/// Whether packages can be installed with [`apt_install`].
pub fn has_apt() -> bool {
    Path::new("/etc/debian_version").exists() && succeeds(Command::new("apt-get").arg("--version"))
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!(
            "`{}` failed ({status}); its own words are above",
            line(command)
        );
    }
    Ok(())
}

fn not_started(command: &Command) -> String {
    format!("`{}` cannot be started", command.get_program().display())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        line.push(' ');
        if argument.is_empty() || argument.contains([' ', '"', ';', '|']) {
            line.push_str(&format!("'{argument}'"));
        } else {
            line.push_str(&argument);
        }
    }
    line
}
