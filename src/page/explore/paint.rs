//! Draws a scene's marks on a canvas, in the colours of the page.

use super::scene::{Align, FOOT, Look, Mark, Picture, Rect, Role, blocks};
use super::term::Term;
use crate::explain::Cell;
use std::collections::HashSet;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// In smaller cells a stroke would only be noise; the card has the sign.
const STRUCK: f64 = 9.0;
/// How much of what is not lit a veil hides; what it says must stay readable.
const VEIL: f64 = 0.62;

/// The page's colours and font, as its style sheet has them now.
pub struct Style {
    query: String,
    key: String,
    value: String,
    attention: String,
    residual: String,
    gate: String,
    span: String,
    ink: String,
    faint: String,
    /// What the stage stands on.
    ground: String,
    family: String,
}

impl Style {
    pub fn of(canvas: &HtmlCanvasElement) -> Option<Self> {
        let style = gloo::utils::window().get_computed_style(canvas).ok()??;
        let value = |name: &str| style.get_property_value(name).unwrap_or_default();
        Some(Style {
            query: value("--query"),
            key: value("--key"),
            value: value("--value"),
            attention: value("--attention"),
            residual: value("--residual"),
            gate: value("--gate"),
            span: value("--span"),
            ink: value("--ink"),
            faint: value("--faint"),
            ground: value("--card"),
            family: value("font-family"),
        })
    }

    fn colour(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.query,
            Role::Key => &self.key,
            Role::Value => &self.value,
            Role::Attention => &self.attention,
            Role::Residual => &self.residual,
            Role::Gate => &self.gate,
            Role::Span => &self.span,
            Role::Ink => &self.ink,
            Role::Faint => &self.faint,
        }
    }
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

/// Draws everything anew. Nothing happens where the browser gives no canvas.
pub fn paint(canvas: &HtmlCanvasElement, style: &Style, picture: &Picture, marked: &Marked) {
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) = context.and_then(|context| context.dyn_into().ok()) else {
        return;
    };
    let width = fit(canvas, &context, picture.height);
    let brush = Brush { context, style };
    brush.context.clear_rect(0.0, 0.0, width, picture.height);
    brush.font(false);
    for mark in &picture.marks {
        brush.mark(mark);
    }
    light(&brush, picture, marked.lit, width);
    for mark in &picture.marks {
        let Some(cell) = mark.cell() else { continue };
        if marked.chosen == Some(cell) {
            brush.outline(mark.area(), &style.ink, 2.5, 1.0);
        } else if marked.inputs.contains(&cell) {
            // Many frames would hide what they frame.
            let alpha = if marked.inputs.len() > 40 { 0.25 } else { 0.9 };
            brush.outline(mark.area(), &style.attention, 1.0, alpha);
        }
    }
}

/// Lays a veil over all but the cells of a term, and a frame around each block of those.
fn light(brush: &Brush, picture: &Picture, term: Option<Term>, width: f64) {
    let Some(term) = term else { return };
    let c = &brush.context;
    c.set_global_alpha(VEIL);
    c.set_fill_style_str(&brush.style.ground);
    brush.fill(Rect::new(0.0, 0.0, width, picture.height));
    let mut areas = Vec::new();
    for mark in picture.of(term) {
        brush.mark(mark);
        areas.push(mark.area());
    }
    let areas = blocks(&areas);
    for mark in &picture.marks {
        // What is written in them.
        if let Mark::Text { at, .. } = mark
            && areas.iter().any(|area| area.contains(*at))
        {
            brush.mark(mark);
        }
    }
    for area in areas {
        brush.outline(area, brush.style.colour(term.role()), 1.5, 1.0);
    }
}

/// Gives the canvas a pixel for every one of the screen; answers its width in CSS pixels.
fn fit(canvas: &HtmlCanvasElement, context: &CanvasRenderingContext2d, height: f64) -> f64 {
    let width = f64::from(canvas.client_width());
    let ratio = gloo::utils::window().device_pixel_ratio().max(1.0);
    let pixels = |length: f64| (length * ratio).round() as u32;
    if canvas.width() != pixels(width) || canvas.height() != pixels(height) {
        canvas.set_width(pixels(width));
        canvas.set_height(pixels(height));
        // Fails only for a name that is no property.
        let _ = canvas
            .style()
            .set_property("height", &format!("{height}px"));
    }
    // Fails only for numbers that are not finite.
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    width
}

struct Brush<'a> {
    context: CanvasRenderingContext2d,
    style: &'a Style,
}

impl Brush<'_> {
    fn font(&self, strong: bool) {
        let weight = if strong { 600 } else { 400 };
        let font = format!("{weight} 12px {}", self.style.family);
        self.context.set_font(&font);
    }

    fn fill(&self, area: Rect) {
        self.context.fill_rect(area.x, area.y, area.w, area.h);
    }

    fn outline(&self, area: Rect, colour: &str, width: f64, alpha: f64) {
        let c = &self.context;
        c.set_global_alpha(alpha);
        c.set_stroke_style_str(colour);
        c.set_line_width(width);
        c.stroke_rect(area.x, area.y, area.w, area.h);
    }

    fn mark(&self, mark: &Mark) {
        let c = &self.context;
        match mark {
            Mark::Cell {
                area,
                role,
                look,
                value,
                most,
                alpha,
                ..
            } => self.cell(*area, (*role, *look), *value, *most, *alpha),
            Mark::Text {
                at,
                words,
                align,
                role,
                strong,
                alpha,
            } => {
                if *alpha <= 0.0 {
                    return;
                }
                if *strong {
                    self.font(true);
                }
                c.set_global_alpha(*alpha);
                self.words(words, *at, *align, self.style.colour(*role));
                if *strong {
                    self.font(false);
                }
            }
            Mark::Line {
                from,
                to,
                role,
                width,
                dashed,
                alpha,
            } => {
                c.set_global_alpha(*alpha);
                c.set_stroke_style_str(self.style.colour(*role));
                c.set_line_width(*width);
                if *dashed {
                    let dashes = js_sys::Array::of2(&4.into(), &4.into());
                    // Fails only for what is no list of numbers.
                    let _ = c.set_line_dash(&dashes);
                }
                c.begin_path();
                c.move_to(from.0, from.1);
                c.line_to(to.0, to.1);
                c.stroke();
                if *dashed {
                    let _ = c.set_line_dash(&js_sys::Array::new());
                }
            }
            Mark::Frame { area, role, alpha } => {
                c.set_global_alpha(*alpha);
                c.set_stroke_style_str(self.style.colour(*role));
                c.set_line_width(1.5);
                c.stroke_rect(area.x, area.y, area.w, area.h);
            }
        }
    }

    fn words(&self, words: &str, at: (f64, f64), align: Align, colour: &str) {
        let c = &self.context;
        c.set_fill_style_str(colour);
        c.set_text_align(match align {
            Align::Left => "left",
            Align::Centre => "center",
            Align::Right => "right",
        });
        c.set_text_baseline("middle");
        // A hyphen is too short for a minus; alone it is a character of the sentence.
        let signed = (words.len() > 1).then(|| words.replace('-', "−"));
        let words = signed.as_deref().unwrap_or(words);
        // Fails only where there is no font at all.
        let _ = c.fill_text(words, at.0, at.1 + 0.5);
    }

    fn cell(&self, area: Rect, (role, look): (Role, Look), value: f64, most: f64, alpha: f64) {
        if alpha <= 0.0 || area.w <= 0.0 {
            return;
        }
        let c = &self.context;
        let colour = self.style.colour(role);
        c.set_fill_style_str(colour);
        let gap = if area.w > 5.0 { 1.0 } else { 0.0 };
        let (written, body) = (area.is_written(), area.body());
        let narrower = |area: Rect| Rect {
            w: area.w - gap,
            ..area
        };
        let (area, body) = (narrower(area), narrower(body));
        let share = match value.is_finite() {
            true => (value / most).clamp(-1.0, 1.0),
            false => 0.0,
        };
        c.set_global_alpha(0.09 * alpha);
        match look {
            Look::Shade | Look::Part | Look::Hidden => {}
            Look::Bar | Look::Column | Look::Share | Look::Sideways => self.fill(body),
        }
        c.set_global_alpha(alpha);
        match look {
            Look::Bar => {
                let middle = body.y + body.h / 2.0;
                let length = share.abs() * body.h / 2.0;
                let top = if share >= 0.0 {
                    middle - length
                } else {
                    middle
                };
                self.fill(Rect::new(body.x, top, body.w, length.max(0.75)));
            }
            Look::Column => {
                let length = share.max(0.0) * body.h;
                let top = body.y + body.h - length.max(0.75);
                self.fill(Rect::new(body.x, top, body.w, length.max(0.75)));
            }
            Look::Share => {
                self.fill(Rect::new(body.x, body.y, share.max(0.0) * body.w, body.h));
            }
            Look::Sideways => {
                let middle = body.x + body.w / 2.0;
                let length = share.abs() * body.w / 2.0;
                let left = if share >= 0.0 {
                    middle
                } else {
                    middle - length
                };
                self.fill(Rect::new(left, body.y, length.max(0.75), body.h));
            }
            Look::Shade | Look::Part => self.shade(area, share, alpha),
            Look::Hidden => self.hatch(area, alpha),
        }
        if written && value.is_finite() {
            c.set_global_alpha(alpha);
            let at = (area.x + area.w / 2.0, area.y + area.h - FOOT / 2.0 + 1.0);
            self.words(&figure(value), at, Align::Centre, &self.style.ink);
        } else if look == Look::Shade && area.w >= 30.0 && area.h >= 16.0 {
            self.on_shade(area, share, value, alpha);
        }
    }

    fn shade(&self, area: Rect, share: f64, alpha: f64) {
        let c = &self.context;
        c.set_global_alpha((0.06 + 0.88 * share.abs()) * alpha);
        self.fill(area);
        if share < 0.0 && area.w >= STRUCK {
            // The sign is not the shade's to say: a stroke through what is below 0.
            c.set_global_alpha(0.7 * alpha);
            c.set_stroke_style_str(&self.style.ink);
            c.set_line_width(1.0);
            c.begin_path();
            c.move_to(area.x + area.w * 0.2, area.y + area.h / 2.0);
            c.line_to(area.x + area.w * 0.8, area.y + area.h / 2.0);
            c.stroke();
        }
    }

    fn on_shade(&self, area: Rect, share: f64, value: f64, alpha: f64) {
        // On a dark shade, and through a stroke, it could not be read.
        if !(0.0..=0.45).contains(&share) {
            return;
        }
        self.context.set_global_alpha(alpha);
        let words = format!("{value:.2}");
        self.words(&words, area.centre(), Align::Centre, &self.style.ink);
    }

    fn hatch(&self, area: Rect, alpha: f64) {
        let c = &self.context;
        c.set_fill_style_str(&self.style.faint);
        c.set_global_alpha(0.08 * alpha);
        self.fill(area);
        c.set_global_alpha(0.35 * alpha);
        c.set_stroke_style_str(&self.style.faint);
        c.set_line_width(1.0);
        c.begin_path();
        c.move_to(area.x, area.y + area.h);
        c.line_to(area.x + area.w, area.y);
        c.stroke();
    }
}

/// A number in as many digits as a cell has room for.
fn figure(value: f64) -> String {
    match value.abs() {
        x if x >= 100.0 => format!("{value:.0}"),
        x if x >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
