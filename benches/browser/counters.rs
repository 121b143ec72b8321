//! What an engine asks of the browser, counted by wrapping the browser's own objects inside the
//! worker, and where its time goes, sampled by the browser's own profiler.

use crate::harness::{Outcome, Page, Setup};
use glassformer::protocol::Backend;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The page on that engine, with whatever the engine asks of the browser counted.
pub fn counting(backend: Backend) -> Setup {
    let base = match backend {
        Backend::Cpu => Setup::cpu(),
        Backend::Webgpu => Setup::webgpu(),
    };
    Setup {
        worker_script: SCRIPT.into(),
        ..base
    }
}

/// Run in each worker before its own scripts.
const SCRIPT: &str = "
    self.counted = { dispatches: 0, passes: 0, submits: 0, bindGroups: 0, buffers: 0, writes: 0, reads: 0, pipelines: 0 };
    for (const [type, method, what] of [
        ['GPUComputePassEncoder', 'dispatchWorkgroups', 'dispatches'],
        ['GPUComputePassEncoder', 'dispatchWorkgroupsIndirect', 'dispatches'],
        ['GPUCommandEncoder', 'beginComputePass', 'passes'],
        ['GPUQueue', 'submit', 'submits'],
        ['GPUQueue', 'writeBuffer', 'writes'],
        ['GPUDevice', 'createBindGroup', 'bindGroups'],
        ['GPUDevice', 'createBuffer', 'buffers'],
        ['GPUBuffer', 'mapAsync', 'reads'],
        ['GPUDevice', 'createComputePipeline', 'pipelines'],
        ['GPUDevice', 'createComputePipelineAsync', 'pipelines'],
    ]) {
        const owner = self[type]?.prototype, original = owner?.[method];
        if (original) owner[method] = function (...words) {
            self.counted[what]++;
            return original.apply(this, words);
        };
    }";

/// Calls so far in a worker's life.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counters {
    pub dispatches: f64,
    pub passes: f64,
    pub submits: f64,
    pub bind_groups: f64,
    pub buffers: f64,
    pub writes: f64,
    pub reads: f64,
    pub pipelines: f64,
}

impl Counters {
    /// What the engine's worker has counted.
    ///
    /// # Errors
    /// When there is no such worker.
    pub fn read(page: &mut Page) -> Outcome<Counters> {
        page.eval_in_worker("engine-worker", "self.counted")
    }

    /// The calls since `earlier`, for each of so many steps.
    pub fn per_step(self, earlier: Counters, steps: u32) -> Counters {
        let each = |now: f64, then: f64| (now - then) / f64::from(steps);
        Counters {
            dispatches: each(self.dispatches, earlier.dispatches),
            passes: each(self.passes, earlier.passes),
            submits: each(self.submits, earlier.submits),
            bind_groups: each(self.bind_groups, earlier.bind_groups),
            buffers: each(self.buffers, earlier.buffers),
            writes: each(self.writes, earlier.writes),
            reads: each(self.reads, earlier.reads),
            pipelines: each(self.pipelines, earlier.pipelines),
        }
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
