//! Writing on: the switch on the timeline, and how the next character is drawn.

use super::draw;
use crate::explain::{Quantity, candidates};
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::icons::Icon;
use crate::page::knobs::knobs;
use crate::page::state::explore::write_on::{Next, Pace, WriteOnAction};
use crate::page::state::explore::{Explore, ExploreAction, Slot};
use crate::page::state::setup::sentence;
use crate::page::state::writing::{Knob, Writing};
use crate::page::state::{Action, State};
use crate::protocol::{Fault, FaultKind, Sampling};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// What decides a draw; how many characters there are to be, the journey says.
pub const KNOBS: [Knob; 4] = [Knob::Temperature, Knob::TopK, Knob::TopP, Knob::Seed];

fn act(page: &Page, action: WriteOnAction) {
    page.dispatch(Action::Explore(ExploreAction::WriteOn(action)));
}

/// On the timeline: whether it writes on, and how much of each journey plays.
pub fn switch(page: &Page, explore: &Explore) -> Html {
    let on = explore.write_on.on;
    let on_pace = {
        let page = page.clone();
        move |e: Event| {
            let select: HtmlSelectElement = e.target_unchecked_into();
            let pace = Pace::ALL
                .into_iter()
                .find(|pace| pace.title() == select.value());
            if let Some(pace) = pace {
                act(&page, WriteOnAction::Pace(pace));
            }
        }
    };
    html! {
        <div class="write-on">
            // Before the button, which stays under the hand that may want to stop it.
            if on {
                <label>
                    <span>{ "each character:" }</span>
                    <select onchange={on_pace}>
                        for pace in Pace::ALL {
                            <option
                                value={pace.title()}
                                selected={pace == explore.write_on.pace}
                            >
                                { pace.title() }
                            </option>
                        }
                    </select>
                </label>
            }
            <button
                type="button"
                aria-pressed={on.to_string()}
                title="The model goes on by itself: a character is drawn, joins the sentence, and the next has its turn"
                onclick={on_click(page, |page| act(page, WriteOnAction::Toggle))}
            >
                { Icon::Write.draw() }<span>{ "Write on" }</span>
            </button>
        </div>
    }
}

/// Beside the stage: one character at once, and the options of the draw.
pub fn options(page: &Page, explore: &Explore, writing: &Writing) -> Html {
    let next = explore.write_on.options(writing.options);
    let changed = !explore.pokes.is_empty();
    html! {
        <section class="draw card" aria-labelledby="draw-title">
            <h2 id="draw-title">{ "The next character" }</h2>
            <p class="help">
                { "With “Write on” the model goes on by itself. Here you let it draw one character, and \
                   say how; the card works out its chance." }
            </p>
            <button
                type="button"
                disabled={explore.write_on.next != Next::NotAsked}
                onclick={on_click(page, |page| act(page, WriteOnAction::Draw))}
            >
                { "Draw one character" }
            </button>
            <p class="help number">
                { format!("The next is drawn with seed {}; each after it with one more.", next.seed) }
            </p>
            if changed {
                <p class="help">{ "It is drawn from the pass that you changed." }</p>
            }
            <div class="fields">{ knobs(page, writing, &KNOBS) }</div>
        </section>
    }
}

/// Has a character drawn when one is asked for.
#[hook]
pub fn use_drawn(page: &Page, state: &State) {
    let looking = &state.explore;
    let asked = (looking.write_on.next == Next::Drawing).then(|| Asked {
        text: looking.text.clone(),
        options: looking.write_on.options(state.writing.options),
        changed: (!looking.pokes.is_empty()).then(|| {
            looking
                .shown
                .clone()
                .filter(|shown| looking.is_shown(shown))
        }),
    });
    let page = page.clone();
    use_effect_with(asked, move |asked| {
        let Some(Asked {
            text,
            options,
            changed,
        }) = asked.clone()
        else {
            return;
        };
        let tell = move |page: &Page, after, character| {
            act(page, WriteOnAction::Drawn { after, character });
        };
        match changed {
            // The engine writes with the model as it is: from a changed pass the same draw is made
            // here, as soon as the pass is there.
            Some(None) => {}
            Some(Some(slot)) => tell(&page, text, drawn_here(&slot, &options)),
            None => spawn_local(async move {
                let drawn = page.client.draw(text.clone(), options).await;
                let character = drawn.map_err(|fault| sentence(&fault.message));
                tell(&page, text, character);
            }),
        }
    });
}

/// What a draw depends on.
#[derive(Clone, PartialEq)]
struct Asked {
    text: String,
    options: Sampling,
    /// With changes: the pass to draw from, when it is there.
    changed: Option<Option<Slot>>,
}

fn drawn_here(slot: &Slot, options: &Sampling) -> Result<char, String> {
    let source = slot.source();
    let last = source.tokens().saturating_sub(1);
    let row = source.row(Quantity::Logits, &[last]).unwrap_or_default();
    let logits: Vec<f64> = row.iter().map(|logit| f64::from(*logit)).collect();
    let token = draw::drawn(&candidates(&logits, options), draw::place(options));
    let character = token.and_then(|token| source.trace.about.vocab.get(token).copied());
    let nothing =
        || Fault::new(FaultKind::Internal, "The pass has no logits to draw from.").message;
    character.ok_or_else(nothing)
}
