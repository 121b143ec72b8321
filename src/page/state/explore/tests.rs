mod changes;

use super::*;
use crate::explain::golden::{ALL, golden};
use crate::explain::{Place, Quantity};
use crate::models::telling::TELLING;
use crate::page::explore::journey::Scene;
use crate::trace::Branch;
use std::rc::Rc;
use write_on::WriteOnAction;

fn looking() -> Explore {
    let mut explore = Explore::default();
    explore.reduce(ExploreAction::Traced(Ok(slot(ALL[0]))));
    explore
}

fn slot(bytes: &[u8]) -> Slot {
    let (trace, weights) = golden(bytes);
    Slot::new("golden", trace, Some(Rc::new(weights)))
}

#[test]
fn scenes_follow_each_other_to_the_end_and_stay_there() {
    let mut explore = looking();
    let last = explore.stops() - 1;
    assert!(last > 10 && explore.playhead.playing);
    for n in 1..=last {
        let moved = explore.playhead.moved;
        explore.reduce(ExploreAction::Ended);
        assert_eq!((explore.stop, explore.playhead.time), (n, 0.0));
        assert_ne!(explore.playhead.moved, moved);
    }
    explore.reduce(ExploreAction::Ended);
    assert_eq!((explore.stop, explore.playhead.playing), (last, false));
    explore.reduce(ExploreAction::StepScene(-1));
    // What does not play is seen whole.
    assert_eq!((explore.stop, explore.playhead.time), (last - 1, 1.0));
}

#[test]
fn play_leads_from_the_overview_to_the_scene() {
    let mut explore = looking();
    explore.reduce(ExploreAction::Stop(4));
    for playing in [true, false] {
        explore.playhead.playing = playing;
        explore.reduce(ExploreAction::Open(false));
        explore.reduce(ExploreAction::TogglePlay);
        assert!(explore.open && explore.playhead.playing);
        assert_eq!(explore.stop, 4);
    }
    explore.reduce(ExploreAction::TogglePlay);
    assert!(explore.open && !explore.playhead.playing);
}

#[test]
fn the_same_scene_is_found_in_the_other_block() {
    let mut explore = looking();
    let score = |layer| Stop {
        scene: crate::page::explore::journey::Scene::Score(Place { layer, pass: None }),
        layer,
    };
    let shown = explore.shown.clone().expect("a pass");
    let place = shown.journey.iter().position(|stop| *stop == score(0));
    explore.reduce(ExploreAction::Stop(place.expect("there")));
    explore.reduce(ExploreAction::StepLayer(1));
    assert_eq!(explore.at(), Some(score(1)));
    explore.reduce(ExploreAction::StepLayer(1));
    assert_eq!(explore.at(), Some(score(1)));
    explore.reduce(ExploreAction::StepLayer(-1));
    assert_eq!(explore.at(), Some(score(0)));
}

#[test]
fn a_new_pass_keeps_what_is_looked_at_as_far_as_it_is_there() {
    let mut explore = looking();
    explore.reduce(ExploreAction::Token(2));
    explore.reduce(ExploreAction::Head(3));
    let cell = Cell::new(Quantity::AttnOut(0), &[2, 1]);
    explore.reduce(ExploreAction::Pick(Some(cell)));
    explore.reduce(ExploreAction::Traced(Ok(slot(ALL[0]))));
    assert_eq!((explore.token, explore.head), (2, 3));
    assert_eq!(explore.picked, Some(cell));
    // Another kind has another journey, and begins it where the old scene is.
    explore.reduce(ExploreAction::Traced(Ok(slot(ALL[4]))));
    assert_eq!((explore.token, explore.head), (2, 3));
    assert_eq!(explore.picked, None);
    explore.reduce(ExploreAction::Token(900));
    assert_eq!(
        explore.token,
        explore
            .shown
            .as_ref()
            .map_or(0, |s| s.source().tokens() - 1)
    );
}

/// A pass over the text that stands there: the golden one, said to be of it.
fn pass_of(explore: &Explore) -> Slot {
    let (mut trace, weights) = golden(ALL[0]);
    trace.about.text = explore.text.clone();
    trace.about.tokens = vec![0; explore.text.chars().count()];
    Slot::new("golden", trace, Some(Rc::new(weights)))
}

fn writing(pace: Pace) -> Explore {
    let mut explore = looking();
    explore.reduce(ExploreAction::Text("ab".into()));
    explore.reduce(ExploreAction::Traced(Ok(pass_of(&explore))));
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Pace(pace)));
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Toggle));
    explore
}

fn drawn(explore: &mut Explore, after: &str, character: Result<char, String>) {
    let after = after.to_string();
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Drawn {
        after,
        character,
    }));
}

#[test]
fn after_the_last_scene_a_character_joins_and_its_journey_begins() {
    for (pace, first) in [
        (Pace::Draw, Scene::Sample),
        (Pace::Every, Scene::Embed),
        (Pace::End, Scene::Cache),
    ] {
        let mut explore = writing(pace);
        explore.reduce(ExploreAction::Token(0));
        explore.reduce(ExploreAction::Stop(usize::MAX));
        assert_eq!(explore.write_on.next, Next::NotAsked);
        explore.reduce(ExploreAction::Ended);
        assert_eq!(explore.write_on.next, Next::Drawing);
        drawn(&mut explore, "ab", Ok('c'));
        assert_eq!(
            (explore.text.as_str(), explore.write_on.next),
            ("abc", Next::Joined)
        );
        // The old pass once more, then the new one.
        let old = looking().shown.expect("a pass");
        explore.reduce(ExploreAction::Traced(Ok(old)));
        assert_eq!(explore.write_on.next, Next::Joined);
        explore.reduce(ExploreAction::Traced(Ok(pass_of(&explore))));
        assert_eq!(explore.write_on.next, Next::NotAsked);
        assert_eq!(explore.at().map(|stop| stop.scene), Some(first));
        assert_eq!((explore.token, explore.playhead.time), (2, 0.0));
        assert!(explore.playhead.playing);
    }
}

#[test]
fn a_short_form_plays_only_its_scenes() {
    let mut explore = writing(Pace::End);
    explore.reduce(ExploreAction::Stop(0));
    let mut played = Vec::new();
    while explore.write_on.next == Next::NotAsked {
        explore.reduce(ExploreAction::Ended);
        played.extend(explore.at().map(|stop| stop.scene));
    }
    let end = [Scene::Cache, Scene::Logits, Scene::Sample, Scene::Sample];
    assert_eq!(played, end);
    // Without it every scene plays, whatever the pace.
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Toggle));
    explore.reduce(ExploreAction::Stop(0));
    explore.reduce(ExploreAction::Ended);
    assert_eq!(explore.stop, 1);
}

#[test]
fn who_has_it_write_sees_the_draw_at_once_and_in_a_hurry() {
    let mut explore = looking();
    explore.reduce(ExploreAction::Stop(0));
    assert!(!explore.running().brisk);
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Toggle));
    assert_eq!(explore.at().map(|stop| stop.scene), Some(Scene::Sample));
    assert!(explore.running().brisk);
    // Another pace leads to the next scene that plays in it.
    explore.reduce(ExploreAction::Stop(0));
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Pace(Pace::End)));
    assert_eq!(explore.at().map(|stop| stop.scene), Some(Scene::Cache));
    assert!(!explore.running().brisk);
}

#[test]
fn what_is_drawn_after_another_sentence_does_not_join() {
    let mut explore = writing(Pace::End);
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Draw));
    explore.reduce(ExploreAction::Text("ba".into()));
    drawn(&mut explore, "ab", Ok('c'));
    assert_eq!(
        (explore.text.as_str(), explore.write_on.next),
        ("ba", Next::NotAsked)
    );
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Draw));
    drawn(&mut explore, "ba", Err("No.".into()));
    assert_eq!(explore.problem.as_deref(), Some("No."));
    assert!(!explore.write_on.on);
}

#[test]
fn every_drawn_character_has_the_next_seed_until_a_person_writes() {
    let options = crate::protocol::Sampling {
        seed: 40,
        ..Default::default()
    };
    let mut explore = writing(Pace::End);
    for seed in 40..43 {
        assert_eq!(explore.write_on.options(options).seed, seed);
        explore.reduce(ExploreAction::WriteOn(WriteOnAction::Draw));
        let text = explore.text.clone();
        drawn(&mut explore, &text, Ok('a'));
        explore.reduce(ExploreAction::Traced(Ok(pass_of(&explore))));
    }
    assert_eq!(explore.write_on.shown(), 3);
    explore.reduce(ExploreAction::Text("ab".into()));
    assert_eq!(explore.write_on.options(options).seed, 40);
}

#[test]
fn what_the_model_wrote_can_be_taken_back() {
    let mut explore = writing(Pace::End);
    assert_eq!(explore.own, None);
    explore.reduce(ExploreAction::Append('a'));
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Draw));
    drawn(&mut explore, "aba", Ok('b'));
    assert_eq!(explore.own.as_deref(), Some("ab"));
    explore.reduce(ExploreAction::TakeBack);
    assert_eq!((explore.text.as_str(), &explore.own), ("ab", &None));
    // It does not go on from there by itself.
    assert!(!explore.write_on.on && explore.write_on.shown() == 0);
    // What the person edits is the person's own.
    explore.reduce(ExploreAction::Append('a'));
    explore.reduce(ExploreAction::Text("abac".into()));
    assert_eq!(explore.own, None);
    explore.reduce(ExploreAction::TakeBack);
    assert_eq!(explore.text, "abac");
}

#[test]
fn of_a_long_text_the_end_is_kept() {
    let mut explore = looking();
    let text = format!("{}é{}", "a".repeat(300), "b".repeat(LONGEST - 1));
    explore.reduce(ExploreAction::Text(text));
    assert_eq!(explore.text.chars().count(), LONGEST);
    assert!(explore.text.starts_with("éb") && explore.text.ends_with('b'));
    explore.reduce(ExploreAction::Append('c'));
    assert_eq!(explore.text.chars().count(), LONGEST);
    assert!(explore.text.starts_with('b') && explore.text.ends_with("bc"));
}

#[test]
fn the_kept_rows_of_any_block_can_be_seen() {
    let mut explore = looking();
    let shown = explore.shown.clone().expect("a pass");
    let place = shown
        .journey
        .iter()
        .position(|stop| stop.scene == Scene::Cache);
    explore.reduce(ExploreAction::Stop(place.expect("there")));
    assert_eq!(explore.layer(), 0);
    explore.reduce(ExploreAction::StepLayer(1));
    assert_eq!(
        explore.at().map(|stop| (stop.scene, stop.layer)),
        Some((Scene::Cache, 1))
    );
    explore.reduce(ExploreAction::StepLayer(1));
    assert_eq!(explore.layer(), 1);
    // A new pass does not lead away from it.
    explore.reduce(ExploreAction::Traced(Ok(slot(ALL[0]))));
    assert_eq!(
        explore.at().map(|stop| (stop.scene, stop.layer)),
        Some((Scene::Cache, 1))
    );
}

/// Where a scene stands in the journey that is shown.
fn stop_of(explore: &Explore, scene: Scene) -> usize {
    let shown = explore.shown.as_ref().expect("a pass");
    let found = shown.journey.iter().position(|stop| stop.scene == scene);
    found.expect("the scene is there")
}

const PLACE: Place = Place {
    layer: 1,
    pass: None,
};

#[test]
fn a_picked_key_stays_picked_in_the_scenes_that_have_keys() {
    let mut explore = looking();
    let last = explore.token;
    let of = |quantity: Quantity, key: usize| Some(Cell::new(quantity, &[0, last, key]));
    let score = stop_of(&explore, Scene::Score(PLACE));
    explore.reduce(ExploreAction::Stop(score));
    assert_eq!(explore.picked, None);
    explore.reduce(ExploreAction::Pick(of(Quantity::Dot(PLACE), 2)));
    for quantity in [
        Quantity::Scores(PLACE),
        Quantity::Pattern(PLACE),
        Quantity::Pattern(PLACE),
    ] {
        explore.reduce(ExploreAction::StepScene(1));
        assert_eq!(explore.picked, of(quantity, 2), "{:?}", explore.at());
    }
    // The heads side by side have no keys.
    explore.reduce(ExploreAction::StepScene(1));
    assert_eq!(explore.picked, None);
    // A weight in the row of another query makes that one the chosen.
    explore.reduce(ExploreAction::StepScene(-2));
    let other = Cell::new(Quantity::Pattern(PLACE), &[0, last - 1, 1]);
    explore.reduce(ExploreAction::Pick(Some(other)));
    assert_eq!((explore.token, explore.picked), (last - 1, Some(other)));
    explore.reduce(ExploreAction::StepScene(1));
    assert_eq!(explore.picked, Some(other));
    // In the overview one reads across all of them.
    explore.reduce(ExploreAction::Open(false));
    let weight = Cell::new(Quantity::Pattern(PLACE), &[0, last, 1]);
    explore.reduce(ExploreAction::Pick(Some(weight)));
    assert_eq!((explore.token, explore.picked), (last - 1, Some(weight)));
}

#[test]
fn a_line_of_the_overview_leads_to_its_score() {
    let mut explore = looking();
    explore.reduce(ExploreAction::Open(false));
    let weight = Cell::new(Quantity::Pattern(PLACE), &[2, explore.token, 1]);
    explore.reduce(ExploreAction::LookAt(weight));
    let there = explore.at().map(|stop| stop.scene);
    assert_eq!((there, explore.head), (Some(Scene::Score(PLACE)), 2));
    assert!(explore.open && !explore.playhead.playing);
    let dot = Cell::new(Quantity::Dot(PLACE), &[2, explore.token, 1]);
    assert_eq!(explore.picked, Some(dot));
}

#[test]
fn escape_leaves_one_thing_after_the_other() {
    let mut explore = looking();
    explore.reduce(ExploreAction::Present);
    let cell = Some(Cell::new(Quantity::AttnOut(0), &[2, 1]));
    explore.reduce(ExploreAction::Pick(cell));
    explore.reduce(ExploreAction::Help);
    explore.reduce(ExploreAction::Leave);
    assert_eq!((explore.help, explore.picked), (false, cell));
    explore.reduce(ExploreAction::Leave);
    assert_eq!((explore.picked, explore.presenting), (None, true));
    explore.reduce(ExploreAction::Leave);
    assert!(!explore.presenting);
}

#[test]
fn one_finds_back_along_the_numbers_one_came_by() {
    let mut explore = looking();
    let cell = |c| Cell::new(Quantity::AttnOut(0), &[2, c]);
    explore.reduce(ExploreAction::Into(cell(0), cell(1)));
    explore.reduce(ExploreAction::Into(cell(1), cell(2)));
    assert_eq!(explore.picked, Some(cell(2)));
    for back in [1, 0, 0] {
        explore.reduce(ExploreAction::Back);
        assert_eq!(explore.picked, Some(cell(back)));
    }
    explore.reduce(ExploreAction::Into(cell(0), cell(1)));
    explore.reduce(ExploreAction::Pick(Some(cell(4))));
    assert_eq!(explore.trail, []);
}

#[test]
fn an_examples_head_is_taken_in_its_block_until_the_reader_takes_another() {
    let slot = slot(ALL[0]);
    let of_head = |explore: &mut Explore, layer: usize| {
        explore.choose_layer(layer);
        explore.head
    };
    let (model, text, row) = TELLING[0];
    assert!(row.layer == 1 && row.head > 0, "the test needs another row");
    let mut trace = slot.trace.clone();
    trace.about.text = text.into();
    let heads = trace.about.model.n_head;
    let mut explore = Explore::default();
    explore.reduce(ExploreAction::Traced(Ok(Slot::new(
        model,
        trace.clone(),
        None,
    ))));
    assert_eq!(of_head(&mut explore, 0), 0);
    assert_eq!(of_head(&mut explore, 1), row.head % heads);
    assert_eq!(of_head(&mut explore, 0), 0);
    explore.reduce(ExploreAction::Head(0));
    assert_eq!(of_head(&mut explore, 1), 0);
    // Of a sentence of one's own none is known: the one that stands there stays.
    let mut explore = Explore::default();
    explore.reduce(ExploreAction::Traced(Ok(Slot::new(
        model,
        trace.clone(),
        None,
    ))));
    let (taken, stop) = (of_head(&mut explore, 1), explore.stop);
    let mut own = trace.clone();
    own.about.text = "the tiny furry ".into();
    explore.reduce(ExploreAction::Text(own.about.text.clone()));
    explore.reduce(ExploreAction::Traced(Ok(Slot::new(model, own, None))));
    assert_eq!((explore.head, explore.stop), (taken, stop));
    assert!(taken > 0, "the test needs another row");
    // Of another model nothing is known.
    let mut explore = Explore::default();
    explore.reduce(ExploreAction::Traced(Ok(Slot::new("my own", trace, None))));
    assert_eq!(of_head(&mut explore, 1), 0);
}

/// A pass of so many steps later with a branch of it switched off.
fn changed(learned: u32) -> ExploreAction {
    let (mut trace, weights) = golden(ALL[0]);
    trace.about.step += learned;
    trace.about.interventions = vec![without_feed_forward()];
    let slot = Slot::new("golden", trace, Some(Rc::new(weights)));
    ExploreAction::Traced(Ok(slot))
}

fn without_feed_forward() -> Intervention {
    Intervention::Branch {
        layer: 0,
        branch: Branch::Mlp,
    }
}

#[test]
fn a_changed_pass_asks_for_the_one_without_changes_where_nobody_has_seen_it() {
    let clean = slot(ALL[0]);
    let (label, step) = ("golden", clean.trace.about.step);
    let mut explore = Explore::default();
    explore.reduce(ExploreAction::Text(clean.trace.about.text.clone()));
    assert!(!explore.lacks_unchanged(label, step), "nothing is changed");
    explore.reduce(ExploreAction::Poke(without_feed_forward()));
    assert!(explore.lacks_unchanged(label, step));
    explore.reduce(ExploreAction::Beside(clean.clone()));
    explore.reduce(changed(0));
    assert_eq!(explore.unchanged, Some(clean.clone()));
    assert!(!explore.lacks_unchanged(label, step));
    // Of what it has learned since, or of another model, it is another one.
    assert!(explore.lacks_unchanged(label, step + 1));
    assert!(explore.lacks_unchanged("another", step));
    // Whoever changes what stands there has seen it.
    explore.reduce(ExploreAction::Traced(Ok(clean)));
    assert!(!explore.lacks_unchanged(label, step));
}

#[test]
fn beside_a_changed_pass_the_same_one_without_changes_is_kept() {
    let mut explore = looking();
    let clean = explore.shown.clone();
    for _ in 0..2 {
        explore.reduce(changed(0));
        assert_eq!(explore.unchanged, clean);
    }
    // What has learned on is another model.
    explore.reduce(changed(1));
    assert_eq!(explore.unchanged, None);
    explore.reduce(ExploreAction::Traced(Ok(slot(ALL[0]))));
    explore.reduce(changed(0));
    assert!(explore.unchanged.is_some());
    explore.reduce(ExploreAction::Traced(Ok(slot(ALL[0]))));
    assert_eq!(explore.unchanged, None);
}
