//! The card and what can be changed, as they are seen: every number whole, each beside its neighbours
//! and not over them, and enough of a sum in sight to understand it.

use crate::explore::{TOOLS, opened};
use crate::runs;
use harness::{Outcome, Page, Setup, in_browser};
use serde_json::json;

/// What of the card does not fit where it stands; how many parts of its sum are in sight; whether
/// something is seen whole within the box that it stands in.
const LOOK: &str = "
    window.frame = () => new Promise(requestAnimationFrame);
    window.box = (what) => what.getBoundingClientRect();
    window.card = () => document.querySelector('.number-card');
    window.misfits = () => {
        const found = [], list = card().querySelector('.terms');
        const edge = box(list).left + list.clientWidth;
        for (const cell of list.querySelectorAll(':is(tbody, tfoot) :is(th, td)')) {
            if (!cell.textContent) continue;
            const written = document.createRange(), own = box(cell);
            const letters = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode();
            written.selectNodeContents(letters);
            const { left, right } = box(written);
            // Cells do not overlap: what stays within its own is over no other.
            if (left < own.left - 1 || right > own.right + 1 || right > edge + 1
                || cell.scrollWidth > cell.clientWidth + 1)
                found.push(`${cell.textContent}: ${left}-${right} in ${own.left}-${own.right}, `
                    + `${cell.scrollWidth} in ${cell.clientWidth}, ${edge}`);
            const lines = new Set([...written.getClientRects()].map(({ top }) => Math.round(top)));
            if (lines.size > 1) found.push(`${cell.textContent} is in ${lines.size} lines`);
        }
        for (const part of card().querySelectorAll('.formula, .cell-value, .verdict'))
            if (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 1)
                found.push(part.textContent);
        return found;
    };
    window.walked = async () => {
        const found = [];
        for (const scene of document.querySelectorAll('.scene')) {
            scene.click();
            while (!scene.ariaCurrent) await frame();
            // One draws it, and the number at which it then is comes to the card with the next.
            for (let n = 0; n < 3; n++) await frame();
            const cell = card().querySelector('.cell-name').textContent;
            found.push(...misfits().map((what) => `${scene.textContent}, ${cell}: ${what}`));
        }
        return found;
    };
    window.parts = () => {
        const list = card().querySelector('.terms'), foot = box(list.querySelector('tfoot'));
        if (foot.bottom > box(card()).bottom) return -1;
        const rows = [...list.querySelectorAll('tbody tr')].map(box);
        return rows.filter((row) => row.top >= box(list).top - 1 && row.bottom <= foot.top + 1).length;
    };
    window.seen = (what, within) => {
        const [a, b] = [what, within].map((of) => box(document.querySelector(of)));
        return a.height > 0 && a.top >= b.top && a.bottom <= b.bottom + 1 && b.bottom <= innerHeight;
    };";

fn setup() -> Setup {
    Setup {
        hash: "",
        page_script: format!("{TOOLS}{LOOK}"),
        ..Setup::cpu()
    }
}

/// A small laptop, a large screen, and that screen as it is shown to a room.
const SCREENS: [(u32, u32, bool); 3] =
    [(1366, 768, false), (1920, 1080, false), (1920, 1080, true)];

fn screen(page: &mut Page, (width, height, presenting): (u32, u32, bool)) -> Outcome<()> {
    let metrics =
        json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    page.command("Emulation.setDeviceMetricsOverride", metrics)?;
    let pressed = "document.querySelector('.present').ariaPressed";
    if page.eval::<String>(pressed)? != presenting.to_string() {
        page.eval::<()>("press('p')")?;
    }
    let there = format!("innerWidth === {width} && {pressed} === '{presenting}'");
    page.wait_for("the screen", &there)
}

fn opens(page: &mut Page, name: &str) -> Outcome<()> {
    page.eval::<serde_json::Value>(&format!("await glassformer.open('{name}')"))?;
    let there = format!(
        "document.querySelector('.what strong').textContent === '{name}'
         && !document.querySelector('.what select:disabled')"
    );
    page.wait_for("the model", &there)
}

#[test]
fn every_number_of_a_card_is_seen_whole_and_over_no_other() -> Outcome<()> {
    in_browser(&setup(), |page| {
        opened(page)?;
        let mut found = Vec::new();
        for name in runs::GLASS {
            opens(page, name)?;
            for place in SCREENS {
                screen(page, place)?;
                // Each time another head.
                page.eval::<()>("press('h')")?;
                let misfits: Vec<String> = page.script("return await walked();")?;
                found.extend(
                    misfits
                        .iter()
                        .map(|what| format!("{name}, {place:?}, {what}")),
                );
            }
        }
        assert!(found.is_empty(), "{found:#?}");
        Ok(())
    })
}

/// To a scene of the last block.
fn to(page: &mut Page, name: &str) -> Outcome<()> {
    page.script::<()>(&format!(
        "[...document.querySelectorAll('.scene')].filter((b) => b.textContent === '{name}').at(-1).click();"
    ))?;
    page.wait_for(name, &format!("present() === '{name}'"))
}

#[test]
fn after_a_change_the_card_still_explains_itself() -> Outcome<()> {
    in_browser(&setup(), |page| {
        opened(page)?;
        opens(page, runs::GLASS[0])?;
        for place in SCREENS {
            screen(page, place)?;
            to(page, "Softmax")?;
            let weight =
                "document.querySelector('.cell-name').textContent.includes('hook_pattern')";
            page.wait_for("a weight on the card", weight)?;
            if !place.2 {
                // Before anything is changed one sees what can be.
                page.wait_for("the box", "seen('#head-1-0', '.poke')")?;
            }
            page.slide("#poke-number", 0)?;
            page.wait_for("what it changed", "!!document.querySelector('.effect')")?;
            let own = "document.querySelector('.verdict .by-hand')?.textContent";
            page.wait_for("whose it is", &format!("!!{own}?.startsWith('set by you')"))?;
            assert!(
                page.eval::<bool>("seen('#poke-number', '.poke')")?,
                "{place:?}"
            );
            assert!(page.eval::<bool>("seen('.effect', '.poke')")?, "{place:?}");
            for scene in ["Softmax", "Mix values", "Logits"] {
                to(page, scene)?;
                page.wait_for(&format!("a sum in {scene}, {place:?}"), "parts() >= 3")?;
                let misfits: Vec<String> = page.eval("misfits()")?;
                assert!(misfits.is_empty(), "{place:?}, {scene}: {misfits:#?}");
            }
            page.click("button", "Take back the change")?;
            page.wait_for("the clean pass", "!document.querySelector('.effect')")?;
        }
        Ok(())
    })
}
