//! One worker, and the questions that it has not answered yet.

use super::build::Build;
use super::download::Program;
use super::fault::{internal, words};
use crate::protocol::{Command, Event, Fault, FaultKind, Reply, Request};
use crate::wire::Parcel;
use futures::channel::oneshot;
use gloo::events::EventListener;
use js_sys::{Array, Object, Reflect};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

/// An answer and the bytes that came with it.
pub(super) type Answer = (Reply, Vec<Vec<u8>>);

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Lost {
    /// The engine refused, and is well.
    Refused(Fault),
    /// The worker broke, or was put away, before it answered.
    Gone(Fault),
}

impl Lost {
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Lost::Refused(fault) | Lost::Gone(fault) => fault,
        }
    }
}

/// What the worker says of its own accord.
#[expect(clippy::large_enum_variant, reason = "each is taken apart at once")]
pub(super) enum Heard {
    Event(Event, Vec<Vec<u8>>),
    /// It broke; it is put away already.
    Broken(Fault),
}

type Hear = dyn Fn(&Link, Heard);

/// A live worker, or one that broke. Dropping it ends the worker.
pub(super) struct Link {
    pub(super) build: Build,
    worker: Worker,
    hear: Box<Hear>,
    up: RefCell<Option<oneshot::Sender<()>>>,
    waiting: RefCell<HashMap<u32, oneshot::Sender<Result<Answer, Lost>>>>,
    last_id: Cell<u32>,
    broken: RefCell<Option<Fault>>,
    _listeners: Vec<EventListener>,
}

impl Link {
    /// Starts the worker; the receiver fires when the engine inside listens, and is dropped when
    /// the worker breaks before. `hear` gets everything that is no answer.
    ///
    /// # Errors
    /// When the browser gives no worker.
    pub(super) fn start(
        build: Build,
        program: &Program,
        hear: impl Fn(&Link, Heard) + 'static,
    ) -> Result<(Rc<Self>, oneshot::Receiver<()>), Fault> {
        let refused = |e: JsValue| {
            let why = words(&e);
            Fault::new(
                FaultKind::Device,
                format!("the browser starts no worker for the engine: {why}"),
            )
        };
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(build.backend().name());
        let worker = Worker::new_with_options(&program.loader, &options).map_err(refused)?;
        let (up, is_up) = oneshot::channel();
        let link = Rc::new_cyclic(|weak: &Weak<Link>| Link {
            build,
            _listeners: Self::listen(&worker, weak),
            worker,
            hear: Box::new(hear),
            up: RefCell::new(Some(up)),
            waiting: RefCell::default(),
            last_id: Cell::new(0),
            broken: RefCell::default(),
        });
        let boot = Object::new();
        Reflect::set(&boot, &"script".into(), &program.script.as_str().into()).map_err(refused)?;
        Reflect::set(&boot, &"module".into(), &program.module).map_err(refused)?;
        link.worker.post_message(&boot).map_err(refused)?;
        Ok((link, is_up))
    }

    fn listen(worker: &Worker, weak: &Weak<Link>) -> Vec<EventListener> {
        let on = |name: &'static str, act: fn(&Link, &web_sys::Event)| {
            let link = weak.clone();
            EventListener::new(worker, name, move |event| {
                if let Some(link) = link.upgrade() {
                    act(&link, event);
                }
            })
        };
        vec![
            on("message", |link, event| {
                match event.dyn_ref::<MessageEvent>() {
                    Some(message) => link.receive(&message.data()),
                    None => link.break_with(internal("a message event without a message")),
                }
            }),
            on("messageerror", |link, _| {
                link.break_with(internal("a message of the engine could not be read"));
            }),
            on("error", |link, event| {
                let error = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
                let error = error.filter(|words| !words.is_empty());
                link.stop(&error.unwrap_or_else(|| "its files could not be loaded".into()));
            }),
        ]
    }

    /// Asks, and gives the question's number beside the answer to come.
    pub(super) fn ask(
        &self,
        command: Command,
        payloads: Vec<Vec<u8>>,
    ) -> (u32, impl Future<Output = Result<Answer, Lost>> + use<>) {
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        let (sender, receiver) = oneshot::channel();
        if let Err(lost) = self.post(id, command, payloads) {
            // The receiver is held below, so this cannot fail.
            let _ = sender.send(Err(lost));
        } else {
            self.waiting.borrow_mut().insert(id, sender);
        }
        let answer = async move {
            let put_away = |_| Err(Lost::Gone(super::fault::state("the engine was put away")));
            receiver.await.unwrap_or_else(put_away)
        };
        (id, answer)
    }

    fn post(&self, id: u32, command: Command, payloads: Vec<Vec<u8>>) -> Result<(), Lost> {
        if let Some(fault) = self.broken.borrow().clone() {
            return Err(Lost::Gone(fault));
        }
        let refused =
            |why: String| Lost::Refused(internal(format!("a command cannot be sent: {why}")));
        let parcel = Parcel::with(Request { id, command }, payloads);
        let (value, transfer) = parcel.pack().map_err(refused)?;
        self.worker
            .post_message_with_transfer(&value, &transfer)
            .map_err(|e| refused(words(&e)))
    }

    /// Why the worker is gone, if it is.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.broken.borrow().clone()
    }

    /// Has the worker fail as a bug in the engine would.
    pub(super) fn crash(&self) {
        let order = Object::new();
        // Neither can fail on a plain object; if they did, nothing would crash, as is seen.
        let _ = Reflect::set(&order, &"crash".into(), &"crashed on request".into());
        let _ = self.worker.post_message(&order);
    }

    /// Ends the worker and tells everybody who waits why.
    pub(super) fn break_with(&self, fault: Fault) {
        if self.put_away(&fault) {
            (self.hear)(self, Heard::Broken(fault));
        }
    }

    /// An error that nobody caught ended the program inside.
    fn stop(&self, error: &str) {
        let starting = self.up.borrow().is_some();
        self.break_with(internal(if starting {
            format!("the engine cannot be started ({error}); check the network and reload the page")
        } else {
            error.into()
        }));
    }

    /// Ends the worker without calling it broken; false if it had ended before.
    pub(super) fn put_away(&self, fault: &Fault) -> bool {
        if self.broken.borrow().is_some() {
            return false;
        }
        *self.broken.borrow_mut() = Some(fault.clone());
        self.worker.terminate();
        self.up.borrow_mut().take();
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        for (_, sender) in waiting {
            // Fails when nobody waits any more.
            let _ = sender.send(Err(Lost::Gone(fault.clone())));
        }
        true
    }

    fn receive(&self, data: &JsValue) {
        if self.broken.borrow().is_some() {
            return;
        }
        if !data.is_instance_of::<Array>() {
            return self.receive_from_loader(data);
        }
        match Parcel::<Event>::unpack(data) {
            Ok(parcel) => self.receive_event(parcel),
            Err(why) => self.break_with(internal(format!(
                "the engine sent what the page cannot read ({why}): reload the page"
            ))),
        }
    }

    fn receive_from_loader(&self, data: &JsValue) {
        let error = Reflect::get(data, &"error".into()).ok();
        match error.and_then(|error| error.as_string()) {
            Some(error) => self.stop(&error),
            None => {
                if let Some(up) = self.up.borrow_mut().take() {
                    // Fails when nobody waits any more.
                    let _ = up.send(());
                }
            }
        }
    }

    fn receive_event(&self, parcel: Parcel<Event>) {
        let Parcel { message, payloads } = parcel;
        match message {
            Event::Reply { id, result } => {
                let broke = result
                    .as_ref()
                    .err()
                    .filter(|fault| is_fatal(fault.kind))
                    .cloned();
                let sender = self.waiting.borrow_mut().remove(&id);
                if let Some(sender) = sender {
                    let answer = match (result, &broke) {
                        (Ok(reply), _) => Ok((reply, payloads)),
                        (Err(fault), None) => Err(Lost::Refused(fault)),
                        (Err(fault), Some(_)) => Err(Lost::Gone(fault)),
                    };
                    // Fails when nobody waits any more.
                    let _ = sender.send(answer);
                }
                if let Some(fault) = broke {
                    self.break_with(fault);
                }
            }
            Event::Broken { fault } => self.break_with(fault),
            event => (self.hear)(self, Heard::Event(event, payloads)),
        }
    }
}

/// Whether a worker that answers so must be replaced.
fn is_fatal(kind: FaultKind) -> bool {
    match kind {
        FaultKind::Device | FaultKind::Internal => true,
        FaultKind::Input | FaultKind::State | FaultKind::Diverged => false,
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
