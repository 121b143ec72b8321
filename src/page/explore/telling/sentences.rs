//! What the leads say, in words.

use super::place;
use crate::analysis::falls::Fall;
use crate::analysis::{Head, entropy_bits};
use crate::config::attention::Normaliser;
use crate::explain::Quantity;
use crate::models::telling::{Taken, Telling};
use crate::page::explore::characters::visible;
use crate::page::explore::journey::Scene;
use crate::page::state::explore::{Explore, Slot};
use crate::trace::Pass;

/// Letters of a word by which a token is still found.
const LONGEST_WORD: usize = 12;

/// How likely a guess is at least of which it is said that no head matters to it.
const SURE: f64 = 0.5;

/// From which share of the entropy of an even row on a head looks nowhere in particular.
const EVEN: f64 = 0.9;
const FEW: usize = 6;

/// A share in percent, with the digits of the table of what a change did. Nothing is certain.
fn percent(share: f64) -> String {
    match 100.0 * share {
        percent if percent >= 99.95 => "over 99.9\u{a0}%".into(),
        percent if percent < 0.05 => "under 0.1\u{a0}%".into(),
        percent => format!("{percent:.1}\u{a0}%"),
    }
}

/// What becomes of the next character.
fn falls(next: char, before: f64, after: f64) -> String {
    let (before, after) = (percent(before), percent(after));
    format!("“{}” falls from {before} to {after}", visible(next))
}

/// What the chosen head looks at most from the chosen token, where its weights are shown.
pub fn looks_most(looking: &Explore, shown: &Slot, scene: Scene) -> Option<String> {
    let (Scene::Softmax(at) | Scene::Mix(at)) = scene else {
        return None;
    };
    let Explore { head, token, .. } = *looking;
    let source = shown.source();
    if shown.is_changed() {
        // What is left over is nothing that the model chose, and of what is off no weight matters.
        return None;
    }
    let row = source.row(Quantity::Pattern(at), &[head, token])?;
    let seen = row.get(..=token)?;
    let by_weight = |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1);
    let (key, most) = seen.iter().enumerate().max_by(by_weight)?;
    let mut others = seen.iter().enumerate().filter(|(k, _)| *k != key);
    let only_itself = key == token && others.clone().all(|(_, weight)| *weight == 0.0);
    if only_itself || others.any(|(_, weight)| weight == most) {
        return None;
    }
    let model = &shown.trace.about.model;
    let shares = match model.attention.normaliser() {
        Normaliser::Softmax | Normaliser::OffByOne => true,
        Normaliser::Sigmoid => false,
    };
    let keys = seen.iter().filter(|weight| **weight > 0.0).count();
    // Of few keys one is soon much like another.
    if shares && keys >= FEW && entropy_bits(seen) > EVEN * (keys as f64).log2() {
        // There is no reason to be found why it looks there.
        return Some(format!(
            "Head {head} looks nearly alike at all: no more than {} at any.",
            percent(f64::from(*most))
        ));
    }
    let weight = match shares {
        true => percent(f64::from(*most)),
        false => format!("{most:.2}"),
    };
    Some(format!(
        "Head {head} looks most at {}, with {weight}.",
        named(&shown.characters(), key),
    ))
}

/// What there is to see in a scene at the end of the sentence, if it is one that shows it.
pub fn here(
    looking: &Explore,
    telling: Telling,
    scene: Scene,
    characters: &[char],
) -> Option<String> {
    let Telling { head, .. } = telling;
    let (next, before, after) = telling.falls;
    let share = |percent: f32| f64::from(percent) / 100.0;
    let falls = falls(next, share(before), share(after));
    let (own, of_head) = (place(telling), looking.head == head);
    match (telling.taken, scene) {
        (Taken::Weight { key }, Scene::Mix(at)) if at == own && of_head => Some(format!(
            "Head {head} looks back at {}. Drag that weight to 0, and {falls}.",
            named(characters, key),
        )),
        (Taken::Weight { key }, Scene::Softmax(at)) if at == own && of_head => Some(format!(
            "Head {head} gives {} the largest weight. Drag it down to 0, and {falls}.",
            named(characters, key),
        )),
        (
            Taken::Weight { key },
            Scene::Score(at) | Scene::AdditiveScore(at) | Scene::Mask(at) | Scene::Sharpen(at),
        ) if at == own && of_head && looking.pokes.is_empty() => Some(format!(
            "Watch {}: head {head} will look at it most.",
            named(characters, key),
        )),
        (Taken::Head, Scene::Heads) => Some(format!("Set head {head} to 0, and {falls}.")),
        _ => None,
    }
}

/// What there is to do where the heads have their sliders, of a head that a guess hangs on, as it stands
/// beside the stage once it is done.
pub fn off(fall: Fall, next: char) -> String {
    let (before, after) = (percent(fall.guess.chance), percent(fall.without));
    let (head, next) = (fall.head.head, visible(next));
    format!("Set head {head} to 0: “{next}” {before} → {after}.")
}

/// The head that a guess hangs on; how much does is said where it can be tried.
pub fn matters(fall: Fall) -> String {
    let Head { layer, head, .. } = fall.head;
    format!("Matters most: block {layer}, head {head}.")
}

/// That a guess hangs on no head; nothing of one that the model is not sure of.
pub fn hardly(fall: Fall, next: char, room: usize) -> Option<String> {
    if fall.without < SURE {
        return None;
    }
    let whole = format!(
        "No single head matters much here: each off, “{}” stays above {:.0}\u{a0}%.",
        visible(next),
        // What is rounded up would be too much.
        (100.0 * fall.without).floor().min(99.0),
    );
    Some(match whole.chars().count() <= room {
        true => whole,
        false => "No single head matters much here.".into(),
    })
}

/// The place in words.
pub fn whereto(telling: Telling) -> String {
    let Telling {
        layer, pass, head, ..
    } = telling;
    let pass = match pass {
        Some(Pass::Global) => ", global pass",
        Some(Pass::Local) => ", local pass",
        None => "",
    };
    match telling.taken {
        Taken::Weight { .. } => {
            format!("Most to see in this sentence: block {layer}{pass}, head {head}.")
        }
        Taken::Head => format!("Most to see in this sentence: block {layer}, heads out."),
    }
}

/// A token as a reader finds it: by its word, or by its place.
pub(super) fn named(characters: &[char], key: usize) -> String {
    let character = characters.get(key).copied().unwrap_or(' ');
    let (before, after) = characters.split_at(key.min(characters.len()));
    let start = before
        .iter()
        .rev()
        .take_while(|c| c.is_alphabetic())
        .count();
    let end = after.iter().take_while(|c| c.is_alphabetic()).count();
    let word = characters.get(key - start..key + end).unwrap_or_default();
    // A word that has the letter twice does not say which.
    let once = word.iter().filter(|c| **c == character).count() == 1;
    match word.len() {
        2..=LONGEST_WORD if once && end > 0 => {
            format!("the {character} of “{}”", word.iter().collect::<String>())
        }
        _ => format!("the “{}” in place {key}", visible(character)),
    }
}
