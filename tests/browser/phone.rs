//! Explore on a phone: what one finds above the stage, and that a scene is brought into sight.

use crate::explore::{explore, opened};
use crate::runs;
use harness::{Outcome, Page, in_browser};
use serde_json::{Value as Json, json};

/// Where things are on the screen, in pixels.
const TOOLS: &str = "
    window.box = (which) => document.querySelector(which).getBoundingClientRect();
    window.frame = () => new Promise(requestAnimationFrame);";

/// Asks for the next scene by a key, as no finger does, and waits until it is drawn.
fn goes_on(page: &mut Page, to: &str) -> Outcome<()> {
    page.eval::<()>("press('ArrowRight')")?;
    page.wait_for(to, &format!("present() === '{to}'"))?;
    page.script("await frame(); await frame();")
}

#[test]
fn what_to_try_is_above_the_stage_and_a_scene_is_brought_into_sight() -> Outcome<()> {
    in_browser(&explore(), |page| {
        let phone = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
        page.command("Emulation.setDeviceMetricsOverride", phone)?;
        page.wait_for("the size", "innerWidth === 390")?;
        page.script::<()>(TOOLS)?;
        opened(page)?;
        let tops: Vec<f64> = page.eval(
            "['.opening', '.examples', '.sentence', '.stage', '.learned'].map((part) => box(part).top)",
        )?;
        assert!(tops.is_sorted(), "{tops:?}");
        let lines: f64 = page.eval("box('.opening').height + box('.examples').height")?;
        assert!(lines < 90.0, "{lines} px before the sentence");
        let over: i32 = page.eval("document.documentElement.scrollWidth - innerWidth")?;
        assert!(over <= 0, "{over} px are beside the screen");

        page.eval::<()>("void scrollTo(0, 0)")?;
        page.click("button", "Next scene")?;
        page.wait_for("the stage", "Math.abs(box('.stage-card').top) <= 1")?;
        page.wait_for("all of it", "box('.stage').bottom <= box('.timeline').top")?;
        let hidden: f64 = page.eval("box('.stage canvas').bottom - box('.stage').bottom")?;
        assert!(hidden <= 1.0, "{hidden} px of the picture are hidden");

        // Whoever scrolls reads something else, until he asks for a scene again.
        let wheel = json!({"type": "mouseWheel", "x": 195, "y": 300, "deltaX": 0, "deltaY": -3000});
        page.command("Input.dispatchMouseEvent", wheel)?;
        page.wait_for("the top of the page", "scrollY === 0")?;
        goes_on(page, "Query, key, value")?;
        assert_eq!(page.eval::<f64>("scrollY")?, 0.0);
        page.click("button", "Next scene")?;
        page.wait_for("the stage again", "Math.abs(box('.stage-card').top) <= 1")
    })
}

#[test]
fn what_a_change_did_is_said_at_the_stage_and_is_taken_back_there() -> Outcome<()> {
    in_browser(&explore(), |page| {
        page.script::<()>(TOOLS)?;
        opened(page)?;
        for (width, height) in [(390, 844), (360, 640), (1366, 768)] {
            let mobile = width < 600;
            let size =
                json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
            page.command("Emulation.setDeviceMetricsOverride", size)?;
            page.wait_for("the size", &format!("innerWidth === {width}"))?;
            page.eval::<()>("void scene('Softmax')")?;
            page.wait_for("the scene", "present() === 'Softmax'")?;
            page.wait_for("a weight", "!!document.querySelector('#poke-number')")?;
            page.script::<()>("await frame(); await frame();")?;
            let picture =
                "(({ x, y, width, height }) => [x, y, width, height])(box('.stage canvas'))";
            let before: [f64; 4] = page.eval(picture)?;
            page.slide("#poke-number", 0)?;
            page.wait_for("what it did", "!!document.querySelector('.upshot p')")?;
            page.script::<()>("await frame(); await frame();")?;
            assert_eq!(page.eval::<[f64; 4]>(picture)?, before, "the picture moved");
            let place = format!("{width} by {height}");
            let away: f64 = page.eval("box('.stage').top - box('.upshot').bottom")?;
            assert!(away >= 0.0, "{place}: {away} px over the picture");
            assert!(
                !mobile || away < 12.0,
                "{place}: {away} px from the picture"
            );
            let beside: f64 = page.eval("box('.upshot').right - box('.stage-card').right")?;
            assert!(beside <= 0.0, "{place}: {beside} px are beside the card");
            // It lies on no head and on no name.
            let free: bool = page.eval(
                "[...document.querySelectorAll('.scene-line h2, .scene-line > button, .heads .chip')]
                    .map((other) => other.getBoundingClientRect())
                    .every(({ left, right, top, bottom }) => {
                        const own = box('.upshot');
                        return own.left >= right || own.right <= left
                            || own.top >= bottom || own.bottom <= top;
                    })",
            )?;
            assert!(free, "{place}: it lies on something");
            page.click("button", "Undo the last change")?;
            page.wait_for(
                "the clean pass",
                "!document.querySelector('.changed-pass, .upshot p')",
            )?;
        }
        Ok(())
    })
}

/// A finger that goes from a place on the screen to another.
fn swipes(page: &mut Page, from: [f64; 2], to: [f64; 2]) -> Outcome<()> {
    let touches = |page: &mut Page, kind: &str, points: Json| {
        let touch = json!({"type": kind, "touchPoints": points});
        page.command("Input.dispatchTouchEvent", touch)
    };
    touches(page, "touchStart", json!([{"x": from[0], "y": from[1]}]))?;
    // A tap is over at once.
    let parts = if from == to { 0 } else { 10 };
    for part in 1..=parts {
        let at = |n: usize| from[n] + (to[n] - from[n]) * f64::from(part) / f64::from(parts);
        touches(page, "touchMove", json!([{"x": at(0), "y": at(1)}]))?;
        page.script::<()>("await frame();")?;
    }
    touches(page, "touchEnd", json!([])).map(drop)
}

#[test]
fn a_finger_drags_a_weight_that_it_has_tapped_and_scrolls_over_all_others() -> Outcome<()> {
    in_browser(&explore(), |page| {
        let phone = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
        page.command("Emulation.setDeviceMetricsOverride", phone)?;
        page.command(
            "Emulation.setTouchEmulationEnabled",
            json!({"enabled": true}),
        )?;
        page.wait_for("the size", "innerWidth === 390")?;
        page.script::<()>(TOOLS)?;
        opened(page)?;
        page.eval::<()>("void scene('Softmax')")?;
        page.wait_for("the scene", "present() === 'Softmax'")?;
        page.script::<()>("await frame(); await frame();")?;
        let on: [f64; 2] = page.script(
            "const canvas = document.querySelector('.stage canvas');
             const { right, top, bottom } = canvas.getBoundingClientRect();
             let others = false;
             for (let y = top; y < bottom; y += 4) {
                 const at = { clientX: right - 12, clientY: y, bubbles: true, pointerType: 'mouse' };
                 canvas.dispatchEvent(new PointerEvent('pointerdown', { ...at, buttons: 1 }));
                 canvas.dispatchEvent(new PointerEvent('pointerup', at));
                 await frame(); await frame();
                 const name = document.querySelector('.cell-name code').textContent;
                 // The card begins with a weight too. A little below its upper edge.
                 if (!name.includes('hook_pattern')) others = true;
                 else if (others) return [right - 12, y + 8];
             }
             throw new Error('no weight');",
        )?;
        page.eval::<()>("press('Escape')")?;
        page.script::<()>("await frame(); await frame();")?;
        let changed = "!!document.querySelector('.changed-pass')";
        let top = "box('.stage canvas').top";
        let before: f64 = page.eval(top)?;
        swipes(page, on, [on[0], on[1] - 120.0])?;
        page.wait_for("the scrolled stage", &format!("{top} < {before} - 40"))?;
        page.script::<()>("for (let n = 0; n < 30; n++) await frame();")?;
        assert!(!page.eval::<bool>(changed)?, "it set a weight");

        let scrolled: f64 = page.eval(top)?;
        let on = [on[0], on[1] + scrolled - before];
        swipes(page, on, on)?;
        page.wait_for("the tap", "location.hash.includes('cell=')")?;
        assert!(!page.eval::<bool>(changed)?, "a tap set a weight");
        swipes(page, on, [on[0], on[1] + 50.0])?;
        page.wait_for("the changed pass", changed)?;
        assert_eq!(page.eval::<f64>(top)?, scrolled);
        Ok(())
    })
}

#[test]
fn with_a_change_no_scene_loses_its_name_and_nothing_is_beside_the_card() -> Outcome<()> {
    in_browser(&explore(), |page| {
        page.script::<()>(TOOLS)?;
        // The longest that is ever said.
        page.script::<()>(
            "window.longest = () => {
                 const share = document.querySelector('.upshot .share');
                 share.previousSibling.previousSibling.nodeValue = '> 99.9 %';
                 share.firstChild.nodeValue = '> 99.9 %';
             };
             window.cut = async () => {
                 const found = [];
                 for (const scene of document.querySelectorAll('.scene')) {
                     scene.click();
                     while (!scene.ariaCurrent) await frame();
                     await frame();
                     longest();
                     for (const part of ['.scene-line h2', '.scene-line', '.stage-card']) {
                         const it = document.querySelector(part);
                         const wide = it.scrollWidth - it.clientWidth;
                         const high = part.endsWith('h2') ? it.scrollHeight - it.clientHeight : 0;
                         const { x, y } = document.querySelector('.where').getBoundingClientRect();
                         const block = document.elementFromPoint(x + 2, y + 4)?.className;
                         if (block !== 'where') found.push(`${scene.textContent} and not where`);
                         if (wide > 0 || high > 1) found.push(`${scene.textContent}, ${part}: ${wide}, ${high}`);
                     }
                 }
                 return found;
             };",
        )?;
        opened(page)?;
        for name in runs::GLASS {
            page.eval::<Json>(&format!("await glassformer.open('{name}')"))?;
            let there = format!(
                "document.querySelector('.what strong').textContent === '{name}'
                 && !document.querySelector('.what select:disabled')"
            );
            page.wait_for("the model", &there)?;
            page.eval::<()>("void scene('Heads out')")?;
            page.wait_for("the slider", "!!document.querySelector('#head-0-1')")?;
            page.slide("#head-0-1", 0)?;
            page.wait_for("what it did", "!!document.querySelector('.upshot .share')")?;
            for (width, height) in [
                (1201, 720),
                (1280, 720),
                (1366, 768),
                (1440, 900),
                (1600, 900),
            ] {
                let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
                page.command("Emulation.setDeviceMetricsOverride", size)?;
                page.wait_for("the size", &format!("innerWidth === {width}"))?;
                let cut: Vec<String> = page.script("return await cut();")?;
                assert!(cut.is_empty(), "{name}, {width} by {height}: {cut:#?}");
            }
            page.click("button", "Undo the last change")?;
        }
        Ok(())
    })
}

#[test]
fn a_long_sentence_is_read_whole_in_its_field() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        for (width, height) in [(390, 844), (360, 740)] {
            let size =
                json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
            page.command("Emulation.setDeviceMetricsOverride", size)?;
            page.wait_for("the size", &format!("innerWidth === {width}"))?;
            for text in [
                "the dog",
                "the big fluffy dog runs and the tiny cat runs too",
            ] {
                page.fill("textbox", "Sentence", text)?;
                page.wait_for(
                    "its pass",
                    &format!(
                        "document.querySelectorAll('.token').length === {}",
                        text.len()
                    ),
                )?;
                let hidden: f64 = page.eval(
                    "(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(
                        document.querySelector('#sentence'))",
                )?;
                assert!(
                    hidden <= 1.0,
                    "{width} by {height}: {hidden} px of “{text}”"
                );
            }
        }
        Ok(())
    })
}
