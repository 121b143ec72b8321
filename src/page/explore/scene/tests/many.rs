//! A long sentence: what a scene comes to stays in sight.

use super::labels::said;
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
fn the_column_that_matters_has_its_character_however_many_there_are() {
    let pass = long(ALL[0], 90);
    let source = source(&pass);
    let weights = source.row(Quantity::Pattern(FIRST), &[0, 89]);
    let weights = weights.expect("a row").iter().map(|x| f64::from(*x));
    let strongest = board::strongest(&weights.collect::<Vec<_>>());
    let of = |key| Cell::new(Quantity::Pattern(FIRST), &[0, 89, key]);
    for (picked, key) in [(None, strongest), (Some(of(7)), 7), (Some(of(50)), 50)] {
        let view = View {
            stop: Stop {
                scene: Scene::Softmax(FIRST),
                layer: 0,
            },
            picked,
            ..first_scene(source, 89)
        };
        let picture = picture(&view);
        let columns = picture.marks.iter().filter(|mark| match mark {
            Mark::Cell { look, cell, .. } => *look == Look::Column && *cell == Some(of(key)),
            _ => false,
        });
        let columns: Vec<Rect> = columns.map(Mark::area).collect();
        assert_eq!(columns.len(), 1);
        let (area, x) = (columns[0], columns[0].centre().0);
        let foot = area.y + area.h;
        let under = |at: Point| at.1 > foot && at.1 < foot + super::super::labels::LINE;
        let said = said(&picture);
        let named = said
            .iter()
            .any(|(_, at, _)| under(*at) && (at.0 - x).abs() < 1.0);
        assert!(named, "key {key}");
        // Each of the others has a character or a stroke, so that one can count.
        let letters = said.iter().filter(|(_, at, _)| under(*at)).count();
        let strokes = picture.marks.iter().filter(|mark| match mark {
            Mark::Line { from, to, .. } => from.0 == to.0 && under(*from),
            _ => false,
        });
        assert_eq!(letters + strokes.count(), 90);
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
