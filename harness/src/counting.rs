//! What an engine asks of the browser, counted by wrapping the browser's own objects inside the
//! worker.

use crate::{Outcome, Page};
use serde::{Deserialize, Serialize};

/// Run in each worker before its own scripts.
pub const SCRIPT: &str = "
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
