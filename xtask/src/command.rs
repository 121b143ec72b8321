//! The closed set of commands, how they are written on the command line, and their help.

use anyhow::{Context, Result, bail};

use crate::commands::{
    bench::{self, native},
    build, pretrain, serve, setup, test,
};

/// What `cargo xtask` can do.
pub enum Command {
    /// Build the page and serve it on this machine.
    Serve(serve::Options),
    /// Check and test everything.
    Test(test::Options),
    /// Write the static site.
    Build,
    /// Measure the product in a real browser.
    Bench(bench::Options),
    /// Measure the engine without a browser, and PyTorch beside it.
    BenchNative(native::Options),
    /// Train the models that the page opens with.
    Pretrain(pretrain::Options),
    /// Install what is missing, and nothing else.
    Setup,
    /// Say what there is.
    Help,
}

/// The answer to `cargo xtask help`.
const HELP: &str = "\
Usage: cargo xtask COMMAND [OPTIONS]

Each command first installs what it misses on this machine, and says so.

Commands
  serve                build the page and serve it on this machine
    --port N             the port to serve on (default: the first free one from 8080)
    --open               open the page in the default browser
  test                 run every check and every test
    --fast               leave out what takes long: the WebGPU engine, the site, the browser
    --fail-fast          stop at the first stage that fails
  build                write a static site into dist/; it works from any folder of any host
  bench                measure speed and size in Chromium
    --json FILE          write the figures as JSON
    --text FILE          the text to train on (or the environment variable GLASSFORMER_TEXT)
    --quick              few steps, to see that it works; the figures mean little
    --to-loss LOSS       also train `laptop` until its validation loss is that low, such as 2.0
    --site FOLDER        measure a site that is built already, such as dist
    --only PARTS         some of steps,kinds,passes,drawing,downloads
    --peers              also measure other trainers that run in a browser, fetched with npm
  bench --native       measure the engine's steps on this machine's CPU and GPU, without a browser,
                       and PyTorch beside it, where Python has it
    --python PROGRAM     the Python that has PyTorch (default: python3)
    --software           also on a GPU that is one in software, to see that it works
    --json, --text, --quick, --to-loss as above
  pretrain             train the models that the page opens with, into www/models/
    --only NAME          those whose name contains NAME, such as glass or additive
  setup                install all that the commands above need, and nothing else
  help                 this text

Environment
  CHROMIUM             the browser for tests and benchmark, when it is not on PATH
";

impl Command {
    /// Reads the arguments that follow `cargo xtask`.
    pub fn parse(arguments: Vec<String>) -> Result<Command> {
        let mut rest = arguments.into_iter();
        let name = rest.next().unwrap_or_else(|| "help".to_owned());
        let mut rest: Vec<String> = rest.collect();
        if rest
            .iter()
            .any(|argument| argument == "--help" || argument == "-h")
        {
            return Ok(Command::Help);
        }
        let command = match name.as_str() {
            "serve" => Command::Serve(serve::Options {
                open: flag(&mut rest, "--open"),
                port: value(&mut rest, "--port")?
                    .map(|port| {
                        port.parse().with_context(|| {
                            format!("--port {port}: a port is a number from 1 to 65535")
                        })
                    })
                    .transpose()?,
            }),
            "test" => Command::Test(test::Options {
                fast: flag(&mut rest, "--fast"),
                fail_fast: flag(&mut rest, "--fail-fast"),
            }),
            "build" => Command::Build,
            "bench" if flag(&mut rest, "--native") => Command::BenchNative(native::Options {
                json: value(&mut rest, "--json")?.map(Into::into),
                text: value(&mut rest, "--text")?.map(Into::into),
                python: value(&mut rest, "--python")?.map(Into::into),
                to_loss: value(&mut rest, "--to-loss")?,
                software: flag(&mut rest, "--software"),
                quick: flag(&mut rest, "--quick"),
            }),
            "bench" => Command::Bench(bench::Options {
                json: value(&mut rest, "--json")?.map(Into::into),
                text: value(&mut rest, "--text")?.map(Into::into),
                site: value(&mut rest, "--site")?.map(Into::into),
                peers: flag(&mut rest, "--peers"),
                others: std::mem::take(&mut rest),
            }),
            "pretrain" => Command::Pretrain(pretrain::Options {
                only: value(&mut rest, "--only")?,
            }),
            "setup" => Command::Setup,
            "help" | "--help" | "-h" => Command::Help,
            other => bail!("there is no command `{other}`; `cargo xtask help` lists them"),
        };
        if let Some(unknown) = rest.first() {
            bail!("`{name}` has no option `{unknown}`; `cargo xtask help` lists what it has");
        }
        Ok(command)
    }

    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Command::Serve(options) => serve::run(options),
            Command::Test(options) => test::run(options),
            Command::Build => build::run(),
            Command::Bench(options) => bench::run(options),
            Command::BenchNative(options) => native::run(&options),
            Command::Pretrain(options) => pretrain::run(options),
            Command::Setup => setup::run(),
            Command::Help => {
                print!("{HELP}");
                Ok(())
            }
        }
    }
}

/// Takes `name` out of the arguments; whether it was there.
fn flag(arguments: &mut Vec<String>, name: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != name);
    arguments.len() < before
}

/// Takes `name VALUE` or `name=VALUE` out of the arguments.
fn value(arguments: &mut Vec<String>, name: &str) -> Result<Option<String>> {
    let is_it = |argument: &String| {
        argument == name
            || argument
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('='))
    };
    let Some(at) = arguments.iter().position(is_it) else {
        return Ok(None);
    };
    let argument = arguments.remove(at);
    if let Some((_, value)) = argument.split_once('=') {
        return Ok(Some(value.to_owned()));
    }
    if at == arguments.len() {
        bail!("{name} wants a value after it");
    }
    Ok(Some(arguments.remove(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command> {
        Command::parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_read_in_either_form() {
        for line in ["serve --port 9000 --open", "serve --open --port=9000"] {
            let Ok(Command::Serve(options)) = parse(line) else {
                panic!("{line} is not read as serve");
            };
            assert!(options.open && options.port == Some(9000));
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, word) in [
            ("serv", "serv"),
            ("test --quick", "--quick"),
            ("serve --port", "--port"),
            ("serve --port eighty", "eighty"),
            ("build now", "now"),
            ("bench --native --peers", "--peers"),
        ] {
            let message = parse(line).err().map(|error| format!("{error:#}"));
            assert!(
                message.is_some_and(|message| message.contains(word)),
                "{line}"
            );
        }
    }

    #[test]
    fn help_is_always_at_hand() {
        for line in ["", "help", "--help", "serve --help"] {
            assert!(matches!(parse(line), Ok(Command::Help)), "{line}");
        }
    }
}
