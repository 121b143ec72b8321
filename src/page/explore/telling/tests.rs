use super::sentences::named;
use super::*;
use crate::analysis::Head;
use crate::analysis::falls::{Fall, Guess};
use crate::explain::golden::{ALL, golden};
use crate::models::telling::{Row, TELLING};
use crate::page::explore::journey::journey;
use crate::page::state::explore::{ExploreAction, Searched};

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
    matches!(
        lead,
        Some(Lead::Here(words) | Lead::Seen(words) | Lead::Slide(words, _)) if words.contains(part)
    )
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
                    let Some(Lead::Seen(words)) = lead else {
                        assert!(token == 0, "{lead:?}");
                        continue;
                    };
                    if words.contains("nearly alike") {
                        let even = 1.0 / (token + 1) as f32;
                        assert!(token >= 5 && most < 2.0 * even, "{words}: {row:?}");
                        continue;
                    }
                    let key = key.expect("one");
                    let place = format!("at the “x” in place {key}");
                    let weight = format!("with {:.1}\u{a0}%.", 100.0 * most);
                    assert!(token > 0 && words.contains(&place), "{words}");
                    assert!(words.contains(&weight) || most > 0.9995, "{words}");
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

/// Letters that a laptop shows at once.
const LAPTOP: usize = 282;

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
        let kind = shown.trace.about.model.attention.kind();
        for stop in &shown.journey {
            let lead = lead(&explore, *stop).map_or(0, |lead| lead.letters() + 1);
            let text = words::letters(stop.scene, &shown.trace.about.model);
            let watched = lead > 0 || leads_on(stop.scene, Taken::Head, kind);
            assert!(
                !watched || lead + text <= LAPTOP,
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
        ("a fluffy dog", 5, "the “f” in place 5"),
        ("a fluffy dog", 3, "the l of “fluffy”"),
        ("a big dog", 0, "the “a” in place 0"),
        ("12+3", 3, "the “3” in place 3"),
        ("dog", 0, "the d of “dog”"),
    ] {
        let characters: Vec<char> = text.chars().collect();
        assert_eq!(named(&characters, key), words);
    }
}

/// A pass of a sentence of one's own, of which it is known what every guess hangs on.
fn searched(bytes: &[u8], head: usize, chance: f64, without: f64) -> Explore {
    let (mut trace, _) = golden(bytes);
    trace.about.text = "x".repeat(trace.about.tokens.len());
    let mut explore = Explore::default();
    explore.reduce(ExploreAction::Text(trace.about.text.clone()));
    let slot = Slot::new("my own", trace, None);
    explore.reduce(ExploreAction::Traced(Ok(slot.clone())));
    let fall = Fall {
        guess: Guess { token: 0, chance },
        head: Head {
            layer: 1,
            pass: None,
            head,
        },
        without,
    };
    let falls = vec![fall; slot.trace.about.tokens.len()];
    explore.reduce(ExploreAction::Searched(Searched::new(&slot, falls)));
    explore
}

/// What stands behind the texts of the scenes of that name, by block.
fn lasts(looking: &Explore, name: &str) -> Vec<Option<Lead>> {
    let shown = looking.shown.as_ref().expect("a pass");
    let stops = shown.journey.iter();
    let named = stops.filter(|stop| names::of_scene(stop.scene) == name);
    let last = |stop: &Stop| last(looking, *stop, lead(looking, *stop).as_ref());
    named.map(last).collect()
}

#[test]
fn of_a_sentence_of_ones_own_one_is_led_to_the_head_that_its_guess_hangs_on() {
    let mut explore = searched(ALL[0], 2, 0.821, 0.314);
    explore.reduce(ExploreAction::Token(1));
    let words = "Matters most: block 1, head 2.";
    for name in ["score", "mask", "softmax", "mix"] {
        for lead in lasts(&explore, name) {
            let Some(Lead::There(said, way)) = &lead else {
                panic!("{name}: {lead:?}");
            };
            assert_eq!(said, words);
            let mut there = explore.clone();
            there.follow((**way).clone());
            assert_eq!((there.head, there.token, there.layer()), (2, 1, 1));
            assert_eq!(there.at().map(|stop| stop.scene), Some(Scene::Heads));
        }
    }
    let heads = lasts(&explore, "heads");
    assert!(matches!(heads[0], Some(Lead::There(..))), "{heads:?}");
    assert!(
        is_here(&heads[1], "Set head 2 to 0") && is_here(&heads[1], "82.1\u{a0}% → 31.4\u{a0}%")
    );
    for name in ["embed", "project", "feed-forward"] {
        assert!(lasts(&explore, name).iter().all(Option::is_none), "{name}");
    }
    // What one does there stays, and anything else makes it another fall.
    let own = |layer| Intervention::Head {
        layer,
        head: 2,
        pass: None,
        scale: 0.5,
    };
    explore.reduce(ExploreAction::Poke(own(1)));
    assert_eq!(lasts(&explore, "heads")[1], heads[1]);
    explore.reduce(ExploreAction::Poke(own(0)));
    for name in ["score", "heads"] {
        assert!(lasts(&explore, name).iter().all(Option::is_none), "{name}");
    }
}

#[test]
fn where_no_head_matters_that_is_said_of_a_sure_guess_only() {
    let hardly = searched(ALL[0], 2, 0.83, 0.806);
    for lead in lasts(&hardly, "score") {
        assert!(
            is_here(&lead, "No single head matters much here."),
            "{lead:?}"
        );
    }
    for lead in lasts(&hardly, "heads") {
        assert!(is_here(&lead, "stays above 80\u{a0}%."), "{lead:?}");
    }
    let unsure = searched(ALL[0], 2, 0.31, 0.29);
    for name in ["score", "heads"] {
        assert!(lasts(&unsure, name).iter().all(Option::is_none), "{name}");
    }
    assert!(is_here(
        &lasts(&unsure, "mix")[0],
        "Drag the largest weight"
    ));
}

#[test]
fn what_is_known_of_an_example_comes_first_and_nothing_is_guessed() {
    let (mut explore, _) = first();
    explore.reduce(ExploreAction::Token(2));
    let slot = explore.shown.clone().expect("a pass");
    let known = searched(ALL[0], 2, 0.9, 0.1).fall().expect("a fall");
    let falls = vec![known; slot.trace.about.tokens.len()];
    explore.reduce(ExploreAction::Searched(Searched::new(&slot, falls)));
    for name in ["score", "heads"] {
        assert!(lasts(&explore, name).iter().all(Option::is_none), "{name}");
    }
    // Before the passes are there it is not said what there is to do; where they will not come, it is.
    let mut explore = searched(ALL[0], 2, 0.9, 0.1);
    let shown = explore.shown.clone().expect("a pass");
    for (text, none) in [("y", true), ("x", false)] {
        let mut trace = shown.trace.clone();
        trace.about.text = text.repeat(trace.about.tokens.len());
        explore.reduce(ExploreAction::Text(trace.about.text.clone()));
        let slot = Slot::new("my own", trace, None);
        explore.reduce(ExploreAction::Traced(Ok(slot.clone())));
        assert_eq!(lasts(&explore, "mix")[0].is_none(), none, "{text}");
        explore.reduce(ExploreAction::Searched(Searched::new(&slot, Vec::new())));
        assert!(is_here(
            &lasts(&explore, "mix")[0],
            "Drag the largest weight"
        ));
        explore = searched(ALL[0], 2, 0.9, 0.1);
    }
}

#[test]
fn a_scenes_text_is_seen_at_once_with_what_stands_before_and_behind_it() {
    for (bytes, without) in ALL
        .into_iter()
        .flat_map(|bytes| [0.314, 0.97].map(|without| (bytes, without)))
    {
        let mut explore = searched(bytes, 2, 0.999, without);
        let shown = explore.shown.clone().expect("a pass");
        let model = &shown.trace.about.model;
        let kind = model.attention.kind();
        for (head, token) in (0..model.n_head).flat_map(|head| [1, 9].map(|token| (head, token))) {
            explore.reduce(ExploreAction::Head(head));
            explore.reduce(ExploreAction::Token(token));
            for stop in &shown.journey {
                let letters = |lead: Option<Lead>| lead.map_or(0, |lead| lead.letters() + 1);
                let first = lead(&explore, *stop);
                let behind = last(&explore, *stop, first.as_ref());
                let around = [first, behind].map(letters);
                let watched = leads_on(stop.scene, Taken::Head, kind);
                assert_eq!(around[1] > 0, watched, "{stop:?}");
                let all = around[0] + words::letters(stop.scene, model) + around[1];
                assert!(!watched || all <= ROOM, "{stop:?}: {all}");
            }
        }
    }
}
