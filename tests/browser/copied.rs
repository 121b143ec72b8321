//! A link that was copied: what is said of it, and the bars that it shows elsewhere.

use crate::links::{explore, opened, shows};
use harness::{Outcome, in_browser};
use serde_json::{Value as Json, json};

#[test]
fn what_says_that_a_link_is_copied_covers_no_sentence() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        let metrics =
            json!({"width": 1366, "height": 768, "deviceScaleFactor": 1, "mobile": false});
        page.command("Emulation.setDeviceMetricsOverride", metrics)?;
        opened(page)?;
        page.eval::<()>("void document.querySelector('.export summary').click()")?;
        page.click("button", "Copy link")?;
        page.shows("The link to this picture is copied")?;
        let covered: Vec<String> = page.script(
            "const said = one('.copied').getBoundingClientRect();
             const beside = (box) => box.right <= said.left || box.left >= said.right
                 || box.bottom <= said.top || box.top >= said.bottom;
             const read = '.what > *, .sentence, .scene-line h2, .scene-words, .scene-tools, .aside';
             return all(read).filter((part) => !beside(part.getBoundingClientRect()))
                 .map((part) => part.className);",
        )?;
        assert!(covered.is_empty(), "it covers {covered:?}");
        Ok(())
    })
}

#[test]
fn a_link_to_a_changed_pass_keeps_the_scale_that_its_bars_had() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        page.eval::<()>("void to('.scene', 'Heads out')")?;
        page.eval::<()>("void scrub(1)")?;
        shows(page, &json!({"title": "Block 0 Heads out", "time": "1"}))?;
        // The largest gone, the others would grow if each pass had a scale of its own.
        for head in [0, 2, 3] {
            page.slide(&format!("#head-0-{head}"), 0)?;
        }
        shows(page, &json!({"changes": "a pass with 3 changes of yours"}))?;
        let off = "[0, 2, 3].every((head) => read(`head ${head}, off`)?.every((x) => x === 0))";
        page.wait_for("the changed pass", off)?;
        page.wait_for("its address", "location.hash.split('change=').length === 4")?;
        let parts: Json = page.eval("JSON.parse(picture())")?;
        let bars = "one('.stage canvas').toDataURL()";
        let before: String = page.eval(bars)?;
        let fresh: String = page
            .eval("location.origin + location.pathname + '?backend=cpu&fresh' + location.hash")?;
        page.go(&fresh)?;
        shows(page, &parts)?;
        page.wait_for(
            "the same bars",
            &format!("{bars} === {}", Json::from(before)),
        )
    })
}
