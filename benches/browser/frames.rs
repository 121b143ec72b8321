//! What drawing costs the page: while a journey plays, while a scene is scrubbed, and from a change
//! to what it does.

use crate::{
    counters::{self, Thread},
    measure::median,
};
use harness::{Outcome, Page, Setup, in_browser};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The page's frames over some time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drawing {
    pub what: &'static str,
    pub frames: u32,
    /// Script, the browser's functions that it calls, and collecting garbage: mean of a frame.
    pub script_ms: f64,
    /// Of the callbacks that draw, without what the page does between frames: the 99th of a
    /// hundred, and the longest.
    pub late_ms: f64,
    pub longest_ms: f64,
    /// As the browser adds up what moved without being asked to.
    pub layout_shift: f64,
}

/// How soon something stands there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Soon {
    /// From navigation to the first picture on the stage: a pass made beforehand.
    pub first_picture_ms: f64,
    /// From there to the engine's own pass.
    pub engine_ms: f64,
    /// From a head's slider to the changed logits on the page, drawn.
    pub poke_ms: f64,
}

/// Times every frame's callbacks, and adds up what moved.
const WATCH: &str = "
    window.frames_ = []; window.shift_ = 0; window.first_ = null;
    const ask = window.requestAnimationFrame.bind(window);
    let frame = null;
    window.requestAnimationFrame = (call) => ask((now) => {
        const start = performance.now();
        call(now);
        const ms = performance.now() - start;
        if (frame === now) frames_[frames_.length - 1] += ms; else frames_.push(ms);
        frame = now;
        const canvas = document.querySelector('.stage canvas');
        // An untouched canvas is 150 high.
        if (first_ === null && canvas && canvas.height !== 150) window.first_ = performance.now();
    });
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift_ += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    window.scene = (name) => [...document.querySelectorAll('.scene')]
        .find((button) => button.textContent === name).click();
    window.present = () => document.querySelector('.scene[aria-current]')?.textContent;
    window.press = (key) => void dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    window.slide = (input, value) => {
        input.value = String(value);
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    };
    window.nextFrame = () => new Promise((done) => ask(done));";

fn explore() -> Setup {
    Setup {
        hash: "",
        page_script: WATCH.into(),
        ..Setup::cpu()
    }
}

#[derive(Deserialize)]
struct Seen {
    frames: Vec<f64>,
    shift: f64,
}

/// Has something done on the page, and adds up its frames.
fn watched(page: &mut Page, what: &'static str, script: &str) -> Outcome<Drawing> {
    page.eval::<()>("void (frames_.length = 0, window.shift_ = 0)")?;
    counters::start_profile(page, Thread::Page)?;
    let Seen { mut frames, shift } = page.script(&format!(
        "{script}
         return {{ frames: [...frames_], shift: shift_ }};"
    ))?;
    let count = u32::try_from(frames.len()).unwrap_or(u32::MAX).max(1);
    let busy = counters::stop_profile(page, Thread::Page, count)?;
    frames.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (frames.len() as f64 * share) as usize;
        let last = frames.len().saturating_sub(1);
        frames.get(place.min(last)).copied().unwrap_or_default()
    };
    Ok(Drawing {
        what,
        frames: count,
        script_ms: busy.wasm + busy.javascript + busy.garbage,
        late_ms: at(0.99),
        longest_ms: at(1.0),
        layout_shift: shift,
    })
}

/// # Errors
/// When the page refuses, or has an uncaught error.
pub fn measure(text: &str) -> Outcome<(Soon, Vec<Drawing>)> {
    let (soon, journey) = in_browser(&explore(), |page| {
        page.wait_for("the first picture", "first_ !== null")?;
        let first: f64 = page.eval("first_")?;
        page.wait_for(
            "the engine",
            "document.querySelector('.pokes:not(:disabled)') !== null",
        )?;
        let engine: f64 = page.eval("performance.now()")?;
        let journey = watched(page, "glass, its whole journey at 4 times", JOURNEY)?;
        page.eval::<()>("void scene('Heads out')")?;
        page.wait_for("the sliders", "!!document.querySelector('#head-0-1')")?;
        let pokes: Vec<f64> = page.script(POKE)?;
        let soon = Soon {
            first_picture_ms: first,
            engine_ms: engine - first,
            poke_ms: median(pokes),
        };
        Ok((soon, journey))
    })?;
    let sentence: String = text.chars().take(64).collect();
    let scrubbed = in_browser(&explore(), |page| {
        page.wait_for("a picture", "first_ !== null")?;
        page.script::<()>(&format!(
            "await glassformer.newRun({{ preset: 'laptop', corpus: {{ text: {} }} }});
             const sentence = document.querySelector('#sentence');
             sentence.value = {};
             sentence.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));",
            json!(text),
            json!(sentence)
        ))?;
        page.wait_for(
            "its tokens",
            "document.querySelectorAll('.token').length === 64",
        )?;
        watched(page, "laptop, 64 tokens, scrubbed", SCRUB)
    })?;
    Ok((soon, vec![journey, scrubbed]))
}

const JOURNEY: &str = "
    const speed = document.querySelector('.speed select');
    speed.value = '4';
    speed.dispatchEvent(new Event('change', { bubbles: true }));
    press('Home');
    const play = () => [...document.querySelectorAll('button')].find((b) => b.textContent === 'Play');
    play()?.click();
    await nextFrame();
    while (!(present() === 'Next character' && play())) await nextFrame();";

const SCRUB: &str = "
    for (const name of ['Score', 'Softmax', 'Mix values', 'Heads out', 'Feed forward']) {
        scene(name);
        while (present() !== name) await nextFrame();
        const scrubber = document.querySelector('.scrub input');
        for (let n = 0; n <= 120; n++) {
            slide(scrubber, Math.abs(1 - n / 60));
            await nextFrame();
        }
    }";

const POKE: &str = "
    const slider = () => document.querySelector('#head-0-1');
    const shown = () => document.querySelector('.effect tbody')?.textContent;
    const taken = [];
    for (let n = 1; n <= 20; n++) {
        const before = shown(), start = performance.now();
        slide(slider(), n / 25);
        while (shown() === before || shown() === undefined) await nextFrame();
        taken.push(performance.now() - start);
    }
    return taken;";
