//! What the person has the pass do otherwise.

use super::{Explore, Slot};
use crate::explain::{Cell, Place, Quantity, explain};
use crate::trace::Intervention;

/// What two numbers differ by that are read alike.
const ALIKE: f64 = 5e-5;

impl Explore {
    /// Makes a change, in the place of the one before of the same thing.
    pub(super) fn poke(&mut self, change: Intervention) {
        self.unpoke(&change);
        if !self.changes_nothing(&change) {
            self.pokes.push(change);
        }
    }

    /// Whether all stays as it is: a head at its own strength, a number at its own value.
    fn changes_nothing(&self, change: &Intervention) -> bool {
        if let Intervention::Head { scale, .. } = change {
            return *scale == 1.0;
        }
        let shown = self.shown.as_ref().filter(|shown| self.is_of_text(shown));
        let own = shown.zip(set(change));
        own.is_some_and(|(shown, (cell, to))| {
            let own = unset(shown, cell);
            own.is_some_and(|own| (own - f64::from(to)).abs() <= ALIKE * own.abs().max(1.0))
        })
    }

    /// Takes the change of the same thing back.
    pub(super) fn unpoke(&mut self, change: &Intervention) {
        self.pokes.retain(|other| !same_target(other, change));
    }

    /// After another text: a change at a token stays as long as the sentence is the same up to it,
    /// where that token stands now.
    pub(super) fn keep_places(&mut self, before: &str) {
        self.picked = None;
        let both = before.chars().zip(self.text.chars());
        let same = both.take_while(|(was, is)| was == is).count();
        let block = self
            .shown
            .as_ref()
            .map_or(0, |shown| shown.trace.about.model.block_size);
        // So many characters are not read.
        let cut = |text: &str| text.chars().count().saturating_sub(block);
        let (old, new) = (cut(before), cut(&self.text));
        let place = |at: usize| Some(at + old).filter(|at| *at < same)?.checked_sub(new);
        let changes = std::mem::take(&mut self.pokes).into_iter();
        self.pokes = changes.filter_map(|change| moved(change, place)).collect();
    }
}

/// The change where its tokens stand now; nothing where they are no longer there.
fn moved(mut change: Intervention, place: impl Fn(usize) -> Option<usize>) -> Option<Intervention> {
    match &mut change {
        Intervention::Head { .. } | Intervention::Branch { .. } | Intervention::Residual { .. } => {
        }
        Intervention::Cell { query, key, .. } => {
            (*query, *key) = (place(*query)?, place(*key)?);
        }
        // It has a weight for every key before it.
        Intervention::Row { query, .. } if place(*query) != Some(*query) => return None,
        Intervention::Row { .. } => {}
        Intervention::Embedding { position, .. } => *position = place(*position)?,
        Intervention::Temperature { position, .. }
        | Intervention::Span { position, .. }
        | Intervention::Gate { position, .. } => {
            if let Some(position) = position {
                *position = place(*position)?;
            }
        }
    }
    Some(change)
}

/// The token in whose row a change is made; of one that is made in all of them nothing.
pub fn token_of(change: &Intervention) -> Option<usize> {
    match *change {
        Intervention::Cell { query, .. } | Intervention::Row { query, .. } => Some(query),
        Intervention::Embedding { position, .. } => Some(position),
        Intervention::Temperature { position, .. }
        | Intervention::Span { position, .. }
        | Intervention::Gate { position, .. } => position,
        Intervention::Head { .. } | Intervention::Branch { .. } | Intervention::Residual { .. } => {
            None
        }
    }
}

/// The one number that a change sets, and to what; of one that is more than that nothing.
fn set(change: &Intervention) -> Option<(Cell, f32)> {
    match *change {
        Intervention::Cell {
            layer,
            head,
            pass,
            query,
            key,
            weight,
            ..
        } => {
            let pattern = Quantity::Pattern(Place { layer, pass });
            Some((Cell::new(pattern, &[head, query, key]), weight))
        }
        Intervention::Gate {
            layer,
            head,
            position: Some(position),
            value,
        } => Some((Cell::new(Quantity::Gate(layer), &[position, head]), value)),
        Intervention::Span {
            layer,
            position: Some(position),
            tokens,
        } => Some((Cell::new(Quantity::Span(layer), &[position]), tokens)),
        Intervention::Temperature {
            layer,
            position: Some(position),
            value,
        } => Some((Cell::new(Quantity::Temperature(layer), &[position]), value)),
        _ => None,
    }
}

/// What a number is where nobody sets it, whatever else is changed.
pub fn unset(shown: &Slot, cell: Cell) -> Option<f64> {
    let source = shown.source();
    match explain(&source, cell) {
        Ok(explanation) => {
            let before = explanation.by_hand().map(|(_, before)| before);
            before.or(Some(f64::from(explanation.value)))
        }
        // Without weights nothing is made again.
        Err(_) if !shown.is_changed() => source.at(cell).map(f64::from),
        Err(_) => None,
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
