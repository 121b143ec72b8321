//! The engine in a dedicated Web Worker: `postMessage` on one side, a [`Session`] on the other.
//!
//! Every exchange is a [`Parcel`] of [`crate::protocol`]. A panic is told to the page as
//! [`Event::Broken`]; the page then replaces the worker, since a wasm module cannot go on after one.

use super::session::{Host, Session};
use crate::protocol::{Backend, Command, Event, Fault, FaultKind, Request};
use crate::wire::Parcel;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

/// Serves the page until the worker is terminated; in a worker of the engine's own, the engine.
pub fn start(backend: Backend) {
    #[cfg(target_arch = "wasm32")]
    match super::hire::serve() {
        Ok(false) => {}
        Ok(true) => return,
        Err(why) => wasm_bindgen::throw_val(why),
    }
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    report_panics(&scope);
    let inbox = Rc::new(Inbox::default());
    listen(&scope, inbox.clone());
    wasm_bindgen_futures::spawn_local(async move {
        let mut session = Session::new(backend, WorkerHost::new(scope, inbox.clone()));
        loop {
            while let Some(Parcel { message, payloads }) = inbox.take() {
                session.handle(message, payloads).await;
            }
            if session.is_busy() {
                session.turn().await;
                session.host().breathe().await;
            } else {
                inbox.filled().await;
            }
        }
    });
}

/// Requests that have arrived and wait for the turn to end.
#[derive(Default)]
struct Inbox {
    parcels: RefCell<VecDeque<Parcel<Request>>>,
    /// Resolves the promise that an idle session waits for.
    wake: RefCell<Option<js_sys::Function>>,
}

impl Inbox {
    fn put(&self, parcel: Parcel<Request>) {
        self.parcels.borrow_mut().push_back(parcel);
        if let Some(wake) = self.wake.borrow_mut().take() {
            // A resolve function does not throw.
            let _ = wake.call0(&JsValue::UNDEFINED);
        }
    }

    fn take(&self) -> Option<Parcel<Request>> {
        self.parcels.borrow_mut().pop_front()
    }

    fn asks_for_pause(&self) -> bool {
        self.parcels
            .borrow()
            .iter()
            .any(|parcel| matches!(parcel.message.command, Command::Pause))
    }

    async fn filled(&self) {
        if !self.parcels.borrow().is_empty() {
            return;
        }
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            *self.wake.borrow_mut() = Some(resolve);
        });
        // This promise is only ever resolved.
        let _ = JsFuture::from(promise).await;
    }
}

fn listen(scope: &DedicatedWorkerGlobalScope, inbox: Rc<Inbox>) {
    let sender = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match Parcel::unpack(&event.data()) {
            Ok(parcel) => inbox.put(parcel),
            Err(problem) => broken(
                &sender,
                format!("The engine could not read a message: {problem}"),
            ),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // It lives as long as the worker.
    on_message.forget();
}

fn report_panics(scope: &DedicatedWorkerGlobalScope) {
    let scope = Scope(scope.clone());
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        scope.broken(format!("The engine stopped on an error of its own: {info}"));
    }));
}

/// A worker has one thread; the panic hook's type asks for more than that.
struct Scope(DedicatedWorkerGlobalScope);

// SAFETY: this module runs in a worker of its own without shared memory, so nothing crosses threads.
unsafe impl Send for Scope {}
// SAFETY: as above.
unsafe impl Sync for Scope {}

impl Scope {
    fn broken(&self, message: String) {
        broken(&self.0, message);
    }
}

fn broken(scope: &DedicatedWorkerGlobalScope, message: String) {
    let fault = Fault::new(FaultKind::Internal, message);
    post(scope, &Parcel::from(Event::Broken { fault }));
}

fn post(scope: &DedicatedWorkerGlobalScope, parcel: &Parcel<Event>) {
    let posted = parcel
        .pack()
        .map_err(|problem| JsValue::from_str(&problem))
        .and_then(|(value, transfer)| scope.post_message_with_transfer(&value, &transfer));
    if let Err(problem) = posted {
        // Nobody else can be told: this is the channel that failed.
        web_sys::console::error_1(&problem);
    }
}

/// Has `www/engine-worker.js` tell how much of its work the GPU has done, while `on`: shaders compile
/// there while this side waits for the first numbers.
fn watch_gpu(on: bool) {
    let watch = js_sys::Reflect::get(&js_sys::global(), &"watchGpu".into());
    if let Ok(Some(watch)) = watch.map(|watch| watch.dyn_into::<js_sys::Function>().ok()) {
        // Without it there is no progress to show, and nothing else is lost.
        let _ = watch.call1(&JsValue::UNDEFINED, &on.into());
    }
}

struct WorkerHost {
    scope: DedicatedWorkerGlobalScope,
    inbox: Rc<Inbox>,
    /// A message to oneself is a task of its own, and unlike a timer it is not held back.
    channel: Option<MessageChannel>,
}

impl WorkerHost {
    fn new(scope: DedicatedWorkerGlobalScope, inbox: Rc<Inbox>) -> Self {
        WorkerHost {
            scope,
            inbox,
            channel: MessageChannel::new().ok(),
        }
    }
}

impl Host for WorkerHost {
    fn emit(&self, event: Event, payloads: Vec<Vec<u8>>) {
        if let Event::Warming { done } = event {
            watch_gpu(done < 1.0);
        }
        post(&self.scope, &Parcel::with(event, payloads));
    }

    async fn breathe(&self) -> bool {
        if let Some(channel) = &self.channel {
            let promise = js_sys::Promise::new(&mut |resolve, _| {
                channel.port1().set_onmessage(Some(&resolve));
                // Posting null cannot fail: there is nothing to clone.
                let _ = channel.port2().post_message(&JsValue::NULL);
            });
            // This promise is only ever resolved.
            let _ = JsFuture::from(promise).await;
        }
        self.inbox.asks_for_pause()
    }
}
