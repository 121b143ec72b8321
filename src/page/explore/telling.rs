//! What an example promises, said where it is seen: which weight to look at, and what to do to it.

use super::characters::visible;
use super::journey::{Scene, Stop};
use super::words;
use crate::config::attention::Normaliser;
use crate::explain::{Cell, Place, Quantity};
use crate::models::telling::{Taken, Telling};
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::link::reader::Reader;
use crate::page::link::{Link, names};
use crate::page::state::Action;
use crate::page::state::explore::{Arrival, Explore, Slot, same_number};
use crate::trace::{Intervention, Pass};
use yew::prelude::*;

/// Letters of a lead and a scene's text together that a laptop shows at once.
const ROOM: usize = 282;

/// What there is to do with a weight.
const HINT: &str = " Drag that weight down to 0 and see what it changes.";

/// Letters of a word by which a token is still found.
const LONGEST_WORD: usize = 12;

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
            another
                .then(|| looks_most(looking, shown, stop.scene))
                .flatten()
        };
        if let Some(words) = words.flatten().or_else(of_another) {
            return Some(Lead::Here(words));
        }
        let arrived = there && (telling.taken, stop.scene) == (Taken::Head, Scene::Heads);
        (!arrived && leads_on(stop.scene, telling.taken)).then(|| {
            let changes = looking.pokes.clone();
            let way = changed_way(&shown.trace.about.text, telling, changes);
            Lead::There(whereto(telling), Box::new(way))
        })
    });
    told.or_else(|| looks_most(looking, shown, stop.scene).map(Lead::Here))
}

/// What the chosen head looks at most from the chosen token, where its weights are shown.
fn looks_most(looking: &Explore, shown: &Slot, scene: Scene) -> Option<String> {
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
    let weight = match model.attention.normaliser() {
        // They are no shares of a whole.
        Normaliser::Sigmoid => format!("{most:.2}"),
        Normaliser::Softmax | Normaliser::OffByOne => match 100.0 * most {
            // Nothing is certain.
            percent if percent >= 99.5 => "over 99\u{a0}%".into(),
            percent => format!("{percent:.0}\u{a0}%"),
        },
    };
    let mut words = format!(
        "Head {head} looks most at {}, with {weight}.",
        named(&shown.characters(), key),
    );
    if words.chars().count() + HINT.len() + words::letters(scene, model) <= ROOM {
        words.push_str(HINT);
    }
    Some(words)
}

/// What there is to see in a scene at the end of the sentence, if it is one that shows it.
fn here(looking: &Explore, telling: Telling, scene: Scene, characters: &[char]) -> Option<String> {
    let Telling { head, .. } = telling;
    let (next, before, after) = telling.falls;
    let falls = format!(
        "“{}” falls from {} to {}",
        visible(next),
        chance(before),
        chance(after),
    );
    let (own, of_head) = (place(telling), looking.head == head);
    match (telling.taken, scene) {
        (Taken::Weight { key }, Scene::Mix(at)) if at == own && of_head => Some(format!(
            "Head {head} looks back at {}. Drag that weight to 0, and {falls}.",
            named(characters, key),
        )),
        (Taken::Weight { key }, Scene::Softmax(at)) if at == own && of_head => Some(format!(
            "Head {head} gives {} the largest weight. Drag it to 0, and {falls}.",
            named(characters, key),
        )),
        (
            Taken::Weight { key },
            Scene::Score(at) | Scene::AdditiveScore(at) | Scene::Mask(at) | Scene::Sharpen(at),
        ) if at == own && of_head && looking.pokes.is_empty() => Some(format!(
            "Watch {}: head {head} will give it the largest weight.",
            named(characters, key),
        )),
        (Taken::Head, Scene::Heads) => Some(format!(
            "Set head {head} to 0 under “Change something”: {falls}."
        )),
        _ => None,
    }
}

/// A chance in words, with the digits that the table has once it is so.
fn chance(percent: f32) -> String {
    match percent {
        // Nothing is certain.
        p if p > 99.9 => "over 99.9\u{a0}%".into(),
        p if p < 0.1 => "under 0.1\u{a0}%".into(),
        p => format!("{p:.1}\u{a0}%"),
    }
}

/// Whether one is led from a scene to where there is more to see: from those that show how heads look.
fn leads_on(scene: Scene, taken: Taken) -> bool {
    match scene {
        Scene::Score(_)
        | Scene::AdditiveScore(_)
        | Scene::Mask(_)
        | Scene::Sharpen(_)
        | Scene::Softmax(_)
        | Scene::Mix(_) => true,
        Scene::Heads => taken == Taken::Head,
        Scene::Embed
        | Scene::Norm(_)
        | Scene::Project(_)
        | Scene::Gate
        | Scene::Span
        | Scene::Window
        | Scene::Add(_)
        | Scene::FeedForward
        | Scene::Cache
        | Scene::Lens
        | Scene::Logits
        | Scene::Sample => false,
    }
}

/// The place in words.
fn whereto(telling: Telling) -> String {
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
        (2..=LONGEST_WORD, 1..) => {
            let word: String = characters[key - start..key + end].iter().collect();
            format!("the {character} of “{word}”")
        }
        _ => format!("the “{}” in place {key}", visible(character)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::golden::{ALL, golden};
    use crate::models::telling::{Row, TELLING};
    use crate::page::explore::journey::journey;
    use crate::page::state::explore::ExploreAction;

    /// The first example, in a pass that is said to be of it.
    fn first() -> (Explore, Telling) {
        pass_of(TELLING[0])
    }

    fn pass_of((model, text, telling): Row) -> (Explore, Telling) {
        let (mut trace, _) = golden(ALL[0]);
        trace.about.text = text.into();
        trace.about.tokens = vec![0; text.chars().count()];
        let mut explore = Explore::default();
        explore.reduce(ExploreAction::Text(text.into()));
        let slot = Slot::new(model, trace, None);
        explore.reduce(ExploreAction::Traced(Ok(slot)));
        (explore, telling)
    }

    /// The leads of the scenes of that name, by block.
    fn leads(looking: &Explore, name: &str) -> Vec<Option<Lead>> {
        let shown = looking.shown.as_ref().expect("a pass");
        let stops = journey(&shown.trace.about.model).into_iter();
        let named = stops.filter(|stop| names::of_scene(stop.scene) == name);
        named.map(|stop| lead(looking, stop)).collect()
    }

    fn is_here(lead: &Option<Lead>, part: &str) -> bool {
        matches!(lead, Some(Lead::Here(words)) if words.contains(part))
    }

    fn is_there(lead: &Option<Lead>) -> bool {
        matches!(lead, Some(Lead::There(words, _)) if words.ends_with("block 1, head 1."))
    }

    #[test]
    fn every_scene_of_attention_says_where_to_look() {
        let (mut explore, telling) = first();
        explore.reduce(ExploreAction::Head(telling.head));
        for (name, words) in [
            ("score", "Watch the g of “big”"),
            ("mask", "Watch the g of “big”"),
            ("softmax", "gives the g of “big” the largest weight"),
            ("mix", "looks back at the g of “big”"),
        ] {
            let leads = leads(&explore, name);
            assert!(is_there(&leads[0]), "{name}: {leads:?}");
            assert!(is_here(&leads[1], words), "{name}: {leads:?}");
        }
        for name in [
            "embed",
            "norm-attention",
            "project",
            "heads",
            "feed-forward",
        ] {
            assert!(leads(&explore, name).iter().all(Option::is_none), "{name}");
        }
        // Of another head, or another token.
        let mut other = explore.clone();
        other.reduce(ExploreAction::Head(telling.head + 1));
        assert!(leads(&other, "mix").iter().all(is_there));
        let mut other = explore.clone();
        other.reduce(ExploreAction::Token(2));
        let of_token = leads(&other, "softmax");
        assert!(is_there(&of_token[0]) && is_here(&of_token[1], "looks most at"));
        // The overview shows all of it.
        explore.reduce(ExploreAction::Open(false));
        assert!(leads(&explore, "mix").iter().all(Option::is_none));
    }

    #[test]
    fn a_head_is_switched_off_where_all_stand_side_by_side() {
        let mut rows = TELLING.into_iter();
        let row = rows.find(|row| row.2.taken == Taken::Head && row.2.layer == 1);
        let (mut explore, telling) = pass_of(row.expect("there is one"));
        let words = format!("Set head {} to 0", telling.head);
        let of = leads(&explore, "heads");
        assert!(is_here(&of[1], &words), "{of:?}");
        for lead in [&of[0], &leads(&explore, "softmax")[1]] {
            assert!(
                matches!(lead, Some(Lead::There(words, _)) if words.ends_with("block 1, heads out.")),
                "{lead:?}"
            );
        }
        // A room is shown its slider.
        explore.reduce(ExploreAction::Present);
        assert!(is_here(&leads(&explore, "heads")[1], &words));
    }

    #[test]
    fn what_one_does_there_stays_and_anything_else_ends_it() {
        let (mut explore, telling) = first();
        explore.reduce(ExploreAction::Head(telling.head));
        let own = telling.change(explore.text.chars().count());
        explore.reduce(ExploreAction::Poke(own.clone()));
        assert!(is_here(&leads(&explore, "mix")[1], "Drag that weight"));
        // It would not be the largest now.
        let score = &leads(&explore, "score")[1];
        let text = explore.text.clone();
        let way = changed_way(&text, telling, vec![own]);
        assert!(
            matches!(score, Some(Lead::There(_, to)) if **to == way),
            "{score:?}"
        );
        let off = Intervention::Head {
            layer: 0,
            head: 0,
            pass: None,
            scale: 0.0,
        };
        explore.reduce(ExploreAction::Poke(off));
        for name in ["score", "softmax", "mix"] {
            assert!(leads(&explore, name).iter().all(Option::is_none), "{name}");
        }
    }

    #[test]
    fn of_a_sentence_of_ones_own_its_pass_says_what_a_head_looks_at_most() {
        let (mut trace, _) = golden(ALL[0]);
        let tokens = trace.about.tokens.len();
        trace.about.text = "x".repeat(tokens);
        let mut explore = Explore::default();
        explore.reduce(ExploreAction::Text(trace.about.text.clone()));
        explore.reduce(ExploreAction::Traced(Ok(Slot::new("my own", trace, None))));
        let shown = explore.shown.clone().expect("a pass");
        for layer in 0..shown.trace.about.model.n_layer {
            for head in 0..shown.trace.about.model.n_head {
                for token in 0..tokens {
                    explore.reduce(ExploreAction::Head(head));
                    explore.reduce(ExploreAction::Token(token));
                    let pattern = Quantity::Pattern(Place { layer, pass: None });
                    let source = shown.source();
                    let row = source.row(pattern, &[head, token]).expect("its weights");
                    let most = row.iter().copied().fold(0.0, f32::max);
                    let key = row.iter().position(|weight| *weight == most);
                    for name in ["softmax", "mix"] {
                        let lead = &leads(&explore, name)[layer];
                        let Some(Lead::Here(words)) = lead else {
                            assert!(token == 0, "{lead:?}");
                            continue;
                        };
                        let key = key.expect("one");
                        let place = match tokens {
                            2..=LONGEST_WORD => format!("at the x of “{}”", "x".repeat(tokens)),
                            _ => format!("at the “x” in place {key}"),
                        };
                        let weight = format!("with {:.0}\u{a0}%.", 100.0 * most);
                        assert!(token > 0 && words.contains(&place), "{words}");
                        assert!(words.contains(&weight) || most > 0.995, "{words}");
                    }
                }
            }
        }
        for name in ["score", "mask", "heads", "project"] {
            assert!(leads(&explore, name).iter().all(Option::is_none), "{name}");
        }
        // Of a changed pass it is what is left over.
        assert!(leads(&explore, "mix").iter().any(Option::is_some));
        let (mut trace, _) = golden(ALL[0]);
        trace.about.text = "x".repeat(tokens);
        let off = |layer| Intervention::Head {
            layer,
            head: explore.head,
            pass: None,
            scale: 0.0,
        };
        trace.about.interventions = (0..trace.about.model.n_layer).map(off).collect();
        let slot = Slot::new("my own", trace, None);
        explore.reduce(ExploreAction::Traced(Ok(slot)));
        assert!(leads(&explore, "mix").iter().all(Option::is_none));
    }

    #[test]
    fn a_lead_and_its_scenes_text_are_seen_at_once() {
        for (row, bytes) in TELLING
            .into_iter()
            .flat_map(|row| ALL.map(|bytes| (row, bytes)))
        {
            let (mut trace, _) = golden(bytes);
            let (model, text, telling) = row;
            if !model.ends_with(trace.about.model.attention.kind().name()) {
                continue;
            }
            trace.about.text = text.into();
            trace.about.tokens = vec![0; text.chars().count()];
            let mut explore = Explore::default();
            explore.reduce(ExploreAction::Text(text.into()));
            explore.reduce(ExploreAction::Traced(Ok(Slot::new(model, trace, None))));
            explore.reduce(ExploreAction::Head(telling.head));
            let shown = explore.shown.clone().expect("a pass");
            for stop in &shown.journey {
                let lead = match lead(&explore, *stop) {
                    Some(Lead::Here(words) | Lead::There(words, _)) => words.chars().count() + 1,
                    None => 0,
                };
                let text = words::letters(stop.scene, &shown.trace.about.model);
                let watched = lead > 0 || leads_on(stop.scene, Taken::Head);
                assert!(
                    !watched || lead + text <= ROOM,
                    "{stop:?}: {lead} and {text}"
                );
            }
        }
    }

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
