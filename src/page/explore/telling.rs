//! What an example promises, said where it is seen: which weight to look at, and what to do to it. Of
//! any other sentence what its own passes say.

mod sentences;

use super::journey::{Scene, Stop};
use super::lead::Lead;
use super::{poke, words};
use crate::analysis::ablation::Part;
use crate::config::Kind;
use crate::explain::{Cell, Place, Quantity};
use crate::models::telling::{Taken, Telling};
use crate::page::link::reader::Reader;
use crate::page::link::{Link, names};
use crate::page::state::explore::{Arrival, Explore, Slot, each_key, same_number};
use crate::trace::Intervention;
use sentences::{hardly, here, looks_most, matters, off, whereto};

/// Letters of a scene's text, with what stands in front of it and behind, that a small laptop and a room
/// show at once.
const ROOM: usize = 268;

/// What there is to do with a weight.
const HINT: &str = "Drag the largest weight to 0 and see.";

/// From which fall on a guess is said to hang on a head: below it nobody would see much.
const MATTERS: f64 = 0.05;

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
    let seen = || looks_most(looking, shown, stop.scene).map(Lead::Seen);
    let told = telling.and_then(|telling| {
        let at_end = looking.token + 1 == characters.len();
        let in_block = stop.layer == telling.layer;
        let there = at_end && in_block;
        let words = there.then(|| here(looking, telling, stop.scene, &characters));
        let of_another = || {
            let another = in_block && (looking.head != telling.head || !at_end);
            another.then(seen).flatten()
        };
        let words = words
            .flatten()
            .map(|words| match (telling.taken, stop.scene) {
                (Taken::Head, Scene::Heads) => {
                    Lead::Slide(words, poke::slider_of_head(stop.layer, telling.head))
                }
                _ => Lead::Here(words),
            });
        if let Some(lead) = words.or_else(of_another) {
            return Some(lead);
        }
        leads_on(stop.scene, telling.taken, kind).then(|| {
            let changes = looking.pokes.clone();
            let way = changed_way(&shown.trace.about.text, telling, changes);
            Lead::There(whereto(telling), Box::new(way))
        })
    });
    told.or_else(seen)
}

/// What stands behind a scene's text: of a sentence of one's own the head that its guess hangs on, or
/// what there is to do with a weight, beside what stands first. It is known a moment after the pass, and
/// moves nothing.
pub fn last(looking: &Explore, stop: Stop, first: Option<&Lead>) -> Option<Lead> {
    let shown = looking.shown.as_ref().filter(|_| looking.open)?;
    let taken = first.map_or(0, |lead| lead.letters() + 1);
    let text = words::letters(stop.scene, &shown.trace.about.model) + 1;
    let room = ROOM.saturating_sub(taken + text);
    let hint = || {
        let looks = matches!(first, Some(Lead::Seen(_))) && looking.is_known();
        looks.then(|| Lead::Here(HINT.into()))
    };
    let last = hangs(looking, shown, stop, room).or_else(hint);
    last.filter(|last| last.letters() <= room)
}

/// The head that the guess after the chosen token hangs on, and the way there.
fn hangs(looking: &Explore, shown: &Slot, stop: Stop, room: usize) -> Option<Lead> {
    let fall = looking.fall().filter(|_| looking.telling().is_none())?;
    let own = Part::Head(fall.head).off();
    let others = looking.pokes.iter().any(|poke| !same_number(poke, &own));
    let kind = shown.trace.about.model.attention.kind();
    if others || !leads_on(stop.scene, Taken::Head, kind) {
        // With anything else changed it would be another fall.
        return None;
    }
    let next = shown.trace.about.vocab.get(fall.guess.token).copied()?;
    if fall.guess.chance - fall.without < MATTERS {
        return hardly(fall, next, room).map(Lead::Here);
    }
    if (stop.scene, stop.layer) == (Scene::Heads, fall.head.layer) {
        let slider = poke::slider_of_head(stop.layer, fall.head.head);
        return Some(Lead::Slide(off(fall, next), slider));
    }
    let link = Link {
        text: Some(looking.text.clone()),
        changes: looking.pokes.clone(),
        scene: Some(names::of_scene(Scene::Heads)),
        layer: Some(fall.head.layer),
        token: Some(looking.token),
        head: Some(fall.head.head),
        time: Some(1.0),
        ..Link::default()
    };
    let way = Box::new(Arrival::new(link, Reader::Any));
    Some(Lead::There(matters(fall), way))
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
