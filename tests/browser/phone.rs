//! Explore on a phone: what one finds above the stage, and that a scene is brought into sight.

use crate::explore::{explore, opened};
use harness::{Outcome, Page, in_browser};
use serde_json::json;

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
            page.script::<()>(
                "const slider = document.querySelector('#poke-number');
                 slider.value = '0';
                 slider.dispatchEvent(new InputEvent('input', { bubbles: true }));",
            )?;
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
