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
fn the_overview_always_shows_where_the_chosen_head_looks_most() {
    for bytes in ALL {
        let pass = golden(bytes);
        let source = source(&pass);
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
