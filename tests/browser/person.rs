//! The page as a person uses it: by what a screen reader calls its controls.

use crate::runs;
use harness::{Outcome, Page, Setup, in_browser, trouble};
use std::time::Duration;

/// Collects the steps that pass, beside what the page shows of them.
const WATCH: &str = "
    window.steps = [];
    glassformer.on('steps', all => steps.push(...all));";

/// The step that the page shows: "Step 1,234 of 3,000".
fn shown_step(page: &mut Page) -> Outcome<u32> {
    let bar = "document.querySelector('[role=progressbar][aria-label=Progress]')";
    let line: String = page.eval(&format!("{bar}?.getAttribute('aria-valuetext') ?? ''"))?;
    let step = line
        .strip_prefix("Step ")
        .and_then(|rest| rest.split(" of ").next());
    let digits: String = step
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    match digits.parse() {
        Ok(step) => Ok(step),
        Err(_) => trouble(format!("no step in the page's line \"{line}\"")),
    }
}

/// Pauses, and sees that nothing moves any more. The step at which it stands.
fn pause(page: &mut Page) -> Outcome<u32> {
    page.click("button", "Pause")?;
    page.find("button", "Resume")?;
    let step = shown_step(page)?;
    page.idle(Duration::from_millis(500))?;
    assert_eq!(shown_step(page)?, step, "steps passed while it was paused");
    assert_eq!(page.eval::<u32>("steps.at(-1).step")?, step);
    Ok(step)
}

/// Lets the model write after a prompt, and gives what stands on the paper.
///
/// # Errors
/// When it does not come to an end.
pub fn write(page: &mut Page, prompt: &str) -> Outcome<String> {
    page.fill("textbox", "Prompt", prompt)?;
    page.click("button", "Write")?;
    let paper = "document.querySelector('[aria-label=\"What the model wrote\"]')";
    page.wait_for(
        "the end of writing",
        &format!("{paper}?.getAttribute('aria-busy') === 'false'"),
    )?;
    page.eval(&format!("{paper}.textContent"))
}

#[test]
fn a_person_trains_a_model_on_the_cpu() -> Outcome<()> {
    let text = runs::text();
    let entropy = runs::entropy(&text);
    in_browser(&Setup::cpu(), |page| {
        page.script::<()>(WATCH)?;
        page.upload(runs::CHOOSER, "two-adjectives.txt", text.as_bytes())?;
        page.shows(&format!("{} different", runs::vocabulary(&text)))?;
        page.click("button", "Start")?;
        // At half of it the model still writes what may pass for nonsense.
        page.wait_for(
            "a quarter of the loss that counting characters reaches",
            &format!("steps.some(s => s.trainLoss < {entropy} / 4)"),
        )?;

        let paused = pause(page)?;
        page.click("button", "Step")?;
        page.wait_for("one step", &format!("steps.at(-1).step === {paused} + 1"))?;
        page.find("button", "Resume")?;
        assert_eq!(shown_step(page)?, paused + 1);

        let written = write(page, "the ")?;
        assert!(
            written.starts_with("the ") && written.len() > 100,
            "{written:?}"
        );
        assert!(written.chars().all(|c| text.contains(c)), "{written:?}");
        // Each line begins so; nothing that only counts characters would find it.
        assert!(written.matches("the ").count() > 2, "{written:?}");

        page.click("button", "Resume")?;
        page.wait_for(
            "further steps",
            &format!("steps.at(-1).step > {paused} + 1"),
        )?;
        page.eval::<()>("void (steps.length = 0)")?;
        page.click("button", "Restart")?;
        page.wait_for(
            "the run from its beginning",
            "steps.some(s => s.step === 1)",
        )?;
        Ok(())
    })
}

#[test]
fn a_person_comes_back_after_a_reload() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        page.script::<()>(WATCH)?;
        page.click("button", "Start")?;
        // As a person would find it, saved by the clock.
        page.shows("kept in this browser as of step")?;
        page.reload()?;
        page.script::<()>(WATCH)?;
        page.shows("stopped at step")?;
        let words: String = page
            .eval("document.querySelector('[aria-label=\"A run to go on with\"]').textContent")?;
        let kept = words.split("stopped at step ").nth(1).unwrap_or_default();
        let kept: String = kept
            .split(" of ")
            .next()
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        page.click("button", "Resume")?;
        page.wait_for("a step", "steps.length > 0")?;
        let first: u32 = page.eval("steps[0].step")?;
        assert_eq!(
            kept.parse::<u32>().map(|kept| kept + 1),
            Ok(first),
            "{words}"
        );
        Ok(())
    })
}

#[test]
fn a_person_trains_a_model_on_webgpu() -> Outcome<()> {
    in_browser(&Setup::webgpu(), |page| {
        page.script::<()>(WATCH)?;
        page.find("button", "WebGPU")?;
        page.click("button", "Start")?;
        page.wait_for(
            "a falling loss",
            "steps.length > 8 && steps.at(-1).trainLoss < steps[0].trainLoss",
        )?;
        let paused = pause(page)?;
        page.click("button", "Step")?;
        page.wait_for("one step", &format!("steps.at(-1).step === {paused} + 1"))?;
        page.find("button", "Resume")?;
        let written = write(page, "the ")?;
        assert!(
            written.starts_with("the ") && written.len() > 100,
            "{written:?}"
        );
        Ok(())
    })
}
