//! Every chore of the project as one command: `cargo xtask help` lists them.
//!
//! Read [`command`] first: the closed set of commands. Each has a file in [`commands`]; what a
//! machine must have is in [`setup`], a file for each thing; the rest is shared by them.

mod command;
mod commands;
mod gpu;
mod machine;
mod programs;
mod report;
mod setup;
mod site;
mod walls;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect();
    match command::Command::parse(arguments).and_then(command::Command::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
