//! What holds of every scene, whatever it shows; the subjects have files of their own.

mod attention;
mod by_hand;
mod grid;
mod labels;
mod many;
mod overview;

use super::*;
use crate::explain::golden::{ALL, golden};
use crate::explain::{Place, Quantity, Unexplained, explain};
use crate::page::explore::journey::journey;
use crate::protocol::Sampling;
use crate::trace::{Arrays, Trace};
use std::collections::HashMap;

const WIDTHS: [f64; 4] = [300.0, 600.0, 620.0, 1100.0];
const TIMES: [f64; 6] = [0.0, 0.2, 0.45, 0.7, 0.93, 1.0];

/// The first block's only pass.
const FIRST: Place = Place {
    layer: 0,
    pass: None,
};

/// A pass as the page looks at it.
fn source((trace, weights): &(Trace, Arrays)) -> Source<'_> {
    Source {
        trace,
        weights: Some(weights),
        sampling: Sampling::default(),
    }
}

/// Every scene of every kind, at every width and time, for the first and the last token.
fn each(mut look: impl FnMut(&View, &Picture)) {
    for bytes in ALL {
        let pass = golden(bytes);
        let source = source(&pass);
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
    let pass = golden(ALL[0]);
    let source = source(&pass);
    let picture = picture(&first_scene(source, 3));
    let first = picture.focus.expect("a cell");
    let place = picture.place_of(first).expect("on the stage");
    assert_eq!(picture.cell_at(place.centre()), Some(first));
    let next = picture.beside(first, (1.0, 0.0)).expect("one beside it");
    assert_eq!(next.index, [3, 1, 0]);
    assert_eq!(picture.beside(next, (-1.0, 0.0)), Some(first));
    let above = picture.beside(first, (0.0, -1.0)).expect("one above it");
    assert_eq!(above.quantity, Quantity::PositionRow);
    assert_eq!(picture.beside(first, (0.0, 1.0)), None);
}
