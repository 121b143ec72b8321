//! Without WebGPU the CPU's engine serves, the page says so and why; a worker that dies is
//! replaced.

use crate::runs::{self, Ready, Trained};
use harness::{Outcome, Page, Setup, Stand, in_browser};
use serde_json::json;

/// On a browser that lacks something: the CPU, the reason (with these words), nothing large
/// downloaded, and no silent replacement of a backend that was named.
fn falls_back(stand: Stand, words: &[&str]) -> Outcome<()> {
    let setup = Setup {
        stand,
        ..Setup::webgpu()
    };
    in_browser(&setup, |page| {
        let ready: Ready = page.eval("await glassformer.ready")?;
        assert_eq!(ready.backend, "cpu");
        says(&ready.reason, words);
        let made = runs::new_run(page, &runs::small())?;
        assert_eq!(made.backend, "cpu");
        runs::losses(page, 2)?;
        page.shows("CPU")?;

        let mut spec = runs::small();
        spec["backend"] = "webgpu".into();
        let message = page.rejection(&format!("await glassformer.newRun({spec})"))?;
        says(&message, words);
        // The run before is not lost by it.
        assert_eq!(page.eval::<Trained>("await glassformer.train(1)")?.step, 3);

        let requests = page.site.requests();
        let other = requests.iter().find(|path| path.contains("webgpu"));
        assert_eq!(other, None, "WebGPU's engine was downloaded for nothing");
        Ok(())
    })
}

fn says(message: &str, words: &[&str]) {
    let lower = message.to_lowercase();
    for word in words {
        assert!(
            lower.contains(&word.to_lowercase()),
            "\"{message}\" does not say \"{word}\""
        );
    }
}

#[test]
fn a_browser_without_webgpu() -> Outcome<()> {
    falls_back(Stand::NoWebgpu, &["WebGPU"])
}

#[test]
fn a_browser_without_an_adapter() -> Outcome<()> {
    falls_back(Stand::NoAdapter, &["WebGPU"])
}

#[test]
fn an_adapter_without_timestamps_lacks_the_readable_path_alone() -> Outcome<()> {
    let setup = Setup {
        stand: Stand::NoTimestamps,
        ..Setup::webgpu()
    };
    in_browser(&setup, |page| {
        let made = runs::new_run(page, &runs::small())?;
        assert_eq!(made.backend, "webgpu");
        runs::losses(page, 2)?;
        let message = page.rejection("await glassformer.debug.trainBy('readable')")?;
        says(&message, &["timestamp-query"]);
        // The run stays where it is.
        assert_eq!(page.eval::<Trained>("await glassformer.train(1)")?.step, 3);
        Ok(())
    })
}

#[test]
fn nobody_downloads_burns_gpu_half_unasked() -> Outcome<()> {
    in_browser(&Setup::webgpu(), |page| {
        let made = runs::new_run(page, &runs::small())?;
        assert_eq!(made.backend, "webgpu");
        runs::losses(page, 2)?;
        page.eval::<serde_json::Value>("(await glassformer.trace('the ')).text")?;
        let asked_for = |page: &Page| {
            let requests = page.site.requests();
            requests.iter().any(|path| path.contains("readable"))
        };
        assert!(!asked_for(page));
        page.eval::<()>("await glassformer.debug.trainBy('readable')")?;
        assert!(asked_for(page));
        // The run has come along.
        assert_eq!(page.eval::<Trained>("await glassformer.train(1)")?.step, 3);
        Ok(())
    })
}

#[test]
fn the_address_asks_for_the_cpu() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        let ready: Ready = page.eval("await glassformer.ready")?;
        assert_eq!(ready.backend, "cpu");
        says(&ready.reason, &["address"]);
        Ok(())
    })
}

/// Trains in the background and lets it get past the first saved state.
fn train_past_a_saved_state(page: &mut Page, backend: &str, steps: u32) -> Outcome<()> {
    let mut spec = runs::small();
    spec["backend"] = backend.into();
    spec["train"]["checkpoint_every"] = json!(5);
    runs::new_run(page, &spec)?;
    page.script::<()>(&format!(
        "window.seen = [];
         glassformer.on('steps', steps => seen.push(...steps.map(s => s.step)));
         window.outcome = glassformer.train({steps}).then(r => window.result = r);
         window.outcome.catch(e => window.failure = String(e));"
    ))?;
    page.wait_for("some steps", "seen.length >= 8 || !!window.failure")
}

/// All steps came, each at least once, and none was skipped.
fn comes_to_its_end(page: &mut Page, steps: u32) -> Outcome<()> {
    page.wait_for("the end of training", "!!window.result || !!window.failure")?;
    let trained: Trained = page.eval("await outcome")?;
    assert_eq!(trained.step, steps);
    assert!(trained.train_loss.is_finite());
    let mut seen: Vec<u32> = page.eval("seen")?;
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (1..=steps).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn a_worker_that_crashes_is_replaced() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        // The fast step would be at its end before anything can break.
        runs::new_run(page, &runs::small())?;
        page.eval::<()>("await glassformer.debug.trainBy('readable')")?;
        train_past_a_saved_state(page, "cpu", 400)?;
        page.eval_in_worker::<()>(
            "engine-worker",
            "void setTimeout(() => { throw new Error('crashed by the test') })",
        )?;
        comes_to_its_end(page, 400)?;
        let errors = page.forgive();
        assert!(
            errors.iter().all(|e| e.contains("crashed by the test")),
            "{errors:?}"
        );
        page.shows("restarted")
    })
}

#[test]
fn a_device_that_is_lost_leaves_the_run_to_the_cpu() -> Outcome<()> {
    in_browser(&Setup::webgpu(), |page| {
        train_past_a_saved_state(page, "webgpu", 300)?;
        // Not a stand-in: the browser's GPU process ends, as when a driver fails.
        page.browser_command("Browser.crashGpuProcess", json!({}))?;
        comes_to_its_end(page, 300)?;
        // The panic of the dead worker is what the page has dealt with.
        page.forgive();
        page.shows("CPU")
    })
}
