//! A query and its keys: scores, weights, what is taken along.

use super::*;

#[test]
fn what_the_head_took_stands_under_the_numbers_that_it_sums() {
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
    let pass = golden(ALL[0]);
    let source = source(&pass);
    let stop = Stop {
        scene: Scene::Score(FIRST),
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
