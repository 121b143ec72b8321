//! Bars and lists that are longer than the screen.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// Scrolls a bar or a list so that what is chosen in it stands in its middle, whenever `at` changes.
/// The page itself stays where it is, which `scrollIntoView` would not promise.
#[hook]
pub fn use_in_sight(bar: &NodeRef, chosen: &'static str, at: usize) {
    let bar = bar.clone();
    use_effect_with(at, move |_| {
        let Some(bar) = bar.cast::<HtmlElement>() else {
            return;
        };
        let chosen = bar.query_selector(chosen).ok().flatten();
        if let Some(chosen) = chosen.and_then(|chosen| chosen.dyn_into::<HtmlElement>().ok()) {
            let middle = chosen.offset_left() + chosen.offset_width() / 2;
            bar.set_scroll_left(middle - bar.client_width() / 2);
            let middle = chosen.offset_top() + chosen.offset_height() / 2;
            bar.set_scroll_top(middle - bar.client_height() / 2);
        }
    });
}
