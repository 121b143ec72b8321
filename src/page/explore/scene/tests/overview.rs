//! The closed view.

use super::*;
use crate::page::explore::overview;

#[test]
fn the_overview_reads_the_lens_at_every_depth() {
    for bytes in ALL {
        let pass = golden(bytes);
        let source = source(&pass);
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
fn the_overview_draws_the_weights_from_the_threshold_on_and_no_other() {
    for bytes in ALL {
        let pass = golden(bytes);
        let source = source(&pass);
        let (token, model) = (source.tokens() - 1, source.model());
        for threshold in [0.02, 0.3, 0.7, 2.0] {
            let picture = overview::picture(&first_scene(source, token), threshold);
            let places = (0..model.n_layer).flat_map(|layer| source.places(layer));
            let rows = places.flat_map(|place| {
                (0..model.n_head).map(move |head| (Quantity::Pattern(place), head))
            });
            let weights = rows.flat_map(|(pattern, head)| {
                (0..=token).map(move |key| Cell::new(pattern, &[head, token, key]))
            });
            let mut above: Vec<Cell> = weights
                .filter(|cell| f64::from(source.at(*cell).expect("a weight")) >= threshold)
                .collect();
            for link in &picture.links {
                let place = above.iter().position(|cell| *cell == link.cell);
                above.swap_remove(place.expect("above the threshold, and drawn once"));
            }
            assert!(above.is_empty(), "{} lines are missing", above.len());
        }
    }
}

#[test]
fn the_overview_names_where_the_chosen_head_looks_most() {
    for bytes in ALL {
        let pass = golden(bytes);
        let source = source(&pass);
        let token = source.tokens() - 1;
        for head in 0..source.model().n_head {
            let view = View {
                head,
                width: 1100.0,
                ..first_scene(source, token)
            };
            for layer in 0..source.model().n_layer {
                let rows = source.places(layer).into_iter().map(Quantity::Pattern);
                let weights = rows.flat_map(|pattern| {
                    (0..=token).map(move |key| Cell::new(pattern, &[head, token, key]))
                });
                let weights = weights.map(|cell| source.at(cell).expect("a weight"));
                let most = f64::from(weights.fold(0.0, f32::max));
                let named = format!("head {head}");
                let says = |threshold: f64, end: String| {
                    let picture = overview::picture(&view, threshold);
                    picture.marks.iter().any(|mark| match mark {
                        Mark::Text { words, .. } => {
                            words.starts_with(&named) && words.ends_with(&end)
                        }
                        _ => false,
                    })
                };
                assert!(says(most, format!(": {most:.2}")));
                // It has no line then.
                assert!(says(most + 0.001, format!(": only {most:.2}")));
            }
        }
    }
}

#[test]
fn a_line_of_the_overview_is_found_near_it_and_nowhere_else() {
    let pass = golden(ALL[0]);
    let source = source(&pass);
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
