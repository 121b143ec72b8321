use super::*;
use crate::explain::golden::{ALL, golden};
use crate::explain::{Place, Quantity};
use crate::trace::Branch;

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

#[test]
fn a_change_takes_the_place_of_the_one_before_and_goes_with_its_token() {
    let mut explore = looking();
    let head = |scale| Intervention::Head {
        layer: 0,
        head: 1,
        pass: None,
        scale,
    };
    let cell = |key, weight| Intervention::Cell {
        layer: 0,
        head: 0,
        pass: None,
        query: 3,
        key,
        weight,
        renormalise: true,
    };
    explore.reduce(ExploreAction::Poke(head(0.5)));
    explore.reduce(ExploreAction::Poke(head(0.0)));
    explore.reduce(ExploreAction::Poke(cell(1, 0.9)));
    explore.reduce(ExploreAction::Poke(cell(2, 0.9)));
    assert_eq!(explore.pokes, [head(0.0), cell(2, 0.9)]);
    explore.reduce(ExploreAction::Text("other".into()));
    assert_eq!(explore.pokes, [head(0.0)]);
    explore.reduce(ExploreAction::Unpoke(head(1.0)));
    assert_eq!(explore.pokes, []);
    let branch = Intervention::Branch {
        layer: 1,
        branch: Branch::Mlp,
    };
    explore.reduce(ExploreAction::Poke(branch));
    explore.reduce(ExploreAction::UnpokeAll);
    assert_eq!(explore.pokes, []);
}
