//! A run whose page nobody sees goes on, and whoever comes back is told how far it came.

use crate::runs;
use harness::{Outcome, Setup, in_browser};
use serde_json::json;

/// The page goes out of sight (`true`) or comes back, as the browser would have it.
fn sight(hidden: bool) -> String {
    format!(
        "Object.defineProperty(document, 'hidden', {{ configurable: true, value: {hidden} }});
         document.dispatchEvent(new Event('visibilitychange'));"
    )
}

#[test]
fn a_run_goes_on_out_of_sight_and_says_how_far_it_came() -> Outcome<()> {
    let mut spec = runs::small();
    spec["train"]["max_steps"] = json!(100_000);
    in_browser(&Setup::cpu(), |page| {
        page.script::<()>(
            "window.seen = 0;
             glassformer.on('steps', steps => seen = steps.at(-1).step);",
        )?;
        page.eval::<()>("void (location.hash = '#/train')")?;
        runs::new_run(page, &spec)?;
        page.script::<()>("glassformer.train().catch(() => {});")?;
        page.wait_for("some steps", "seen > 20")?;
        page.find("button", "Pause")?;
        let hide = sight(true);
        page.script::<()>(&format!(
            "{hide} window.left = seen; window.since = Date.now();"
        ))?;
        page.wait_for(
            "steps that nobody sees",
            "seen > left + 20 && Date.now() - since > 2500",
        )?;
        let show = sight(false);
        let steps: u32 = page.script(&format!("const now = seen - left; {show} return now;"))?;
        page.shows("Out of sight for")?;
        let told: String =
            page.eval("document.querySelector('.out-of-sight').textContent.replaceAll(',', '')")?;
        let words = format!("the run made {steps} steps");
        assert!(told.contains(&words), "\"{told}\" is not {steps} steps");
        Ok(())
    })
}
