//! What stands on the stage: a scene is a pure function of the pass, what is chosen in it, and a
//! time from 0 to 1, so that scrubbing backwards is exact.
//!
//! It answers with marks and nothing else; `paint` draws them, and the card, the table for screen
//! readers and the tests read the same marks.

mod attention;
mod blocks;
mod board;
mod by_hand;
mod cache;
mod end;
mod few;
mod grid;
mod heads;
mod labels;
mod marks;
mod mix;
mod span;
mod stream;
mod weights;

pub use blocks::blocks;
pub use labels::caption;
pub use marks::{Align, FOOT, Look, Mark, Point, Rect, Role};

use super::journey::{Scene, Stop};
use super::term::Term;
use crate::explain::{Cell, Source};
use board::Board;

/// What a scene is made from.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub source: Source<'a>,
    /// The same pass without what the reader changed, where it is at hand.
    pub before: Option<Source<'a>>,
    pub stop: Stop,
    pub token: usize,
    pub head: usize,
    /// So many of the last tokens were drawn.
    pub written: usize,
    /// The number that the reader picked.
    pub picked: Option<Cell>,
    /// Whether a grid shows queries as columns.
    pub flipped: bool,
    /// How wide the stage is. All lengths are CSS pixels, as long as letters have their usual size.
    pub width: f64,
    /// How tall bars and lines are, as a multiple of what is usual, to fill the stage.
    pub stretch: f64,
    /// 0 to 1.
    pub time: f64,
}

/// A named line of numbers, for those who do not see the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub label: String,
    pub numbers: Vec<f64>,
}

/// A scene at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    pub marks: Vec<Mark>,
    pub height: f64,
    pub rows: Vec<Row>,
    /// What the card explains when nothing is picked.
    pub focus: Option<Cell>,
    /// Lines that stand for a number.
    pub links: Vec<Link>,
}

/// A line that stands for a number: a weight of the overview.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    pub from: Point,
    pub to: Point,
    pub cell: Cell,
}

/// How near to a line one has to point, in CSS pixels.
const NEAR: f64 = 6.0;

impl Link {
    /// How far a point is from it.
    fn distance(&self, (x, y): Point) -> f64 {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let along = (x - self.from.0) * dx + (y - self.from.1) * dy;
        let share = (along / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
        (x - self.from.0 - share * dx).hypot(y - self.from.1 - share * dy)
    }
}

impl Picture {
    /// The cell under a point; of several the one drawn last.
    pub fn cell_at(&self, (x, y): Point) -> Option<Cell> {
        let hit = |mark: &&Mark| mark.cell().is_some() && mark.area().contains((x, y));
        self.marks.iter().rev().find(hit).and_then(Mark::cell)
    }

    /// What the nearest line near a point stands for.
    pub fn link_at(&self, at: Point) -> Option<Cell> {
        let near = self.links.iter().map(|link| (link.distance(at), link.cell));
        let nearest = near
            .filter(|(distance, _)| *distance <= NEAR)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map(|(_, cell)| cell)
    }

    /// The cells that a term stands for.
    pub fn of(&self, term: Term) -> impl Iterator<Item = &Mark> {
        let covered = move |cell: Cell| term.covers(cell.quantity);
        self.marks
            .iter()
            .filter(move |mark| mark.cell().is_some_and(covered))
    }

    /// Where a cell stands.
    pub fn place_of(&self, cell: Cell) -> Option<Rect> {
        let found = self.marks.iter().find(|mark| mark.cell() == Some(cell));
        found.map(Mark::area)
    }

    /// The nearest cell in a direction, for the arrow keys.
    pub fn beside(&self, cell: Cell, (dx, dy): (f64, f64)) -> Option<Cell> {
        let from = self.place_of(cell)?.centre();
        let cells = self
            .marks
            .iter()
            .filter(|mark| mark.cell().is_some_and(|c| c != cell));
        let scored = cells.filter_map(|mark| {
            let area = mark.area();
            let to = area.centre();
            let (x, y) = (to.0 - from.0, to.1 - from.1);
            let along = x * dx + y * dy;
            let aside = (x * dy).abs() + (y * dx).abs();
            // Straight on first, however far; else what lies aside counts three times.
            let half = (area.w * dy).abs() / 2.0 + (area.h * dx).abs() / 2.0;
            let way = (aside > half + 1.0, along + 3.0 * aside);
            (along > 1.0).then_some((way, mark.cell()))
        });
        let nearest = scored.min_by(|((aside, way), _), ((other, far), _)| {
            aside.cmp(other).then(way.total_cmp(far))
        });
        nearest.and_then(|(_, cell)| cell)
    }
}

/// The scene at its time.
pub fn picture(view: &View) -> Picture {
    let before = view.before.map(|source| View {
        source,
        before: None,
        ..*view
    });
    let scales = before.map(|before| laid(&before, Vec::new()).scales());
    laid(view, scales.unwrap_or_default()).finish()
}

fn laid<'a>(view: &View<'a>, before: Vec<f64>) -> Board<'a> {
    let mut board = Board::new(*view, before);
    match view.stop.scene {
        Scene::Embed => stream::embed(&mut board),
        Scene::Norm(site) => stream::norm(&mut board, site),
        Scene::Project(place) => attention::project(&mut board, place),
        Scene::Score(place) => attention::score(&mut board, place),
        Scene::AdditiveScore(place) => attention::additive(&mut board, place),
        Scene::Mask(place) => weights::mask(&mut board, place),
        Scene::Sharpen(place) => span::sharpen(&mut board, place),
        Scene::Softmax(place) => weights::softmax(&mut board, place),
        Scene::Mix(place) => mix::mix(&mut board, place),
        Scene::Gate => heads::gate(&mut board),
        Scene::Span => span::span(&mut board),
        Scene::Window => span::window(&mut board),
        Scene::Heads => heads::out(&mut board),
        Scene::Add(branch) => stream::add(&mut board, branch),
        Scene::FeedForward => stream::feed_forward(&mut board),
        Scene::Cache => cache::cache(&mut board),
        Scene::Lens => end::lens(&mut board),
        Scene::Logits => end::logits(&mut board),
        Scene::Sample => end::sample(&mut board),
    }
    board
}

#[cfg(test)]
mod tests;
