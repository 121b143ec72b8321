//! Every query against every key.

use super::labels::{each_has_its_line, said};
use super::*;
use crate::page::explore::characters::of_text;

#[test]
fn a_flipped_grid_has_queries_for_columns() {
    let pass = golden(ALL[0]);
    let source = source(&pass);
    let stop = Stop {
        scene: Scene::Mask(FIRST),
        layer: 0,
    };
    let plain = View {
        stop,
        ..first_scene(source, 3)
    };
    let flipped = View {
        flipped: true,
        ..plain
    };
    let (plain, flipped) = (picture(&plain), picture(&flipped));
    let cell = |query, key| Cell::new(Quantity::Scores(FIRST), &[0, query, key]);
    for query in 0..source.tokens() {
        for key in 0..source.tokens() {
            let (one, other) = (cell(query, key), cell(key, query));
            assert!(plain.place_of(one).is_some());
            assert_eq!(plain.place_of(one), flipped.place_of(other));
        }
    }
}

#[test]
fn the_matrix_names_the_chosen_query_and_key_however_low_it_is() {
    let pass = golden(ALL[0]);
    let source = source(&pass);
    let of = |query, key| Cell::new(Quantity::Scores(FIRST), &[0, query, key]);
    for (query, key) in [(3, 1), (4, 4), (5, 0)] {
        for (width, stretch) in [(300.0, 0.1), (700.0, 0.15), (1100.0, 1.0)] {
            let view = View {
                stop: Stop {
                    scene: Scene::Mask(FIRST),
                    layer: 0,
                },
                picked: Some(of(query, key)),
                width,
                stretch,
                ..first_scene(source, query)
            };
            let picture = picture(&view);
            each_has_its_line(&view, &picture);
            let cell = picture.place_of(of(query, key)).expect("on the stage");
            let middle = cell.centre();
            let row = |at: Point| (at.1 - middle.1).abs() < 1.0 && at.0 < cell.x;
            let column = |at: Point| (at.0 - middle.0).abs() < 1.0 && at.1 < cell.y;
            let character = |n| of_text(&source, n);
            let names = |place: &dyn Fn(Point) -> bool, n| {
                let words = said(&picture);
                words
                    .iter()
                    .any(|(words, at, _)| place(*at) && *words == character(n))
            };
            assert!(names(&row, query), "query {query} at {width}");
            assert!(names(&column, key), "key {key} at {width}");
        }
    }
}

#[test]
fn one_weight_has_one_colour_wherever_it_is_a_shade() {
    let mut parts = 0;
    each(|view, picture| {
        if view.time < 1.0 || !matches!(view.stop.scene, Scene::Softmax(_) | Scene::Window) {
            return;
        }
        for mark in &picture.marks {
            let Mark::Cell {
                look, most, alpha, ..
            } = mark
            else {
                continue;
            };
            if matches!(look, Look::Shade | Look::Part) {
                assert_eq!((*most, *alpha), (1.0, 1.0), "{:?}", view.stop);
                parts += usize::from(*look == Look::Part);
            }
        }
    });
    assert!(parts > 0);
}

#[test]
fn a_matrix_is_as_wide_as_its_part_of_the_stage() {
    let pass = golden(ALL[0]);
    let source = source(&pass);
    let last = source.tokens() - 1;
    for (width, least) in [(300.0, 250.0), (700.0, 240.0), (1100.0, 400.0)] {
        let view = View {
            stop: Stop {
                scene: Scene::Softmax(FIRST),
                layer: 0,
            },
            width,
            ..first_scene(source, last)
        };
        let picture = picture(&view);
        let cell = Cell::new(Quantity::Pattern(FIRST), &[0, 0, last]);
        let area = picture.place_of(cell).expect("in the triangle");
        let wide = area.w * source.tokens() as f64;
        assert!(
            wide > least && area.w <= 3.0 * (area.h + 1.0),
            "{wide} of {width}"
        );
    }
}
