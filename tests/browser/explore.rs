//! Explore: what stands on the stage is the model's own, and one can step through it.

use crate::runs::{self, Trained};
use harness::{Outcome, Page, Setup, in_browser};
use serde_json::json;

/// Numbers of the scene's table by their label, and a scene by its name on the timeline.
pub const TOOLS: &str = "
    window.read = (label) => {
        const rows = [...document.querySelectorAll('#stage-table tr')];
        const row = rows.find((row) => row.querySelector('th').textContent === label);
        return row && row.querySelector('td').textContent.replaceAll('−', '-').split(', ').map(Number);
    };
    window.scene = (name) => [...document.querySelectorAll('.scene')]
        .find((button) => button.textContent === name).click();
    window.press = (key) => void dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    window.present = () => document.querySelector('.scene[aria-current]')?.textContent;
    window.step = () => Number(/as of step (\\d+)/.exec(document.querySelector('.what').textContent)?.[1]);
    window.apart = (a, b) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));";

/// The page as it opens, with tools to read it.
pub fn explore() -> Setup {
    Setup {
        hash: "",
        page_script: TOOLS.into(),
        ..Setup::cpu()
    }
}

/// Waits for the model and its first pass.
///
/// # Errors
/// When it does not come.
pub fn loaded(page: &mut Page) -> Outcome<()> {
    page.wait_for("the stage", "!!document.querySelector('.stage canvas')")?;
    // What stands there first was made beforehand; scripts and pokes need the model itself.
    page.wait_for("the model", "!!(await glassformer.status()).run")
}

/// The same on a first visit, which plays, and stands still there.
///
/// # Errors
/// When it does not come.
pub fn opened(page: &mut Page) -> Outcome<()> {
    loaded(page)?;
    page.click("button", "Pause")?;
    page.find("button", "Play").map(drop)
}

/// The last token's weights in the first block's first head, as the page shows them and as the
/// engine gives them to a script.
fn weights_agree(page: &mut Page) -> Outcome<()> {
    page.eval::<()>("void scene('Softmax')")?;
    page.wait_for("its numbers", "!!read('weights')")?;
    let apart: f64 = page.script(
        "const text = document.querySelector('#sentence').value;
         const trace = await glassformer.trace(text);
         const { shape, data } = trace.get('blocks.0.attn.hook_pattern');
         const last = shape[1] - 1;
         const row = [...data.slice(last * shape[2], (last + 1) * shape[2])];
         const shown = read('weights');
         if (shown.length !== row.length) throw new Error(`${shown.length} and ${row.length}`);
         return apart(shown, row);",
    )?;
    assert!(apart <= 1e-4, "the stage is {apart} off");
    Ok(())
}

#[test]
fn the_page_opens_on_a_stage_whose_numbers_are_the_models() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let prompt: String = page.eval("(await glassformer.models)[0].prompt")?;
        let text: String = page.eval("document.querySelector('#sentence').value")?;
        assert_eq!(text, prompt);
        let tokens: usize = page.eval("document.querySelectorAll('.token').length")?;
        assert_eq!(tokens, prompt.chars().count());
        weights_agree(page)
    })
}

#[test]
fn every_scene_puts_a_number_on_the_card_that_is_made_again() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        for name in ["glass-standard", "glass-head-gated", "glass-adaptive-span"] {
            page.eval::<serde_json::Value>(&format!("await glassformer.open('{name}')"))?;
            let label = format!("document.querySelector('.what strong').textContent === '{name}'");
            page.wait_for("the model", &label)?;
            page.wait_for("its pass", "!!document.querySelector('.recomputed')")?;
            let scenes: usize = page.eval("document.querySelectorAll('.scene').length")?;
            for n in 0..scenes {
                page.eval::<()>(&format!(
                    "void document.querySelectorAll('.scene')[{n}].click()"
                ))?;
                let there = format!(
                    "document.querySelectorAll('.scene')[{n}].ariaCurrent === 'step' \
                     && !!document.querySelector('.verdict')"
                );
                page.wait_for("the scene", &there)?;
                let verdict: String =
                    page.eval("document.querySelector('.verdict').textContent")?;
                assert!(
                    verdict.contains("✓ the same"),
                    "{name}, scene {n}: {verdict}"
                );
            }
        }
        Ok(())
    })
}

#[test]
fn keys_step_through_scenes_tokens_blocks_and_heads() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let now = |page: &mut Page| page.eval::<String>("present()");
        for (key, scene) in [
            ("Home", "Embed"),
            ("ArrowRight", "Norm"),
            ("ArrowRight", "Query, key, value"),
            ("ArrowLeft", "Norm"),
            ("End", "Next character"),
            ("ArrowRight", "Next character"),
            ("Home", "Embed"),
        ] {
            page.eval::<()>(&format!("press('{key}')"))?;
            page.wait_for(scene, &format!("present() === '{scene}'"))?;
        }
        page.eval::<()>("void scene('Score')")?;
        page.wait_for("the scene", "present() === 'Score'")?;
        page.eval::<()>("press('h')")?;
        let head = "document.querySelector('.heads [aria-pressed=true]').textContent === 'head 1'";
        page.wait_for("the next head", head)?;
        page.eval::<()>("press(']')")?;
        page.shows("Block 1")?;
        assert_eq!(now(page)?, "Score");
        let token =
            "[...document.querySelectorAll('.token')].findIndex(t => t.ariaPressed === 'true')";
        let before: i32 = page.eval(token)?;
        page.eval::<()>("press('ArrowUp')")?;
        page.wait_for("the token above", &format!("{token} === {before} - 1"))
    })
}

#[test]
fn the_overview_of_a_long_sentence_shows_the_row_of_the_chosen_token() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.script::<()>(
            "const sentence = document.querySelector('#sentence');
             sentence.value = 'the big fluffy dog and the tiny cats run home';
             sentence.dispatchEvent(new InputEvent('input', { bubbles: true }));",
        )?;
        page.wait_for(
            "the pass",
            "document.querySelectorAll('.token').length === 45",
        )?;
        page.click("button", "Overview")?;
        page.wait_for("the overview", "!!document.querySelector('.threshold')")?;
        page.eval::<()>("void (window.stage = document.querySelector('.stage'))")?;
        page.wait_for(
            "more rows than fit",
            "stage.scrollHeight > 1.3 * stage.clientHeight",
        )?;
        // The last token stands in the last row.
        page.wait_for(
            "the last row",
            "stage.scrollHeight - stage.scrollTop - stage.clientHeight < 12",
        )?;
        page.eval::<()>("void document.querySelector('.token').click()")?;
        page.wait_for("the first row", "stage.scrollTop === 0")
    })
}

#[test]
fn the_stage_follows_a_run_that_learns() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        runs::new_run(page, &runs::small())?;
        page.eval::<Trained>("await glassformer.train(50)")?;
        page.wait_for("the pass of step 50", "step() === 50")?;
        weights_agree(page)
    })
}

#[test]
fn what_is_unknown_is_named_and_a_change_is_a_pass_of_its_own() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.fill("textbox", "Sentence", "the $ dog")?;
        page.shows("does not know “$”")?;
        page.fill("textbox", "Sentence", "the big dog")?;
        let gone = "document.querySelector('#sentence-error').textContent === ''";
        page.wait_for("a text that it knows", gone)?;
        page.eval::<()>("void scene('Heads out')")?;
        page.wait_for("the slider", "!!document.querySelector('#head-0-1')")?;
        page.slide("#head-0-1", 0)?;
        page.wait_for("what it changed", "!!document.querySelector('.effect')")?;
        let off: Vec<f64> = page.eval("read('head 1, off')")?;
        assert!(off.iter().all(|x| *x == 0.0), "{off:?}");
        let change = json!({"change": "head", "layer": 0, "head": 1, "scale": 0});
        let apart: f64 = page.script(&format!(
            "const trace = await glassformer.trace('the big dog', {{ interventions: [{change}] }});
             const {{ shape, data }} = trace.get('blocks.0.attn.hook_result');
             const [tokens, heads, channels] = shape;
             const start = (tokens - 1) * heads * channels;
             return apart(read('head 0'), [...data.slice(start, start + channels)]);"
        ))?;
        assert!(apart <= 1e-4, "the stage is {apart} off");
        page.click("button", "Take back the change")?;
        page.wait_for("the clean pass", "read('head 1')?.some(x => x !== 0)")
    })
}

#[test]
fn the_kind_of_attention_is_switched_in_place() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let sentence = "document.querySelector('#sentence').value";
        let before: String = page.eval(sentence)?;
        for (label, name) in [
            ("Head-gated", "glass-head-gated"),
            ("Standard", "glass-standard"),
        ] {
            page.choose("Attention", label)?;
            let opened = format!("document.querySelector('.what strong').textContent === '{name}'");
            page.wait_for("the other model", &opened)?;
            assert_eq!(page.eval::<String>(sentence)?, before);
            let pass = "document.querySelectorAll('.scene').length > 0 && !!read('weights')";
            page.eval::<()>("void scene('Softmax')")?;
            page.wait_for("its pass", pass)?;
            weights_agree(page)?;
        }
        let gated: bool = page.eval(
            "[...document.querySelectorAll('.scene')].some(b => b.textContent === 'Measure and gate')",
        )?;
        assert!(!gated, "a scene of the other kind stayed");
        // A kind without that very scene shows its like.
        page.choose("Attention", "Adaptive span")?;
        page.wait_for("its like", "present() === 'Softmax, global pass'")?;
        page.choose("Attention", "Additive")?;
        page.wait_for("its like again", "present() === 'Softmax'")
    })
}
