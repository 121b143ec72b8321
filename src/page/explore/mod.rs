//! The page on which a sentence's way through the model is seen, number by number.
//!
//! `journey` says which scenes there are, `scene` what stands on the stage in each, `paint` and
//! `clock` draw it, `sharing` and `export` give it away; around the stage are `heading`, `sentence`,
//! `card`, `reading`, `poke`, `outcome` and `timeline`. `keys` are the page's. `tracing` and
//! `searching` ask the engine for passes, `draw` for characters. Every number comes from the trace, or
//! is made from it and the weights.

mod beside;
mod card;
mod characters;
mod clock;
mod contrast;
mod csv;
mod draw;
mod drawing;
mod export;
mod formulas;
mod hand;
mod heading;
mod idea;
pub mod journey;
mod keys;
mod lead;
mod lesson;
mod models;
mod notes;
mod outcome;
mod overview;
mod paint;
mod plain;
mod pointing;
mod poke;
mod reading;
mod replacing;
mod scene;
mod searching;
mod sentence;
mod sharing;
mod sight;
mod stage;
mod svg;
mod telling;
mod term;
mod timeline;
pub mod tracing;
mod words;
mod write_on;

use super::deeds::Page;
use super::letters::lower;
use super::state::Action;
use super::state::State;
use super::state::explore::{Explore as Looking, ExploreAction, Shown, Slot};
use super::state::run::Engine;
use crate::explain::explain;
use beside::Beside;
use card::Card;
use clock::{Clock, Wanted, Working};
use export::Export;
use heading::heading;
use journey::{Scene, Stop};
use keys::use_keys;
use lesson::Lesson;
use plain::plain;
use pointing::{told, use_pointing};
use poke::Poke;
use reading::Reading;
use searching::use_searched;
use sentence::Sentence;
use sharing::{Share, use_address};
use sight::use_stage_in_sight;
use stage::{Same, Stage};
use std::collections::HashSet;
use std::rc::Rc;
use term::Term;
use timeline::Timeline;
use tracing::Wish;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct ExploreProps {
    pub page: Page,
    pub state: State,
}

#[component]
pub fn Explore(props: &ExploreProps) -> Html {
    let ExploreProps { page, state } = props;
    let looking = &state.explore;
    use_model(page, state);
    use_traced(page, state);
    use_searched(page, state);
    use_keys(page);
    write_on::use_drawn(page, state);
    let clock = {
        let page = page.clone();
        let (canvas, scrubber) = (use_node_ref(), use_node_ref());
        use_memo((), move |()| Clock::new(page, canvas, scrubber))
    };
    let clock = Same(clock);
    use_address(page, state, &clock);
    let closed = lesson::use_closed();
    html! {
        <main class={classes!("explore", looking.presenting.then_some("presented"))}>
            <div class="what">
                { opening(page, state, &closed) }
                <Lesson page={page.clone()} state={state.clone()} closed={closed.clone()} />
            </div>
            <Sentence
                page={page.clone()}
                explore={looking.clone()}
                run={state.run.as_ref().map(|run| Same(Rc::clone(&run.started)))}
                remark={lesson::misfit(state).or_else(|| lesson::missed(state))}
            />
            if let (Some(slot), Some(stop)) = (&looking.shown, looking.at()) {
                <Journey
                    page={page.clone()}
                    state={state.clone()}
                    slot={slot.clone()}
                    stop={stop}
                    clock={clock}
                />
            } else {
                { waiting(state) }
            }
        </main>
    }
}

/// The line above everything: which model the stage shows, and how far it is trained. Between two
/// models it is still the one whose numbers stand there.
fn opening(page: &Page, state: &State, closed: &UseStateHandle<bool>) -> Html {
    let looking = &state.explore;
    let shown = looking.shown.as_deref();
    let coming = state.run.as_ref().map(|run| &run.started.label);
    html! {
        <p class="about facts">
            if let Some(shown) = shown {
                { facts(shown) }
            }
            if let Some(label) = coming.filter(|label| shown.is_none_or(|shown| shown.label != **label)) {
                <span class="coming">{ format!("{label} is on its way") }</span>
            }
            if !looking.pokes.is_empty() {
                <span class="changed-pass">
                    { match looking.pokes.len() {
                        1 => "a pass that you changed".to_string(),
                        n => format!("a pass with {n} changes of yours"),
                    } }
                </span>
            }
            // Beside what was changed there is no room for it.
            if **closed && looking.pokes.is_empty() {
                { lesson::ask(closed) }
            }
            if state.own_run().is_some() {
                { freeze(page, looking) }
            }
            { models::kept_run(page, state) }
            if shown.is_some() || state.own_run().is_some() {
                { models::models(page, state) }
            }
        </p>
    }
}

fn facts(shown: &Shown) -> Html {
    let model = &shown.trace.about.model;
    html! {
        <>
            <strong>{ &shown.label }</strong>
            <span>{ format!(
                "{} attention, {} blocks, {} heads, {} channels",
                lower(model.attention.kind().label()),
                model.n_layer, model.n_head, model.n_embd,
            ) }</span>
            <span class="number">{ format!("as of step {}", shown.trace.about.step) }</span>
        </>
    }
}

/// Holds the picture of a run still while it learns.
fn freeze(page: &Page, looking: &Looking) -> Html {
    let page = page.clone();
    let on_change = move |e: Event| {
        let input: HtmlInputElement = e.target_unchecked_into();
        page.dispatch(Action::Explore(ExploreAction::Freeze(input.checked())));
    };
    html! {
        <label class="switch">
            <input type="checkbox" checked={looking.frozen} onchange={on_change} />
            <span>{ "hold this picture while it learns" }</span>
        </label>
    }
}

/// What stands there before the first pass.
fn waiting(state: &State) -> Html {
    let coming = state.shelf.first || state.asked || state.is_bare();
    let words = match (&state.run, &state.explore.problem) {
        (_, Some(_)) => "The stage opens as soon as the model can read the sentence.",
        (Some(_), None) => "The sentence is on its way through the model.",
        (None, None) if coming => "A model is on its way. In a moment its numbers will stand here.",
        (None, None) => {
            "There is no model to look into yet. Train one, or open a ready-made one, on the Train page."
        }
    };
    html! {
        <section class="stage-card awaited card" aria-label="Stage">
            <p class="help">{ words }</p>
            if state.run.is_none() && !coming {
                <a href={super::route::Route::Train.hash()}>{ "To the Train page" }</a>
            }
        </section>
    }
}

/// Has a ready-made model opened where there is none to look into, as after a run was stopped.
#[hook]
fn use_model(page: &Page, state: &State) {
    let page = page.clone();
    let chosen = state.shelf.chosen().map(|model| model.name.clone());
    use_effect_with(state.is_bare(), move |bare| {
        if *bare {
            page.open_instead(chosen);
        }
    });
}

#[derive(PartialEq, Properties)]
struct JourneyProps {
    page: Page,
    state: State,
    slot: Slot,
    stop: Stop,
    clock: Same<Clock>,
}

/// Stage, card and timeline of a pass.
#[component]
fn Journey(props: &JourneyProps) -> Html {
    let JourneyProps {
        page,
        state,
        slot,
        stop,
        clock,
    } = props;
    let looking = &state.explore;
    let sampling = state.writing.options;
    use_stage_in_sight(&clock.0.canvas, (looking.playhead.moved, looking.open));
    let focus = {
        let bare = Wanted::of(looking, slot, *stop, sampling, None, Rc::default());
        use_memo(bare, |bare| bare.picture(800.0, 1.0).focus)
    };
    // What can be set stays the same number, whatever the stage is at work on and whatever is set.
    let own = {
        let before = looking.unchanged.as_ref();
        let before =
            before.map(|before| Wanted::of(looking, before, *stop, sampling, None, Rc::default()));
        use_memo((before, *focus), |(before, focus)| match before {
            Some(before) => before.picture(800.0, 1.0).focus,
            None => *focus,
        })
    };
    let in_hand = looking.picked.or(*own);
    let working = use_working(&clock.0);
    let moment = (*stop, looking.open, looking.token, looking.head);
    let working = working
        .filter(|working| working.at == moment)
        .map(|working| working.cell)
        .filter(|cell| slot.source().at(*cell).is_some());
    // Unless the reader has picked a number, that at which the stage is at work.
    let chosen = looking.picked.or(working).or(*focus);
    let explained = use_memo(
        (slot.clone(), chosen, sampling),
        |(slot, chosen, sampling)| match chosen {
            Some(cell) => match explain(&slot.drawing(*sampling), *cell) {
                Ok(explanation) => Ok(Rc::new(explanation)),
                Err(why) => Err(super::state::setup::sentence(&why.to_string())),
            },
            None => Err("Pick a number on the stage.".to_string()),
        },
    );
    let inputs = use_memo(explained.clone(), |explained| -> HashSet<_> {
        let terms = explained
            .as_ref()
            .as_ref()
            .map(|explanation| &explanation.terms);
        terms
            .into_iter()
            .flatten()
            .filter_map(|term| term.from)
            .collect()
    });
    let wanted = Wanted::of(looking, slot, *stop, sampling, chosen, inputs);
    let explained = (*explained).clone().map(Same);
    // Elsewhere the scene's own number is seldom a row that one wants to read.
    let readable = !looking.open || stop.scene == Scene::Lens || looking.picked.is_some();
    let layers = slot.trace.about.model.n_layer;
    let read = chosen
        .filter(|_| readable)
        .and_then(|cell| reading::place_of(cell, layers));
    let drawing = stop.scene == Scene::Sample && looking.open;
    // Where nothing can be changed, what the scene is about needs the room.
    let pokable = !drawing && read.is_none()
        || !looking.pokes.is_empty()
        || looking.open && stop.scene.is_in_block()
        || in_hand.is_some_and(poke::can_be_set);
    // Its sliders are what a room is told to move.
    let hands_on = looking.open && stop.scene == Scene::Heads;
    let about = chosen.map(|cell| card::about(&slot.source(), cell));
    let beside = use_state_eq(|| Beside::Card);
    let taking = {
        html! {
            <>
                { plain::switch(&beside) }
                <Export
                    page={page.clone()}
                    explore={looking.clone()}
                    slot={slot.clone()}
                    clock={clock.clone()}
                    array={chosen.map(|cell| cell.quantity.name())}
                >
                    <Share page={page.clone()} state={state.clone()} clock={clock.clone()} />
                </Export>
            </>
        }
    };
    let text = match looking.open {
        true => words::words(stop.scene, &slot.trace.about.model),
        false => words::overview(),
    };
    let pointing = use_pointing((*stop, looking.open, slot.label.clone()));
    let lit = pointing
        .term(*stop)
        .filter(|term| words::points_at(&text, *term));
    let hovered = use_state_eq(|| None);
    let shown = hovered.or(chosen).and_then(|cell| Term::of(cell.quantity));
    let formula = match explained.as_ref() {
        Ok(explained) => explained.0.formula,
        Err(_) => "",
    };
    let scene = looking.open.then_some(stop.scene);
    let instead = match *beside {
        Beside::Plain => {
            let model = &slot.trace.about.model;
            Some(plain(scene, model, &text, formula, &beside))
        }
        Beside::Notes(at) if scene.is_some() && at == *stop => {
            Some(notes::notes(page, looking, slot, *stop, &beside))
        }
        Beside::Notes(_) | Beside::Card => None,
    };
    let first = telling::lead(looking, *stop);
    let last = telling::last(looking, *stop, first.as_ref());
    let text = html! {
        <>
            if let Some(lead) = first {
                { lead::written(page, &beside, lead) }
                { poke::by_finger(scene) }
            }
            { told(text, *stop, &pointing, shown) }
            // Behind it: what is known later moves no word.
            if let Some(last) = last {
                { " " }
                { lead::written(page, &beside, last) }
            }
        </>
    };
    html! {
        <>
            <section class="stage-card card" aria-labelledby="scene-title">
                { heading(page, looking, slot, *stop, text, taking) }
                <Stage
                    page={page.clone()}
                    clock={clock.clone()}
                    wanted={wanted}
                    playhead={looking.running()}
                    lit={lit}
                    hovered={hovered.setter()}
                    theme={state.theme}
                    label={format!(
                        "{}. The arrow keys go from number to number; the card explains each.",
                        stop.scene.title(&slot.trace.about.model)
                    )}
                />
                // Below it, so that the picture stands in the same place in every scene.
                if looking.open {
                    { notes::ask(&beside, *stop) }
                }
            </section>
            <div class="aside">
                // Beside the stage and over the card: what it explains stays in sight.
                if let Some(instead) = instead {
                    { instead }
                }
                <Card
                    page={page.clone()}
                    about={about.unwrap_or_default()}
                    explained={explained}
                    picked={looking.picked.is_some()}
                    before={looking.picked.and(looking.trail.last().copied())}
                />
                // What is secondary shares a place of its own, and leaves the card where it is.
                <div class={classes!("more", hands_on.then_some("hands-on"))}>
                    if drawing {
                        { write_on::options(page, looking, &state.writing) }
                    }
                    if let Some((point, token)) = read {
                        <Reading slot={slot.clone()} {point} {token} />
                    }
                    if pokable {
                        <Poke
                            page={page.clone()}
                            explore={looking.clone()}
                            slot={slot.clone()}
                            number={in_hand}
                            waits={waits(state)}
                        />
                    }
                </div>
            </div>
            <Timeline
                page={page.clone()}
                explore={looking.clone()}
                slot={slot.clone()}
                clock={clock.clone()}
            />
        </>
    }
}

/// At which number the stage is at work.
#[hook]
fn use_working(clock: &Rc<Clock>) -> Option<Working> {
    let working = use_state_eq(|| None);
    let (clock, setter) = (Rc::clone(clock), working.setter());
    use_effect_with((), move |()| {
        clock.tell(Callback::from(move |at| setter.set(Some(at))));
    });
    *working
}

/// Why nothing can be changed yet; nothing where it can.
fn waits(state: &State) -> Option<&'static str> {
    match (&state.run, &state.engine) {
        (Some(_), _) => None,
        (None, Engine::Failed(_)) => Some("There is no engine here to run it again."),
        (
            None,
            Engine::Unknown | Engine::Downloading { .. } | Engine::Starting(_) | Engine::Ready(_),
        ) => Some("It waits for the engine, which is on its way."),
    }
}

/// Has the present text run through the present model, again whenever one of them changes.
#[hook]
fn use_traced(page: &Page, state: &State) {
    let looking = &state.explore;
    let run = state.run.as_ref();
    let of_run = |slot: &Slot| run.is_some_and(|run| run.started.label == slot.label);
    let current = looking
        .shown
        .as_ref()
        .is_some_and(|slot| looking.is_shown(slot) && of_run(slot));
    let wished = Wished {
        run: run.map(|run| Same(Rc::clone(&run.started))),
        step: run.map_or(0, |run| run.progress.step),
        // A step that is not to be shown is no reason to look again.
        held: looking.frozen && current,
        text: looking.text.clone(),
        pokes: looking.pokes.clone(),
        training: run.is_some_and(|run| run.training),
    };
    // While it learns it would be a second pass at every step.
    let beside = run.is_some_and(|run| {
        let (label, step) = (&run.started.label, run.progress.step);
        !run.training && looking.lacks_unchanged(label, step)
    });
    let page = page.clone();
    use_effect_with(wished, move |wished| {
        if let Some(Same(started)) = wished.run.clone().filter(|_| !wished.held) {
            page.trace(Wish {
                started,
                text: wished.text.clone(),
                pokes: wished.pokes.clone(),
                training: wished.training,
                beside,
            });
        }
    });
}

#[derive(Clone, PartialEq)]
struct Wished {
    run: Option<Same<crate::client::Started>>,
    step: u32,
    held: bool,
    text: String,
    pokes: Vec<crate::trace::Intervention>,
    training: bool,
}
