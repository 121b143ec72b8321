//! Both engines train for real, and compute the same.

use crate::runs::{self, Ready};
use harness::{Outcome, Page, Setup, in_browser, trouble};

/// Trains twenty steps of the small run, and checks what any engine must fulfil.
fn train(page: &mut Page, backend: &str) -> Outcome<Vec<f64>> {
    let made = runs::new_run(page, &runs::small())?;
    assert_eq!(made.backend, backend);
    assert_eq!(made.adapter.is_some(), backend == "webgpu", "{made:?}");
    // Counted by hand for the notes' recipe: two embeddings; one block of four attention
    // matrices, feed-forward of four times the width, two norms; the final norm; the head.
    let (v, c, t) = (runs::vocabulary(&runs::text()), 32, 32);
    let block = 4 * c * c + 8 * c * c;
    assert!(
        made.params as usize >= v * c + t * c + block + c * v,
        "{made:?} cannot hold such a model's matrices"
    );
    let losses = runs::losses(page, 20)?;
    let uniform = (v as f64).ln();
    assert!(
        (losses[0] - uniform).abs() < 0.5,
        "an untrained model guesses: its loss must be near ln {v} = {uniform}, not {}",
        losses[0]
    );
    assert!(losses[19] < losses[0], "no learning in {losses:?}");
    Ok(losses)
}

fn on_cpu() -> Outcome<Vec<f64>> {
    in_browser(&Setup::cpu(), |page| {
        let ready: Ready = page.eval("await glassformer.ready")?;
        assert_eq!(ready.backend, "cpu");
        train(page, "cpu")
    })
}

fn on_webgpu() -> Outcome<Vec<f64>> {
    in_browser(&Setup::webgpu(), |page| {
        let adapter: bool = page.eval("!!(await navigator.gpu?.requestAdapter())")?;
        if !adapter {
            return trouble("this Chromium gives no WebGPU adapter, not even SwiftShader's");
        }
        let ready: Ready = page.eval("await glassformer.ready")?;
        assert_eq!(ready.backend, "webgpu", "{}", ready.reason);
        assert!(ready.adapter.is_some_and(|name| !name.is_empty()));
        train(page, "webgpu")
    })
}

#[test]
fn cpu_and_webgpu_train_and_agree() -> Outcome<()> {
    let cpu = on_cpu()?;
    runs::agree(&cpu, &on_cpu()?, 0.0)?;
    runs::agree(&cpu, &on_webgpu()?, 1e-3)
}

#[test]
fn either_engine_serves_one_page() -> Outcome<()> {
    in_browser(&Setup::webgpu(), |page| {
        let mut spec = runs::small();
        for backend in ["cpu", "webgpu", "cpu"] {
            spec["backend"] = backend.into();
            let made = runs::new_run(page, &spec)?;
            assert_eq!(made.backend, backend);
            assert_eq!(runs::losses(page, 2)?.len(), 2);
        }
        let workers = page.workers();
        assert_eq!(workers.len(), 1, "left-over engines: {workers:?}");
        Ok(())
    })
}
