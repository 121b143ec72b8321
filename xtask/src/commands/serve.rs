//! `cargo xtask serve`: the page on this machine, rebuilt whenever a source file changes.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

use crate::{machine::Machine, programs, setup};

/// The first port that is tried when none is asked for.
const FIRST_PORT: u16 = 8080;
/// How many ports are tried after it.
const PORTS: u16 = 20;

/// What `serve` can be told.
pub struct Options {
    /// Open the page in the default browser.
    pub open: bool,
    /// Serve on this port and no other.
    pub port: Option<u16>,
}

/// Builds the site and serves it until it is interrupted.
pub fn run(options: Options) -> Result<()> {
    let mut machine = Machine::here()?;
    setup::ensure(&mut machine, &setup::SITE)?;
    let port = port(options.port)?;
    let address = format!("http://127.0.0.1:{port}/");

    println!(
        "\nBuilding the page and its three engines: the first time about 15 minutes on two cores, \
         later seconds to minutes."
    );
    println!("Then open {address} (Ctrl-C ends it).\n");
    let mut trunk = machine.trunk();
    trunk.args([
        "serve",
        "--release",
        "--address",
        "127.0.0.1",
        "--port",
        &port.to_string(),
    ]);
    if options.open {
        trunk.arg("--open");
    }
    programs::run(&mut trunk)
}

/// The port that was asked for, or the first free one.
fn port(asked: Option<u16>) -> Result<u16> {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    match asked {
        Some(port) if free(&port) => Ok(port),
        Some(port) => bail!(
            "port {port} cannot be used: another program listens on it, or the system keeps it \
             for itself; leave --port out and a free one is chosen"
        ),
        None => (FIRST_PORT..=FIRST_PORT + PORTS)
            .find(free)
            .with_context(|| {
                format!(
                    "no free port between {FIRST_PORT} and {}; name one with --port",
                    FIRST_PORT + PORTS
                )
            }),
    }
}
