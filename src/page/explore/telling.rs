//! What an example promises, said where it is seen: which weight to look at, and what to do to it.

use super::characters::visible;
use super::journey::{Scene, Stop};
use crate::explain::{Cell, Place, Quantity};
use crate::models::telling::Telling;
use crate::page::link::reader::Reader;
use crate::page::link::{Link, names};
use crate::page::state::explore::{Arrival, Explore};
use crate::trace::Intervention;

/// The way to that place of an example's pass, where it then stands still.
pub fn way(text: &str, telling: Telling) -> Arrival {
    let (place, token) = (place(telling), text.chars().count().saturating_sub(1));
    let weight = Cell::new(
        Quantity::Pattern(place),
        &[telling.head, token, telling.key],
    );
    let link = Link {
        text: Some(text.into()),
        scene: Some(names::of_scene(Scene::Mix(place))),
        layer: Some(telling.layer),
        token: Some(token),
        head: Some(telling.head),
        cell: Some(names::of_cell(weight)),
        time: Some(1.0),
        ..Link::default()
    };
    Arrival::new(link, Reader::Any)
}

/// What there is to try in the scene that is open: with an example's own weight there, and in front
/// of a room with any, since what says so elsewhere is not shown then.
pub fn to_try(looking: &Explore, stop: Stop) -> Option<String> {
    let shown = looking.shown.as_ref().filter(|_| looking.open)?;
    let characters = shown.characters();
    let there = |telling: &Telling| {
        stop.scene == Scene::Mix(place(*telling))
            && (looking.head, looking.token + 1) == (telling.head, characters.len())
            // With anything else changed it would be another fall.
            && looking.pokes.iter().all(|poke| is_of(poke, telling))
    };
    match (looking.telling().filter(there), stop.scene) {
        (Some(telling), _) => {
            let (next, before, after) = telling.falls;
            // Nothing is certain.
            let before = match before {
                100 => "over 99".into(),
                before => before.to_string(),
            };
            Some(format!(
                "Head {} looks back at {}. Drag that weight to 0, and “{}” falls from {before}\u{a0}% to \
                 {after}\u{a0}%.",
                telling.head,
                named(&characters, telling.key),
                visible(next),
            ))
        }
        (None, Scene::Softmax(_) | Scene::Mix(_)) if looking.presenting => {
            Some("Drag a weight: the model runs again with it.".into())
        }
        (None, _) => None,
    }
}

/// Whether that weight is what is changed.
fn is_of(change: &Intervention, telling: &Telling) -> bool {
    let Intervention::Cell {
        layer,
        pass,
        head,
        key,
        ..
    } = *change
    else {
        return false;
    };
    (layer, pass, head, key) == (telling.layer, telling.pass, telling.head, telling.key)
}

fn place(telling: Telling) -> Place {
    let Telling { layer, pass, .. } = telling;
    Place { layer, pass }
}

/// A token as a reader finds it: by its word, or by its place.
fn named(characters: &[char], key: usize) -> String {
    let character = characters.get(key).copied().unwrap_or(' ');
    let (before, after) = characters.split_at(key.min(characters.len()));
    let start = before
        .iter()
        .rev()
        .take_while(|c| c.is_alphabetic())
        .count();
    let end = after.iter().take_while(|c| c.is_alphabetic()).count();
    match (start + end, end) {
        (2.., 1..) => {
            let word: String = characters[key - start..key + end].iter().collect();
            format!("the {character} of “{word}”")
        }
        _ => format!("the “{}” in place {key}", visible(character)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_word_or_by_its_place() {
        for (text, key, words) in [
            ("the big dog", 6, "the g of “big”"),
            ("the big dog", 7, "the “␣” in place 7"),
            ("a big dog", 0, "the “a” in place 0"),
            ("12+3", 3, "the “3” in place 3"),
            ("dog", 0, "the d of “dog”"),
        ] {
            let characters: Vec<char> = text.chars().collect();
            assert_eq!(named(&characters, key), words);
        }
    }
}
