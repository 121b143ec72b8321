//! A weight of the pattern, taken by the mouse or a finger and dragged up or down.

use super::journey::Scene;
use super::scene::{Look, Mark, Picture, Point};
use crate::explain::{Cell, Quantity};
use crate::trace::Intervention;

/// CSS pixels from a weight of 0 to one of 1, also where the columns are lower.
const REACH: f64 = 110.0;
/// Pixels below which it was a click.
const STILL: f64 = 3.0;

/// A weight in the hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    cell: Cell,
    from: Point,
    weight: f64,
    /// Pixels to the right from 0 to 1, where the weight lies on its side.
    across: Option<f64>,
    moved: bool,
}

impl Held {
    /// The weight under the pointer, in the scenes that show weights by their size; `weight` says
    /// how large one is.
    pub fn taken(
        picture: &Picture,
        scene: Scene,
        at: Point,
        weight: impl FnOnce(Cell) -> f64,
    ) -> Option<Held> {
        if !matches!(scene, Scene::Softmax(_) | Scene::Mix(_)) {
            return None;
        }
        let cell = picture.cell_at(at)?;
        let mark = picture
            .marks
            .iter()
            .rev()
            .find(|mark| mark.cell() == Some(cell) && mark.area().contains(at))?;
        let Mark::Cell { look, area, .. } = mark else {
            return None;
        };
        intervention(cell, 0.0)?;
        Some(Held {
            cell,
            from: at,
            weight: weight(cell),
            across: (*look == Look::Share).then_some(area.w),
            moved: false,
        })
    }

    /// What the pointer has made of the weight; nothing before it has really moved.
    pub fn dragged(&mut self, (x, y): Point) -> Option<Intervention> {
        let (right, up) = (x - self.from.0, self.from.1 - y);
        self.moved |= right.abs().max(up.abs()) > STILL;
        let aside = self.across.map_or(0.0, |across| right / across.max(1.0));
        let weight = (self.weight + up / REACH + aside).clamp(0.0, 1.0);
        let change = intervention(self.cell, weight as f32);
        change.filter(|_| self.moved)
    }
}

/// The change that sets a weight of a pattern; the rest of its row makes room.
pub fn intervention(cell: Cell, weight: f32) -> Option<Intervention> {
    let [head, query, key] = cell.index;
    match cell.quantity {
        Quantity::Pattern(place) if key <= query => Some(Intervention::Cell {
            layer: place.layer,
            head,
            pass: place.pass,
            query,
            key,
            weight,
            renormalise: true,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Place;
    use crate::page::explore::scene::{Rect, Role};

    const PLACE: Place = Place {
        layer: 1,
        pass: None,
    };

    fn picture(look: Look, key: usize) -> Picture {
        let mark = Mark::Cell {
            area: Rect::new(10.0, 20.0, 50.0, 110.0),
            role: Role::Attention,
            look,
            value: 0.25,
            most: 1.0,
            cell: Some(Cell::new(Quantity::Pattern(PLACE), &[2, 3, key])),
            alpha: 1.0,
        };
        Picture {
            marks: vec![mark],
            ..Picture::default()
        }
    }

    fn weight(change: Option<Intervention>) -> Option<f32> {
        match change {
            Some(Intervention::Cell { weight, .. }) => Some(weight),
            _ => None,
        }
    }

    #[test]
    fn up_is_more_and_down_is_less_within_0_and_1() {
        let scene = Scene::Softmax(PLACE);
        let held = Held::taken(&picture(Look::Column, 1), scene, (30.0, 80.0), |_| 0.25);
        let mut held = held.expect("taken");
        // Hardly moved: a click.
        assert_eq!(held.dragged((31.0, 82.0)), None);
        assert_eq!(weight(held.dragged((30.0, 80.0 - 55.0))), Some(0.75));
        assert_eq!(weight(held.dragged((300.0, 80.0))), Some(0.25));
        assert_eq!(weight(held.dragged((30.0, 500.0))), Some(0.0));
        assert_eq!(weight(held.dragged((30.0, -500.0))), Some(1.0));
        let change = held.dragged((30.0, 80.0));
        let expected = Intervention::Cell {
            layer: 1,
            head: 2,
            pass: None,
            query: 3,
            key: 1,
            weight: 0.25,
            renormalise: true,
        };
        assert_eq!(change, Some(expected));
    }

    #[test]
    fn what_lies_on_its_side_follows_to_the_right_too() {
        let scene = Scene::Mix(PLACE);
        let held = Held::taken(&picture(Look::Share, 1), scene, (30.0, 80.0), |_| 0.5);
        let mut held = held.expect("taken");
        assert_eq!(weight(held.dragged((40.0, 80.0))), Some(0.7));
    }

    #[test]
    fn only_weights_that_there_are_can_be_taken() {
        let at = (30.0, 80.0);
        let taken = |picture, scene, at| Held::taken(&picture, scene, at, |_| 0.5).is_some();
        assert!(taken(picture(Look::Column, 3), Scene::Softmax(PLACE), at));
        // The future, another scene, beside it.
        assert!(!taken(picture(Look::Column, 4), Scene::Softmax(PLACE), at));
        assert!(!taken(picture(Look::Column, 1), Scene::Mask(PLACE), at));
        let beside = (70.0, 80.0);
        assert!(!taken(
            picture(Look::Column, 1),
            Scene::Softmax(PLACE),
            beside
        ));
    }
}
