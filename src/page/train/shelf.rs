//! The ready-made models: choosing one, what is known of it, and opening it.

use crate::config::Kind;
use crate::models::Pretrained;
use crate::page::deeds::Page;
use crate::page::fetching::fetching;
use crate::page::field::on_click;
use crate::page::format;
use crate::page::icons::Icon;
use crate::page::letters::lower;
use crate::page::state::Action;
use crate::page::state::run::Run;
use crate::page::state::shelf::{Models, Shelf, ShelfAction, task, task_title, text_title};
use crate::text::score::whole;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct ShelfCardProps {
    pub page: Page,
    pub shelf: Shelf,
    pub run: Option<Run>,
    pub busy: bool,
}

#[component]
pub fn ShelfCard(props: &ShelfCardProps) -> Html {
    let shelf = &props.shelf;
    html! {
        <section class="shelf card" aria-labelledby="shelf-title">
            <h2 id="shelf-title">{ "Ready-made models" }</h2>
            { match &shelf.models {
                Models::Coming => html! { <p class="help">{ "The list is on its way." }</p> },
                Models::Missing(why) => html! { <p class="error">{ why }</p> },
                Models::Here(_) => chooser(props),
            } }
            if let Some(problem) = &shelf.problem {
                <p class="error">{ problem }</p>
            }
        </section>
    }
}

fn chooser(props: &ShelfCardProps) -> Html {
    let ShelfCardProps { page, shelf, .. } = props;
    let Some(model) = shelf.chosen() else {
        return html! { <p class="help">{ "There are none here yet." }</p> };
    };
    let tasks = shelf.tasks().map(|first| (task(first), task_title(first)));
    let kinds = shelf.of_task();
    let kinds = kinds.map(|m| (m.kind.name().to_string(), m.kind.label().to_string()));
    let on_task = choice(page, |name| Some(ShelfAction::Task(name.into())));
    let on_kind = choice(page, |name| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        kind.map(ShelfAction::Kind)
    });
    html! {
        <>
            <div class="shelf-row">
                { select("shelf-task", "It learned", tasks, &task(model), on_task) }
                { select("shelf-kind", "Its attention", kinds, model.kind.name(), on_kind) }
                { button(props, model) }
            </div>
            if let Some(opening) = &shelf.opening {
                { fetching("the model", opening.received, opening.total) }
            }
            <p class="facts" aria-live="polite">{ record(model) }</p>
            if props.run.as_ref().is_some_and(|run| !run.is_ready_made()) {
                <p class="help">{ "Opening one ends the run that is open." }</p>
            }
        </>
    }
}

/// What a choice in a control does.
fn choice(page: &Page, action: fn(&str) -> Option<ShelfAction>) -> Callback<Event> {
    let page = page.clone();
    Callback::from(move |e: Event| {
        let select: HtmlSelectElement = e.target_unchecked_into();
        if let Some(action) = action(&select.value()) {
            page.dispatch(Action::Shelf(action));
        }
    })
}

fn select(
    id: &'static str,
    label: &'static str,
    choices: impl Iterator<Item = (String, String)>,
    chosen: &str,
    on_change: Callback<Event>,
) -> Html {
    html! {
        <div class="field">
            <label for={id}>{ label }</label>
            <select id={id} onchange={on_change}>
                for (name, title) in choices {
                    <option key={name.clone()} value={name.clone()} selected={name == chosen}>{ title }</option>
                }
            </select>
        </div>
    }
}

fn button(props: &ShelfCardProps, model: &Pretrained) -> Html {
    let ShelfCardProps {
        page,
        shelf,
        run,
        busy,
    } = props;
    let open = run.as_ref().is_some_and(|run| run.is(model));
    let disabled = *busy || open || shelf.opening.is_some();
    html! {
        <button
            type="button"
            {disabled}
            onclick={on_click(&(page.clone(), model.name.clone()), |(page, name)| {
                page.open_ready_made(name.clone());
            })}
        >
            { Icon::Open.draw() }{ if open { "It is open" } else { "Open it" } }
        </button>
    }
}

/// How well it knows its texts, how long it was trained, and how large it is.
fn record(model: &Pretrained) -> Html {
    html! {
        <>
            { knowledge(model) }
            { " Trained for " }
            <strong class="number">{ format::count(u64::from(model.steps)) }</strong>
            { " steps; " }
            <strong class="number">{ format::count(model.parameters as u64) }</strong>
            { " parameters." }
        </>
    }
}

fn knowledge(model: &Pretrained) -> Html {
    let verdict = match model.passes {
        true => "enough to pass its test.",
        false => "too little to pass its test.",
    };
    // Where nothing is right or wrong it is held against counting.
    if let Some(counting) = model.reference {
        return html! {
            <>
                { "Its loss on text that it never saw in training is " }
                <strong class="number">{ format::loss(model.val_loss) }</strong>
                { ", where merely counting what follows each five characters gives " }
                <strong class="number">{ format::loss(counting as f32) }</strong>
                { format!(": {verdict}") }
            </>
        };
    }
    let texts = model.corpora.iter().map(|corpus| {
        html! {
            <>
                { format!("{} ", lower(&text_title(corpus))) }
                if let Some(percent) = percent(model, corpus) {
                    <strong class="number">{ format!("{percent} %") }</strong>
                }
                { ", " }
            </>
        }
    });
    html! {
        <>
            { "Right on lines that it never saw in training: " }
            { for texts }
            { verdict }
        </>
    }
}

/// Whole percent, rounded down so that nothing looks better than it is: of sums those that are
/// right to the last digit, of other texts the characters.
fn percent(model: &Pretrained, corpus: &str) -> Option<u32> {
    let score = whole(model.scores.get(corpus)?);
    let count = match corpus {
        "addition" => score.exact,
        _ => score.characters,
    };
    (count.of > 0).then(|| (count.share() * 100.0).floor() as u32)
}
