//! What is looked at as a link: in the address as one goes, and on the clipboard when asked for.

use super::clock::Clock;
use super::journey::Scene;
use super::stage::Same;
use super::write_on::KNOBS;
use crate::page::deeds::Page;
use crate::page::link::{Link, Model, names};
use crate::page::state::State;
use crate::page::state::explore::Explore;
use crate::page::state::writing::Knob;
use crate::protocol::Sampling;
use gloo::timers::callback::Timeout;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Milliseconds that nothing has changed for before the address is written.
const SETTLED: u32 = 300;

/// The lines' threshold that needs no mention.
fn plain_lines() -> f64 {
    Explore::default().threshold
}

/// What is looked at, standing still at a time or playing; `None` while it is not clear, as between
/// two models.
fn link(state: &State, time: Option<f64>) -> Option<Link> {
    let looking = &state.explore;
    let (shown, run, stop) = (looking.shown.as_ref()?, state.run.as_ref()?, looking.at()?);
    let label = &run.started.label;
    if shown.label != *label || looking.arrival.is_some() {
        return None;
    }
    let about = &shown.trace.about;
    let own = !run.is_ready_made();
    // A text that the model cannot read, or has not read yet, would be a link to nothing.
    let text = match looking.is_read() {
        true => &looking.text,
        false => &about.text,
    };
    let in_block = stop.scene.is_in_block();
    Some(Link {
        model: Some(match own {
            true => Model::Own(label.clone()),
            false => Model::ReadyMade(label.clone()),
        }),
        kind: Some(about.model.attention.kind()),
        step: own.then_some(about.step),
        text: Some(text.clone()),
        changes: about.interventions.clone(),
        scene: Some(names::of_scene(stop.scene)),
        layer: in_block.then_some(stop.layer),
        token: Some(looking.token),
        head: Some(looking.head),
        overview: !looking.open,
        lines: (looking.threshold != plain_lines()).then_some(looking.threshold),
        cell: looking.picked.map(names::of_cell),
        time,
        draw: draw(state, stop.scene),
        drawn: Some(looking.write_on.shown()).filter(|drawn| *drawn > 0),
    })
}

/// How the next character is drawn: all of it where that is seen, elsewhere what a reader has changed.
fn draw(state: &State, scene: Scene) -> BTreeMap<Knob, String> {
    let options = &state.writing.options;
    let seen = scene == Scene::Sample || state.explore.write_on.shown() > 0;
    let said = |knob: &Knob| seen || knob.get(options) != knob.get(&Sampling::default());
    let said = KNOBS.into_iter().filter(said);
    said.map(|knob| (knob, knob.get(options))).collect()
}

/// Keeps the address at what is looked at: when something has settled, never as it moves.
#[hook]
pub fn use_address(page: &Page, state: &State, clock: &Same<Clock>) {
    let seen = use_followed_count();
    let playhead = state.explore.playhead;
    let training = state.run.as_ref().is_some_and(|run| run.training);
    let link = link(state, None).map(|link| Link {
        // While it learns it would change with every step, and nothing would ever settle.
        step: link.step.filter(|_| !training),
        ..link
    });
    let (page, clock) = (page.clone(), Rc::clone(&clock.0));
    let settles = (link, playhead.playing, playhead.moved, seen);
    use_effect_with(settles, move |(link, playing, ..)| {
        let later = link.clone().map(|mut link| {
            let playing = *playing;
            Timeout::new(SETTLED, move || {
                link.time = (!playing).then(|| clock.time());
                page.address(&link);
            })
        });
        // Dropped before it is over, it never happens.
        move || drop(later)
    });
}

/// Counts the changes of the address by others: after each it is written again.
#[hook]
fn use_followed_count() -> u32 {
    let count = use_reducer_eq(Count::default);
    {
        let dispatch = count.dispatcher();
        use_effect_with((), move |()| {
            let window = gloo::utils::window();
            let listener = gloo::events::EventListener::new(&window, "hashchange", move |_| {
                dispatch.dispatch(());
            });
            move || drop(listener)
        });
    }
    count.0
}

#[derive(Default, PartialEq)]
struct Count(u32);

impl Reducible for Count {
    type Action = ();

    fn reduce(self: Rc<Self>, (): ()) -> Rc<Self> {
        Rc::new(Count(self.0.wrapping_add(1)))
    }
}

#[derive(PartialEq, Properties)]
pub struct ShareProps {
    pub page: Page,
    pub state: State,
    pub clock: Same<Clock>,
}

/// How copying went.
#[derive(Clone, PartialEq)]
enum Copied {
    Yes,
    /// The browser does not let the page at the clipboard: the address, to copy by hand.
    ByHand(String),
}

/// The button that copies the link to what stands on the stage at this moment.
#[component]
pub fn Share(props: &ShareProps) -> Html {
    let copied = use_state(|| None::<Copied>);
    {
        // What was said of another link is no news of this one.
        let copied = copied.clone();
        use_effect_with(link(&props.state, None), move |_| copied.set(None));
    }
    let on_click = {
        let (page, state, clock) = (props.page.clone(), props.state.clone(), props.clock.clone());
        let copied = copied.clone();
        move |_| {
            let Some(link) = link(&state, Some(clock.0.time())) else {
                return;
            };
            let (copied, address) = (copied.clone(), absolute(&link));
            page.address(&link);
            spawn_local(async move {
                copied.set(Some(match copy(&address).await {
                    Ok(()) => Copied::Yes,
                    Err(_) => Copied::ByHand(address),
                }));
            });
        }
    };
    let on_blur = {
        let copied = copied.clone();
        // It lies over the page, and is read by now; what is to be copied by hand stays.
        move |_: FocusEvent| {
            if *copied == Some(Copied::Yes) {
                copied.set(None);
            }
        }
    };
    let on_focus = |e: FocusEvent| {
        let field: HtmlInputElement = e.target_unchecked_into();
        field.select();
    };
    html! {
        <>
            <button type="button" onclick={on_click} onblur={on_blur}>{ "Copy link" }</button>
            <span class="copied" role="status">
                if let Some(copied) = &*copied {
                    { match copied {
                        Copied::Yes if props.state.own_run().is_some() => {
                            "The link to this picture is copied. Others will see a ready-made model, not your run."
                        }
                        Copied::Yes => "The link to this picture is copied.",
                        Copied::ByHand(_) => "The browser does not let the page copy: take the link from here.",
                    } }
                }
            </span>
            if let Some(Copied::ByHand(address)) = &*copied {
                <input
                    class="by-hand"
                    type="text"
                    readonly=true
                    aria-label="Link to this picture"
                    value={address.clone()}
                    onfocus={on_focus}
                />
            }
        </>
    }
}

/// The address as one sends it. What stands before the hash is about the sender's machine, such as
/// the backend, and stays at home.
fn absolute(link: &Link) -> String {
    let location = gloo::utils::window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    format!("{origin}{path}{}", link.hash())
}

async fn copy(text: &str) -> Result<(), JsValue> {
    let navigator = gloo::utils::window().navigator();
    // Absent where the page was not served over a safe connection.
    let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into())?;
    if clipboard.is_undefined() {
        return Err(clipboard);
    }
    let written = navigator.clipboard().write_text(text);
    JsFuture::from(written).await.map(drop)
}
