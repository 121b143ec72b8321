//! What an example promises, said where it is seen: which weight to look at, and what to do to it.

mod sentences;

use super::journey::{Scene, Stop};
use super::words;
use crate::config::Kind;
use crate::explain::{Cell, Place, Quantity};
use crate::models::telling::{Taken, Telling};
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::link::reader::Reader;
use crate::page::link::{Link, names};
use crate::page::state::Action;
use crate::page::state::explore::{Arrival, Explore, each_key, same_number};
use crate::trace::Intervention;
use sentences::{here, looks_most, whereto};
use yew::prelude::*;

/// Letters of a lead and a scene's text together that a laptop shows at once.
const ROOM: usize = 282;

/// What there is to do with a weight.
const HINT: &str = " Drag that weight down to 0 and see what it changes.";

/// The way to that place of an example's pass, where it then stands still.
pub fn way(text: &str, telling: Telling) -> Arrival {
    changed_way(text, telling, Vec::new())
}

/// The same, with changes that stay.
fn changed_way(text: &str, telling: Telling, changes: Vec<Intervention>) -> Arrival {
    let token = text.chars().count().saturating_sub(1);
    let cell = match telling.taken {
        Taken::Weight { key } => {
            let pattern = Quantity::Pattern(place(telling));
            let weight = Cell::new(pattern, &[telling.head, token, key]);
            Some(names::of_cell(weight))
        }
        Taken::Head => None,
    };
    let link = Link {
        text: Some(text.into()),
        changes,
        scene: Some(names::of_scene(scene(telling))),
        layer: Some(telling.layer),
        token: Some(token),
        head: Some(telling.head),
        cell,
        time: Some(1.0),
        ..Link::default()
    };
    Arrival::new(link, Reader::Any)
}

/// What stands in front of a scene's text.
#[derive(Clone, Debug, PartialEq)]
pub enum Lead {
    /// What there is to see, or to do, in the scene that is open.
    Here(String),
    /// Where there is more to see of this sentence, and the way there.
    There(String, Box<Arrival>),
}

/// A lead as it is written.
pub fn written(page: &Page, lead: Lead) -> Html {
    match lead {
        Lead::Here(words) => html! { <><strong>{ words }</strong>{ " " }</> },
        Lead::There(words, way) => html! {
            <>
                <button
                    type="button"
                    class="lead"
                    onclick={on_click(&(page.clone(), way), |(page, way)| {
                        page.dispatch(Action::Follow((**way).clone()));
                    })}
                >
                    { words }
                </button>
                { " " }
            </>
        },
    }
}

/// Where to look: at an example's own place what there is to try, in the other scenes of attention the
/// way there. Of any other sentence what its own pass says, where one sees how a head looks.
pub fn lead(looking: &Explore, stop: Stop) -> Option<Lead> {
    let shown = looking.shown.as_ref().filter(|_| looking.open)?;
    let characters = shown.characters();
    let kind = shown.trace.about.model.attention.kind();
    let telling = looking.telling().filter(|telling| {
        // With anything else changed it would be another fall.
        let own = telling.change(characters.len());
        looking.pokes.iter().all(|poke| same_number(poke, &own))
    });
    let told = telling.and_then(|telling| {
        let at_end = looking.token + 1 == characters.len();
        let in_block = stop.layer == telling.layer;
        let there = at_end && in_block;
        let words = there.then(|| here(looking, telling, stop.scene, &characters));
        let of_another = || {
            let another = in_block && (looking.head != telling.head || !at_end);
            another.then(|| looks(looking, stop.scene)).flatten()
        };
        if let Some(words) = words.flatten().or_else(of_another) {
            return Some(Lead::Here(words));
        }
        let arrived = there && (telling.taken, stop.scene) == (Taken::Head, Scene::Heads);
        (!arrived && leads_on(stop.scene, telling.taken, kind)).then(|| {
            let changes = looking.pokes.clone();
            let way = changed_way(&shown.trace.about.text, telling, changes);
            Lead::There(whereto(telling), Box::new(way))
        })
    });
    told.or_else(|| looks(looking, stop.scene).map(Lead::Here))
}

/// What the chosen head looks at most, and what there is to do with it where there is room for that.
fn looks(looking: &Explore, scene: Scene) -> Option<String> {
    let shown = looking.shown.as_ref()?;
    let mut words = looks_most(looking, shown, scene)?;
    let text = words::letters(scene, &shown.trace.about.model);
    if words.chars().count() + HINT.len() + text <= ROOM {
        words.push_str(HINT);
    }
    Some(words)
}

/// Whether one is led from a scene to where there is more to see: from those that show how heads look.
fn leads_on(scene: Scene, taken: Taken, kind: Kind) -> bool {
    let of_heads = scene == Scene::Heads && taken == Taken::Head;
    of_heads || each_key(scene, kind).is_some()
}

/// The scene that shows it.
fn scene(telling: Telling) -> Scene {
    match telling.taken {
        Taken::Weight { .. } => Scene::Mix(place(telling)),
        Taken::Head => Scene::Heads,
    }
}

fn place(telling: Telling) -> Place {
    let Telling { layer, pass, .. } = telling;
    Place { layer, pass }
}

#[cfg(test)]
mod tests;
