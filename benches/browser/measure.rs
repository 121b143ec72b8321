//! One configuration on one backend, in a browser of its own.

use crate::{
    counters::{self, Busy, Counters, Thread},
    sizes,
};
use glassformer::protocol::{Backend, Path};
use harness::{Outcome, Trouble, in_browser, trouble};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is measured, and over how many steps.
pub struct Case {
    /// One of `benches/sizes.json`.
    config: &'static str,
    /// The kind of attention, with what is special about it.
    label: &'static str,
    attention: Json,
    backend: Backend,
    /// How steps are computed; `None` for the best there is.
    path: Option<Path>,
    /// Steps before anything is counted: shaders compile and caches fill in them.
    warm_up: u32,
    /// Steps that are timed and counted.
    timed: u32,
    /// Steps under the profiler, which costs some time itself; 0 to leave it out.
    profiled: u32,
}

impl Case {
    fn new(
        config: &'static str,
        backend: Backend,
        [warm_up, timed, profiled]: [u32; 3],
        quick: bool,
    ) -> Self {
        let fewer = |steps: u32| if quick { steps.div_ceil(4) } else { steps };
        Case {
            config,
            label: "standard",
            attention: json!({"kind": "standard"}),
            backend,
            path: None,
            warm_up,
            timed: fewer(timed),
            profiled: fewer(profiled),
        }
    }

    pub fn name(&self) -> String {
        let Case {
            config,
            label,
            backend,
            ..
        } = self;
        format!("{config}, {label}, on {}", backend.name())
    }
}

/// All sizes on both backends, with standard attention.
pub fn cases(quick: bool) -> Vec<Case> {
    let mut cases = vec![
        Case::new("S", Backend::Cpu, [50, 400, 400], quick),
        Case::new("M", Backend::Cpu, [5, 30, 15], quick),
        Case::new("L", Backend::Cpu, [5, 20, 10], quick),
        Case::new("S", Backend::Webgpu, [20, 60, 40], quick),
    ];
    // Seconds a step in software.
    if !quick {
        cases.push(Case::new("M", Backend::Webgpu, [2, 6, 4], quick));
        cases.push(Case::new("L", Backend::Webgpu, [1, 4, 2], quick));
    }
    cases
}

/// S and M with the other kinds of attention, over fewer steps, and adaptive_span once more with
/// spans of an eighth of the block at most.
pub fn kinds(quick: bool) -> Outcome<Vec<Case>> {
    let mut cases = Vec::new();
    for (config, backend, steps) in [
        ("S", Backend::Cpu, [20, 200, 0]),
        ("M", Backend::Cpu, [3, 10, 0]),
        ("S", Backend::Webgpu, [5, 20, 0]),
        ("M", Backend::Webgpu, [1, 3, 0]),
    ] {
        if quick && config == "M" && backend == Backend::Webgpu {
            continue;
        }
        let near = sizes::block(config)? / 8;
        for (label, attention) in [
            ("head_gated", json!({"kind": "head_gated"})),
            ("adaptive_span", json!({"kind": "adaptive_span"})),
            (
                "adaptive_span, spans up to T/8",
                json!({"kind": "adaptive_span", "max_span": near}),
            ),
            ("additive", json!({"kind": "additive"})),
        ] {
            // Without a fast step on WebGPU M takes the better part of a minute for each step.
            let slow = config == "M" && backend == Backend::Webgpu;
            cases.push(Case {
                label,
                attention,
                path: slow.then_some(Path::Fast),
                ..Case::new(config, backend, steps, quick)
            });
        }
    }
    Ok(cases)
}

/// The figures of one case.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub config: &'static str,
    pub attention: &'static str,
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
    /// `None` where no step was profiled.
    pub busy: Option<Busy>,
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

/// `None` where the fast step was asked for and does not cover the case.
///
/// # Errors
/// When the page refuses, or has an uncaught error.
pub fn measure(case: &Case, text: &str) -> Outcome<Option<Row>> {
    let setup = counters::counting(case.backend);
    let mut spec = sizes::spec(case.config)?;
    spec["model"]["attention"] = case.attention.clone();
    let train = &mut spec["train"];
    train["max_steps"] = json!(100_000);
    // Neither evaluation nor saving falls into what is timed.
    train["eval_every"] = json!(100_000);
    train["checkpoint_every"] = json!(100_000);
    spec["corpus"] = json!({"text": text});
    spec["backend"] = json!(case.backend);
    let path = json!(case.path.map(Path::name));
    in_browser(&setup, |page| {
        let started: Outcome<(Made, f64)> = page.script(&format!(
            "const path = {path};
             const start = performance.now();
             const {{ backend, adapter, params }} = await glassformer.newRun({spec});
             if (path !== null) await glassformer.debug.trainBy(path);
             await glassformer.train(1);
             return [{{ backend, adapter, params }}, performance.now() - start];"
        ));
        let (made, first_step_ms) = match started {
            Err(Trouble::Rejected { message, .. })
                if case.path == Some(Path::Fast) && message.contains("readable path") =>
            {
                eprintln!("not measured: {message}");
                return Ok(None);
            }
            other => other?,
        };
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
        let busy = match case.profiled {
            0 => None,
            steps => {
                counters::start_profile(page, Thread::Engine)?;
                page.eval::<()>(&format!("void await glassformer.train({steps})"))?;
                Some(counters::stop_profile(page, Thread::Engine, steps)?)
            }
        };
        Ok(Some(Row {
            config: case.config,
            attention: case.label,
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
        }))
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
