//! Draws a scene's marks on a canvas, in the colours of the page.

use super::contrast::wants_light;
use super::drawing::{Lettering, Marked, Pen, Stroke, draw};
use super::scene::{Align, Picture, Point, Rect, Role};
use crate::config::number;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// The page's colours and font, as its style sheet has them now.
pub struct Style {
    query: String,
    key: String,
    value: String,
    attention: String,
    below: String,
    residual: String,
    gate: String,
    span: String,
    ink: String,
    faint: String,
    /// What the stage lies on.
    pub card: String,
    pub family: String,
    /// CSS pixels for each of the picture's: more where all letters of the page are larger.
    pub scale: f64,
    /// Whether a picture is to fill the stage's height.
    pub fills: bool,
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
            below: value("--below"),
            residual: value("--residual"),
            gate: value("--gate"),
            span: value("--span"),
            ink: value("--ink"),
            faint: value("--faint"),
            card: value("--card"),
            family: value("font-family"),
            scale: scale(&value("font-size")),
            fills: value("--fills").trim() == "1",
        })
    }

    pub fn colour(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.query,
            Role::Key => &self.key,
            Role::Value => &self.value,
            Role::Attention => &self.attention,
            Role::Below => &self.below,
            Role::Residual => &self.residual,
            Role::Gate => &self.gate,
            Role::Span => &self.span,
            Role::Ink => &self.ink,
            Role::Faint => &self.faint,
            Role::White => "#ffffff",
            Role::Black => "#000000",
        }
    }
}

/// Size of the picture's letters, as it is laid out.
const LETTERS: f64 = 12.0;

/// How much larger than laid out letters of that size are.
fn scale(size: &str) -> f64 {
    let pixels = size.strip_suffix("px").and_then(number);
    let scale = pixels.map_or(1.0, |pixels| pixels / LETTERS);
    if scale > 0.0 { scale } else { 1.0 }
}

/// How a canvas lies on the screen.
pub struct Sheet {
    /// As the picture is laid out.
    pub width: f64,
    /// Pixels of the canvas for each of its own.
    pub ratio: f64,
    /// CSS pixels for each.
    pub scale: f64,
    /// In a file, the ground around the picture, which is drawn too; the page has it
    /// behind the canvas.
    pub margin: Option<f64>,
}

impl Sheet {
    /// Of the stage as it stands on the page, with a pixel for every one of the screen.
    pub fn of(canvas: &HtmlCanvasElement, style: &Style) -> Self {
        let sharp = gloo::utils::window().device_pixel_ratio().max(1.0);
        Sheet {
            width: f64::from(canvas.client_width()) / style.scale,
            ratio: sharp * style.scale,
            scale: style.scale,
            margin: None,
        }
    }
}

/// Draws everything anew. Nothing happens where the browser gives no canvas.
pub fn paint(
    canvas: &HtmlCanvasElement,
    sheet: &Sheet,
    style: &Style,
    picture: &Picture,
    marked: &Marked,
) {
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) = context.and_then(|context| context.dyn_into().ok()) else {
        return;
    };
    let margin = sheet.margin.unwrap_or(0.0);
    let (width, height) = (sheet.width + 2.0 * margin, picture.height + 2.0 * margin);
    fit(canvas, &context, sheet, width, height);
    let ground = Rect::new(-margin, -margin, width, height);
    let mut brush = Brush {
        context,
        style,
        ground,
    };
    match sheet.margin {
        Some(_) => brush.veil(1.0),
        None => brush.context.clear_rect(0.0, 0.0, width, height),
    }
    brush.font(false);
    draw(&mut brush, picture, marked);
}

/// Gives the canvas its pixels.
fn fit(
    canvas: &HtmlCanvasElement,
    context: &CanvasRenderingContext2d,
    sheet: &Sheet,
    width: f64,
    height: f64,
) {
    let pixels = |length: f64| (length * sheet.ratio).round() as u32;
    if canvas.width() != pixels(width) || canvas.height() != pixels(height) {
        canvas.set_width(pixels(width));
        canvas.set_height(pixels(height));
        // Fails only for a name that is no property.
        let _ = canvas
            .style()
            .set_property("height", &format!("{}px", height * sheet.scale));
    }
    // Fails only for numbers that are not finite.
    let (ratio, start) = (sheet.ratio, sheet.ratio * sheet.margin.unwrap_or(0.0));
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, start, start);
}

struct Brush<'a> {
    context: CanvasRenderingContext2d,
    style: &'a Style,
    /// All that is drawn on, in CSS pixels.
    ground: Rect,
}

impl Brush<'_> {
    fn font(&self, strong: bool) {
        let weight = if strong { 600 } else { 400 };
        let font = format!("{weight} {LETTERS}px {}", self.style.family);
        self.context.set_font(&font);
    }

    fn stroke(&self, role: Role, width: f64, alpha: f64) {
        let c = &self.context;
        c.set_global_alpha(alpha);
        c.set_stroke_style_str(self.style.colour(role));
        c.set_line_width(width);
    }
}

impl Pen for Brush<'_> {
    fn fill(&mut self, area: Rect, role: Role, alpha: f64) {
        let c = &self.context;
        c.set_global_alpha(alpha);
        c.set_fill_style_str(self.style.colour(role));
        c.fill_rect(area.x, area.y, area.w, area.h);
    }

    fn veil(&mut self, alpha: f64) {
        let (c, Rect { x, y, w, h }) = (&self.context, self.ground);
        c.set_global_alpha(alpha);
        c.set_fill_style_str(&self.style.card);
        c.fill_rect(x, y, w, h);
    }

    fn outline(&mut self, area: Rect, role: Role, width: f64, alpha: f64) {
        self.stroke(role, width, alpha);
        self.context.stroke_rect(area.x, area.y, area.w, area.h);
    }

    fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.stroke(stroke.role, stroke.width, stroke.alpha);
        let c = &self.context;
        if stroke.dashed {
            let dashes = js_sys::Array::of2(&4.into(), &4.into());
            // Fails only for what is no list of numbers.
            let _ = c.set_line_dash(&dashes);
        }
        c.begin_path();
        c.move_to(from.0, from.1);
        c.line_to(to.0, to.1);
        c.stroke();
        if stroke.dashed {
            let _ = c.set_line_dash(&js_sys::Array::new());
        }
    }

    fn wants_light(&self, role: Role, alpha: f64) -> bool {
        wants_light(self.style.colour(role), &self.style.card, alpha)
    }

    fn words(&mut self, words: &str, at: Point, lettering: Lettering) {
        if lettering.strong {
            self.font(true);
        }
        let c = &self.context;
        c.set_global_alpha(lettering.alpha);
        c.set_fill_style_str(self.style.colour(lettering.role));
        c.set_text_align(match lettering.align {
            Align::Left => "left",
            Align::Centre => "center",
            Align::Right => "right",
        });
        c.set_text_baseline("middle");
        // Fails only where there is no font at all.
        let _ = c.fill_text(words, at.0, at.1 + 0.5);
        if lettering.strong {
            self.font(false);
        }
    }
}
