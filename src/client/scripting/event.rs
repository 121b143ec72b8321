//! The events that a script may listen to.

use super::answer::{Losses, Ran, Ready, Step, Trained, Written};
use super::plain;
use crate::client::Notice;
use crate::client::fault::input;
use crate::protocol::Fault;
use serde_json::json;
use wasm_bindgen::JsValue;

/// A sort of [`Notice`], under the name that scripts know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    Download,
    Starting,
    Ready,
    Warming,
    Run,
    Training,
    Steps,
    Threads,
    Trained,
    Evaluated,
    Writing,
    Wrote,
    Written,
    Saved,
    Storage,
    Replaced,
    Stopped,
    Failed,
}

impl Happening {
    const ALL: [Happening; 18] = [
        Happening::Download,
        Happening::Starting,
        Happening::Ready,
        Happening::Warming,
        Happening::Run,
        Happening::Training,
        Happening::Steps,
        Happening::Threads,
        Happening::Trained,
        Happening::Evaluated,
        Happening::Writing,
        Happening::Wrote,
        Happening::Written,
        Happening::Saved,
        Happening::Storage,
        Happening::Replaced,
        Happening::Stopped,
        Happening::Failed,
    ];

    fn name(self) -> &'static str {
        match self {
            Happening::Download => "download",
            Happening::Starting => "starting",
            Happening::Ready => "ready",
            Happening::Warming => "warming",
            Happening::Run => "run",
            Happening::Training => "training",
            Happening::Steps => "steps",
            Happening::Threads => "threads",
            Happening::Trained => "trained",
            Happening::Evaluated => "evaluated",
            Happening::Writing => "writing",
            Happening::Wrote => "wrote",
            Happening::Written => "written",
            Happening::Saved => "saved",
            Happening::Storage => "storage",
            Happening::Replaced => "replaced",
            Happening::Stopped => "stopped",
            Happening::Failed => "failed",
        }
    }

    /// The sort that a script named.
    ///
    /// # Errors
    /// A name that is none, with those there are.
    pub(super) fn read(name: &JsValue) -> Result<Self, Fault> {
        let name = name.as_string().unwrap_or_default();
        Self::named(&name)
    }

    fn named(name: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|sort| sort.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            input(format!("there is no event \"{name}\"; there are {names}"))
        })
    }

    pub(super) fn of(notice: &Notice) -> Self {
        match notice {
            Notice::Download { .. } => Happening::Download,
            Notice::Starting(_) => Happening::Starting,
            Notice::Ready(_) => Happening::Ready,
            Notice::Warming(_) => Happening::Warming,
            Notice::Run(_) => Happening::Run,
            Notice::Training(_) => Happening::Training,
            Notice::Steps(_) => Happening::Steps,
            Notice::Threads(_) => Happening::Threads,
            Notice::Trained(_) => Happening::Trained,
            Notice::Evaluated { .. } => Happening::Evaluated,
            Notice::Writing { .. } => Happening::Writing,
            Notice::Wrote(_) => Happening::Wrote,
            Notice::Written => Happening::Written,
            Notice::Saved { .. } => Happening::Saved,
            Notice::Storage(_) => Happening::Storage,
            Notice::Replaced { .. } => Happening::Replaced,
            Notice::Stopped => Happening::Stopped,
            Notice::Failed(_) => Happening::Failed,
        }
    }
}

/// What a listener is called with.
///
/// # Errors
/// What the browser throws when it cannot make a plain object.
pub(super) fn detail(notice: &Notice) -> Result<JsValue, JsValue> {
    match notice {
        Notice::Download {
            backend,
            received,
            total,
        } => plain(&json!({ "backend": backend, "received": received, "total": total })),
        Notice::Starting(backend) => plain(&json!({ "backend": backend })),
        Notice::Ready(info) => plain(&Ready::from(info.clone())),
        Notice::Warming(done) => plain(&json!({ "done": done })),
        Notice::Run(started) => plain(&Ran::from(&**started)),
        Notice::Training(on) => plain(&json!({ "on": on })),
        Notice::Steps(reports) => plain(&reports.iter().map(Step::from).collect::<Vec<_>>()),
        Notice::Threads(threads) => plain(threads),
        Notice::Trained(summary) => plain(&Trained::from(*summary)),
        Notice::Evaluated {
            train_loss,
            val_loss,
        } => plain(&Losses {
            train_loss: *train_loss,
            val_loss: *val_loss,
        }),
        Notice::Writing { prompt } => plain(&json!({ "prompt": prompt })),
        Notice::Wrote(text) => plain(&Written { text: text.clone() }),
        Notice::Written | Notice::Stopped => Ok(JsValue::UNDEFINED),
        Notice::Saved { step } => plain(&json!({ "step": step })),
        Notice::Storage(message) => plain(&json!({ "message": message })),
        Notice::Replaced {
            reason,
            backend,
            step,
        } => plain(&json!({ "reason": reason, "backend": backend, "step": step })),
        Notice::Failed(fault) => plain(&json!({ "message": fault.message, "kind": fault.kind })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_found_by_its_name_and_no_other() {
        for sort in Happening::ALL {
            assert_eq!(Happening::named(sort.name()), Ok(sort));
        }
        let fault = Happening::named("step done").expect_err("no event");
        assert!(fault.message.contains("step done") && fault.message.contains("steps"));
    }
}
