//! The keys of the page, what each does, and the list that says so.

use crate::page::deeds::Page;
use crate::page::memory;
use crate::page::state::Action;
use crate::page::state::explore::ExploreAction;
use crate::page::state::explore::write_on::WriteOnAction;
use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent};
use yew::prelude::*;

/// The keys and what they do.
const KEYS: [(&str, &str); 13] = [
    ("Space", "play or pause"),
    ("← →", "one scene back or on"),
    ("↑ ↓", "one token up or down"),
    ("Home End", "first or last scene"),
    ("[ ]", "one block back or on"),
    ("H", "next head"),
    ("O", "overview, or back into the blocks"),
    ("W", "write on, or stop"),
    ("S", "write the sentence; Esc goes back to the stage"),
    PRESENT,
    (
        "Esc",
        "close this list; back to the scene's own number, and to the usual size",
    ),
    ("?", "this list"),
    (
        "arrows on the stage",
        "from number to number; after Esc from scene to scene again",
    ),
];

/// It has no meaning on a screen without room for it.
const PRESENT: (&str, &str) = ("P", "large, for a projector, or as usual");

/// A screen whose stage can be shown large, as the style has it.
const ROOMY: &str = "(min-width: 75.01rem) and (min-height: 38rem)";

fn is_roomy() -> bool {
    let query = gloo::utils::window().match_media(ROOMY).ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Under which name the browser keeps whether keys that write something do anything here.
const WRITTEN: &str = "glassformer.keys.written";

/// Whether keys that write a letter or a sign do anything: who speaks to the machine, or often hits a
/// wrong key, has them off (WCAG 2.2, criterion 2.1.4).
fn written_hold() -> bool {
    memory::recall(WRITTEN).unwrap_or(true)
}

/// All of them, for who asks.
#[component]
pub fn Keys() -> Html {
    let hold = use_state_eq(written_hold);
    let on_change = {
        let hold = hold.clone();
        move |e: Event| {
            let input: HtmlInputElement = e.target_unchecked_into();
            memory::remember(WRITTEN, &input.checked());
            hold.set(input.checked());
        }
    };
    html! {
        <div class="keys">
            <dl>
                for (key, words) in KEYS.into_iter().filter(|key| *key != PRESENT || is_roomy()) {
                    <div>
                        <dt><kbd>{ key }</kbd></dt>
                        <dd>{ words }</dd>
                    </div>
                }
            </dl>
            <label class="switch">
                <input type="checkbox" checked={*hold} onchange={on_change} />
                <span>{ "keys that write a letter or a sign do this too" }</span>
            </label>
        </div>
    }
}

/// The keys that hold everywhere on the page but where one types.
#[hook]
pub fn use_keys(page: &Page) {
    let page = page.clone();
    use_effect_with((), move |()| {
        let window = gloo::utils::window();
        let options = EventListenerOptions::enable_prevent_default();
        let listener = EventListener::new_with_options(&window, "keydown", options, move |event| {
            let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
                return;
            };
            match meant(event) {
                Some(Meant::Deed(action)) => page.dispatch(Action::Explore(action)),
                Some(Meant::Write) => write(),
                Some(Meant::Leave(field)) => leave(&field),
                None => return,
            }
            event.prevent_default();
        });
        move || drop(listener)
    });
}

/// What a key asks for.
enum Meant {
    Deed(ExploreAction),
    /// To write the sentence, in the place of the one that is there.
    Write,
    /// To have the other keys back from where one types.
    Leave(HtmlElement),
}

fn write() {
    let field = gloo::utils::document().get_element_by_id("sentence");
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok()) {
        // A field that cannot be reached is none that one could write in.
        let _ = field.focus();
        field.select();
    }
}

/// From the sentence one goes back to the stage, whose numbers the arrows then go through.
fn leave(field: &HtmlElement) {
    let stage = gloo::utils::document().query_selector(".stage canvas");
    let stage = stage.ok().flatten().filter(|_| field.id() == "sentence");
    // A field that cannot be left keeps the keys.
    let _ = match stage.and_then(|stage| stage.dyn_into::<HtmlElement>().ok()) {
        Some(stage) => stage.focus(),
        None => field.blur(),
    };
}

/// What a key does; nothing where it belongs to the control that has the focus.
fn meant(event: &KeyboardEvent) -> Option<Meant> {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return None;
    }
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let tag = target.as_ref().map(|target| target.tag_name());
    let is_pressed =
        |target: &HtmlElement| target.get_attribute("role").as_deref() == Some("button");
    let (types, presses) = match tag.unwrap_or_default().as_str() {
        "INPUT" | "TEXTAREA" | "SELECT" => (true, true),
        "BUTTON" | "A" | "SUMMARY" => (false, true),
        _ => (false, target.as_ref().is_some_and(is_pressed)),
    };
    let key = event.key();
    if types {
        return target.filter(|_| key == "Escape").map(Meant::Leave);
    }
    if key != " " && key.chars().count() == 1 && !written_hold() {
        return None;
    }
    if matches!(key.as_str(), "s" | "S") {
        return Some(Meant::Write);
    }
    Some(Meant::Deed(match key.as_str() {
        " " if !presses => ExploreAction::TogglePlay,
        "ArrowLeft" => ExploreAction::StepScene(-1),
        "ArrowRight" => ExploreAction::StepScene(1),
        "ArrowUp" => ExploreAction::StepToken(-1),
        "ArrowDown" => ExploreAction::StepToken(1),
        "Home" => ExploreAction::Stop(0),
        "End" => ExploreAction::Stop(usize::MAX),
        "[" => ExploreAction::StepLayer(-1),
        "]" => ExploreAction::StepLayer(1),
        "h" | "H" => ExploreAction::NextHead,
        "o" | "O" => ExploreAction::ToggleOpen,
        "w" | "W" => ExploreAction::WriteOn(WriteOnAction::Toggle),
        "p" | "P" if is_roomy() => ExploreAction::Present,
        "?" => ExploreAction::Help,
        "Escape" => ExploreAction::Leave,
        _ => return None,
    }))
}
