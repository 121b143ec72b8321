//! Which ready-made model is looked into: what it learned, and its kind of attention.

use crate::config::Kind;
use crate::page::deeds::Page;
use crate::page::state::Action;
use crate::page::state::shelf::{Shelf, ShelfAction, task, task_title};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Two choices, each of which opens the model at once; the sentence and the place in it stay.
pub fn models(page: &Page, shelf: &Shelf) -> Html {
    let Some(chosen) = shelf.chosen() else {
        return Html::default();
    };
    let tasks = shelf.tasks().map(|first| (task(first), task_title(first)));
    let kinds = shelf
        .of_task()
        .map(|model| (model.kind.name().into(), model.kind.label().into()));
    html! {
        <span class="models">
            { choice(page, shelf, "explore-task", "Model", tasks, &task(chosen), |name| {
                Some(ShelfAction::Task(name.into()))
            }) }
            { choice(page, shelf, "explore-kind", "Attention", kinds, chosen.kind.name(), |name| {
                let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                kind.map(ShelfAction::Kind)
            }) }
        </span>
    }
}

fn choice(
    page: &Page,
    shelf: &Shelf,
    id: &'static str,
    label: &'static str,
    choices: impl Iterator<Item = (String, String)>,
    present: &str,
    action: fn(&str) -> Option<ShelfAction>,
) -> Html {
    let on_change = {
        let (page, shelf) = (page.clone(), shelf.clone());
        move |e: Event| {
            let select: HtmlSelectElement = e.target_unchecked_into();
            let Some(action) = action(&select.value()) else {
                return;
            };
            let mut next = shelf.clone();
            next.reduce(action.clone());
            page.dispatch(Action::Shelf(action));
            if let Some(model) = next.chosen() {
                page.open_ready_made(model.name.clone());
            }
        }
    };
    html! {
        <label class="model-choice" for={id}>
            <span>{ label }</span>
            <select {id} onchange={on_change} disabled={shelf.opening.is_some()}>
                for (name, title) in choices {
                    <option key={name.clone()} value={name.clone()} selected={name == present}>{ title }</option>
                }
            </select>
        </label>
    }
}
