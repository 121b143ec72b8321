//! The fast step on WebGPU: it loses what the plain operations lose, whoever looks in between sees
//! its weights, and it asks little of the browser.

use crate::{
    harness::{Outcome, Page, Setup, in_browser, trouble},
    runs,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// Counts, in each worker, what is asked of the GPU.
const COUNTING: &str = "
    self.counted = { dispatches: 0, submits: 0, made: 0, pipelines: 0 };
    for (const [type, method, what] of [
        ['GPUComputePassEncoder', 'dispatchWorkgroups', 'dispatches'],
        ['GPUComputePassEncoder', 'dispatchWorkgroupsIndirect', 'dispatches'],
        ['GPUQueue', 'submit', 'submits'],
        ['GPUDevice', 'createBindGroup', 'made'],
        ['GPUDevice', 'createBuffer', 'made'],
        ['GPUDevice', 'createComputePipeline', 'pipelines'],
        ['GPUDevice', 'createComputePipelineAsync', 'pipelines'],
    ]) {
        const owner = self[type]?.prototype, original = owner?.[method];
        if (original) owner[method] = function (...words) {
            self.counted[what]++;
            return original.apply(this, words);
        };
    }";

#[derive(Clone, Copy, Debug, Deserialize)]
struct Counted {
    dispatches: u32,
    submits: u32,
    /// Bind groups and buffers.
    made: u32,
    pipelines: u32,
}

fn counted(page: &mut Page) -> Outcome<Counted> {
    page.eval_in_worker("engine-worker", "self.counted")
}

fn counting() -> Setup {
    Setup {
        worker_script: COUNTING.into(),
        ..Setup::webgpu()
    }
}

fn spec(dropout: f64) -> Json {
    let mut spec = runs::small();
    spec["model"]["dropout"] = dropout.into();
    // No checkpoint falls into what is counted.
    spec["train"]["checkpoint_every"] = json!(1000);
    spec["backend"] = "webgpu".into();
    spec
}

/// A step's losses along paths of so many steps each, and the loss on the validation text after them.
fn losses(page: &mut Page, dropout: f64, paths: &[(&str, usize)]) -> Outcome<(Vec<f64>, f64)> {
    let made = runs::new_run(page, &spec(dropout))?;
    assert_eq!(made.backend, "webgpu");
    let mut losses = Vec::new();
    for (path, steps) in paths {
        page.eval::<()>(&format!("await glassformer.debug.trainBy({path:?})"))?;
        losses.extend(runs::losses(page, *steps)?);
    }
    let after: f64 = page.eval("(await glassformer.evaluate()).valLoss")?;
    Ok((losses, after))
}

fn agrees(dropout: f64) -> Outcome<()> {
    in_browser(&counting(), |page| {
        let (readable, after) = losses(page, dropout, &[("readable", 50)])?;
        for paths in [
            &[("fast", 50)][..],
            &[("fast", 15), ("readable", 10), ("fast", 25)],
        ] {
            let (fast, seen) = losses(page, dropout, paths)?;
            runs::agree(&readable, &fast, 1e-3)?;
            runs::agree(&[after], &[seen], 1e-3)?;
        }
        Ok(())
    })
}

#[test]
fn fifty_fast_steps_lose_what_the_readable_ones_lose() -> Outcome<()> {
    agrees(0.0)
}

#[test]
fn and_so_they_do_with_dropout() -> Outcome<()> {
    agrees(0.2)
}

/// What fifty steps in a row ask of the browser, once the first have been made.
fn asks_little(spec: &Json, most: u32) -> Outcome<()> {
    const STEPS: u32 = 50;
    in_browser(&counting(), |page| {
        runs::new_run(page, spec)?;
        page.eval::<()>("await glassformer.debug.trainBy('fast')")?;
        page.eval::<()>("void await glassformer.train(10)")?;
        let before = counted(page)?;
        page.eval::<()>(&format!("void await glassformer.train({STEPS})"))?;
        let after = counted(page)?;
        let dispatches = after.dispatches - before.dispatches;
        if dispatches == 0 {
            return trouble("no dispatch was counted: the counters do not reach the engine");
        }
        assert!(dispatches <= most * STEPS, "{before:?} {after:?}");
        let made = after.made - before.made;
        assert!(10 * made <= dispatches, "{before:?} {after:?}");
        let submits = after.submits - before.submits;
        // One each, or two where they are so slow that each is read by itself.
        assert!(submits <= 3 * STEPS, "{before:?} {after:?}");
        assert_eq!(after.pipelines, before.pipelines, "made after the warm-up");
        Ok(())
    })
}

#[test]
fn a_small_models_step_asks_little_of_the_browser() -> Outcome<()> {
    asks_little(&spec(0.0), 40)?;
    asks_little(&spec(0.2), 40)
}

#[test]
fn a_laptop_models_step_asks_little_of_the_browser() -> Outcome<()> {
    // M's depth, which alone counts here, with S's widths, so that software can do it.
    let mut deep = spec(0.2);
    deep["model"]["n_layer"] = json!(4);
    asks_little(&deep, 120)
}
