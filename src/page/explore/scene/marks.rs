//! The few marks that every scene is drawn with.

use crate::explain::Cell;

/// Left to right, top to bottom, in CSS pixels.
pub type Point = (f64, f64);

/// Bars from this width on have their number at their foot; columns, which are never negative, from
/// this one.
const WRITTEN_BAR: f64 = 39.0;
const WRITTEN_COLUMN: f64 = 29.0;
/// Room for that number at the foot of a cell.
pub const FOOT: f64 = 16.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Rect { x, y, w, h }
    }

    pub fn contains(&self, (x, y): Point) -> bool {
        x >= self.x && x < self.x + self.w && y >= self.y && y < self.y + self.h
    }

    /// Whether a cell of that size has its number at its foot.
    pub fn is_written(&self, look: Look) -> bool {
        let wide = match look {
            Look::Bar => self.w >= WRITTEN_BAR,
            Look::Column => self.w >= WRITTEN_COLUMN,
            // What lies on its side, or is a shade, has it beside it or in its middle.
            Look::Share | Look::Sideways | Look::Shade | Look::Part | Look::Hidden => false,
        };
        wide && self.h >= FOOT + 18.0
    }

    /// What such a cell leaves for its bar.
    pub fn body(&self, look: Look) -> Rect {
        match self.is_written(look) {
            true => Rect {
                h: self.h - FOOT,
                ..*self
            },
            false => *self,
        }
    }

    pub fn centre(&self) -> Point {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// On its way to another one.
    pub fn towards(&self, to: Rect, share: f64) -> Rect {
        let mix = |a: f64, b: f64| a + (b - a) * share;
        Rect {
            x: mix(self.x, to.x),
            y: mix(self.y, to.y),
            w: mix(self.w, to.w),
            h: mix(self.h, to.h),
        }
    }
}

/// What something is in the model: each has one colour everywhere (`www/style/colours.css`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Query,
    Key,
    Value,
    Attention,
    /// What attention has below 0.
    Below,
    Residual,
    Gate,
    Span,
    Ink,
    Faint,
    /// Words on a shade, whichever of the two is read on it.
    White,
    Black,
}

/// How a number is shown. Its size is a length or a shade; its sign is never the colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Up from the middle, or down.
    Bar,
    /// Up from the bottom.
    Column,
    /// To the right from the left edge.
    Share,
    /// To the right from the middle, or to the left.
    Sideways,
    /// A shade; negative ones have the other colour and are struck through.
    Shade,
    /// A shade without its number: a part of a whole.
    Part,
    /// Minus infinity: hatched.
    Hidden,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    Cell {
        area: Rect,
        role: Role,
        look: Look,
        value: f64,
        /// The value that fills it.
        most: f64,
        /// Which number of the pass it is; `None` is on the way to become one.
        cell: Option<Cell>,
        alpha: f64,
    },
    Text {
        at: Point,
        words: String,
        align: Align,
        role: Role,
        strong: bool,
        alpha: f64,
    },
    Line {
        from: Point,
        to: Point,
        role: Role,
        width: f64,
        dashed: bool,
        alpha: f64,
    },
    Frame {
        area: Rect,
        role: Role,
        alpha: f64,
    },
}

impl Mark {
    pub fn cell(&self) -> Option<Cell> {
        match self {
            Mark::Cell { cell, .. } => *cell,
            Mark::Text { .. } | Mark::Line { .. } | Mark::Frame { .. } => None,
        }
    }

    pub fn area(&self) -> Rect {
        match self {
            Mark::Cell { area, .. } | Mark::Frame { area, .. } => *area,
            Mark::Text { at, .. } => Rect::new(at.0, at.1, 0.0, 0.0),
            Mark::Line { from, to, .. } => Rect::new(from.0, from.1, to.0 - from.0, to.1 - from.1),
        }
    }
}
