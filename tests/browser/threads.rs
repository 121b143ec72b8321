//! The CPU's engine on several threads: it loses what it loses on one, says how many they are and why
//! there is one, and goes on without a helper that it loses.

use crate::runs;
use harness::{Outcome, Page, Setup, in_browser};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// What the event `threads` tells.
#[derive(Debug, Deserialize)]
struct Threads {
    count: u32,
    why: Option<String>,
}

/// The worker's script of a machine with so many cores.
fn cores(n: u32) -> String {
    format!(
        "Object.defineProperty(WorkerNavigator.prototype, 'hardwareConcurrency', {{ get: () => {n} }})"
    )
}

/// A machine with two cores, where each helper runs that first.
fn two_cores(helper_script: &str) -> Setup {
    Setup {
        worker_script: format!(
            "{}; if (self.name.startsWith('helper')) {{ {helper_script} }}",
            cores(2)
        ),
        ..Setup::cpu()
    }
}

/// A model that is worth sharing out, and no more than that.
fn spec(kind: &str, dropout: f64) -> Json {
    let mut spec = runs::small();
    spec["model"] = json!({
        "n_layer": 2, "n_head": 4, "n_embd": 48, "block_size": 48,
        "attention": {"kind": kind}, "dropout": dropout,
    });
    spec["train"]["batch_size"] = json!(8);
    spec["train"]["checkpoint_every"] = json!(1000);
    spec
}

/// Makes the run, which notes down from now on what is said of its threads.
fn new_run(page: &mut Page, spec: &Json) -> Outcome<()> {
    page.script::<()>(
        "window.threads = [];
         window.off?.();
         window.off = glassformer.on('threads', now => threads.push(now));",
    )?;
    runs::new_run(page, spec).map(|_| ())
}

/// What was said last of the run's threads.
fn threads(page: &mut Page) -> Outcome<Threads> {
    page.eval("threads.at(-1)")
}

/// The losses of a run of thirty steps on one thread, and of the same on as many as that.
fn agrees(spec: &Json, most: u32) -> Outcome<()> {
    let on = |n: u32| {
        let setup = Setup {
            worker_script: cores(n),
            ..Setup::cpu()
        };
        in_browser(&setup, |page| {
            new_run(page, spec)?;
            let losses = runs::losses(page, 30)?;
            let now = threads(page)?;
            assert_eq!((now.count, now.why.is_some()), (n, n == 1), "{now:?}");
            Ok(losses)
        })
    };
    let (one, several) = (on(1)?, on(most)?);
    assert!(one[29] < one[0], "no learning in {one:?}");
    runs::agree(&one, &several, 1e-3)
}

#[test]
fn two_threads_lose_what_one_loses() -> Outcome<()> {
    agrees(&spec("standard", 0.0), 2)
}

#[test]
fn three_threads_with_dropout_lose_what_one_loses() -> Outcome<()> {
    agrees(&spec("adaptive_span", 0.2), 3)
}

#[test]
fn the_badge_says_how_many_and_why_it_is_one() -> Outcome<()> {
    in_browser(&two_cores(""), |page| {
        new_run(page, &spec("standard", 0.0))?;
        runs::losses(page, 2)?;
        page.shows("CPU, 2 threads")?;
        // Another run in its place, too small for it.
        new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        page.shows("CPU, one thread")?;
        let now = threads(page)?;
        assert!(now.why.is_some_and(|why| why.contains("so small")));
        page.click("button", "CPU, one thread")?;
        page.shows("trained on one thread: a step of so small a model")
    })
}

#[test]
fn a_pause_is_answered_between_two_steps() -> Outcome<()> {
    in_browser(&two_cores(""), |page| {
        let mut endless = spec("standard", 0.0);
        endless["train"]["max_steps"] = json!(1_000_000);
        new_run(page, &endless)?;
        page.script::<()>(
            "window.seen = 0;
             glassformer.on('steps', steps => seen = steps.at(-1).step);
             window.outcome = glassformer.train();",
        )?;
        for _ in 0..3 {
            page.wait_for("a few steps", "seen >= 3")?;
            page.eval::<()>("await glassformer.pause()")?;
            let ended: u32 = page.eval("(await outcome).step")?;
            assert_eq!(page.eval::<u32>("seen")?, ended);
            assert_eq!(threads(page)?.count, 2);
            page.script::<()>("window.seen = 0; window.outcome = glassformer.train();")?;
        }
        page.eval::<()>("await glassformer.pause()")
    })
}

/// Thirty steps through which a helper is lost: the losses of one thread, and one thread in the end.
fn goes_on_alone(helper_script: &str, says: &str) -> Outcome<()> {
    let spec = spec("standard", 0.1);
    let one = Setup {
        worker_script: cores(1),
        ..Setup::cpu()
    };
    let expected = in_browser(&one, |page| {
        new_run(page, &spec)?;
        runs::losses(page, 30)
    })?;
    in_browser(&two_cores(helper_script), |page| {
        new_run(page, &spec)?;
        let losses = runs::losses(page, 30)?;
        let now = threads(page)?;
        assert!(
            now.count == 1 && now.why.as_ref().is_some_and(|why| why.contains(says)),
            "{now:?}"
        );
        page.shows("CPU, one thread")?;
        page.forgive();
        runs::agree(&expected, &losses, 1e-3)
    })
}

#[test]
fn a_helper_whose_program_stops() -> Outcome<()> {
    goes_on_alone(
        "const wait = Atomics.wait;
         let rounds = 0;
         Atomics.wait = (...what) => {
             if (++rounds > 5) throw new Error('stopped by the test');
             return wait(...what);
         };",
        "stopped",
    )
}

#[test]
fn a_helper_that_does_not_answer() -> Outcome<()> {
    goes_on_alone(
        "const { wait, store } = Atomics;
         let rounds = 0;
         Atomics.store = (...what) => {
             if (++rounds > 5) wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
             return store(...what);
         };",
        "does not answer",
    )
}

#[test]
fn a_helper_that_does_not_load() -> Outcome<()> {
    goes_on_alone("throw new Error('not loaded');", "not loaded")
}

#[test]
fn helpers_end_with_the_engine() -> Outcome<()> {
    // A lock is held as long as the worker lives that took it.
    let setup = two_cores("navigator.locks.request(self.name, () => new Promise(() => {}))");
    let held = "(await navigator.locks.query()).held.filter(l => l.name == 'helper 1').length";
    in_browser(&setup, |page| {
        new_run(page, &spec("standard", 0.0))?;
        runs::losses(page, 2)?;
        page.wait_for("the helper's lock", &format!("{held} == 1"))?;
        // A run in its place has helpers of its own.
        new_run(page, &runs::small())?;
        page.wait_for("the end of the helper", &format!("{held} == 0"))?;
        new_run(page, &spec("standard", 0.0))?;
        runs::losses(page, 2)?;
        page.wait_for("the next helper's lock", &format!("{held} == 1"))?;
        page.eval::<()>("await glassformer.debug.crashEngine()")?;
        page.wait_for("the end of both", &format!("{held} == 0"))?;
        page.forgive();
        Ok(())
    })
}

#[test]
fn where_the_server_isolates_nothing_the_page_does_from_the_next_visit_on() -> Outcome<()> {
    let setup = Setup {
        isolated: false,
        ..two_cores("")
    };
    in_browser(&setup, |page| {
        new_run(page, &spec("standard", 0.0))?;
        runs::losses(page, 2)?;
        let first = threads(page)?;
        assert_eq!(first.count, 1);
        assert!(first.why.is_some_and(|why| why.contains("isolated")));
        page.eval::<()>("void await navigator.serviceWorker.ready")?;
        assert!(
            !page.eval::<bool>("crossOriginIsolated")?,
            "no forced reload"
        );

        page.reload()?;
        assert!(page.eval::<bool>("crossOriginIsolated")?);
        new_run(page, &spec("standard", 0.0))?;
        runs::losses(page, 2)?;
        assert_eq!(threads(page)?.count, 2);
        assert_eq!(
            page.eval::<Vec<String>>("await caches.keys()")?,
            Vec::<String>::new()
        );
        Ok(())
    })
}
