//! Other people's trainers in the same browser: jax-js and TensorFlow.js at the same job, each in
//! its own way of writing it (`benches/peers/`), on WebAssembly and on WebGPU.

use crate::{counters::Counters, measure::median, sizes};
use harness::{Outcome, Page, Setup, counting, in_browser, trouble};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// Where a trainer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    Wasm,
    Webgpu,
}

impl Device {
    fn name(self) -> &'static str {
        match self {
            Device::Wasm => "wasm",
            Device::Webgpu => "webgpu",
        }
    }
}

/// One trainer's figures for one size.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    pub trainer: &'static str,
    pub config: &'static str,
    pub device: Device,
    /// More than one where the page is cross-origin isolated, so that its threads share memory.
    pub threads: usize,
    /// `None` where it failed.
    pub figures: Option<Figures>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Of some rounds the middle one.
    pub ms_per_step: f64,
    pub steps: u32,
    pub first_step_ms: f64,
    pub first_loss: f64,
    pub last_loss: f64,
    pub per_step: Counters,
}

/// A figure is the middle one of so many rounds, each about so many milliseconds long; of fewer
/// where a step alone takes longer than a second.
const ROUNDS: usize = 5;
const FEW_ROUNDS: usize = 3;
const ROUND_MS: f64 = 400.0;
const MOST_STEPS: f64 = 200.0;

const TRAINERS: [&str; 2] = ["jax-js", "TensorFlow.js"];

/// `folder` is where `cargo xtask bench --peers` has installed them.
///
/// # Errors
/// When the text or the sizes cannot be read; a trainer that fails is a figure that is missing.
pub fn measure(folder: &Path, text: &str, quick: bool) -> Outcome<Vec<Peer>> {
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let mut peers = Vec::new();
    for trainer in TRAINERS {
        let mut places = vec![(Device::Wasm, 1), (Device::Webgpu, 1)];
        if cores > 1 {
            places.push((Device::Wasm, cores));
        }
        for (device, threads) in places {
            for config in sizes::NAMES {
                // In software a step of these takes seconds.
                if quick && device == Device::Webgpu && config != "S" {
                    continue;
                }
                let mut peer = Peer {
                    trainer,
                    config,
                    device,
                    threads,
                    figures: None,
                };
                eprintln!(
                    "measuring {config} by {trainer} on {}, threads: {threads} ...",
                    device.name()
                );
                match one(&peer, folder, text) {
                    Ok(figures) => peer.figures = Some(figures),
                    Err(error) => eprintln!("{trainer} failed, and the others go on: {error}"),
                }
                peers.push(peer);
            }
        }
    }
    Ok(peers)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    first_ms: f64,
    loss: f64,
    ln_v: f64,
}

#[derive(Deserialize)]
struct Steps {
    ms: f64,
    loss: f64,
}

fn one(peer: &Peer, folder: &Path, text: &str) -> Outcome<Figures> {
    let setup = Setup {
        root: Some(folder.to_owned()),
        scripting: "peer",
        isolated: peer.threads > 1,
        hash: "",
        page_script: counting::SCRIPT.into(),
        ..Setup::default()
    };
    let mut order = sizes::spec(peer.config)?;
    order["name"] = json!(peer.trainer);
    order["device"] = json!(peer.device);
    order["threads"] = json!(peer.threads);
    order["text"] = json!(text);
    in_browser(&setup, |page| {
        let Started {
            first_ms,
            loss,
            ln_v,
        } = page.eval(&format!("peer.start({order})"))?;
        if (loss - ln_v).abs() > 0.3 {
            return trouble(format!("its first loss is {loss}, and ln V is {ln_v}"));
        }
        // The second step still finds out things; the third is like all that follow.
        steps(page, 1)?;
        let step = steps(page, 1)?.ms;
        let count = (ROUND_MS / step).round().clamp(1.0, MOST_STEPS) as u32;
        let rounds = if step > 1000.0 { FEW_ROUNDS } else { ROUNDS };
        let before: Counters = page.eval("counted")?;
        let mut times = Vec::new();
        let mut last_loss = loss;
        for _ in 0..rounds {
            let Steps { ms, loss } = steps(page, count)?;
            times.push(ms / f64::from(count));
            last_loss = loss;
        }
        let after: Counters = page.eval("counted")?;
        let all = count * rounds as u32;
        Ok(Figures {
            ms_per_step: median(times),
            steps: all,
            first_step_ms: first_ms,
            first_loss: loss,
            last_loss,
            per_step: after.per_step(before, all),
        })
    })
}

fn steps(page: &mut Page, count: u32) -> Outcome<Steps> {
    page.eval(&format!("peer.steps({count})"))
}
