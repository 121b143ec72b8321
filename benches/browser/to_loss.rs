//! How long the preset `laptop` trains, as a person has it train, until it knows the text so well.

use harness::{Outcome, Setup, in_browser};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long a loss took.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    #[serde(default)]
    pub target: f64,
    /// The estimate with which it was reached, or the last one where the run ended above it.
    pub val_loss: f64,
    pub steps: u32,
    /// By the page's clock, estimates and checkpoints included.
    pub seconds: f64,
}

/// Steps between two estimates of the validation loss.
const EVAL_EVERY: u32 = 100;

/// On the CPU. (The WebGPU of this browser is the CPU as well.)
///
/// # Errors
/// When the page refuses, or has an uncaught error.
pub fn measure(target: f64, text: &str) -> Outcome<Reached> {
    let spec = json!({
        "preset": "laptop", "train": {"eval_every": EVAL_EVERY},
        "corpus": {"text": text}, "backend": "cpu",
    });
    in_browser(&Setup::cpu(), |page| {
        // Minutes: what is asked of the page must be answered sooner.
        page.script::<()>(&format!(
            "window.reached = null;
             await glassformer.newRun({spec});
             const start = performance.now();
             let last;
             glassformer.on('steps', (all) => {{
                 for (const {{ step, valLoss }} of all) {{
                     if (valLoss === null || last?.valLoss <= {target}) continue;
                     last = {{ valLoss, steps: step, seconds: (performance.now() - start) / 1000 }};
                     if (valLoss <= {target}) glassformer.pause();
                 }}
             }});
             glassformer.train().then(
                 () => window.reached = last,
                 (error) => window.reached = {{ error: error.message }});"
        ))?;
        loop {
            page.idle(Duration::from_secs(1))?;
            let reached: Option<Reached> = page.script(
                "if (reached?.error) throw new Error(reached.error);
                 return reached;",
            )?;
            if let Some(reached) = reached {
                return Ok(Reached { target, ..reached });
            }
        }
    })
}
