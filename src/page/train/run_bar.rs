//! The run bar: what one can do with the run now, and where it is.

use super::out_of_sight::OutOfSight;
use crate::page::badge::name;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::format;
use crate::page::icons::Icon;
use crate::page::state::run::{Phase, Preparation, Run};
use crate::page::state::setup::Setup;
use crate::protocol::Backend;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct RunBarProps {
    pub page: Page,
    pub phase: Phase,
    pub run: Option<Run>,
    pub setup: Setup,
    pub prefer: Option<Backend>,
}

#[component]
pub fn RunBar(props: &RunBarProps) -> Html {
    html! {
        <section class="run-bar card" aria-label="Training">
            <div class="transport">
                { main_button(props) }
                { step_button(props) }
                { run_buttons(props) }
            </div>
            { journey(props) }
            if props.phase == Phase::Training {
                <OutOfSight live={props.page.live.clone()} />
            }
            if let Some(run) = &props.run {
                { gauges(run, &props.phase) }
            }
            <p class="for-ears" role="status">{ said(props) }</p>
        </section>
    }
}

/// The one button that is always there: Start, Pause or Resume.
fn main_button(props: &RunBarProps) -> Html {
    let page = &props.page;
    let (icon, label, enabled, deed) = match &props.phase {
        Phase::Idle => (
            Icon::Play,
            "Start",
            props.setup.is_ready(),
            start(props, None),
        ),
        Phase::Preparing(_) => (Icon::Play, "Starting", false, Callback::noop()),
        Phase::Training => (Icon::Pause, "Pause", true, on_click(page, Page::pause)),
        Phase::Paused => (
            Icon::Play,
            "Resume",
            true,
            on_click(page, |page| page.train(None)),
        ),
        Phase::Finished => (
            Icon::Restart,
            "Restart",
            true,
            on_click(page, Page::restart),
        ),
        Phase::WritesOnly => match fitting_text(props) {
            Some(text) => (
                Icon::Play,
                "Train",
                true,
                on_click(&(page.clone(), text), |(page, text)| page.train_on(text)),
            ),
            None => (Icon::Play, "Train", false, Callback::noop()),
        },
    };
    // Not `disabled`: a button that is pressed by keyboard and then changes keeps the focus.
    html! {
        <button
            id="run-main"
            type="button"
            class="primary"
            aria-disabled={(!enabled).then_some("true")}
            onclick={if enabled { deed } else { Callback::noop() }}
        >
            { icon.draw() }{ label }
        </button>
    }
}

fn step_button(props: &RunBarProps) -> Html {
    let deed = match &props.phase {
        Phase::Idle if props.setup.is_ready() => Some(start(props, Some(1))),
        Phase::Paused => Some(on_click(&props.page, |page| page.train(Some(1)))),
        Phase::Idle
        | Phase::Preparing(_)
        | Phase::Training
        | Phase::Finished
        | Phase::WritesOnly => None,
    };
    html! {
        <button type="button" title="Train a single step" disabled={deed.is_none()} onclick={deed}>
            { Icon::Step.draw() }{ "Step" }
        </button>
    }
}

/// What a run can have done to it; without one of the person's own there is nothing to show.
fn run_buttons(props: &RunBarProps) -> Html {
    let Some(run) = props.run.as_ref().filter(|run| !run.is_ready_made()) else {
        return Html::default();
    };
    let busy = matches!(props.phase, Phase::Preparing(_));
    let restartable = run.has_text() && props.phase != Phase::Finished;
    html! {
        <>
            if restartable {
                <button
                    type="button"
                    title="The same run once more, from its first step"
                    disabled={busy}
                    onclick={on_click(&props.page, Page::restart)}
                >
                    { Icon::Restart.draw() }{ "Restart" }
                </button>
            }
            <button
                type="button"
                title="End this run; what was kept in the browser stays"
                disabled={busy}
                onclick={on_click(&props.page, Page::stop)}
            >
                { Icon::Stop.draw() }{ "Stop" }
            </button>
        </>
    }
}

fn start(props: &RunBarProps, steps: Option<u32>) -> Callback<MouseEvent> {
    let with = (props.page.clone(), props.setup.clone(), props.prefer);
    on_click(&with, move |(page, setup, prefer)| {
        page.start(setup, *prefer, steps);
    })
}

/// The chosen text, when every character of it is known to the model that has none.
fn fitting_text(props: &RunBarProps) -> Option<crate::page::state::setup::Text> {
    let vocab = &props.run.as_ref()?.started.info.vocab;
    let text = props.setup.text()?;
    let known = |c| vocab.contains(c);
    text.survey().vocab.iter().all(known).then(|| text.clone())
}

/// The bar and the line above it.
fn journey(props: &RunBarProps) -> Html {
    let (line, done) = match (&props.phase, &props.run) {
        (Phase::Preparing(preparation), _) => preparing(preparation),
        (Phase::Idle, _) if props.setup.is_ready() => return hint(READY),
        (Phase::Idle, _) => return hint(not_ready(&props.setup)),
        (_, None) => return Html::default(),
        (Phase::WritesOnly, Some(_)) if fitting_text(props).is_some() => {
            return hint("This model came from a file. Train goes on with the text chosen below.");
        }
        (Phase::WritesOnly, Some(_)) => {
            return hint(
                "This model came from a file and can write. To train it on, choose a text of which it knows every character.",
            );
        }
        (phase @ (Phase::Training | Phase::Paused | Phase::Finished), Some(run)) => {
            let step = format!(
                "Step {} of {}",
                format::count(u64::from(run.progress.step)),
                format::count(u64::from(run.max_steps()))
            );
            let line = match (phase, run.seconds_left()) {
                (Phase::Training, Some(left)) => {
                    format!("{step} · {} left", format::duration(left))
                }
                (Phase::Paused, _) => format!("{step} · paused"),
                (Phase::Finished, _) => format!("{step} · done"),
                _ => step,
            };
            let share = f64::from(run.progress.step) / f64::from(run.max_steps().max(1));
            (line, Some(share))
        }
    };
    let percent = done.map(|done| (done.clamp(0.0, 1.0) * 100.0).floor());
    html! {
        <div class="journey">
            <p class="line">{ &line }</p>
            <div
                class={classes!("progress", percent.is_none().then_some("unsure"))}
                role="progressbar"
                aria-label="Progress"
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow={percent.map(|percent| percent.to_string())}
                aria-valuetext={line.clone()}
            >
                <div style={done.map(|done| format!("transform: scaleX({:.4})", done.clamp(0.0, 1.0)))} />
            </div>
        </div>
    }
}

const READY: &str = "Press Start: a new model reads the text, guesses each next character, and learns from \
    every wrong guess. Watch its loss fall, then let it write.";

fn not_ready(setup: &Setup) -> &'static str {
    if setup.text_error().is_some() {
        "The text cannot be used as it is: see below."
    } else if setup.options_error().is_some() {
        "One of the options is out of its range: see below."
    } else {
        "The text is on its way."
    }
}

fn hint(words: &'static str) -> Html {
    html! { <p class="journey hint">{ words }</p> }
}

/// A line for what happens before the first step, and how far it is where that is known.
fn preparing(preparation: &Preparation) -> (String, Option<f64>) {
    match preparation {
        Preparation::Asking => ("Looking at what this browser offers".into(), None),
        Preparation::Downloading {
            backend,
            received,
            total,
        } => {
            let so_far = format::bytes(*received);
            let of = total.map(|total| format!(" of {}", format::bytes(total)));
            let line = format!(
                "Fetching the engine for {}, {so_far}{}",
                name(*backend),
                of.unwrap_or_default()
            );
            let share = total
                .filter(|total| *total > 0)
                .map(|total| *received as f64 / total as f64);
            (line, share)
        }
        Preparation::Device(Backend::Webgpu) => ("Asking for the graphics card".into(), None),
        Preparation::Device(Backend::Cpu) => ("Starting the engine on the CPU".into(), None),
        Preparation::Model => ("Reading the text and making the model".into(), None),
        Preparation::Warming(backend, done) => {
            let what = match backend {
                Backend::Webgpu => "Compiling shaders",
                Backend::Cpu => "Warming up",
            };
            if *done > 0.0 {
                let line = format!("{what}, {:.0} %", done * 100.0);
                (line, Some(f64::from(*done)))
            } else {
                (what.into(), None)
            }
        }
        Preparation::FirstStep => ("Doing the first step".into(), None),
    }
}

fn gauges(run: &Run, phase: &Phase) -> Html {
    let Some(ms) = run
        .progress
        .ms_per_step
        .filter(|_| *phase != Phase::WritesOnly)
    else {
        return Html::default();
    };
    let steps = 1e3 / ms;
    html! {
        <dl class="gauges">
            <div><dt>{ "steps/s" }</dt><dd>{ format::short(steps) }</dd></div>
            <div><dt>{ "tokens/s" }</dt><dd>{ format::short(steps * run.tokens_per_step()) }</dd></div>
            <div><dt>{ "ms/step" }</dt><dd>{ format::short(ms) }</dd></div>
        </dl>
    }
}

/// What a screen reader announces: only what happens rarely.
fn said(props: &RunBarProps) -> String {
    let at = |run: &Run| format::count(u64::from(run.progress.step));
    match (&props.phase, &props.run) {
        (Phase::Preparing(_), _) => "Preparing the run".into(),
        (Phase::Training, _) => "Training".into(),
        (Phase::Paused, Some(run)) => format!("Paused at step {}", at(run)),
        (Phase::Finished, Some(run)) => format!("The run is done, at step {}", at(run)),
        (Phase::Idle | Phase::Paused | Phase::Finished | Phase::WritesOnly, _) => String::new(),
    }
}
