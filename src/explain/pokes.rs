//! What the changes that a pass was asked for make of single numbers.

use super::{Cell, Draft, Place, Quantity, Source, changes};
use crate::trace::{Branch, Intervention, Pass};

/// What a head's output is multiplied by.
pub fn head_scale(source: &Source, layer: usize, pass: Option<Pass>, head: usize) -> f64 {
    let scales = changes(source).iter().filter_map(|change| match change {
        Intervention::Head {
            layer: l,
            head: h,
            pass: p,
            scale,
        } if (*l, *h) == (layer, head) && (p.is_none() || *p == pass) => Some(f64::from(*scale)),
        _ => None,
    });
    scales.product()
}

pub fn branch_is_off(source: &Source, layer: usize, branch: Branch) -> bool {
    let off = Intervention::Branch { layer, branch };
    changes(source).contains(&off)
}

/// Whether the stream comes along beside that branch.
pub fn road_is_open(source: &Source, layer: usize, branch: Branch) -> bool {
    let ended = Intervention::Residual { layer, branch };
    source.model().residual && !changes(source).contains(&ended)
}

impl Source<'_> {
    /// What the reader has a head multiplied by; 1 where nothing.
    pub fn head_scale(&self, place: Place, head: usize) -> f64 {
        head_scale(self, place.layer, place.pass, head)
    }

    /// Whether the reader has a block's branch add nothing.
    pub fn is_off(&self, layer: usize, branch: Branch) -> bool {
        branch_is_off(self, layer, branch)
    }

    /// What the reader set a gate, a span or a temperature to; `None` where it is what the model makes of
    /// it, and of any other number.
    pub fn set_to(&self, cell: Cell) -> Option<f32> {
        let [token, head, _] = cell.index;
        let here = |position: Option<usize>| position.is_none_or(|position| position == token);
        last_set(self, |change| match (cell.quantity, change) {
            (
                Quantity::Gate(own),
                Intervention::Gate {
                    layer,
                    head: of,
                    position,
                    value,
                },
            ) => ((own, head) == (*layer, *of) && here(*position)).then_some(*value),
            (
                Quantity::Span(own),
                Intervention::Span {
                    layer,
                    position,
                    tokens,
                },
            ) => (own == *layer && here(*position)).then_some(*tokens),
            (
                Quantity::Temperature(own),
                Intervention::Temperature {
                    layer,
                    position,
                    value,
                },
            ) => (own == *layer && here(*position)).then_some(*value),
            _ => None,
        })
    }

    /// The keys whose weights the reader set in that row of a pattern, each once and in order.
    pub fn set_keys(&self, place: Place, head: usize, query: usize) -> Vec<usize> {
        let here = |layer: usize, pass: Option<Pass>, h: usize, q: usize| {
            (layer, h, q) == (place.layer, head, query) && (pass.is_none() || pass == place.pass)
        };
        let mut keys: Vec<usize> = Vec::new();
        for change in changes(self) {
            match *change {
                Intervention::Cell {
                    layer,
                    pass,
                    head,
                    query,
                    key,
                    ..
                } if here(layer, pass, head, query) => keys.push(key),
                Intervention::Row {
                    layer,
                    pass,
                    head,
                    query,
                    ..
                } if here(layer, pass, head, query) => keys.extend(0..=query),
                _ => {}
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// The last change that sets a number, as `pick` reads it.
pub fn last_set(source: &Source, pick: impl Fn(&Intervention) -> Option<f32>) -> Option<f32> {
    changes(source).iter().rev().find_map(pick)
}

/// The row of a pattern, as it is after the changes.
pub fn pattern_row(
    source: &Source,
    (layer, pass): (usize, Option<Pass>),
    head: usize,
    query: usize,
    mut row: Vec<f64>,
) -> Vec<f64> {
    for change in changes(source) {
        match change {
            Intervention::Cell {
                layer: l,
                head: h,
                pass: p,
                query: q,
                key,
                weight,
                renormalise,
            } if (*l, *h, *q) == (layer, head, query) && (p.is_none() || *p == pass) => {
                let sum: f64 = row.iter().sum();
                let weight = f64::from(*weight);
                let rest = sum - row.get(*key).copied().unwrap_or(0.0);
                let factor = match renormalise {
                    true => (sum - weight).max(0.0) / rest.max(1e-30),
                    false => 1.0,
                };
                for (j, a) in row.iter_mut().enumerate() {
                    *a = if j == *key { weight } else { *a * factor };
                }
            }
            Intervention::Row {
                layer: l,
                head: h,
                pass: p,
                query: q,
                weights,
                renormalise,
            } if (*l, *h, *q) == (layer, head, query) && (p.is_none() || *p == pass) => {
                let sum: f64 = row.iter().sum();
                let given: f64 = weights.iter().map(|w| f64::from(*w)).sum();
                let factor = if *renormalise { sum / given } else { 1.0 };
                let given = weights.iter().map(|w| f64::from(*w) * factor);
                row = given
                    .chain(std::iter::repeat(0.0))
                    .take(row.len())
                    .collect();
            }
            _ => {}
        }
    }
    row
}

/// What was set by hand takes the number's place.
pub fn set_by_hand(draft: &mut Draft, given: Option<f32>) {
    if let Some(given) = given {
        draft.step_by_hand("set by you", f64::from(given));
    }
}
