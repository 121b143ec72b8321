//! What plays stands still under the hand: a change shows the whole scene, and a slider stays with its
//! number.

use crate::explore::{TOOLS, opened};
use crate::poking::{clicked, mouse};
use harness::{Outcome, Page, Setup, in_browser};
use serde_json::json;

/// Where a scene is, and what it looks like.
const WATCH: &str = "
    window.place = () => Number(document.querySelector('.scrub input').value);
    window.slide = (selector, value) => {
        const slider = document.querySelector(selector);
        slider.value = value;
        slider.dispatchEvent(new InputEvent('input', { bubbles: true }));
    };
    window.frames = async (count) => {
        for (let n = 0; n < count; n++) await new Promise(requestAnimationFrame);
    };
    window.seen = () => document.querySelector('.stage canvas').toDataURL();
    window.handle = () => document.querySelector('label[for=poke-number]')?.textContent;
    window.onCard = () => document.querySelector('.cell-name')?.textContent;
    // Which numbers the slider and the card stand for until then.
    window.watched = async (until) => {
        const [handles, cards] = [new Set(), new Set()];
        while (place() < until) {
            await frames(1);
            handles.add(handle());
            cards.add(onCard());
        }
        return [handles.size, cards.size];
    };";

/// The page as it is opened by whom that much motion suits, standing still in a scene.
fn still(page: &mut Page, motion: &str, scene: &str) -> Outcome<()> {
    let features = json!({"features": [{"name": "prefers-reduced-motion", "value": motion}]});
    page.command("Emulation.setEmulatedMedia", features)?;
    page.reload()?;
    opened(page)?;
    page.eval::<()>(&format!("void scene('{scene}')"))?;
    page.wait_for(scene, &format!("present() === '{scene}' && place() === 1"))
}

/// Has it play, to somewhere in its middle.
fn plays(page: &mut Page, from: f64) -> Outcome<()> {
    page.click("button", "Play")?;
    page.find("button", "Pause")?;
    page.wait_for("its middle", &format!("place() > {from} && place() < 0.95"))
}

/// Waits until it stands still with a change, and sees that all of it is there: as at its end, and not
/// as before it.
fn is_whole(page: &mut Page) -> Outcome<()> {
    page.find("button", "Play")?;
    page.wait_for("its end", "place() === 1")?;
    page.wait_for("what the change did", "!!document.querySelector('.effect')")?;
    let same: Vec<bool> = page.script(
        "await frames(3);
         const after = seen();
         const at = async (time) => { slide('.scrub input', time); await frames(3); return seen(); };
         return [await at(0.3) === after, await at(1) === after];",
    )?;
    assert_eq!(same, [false, true]);
    page.click("button", "Take back the change")?;
    page.wait_for("the clean pass", "!document.querySelector('.effect')")
}

fn setup() -> Setup {
    Setup {
        hash: "",
        page_script: format!("{TOOLS}{WATCH}"),
        ..Setup::cpu()
    }
}

#[test]
fn a_slider_keeps_its_number_as_the_scene_plays_and_stops_it() -> Outcome<()> {
    for motion in ["no-preference", "reduce"] {
        in_browser(&setup(), |page| {
            still(page, motion, "Softmax")?;
            let number: String = page.eval("handle()")?;
            plays(page, 0.0)?;
            let [handles, cards]: [usize; 2] = page.eval("await watched(0.75)")?;
            assert_eq!(handles, 1, "{motion}");
            assert_eq!(cards > 2, motion == "no-preference", "{cards}, {motion}");
            page.eval::<()>("void slide('#poke-number', 0.9)")?;
            is_whole(page)?;
            assert_eq!(page.eval::<String>("handle()")?, number);
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn a_weight_that_is_dragged_stops_the_scene_where_all_of_it_is_seen() -> Outcome<()> {
    for motion in ["no-preference", "reduce"] {
        in_browser(&setup(), |page| {
            still(page, motion, "Mix values")?;
            let (x, y) = weight(page)?;
            plays(page, 0.1)?;
            mouse(page, "mousePressed", (x, y))?;
            mouse(page, "mouseMoved", (x + 9.0, y))?;
            mouse(page, "mouseMoved", (x + 18.0, y))?;
            mouse(page, "mouseReleased", (x + 18.0, y))?;
            is_whole(page)
        })?;
    }
    Ok(())
}

/// Where on the window a weight stands: before the values.
fn weight(page: &mut Page) -> Outcome<(f64, f64)> {
    let corner = "(() => {
        const { x, y, width, height } = document.querySelector('.stage canvas').getBoundingClientRect();
        return [x, y, width, height];
    })()";
    let [left, top, width, height]: [f64; 4] = page.eval(corner)?;
    let (mut x, mut y) = (left + 0.5 * width, top + 4.0);
    while !clicked(page, (x, y))?.contains("hook_v[") {
        y += 8.0;
        if y > top + height {
            return harness::trouble("no value on the stage");
        }
    }
    y += 4.0;
    x = left + 4.0;
    while !clicked(page, (x, y))?.contains("hook_pattern[") {
        x += 8.0;
        if x > left + width {
            return harness::trouble("no weight on the stage");
        }
    }
    Ok((x.round(), y.round()))
}

#[test]
fn without_motion_a_pause_leaves_all_of_the_scene_there() -> Outcome<()> {
    in_browser(&setup(), |page| {
        still(page, "reduce", "Softmax")?;
        plays(page, 0.1)?;
        let before: String = page.eval("seen()")?;
        page.click("button", "Pause")?;
        page.find("button", "Play")?;
        page.script::<()>("await frames(3);")?;
        assert!(
            page.eval::<String>("seen()")? == before,
            "it became another"
        );
        assert_eq!(page.eval::<f64>("place()")?, 1.0);
        // And it plays again.
        plays(page, 0.1)
    })
}
