//! Files that the page hands to the reader.

use crate::protocol::{Fault, FaultKind};
use gloo::file::{Blob, ObjectUrl};
use wasm_bindgen::JsCast;

/// Lets the browser save a file.
pub fn save(name: &str, file: Blob) -> Result<(), Fault> {
    let url = ObjectUrl::from(file);
    let link = gloo::utils::document().create_element("a");
    let link = link.map_err(|_| refused())?;
    let link: web_sys::HtmlElement = link.dyn_into().map_err(|_| refused())?;
    let attributes = [("href", url.as_ref()), ("download", name)];
    for (key, value) in attributes {
        link.set_attribute(key, value).map_err(|_| refused())?;
    }
    link.click();
    // The address must outlive the click: the browser reads it a moment later.
    gloo::timers::callback::Timeout::new(60_000, move || drop(url)).forget();
    Ok(())
}

fn refused() -> Fault {
    let why = "the browser did not let the page save a file; allow downloads for this address";
    Fault::new(FaultKind::Input, why)
}
