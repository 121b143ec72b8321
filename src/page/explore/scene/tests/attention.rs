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
fn the_heads_and_the_bias_stand_over_the_output_that_they_add_up_to() {
    let mut seen = 0;
    each(|view, picture| {
        if view.time < 1.0 || view.stop.scene != Scene::Heads {
            return;
        }
        let mut rows: Vec<(f64, Vec<_>)> = Vec::new();
        for mark in &picture.marks {
            if let Mark::Cell { area, value, .. } = mark {
                let cell = (area.x, area.w, *value);
                match rows.last_mut().filter(|(y, _)| *y == area.y) {
                    Some((_, row)) => row.push(cell),
                    None => rows.push((area.y, vec![cell])),
                }
            }
        }
        let (_, sum) = rows.pop().expect("the output");
        // One a head and pass, and the bias of those that have one.
        let layer = view.stop.layer;
        let heads = view.source.model().n_head * view.source.places(layer).len();
        let biases = usize::from(matches!(view.source.out_biases(layer), Ok(Some(_))));
        assert_eq!(rows.len(), heads + biases);
        for (c, (x, w, total)) in sum.into_iter().enumerate() {
            let column = rows.iter().map(|(_, row)| row[c]);
            assert!(column.clone().all(|(a, b, _)| (a, b) == (x, w)));
            let parts: f64 = column.map(|(_, _, value)| value).sum();
            assert!((parts - total).abs() < 1e-5, "{parts} is not {total}");
        }
        seen += biases;
    });
    assert!(seen > 10);
}

#[test]
fn what_stands_between_the_measures_and_the_gates_is_shown() {
    let mut seen = 0;
    each(|view, picture| {
        if view.time < 1.0 || view.stop.scene != Scene::Gate {
            return;
        }
        let heads = view.source.model().n_head;
        let network = view.source.gate_network(view.stop.layer, view.token);
        let network = network.expect("its weights");
        let made = picture.marks.iter().filter_map(|mark| match mark {
            Mark::Cell {
                cell: None, value, ..
            } => Some(*value),
            _ => None,
        });
        let made: Vec<f64> = made.collect();
        let (read, neurons) = made.split_at(3 * heads);
        assert_eq!(neurons, network.neurons);
        for (n, value) in read.iter().enumerate() {
            assert_eq!(*value, network.read[n % 3 * heads + n / 3]);
        }
        seen += 1;
    });
    assert!(seen > 0);
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
