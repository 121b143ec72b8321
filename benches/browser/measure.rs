//! One configuration on one backend, in a browser of its own.

use crate::{
    counters::{self, Busy, Counters, Thread},
    harness::{Outcome, in_browser, trouble},
};
use glassformer::protocol::Backend;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is measured, and over how many steps.
pub struct Case {
    config: &'static str,
    backend: Backend,
    model: Json,
    batch: u32,
    /// Steps before anything is counted: shaders compile and caches fill in them.
    warm_up: u32,
    /// Steps that are timed and counted.
    timed: u32,
    /// Steps under the profiler, which costs some time itself.
    profiled: u32,
}

impl Case {
    pub fn name(&self) -> String {
        format!("{} on {}", self.config, self.backend.name())
    }
}

/// S and M on both backends.
pub fn cases(quick: bool) -> Vec<Case> {
    let small = || json!({"n_layer": 1, "n_head": 4, "n_embd": 32, "block_size": 32});
    let medium = || json!({"n_layer": 4, "n_head": 4, "n_embd": 128, "block_size": 64});
    let case = |config, backend, model, batch, [warm_up, timed, profiled]: [u32; 3]| Case {
        config,
        backend,
        model,
        batch,
        warm_up,
        timed: if quick { timed.div_ceil(4) } else { timed },
        profiled: if quick {
            profiled.div_ceil(4)
        } else {
            profiled
        },
    };
    let mut cases = vec![
        case("S", Backend::Cpu, small(), 4, [50, 400, 400]),
        case("M", Backend::Cpu, medium(), 8, [5, 30, 15]),
        case("S", Backend::Webgpu, small(), 4, [20, 60, 40]),
    ];
    // Seconds a step in software.
    if !quick {
        cases.push(case("M", Backend::Webgpu, medium(), 8, [2, 6, 4]));
    }
    cases
}

/// The figures of one case.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub config: &'static str,
    pub backend: Backend,
    pub adapter: Option<String>,
    pub params: u64,
    pub steps: u32,
    /// From the call of `newRun`, engine not yet loaded, to the end of the first step.
    pub first_step_ms: f64,
    /// Median of what the engine says of each step.
    pub ms_per_step: f64,
    /// Mean by the page's own clock, everything in between included.
    pub wall_ms_per_step: f64,
    pub per_step: Counters,
    pub pipelines_before: f64,
    pub pipelines_after: f64,
    pub busy: Busy,
    /// `None` when none took over 50 ms: the browser reports no shorter ones.
    pub longest_task_ms: Option<f64>,
    pub last_loss: f64,
}

#[derive(Deserialize)]
struct Made {
    backend: Backend,
    adapter: Option<String>,
    params: u64,
}

#[derive(Deserialize)]
struct Timed {
    all: f64,
    steps: Vec<f64>,
    tasks: Vec<f64>,
    loss: f64,
}

/// # Errors
/// When the page refuses, or has an uncaught error.
pub fn measure(case: &Case, text: &str) -> Outcome<Row> {
    let setup = counters::counting(case.backend);
    let spec = json!({
        "model": case.model,
        "train": {
            "batch_size": case.batch, "max_steps": 100_000,
            // Neither evaluation nor saving falls into what is timed.
            "eval_every": 100_000, "checkpoint_every": 100_000,
        },
        "corpus": {"text": text},
        "backend": case.backend,
    });
    in_browser(&setup, |page| {
        let (made, first_step_ms): (Made, f64) = page.script(&format!(
            "const start = performance.now();
             const {{ backend, adapter, params }} = await glassformer.newRun({spec});
             await glassformer.train(1);
             return [{{ backend, adapter, params }}, performance.now() - start];"
        ))?;
        page.eval::<()>(&format!("void await glassformer.train({})", case.warm_up))?;
        let before = Counters::read(page)?;
        let timed: Timed = page.script(&format!(
            "const steps = [], tasks = [];
             const observer = new PerformanceObserver(list =>
                 tasks.push(...list.getEntries().map(entry => entry.duration)));
             observer.observe({{ type: 'longtask' }});
             const off = glassformer.on('steps', all => steps.push(...all.map(s => s.ms)));
             const start = performance.now();
             const {{ trainLoss }} = await glassformer.train({});
             const all = performance.now() - start;
             await new Promise(done => setTimeout(done, 200));
             off();
             observer.disconnect();
             return {{ all, steps, tasks, loss: trainLoss }};",
            case.timed
        ))?;
        let after = Counters::read(page)?;
        // Zeros would look like a triumph.
        if case.backend == Backend::Webgpu && after.dispatches == before.dispatches {
            return trouble("no dispatch was counted: the counters do not reach the engine");
        }
        counters::start_profile(page, Thread::Engine)?;
        page.eval::<()>(&format!("void await glassformer.train({})", case.profiled))?;
        let busy = counters::stop_profile(page, Thread::Engine, case.profiled)?;
        Ok(Row {
            config: case.config,
            backend: made.backend,
            adapter: made.adapter,
            params: made.params,
            steps: case.timed,
            first_step_ms,
            ms_per_step: median(timed.steps),
            wall_ms_per_step: timed.all / f64::from(case.timed),
            per_step: after.per_step(before, case.timed),
            pipelines_before: before.pipelines,
            pipelines_after: after.pipelines - before.pipelines,
            busy,
            longest_task_ms: timed.tasks.into_iter().reduce(f64::max),
            last_loss: timed.loss,
        })
    })
}

/// The middle one, or the mean of the two that are.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}
