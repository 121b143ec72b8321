//! What the client tells whoever listens: the page, a script, a test.

use crate::models::Pretrained;
use crate::protocol::{Backend, Fault, RunInfo, StepReport, Threads, TrainSummary};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// The engine that is in use, and why it and not the other.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineInfo {
    pub backend: Backend,
    /// The GPU's name as the browser gives it; `None` on the CPU.
    pub adapter: Option<String>,
    /// A sentence for the person: why this backend.
    pub reason: String,
    /// The protocol's version, the same in page and engine.
    pub version: u32,
}

/// A run that the engine has made or taken up again.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    pub info: RunInfo,
    pub engine: EngineInfo,
    /// What the text is called, for people: "Tiny Shakespeare", "notes.txt", "addition".
    pub label: String,
    /// Which ready-made model it is, if it is one: it writes, and has no text to train on.
    pub ready_made: Option<Rc<Pretrained>>,
}

/// Something that happened. Events that are only a state (a download, the warm-up) may be drawn
/// over one another; nothing is lost by showing the latest only.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// An engine is on its way, in bytes of the unpacked file. `total` is `None` when the server
    /// compresses and does not say how long the file will be.
    Download {
        backend: Backend,
        received: u64,
        total: Option<u64>,
    },
    /// The engine is there; the worker makes its device.
    Starting(Backend),
    /// An engine is ready for a run.
    Ready(EngineInfo),
    /// Shaders are being compiled, 0 to 1.
    Warming(f32),
    /// A run was made, resumed, loaded or moved.
    Run(Rc<Started>),
    /// Training has begun (`true`), or has paused or ended (`false`).
    Training(bool),
    /// Steps done since the last such notice, in order, each once. After [`Notice::Replaced`] the
    /// numbers start again after the step it names: drop what was drawn beyond it.
    Steps(Vec<StepReport>),
    /// On how many threads the run's steps are computed.
    Threads(Threads),
    /// A `train` has come to its end or was paused.
    Trained(TrainSummary),
    /// Losses over the whole texts, in nats per character.
    Evaluated { train_loss: f32, val_loss: f32 },
    /// The model begins to write after that prompt.
    Writing { prompt: String },
    /// The next piece that the model wrote.
    Wrote(String),
    /// The model has stopped writing.
    Written,
    /// The state after that step is kept in the browser.
    Saved { step: u32 },
    /// The state could not be kept in the browser: a sentence for the person. Training goes on.
    Storage(String),
    /// The worker was replaced: why, and where the run goes on. [`Notice::Run`] follows.
    Replaced {
        reason: String,
        backend: Backend,
        step: u32,
    },
    /// The run was dropped.
    Stopped,
    /// No worker can be had any more, or an error that belongs to no request.
    Failed(Fault),
}

type Listener = Rc<dyn Fn(&Notice)>;

/// Who listens. Listeners are called in the order in which they came; one may subscribe or
/// unsubscribe while it is called.
#[derive(Default)]
pub(super) struct Listeners(Rc<RefCell<Vec<Listener>>>);

impl Listeners {
    pub(super) fn add(&self, listener: impl Fn(&Notice) + 'static) -> Subscription {
        let listener: Listener = Rc::new(listener);
        self.0.borrow_mut().push(Rc::clone(&listener));
        Subscription {
            listeners: Rc::downgrade(&self.0),
            listener,
        }
    }

    pub(super) fn tell(&self, notice: &Notice) {
        // A copy, since a listener may change the list.
        let listeners = self.0.borrow().clone();
        for listener in listeners {
            listener(notice);
        }
    }
}

/// A listener's place in the list; dropping it ends the listening.
#[must_use = "dropping a subscription unsubscribes"]
pub struct Subscription {
    listeners: Weak<RefCell<Vec<Listener>>>,
    listener: Listener,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(listeners) = self.listeners.upgrade() {
            listeners
                .borrow_mut()
                .retain(|other| !Rc::ptr_eq(other, &self.listener));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_dropped_subscription_hears_nothing_more() {
        let listeners = Listeners::default();
        let heard = Rc::new(Cell::new(0));
        let count = Rc::clone(&heard);
        let subscription = listeners.add(move |_| count.set(count.get() + 1));
        listeners.tell(&Notice::Stopped);
        drop(subscription);
        listeners.tell(&Notice::Stopped);
        assert_eq!(heard.get(), 1);
    }

    #[test]
    fn a_listener_may_leave_while_it_is_called() {
        let listeners = Rc::new(Listeners::default());
        let slot: Rc<RefCell<Option<Subscription>>> = Rc::default();
        let own = Rc::clone(&slot);
        let subscription = listeners.add(move |_| drop(own.borrow_mut().take()));
        *slot.borrow_mut() = Some(subscription);
        listeners.tell(&Notice::Stopped);
        assert!(slot.borrow().is_none());
        listeners.tell(&Notice::Stopped);
    }
}
