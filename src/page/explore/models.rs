//! Which model is looked into: a ready-made one, by what it learned and its kind of attention, or the
//! person's own run, where there is one.

use crate::config::Kind;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::format;
use crate::page::letters::lower;
use crate::page::state::shelf::{Shelf, ShelfAction, task, task_title};
use crate::page::state::{Action, State};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The value of the own run in the choice of a model; no text is called so.
const OWN: &str = "own";

/// Two choices, each of which opens the model at once; the sentence and the place in it stay.
pub fn models(page: &Page, state: &State) -> Html {
    if state.shelf.chosen().is_none() {
        return Html::default();
    }
    html! {
        <span class="models">
            { of_models(page, state) }
            { of_kinds(page, state) }
        </span>
    }
}

fn of_models(page: &Page, state: &State) -> Html {
    let shelf = &state.shelf;
    let open = state.own_run().map(|run| run.started.label.clone());
    let kept = state.kept.as_ref().map(|kept| kept.label.clone());
    let present = match (&open, shelf.chosen()) {
        (Some(_), _) => OWN.into(),
        (None, chosen) => chosen.map(task).unwrap_or_default(),
    };
    let option = |name: String, title: String| {
        html! {
            <option key={name.clone()} value={name.clone()} selected={name == present}>{ title }</option>
        }
    };
    let tasks: Html = shelf
        .tasks()
        .map(|first| option(task(first), task_title(first)))
        .collect();
    let own = open.clone().or(kept);
    let on_change = {
        let (page, shelf) = (page.clone(), shelf.clone());
        move |name: &str| match name {
            OWN => page.open_kept(),
            name => take(&page, &shelf, ShelfAction::Task(name.into())),
        }
    };
    let options = match own {
        None => tasks,
        Some(label) => html! {
            <>
                // Said before it is done: one model is open at a time.
                <optgroup label={match open {
                    Some(_) => "Ready-made, in the place of your run",
                    None => "Ready-made",
                }}>
                    { tasks }
                </optgroup>
                <optgroup label="Yours">
                    { option(OWN.into(), format!("Your run on {label}")) }
                </optgroup>
            </>
        },
    };
    choice(state, "explore-task", "Model", None, options, on_change)
}

fn of_kinds(page: &Page, state: &State) -> Html {
    let shelf = &state.shelf;
    let (kinds, present): (Vec<Kind>, Option<Kind>) = match state.own_run() {
        Some(run) => {
            let kind = run.started.info.config.model.attention.kind();
            (vec![kind], Some(kind))
        }
        None => {
            let kinds = shelf.of_task().map(|model| model.kind);
            (kinds.collect(), shelf.chosen().map(|model| model.kind))
        }
    };
    let alone = match (kinds.len(), state.own_run()) {
        (1, Some(_)) => Some("A run keeps the attention that it was begun with"),
        (1, None) => Some("Of the models that learned this, only this kind learned it well enough"),
        _ => None,
    };
    let options = kinds
        .iter()
        .map(|kind| {
            html! {
                <option
                    key={kind.name()}
                    value={kind.name()}
                    selected={Some(*kind) == present}
                >
                    { kind.label() }
                </option>
            }
        })
        .collect();
    let on_change = {
        let (page, shelf) = (page.clone(), shelf.clone());
        move |name: &str| {
            if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) {
                take(&page, &shelf, ShelfAction::Kind(kind));
            }
        }
    };
    choice(
        state,
        "explore-kind",
        "Attention",
        alone,
        options,
        on_change,
    )
}

/// Makes a choice, and opens the model that it leads to.
fn take(page: &Page, shelf: &Shelf, action: ShelfAction) {
    let by_task = matches!(action, ShelfAction::Task(_));
    let mut next = shelf.clone();
    next.reduce(action.clone());
    page.dispatch(Action::Shelf(action));
    if let Some(model) = next.chosen() {
        // One that was forced the last time is no loss where the one that was wished for is back.
        if let Some(before) = shelf.chosen().map(|before| before.kind)
            && by_task
            && next.of_task().all(|other| other.kind != before)
        {
            let words = format!(
                "{}: no ready-made model learned this well enough with {} attention, so that one with {} \
                 attention is open.",
                task_title(model),
                lower(before.label()),
                lower(model.kind.label()),
            );
            page.dispatch(Action::ToldOf(model.name.clone(), words));
        }
        page.open_ready_made(model.name.clone());
    }
}

fn choice(
    state: &State,
    id: &'static str,
    label: &'static str,
    title: Option<&'static str>,
    options: Html,
    on_choice: impl Fn(&str) + 'static,
) -> Html {
    let on_change = move |e: Event| {
        let select: HtmlSelectElement = e.target_unchecked_into();
        on_choice(&select.value());
    };
    html! {
        <label class="model-choice" for={id} {title}>
            <span>{ label }</span>
            <select {id} onchange={on_change} disabled={state.shelf.opening.is_some() || state.asked}>
                { options }
            </select>
        </label>
    }
}

/// The offer to look into the run that an earlier visit left, while another model is open.
pub fn kept_run(page: &Page, state: &State) -> Html {
    let Some(kept) = state.kept.as_ref().filter(|_| state.own_run().is_none()) else {
        return Html::default();
    };
    html! {
        <span class="kept-run">
            <span>
                { "Your run on " }<strong>{ &kept.label }</strong>
                { format!(
                    " is kept here, at step {} of {}.",
                    format::count(u64::from(kept.step)),
                    format::count(u64::from(kept.max_steps)),
                ) }
            </span>
            <button
                type="button"
                class="small"
                disabled={state.asked}
                onclick={on_click(page, Page::open_kept)}
            >
                { "Look into it" }
            </button>
        </span>
    }
}
