//! Nothing on Explore moves by itself: while a journey goes by only its picture changes, at every
//! size of the screen.

use crate::{
    explore::{TOOLS, opened},
    runs,
};
use harness::{Outcome, Setup, in_browser};
use serde_json::json;

/// What moved without being asked to, as the browser sees it, with where from and where to. What a
/// script does counts as unasked.
const WATCH: &str = "
    window.frame = () => new Promise(requestAnimationFrame);
    const moved = new PerformanceObserver(() => {});
    moved.observe({ type: 'layout-shift' });
    const box = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
    window.moves = () => moved.takeRecords().map(({ value, sources }) =>
        `${value.toFixed(4)}: ` + sources.map(({ node, previousRect, currentRect }) =>
            `${node?.parentElement?.className}>${node?.nodeName}.${node?.className} `
            + `\"${node?.textContent?.slice(0, 30)}\" ${box(previousRect)} -> ${box(currentRect)}`,
        ).join('; '));
    window.slide = (input, value) => {
        input.value = String(value);
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    };
    window.journey = async () => {
        const found = [];
        moves();
        for (const scene of document.querySelectorAll('.scene')) {
            scene.click();
            while (!scene.ariaCurrent) await frame();
            for (const time of [0, 0.25, 0.5, 0.75, 1]) {
                slide(document.querySelector('.scrub input'), time);
                // One draws it, after the next its size is laid out, and then what moved is known.
                for (let n = 0; n < 3; n++) await frame();
                for (const move of moves()) found.push(`${scene.textContent} at ${time}: ${move}`);
            }
        }
        return found;
    };";

#[test]
fn a_journey_moves_nothing_but_its_picture() -> Outcome<()> {
    let setup = Setup {
        hash: "",
        page_script: format!("{TOOLS}{WATCH}"),
        ..Setup::cpu()
    };
    in_browser(&setup, |page| {
        opened(page)?;
        let mut found = Vec::new();
        for (width, height) in [(1440, 900), (1366, 768), (390, 844)] {
            let metrics =
                json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
            page.command("Emulation.setDeviceMetricsOverride", metrics)?;
            page.wait_for("the size", &format!("innerWidth === {width}"))?;
            for name in runs::GLASS {
                page.eval::<serde_json::Value>(&format!("await glassformer.open('{name}')"))?;
                let there = format!(
                    "document.querySelector('.what strong').textContent === '{name}'
                     && !document.querySelector('.what select:disabled')"
                );
                page.wait_for("the model", &there)?;
                let moves: Vec<String> = page.script("return await journey();")?;
                let told = moves.into_iter();
                found.extend(told.map(|what| format!("{name}, {width} by {height}, {what}")));
            }
        }
        assert!(found.is_empty(), "{found:#?}");
        Ok(())
    })
}
