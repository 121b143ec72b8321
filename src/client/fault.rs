//! Turns what a browser throws into a [`Fault`] that a person can read.

use crate::protocol::{Fault, FaultKind};
use js_sys::{Error, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The words of whatever was thrown.
pub(super) fn words(thrown: &JsValue) -> String {
    if let Some(error) = thrown.dyn_ref::<Error>() {
        return String::from(error.message());
    }
    // A DOMException is no Error in every browser.
    let message = Reflect::get(thrown, &JsValue::from_str("message")).ok();
    message
        .and_then(|message| message.as_string())
        .or_else(|| thrown.as_string())
        .unwrap_or_else(|| format!("{thrown:?}"))
}

/// The person's input or the network's fault: say it, nothing is broken.
pub(super) fn input(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Input, message)
}

/// A request that does not fit the moment.
pub(super) fn state(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::State, message)
}

/// A bug, in page or engine.
pub(super) fn internal(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Internal, message)
}
