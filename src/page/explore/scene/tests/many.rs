//! A long sentence: what a scene comes to stays in sight.

use super::*;

/// The pass's own shapes for a longer text. Its numbers are no model's: what is looked at is where
/// they stand, and whether sums are of all of them.
fn long(bytes: &[u8], tokens: usize) -> (Trace, Arrays) {
    let (trace, weights) = golden(bytes);
    let mut about = trace.about;
    let short = about.tokens.len();
    about.tokens = (0..tokens).map(|n| about.tokens[n % short]).collect();
    about.text = about.text.chars().cycle().take(tokens).collect();
    about.model.block_size = tokens;
    let axes = about.entries.iter_mut().flat_map(|entry| &mut entry.shape);
    for axis in axes.filter(|axis| **axis == short) {
        *axis = tokens;
    }
    let length: usize = about
        .entries
        .iter()
        .filter_map(crate::trace::Entry::len)
        .sum();
    let numbers = (0..length).map(|n| (n as f32 * 0.37).sin().abs() + 0.01);
    let trace = Trace::new(about, numbers.collect()).expect("as many numbers");
    (trace, weights)
}

/// The scenes that have a row for each key.
fn of_rows(source: Source) -> impl Iterator<Item = Stop> {
    journey(source.model()).into_iter().filter(|stop| {
        matches!(
            stop.scene,
            Scene::Score(_) | Scene::AdditiveScore(_) | Scene::Mix(_) | Scene::Cache
        )
    })
}

#[test]
fn a_long_sentence_needs_no_more_height_than_one_of_a_line() {
    for bytes in ALL {
        let (some, many) = (long(bytes, 25), long(bytes, 90));
        let (some, many) = (source(&some), source(&many));
        for stop in of_rows(many) {
            for width in WIDTHS {
                let height = |source: Source| {
                    let view = View {
                        stop,
                        width,
                        ..first_scene(source, source.tokens() - 1)
                    };
                    picture(&view).height
                };
                // A line of words may be longer.
                assert!(height(many) <= height(some) + 20.0, "{stop:?} at {width}");
            }
        }
    }
}

#[test]
fn what_is_picked_has_a_row_however_little_it_weighs() {
    let pass = long(ALL[0], 90);
    let source = source(&pass);
    for key in 0..90 {
        for (scene, quantity) in [
            (Scene::Score(FIRST), Quantity::Dot(FIRST)),
            (Scene::Mix(FIRST), Quantity::Pattern(FIRST)),
        ] {
            let cell = Cell::new(quantity, &[0, 89, key]);
            let view = View {
                stop: Stop { scene, layer: 0 },
                picked: Some(cell),
                ..first_scene(source, 89)
            };
            assert!(picture(&view).place_of(cell).is_some(), "{scene:?}, {key}");
        }
    }
}

#[test]
fn what_passes_sums_to_all_keys_and_not_only_to_those_drawn() {
    let pass = long(ALL[0], 90);
    let source = source(&pass);
    let view = View {
        stop: Stop {
            scene: Scene::Mix(FIRST),
            layer: 0,
        },
        ..first_scene(source, 89)
    };
    let picture = picture(&view);
    let size = source.head_size();
    let passing = picture.marks.iter().filter_map(|mark| match mark {
        Mark::Cell {
            cell: None,
            role: Role::Value,
            value,
            ..
        } => Some(*value),
        _ => None,
    });
    let passing: Vec<f64> = passing.collect();
    // 16 of them have a row, the others one together.
    assert_eq!(passing.len(), 17 * size);
    let weights = source
        .row(Quantity::Pattern(FIRST), &[0, 89])
        .expect("a row");
    for d in 0..size {
        let drawn: f64 = passing.iter().skip(d).step_by(size).sum();
        let value = |j| {
            let cell = Cell::new(Quantity::Value(FIRST), &[j, 0, d]);
            f64::from(source.at(cell).expect("a value"))
        };
        let all: f64 = (0..90).map(|j| f64::from(weights[j]) * value(j)).sum();
        assert!(
            (drawn - all).abs() < 1e-6 * all.abs(),
            "{drawn} is not {all}"
        );
    }
}
