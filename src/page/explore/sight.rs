//! Bars and lists that are longer than the screen, and the stage where it is below it.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement, ResizeObserver};
use yew::prelude::*;

/// A screen on which all stands one under the other, as the style has it.
const NARROW: &str = "(max-width: 48rem)";

/// Scrolls a bar or a list so that what is chosen in it stands in its middle, whenever `at` or its own
/// size changes. The page itself stays where it is, which `scrollIntoView` would not promise.
#[hook]
pub fn use_in_sight<T: PartialEq + 'static>(bar: &NodeRef, chosen: &'static str, at: T) {
    let bar = bar.clone();
    use_effect_with(at, move |_| {
        let bar = bar.cast::<HtmlElement>();
        if let Some(bar) = &bar {
            centre(bar, chosen);
        }
        let resized = {
            let bar = bar.clone();
            Closure::<dyn Fn()>::new(move || {
                if let Some(bar) = &bar {
                    centre(bar, chosen);
                }
            })
        };
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(bar)) = (&observer, &bar) {
            observer.observe(bar);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(resized);
        }
    });
}

fn centre(bar: &HtmlElement, chosen: &str) {
    let chosen = bar.query_selector(chosen).ok().flatten();
    if let Some(chosen) = chosen.and_then(|chosen| chosen.dyn_into::<HtmlElement>().ok()) {
        let middle = chosen.offset_left() + chosen.offset_width() / 2;
        bar.set_scroll_left(middle - bar.client_width() / 2);
        let middle = chosen.offset_top() + chosen.offset_height() / 2;
        bar.set_scroll_top(middle - bar.client_height() / 2);
    }
}

/// Brings what has that id into sight and gives it the focus, once what is being drawn is there.
pub fn focus_on(id: String) {
    let focus = move || {
        let there = gloo::utils::document().get_element_by_id(&id);
        if let Some(there) = there.and_then(|there| there.dyn_into::<HtmlElement>().ok()) {
            // One that cannot have it is not worth a word.
            let _ = there.focus();
        }
    };
    Timeout::new(0, focus).forget();
}

/// A bar or a list with one stop for the Tab key: the focus goes with what is chosen, whenever `at`
/// changes while it is there.
#[hook]
pub fn use_one_stop<T: PartialEq + 'static>(bar: &NodeRef, chosen: &'static str, at: T) {
    let bar = bar.clone();
    use_effect_with(at, move |_| {
        let focused = gloo::utils::document().active_element();
        let bar = bar
            .cast::<Element>()
            .filter(|bar| bar.contains(focused.as_deref()));
        let chosen = bar.and_then(|bar| bar.query_selector(chosen).ok().flatten());
        if let Some(chosen) = chosen.and_then(|chosen| chosen.dyn_into::<HtmlElement>().ok()) {
            // One that cannot have it is not worth a word.
            let _ = chosen.focus();
        }
    });
}

/// On a narrow screen brings the stage up whenever `at` changes, that is another scene begins, so that
/// what moves is seen. Who scrolls by hand is left alone, until a scene or an example is asked for.
#[hook]
pub fn use_stage_in_sight(canvas: &NodeRef, at: (u32, bool)) {
    let by_hand = use_mut_ref(|| false);
    // One reads from the top: the first scene does not count.
    let first = use_mut_ref(|| true);
    {
        let by_hand = Rc::clone(&by_hand);
        use_effect_with((), move |()| {
            let window = gloo::utils::window();
            let scrolls = ["wheel", "touchmove"].map(|gesture| {
                let by_hand = Rc::clone(&by_hand);
                EventListener::new(&window, gesture, move |_| *by_hand.borrow_mut() = true)
            });
            // Before the click itself opens a scene.
            let early = EventListenerOptions::run_in_capture_phase();
            let asks = EventListener::new_with_options(&window, "click", early, move |event| {
                let target = event.target().and_then(|target| target.dyn_into().ok());
                let asked = |target: Element| target.closest(".timeline, .examples").ok().flatten();
                if target.and_then(asked).is_some() {
                    *by_hand.borrow_mut() = false;
                }
            });
            move || drop((scrolls, asks))
        });
    }
    let canvas = canvas.clone();
    use_effect_with(at, move |_| {
        let window = gloo::utils::window();
        let narrow = window.match_media(NARROW).ok().flatten();
        let card = canvas.cast::<Element>();
        let card = card.and_then(|canvas| canvas.closest(".stage-card").ok().flatten());
        let card = card.and_then(|card| card.dyn_into::<HtmlElement>().ok());
        if first.replace(false) || *by_hand.borrow() || !narrow.is_some_and(|query| query.matches())
        {
            return;
        }
        let top = card.map_or(0.0, |card| f64::from(card.offset_top()));
        if window.scroll_y().is_ok_and(|scrolled| scrolled < top) {
            window.scroll_to_with_x_and_y(0.0, top);
        }
    });
}
