//! Draws the losses on a canvas, in the colours of the page.

use super::Reference;
use super::history::{Bucket, History};
use super::layout::{NARROW, Plot, Point, raw_line, smooth_line, spread};
use super::scale::{Scale, decimals, last_step_shown, loss_domain, ticks};
use crate::page::format;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Height of a line of small text.
const LINE: f64 = 15.0;

/// What is to be drawn.
pub struct Picture<'a> {
    pub history: &'a History,
    pub reference: Option<Reference>,
    pub max_steps: u32,
    /// The step under the crosshair.
    pub cursor: Option<u32>,
}

/// The page's colours and font, as its style sheet has them now.
struct Style {
    ink: String,
    faint: String,
    grid: String,
    raw: String,
    validation: String,
    paper: String,
    /// Family and size, after the weight.
    font: String,
}

impl Style {
    fn of(canvas: &HtmlCanvasElement) -> Option<Self> {
        let style = gloo::utils::window().get_computed_style(canvas).ok()??;
        let value = |name: &str| style.get_property_value(name).unwrap_or_default();
        Some(Style {
            ink: value("--ink"),
            faint: value("--faint"),
            grid: value("--line"),
            raw: value("--raw"),
            validation: value("--attention"),
            paper: value("--card"),
            font: format!("{} {}", value("font-size"), value("font-family")),
        })
    }
}

/// Where steps and losses stand on a canvas of that size.
pub fn axes(picture: &Picture, width: f64, height: f64) -> (Plot, Scale, Scale) {
    let plot = Plot::within(width, height);
    let shown = match picture.history.last_step() {
        // What Start would begin: all of it.
        0 => picture.max_steps,
        step => last_step_shown(step, picture.max_steps),
    };
    let x = Scale {
        domain: (0.0, f64::from(shown)),
        range: (plot.left, plot.right),
    };

    let references = picture.reference.iter();
    let references = references.flat_map(|r| [r.uniform(), r.counting]);
    let history = picture.history;
    // A spike of one batch must not flatten all the rest: the smoothed line decides.
    let training = history.buckets().iter().map(|b| f64::from(b.smooth));
    let validation = history.validation().iter().map(|v| f64::from(v.loss));
    let all = references.chain(training).chain(validation);
    let highest = all.fold(f64::NEG_INFINITY, f64::max);
    let y = Scale {
        domain: loss_domain(highest),
        range: (plot.bottom, plot.top),
    };
    (plot, x, y)
}

/// Draws everything anew. Nothing happens where the browser gives no canvas.
pub fn paint(canvas: &HtmlCanvasElement, picture: &Picture) {
    let context = canvas.get_context("2d").ok().flatten();
    let context = context.and_then(|context| context.dyn_into().ok());
    let (Some(context), Some(style)) = (context, Style::of(canvas)) else {
        return;
    };
    let (width, height) = fit(canvas, &context);
    let (plot, x, y) = axes(picture, width, height);
    let brush = Brush {
        context,
        style,
        plot,
        width,
        narrow: width < NARROW,
    };
    brush.context.clear_rect(0.0, 0.0, width, height);
    brush.grid(x, y);

    brush.clipped(|| {
        let buckets = picture.history.buckets();
        brush.line(&raw_line(buckets, x, y), &brush.style.raw, 1.0);
        if let Some(reference) = picture.reference {
            brush.reference(y, reference);
        }
        brush.line(&smooth_line(buckets, x, y), &brush.style.ink, 2.0);
        let validation = picture.history.validation().iter();
        let validation: Vec<Point> = validation
            .map(|v| (x.at(f64::from(v.step)), y.at(f64::from(v.loss))))
            .collect();
        brush.line(&validation, &brush.style.validation, 1.5);
        brush.dots(&validation);
    });
    brush.names(picture.history, x, y);
    if let Some(bucket) = picture
        .cursor
        .and_then(|step| picture.history.nearest(step))
    {
        brush.crosshair(picture.history, bucket, x, y);
    }
}

/// Gives the canvas a pixel for every one of the screen; answers its size in CSS pixels.
fn fit(canvas: &HtmlCanvasElement, context: &CanvasRenderingContext2d) -> (f64, f64) {
    let (width, height) = (canvas.client_width(), canvas.client_height());
    let (width, height) = (f64::from(width), f64::from(height));
    let ratio = gloo::utils::window().device_pixel_ratio().max(1.0);
    let pixels = |length: f64| (length * ratio).round() as u32;
    if canvas.width() != pixels(width) || canvas.height() != pixels(height) {
        canvas.set_width(pixels(width));
        canvas.set_height(pixels(height));
    }
    // Fails only for numbers that are not finite.
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    (width, height)
}

struct Brush {
    context: CanvasRenderingContext2d,
    style: Style,
    plot: Plot,
    width: f64,
    narrow: bool,
}

impl Brush {
    /// Draws inside the plot only.
    fn clipped(&self, draw: impl FnOnce()) {
        let Plot {
            left,
            right,
            top,
            bottom,
        } = self.plot;
        let c = &self.context;
        c.save();
        c.begin_path();
        c.rect(left, top - 4.0, right - left + 4.0, bottom - top + 8.0);
        c.clip();
        draw();
        c.restore();
    }

    fn line(&self, points: &[Point], colour: &str, width: f64) {
        let Some((first, rest)) = points.split_first() else {
            return;
        };
        let c = &self.context;
        c.set_stroke_style_str(colour);
        c.set_line_width(width);
        c.set_line_join("round");
        c.begin_path();
        c.move_to(first.0, first.1);
        for point in rest {
            c.line_to(point.0, point.1);
        }
        c.stroke();
    }

    /// Rings while there are few; a long run's validation is a line.
    fn dots(&self, points: &[Point]) {
        if points.len() > 60 {
            return;
        }
        for point in points {
            self.ring(*point, &self.style.validation, 3.0);
        }
    }

    fn ring(&self, at: Point, colour: &str, radius: f64) {
        let c = &self.context;
        c.begin_path();
        // Fails only for a negative radius.
        let _ = c.arc(at.0, at.1, radius, 0.0, std::f64::consts::TAU);
        c.set_fill_style_str(&self.style.paper);
        c.fill();
        c.set_stroke_style_str(colour);
        c.set_line_width(1.5);
        c.stroke();
    }

    fn text(&self, words: &str, at: Point, align: &str, colour: &str) {
        let c = &self.context;
        c.set_fill_style_str(colour);
        c.set_text_align(align);
        c.set_text_baseline("middle");
        // Fails only where there is no font at all.
        let _ = c.fill_text(words, at.0, at.1);
    }

    fn set_font(&self, weight: u32) {
        let font = format!("{weight} {}", self.style.font);
        self.context.set_font(&font);
    }

    fn grid(&self, x: Scale, y: Scale) {
        let Plot {
            left,
            right,
            top,
            bottom,
        } = self.plot;
        self.set_font(400);
        let losses = ticks(y.domain, (((bottom - top) / 48.0) as usize).clamp(2, 8));
        let places = decimals(&losses);
        for loss in losses {
            // Half a pixel: a line of one pixel then fills one row and not half of two.
            let at = y.at(loss).round() + 0.5;
            self.line(&[(left, at), (right, at)], &self.style.grid, 1.0);
            let words = format!("{loss:.places$}");
            self.text(&words, (left - 8.0, at), "right", &self.style.faint);
        }
        let steps = ticks(x.domain, (((right - left) / 90.0) as usize).clamp(2, 10));
        for step in steps {
            let words = format::count(step.max(0.0) as u64);
            let at = (x.at(step), bottom + 16.0);
            self.text(&words, at, "center", &self.style.faint);
        }
        self.text(
            "step",
            (self.width, bottom + 16.0),
            "right",
            &self.style.faint,
        );
    }

    /// The two losses to read the curve by, dashed and named in words.
    fn reference(&self, y: Scale, reference: Reference) {
        let Plot { left, right, .. } = self.plot;
        let (uniform, counting) = (reference.uniform(), reference.counting);
        let wide = !self.narrow;
        let lines = [
            (
                uniform,
                if wide {
                    format!(
                        "knowing nothing: {} characters, ln {0} = {uniform:.2}",
                        reference.vocab
                    )
                } else {
                    format!("knowing nothing {uniform:.2}")
                },
            ),
            (
                counting,
                if wide {
                    format!("knowing only how often each character comes: {counting:.2}")
                } else {
                    format!("counting characters {counting:.2}")
                },
            ),
        ];
        // Above its line each, unless the lower one's words would stand on the upper line.
        let below = (y.at(counting) - y.at(uniform)).abs() < LINE + 4.0;
        let labels = [
            y.at(uniform) - 9.0,
            y.at(counting) + if below { 11.0 } else { -9.0 },
        ];
        let c = &self.context;
        self.set_font(400);
        for ((loss, words), label) in lines.iter().zip(labels) {
            let at = y.at(*loss).round() + 0.5;
            let dashes = js_sys::Array::of2(&3.into(), &4.into());
            // Fails only for what is no list of numbers.
            let _ = c.set_line_dash(&dashes);
            self.line(&[(left, at), (right, at)], &self.style.faint, 1.0);
            let _ = c.set_line_dash(&js_sys::Array::new());
            // A halo of paper, so that the curve does not run through the words.
            c.set_stroke_style_str(&self.style.paper);
            c.set_line_width(4.0);
            c.set_text_align("right");
            c.set_text_baseline("middle");
            let _ = c.stroke_text(words, right - 8.0, label);
            self.text(words, (right - 8.0, label), "right", &self.style.faint);
        }
    }

    /// The lines' names at their ends; their values stand above the chart.
    fn names(&self, history: &History, x: Scale, y: Scale) {
        let mut names = Vec::new();
        if let Some(last) = history.buckets().last() {
            let end = x.at(f64::from(last.last));
            names.push((last.smooth, end, "training", &self.style.ink));
        }
        if let Some(last) = history.validation().last() {
            let end = x.at(f64::from(last.step));
            names.push((last.loss, end, "validation", &self.style.validation));
        }
        let wanted: Vec<f64> = names.iter().map(|name| y.at(f64::from(name.0))).collect();
        let bounds = (self.plot.top, self.plot.bottom);
        let placed = spread(&wanted, LINE, bounds);
        // Both beside the further end, so that neither stands on the other's line.
        let end = names
            .iter()
            .map(|name| name.1)
            .fold(self.plot.left, f64::max);
        self.set_font(600);
        for ((.., words, colour), at) in names.iter().zip(placed) {
            self.text(words, (end + 8.0, at), "left", colour);
        }
    }

    fn crosshair(&self, history: &History, bucket: &Bucket, x: Scale, y: Scale) {
        let at = x.at(f64::from(bucket.last));
        let column = at.round() + 0.5;
        let Plot { top, bottom, .. } = self.plot;
        self.line(&[(column, top), (column, bottom)], &self.style.faint, 1.0);
        let train = (at, y.at(f64::from(bucket.smooth)));
        self.ring(train, &self.style.ink, 4.0);
        if let Some(v) = history.validated(bucket.last) {
            let place = (x.at(f64::from(v.step)), y.at(f64::from(v.loss)));
            self.ring(place, &self.style.validation, 4.0);
        }
    }
}
