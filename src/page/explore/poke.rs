//! Ways to poke: each is a real pass of the model with something done otherwise, and what it does to
//! the logits stands beside it.

use super::journey::Scene;
use super::outcome;
use crate::config::Kind;
use crate::explain::{Cell, Quantity};
use crate::page::deeds::Page;
use crate::page::field::{on_click, on_number};
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Slot, same_number, unset};
use crate::trace::{Branch, Intervention};
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct PokeProps {
    pub page: Page,
    pub explore: Explore,
    pub slot: Slot,
    /// The number that can be set: the picked one, or the scene's own. What the card explains goes with
    /// the stage as it plays, and would be another one under the hand.
    pub number: Option<Cell>,
    /// Why nothing can be changed yet.
    pub waits: Option<&'static str>,
}

#[component]
pub fn Poke(props: &PokeProps) -> Html {
    let PokeProps {
        page,
        explore,
        slot,
        number: set,
        waits,
    } = props;
    let layer = explore.layer();
    let of_block = explore.at().is_some_and(|stop| stop.scene.is_in_block());
    let plays = explore.open && explore.playhead.playing && !explore.write_on.on;
    let on_down = {
        let page = page.clone();
        move |e: PointerEvent| {
            // What one takes hold of is not to go with its scene.
            if plays && e.target_dyn_into::<HtmlInputElement>().is_some() {
                page.dispatch(Action::Explore(ExploreAction::Time(1.0)));
            }
        }
    };
    html! {
        <section class="poke card" aria-labelledby="poke-title">
            // What one did is taken back where one reads that one can: nothing moves for it.
            <header>
                <h2 id="poke-title">{ "Change something" }</h2>
                { match explore.pokes.len() {
                    0 => html! { <span class="help">{ "the model runs again" }</span> },
                    1 => take_back(page, "Take back".into(), "Take back the change".into()),
                    n => take_back(page, format!("Take back all {n}"), format!("Take back all {n} changes")),
                } }
            </header>
            <fieldset class="pokes" disabled={waits.is_some()} onpointerdown={on_down}>
                <div class="of-number">
                    if let Some(waits) = waits {
                        <p class="help">{ waits }</p>
                    } else if let Some(cell) = set {
                        { number(page, explore, slot, *cell) }
                    }
                </div>
                if of_block {
                    { heads(page, explore, slot, layer) }
                    { branches(page, explore, slot, layer) }
                }
            </fieldset>
            // Below what one holds, which is not to move away under the hand.
            if !explore.pokes.is_empty() {
                <div class="outcome">{ outcome::table(explore, slot) }</div>
            }
        </section>
    }
}

/// Undoes all; `said` is what its few `words` mean.
fn take_back(page: &Page, words: String, said: String) -> Html {
    let on_click = on_click(page, |page| {
        page.dispatch(Action::Explore(ExploreAction::UnpokeAll));
    });
    html! { <button type="button" aria-label={said} onclick={on_click}>{ words }</button> }
}

/// A slider that tells what it stands at.
struct Slider {
    id: String,
    label: String,
    most: f64,
    value: f64,
    /// Where it stands when nothing is changed.
    rest: f64,
    make: Box<dyn Fn(f32) -> Intervention>,
    changed: bool,
    /// What is picked by it: the stage's own number may be another one in the changed pass.
    picks: Option<Cell>,
}

fn slider(page: &Page, slider: Slider) -> Html {
    let Slider {
        id,
        label,
        most,
        value,
        rest,
        make,
        changed,
        picks,
    } = slider;
    let back = make(rest as f32);
    let step = most / 100.0;
    // Spans are long, and the line is short.
    let written = match value {
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    let on_input = {
        let page = page.clone();
        on_number(move |value| {
            // Between its ends it stops nowhere closer to where it stands by itself.
            let inside = value > 0.0 && value < most;
            let near = inside && (value - rest).abs() < step / 2.0;
            let value = if near { rest } else { value };
            if picks.is_some() {
                page.dispatch(Action::Explore(ExploreAction::Pick(picks)));
            }
            page.dispatch(Action::Explore(ExploreAction::Poke(make(value as f32))));
        })
    };
    html! {
        <div class={classes!("slider", changed.then_some("changed"))} key={id.clone()}>
            <label for={id.clone()}>{ label.clone() }</label>
            <input
                id={id}
                type="range"
                min="0"
                max={most.to_string()}
                step={step.to_string()}
                value={value.to_string()}
                oninput={on_input}
            />
            <output class="number">{ written }</output>
            <button
                type="button"
                class="quiet small"
                disabled={!changed}
                aria-label={format!("{label}: undo the change")}
                onclick={on_click(&(page.clone(), back), |(page, back)| {
                    page.dispatch(Action::Explore(ExploreAction::Unpoke(back.clone())));
                })}
            >
                { "undo" }
            </button>
        </div>
    }
}

/// What the reader has a head multiplied by.
pub fn head_scale(explore: &Explore, layer: usize, head: usize) -> Option<f64> {
    explore.pokes.iter().find_map(|change| match change {
        Intervention::Head {
            layer: l,
            head: h,
            scale,
            ..
        } if (*l, *h) == (layer, head) => Some(f64::from(*scale)),
        _ => None,
    })
}

/// The id of the slider that scales a head.
pub fn slider_of_head(layer: usize, head: usize) -> String {
    format!("head-{layer}-{head}")
}

fn heads(page: &Page, explore: &Explore, slot: &Slot, layer: usize) -> Html {
    let model = &slot.trace.about.model;
    let heads = 0..model.n_head;
    let legend = match model.attention.kind() {
        Kind::AdaptiveSpan => format!("Block {layer}, both passes: 0 is off, 1 as it is"),
        Kind::Standard | Kind::HeadGated | Kind::Additive => {
            format!("Heads of block {layer}: 0 is off, 1 as it is")
        }
    };
    let scale = |head: usize| head_scale(explore, layer, head);
    html! {
        <fieldset class="of-block">
            <legend>{ legend }</legend>
            for head in heads {
                { slider(page, Slider {
                    id: slider_of_head(layer, head),
                    label: format!("Head {head}"),
                    most: 2.0,
                    value: scale(head).unwrap_or(1.0),
                    rest: 1.0,
                    make: Box::new(move |scale| Intervention::Head { layer, head, pass: None, scale }),
                    changed: scale(head).is_some(),
                    picks: None,
                }) }
            }
        </fieldset>
    }
}

fn branches(page: &Page, explore: &Explore, slot: &Slot, layer: usize) -> Html {
    let (attn, mlp) = (Branch::Attn, Branch::Mlp);
    let mut switches = vec![
        (
            "Attention adds nothing",
            Intervention::Branch {
                layer,
                branch: attn,
            },
        ),
        (
            "Feed forward adds nothing",
            Intervention::Branch { layer, branch: mlp },
        ),
    ];
    if slot.trace.about.model.residual {
        switches.push((
            "Only what attention made goes on, not the stream",
            Intervention::Residual {
                layer,
                branch: attn,
            },
        ));
        switches.push((
            "Only what the feed forward made goes on, not the stream",
            Intervention::Residual { layer, branch: mlp },
        ));
    }
    html! {
        <fieldset class="of-block">
            <legend>{ format!("Branches of block {layer}") }</legend>
            for (label, change) in switches {
                { switch(page, explore, label, change) }
            }
        </fieldset>
    }
}

fn switch(page: &Page, explore: &Explore, label: &'static str, change: Intervention) -> Html {
    let on = explore.pokes.contains(&change);
    let toggle = {
        let page = page.clone();
        move |_: Event| {
            let change = change.clone();
            page.dispatch(Action::Explore(match on {
                true => ExploreAction::Unpoke(change),
                false => ExploreAction::Poke(change),
            }));
        }
    };
    html! {
        <label class="switch">
            <input type="checkbox" checked={on} onchange={toggle} />
            <span>{ label }</span>
        </label>
    }
}

/// Whether it is a number that one can set, and not only look at.
pub fn can_be_set(cell: Cell) -> bool {
    matches!(
        cell.quantity,
        Quantity::Pattern(_) | Quantity::Gate(_) | Quantity::Span(_) | Quantity::Temperature(_)
    )
}

/// What can be done to that number.
fn number(page: &Page, explore: &Explore, slot: &Slot, cell: Cell) -> Html {
    let value = slot.source().at(cell).map_or(0.0, f64::from);
    let [a, b, c] = cell.index;
    let model = &slot.trace.about.model;
    let (label, most, make): (String, f64, Box<dyn Fn(f32) -> Intervention>) = match cell.quantity {
        Quantity::Pattern(place) if c <= b => (
            format!("Weight of key {c} in head {a}"),
            1.0,
            Box::new(move |weight| Intervention::Cell {
                layer: place.layer,
                head: a,
                pass: place.pass,
                query: b,
                key: c,
                weight,
                renormalise: true,
            }),
        ),
        Quantity::Gate(layer) if model.attention.kind() == Kind::HeadGated => (
            format!("Gate of head {b} here"),
            model.attention.most_of_a_gate().into(),
            Box::new(move |value| Intervention::Gate {
                layer,
                head: b,
                position: Some(a),
                value,
            }),
        ),
        Quantity::Span(layer) => (
            "Span here, tokens".into(),
            model.block_size as f64,
            Box::new(move |tokens| Intervention::Span {
                layer,
                position: Some(a),
                tokens: tokens.max(1.0),
            }),
        ),
        Quantity::Temperature(layer) => (
            "Temperature here".into(),
            2.0,
            Box::new(move |value| Intervention::Temperature {
                layer,
                position: Some(a),
                value: value.max(0.05),
            }),
        ),
        _ => {
            let at = explore.at().map(|stop| stop.scene);
            let words = match at {
                Some(Scene::Softmax(_)) => {
                    "Drag a weight on the stage up or down, or pick it and set it here."
                }
                Some(Scene::Mix(_)) => {
                    "Drag a weight on the stage to the right or to the left, or pick it and set it here."
                }
                _ => {
                    "Attention weights, gates, spans and temperatures can be set by hand: pick one."
                }
            };
            return html! { <p class="help">{ words }{ by_finger(at) }</p> };
        }
    };
    let probe = make(value as f32);
    let changed = explore
        .pokes
        .iter()
        .any(|change| same_number(change, &probe));
    html! {
        <fieldset>
            <legend>{ "Set by hand" }</legend>
            { slider(page, Slider {
                id: "poke-number".into(),
                label,
                most,
                value,
                rest: unset(slot, cell).unwrap_or(value),
                make,
                changed,
                picks: explore.picked.is_none().then_some(cell),
            }) }
        </fieldset>
    }
}

/// How a finger drags a weight, where there are any to drag; a mouse is not told.
pub fn by_finger(scene: Option<Scene>) -> Html {
    match scene {
        Some(Scene::Softmax(_) | Scene::Mix(_)) => html! {
            <span class="by-finger">{ " By touch: tap a weight, then drag it. " }</span>
        },
        _ => Html::default(),
    }
}
