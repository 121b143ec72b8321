//! How marks look: each becomes a few rectangles, lines and words. The stage's canvas (`paint`) and
//! the file that one takes home (`svg`) are two pens for the same strokes, so that they cannot show
//! different things.

use super::scene::{Align, FOOT, Look, Mark, Picture, Point, Rect, Role, blocks};
use super::term::Term;
use crate::explain::{Cell, minus};
use std::collections::HashSet;

/// In smaller cells a stroke would only be noise; the card has the sign.
const STRUCK: f64 = 9.0;
/// How much of what is not lit a veil hides; what it says must stay readable.
const VEIL: f64 = 0.62;

/// What is drawn with. Lengths are CSS pixels; a role is a colour; `alpha` is 0 to 1.
pub trait Pen {
    /// A full rectangle.
    fn fill(&mut self, area: Rect, role: Role, alpha: f64);
    /// Hides a share of all that was drawn so far, 0 to 1, behind what the stage lies on.
    fn veil(&mut self, alpha: f64);
    /// A rectangle's edge.
    fn outline(&mut self, area: Rect, role: Role, width: f64, alpha: f64);
    fn line(&mut self, from: Point, to: Point, stroke: Stroke);
    /// Whether white is read better than black on so much of a colour.
    fn wants_light(&self, role: Role, alpha: f64) -> bool;
    /// Words whose middle is at that height.
    fn words(&mut self, words: &str, at: Point, lettering: Lettering);
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub role: Role,
    pub width: f64,
    pub dashed: bool,
    pub alpha: f64,
}

/// How words are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lettering {
    pub align: Align,
    pub role: Role,
    pub strong: bool,
    pub alpha: f64,
}

/// What is marked among the cells.
pub struct Marked<'a> {
    /// The one that the card explains.
    pub chosen: Option<Cell>,
    /// Those that it is made of.
    pub inputs: &'a HashSet<Cell>,
    /// The term of the text whose cells stand out.
    pub lit: Option<Term>,
}

/// The whole picture.
pub fn draw(pen: &mut dyn Pen, picture: &Picture, marked: &Marked) {
    for mark in &picture.marks {
        draw_mark(pen, mark);
    }
    if let Some(term) = marked.lit {
        light(pen, picture, term);
    }
    let cells = || picture.marks.iter().filter(|mark| mark.cell().is_some());
    let is_input = |mark: &&Mark| {
        mark.cell()
            .is_some_and(|cell| marked.inputs.contains(&cell))
    };
    // A frame around each would hide what they hold.
    let inputs: Vec<Rect> = cells().filter(is_input).map(Mark::area).collect();
    for area in blocks(&inputs) {
        pen.outline(area, Role::Attention, 1.25, 0.9);
    }
    for mark in cells().filter(|mark| mark.cell() == marked.chosen) {
        pen.outline(mark.area(), Role::Ink, 2.5, 1.0);
    }
}

/// Lays a veil over all but the cells of a term, and a frame around each block of those.
fn light(pen: &mut dyn Pen, picture: &Picture, term: Term) {
    pen.veil(VEIL);
    let mut areas = Vec::new();
    for mark in picture.of(term) {
        draw_mark(pen, mark);
        areas.push(mark.area());
    }
    let areas = blocks(&areas);
    for mark in &picture.marks {
        // What is written in them.
        if let Mark::Text { at, .. } = mark
            && areas.iter().any(|area| area.contains(*at))
        {
            draw_mark(pen, mark);
        }
    }
    for area in areas {
        pen.outline(area, term.role(), 1.5, 1.0);
    }
}

fn draw_mark(pen: &mut dyn Pen, mark: &Mark) {
    match mark {
        Mark::Cell {
            area,
            role,
            look,
            value,
            most,
            alpha,
            ..
        } => draw_cell(pen, *area, (*role, *look), *value, *most, *alpha),
        Mark::Text {
            at,
            words,
            align,
            role,
            strong,
            alpha,
        } => write(
            pen,
            words,
            *at,
            Lettering {
                align: *align,
                role: *role,
                strong: *strong,
                alpha: *alpha,
            },
        ),
        Mark::Line {
            from,
            to,
            role,
            width,
            dashed,
            alpha,
        } => pen.line(
            *from,
            *to,
            Stroke {
                role: *role,
                width: *width,
                dashed: *dashed,
                alpha: *alpha,
            },
        ),
        Mark::Frame { area, role, alpha } => pen.outline(*area, *role, 1.5, *alpha),
    }
}

fn write(pen: &mut dyn Pen, words: &str, at: Point, lettering: Lettering) {
    if lettering.alpha <= 0.0 {
        return;
    }
    pen.words(words, at, lettering);
}

/// A number, in the middle of its cell.
fn write_number(pen: &mut dyn Pen, number: &str, at: Point, role: Role, alpha: f64) {
    let lettering = Lettering {
        align: Align::Centre,
        role,
        strong: false,
        alpha,
    };
    write(pen, number, at, lettering);
}

fn draw_cell(
    pen: &mut dyn Pen,
    area: Rect,
    (role, look): (Role, Look),
    value: f64,
    most: f64,
    alpha: f64,
) {
    if alpha <= 0.0 || area.w <= 0.0 {
        return;
    }
    let gap = if area.w > 5.0 { 1.0 } else { 0.0 };
    let (written, body) = (area.is_written(look), area.body(look));
    let narrower = |area: Rect| Rect {
        w: area.w - gap,
        ..area
    };
    let (area, body) = (narrower(area), narrower(body));
    let share = match value.is_finite() {
        true => (value / most).clamp(-1.0, 1.0),
        false => 0.0,
    };
    let (middle_x, middle_y) = body.centre();
    let along = (share.abs() * body.w / 2.0).max(0.75);
    let up = (share.abs() * body.h / 2.0).max(0.75);
    let full = match look {
        Look::Bar if share >= 0.0 => Some(Rect::new(
            body.x,
            middle_y - share * body.h / 2.0,
            body.w,
            up,
        )),
        Look::Bar => Some(Rect::new(body.x, middle_y, body.w, up)),
        Look::Column => {
            let length = (share.max(0.0) * body.h).max(0.75);
            Some(Rect::new(body.x, body.y + body.h - length, body.w, length))
        }
        Look::Share => Some(Rect::new(body.x, body.y, share.max(0.0) * body.w, body.h)),
        Look::Sideways if share >= 0.0 => Some(Rect::new(middle_x, body.y, along, body.h)),
        Look::Sideways => Some(Rect::new(
            middle_x + share * body.w / 2.0,
            body.y,
            along,
            body.h,
        )),
        Look::Shade | Look::Part => {
            shade(pen, area, role, share, alpha);
            None
        }
        Look::Hidden => {
            hatch(pen, area, alpha);
            None
        }
    };
    if let Some(full) = full {
        pen.fill(body, role, 0.09 * alpha);
        pen.fill(full, signed(role, share), alpha);
    }
    if written && value.is_finite() {
        let at = (area.x + area.w / 2.0, area.y + area.h - FOOT / 2.0);
        write_number(pen, &figure(value), at, Role::Ink, alpha);
    } else if look == Look::Shade && area.w >= 30.0 && area.h >= 16.0 {
        // Through a stroke it could not be read.
        if share >= 0.0 && value.is_finite() {
            let on = match pen.wants_light(role, strength(share, alpha)) {
                true => Role::White,
                false => Role::Black,
            };
            write_number(pen, &format!("{value:.2}"), area.centre(), on, alpha);
        }
    }
}

/// Scores below 0 have a colour of their own, wherever they stand.
fn signed(role: Role, share: f64) -> Role {
    match role == Role::Attention && share < 0.0 {
        true => Role::Below,
        false => role,
    }
}

/// How much of its colour a shade has.
fn strength(share: f64, alpha: f64) -> f64 {
    (0.06 + 0.88 * share.abs()) * alpha
}

fn shade(pen: &mut dyn Pen, area: Rect, role: Role, share: f64, alpha: f64) {
    pen.fill(area, signed(role, share), strength(share, alpha));
    if share < 0.0 && area.w >= STRUCK {
        // Nor is the sign the colour's alone to say: a stroke through what is below 0.
        let y = area.y + area.h / 2.0;
        pen.line(
            (area.x + area.w * 0.2, y),
            (area.x + area.w * 0.8, y),
            thin(Role::Ink, 0.7 * alpha),
        );
    }
}

fn hatch(pen: &mut dyn Pen, area: Rect, alpha: f64) {
    pen.fill(area, Role::Faint, 0.08 * alpha);
    pen.line(
        (area.x, area.y + area.h),
        (area.x + area.w, area.y),
        thin(Role::Faint, 0.35 * alpha),
    );
}

fn thin(role: Role, alpha: f64) -> Stroke {
    Stroke {
        role,
        width: 1.0,
        dashed: false,
        alpha,
    }
}

/// A number in as many digits as a cell has room for.
fn figure(value: f64) -> String {
    minus(&match value.abs() {
        x if x >= 100.0 => format!("{value:.0}"),
        x if x >= 10.0 => format!("{value:.1}"),
        // What rounds to nothing has no sign.
        x if x < 0.005 => "0.00".into(),
        _ => format!("{value:.2}"),
    })
}
