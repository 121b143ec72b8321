//! The backend badge: where the numbers are computed, why there, and how to have it otherwise.

use super::deeds::Page;
use super::field::on_click;
use super::format;
use super::state::Action;
use super::state::run::Engine;
use super::state::setup::sentence;
use crate::client::EngineInfo;
use crate::protocol::{Backend, Threads};
use web_sys::{FocusEvent, KeyboardEvent, Node};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct BadgeProps {
    pub page: Page,
    pub engine: Engine,
    pub prefer: Option<Backend>,
    pub running: Option<Backend>,
    /// Of the present run, on the CPU.
    pub threads: Option<Threads>,
    pub busy: bool,
}

pub fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Webgpu => "WebGPU",
        Backend::Cpu => "CPU",
    }
}

fn other(backend: Backend) -> Backend {
    match backend {
        Backend::Webgpu => Backend::Cpu,
        Backend::Cpu => Backend::Webgpu,
    }
}

#[component]
pub fn Badge(props: &BadgeProps) -> Html {
    let open = use_state(|| false);
    let place = use_node_ref();
    let toggle = on_click(&open, |open| open.set(!**open));
    let on_key = {
        let open = open.clone();
        move |e: KeyboardEvent| {
            if e.key() == "Escape" {
                open.set(false);
            }
        }
    };
    // Leaving with the keyboard or clicking elsewhere closes it.
    let on_focus_out = {
        let (open, place) = (open.clone(), place.clone());
        move |e: FocusEvent| {
            let to = e.related_target().and_then(|to| {
                let node: Option<Node> = wasm_bindgen::JsCast::dyn_into(to).ok();
                node
            });
            let inside = place.get().is_some_and(|place| place.contains(to.as_ref()));
            if !inside {
                open.set(false);
            }
        }
    };
    let (state, text) = summary(&props.engine, props.threads.as_ref());
    let details = details(&props.engine, props.threads.as_ref());
    html! {
        <div class="badge" ref={place} onkeydown={on_key} onfocusout={on_focus_out}>
            <button
                type="button"
                class="quiet"
                aria-expanded={open.to_string()}
                aria-controls="badge-details"
                title={details.clone()}
                onclick={toggle}
            >
                <span class={classes!("light", state)} aria-hidden="true" />
                { text }
            </button>
            if *open {
                <div id="badge-details" class="popover card" tabindex="-1">
                    <p>{ details }</p>
                    { preference(props) }
                    { mover(props) }
                </div>
            }
        </div>
    }
}

/// The badge's light and its few words; the adapter's name goes where there is no room.
fn summary(engine: &Engine, threads: Option<&Threads>) -> (&'static str, Html) {
    match engine {
        Engine::Unknown => ("waiting", html! { "Engine" }),
        Engine::Downloading {
            backend,
            received,
            total,
        } => {
            let share = total.filter(|total| *total > 0);
            let share = share.map(|total| format!("{} %", received * 100 / total));
            let share = share.unwrap_or_else(|| format::bytes(*received));
            (
                "waiting",
                html! { { format!("{} {share}", name(*backend)) } },
            )
        }
        Engine::Starting(backend) => ("waiting", html! { { format!("{} …", name(*backend)) } }),
        Engine::Ready(EngineInfo {
            backend, adapter, ..
        }) => {
            let on = threads.map(|Threads { count, .. }| match count {
                1 => ", one thread".to_string(),
                _ => format!(", {count} threads"),
            });
            let words = html! {
                <>
                    // In one box, so that the comma stays where it belongs.
                    <span>
                        { name(*backend) }
                        if let Some(on) = on {
                            <span class="adapter">{ on }</span>
                        }
                    </span>
                    if let Some(adapter) = adapter {
                        <span class="adapter">{ format!(" · {adapter}") }</span>
                    }
                </>
            };
            ("ready", words)
        }
        Engine::Failed(_) => ("failed", html! { "No engine" }),
    }
}

/// The same in a sentence.
fn details(engine: &Engine, threads: Option<&Threads>) -> String {
    match engine {
        Engine::Unknown => "What this browser offers is being looked at.".into(),
        Engine::Downloading {
            backend, received, ..
        } => format!(
            "The engine for {} is being fetched, {} so far; after that it is kept.",
            name(*backend),
            format::bytes(*received)
        ),
        Engine::Starting(backend) => format!("The engine for {} is starting.", name(*backend)),
        Engine::Ready(info) => {
            let unsaid = |adapter: &&String| !info.reason.contains(adapter.as_str());
            let adapter = info.adapter.as_ref().filter(unsaid);
            let adapter = adapter.map(|adapter| format!(" Graphics card: {adapter}."));
            let threads = threads.map(on_threads);
            sentence(&info.reason) + &adapter.unwrap_or_default() + &threads.unwrap_or_default()
        }
        Engine::Failed(why) => why.clone(),
    }
}

/// The run's threads, in a sentence that follows another.
fn on_threads(threads: &Threads) -> String {
    match &threads.why {
        Some(why) => format!(" This run is trained on one thread: {why}."),
        None => format!(" This run is trained on {} threads.", threads.count),
    }
}

fn preference(props: &BadgeProps) -> Html {
    let choices = [
        (None, "The best there is"),
        (Some(Backend::Webgpu), "WebGPU"),
        (Some(Backend::Cpu), "CPU"),
    ];
    html! {
        <fieldset>
            <legend>{ "The next run takes" }</legend>
            for (backend, label) in choices {
                <label class="choice">
                    <input
                        type="radio"
                        name="prefer"
                        checked={props.prefer == backend}
                        onchange={props.page_action(Action::Prefer(backend))}
                    />
                    { label }
                </label>
            }
        </fieldset>
    }
}

fn mover(props: &BadgeProps) -> Html {
    let Some(backend) = props.running else {
        return Html::default();
    };
    let to = other(backend);
    html! {
        <button
            type="button"
            disabled={props.busy}
            onclick={on_click(&props.page, move |page| page.move_to(to))}
        >
            { format!("Move this run to {}", match to {
                Backend::Webgpu => "WebGPU",
                Backend::Cpu => "the CPU",
            }) }
        </button>
    }
}

impl BadgeProps {
    fn page_action(&self, action: Action) -> Callback<Event> {
        let page = self.page.clone();
        Callback::from(move |_| page.dispatch(action.clone()))
    }
}
