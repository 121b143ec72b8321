//! Weights that the reader set are marked, and what became of the others is said.

use super::labels::{each_has_its_line, said};
use super::*;
use crate::trace::Intervention;

/// In the last of the passes that were changed, a weight of this query and head was.
const BLOCK: usize = 1;
const HEAD: usize = 2;
const QUERY: usize = 4;
const KEY: usize = 1;

fn place(pass: Option<crate::trace::Pass>) -> Place {
    Place { layer: BLOCK, pass }
}

/// A scene of that head and query at its end.
fn at(source: Source<'_>, scene: Scene, width: f64) -> View<'_> {
    View {
        stop: Stop {
            scene,
            layer: BLOCK,
        },
        head: HEAD,
        width,
        ..first_scene(source, QUERY)
    }
}

fn says(picture: &Picture, words: &str) -> bool {
    said(picture).iter().any(|(said, ..)| said.contains(words))
}

#[test]
fn a_weight_that_was_set_is_marked_and_the_others_are_accounted_for() {
    let pass = golden(ALL[6]);
    let source = source(&pass);
    let place = place(None);
    let row = |quantity| source.row(quantity, &[HEAD, QUERY]).expect("a row");
    // The model's own way from scores to weights, in its shortest form.
    let exponentials: Vec<f64> = row(Quantity::Scores(place))[..=QUERY]
        .iter()
        .map(|s| f64::from(*s).exp())
        .collect();
    let was = exponentials[KEY] / exponentials.iter().sum::<f64>();
    let set = f64::from(row(Quantity::Pattern(place))[KEY]);
    let factor = (1.0 - set) / (1.0 - was);
    assert!((set - 0.6).abs() < 1e-6 && (factor - 1.0).abs() > 0.05);
    let others = format!("the others × {factor:.2}");
    let weight = Cell::new(Quantity::Pattern(place), &[HEAD, QUERY, KEY]);
    for width in WIDTHS {
        for scene in [Scene::Softmax(place), Scene::Mix(place)] {
            let picture = picture(&at(source, scene, width));
            assert!(says(&picture, "by hand"), "{scene:?} at {width}");
            assert!(says(&picture, &others), "{scene:?} at {width}");
            let framed = picture.marks.iter().any(|mark| {
                matches!(mark, Mark::Frame { .. }) && picture.place_of(weight) == Some(mark.area())
            });
            assert!(framed, "{scene:?} at {width}");
        }
        let softmax = picture(&at(source, Scene::Softmax(place), width));
        assert!(says(&softmax, "the sum stays 1.0000"));
        let other = View {
            head: 0,
            ..at(source, Scene::Softmax(place), width)
        };
        assert!(!says(&picture(&other), "by hand"));
    }
}

#[test]
fn what_says_so_moves_nothing() {
    for bytes in ALL {
        let clean = golden(bytes);
        let mut changed = golden(bytes);
        let places = source(&clean).places(BLOCK);
        for place in places {
            changed.0.about.interventions = vec![Intervention::Cell {
                layer: BLOCK,
                head: HEAD,
                pass: place.pass,
                query: QUERY,
                key: KEY,
                weight: 0.5,
                renormalise: true,
            }];
            for scene in [Scene::Softmax(place), Scene::Mix(place)] {
                for (width, stretch) in WIDTHS.into_iter().zip([0.4, 1.0, 0.4, 2.0]) {
                    let views = [&clean, &changed].map(|pass| View {
                        stretch,
                        ..at(source(pass), scene, width)
                    });
                    let [before, after] = views.map(|view| picture(&view));
                    each_has_its_line(&views[1], &after);
                    assert!(says(&after, "by hand"), "{scene:?} at {width}");
                    assert_eq!(before.height, after.height, "{scene:?} at {width}");
                    for mark in before.marks.iter().filter(|mark| mark.cell().is_some()) {
                        let cell = mark.cell().expect("of a cell");
                        assert_eq!(before.place_of(cell), after.place_of(cell), "{scene:?}");
                    }
                }
            }
        }
    }
}
