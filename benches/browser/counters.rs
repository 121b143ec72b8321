//! What an engine asks of the browser, step by step, and where its time goes, sampled by the
//! browser's own profiler.

use glassformer::protocol::Backend;
pub use harness::counting::Counters;
use harness::{Outcome, Page, Setup, counting};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The page on that engine, with whatever the engine asks of the browser counted.
pub fn counting(backend: Backend) -> Setup {
    let base = match backend {
        Backend::Cpu => Setup::cpu(),
        Backend::Webgpu => Setup::webgpu(),
    };
    Setup {
        worker_script: counting::SCRIPT.into(),
        ..base
    }
}

/// Whose time is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Thread {
    /// The one that draws the page.
    Page,
    /// The engine's worker.
    Engine,
}

impl Thread {
    fn command(self, page: &mut Page, method: &str, params: Json) -> Outcome<Json> {
        match self {
            Thread::Page => page.command(method, params),
            Thread::Engine => page.worker_command("engine-worker", method, params),
        }
    }
}

/// Milliseconds of a thread.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Busy {
    pub wasm: f64,
    /// JavaScript, with the browser's functions that it calls.
    pub javascript: f64,
    pub garbage: f64,
    /// Waiting, and the browser's own work between our scripts: the profiler does not tell them
    /// apart in a worker.
    pub rest: f64,
}

/// Starts sampling a thread.
///
/// # Errors
/// When there is no such thread.
pub fn start_profile(page: &mut Page, thread: Thread) -> Outcome<()> {
    thread.command(page, "Profiler.enable", json!({}))?;
    let often = json!({"interval": 200});
    thread.command(page, "Profiler.setSamplingInterval", often)?;
    thread.command(page, "Profiler.start", json!({}))?;
    Ok(())
}

/// Ends sampling and adds up where the time went, for each of so many steps, or frames.
///
/// # Errors
/// When there is no such thread.
pub fn stop_profile(page: &mut Page, thread: Thread, steps: u32) -> Outcome<Busy> {
    let answer = thread.command(page, "Profiler.stop", json!({}))?;
    let profile = &answer["profile"];
    let nodes: HashMap<u64, &Json> = array(&profile["nodes"])
        .filter_map(|node| Some((node["id"].as_u64()?, &node["callFrame"])))
        .collect();
    let mut busy = Busy::default();
    for (sample, micros) in array(&profile["samples"]).zip(array(&profile["timeDeltas"])) {
        let ms = micros.as_f64().unwrap_or_default() / 1000.0 / f64::from(steps);
        let frame = sample.as_u64().and_then(|id| nodes.get(&id));
        let of = |key: &str| frame.and_then(|f| f[key].as_str()).unwrap_or_default();
        match of("functionName") {
            "(idle)" | "(program)" | "(root)" => busy.rest += ms,
            "(garbage collector)" => busy.garbage += ms,
            _ if of("url").starts_with("wasm:") || of("url").contains(".wasm") => busy.wasm += ms,
            _ => busy.javascript += ms,
        }
    }
    Ok(busy)
}

fn array(value: &Json) -> impl Iterator<Item = &Json> {
    value.as_array().into_iter().flatten()
}
