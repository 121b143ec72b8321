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
