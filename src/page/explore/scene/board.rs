//! What scenes are laid out with: labelled strips of cells, one under the other.

use super::labels::{LETTER, LETTERS, LINE, brief, lines, written};
use super::marks::{Align, Look, Mark, Point, Rect, Role};
use super::{Picture, Row, View};
use crate::explain::{Cell, Quantity, Shape, Source};
use crate::page::explore::characters::of_text;

/// Below this a label stands above its strip and not beside it.
const NARROW: f64 = 560.0;
/// From this width on two parts of a scene stand side by side.
const WIDE: f64 = 620.0;
/// Between those.
const BETWEEN: f64 = 24.0;
/// Room for labels beside the strips, on the whole stage and in a part of it.
const LABELS: f64 = 148.0;
const SHORT_LABELS: f64 = 126.0;
/// The longest line of words of a part that has its labels beside it.
const LONGEST: f64 = 276.0;

/// Between two strips.
const GAP: f64 = 14.0;
/// Height of a strip of cells that are too narrow for their numbers.
const LOW: f64 = 46.0;
/// Height of one whose cells have room for them.
const HIGH: f64 = 50.0;
/// Cells get a number from this width on.
pub const READABLE: f64 = 40.0;

/// A line of cells.
pub struct Strip<'a> {
    pub numbers: &'a [f64],
    pub role: Role,
    pub look: Look,
    /// The value that fills a cell; 0 takes that of the numbers ([`Board::most`]).
    pub most: f64,
}

impl<'a> Strip<'a> {
    pub fn bars(numbers: &'a [f64], role: Role) -> Self {
        Strip {
            numbers,
            role,
            look: Look::Bar,
            most: 0.0,
        }
    }

    pub fn within(self, most: f64) -> Self {
        Strip { most, ..self }
    }

    pub fn looking(self, look: Look) -> Self {
        Strip { look, ..self }
    }
}

/// How a cell of a strip has come along: how much of its number is there, and how clearly.
#[derive(Clone, Copy)]
pub struct Come {
    pub share: f64,
    pub alpha: f64,
}

impl Come {
    pub const HERE: Come = Come {
        share: 1.0,
        alpha: 1.0,
    };

    /// Grows out of nothing.
    pub fn grown(share: f64) -> Come {
        Come {
            share,
            alpha: share,
        }
    }
}

/// Which number of the pass a cell is.
type CellOf<'f> = &'f dyn Fn(usize) -> Option<Cell>;
/// How far it has come.
type ComeOf<'f> = &'f dyn Fn(usize) -> Come;

/// The part of the stage's width that is being laid out.
#[derive(Clone, Copy)]
struct Part {
    x: f64,
    width: f64,
    /// Room for labels at its left; 0 where they stand above.
    labels: f64,
}

pub struct Board<'a> {
    pub view: View<'a>,
    picture: Picture,
    part: Part,
    /// The largest numbers of this picture by which its bars have their lengths, in the order in which
    /// they were asked for, and those of the same picture of the pass without changes.
    scales: Vec<f64>,
    before: Vec<f64>,
    /// Where the next strip begins.
    pub y: f64,
}

impl<'a> Board<'a> {
    pub fn new(view: View<'a>, before: Vec<f64>) -> Self {
        let labels = if view.width < NARROW { 0.0 } else { LABELS };
        let part = Part {
            x: 0.0,
            width: view.width,
            labels,
        };
        Board {
            view,
            picture: Picture::default(),
            part,
            scales: Vec::new(),
            before,
            y: 8.0,
        }
    }

    /// See the field.
    pub fn scales(self) -> Vec<f64> {
        self.scales
    }

    /// The value that fills a bar of these numbers; 1 where all are 0. While a change stands, what filled
    /// it without the change, where that was larger: a bar is not to grow because another one fell.
    pub fn most(&mut self, numbers: &[f64]) -> f64 {
        let own = largest(numbers);
        let before = self.before.get(self.scales.len());
        self.scales.push(own);
        before.map_or(own, |before| before.max(own))
    }

    pub fn finish(mut self) -> Picture {
        self.picture.height = self.y + 8.0;
        self.picture
    }

    pub fn source(&self) -> Source<'a> {
        self.view.source
    }

    /// How far the part of the time from `from` to `to` has come, gently.
    pub fn phase(&self, from: f64, to: f64) -> f64 {
        gently((self.view.time - from) / (to - from))
    }

    /// The same for one of many that come one after the other within that part.
    pub fn turn(&self, n: usize, of: usize, from: f64, to: f64) -> f64 {
        let of = of.max(1) as f64;
        // Each takes the time of a few, so that they overlap.
        let own = (to - from) / of * 3.0_f64.min(of);
        let first = from + (to - from - own) * n as f64 / (of - 1.0).max(1.0);
        self.phase(first, first + own)
    }

    /// Which of many is at work in that part; `None` before and after.
    pub fn active(&self, of: usize, from: f64, to: f64) -> Option<usize> {
        let at = (self.view.time - from) / (to - from);
        (0.0..1.0)
            .contains(&at)
            .then_some((at * of as f64) as usize)
    }

    /// Whether labels stand above what they name.
    pub fn is_narrow(&self) -> bool {
        self.part.labels == 0.0
    }

    /// Where numbers begin, beside the labels.
    pub fn left(&self) -> f64 {
        self.part.x + self.part.labels
    }

    pub fn room(&self) -> f64 {
        self.part.width - self.part.labels
    }

    /// The key of the score, weight, key or value that the reader picked.
    pub fn picked_key(&self) -> Option<usize> {
        let Cell { quantity, index } = self.view.picked?;
        match (quantity, quantity.shape()) {
            (Quantity::Key(_) | Quantity::Value(_), _) => Some(index[0]),
            (_, Shape::HTT) => Some(index[2]),
            (_, Shape::TT) => Some(index[1]),
            (_, Shape::T | Shape::TC | Shape::TH | Shape::THD | Shape::HM) => None,
        }
    }

    /// A height that grows where the stage is higher than its picture.
    pub fn tall(&self, height: f64) -> f64 {
        height * self.view.stretch
    }

    /// Two parts of a scene side by side, where the stage is wide enough for both to be seen at once,
    /// else one under the other. The first takes `share` of the width, and has its labels beside it
    /// if `labelled`: then it is as wide as its words need. The second is told how much height is free
    /// below its label, beside the first.
    pub fn beside(
        &mut self,
        share: f64,
        labelled: bool,
        first: impl FnOnce(&mut Self),
        second: impl FnOnce(&mut Self, f64),
    ) {
        if self.view.width < WIDE {
            first(self);
            second(self, 0.0);
            return;
        }
        let (whole, top) = (self.part, self.y);
        let (labels, least) = match labelled {
            true => (SHORT_LABELS, SHORT_LABELS + LONGEST),
            false => (0.0, 0.0),
        };
        let width = ((whole.width - BETWEEN) * share).max(least);
        self.part = Part {
            x: whole.x,
            width,
            labels,
        };
        first(self);
        let foot = self.y;
        self.y = top;
        self.part = Part {
            x: whole.x + width + BETWEEN,
            width: whole.width - width - BETWEEN,
            labels: 0.0,
        };
        second(self, foot - top - LINE - GAP);
        self.part = whole;
        self.y = self.y.max(foot);
    }

    /// The numbers of a row, with twice the digits.
    pub fn numbers(&self, quantity: Quantity, places: &[usize]) -> Vec<f64> {
        let row = self.source().row(quantity, places).unwrap_or_default();
        row.iter().map(|x| f64::from(*x)).collect()
    }

    pub fn number(&self, cell: Cell) -> f64 {
        self.source().at(cell).map_or(f64::NAN, f64::from)
    }

    /// A character of the text as one sees it.
    pub fn character(&self, position: usize) -> String {
        of_text(&self.source(), position)
    }

    /// The characters of the first `count` tokens, each in the middle of its part of an area, along
    /// its upper edge. Where not all find room, the chosen one does, and what is left out has a
    /// stroke: no character is to be read for that of its neighbour.
    pub fn characters(
        &mut self,
        area: Rect,
        count: usize,
        chosen: usize,
        role: impl Fn(usize) -> Role,
    ) {
        let width = area.w / count.max(1) as f64;
        for n in 0..count {
            let (x, y) = (nth(area, n, count).centre().0, area.y);
            if written(n, chosen, width, LETTERS) {
                let character = self.character(n);
                self.text((x, y), character, Align::Centre, role(n));
            } else {
                self.line((x, y - 2.0), (x, y + 2.0), Role::Faint, 1.0, 0.6);
            }
        }
    }

    pub fn focus(&mut self, cell: Cell) {
        self.picture.focus = Some(cell);
    }

    pub fn push(&mut self, mark: Mark) {
        self.picture.marks.push(mark);
    }

    /// Notes a line of numbers for those who do not see the picture.
    pub fn say(&mut self, label: &str, numbers: &[f64]) {
        self.picture.rows.push(Row {
            label: label.into(),
            numbers: numbers.to_vec(),
        });
    }

    pub fn text(&mut self, at: Point, words: impl Into<String>, align: Align, role: Role) {
        self.words(at, words, align, role, 1.0);
    }

    pub fn words(
        &mut self,
        at: Point,
        words: impl Into<String>,
        align: Align,
        role: Role,
        alpha: f64,
    ) {
        self.push(Mark::Text {
            at,
            words: words.into(),
            align,
            role,
            strong: false,
            alpha,
        });
    }

    pub fn strong(&mut self, at: Point, words: impl Into<String>, align: Align, role: Role) {
        self.push(Mark::Text {
            at,
            words: words.into(),
            align,
            role,
            strong: true,
            alpha: 1.0,
        });
    }

    pub fn line(&mut self, from: Point, to: Point, role: Role, width: f64, alpha: f64) {
        self.push(Mark::Line {
            from,
            to,
            role,
            width,
            dashed: false,
            alpha,
        });
    }

    pub fn frame(&mut self, area: Rect, role: Role, alpha: f64) {
        self.push(Mark::Frame { area, role, alpha });
    }

    /// Leaves the room that a note of these words would take.
    pub fn skip(&mut self, words: &str) {
        let lines = lines(words, (self.room() / LETTER) as usize);
        self.y += LINE * lines.len() as f64 + 4.0;
    }

    /// Words over the whole width, in as many lines as they need, and down by them.
    pub fn note(&mut self, words: impl Into<String>, role: Role, alpha: f64) {
        let most = (self.room() / LETTER) as usize;
        for line in lines(&words.into(), most) {
            let at = (self.left(), self.y + LINE / 2.0);
            self.words(at, line, Align::Left, role, alpha);
            self.y += LINE;
        }
        self.y += 4.0;
    }

    /// Room for a strip with its label, and down by it.
    pub fn shelf(&mut self, label: &str, role: Role, height: f64) -> Rect {
        if self.is_narrow() {
            let at = (self.left(), self.y + LINE / 2.0);
            self.strong(at, label, Align::Left, role);
            self.y += LINE + 2.0;
        } else {
            // Beside a tall picture a label in the middle would be looked for in vain.
            let at = (self.left() - 12.0, self.y + (height / 2.0).min(24.0));
            self.strong(at, label, Align::Right, role);
        }
        let area = Rect::new(self.left(), self.y, self.room(), height);
        self.y += height + GAP;
        area
    }

    /// A strip with its label over the whole width, and down by it; `cell` says which number of the
    /// pass each is, `come` how far it is there.
    pub fn strip(
        &mut self,
        label: &str,
        strip: &Strip,
        cell: impl Fn(usize) -> Option<Cell>,
        come: impl Fn(usize) -> Come,
    ) -> Rect {
        self.lay_strip(label, strip, &cell, &come)
    }

    /// Says beside a strip which number would fill its cells: two strips may have two scales.
    pub fn scale(&mut self, area: Rect, most: f64) {
        self.aside(area, &bars_to(most));
    }

    /// A few words under the label of a strip, or behind it where that stands above.
    pub fn aside(&mut self, area: Rect, words: &str) {
        let at = match self.is_narrow() {
            true => (area.x + area.w, area.y - LINE / 2.0 - 2.0),
            false => (area.x - 12.0, area.y + (area.h / 2.0).min(24.0) + 15.0),
        };
        self.text(at, words, Align::Right, Role::Faint);
    }

    /// Cells side by side that fill an area.
    pub fn cells(
        &mut self,
        area: Rect,
        strip: &Strip,
        cell: impl Fn(usize) -> Option<Cell>,
        come: impl Fn(usize) -> Come,
    ) {
        let most = self.fills(strip);
        self.lay_cells(area, strip, most, &cell, &come);
    }

    // Every scene has closures of its own: what is compiled for each of them is to be short, since
    // visitors download it.

    fn lay_strip(&mut self, label: &str, strip: &Strip, cell: CellOf, come: ComeOf) -> Rect {
        let height = match self.room() / strip.numbers.len().max(1) as f64 {
            width if width >= READABLE => HIGH,
            _ => LOW,
        };
        let height = self.tall(height);
        let area = self.shelf(label, strip.role, height);
        self.say(label, strip.numbers);
        let most = self.fills(strip);
        if strip.look == Look::Bar {
            self.scale(area, most);
        }
        self.lay_cells(area, strip, most, cell, come);
        area
    }

    fn fills(&mut self, strip: &Strip) -> f64 {
        match strip.most > 0.0 {
            true => strip.most,
            false => self.most(strip.numbers),
        }
    }

    fn lay_cells(&mut self, area: Rect, strip: &Strip, most: f64, cell: CellOf, come: ComeOf) {
        for (n, value) in strip.numbers.iter().enumerate() {
            let Come { share, alpha } = come(n);
            self.push(Mark::Cell {
                area: nth(area, n, strip.numbers.len()),
                role: strip.role,
                look: strip.look,
                value: value * share,
                most,
                // What is not there yet cannot be asked for.
                cell: cell(n).filter(|_| alpha > 0.05),
                alpha,
            });
        }
    }
}

/// Which number would fill a bar.
pub fn bars_to(most: f64) -> String {
    format!("bars to ±{}", brief(most))
}

/// The n-th of `of` equal parts, side by side.
pub fn nth(area: Rect, n: usize, of: usize) -> Rect {
    let width = area.w / of.max(1) as f64;
    Rect::new(area.x + n as f64 * width, area.y, width, area.h)
}

/// The place of the largest number; 0 of none.
pub fn strongest(numbers: &[f64]) -> usize {
    let places = 0..numbers.len();
    let largest = places.max_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    largest.unwrap_or(0)
}

/// The largest magnitude that is finite; 1 where all are 0.
fn largest(numbers: &[f64]) -> f64 {
    let finite = numbers.iter().filter(|x| x.is_finite());
    let most = finite.fold(0.0, |most: f64, x| most.max(x.abs()));
    if most > 0.0 { most } else { 1.0 }
}

/// 0 to 1 with a soft start and a soft end.
fn gently(share: f64) -> f64 {
    let x = share.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}
