//! What stands above the stage: the scene's name, its text and its formula, and which block and head
//! it shows.

use super::characters::visible;
use super::formulas;
use super::journey::{Scene, Stop};
use super::outcome;
use super::poke::head_scale;
use crate::page::deeds::Page;
use crate::page::field::{on_click, on_number};
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Slot};
use yew::prelude::*;

/// Characters of a part and a name that have one line also beside what a change did.
const SHORT: usize = 20;
/// Characters of a sentence that grows, beside the scene's name.
const END: usize = 10;

/// The scene's name, its text, and which head and block it shows; `taking` is what one can take of
/// it.
pub fn heading(
    page: &Page,
    looking: &Explore,
    slot: &Slot,
    stop: Stop,
    text: Html,
    taking: Html,
) -> Html {
    let model = &slot.trace.about.model;
    let act = |action: ExploreAction| {
        on_click(&(page.clone(), action), |(page, action)| {
            page.dispatch(Action::Explore(action.clone()));
        })
    };
    let title = stop.scene.title(model);
    let part = stop.part();
    let long = part.chars().chain(title.chars()).count() >= SHORT;
    html! {
        <header class="scene-head">
            <div class="scene-line">
                if looking.open {
                    <h2 id="scene-title" class={long.then_some("long")} key={looking.stop}>
                        <span class="where">{ part }</span>
                        { " " }
                        { title }
                    </h2>
                    { written(looking, slot) }
                    { outcome::line(page, looking, slot) }
                    <button type="button" class="view" onclick={act(ExploreAction::Open(false))}>
                        { "Overview" }
                    </button>
                } else {
                    <h2 id="scene-title">
                        { "Overview" }
                        <span class="more-of-it">{ ": every token at every depth" }</span>
                    </h2>
                    { outcome::line(page, looking, slot) }
                    for layer in 0..model.n_layer {
                        <button
                            key={layer}
                            type="button"
                            class="view"
                            onclick={act(ExploreAction::Stop(first_of(slot, layer)))}
                        >
                            <span><span class="word">{ "Open " }</span>{ format!("block {layer}") }</span>
                        </button>
                    }
                }
                { taking }
            </div>
            // A text of its own in every scene, which begins at its beginning.
            <p class="scene-words" key={looking.stop}>{ text }</p>
            <div class="scene-tools">
                if looking.open {
                    { formulas::formula(stop.scene, model) }
                } else {
                    { threshold(page, looking) }
                }
                if stop.scene == Scene::Cache && looking.open {
                    { blocks(page, slot, stop.layer) }
                }
                if stop.scene.is_of_a_head() || !looking.open {
                <div class="heads" role="group" aria-label="Head">
                    for head in 0..model.n_head {
                        <button
                            key={head}
                            type="button"
                            class="chip"
                            aria-pressed={(head == looking.head).to_string()}
                            onclick={act(ExploreAction::Head(head))}
                        >
                            <span class="word">{ "head " }</span>
                            { head }
                            { match head_scale(looking, stop.layer, head) {
                                Some(0.0) => ", off".to_string(),
                                Some(scale) => format!(", × {scale:.2}"),
                                None => String::new(),
                            } }
                        </button>
                    }
                </div>
            }
            </div>
        </header>
    }
}

/// The end of a sentence that grows, where one looks: on a phone the sentence itself is above the screen.
fn written(looking: &Explore, slot: &Slot) -> Html {
    if !looking.write_on.on {
        return Html::default();
    }
    let characters = slot.characters();
    let end = characters.len().saturating_sub(END);
    let text: String = characters[end..].iter().copied().map(visible).collect();
    html! {
        <span class="written character" aria-hidden="true">
            if end > 0 {
                { "…" }
            }
            { text }
        </span>
    }
}

/// Which block's kept keys and values are shown.
fn blocks(page: &Page, slot: &Slot, chosen: usize) -> Html {
    html! {
        <div class="heads" role="group" aria-label="Block">
            for layer in 0..slot.trace.about.model.n_layer {
                <button
                    key={layer}
                    type="button"
                    class="chip"
                    aria-pressed={(layer == chosen).to_string()}
                    onclick={on_click(&(page.clone(), layer), |(page, layer)| {
                        page.dispatch(Action::Explore(ExploreAction::Kept(*layer)));
                    })}
                >
                    <span class="word">{ "block " }</span>{ layer }
                </button>
            }
        </div>
    }
}

/// The first scene of a block.
fn first_of(slot: &Slot, layer: usize) -> usize {
    let within = |stop: &Stop| stop.layer == layer && stop.scene.is_in_block();
    slot.journey.iter().position(within).unwrap_or(0)
}

fn threshold(page: &Page, looking: &Explore) -> Html {
    let on_input = {
        let page = page.clone();
        on_number(move |value| page.dispatch(Action::Explore(ExploreAction::Threshold(value))))
    };
    html! {
        <label class="threshold">
            <span>{ "Lines from a weight of" }</span>
            <input
                type="range"
                min="0.02"
                max="1"
                step="0.01"
                value={looking.threshold.to_string()}
                oninput={on_input}
            />
            <output class="number">{ format!("{:.2}", looking.threshold) }</output>
        </label>
    }
}
