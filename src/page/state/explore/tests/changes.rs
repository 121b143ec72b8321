use super::*;

#[test]
fn a_change_shows_the_whole_scene_and_stops_it() {
    let seen = |explore: &Explore| (explore.playhead.time, explore.playhead.playing);
    let mut explore = looking();
    explore.reduce(ExploreAction::Poke(of_head(0.5)));
    assert_eq!(seen(&explore), (1.0, false));
    // As it is dragged on, nothing moves any more.
    let moved = explore.playhead.moved;
    explore.reduce(ExploreAction::Poke(of_head(0.4)));
    assert_eq!(explore.playhead.moved, moved);
    for change in [
        ExploreAction::Poke(of_head(0.0)),
        ExploreAction::Unpoke(of_head(1.0)),
        ExploreAction::UnpokeAll,
    ] {
        // The clock goes on by itself; where it was stopped the state does not know.
        for stopped in [false, true] {
            explore.reduce(ExploreAction::TogglePlay);
            assert_eq!(seen(&explore), (0.0, true));
            if stopped {
                explore.reduce(ExploreAction::TogglePlay);
            }
            explore.reduce(change.clone());
            assert_eq!(seen(&explore), (1.0, false), "{change:?}");
        }
        explore.reduce(ExploreAction::Time(0.3));
        explore.reduce(change);
        assert_eq!(seen(&explore), (1.0, false));
    }
    // The overview stands still anyway, and a model that writes goes on writing.
    explore.reduce(ExploreAction::TogglePlay);
    explore.reduce(ExploreAction::Open(false));
    explore.reduce(ExploreAction::Poke(of_head(0.5)));
    assert_eq!(seen(&explore), (0.0, true));
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Toggle));
    explore.reduce(ExploreAction::UnpokeAll);
    assert_eq!(seen(&explore), (0.0, true));
}

fn of_head(scale: f32) -> Intervention {
    Intervention::Head {
        layer: 0,
        head: 1,
        pass: None,
        scale,
    }
}

#[test]
fn a_change_takes_the_place_of_the_one_before_and_goes_with_its_token() {
    let mut explore = looking();
    let head = of_head;
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
    // A head that is put back to what it is needs no change.
    explore.reduce(ExploreAction::Poke(head(0.5)));
    explore.reduce(ExploreAction::Poke(head(1.0)));
    assert_eq!(explore.pokes, []);
    let branch = Intervention::Branch {
        layer: 1,
        branch: Branch::Mlp,
    };
    explore.reduce(ExploreAction::Poke(branch));
    explore.reduce(ExploreAction::UnpokeAll);
    assert_eq!(explore.pokes, []);
}

#[test]
fn a_number_that_is_set_to_what_it_is_is_no_change() {
    let place = Place {
        layer: 1,
        pass: None,
    };
    let weight = Cell::new(Quantity::Pattern(place), &[2, 4, 1]);
    let cell = |weight: f64| Intervention::Cell {
        layer: 1,
        head: 2,
        pass: None,
        query: 4,
        key: 1,
        weight: weight as f32,
        renormalise: true,
    };
    // In the second pass it is set by hand, and what it would be is made again.
    for bytes in [ALL[0], ALL[6]] {
        let slot = slot(bytes);
        let mut explore = Explore::default();
        explore.reduce(ExploreAction::Text(slot.trace.about.text.clone()));
        explore.reduce(ExploreAction::Traced(Ok(slot.clone())));
        let own = unset(&slot, weight).expect("it is there");
        assert!(own > 0.01 && (own - 0.6).abs() > 0.01, "{own}");
        for (set, pokes) in [(own, 0), (own + 0.005, 1), (0.6, 1), (own, 0)] {
            explore.reduce(ExploreAction::Poke(cell(set)));
            assert_eq!(explore.pokes.len(), pokes, "{set} of {own}");
        }
    }
}

#[test]
fn a_change_stays_at_its_token_as_far_as_the_sentence_is_the_same() {
    let cell = |query, key| Intervention::Cell {
        layer: 0,
        head: 0,
        pass: None,
        query,
        key,
        weight: 0.5,
        renormalise: true,
    };
    let gate = |position| Intervention::Gate {
        layer: 0,
        head: 1,
        position,
        value: 0.5,
    };
    let row = |query: usize| Intervention::Row {
        layer: 1,
        head: 1,
        pass: None,
        query,
        weights: vec![1.0; query + 1],
        renormalise: true,
    };
    let block = pass_of(&looking()).trace.about.model.block_size;
    let text: String = "ab".chars().cycle().take(block - 1).collect();
    let mut explore = looking();
    explore.reduce(ExploreAction::Text(text.clone()));
    for change in [cell(3, 1), cell(6, 1), gate(Some(1)), gate(None), row(2)] {
        explore.reduce(ExploreAction::Poke(change));
    }
    let all = explore.pokes.clone();
    // Whoever adds it.
    explore.reduce(ExploreAction::Append('c'));
    assert_eq!(explore.pokes, all);
    explore.reduce(ExploreAction::Text(text));
    explore.reduce(ExploreAction::WriteOn(WriteOnAction::Draw));
    let after = explore.text.clone();
    drawn(&mut explore, &after, Ok('c'));
    assert_eq!(
        (explore.text.chars().count(), &explore.pokes),
        (block, &all)
    );
    // The first character is no longer read: all others stand one place before.
    explore.reduce(ExploreAction::Append('d'));
    let before = [cell(2, 0), cell(5, 0), gate(Some(0)), gate(None)];
    assert_eq!(explore.pokes, before);
    explore.reduce(ExploreAction::Append('e'));
    assert_eq!(explore.pokes, [gate(None)]);
    // Another character before it makes it another token.
    explore.reduce(ExploreAction::Text("abab".into()));
    explore.reduce(ExploreAction::Poke(cell(2, 1)));
    explore.reduce(ExploreAction::Poke(cell(3, 1)));
    explore.reduce(ExploreAction::Text("abaa".into()));
    assert_eq!(explore.pokes, [gate(None), cell(2, 1)]);
    explore.reduce(ExploreAction::Text("bbaa".into()));
    assert_eq!(explore.pokes, [gate(None)]);
}
