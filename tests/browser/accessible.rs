//! The page for those who see little, use no mouse, want no motion, or have a small screen.

use crate::{
    explore::{TOOLS, loaded, opened},
    runs,
};
use harness::{Outcome, Page, Setup, in_browser, trouble};
use serde_json::json;
use std::{fs, path::Path};

fn explore(script: &str) -> Setup {
    Setup {
        hash: "",
        page_script: format!("{TOOLS}{script}"),
        ..Setup::cpu()
    }
}

/// axe's program, as `cargo xtask setup` fetches it.
fn axe() -> Outcome<String> {
    let file = "target/axe/node_modules/axe-core/axe.min.js";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).or_else(|e| {
        trouble(format!(
            "no axe at {} ({e}): run `cargo xtask setup`",
            path.display()
        ))
    })
}

fn media(page: &mut Page, name: &str, value: &str) -> Outcome<()> {
    let features = json!({"features": [{"name": name, "value": value}]});
    page.command("Emulation.setEmulatedMedia", features)
        .map(drop)
}

fn size(page: &mut Page, width: u32, height: u32) -> Outcome<()> {
    let metrics =
        json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    page.command("Emulation.setDeviceMetricsOverride", metrics)?;
    page.wait_for("the size", &format!("innerWidth === {width}"))
}

/// What axe finds, with where.
fn barriers(page: &mut Page, place: &str) -> Outcome<Vec<String>> {
    let found: Vec<String> = page.script(
        // A colour that is still changing is neither the old nor the new. One that is stopped (its
        // element goes, or another change takes its place) is over too; what goes with a scroll bar
        // stands still.
        "const changes = document.getAnimations().filter((change) => change.timeline === document.timeline);
         await Promise.allSettled(changes.map((change) => change.finished));
         const { violations } = await axe.run(document, { runOnly: [
             'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
         return violations.flatMap(({ id, help, nodes }) => nodes.slice(0, 4).map((node) =>
             `${id} (${help}): ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`));",
    )?;
    let told = found.into_iter().map(|what| format!("{place}: {what}"));
    Ok(told.collect())
}

#[test]
fn axe_finds_nothing_in_either_theme() -> Outcome<()> {
    in_browser(&explore(&axe()?), |page| {
        opened(page)?;
        let mut found = Vec::new();
        for theme in ["light", "dark"] {
            media(page, "prefers-color-scheme", theme)?;
            for (width, height) in [(1440, 1000), (390, 844)] {
                size(page, width, height)?;
                let here = |what: &str| format!("{what}, {theme}, {width} wide");
                page.eval::<()>("void (location.hash = '')")?;
                page.wait_for("Explore", "!!document.querySelector('.stage canvas')")?;
                for name in ["Embed", "Softmax", "Heads out", "Next character"] {
                    page.eval::<()>(&format!("void scene('{name}')"))?;
                    page.wait_for(name, &format!("present() === '{name}'"))?;
                    found.extend(barriers(page, &here(name))?);
                }
                page.eval::<()>("press('o')")?;
                page.wait_for("the overview", "present() === undefined")?;
                found.extend(barriers(page, &here("overview"))?);
                page.eval::<()>("press('o')")?;
                page.eval::<()>("void (location.hash = '#/train')")?;
                page.find("button", "Start")?;
                found.extend(barriers(page, &here("Train"))?);
            }
        }
        assert!(found.is_empty(), "{found:#?}");
        Ok(())
    })
}

#[test]
fn every_kind_is_without_barriers() -> Outcome<()> {
    in_browser(&explore(&axe()?), |page| {
        opened(page)?;
        let mut found = Vec::new();
        for (name, scene) in [
            ("glass-head-gated", "Measure and gate"),
            ("glass-adaptive-span", "Window"),
            ("glass-additive", "Additive score"),
        ] {
            page.eval::<serde_json::Value>(&format!("await glassformer.open('{name}')"))?;
            let there = format!("document.querySelector('.what strong').textContent === '{name}'");
            page.wait_for("the model", &there)?;
            page.eval::<()>(&format!("void scene('{scene}')"))?;
            page.wait_for(scene, &format!("present() === '{scene}'"))?;
            found.extend(barriers(page, name)?);
        }
        assert!(found.is_empty(), "{found:#?}");
        Ok(())
    })
}

#[test]
fn nothing_is_wider_than_the_screen() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        for width in [360, 390, 768, 1024, 1440, 2560] {
            size(page, width, 900)?;
            for place in ["", "#/train"] {
                page.eval::<()>(&format!("void (location.hash = '{place}')"))?;
                let there = match place {
                    "" => "!!document.querySelector('.stage canvas')",
                    _ => "!!document.querySelector('main:not(.explore)')",
                };
                page.wait_for("the page", there)?;
                // What is laid out by a script follows the new size a frame or two later.
                page.script::<()>(
                    "for (let n = 0; n < 4; n++) await new Promise(requestAnimationFrame)",
                )?;
                let over: i32 = page.eval("document.documentElement.scrollWidth - innerWidth")?;
                let wide: Vec<String> = page.eval(
                    "[...document.querySelectorAll('body *')]
                         .filter((part) => part.getBoundingClientRect().right > innerWidth)
                         .map((part) => `${part.tagName}.${part.className}`)",
                )?;
                assert!(
                    over <= 0,
                    "{width} wide, at {place:?}: {over} too much, {wide:?}"
                );
            }
        }
        Ok(())
    })
}

/// What a run says of itself comes by and by.
#[test]
fn a_run_that_learns_is_no_wider_than_a_phone() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        page.script::<()>(
            "await glassformer.newRun({ corpus: { builtin: 'copy' }, train: { eval_every: 2 } });
             await glassformer.train(3);
             location.hash = '#/train';",
        )?;
        page.wait_for(
            "its losses",
            "!!document.querySelector('.values .validation')",
        )?;
        for width in [360, 390] {
            size(page, width, 900)?;
            let over: i32 = page.eval(
                "Math.max(...[document.documentElement, ...document.querySelectorAll('.card')]
                    .map((part) => part.scrollWidth - part.clientWidth))",
            )?;
            assert!(over <= 1, "{width} wide: {over} too much");
        }
        Ok(())
    })
}

/// The scenes of the open model of which not everything is on the screen, with how much is not.
const HIDDEN: &str = "
    window.frame = () => new Promise(requestAnimationFrame);
    window.hidden_ = async () => {
        const hidden = [];
        for (const scene of document.querySelectorAll('.scene')) {
            scene.click();
            while (!scene.ariaCurrent) await frame();
            // One draws it, and after the next its size is laid out.
            for (let n = 0; n < 3; n++) await frame();
            const stage = document.querySelector('.stage');
            const timeline = document.querySelector('.timeline').getBoundingClientRect();
            const words = document.querySelector('.scene-words');
            const over = Math.max(
                stage.scrollHeight - stage.clientHeight,
                words.scrollHeight - words.clientHeight,
                stage.getBoundingClientRect().bottom - timeline.top,
                timeline.bottom - innerHeight,
            );
            if (over > 1) hidden.push(`${scene.textContent}: ${over}`);
        }
        return hidden;
    };";

/// Every scene of every kind on screens of those sizes.
fn seen_whole(page: &mut Page, sizes: &[(u32, u32)]) -> Outcome<()> {
    for name in runs::GLASS {
        page.eval::<serde_json::Value>(&format!("await glassformer.open('{name}')"))?;
        page.script::<()>(
            "const sentence = document.querySelector('#sentence');
             sentence.value = 'the big fluffy dog';
             sentence.dispatchEvent(new InputEvent('input', { bubbles: true }));",
        )?;
        page.wait_for(
            "the pass",
            &format!(
                "document.querySelector('.what strong').textContent === '{name}'
                 && document.querySelectorAll('.token').length === 18"
            ),
        )?;
        for (width, height) in sizes {
            size(page, *width, *height)?;
            let hidden: Vec<String> = page.script("return await hidden_();")?;
            assert!(hidden.is_empty(), "{name}, {width} by {height}: {hidden:?}");
        }
    }
    Ok(())
}

#[test]
fn every_scene_is_seen_whole_on_a_laptop() -> Outcome<()> {
    in_browser(&explore(HIDDEN), |page| {
        opened(page)?;
        // Until a first visitor closes it, the opening takes some of the stage's room.
        assert!(page.eval::<bool>("!!document.querySelector('.opening')")?);
        seen_whole(page, &[(1440, 900)])?;
        page.click("button", "Close")?;
        page.wait_for("its room", "!document.querySelector('.opening')")?;
        seen_whole(page, &[(1440, 900), (1366, 768)])?;
        // The smallest that is sold; the gates, of another kind, need more.
        size(page, 1280, 720)?;
        let hidden: Vec<String> = page.script("return await hidden_();")?;
        assert!(hidden.is_empty(), "1280 by 720: {hidden:?}");
        Ok(())
    })
}

#[test]
fn a_room_sees_every_scene_whole_and_large() -> Outcome<()> {
    in_browser(&explore(HIDDEN), |page| {
        opened(page)?;
        size(page, 1920, 1080)?;
        let letters =
            "parseFloat(getComputedStyle(document.querySelector('.scene-words')).fontSize)";
        let usual: f64 = page.eval(letters)?;
        page.eval::<()>("press('p')")?;
        let pressed = "document.querySelector('.present')?.ariaPressed === 'true'";
        page.wait_for("the large stage", pressed)?;
        let large: f64 = page.eval(letters)?;
        assert!(large >= 1.3 * usual, "{usual} px became {large} px");
        seen_whole(page, &[(1280, 720), (1920, 1080), (2560, 1440)])?;
        let over: i32 = page.eval("document.documentElement.scrollWidth - innerWidth")?;
        assert!(over <= 0, "{over} px are beside the screen");
        // What a teacher wants at hand stays; and it is said there what one can do.
        page.find("button", "the␣big␣fluffy␣")?;
        page.eval::<()>("void scene('Softmax')")?;
        page.shows("Matters most: block ")?;
        page.click("button", "Overview")?;
        page.click("button", "Open block 1")?;
        // So does what a class asks for: a sentence of its own, another kind, what a word means. It
        // is one line.
        let [under, lines]: [f64; 2] = page.eval(
            "(() => {
                const boxes = ['#sentence', '#explore-kind', '.examples'].map((part) =>
                    document.querySelector(part).getBoundingClientRect());
                const stage = document.querySelector('.stage-card').getBoundingClientRect();
                const tallest = Math.max(...boxes.map(({ height }) => height));
                return [stage.top - Math.max(...boxes.map(({ bottom }) => bottom)), stage.top / tallest];
            })()",
        )?;
        assert!(
            under >= 0.0 && lines < 2.0,
            "{under} px under {lines} lines"
        );
        page.click("button", "In plain words")?;
        page.wait_for("the words", "!!document.querySelector('.plain li')")?;
        page.click("button", "Close")?;
        page.eval::<()>("press('s')")?;
        let writes = "document.activeElement.id === 'sentence'";
        page.wait_for("the field", writes)?;
        page.eval::<()>(
            "void document.activeElement.dispatchEvent(
                new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))",
        )?;
        page.wait_for("the stage's keys", &format!("!({writes})"))?;
        assert!(page.eval::<bool>(pressed)?, "it was left with the field");
        page.eval::<()>("press('Escape')")?;
        let back = "document.querySelector('.present').ariaPressed === 'false'
            && document.querySelector('.about').checkVisibility()";
        page.wait_for("all that stands around it", back)
    })
}

/// Frames of the stage while it plays, until a scene has come to a place: how many pictures differ
/// within one scene.
const FRAMES: &str = "
    window.place = () => Number(document.querySelector('.scrub input').value);
    window.differing = async (until) => {
        const seen = new Map();
        while (place() < until) {
            await new Promise(requestAnimationFrame);
            const name = present(), canvas = document.querySelector('.stage canvas');
            if (!seen.has(name)) seen.set(name, new Set());
            seen.get(name).add(canvas.toDataURL());
        }
        // Of a scene that came in between there may be the one before in the first frame.
        return Math.max(...[...seen.values()].map((pictures) => pictures.size));
    };";

#[test]
fn without_motion_a_scene_is_there_at_once() -> Outcome<()> {
    in_browser(&explore(FRAMES), |page| {
        for (wish, moves) in [("no-preference", true), ("reduce", false)] {
            media(page, "prefers-reduced-motion", wish)?;
            page.reload()?;
            opened(page)?;
            page.eval::<()>("void scene('Softmax')")?;
            page.wait_for("the scene", "present() === 'Softmax'")?;
            page.click("button", "Play")?;
            page.find("button", "Pause")?;
            page.wait_for("its beginning", "place() < 0.2")?;
            let differing: u32 = page.eval("await differing(0.4)")?;
            match moves {
                true => assert!(
                    differing > 5,
                    "only {differing} pictures of a scene that plays"
                ),
                // The one before it began to play, and the one that is there at once.
                false => assert!(
                    differing <= 2,
                    "{differing} pictures though no motion is wanted"
                ),
            }
        }
        Ok(())
    })
}

#[test]
fn a_run_that_learns_can_be_held_still() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        runs::new_run(page, &runs::small())?;
        page.wait_for("the run's own pass", "step() === 0")?;
        page.click("checkbox", "hold this picture while it learns")?;
        page.wait_for("the tick", "document.querySelector('.what input').checked")?;
        page.eval::<serde_json::Value>("await glassformer.train(20)")?;
        assert_eq!(
            page.eval::<u32>("step()")?,
            0,
            "it moved though it was frozen"
        );
        page.click("checkbox", "hold this picture while it learns")?;
        page.wait_for("the pass of step 20", "step() === 20")
    })
}

/// Presses a key as a person does.
fn press(page: &mut Page, key: &str, code: u32) -> Outcome<()> {
    for kind in ["rawKeyDown", "keyUp"] {
        let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
        page.command("Input.dispatchKeyEvent", event)?;
    }
    Ok(())
}

#[test]
fn the_tab_key_reaches_everything_and_shows_where_it_is() -> Outcome<()> {
    let tools = "
        window.usable = () => [...document.querySelectorAll(
            'a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')]
            .filter((e) => !e.disabled && e.tabIndex >= 0 && !e.closest('fieldset:disabled') && e.checkVisibility());
        window.reached = new Set();
        window.unseen = [];
        window.note = () => {
            const e = document.activeElement;
            if (!e || e === document.body) return false;
            reached.add(e);
            // Around the stage's frame, and within it: what lies beyond is cut off.
            const framed = e.closest('.stage');
            const { outlineStyle, outlineWidth, outlineOffset, boxShadow } = getComputedStyle(framed ?? e);
            const [width, offset] = [outlineWidth, outlineOffset].map(parseFloat);
            const shown = (outlineStyle !== 'none' && width > 0) || boxShadow !== 'none';
            if (!shown || (framed && width + offset > 0)) unseen.push(e.outerHTML.slice(0, 120));
            return true;
        };";
    in_browser(&explore(tools), |page| {
        opened(page)?;
        let usable: usize = page.eval("usable().length")?;
        assert!(usable > 20, "only {usable} controls");
        page.eval::<()>("document.activeElement.blur()")?;
        for _ in 0..2 * usable {
            press(page, "Tab", 9)?;
            page.eval::<bool>("note()")?;
        }
        let missed: Vec<String> = page.eval(
            "usable().filter((e) => !reached.has(e)).map((e) => e.outerHTML.slice(0, 120))",
        )?;
        assert!(missed.is_empty(), "never reached: {missed:#?}");
        let unseen: Vec<String> = page.eval("[...new Set(unseen)]")?;
        assert!(unseen.is_empty(), "no focus to be seen on {unseen:#?}");
        // A list of tokens and one of scenes are a stop each, and the focus goes with the choice.
        let stops: Vec<usize> = page.eval(
            "['.token', '.scene'].map((list) =>
                [...document.querySelectorAll(list)].filter((e) => e.tabIndex >= 0).length)",
        )?;
        assert_eq!(stops, [1, 1]);
        for (list, key, code) in [(".token", "ArrowUp", 38), (".scene", "ArrowRight", 39)] {
            let stop = format!(
                "[...document.querySelectorAll('{list}')].findIndex((e) => e.tabIndex >= 0)"
            );
            let before: usize = page.eval(&stop)?;
            page.eval::<()>(&format!(
                "document.querySelectorAll('{list}')[{before}].focus()"
            ))?;
            press(page, key, code)?;
            page.wait_for(
                "the focus beside it",
                &format!(
                    "{stop} !== {before} && document.activeElement
                        === document.querySelectorAll('{list}')[{stop}]"
                ),
            )?;
        }
        // From the sentence back to the stage.
        page.eval::<()>("document.querySelector('#sentence').focus()")?;
        press(page, "Escape", 27)?;
        let on_stage = "document.activeElement === document.querySelector('.stage canvas')";
        page.wait_for("the stage", on_stage)?;

        // On the stage the arrow keys go from number to number.
        page.eval::<()>("void scene('Softmax')")?;
        page.wait_for("the scene", "present() === 'Softmax'")?;
        page.eval::<()>("document.querySelector('.stage canvas').focus()")?;
        let name = "document.querySelector('.cell-name').textContent";
        let before: String = page.eval(name)?;
        press(page, "ArrowLeft", 37)?;
        page.wait_for("another number", &format!("{name} !== '{before}'"))?;
        // Until they are given back to the scenes.
        press(page, "Escape", 27)?;
        page.wait_for("no stage", &format!("!({on_stage})"))?;
        press(page, "ArrowLeft", 37)?;
        page.wait_for("the scene before", "present() === 'Scale and mask'")
    })
}

#[test]
fn keys_that_write_something_can_be_switched_off_for_good() -> Outcome<()> {
    const LETTERS: &str = "keys that write a letter or a sign do this too";
    const HEAD: &str = "document.querySelector('.heads [aria-pressed=true]').textContent";
    let at = |scene: &str| format!("present() === '{scene}'");
    in_browser(&explore(""), |page| {
        opened(page)?;
        page.eval::<()>("press('?')")?;
        page.click("checkbox", LETTERS)?;
        page.reload()?;
        loaded(page)?;
        page.eval::<()>("void scene('Score')")?;
        page.wait_for("the scene", &at("Score"))?;
        let head: String = page.eval(HEAD)?;
        for key in ["h", "?", "]", "o"] {
            page.eval::<()>(&format!("press('{key}')"))?;
        }
        // Handled after them.
        page.eval::<()>("press('ArrowRight')")?;
        page.wait_for("the next scene", &at("Scale and mask"))?;
        assert_eq!(page.eval::<String>(HEAD)?, head);
        assert!(!page.has("checkbox", LETTERS)?, "the list opened");

        page.click("button", "Keys")?;
        page.click("checkbox", LETTERS)?;
        page.eval::<()>("press('h')")?;
        page.wait_for("the next head", &format!("{HEAD} !== '{head}'"))
    })
}
