use super::*;
use crate::explain::golden::{ALL, golden};
use crate::explain::{Unexplained, explain};
use crate::page::explore::journey::journey;
use crate::page::explore::overview;
use crate::protocol::Sampling;
use crate::trace::Trace;
use std::collections::HashMap;

const WIDTHS: [f64; 3] = [300.0, 620.0, 1100.0];
const TIMES: [f64; 6] = [0.0, 0.2, 0.45, 0.7, 0.93, 1.0];

/// Every scene of every kind, at every width and time, for the first and the last token.
fn each(mut look: impl FnMut(&View, &Picture)) {
    for bytes in ALL {
        let (trace, weights) = golden(bytes);
        let source = Source {
            trace: &trace,
            weights: Some(&weights),
            sampling: Sampling::default(),
        };
        let last = source.tokens() - 1;
        for stop in journey(source.model()) {
            for (token, head) in [(0, 0), (last, 3)] {
                for width in WIDTHS {
                    for time in TIMES {
                        let view = View {
                            source,
                            before: None,
                            stop,
                            token,
                            head,
                            written: 1,
                            picked: None,
                            flipped: false,
                            width,
                            stretch: 1.0,
                            time,
                        };
                        look(&view, &picture(&view));
                    }
                }
            }
        }
    }
}

/// The journey's first scene at its end, with a token chosen.
fn first_scene(source: Source<'_>, token: usize) -> View<'_> {
    View {
        source,
        before: None,
        stop: journey(source.model())[0],
        token,
        head: 0,
        written: 0,
        picked: None,
        flipped: false,
        width: 700.0,
        stretch: 1.0,
        time: 1.0,
    }
}

#[test]
fn every_mark_is_on_the_stage_and_finite() {
    each(|view, picture| {
        assert!(picture.marks.len() > 2, "{:?} is bare", view.stop);
        assert!(picture.height.is_finite() && picture.height < 1_600.0);
        for mark in &picture.marks {
            let area = mark.area();
            let edges = [area.x, area.y, area.x + area.w, area.y + area.h];
            assert!(
                edges.iter().all(|x| x.is_finite()),
                "{:?}: {mark:?}",
                view.stop
            );
            assert!(
                edges[0] >= -1.5 && edges[2] <= view.width + 1.5 && edges[3] <= picture.height,
                "{:?} at {} of {}: {mark:?}",
                view.stop,
                view.time,
                view.width
            );
        }
    });
}

#[test]
fn at_the_end_every_cell_shows_the_number_that_its_card_explains() {
    let mut cells = 0;
    each(|view, picture| {
        for mark in picture.marks.iter().filter(|_| view.time == 1.0) {
            let (Mark::Cell { value, look, .. }, Some(cell)) = (mark, mark.cell()) else {
                continue;
            };
            let number = view.source.at(cell).map(f64::from);
            let number = number.unwrap_or_else(|| panic!("{:?}: no {cell:?}", view.stop));
            let same = *value == number || (value - number).abs() <= 1e-5 * number.abs().max(1.0);
            assert!(
                same || *look == Look::Hidden,
                "{:?}: {} is {number} and not {value}",
                view.stop,
                cell.name()
            );
            cells += 1;
        }
    });
    assert!(cells > 10_000, "only {cells} cells were looked at");
}

#[test]
fn what_a_scene_puts_on_the_card_can_be_made_again() {
    each(|view, picture| {
        let focus = picture
            .focus
            .unwrap_or_else(|| panic!("{:?} has none", view.stop));
        let explanation = explain(&view.source, focus);
        let explanation = explanation.unwrap_or_else(|e| panic!("{:?}: {e}", view.stop));
        assert!(explanation.agrees(), "{:?}: {explanation:?}", view.stop);
    });
}

#[test]
fn the_same_moment_is_the_same_picture() {
    each(|view, shown| assert_eq!(&picture(view), shown));
}

#[test]
fn while_a_change_stands_bars_keep_their_scale() {
    let (whole, weights) = golden(ALL[0]);
    let quarters = whole.arrays().flat_map(|(_, array)| array.data);
    let quarters = quarters.map(|x| x / 4.0).collect();
    let small = Trace::new(whole.about.clone(), quarters).expect("as many numbers");
    let of = |trace| Source {
        trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let fills = |picture: &Picture| -> HashMap<Cell, f64> {
        let filled = picture.marks.iter().filter_map(|mark| match mark {
            Mark::Cell { most, .. } => mark.cell().map(|cell| (cell, *most)),
            Mark::Text { .. } | Mark::Line { .. } | Mark::Frame { .. } => None,
        });
        filled.collect()
    };
    let mut kept = 0;
    for stop in journey(of(&whole).model()) {
        let before = View {
            stop,
            ..first_scene(of(&whole), whole.about.tokens.len() - 1)
        };
        let alone = View {
            source: of(&small),
            ..before
        };
        let changed = View {
            before: Some(of(&whole)),
            ..alone
        };
        let [before, alone, changed] = [before, alone, changed].map(|view| fills(&picture(&view)));
        for (cell, most) in before {
            let (Some(alone), Some(changed)) = (alone.get(&cell), changed.get(&cell)) else {
                continue;
            };
            // What is larger than before may shrink, to be seen whole; nothing grows.
            assert_eq!(*changed, most.max(*alone), "{stop:?}: {}", cell.name());
            kept += usize::from(*alone < most);
        }
    }
    assert!(kept > 100, "only {kept} bars would have grown");
}

#[test]
fn without_weights_the_scenes_still_play() {
    for bytes in ALL {
        let (trace, _) = golden(bytes);
        let source = Source {
            trace: &trace,
            weights: None,
            sampling: Sampling::default(),
        };
        for stop in journey(source.model()) {
            let view = View {
                stop,
                head: 1,
                ..first_scene(source, 2)
            };
            let picture = picture(&view);
            assert!(!picture.marks.is_empty());
            if let Some(focus) = picture.focus
                && let Err(why) = explain(&source, focus)
            {
                assert_eq!(why, Unexplained::Weights);
            }
        }
    }
}

#[test]
fn a_cell_is_found_where_it_stands_and_beside_another() {
    let (trace, weights) = golden(ALL[0]);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let picture = picture(&first_scene(source, 3));
    let first = picture.focus.expect("a cell");
    let place = picture.place_of(first).expect("on the stage");
    assert_eq!(picture.cell_at(place.centre()), Some(first));
    let next = picture.beside(first, (1.0, 0.0)).expect("one beside it");
    assert_eq!(next.index, [3, 1, 0]);
    assert_eq!(picture.beside(next, (-1.0, 0.0)), Some(first));
    let above = picture.beside(first, (0.0, -1.0)).expect("one above it");
    assert_eq!(above.quantity, crate::explain::Quantity::PositionRow);
    assert_eq!(picture.beside(first, (0.0, 1.0)), None);
}

#[test]
fn the_overview_reads_the_lens_at_every_depth() {
    for bytes in ALL {
        let (trace, weights) = golden(bytes);
        let source = Source {
            trace: &trace,
            weights: Some(&weights),
            sampling: Sampling::default(),
        };
        let view = first_scene(source, source.tokens() - 1);
        let lines = |threshold| {
            let picture = overview::picture(&view, threshold);
            let lines = picture
                .marks
                .iter()
                .filter(|mark| matches!(mark, Mark::Line { .. }));
            lines.count()
        };
        assert!(lines(0.02) > lines(0.9));
        let picture = overview::picture(&view, 0.3);
        assert_eq!(picture.rows.len(), source.tokens());
        let certain = picture.rows.last().and_then(|row| row.numbers.last());
        let best = source
            .lens(source.model().n_layer, view.token)
            .map(|lens| lens.best().1);
        assert_eq!(certain.copied(), best.ok());
    }
}

#[test]
fn the_overview_always_shows_where_the_chosen_head_looks_most() {
    for bytes in ALL {
        let (trace, weights) = golden(bytes);
        let source = Source {
            trace: &trace,
            weights: Some(&weights),
            sampling: Sampling::default(),
        };
        let token = source.tokens() - 1;
        for head in 0..source.model().n_head {
            let view = View {
                head,
                ..first_scene(source, token)
            };
            // No weight is above this.
            let picture = overview::picture(&view, 2.0);
            assert_eq!(picture.links.len(), source.model().n_layer);
            for link in &picture.links {
                let weight = |key| {
                    let cell = Cell::new(link.cell.quantity, &[head, token, key]);
                    source.at(cell).expect("a weight")
                };
                let most = (0..=token).map(weight).fold(0.0, f32::max);
                assert_eq!(source.at(link.cell), Some(most));
                let named = format!("head {head}");
                let names = |mark: &Mark| match mark {
                    Mark::Text { words, .. } => {
                        words.starts_with(&named) && words.ends_with(&format!("{most:.2}"))
                    }
                    _ => false,
                };
                assert!(picture.marks.iter().any(names));
            }
        }
    }
}

#[test]
fn what_the_head_took_stands_under_the_numbers_that_it_sums() {
    use crate::explain::Quantity;
    let mut seen = 0;
    each(|view, picture| {
        let Scene::Mix(place) = view.stop.scene else {
            return;
        };
        if view.time < 1.0 {
            return;
        }
        let columns = |passing: bool| -> Vec<(f64, f64)> {
            let of_z = |cell: Cell| cell.quantity == Quantity::Mixed(place);
            let marks = picture.marks.iter().filter(|mark| match mark {
                Mark::Cell {
                    cell, role, look, ..
                } => match passing {
                    true => cell.is_none() && *role == Role::Value && *look == Look::Bar,
                    false => cell.is_some_and(of_z),
                },
                _ => false,
            });
            marks.map(|mark| (mark.area().x, mark.area().w)).collect()
        };
        let (passing, sum) = (columns(true), columns(false));
        assert_eq!(sum.len(), view.source.head_size());
        assert_eq!(passing[..sum.len()], sum[..]);
        seen += 1;
    });
    assert!(seen > 10);
}

#[test]
fn the_card_follows_the_key_that_the_query_meets() {
    let (trace, weights) = golden(ALL[0]);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let place = crate::explain::Place {
        layer: 0,
        pass: None,
    };
    let stop = Stop {
        scene: Scene::Score(place),
        layer: 0,
    };
    let last = source.tokens() - 1;
    let met = |time| {
        let view = View {
            stop,
            time,
            ..first_scene(source, last)
        };
        picture(&view).focus.map(|cell| cell.index[2])
    };
    let keys: Vec<Option<usize>> = (0..40).map(|n| met(0.06 + 0.022 * f64::from(n))).collect();
    assert!(keys.is_sorted() && keys[0] == Some(0) && keys[39] == Some(last));
}

#[test]
fn a_line_of_the_overview_is_found_near_it_and_nowhere_else() {
    let (trace, weights) = golden(ALL[0]);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let view = first_scene(source, source.tokens() - 1);
    let picture = overview::picture(&view, 0.1);
    assert!(!picture.links.is_empty());
    for link in &picture.links {
        let middle = (
            (link.from.0 + link.to.0) / 2.0,
            (link.from.1 + link.to.1) / 2.0,
        );
        let alone = |other: &&Link| *other == link || other.distance(middle) > 1.0;
        if picture.links.iter().all(|other| alone(&other)) {
            assert_eq!(picture.link_at(middle), Some(link.cell));
        }
        assert_eq!(link.distance(link.from), 0.0);
    }
    assert_eq!(picture.link_at((0.0, 0.0)), None);
}

#[test]
fn a_flipped_grid_has_queries_for_columns() {
    let (trace, weights) = golden(ALL[0]);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let place = crate::explain::Place {
        layer: 0,
        pass: None,
    };
    let stop = Stop {
        scene: Scene::Mask(place),
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
    let cell = |query, key| Cell::new(crate::explain::Quantity::Scores(place), &[0, query, key]);
    for query in 0..source.tokens() {
        for key in 0..source.tokens() {
            let (one, other) = (cell(query, key), cell(key, query));
            assert!(plain.place_of(one).is_some());
            assert_eq!(plain.place_of(one), flipped.place_of(other));
        }
    }
}

/// The words of a picture, with where they stand.
fn said(picture: &Picture) -> Vec<(&str, Point, Align)> {
    let words = picture.marks.iter().filter_map(|mark| match mark {
        Mark::Text {
            at,
            words,
            align,
            alpha,
            ..
        } if *alpha > 0.2 => Some((words.as_str(), *at, *align)),
        _ => None,
    });
    words.collect()
}

/// Words that stand one under the other have a line each.
fn each_has_its_line(view: &View, picture: &Picture) {
    let said = said(picture);
    for (n, (words, at, align)) in said.iter().enumerate() {
        for (other, under, along) in &said[n + 1..] {
            let same = align == along && (at.0 - under.0).abs() < 1.0;
            assert!(
                !same || (at.1 - under.1).abs() > 12.5,
                "{words:?} and {other:?} in {:?} at {}",
                view.stop,
                view.width
            );
        }
    }
}

#[test]
fn labels_do_not_lie_upon_one_another_on_a_low_stage() {
    for bytes in ALL {
        let (trace, weights) = golden(bytes);
        let source = Source {
            trace: &trace,
            weights: Some(&weights),
            sampling: Sampling::default(),
        };
        for stop in journey(source.model()) {
            for width in WIDTHS {
                let view = View {
                    stop,
                    width,
                    stretch: 0.5,
                    ..first_scene(source, source.tokens() - 1)
                };
                each_has_its_line(&view, &picture(&view));
            }
        }
    }
}

#[test]
fn the_matrix_names_the_chosen_query_and_key_however_low_it_is() {
    use crate::explain::Quantity;
    let (trace, weights) = golden(ALL[0]);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let place = crate::explain::Place {
        layer: 0,
        pass: None,
    };
    let of = |query, key| Cell::new(Quantity::Scores(place), &[0, query, key]);
    for (query, key) in [(3, 1), (4, 4), (5, 0)] {
        for (width, stretch) in [(300.0, 0.1), (700.0, 0.15), (1100.0, 1.0)] {
            let view = View {
                stop: Stop {
                    scene: Scene::Mask(place),
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
            let character = |n| super::super::characters::of_text(&source, n);
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
fn a_matrix_is_as_wide_as_its_part_of_the_stage() {
    use crate::explain::Quantity;
    let (trace, weights) = golden(ALL[0]);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let place = crate::explain::Place {
        layer: 0,
        pass: None,
    };
    let last = source.tokens() - 1;
    for (width, least) in [(300.0, 250.0), (700.0, 240.0), (1100.0, 400.0)] {
        let view = View {
            stop: Stop {
                scene: Scene::Softmax(place),
                layer: 0,
            },
            width,
            ..first_scene(source, last)
        };
        let picture = picture(&view);
        let cell = Cell::new(Quantity::Pattern(place), &[0, 0, last]);
        let area = picture.place_of(cell).expect("in the triangle");
        let wide = area.w * source.tokens() as f64;
        assert!(
            wide > least && area.w <= 3.0 * (area.h + 1.0),
            "{wide} of {width}"
        );
    }
}
