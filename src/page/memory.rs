//! Small choices that the browser remembers from one visit to the next, each under a name.
//!
//! Where the reader has the browser keep nothing for this page there is no storage at all: then a
//! choice holds until the page is left.

use crate::json;
use serde::{Serialize, de::DeserializeOwned};
use web_sys::Storage;

/// What was chosen under that name, if anything that is still understood.
pub fn recall<T: DeserializeOwned>(name: &str) -> Option<T> {
    let kept = storage()?.get_item(name).ok()??;
    json::read(&kept).ok()
}

/// Keeps a choice, if the browser does.
pub fn remember(name: &str, choice: &impl Serialize) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(choice)) {
        // Full or refused: it is chosen again.
        let _ = storage.set_item(name, &text);
    }
}

fn storage() -> Option<Storage> {
    gloo::utils::window().local_storage().ok()?
}
