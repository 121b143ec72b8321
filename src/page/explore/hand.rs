//! A weight of the pattern, taken by the mouse or a finger and dragged: its end goes where the pointer
//! is.

use super::journey::Scene;
use super::scene::{Look, Mark, Picture, Point, Rect};
use crate::explain::{Cell, Quantity};
use crate::trace::Intervention;

/// CSS pixels from a weight of 0 to one of 1, where its size is no length.
const REACH: f64 = 110.0;
/// Pixels below which it was a click.
const STILL: f64 = 3.0;

/// A weight in the hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    cell: Cell,
    from: Point,
    pull: Pull,
    moved: bool,
}

/// How a weight goes with the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pull {
    /// Its column, of which the bottom is 0 and the top is 1.
    Top(Rect),
    /// Its bar, of which the left end is 0 and the right end is 1.
    End(Rect),
    /// A shade has no end to pull: up is more than this, and down is less.
    Shade(f64),
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
        // As long as it is drawn: a number at its foot takes room of its own.
        let body = area.body(*look);
        Some(Held {
            cell,
            from: at,
            pull: match look {
                Look::Column => Pull::Top(body),
                Look::Share => Pull::End(body),
                Look::Bar | Look::Sideways | Look::Shade | Look::Part | Look::Hidden => {
                    Pull::Shade(weight(cell))
                }
            },
            moved: false,
        })
    }

    /// What the pointer has made of the weight; nothing before it has really moved the way that the
    /// weight goes.
    pub fn dragged(&mut self, (x, y): Point) -> Option<Intervention> {
        let (right, up) = (x - self.from.0, self.from.1 - y);
        let (way, weight) = match self.pull {
            Pull::Top(body) => (up, (body.y + body.h - y) / body.h.max(1.0)),
            Pull::End(body) => (right, (x - body.x) / body.w.max(1.0)),
            Pull::Shade(weight) => (up, weight + up / REACH),
        };
        self.moved |= way.abs() > STILL;
        let change = intervention(self.cell, weight.clamp(0.0, 1.0) as f32);
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
    use crate::page::explore::scene::{FOOT, Role};

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
    fn the_top_of_a_column_is_where_the_pointer_is() {
        let scene = Scene::Softmax(PLACE);
        let held = Held::taken(&picture(Look::Column, 1), scene, (30.0, 80.0), |_| 0.25);
        let mut held = held.expect("taken");
        // Hardly moved: a click. Aside a column does not go.
        assert_eq!(held.dragged((31.0, 82.0)), None);
        assert_eq!(held.dragged((90.0, 80.0)), None);
        // Wide enough for its number, which stands below what is 0.
        let (top, bottom) = (20.0, 130.0 - FOOT);
        for share in [0.0, 0.25, 0.5, 1.0] {
            let at = (30.0, bottom + (top - bottom) * f64::from(share));
            assert_eq!(weight(held.dragged(at)), Some(share));
        }
        // Aside makes no difference, and there is no less than 0 and no more than 1.
        let middle = (top + bottom) / 2.0;
        assert_eq!(weight(held.dragged((300.0, middle))), Some(0.5));
        assert_eq!(weight(held.dragged((30.0, 500.0))), Some(0.0));
        assert_eq!(weight(held.dragged((30.0, -500.0))), Some(1.0));
        let expected = Intervention::Cell {
            layer: 1,
            head: 2,
            pass: None,
            query: 3,
            key: 1,
            weight: 0.5,
            renormalise: true,
        };
        assert_eq!(held.dragged((30.0, middle)), Some(expected));
    }

    #[test]
    fn the_end_of_a_bar_is_where_the_pointer_is() {
        let scene = Scene::Mix(PLACE);
        let held = Held::taken(&picture(Look::Share, 1), scene, (30.0, 80.0), |_| 0.9);
        let mut held = held.expect("taken");
        assert_eq!(held.dragged((30.0, 40.0)), None);
        // From 10 to 60, whatever its height.
        for (x, share) in [(10.0, 0.0), (35.0, 0.5), (60.0, 1.0), (0.0, 0.0)] {
            assert_eq!(weight(held.dragged((x, 40.0))), Some(share));
        }
    }

    #[test]
    fn a_shade_is_more_upwards_and_less_downwards() {
        let scene = Scene::Softmax(PLACE);
        let held = Held::taken(&picture(Look::Shade, 1), scene, (30.0, 80.0), |_| 0.25);
        let mut held = held.expect("taken");
        assert_eq!(held.dragged((80.0, 80.0)), None);
        assert_eq!(weight(held.dragged((30.0, 80.0 - 55.0))), Some(0.75));
        assert_eq!(weight(held.dragged((30.0, 80.0 + 55.0))), Some(0.0));
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
