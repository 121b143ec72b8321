//! Nothing is lost: a run is kept in the browser and goes on after a reload; a browser that keeps
//! nothing is said so, and training goes on.

use crate::runs::{self, Trained};
use harness::{Outcome, Page, Setup, in_browser};
use serde_json::json;

/// Collects every step's loss, and the steps that were kept, from now on.
const WATCH: &str = "
    window.losses = {};
    window.kept = [];
    glassformer.on('steps', steps => steps.forEach(s => losses[s.step] = s.trainLoss));
    glassformer.on('saved', ({ step }) => kept.push(step));";

/// The losses of the steps from `first` to `last`.
fn losses(page: &mut Page, first: u32, last: u32) -> Outcome<Vec<f64>> {
    page.eval(&format!(
        "Array.from({{ length: {last} - {first} + 1 }}, (_, i) => losses[{first} + i] ?? -1)"
    ))
}

#[test]
fn a_run_goes_on_after_a_reload_as_if_nothing_had_been() -> Outcome<()> {
    let mut spec = runs::small();
    spec["train"]["max_steps"] = json!(40);
    spec["train"]["checkpoint_every"] = json!(20);
    // What carries over from step to step: moments, learning rate, dropout, and the batches.
    spec["model"]["dropout"] = json!(0.1);
    in_browser(&Setup::cpu(), |page| {
        page.script::<()>(WATCH)?;
        runs::new_run(page, &spec)?;
        page.eval::<Trained>("await glassformer.train(40)")?;
        let uninterrupted = losses(page, 21, 40)?;

        page.eval::<()>("void (kept = [])")?;
        runs::new_run(page, &spec)?;
        page.eval::<Trained>("await glassformer.train(20)")?;
        page.wait_for("the saved state", "kept.includes(20)")?;

        page.reload()?;
        page.script::<()>(WATCH)?;
        page.shows("stopped at step 20 of 40")?;
        page.click("button", "Resume")?;
        page.wait_for("the end of the run", "losses[40] !== undefined")?;
        let resumed = losses(page, 21, 40)?;
        assert!(
            !page.eval::<bool>("20 in losses")?,
            "step 20 was done before the reload"
        );
        runs::agree(&uninterrupted, &resumed, 1e-5)
    })
}

#[test]
fn a_run_that_was_stopped_goes_on_with_its_curve() -> Outcome<()> {
    let mut spec = runs::small();
    spec["train"]["max_steps"] = json!(40);
    spec["train"]["checkpoint_every"] = json!(20);
    in_browser(&Setup::cpu(), |page| {
        page.script::<()>(WATCH)?;
        runs::new_run(page, &spec)?;
        page.eval::<Trained>("await glassformer.train(20)")?;
        page.wait_for("the saved state", "kept.includes(20)")?;
        page.click("button", "Stop")?;
        // A ready-made model takes its place.
        page.wait_for("the offer", "!!document.querySelector('.resume')")?;
        page.click("button", "Resume")?;
        page.shows("Step 40 of 40")?;
        page.eval::<()>("document.querySelector('.losses summary').click()")?;
        let steps = "[...document.querySelectorAll('.losses tbody th')].map((th) => Number(th.textContent))";
        page.wait_for("the end of the run", &format!("{steps}.includes(40)"))?;
        let steps: Vec<u32> = page.eval(steps)?;
        assert!(steps.first().is_some_and(|first| *first < 10), "{steps:?}");
        Ok(())
    })
}

#[test]
fn a_kept_run_can_be_discarded() -> Outcome<()> {
    let mut spec = runs::small();
    spec["train"]["checkpoint_every"] = json!(5);
    in_browser(&Setup::cpu(), |page| {
        page.script::<()>(WATCH)?;
        runs::new_run(page, &spec)?;
        page.eval::<Trained>("await glassformer.train(5)")?;
        page.wait_for("the saved state", "kept.includes(5)")?;
        page.reload()?;
        page.click("button", "Discard")?;
        page.wait_for("the end of the offer", "!document.querySelector('.resume')")?;
        page.reload()?;
        page.find("button", "Start")?;
        assert!(!page.has("button", "Discard")?, "it is offered again");
        Ok(())
    })
}

/// Trains past a state that cannot be kept: the page says so in these words, and goes on.
fn goes_on(page: &mut Page, words: &str) -> Outcome<()> {
    let mut spec = runs::small();
    spec["train"]["checkpoint_every"] = json!(5);
    runs::new_run(page, &spec)?;
    let trained: Trained = page.eval("await glassformer.train(30)")?;
    assert_eq!(trained.step, 30);
    page.shows(words)
}

#[test]
fn a_browser_that_refuses_storage() -> Outcome<()> {
    let setup = Setup {
        page_script: "IDBFactory.prototype.open = () => {
            throw new DOMException('refused by the test', 'SecurityError');
        };"
        .into(),
        ..Setup::cpu()
    };
    in_browser(&setup, |page| goes_on(page, "keeps nothing for this page"))
}

#[test]
fn a_browser_whose_storage_is_full() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        // The browser's own quota, made small.
        let quota = json!({"origin": page.site.origin, "quotaSize": 20_000});
        page.command("Storage.overrideQuotaForOrigin", quota)?;
        goes_on(page, "storage is full")
    })
}
