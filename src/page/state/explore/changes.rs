//! What the person has the pass do otherwise.

use super::Explore;
use crate::trace::Intervention;

impl Explore {
    /// Makes a change, in the place of the one before of the same thing.
    pub(super) fn poke(&mut self, change: Intervention) {
        self.unpoke(&change);
        if !changes_nothing(&change) {
            self.pokes.push(change);
        }
    }

    /// Takes the change of the same thing back.
    pub(super) fn unpoke(&mut self, change: &Intervention) {
        self.pokes.retain(|other| !same_target(other, change));
    }

    /// A change at a position is of another token in another text.
    pub(super) fn forget_places(&mut self) {
        self.picked = None;
        self.pokes.retain(|change| match change {
            Intervention::Head { .. }
            | Intervention::Branch { .. }
            | Intervention::Residual { .. } => true,
            Intervention::Cell { .. }
            | Intervention::Row { .. }
            | Intervention::Embedding { .. } => false,
            Intervention::Temperature { position, .. }
            | Intervention::Span { position, .. }
            | Intervention::Gate { position, .. } => position.is_none(),
        });
    }
}

/// Whether all stays as it is: a head is back at its own strength.
fn changes_nothing(change: &Intervention) -> bool {
    match change {
        Intervention::Head { scale, .. } => *scale == 1.0,
        Intervention::Cell { .. }
        | Intervention::Row { .. }
        | Intervention::Branch { .. }
        | Intervention::Residual { .. }
        | Intervention::Embedding { .. }
        | Intervention::Temperature { .. }
        | Intervention::Span { .. }
        | Intervention::Gate { .. } => false,
    }
}

/// Whether two changes are of the same thing, so that the later takes the earlier one's place.
fn same_target(one: &Intervention, other: &Intervention) -> bool {
    use Intervention::*;
    match (one, other) {
        (
            Head {
                layer, head, pass, ..
            },
            Head {
                layer: l,
                head: h,
                pass: p,
                ..
            },
        ) => (layer, head, pass) == (l, h, p),
        (
            Cell {
                layer,
                head,
                pass,
                query,
                ..
            },
            Cell {
                layer: l,
                head: h,
                pass: p,
                query: q,
                ..
            },
        ) => (layer, head, pass, query) == (l, h, p, q),
        (
            Temperature {
                layer, position, ..
            },
            Temperature {
                layer: l,
                position: p,
                ..
            },
        )
        | (
            Span {
                layer, position, ..
            },
            Span {
                layer: l,
                position: p,
                ..
            },
        ) => (layer, position) == (l, p),
        (
            Gate {
                layer,
                head,
                position,
                ..
            },
            Gate {
                layer: l,
                head: h,
                position: p,
                ..
            },
        ) => (layer, head, position) == (l, h, p),
        (one, other) => one == other,
    }
}

/// Whether both set the same number: of a row of weights the same one.
pub fn same_number(one: &Intervention, other: &Intervention) -> bool {
    let key = |change: &Intervention| match change {
        Intervention::Cell { key, .. } => Some(*key),
        _ => None,
    };
    same_target(one, other) && key(one) == key(other)
}
