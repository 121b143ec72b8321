//! Where the notes that this project follows err or contradict themselves: the page says so in the
//! scene concerned, and lets the reader try both with the model's own numbers.

mod columns;
mod costs;
mod span;

use super::beside::{self, Beside};
use super::journey::{Scene, Stop};
use crate::explain::Place;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::letters::capital;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Slot};
use crate::trace::Intervention;
use columns::columns;
use costs::Costs;
use span::{mean, temperature};
use yew::prelude::*;

/// What is disputed in a scene.
#[derive(Clone, Copy, PartialEq)]
enum Dispute {
    /// Whether a short span looks sharply, or a long one.
    Temperature(Place),
    /// What a dot product costs, and what an additive score.
    Costs,
    /// Whether a query is a row or a column.
    Columns(Place),
    /// Whether the span is read from what was seen so far, or from the whole sentence.
    Mean,
}

impl Dispute {
    fn of(scene: Scene) -> Option<Dispute> {
        match scene {
            Scene::Sharpen(place) => Some(Dispute::Temperature(place)),
            Scene::Score(_) | Scene::AdditiveScore(_) => Some(Dispute::Costs),
            Scene::Mask(place) | Scene::Softmax(place) => Some(Dispute::Columns(place)),
            Scene::Span => Some(Dispute::Mean),
            Scene::Embed
            | Scene::Norm(_)
            | Scene::Project(_)
            | Scene::Mix(_)
            | Scene::Gate
            | Scene::Window
            | Scene::Heads
            | Scene::Add(_)
            | Scene::FeedForward
            | Scene::Cache
            | Scene::Lens
            | Scene::Logits
            | Scene::Sample => None,
        }
    }

    /// What kind of other way it is.
    fn lead(self) -> &'static str {
        match self {
            Dispute::Temperature(_) | Dispute::Mean => "Another way to compute this",
            Dispute::Costs => "What this costs",
            Dispute::Columns(_) => "Another way to draw this",
        }
    }

    /// In a line.
    fn title(self) -> &'static str {
        match self {
            Dispute::Temperature(_) => "which span looks sharply",
            Dispute::Costs => "a dot product and an additive score, counted out",
            Dispute::Columns(_) => "queries as columns",
            Dispute::Mean => "a mean over the whole sentence",
        }
    }
}

/// The button that says what is disputed in a scene, and asks for it; nothing where nothing is.
pub fn ask(beside: &UseStateHandle<Beside>, stop: Stop) -> Html {
    let Some(dispute) = Dispute::of(stop.scene) else {
        return html! {};
    };
    let words = html! {
        // Of another title it is another one: none grows or shrinks while scenes go by.
        <span key={dispute.title()}>
            <strong>{ dispute.lead() }</strong>{ ": " }{ dispute.title() }
        </span>
    };
    beside::switch(beside, Beside::Notes(stop), "ask-notes", words)
}

/// What is disputed in a scene, and ways to try it.
pub fn notes(
    page: &Page,
    explore: &Explore,
    slot: &Slot,
    stop: Stop,
    beside: &UseStateHandle<Beside>,
) -> Html {
    let Some(dispute) = Dispute::of(stop.scene) else {
        return html! {};
    };
    let content = html! {
        <>
            <p>{ capital(dispute.title()) }{ "." }</p>
            { match dispute {
                Dispute::Temperature(place) => temperature(page, explore, slot, place),
                Dispute::Costs => html! { <Costs slot={slot.clone()} /> },
                Dispute::Columns(place) => columns(page, explore, slot, place),
                Dispute::Mean => mean(page, explore, slot, stop.layer),
            } }
        </>
    };
    beside::panel(beside, "otherwise", dispute.lead(), content)
}

/// A paper, by its number on arXiv.
fn paper(words: &str, number: &str) -> Html {
    html! {
        <a href={format!("https://arxiv.org/abs/{number}")} target="_blank" rel="noopener">
            { words }
        </a>
    }
}

/// A button that has a pass run with these changes, and takes them back.
fn trial(page: &Page, explore: &Explore, label: &str, changes: Vec<Intervention>) -> Html {
    let tried = changes.iter().all(|change| explore.pokes.contains(change));
    let act = on_click(&(page.clone(), changes), move |(page, changes)| {
        for change in changes.clone() {
            page.dispatch(Action::Explore(match tried {
                true => ExploreAction::Unpoke(change),
                false => ExploreAction::Poke(change),
            }));
        }
    });
    html! {
        <button type="button" class="chip" aria-pressed={tried.to_string()} onclick={act}>
            { label }
        </button>
    }
}
