//! The timeline: play, pause, step, scrub, and where in the journey one is.

use super::clock::Clock;
use super::keys::Keys;
use super::sight::{use_in_sight, use_one_stop};
use super::stage::Same;
use super::write_on;
use crate::page::deeds::Page;
use crate::page::field::{on_click, on_number};
use crate::page::icons::Icon;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, SPEEDS, Slot};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct TimelineProps {
    pub page: Page,
    pub explore: Explore,
    pub slot: Slot,
    pub clock: Same<Clock>,
}

#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let TimelineProps {
        page,
        explore,
        slot,
        clock,
    } = props;
    let bar = use_node_ref();
    use_in_sight(&bar, "[aria-current]", (explore.stop, explore.presenting));
    // What plays goes on by itself, and does not take the keys with it.
    let asked = (!explore.playhead.playing).then_some(explore.stop);
    use_one_stop(&bar, "[tabindex='0']", asked);
    let playing = explore.playhead.playing && explore.open;
    let act = |action: ExploreAction| {
        on_click(&(page.clone(), action), |(page, action)| {
            page.dispatch(Action::Explore(action.clone()));
        })
    };
    let on_scrub = {
        let page = page.clone();
        on_number(move |time| page.dispatch(Action::Explore(ExploreAction::Time(time))))
    };
    let on_speed = {
        let page = page.clone();
        move |e: Event| {
            let select: HtmlSelectElement = e.target_unchecked_into();
            if let Some(speed) = SPEEDS.into_iter().find(|s| s.to_string() == select.value()) {
                page.dispatch(Action::Explore(ExploreAction::Speed(speed)));
            }
        }
    };
    let (icon, label) = if playing {
        (Icon::Pause, "Pause")
    } else {
        (Icon::Play, "Play")
    };
    let last = slot.journey.len().saturating_sub(1);
    html! {
        <section class="timeline card" aria-label="Timeline">
            <div class="transport">
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Scene before"
                    title="Scene before (←)"
                    disabled={explore.stop == 0}
                    onclick={act(ExploreAction::StepScene(-1))}
                >
                    { Icon::StepBack.draw() }
                </button>
                <button type="button" class="primary" onclick={act(ExploreAction::TogglePlay)}>
                    { icon.draw() }{ label }
                </button>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Next scene"
                    title="Next scene (→)"
                    disabled={explore.stop >= last}
                    onclick={act(ExploreAction::StepScene(1))}
                >
                    { Icon::Step.draw() }
                </button>
            </div>
            <label class="scrub">
                <span class="for-ears">{ "Time within the scene" }</span>
                <input
                    ref={clock.0.scrubber.clone()}
                    type="range"
                    min="0"
                    max="1"
                    step="0.001"
                    disabled={!explore.open}
                    oninput={on_scrub}
                />
            </label>
            <label class="speed">
                <span class="for-ears">{ "Speed" }</span>
                <select onchange={on_speed}>
                    for speed in SPEEDS {
                        <option
                            value={speed.to_string()}
                            selected={speed == explore.playhead.speed}
                        >
                            { format!("{speed}×") }
                        </option>
                    }
                </select>
            </label>
            { write_on::switch(page, explore) }
            <button
                type="button"
                class="present"
                aria-pressed={explore.presenting.to_string()}
                title="Large, with less around the stage: for a projector (P)"
                onclick={act(ExploreAction::Present)}
            >
                { "Present" }
            </button>
            <button
                type="button"
                class="quiet small ask-keys"
                aria-expanded={explore.help.to_string()}
                aria-label="Keys"
                onclick={act(ExploreAction::Help)}
            >
                { "?" }
            </button>
            { scenes(page, explore, slot, &bar) }
            if explore.help {
                <Keys />
            }
        </section>
    }
}

/// Every scene of the journey, by blocks.
fn scenes(page: &Page, explore: &Explore, slot: &Slot, bar: &NodeRef) -> Html {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (n, stop) in slot.journey.iter().enumerate() {
        let name = stop.part();
        match groups.last_mut() {
            Some((last, stops)) if *last == name => stops.push(n),
            _ => groups.push((name, vec![n])),
        }
    }
    html! {
        <nav ref={bar} class="scenes" aria-label="Scenes">
            for (name, stops) in groups {
                <div class="group" key={name.clone()}>
                    <span class="group-name">{ name }</span>
                    for n in stops {
                        <button
                            key={n}
                            type="button"
                            class="scene"
                            tabindex={if n == explore.stop { "0" } else { "-1" }}
                            aria-current={(n == explore.stop && explore.open).then_some("step")}
                            onclick={on_click(&(page.clone(), n), |(page, n)| {
                                page.dispatch(Action::Explore(ExploreAction::Stop(*n)));
                            })}
                        >
                            { slot.journey[n].scene.title(&slot.trace.about.model) }
                        </button>
                    }
                </div>
            }
        </nav>
    }
}
