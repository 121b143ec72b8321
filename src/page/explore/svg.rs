//! The stage as a drawing that stays sharp at any size and can be taken apart: SVG.

use super::contrast::wants_light;
use super::drawing::{Lettering, Marked, Pen, Stroke, draw};
use super::scene::{Align, Picture, Point, Rect, Role};
use std::fmt::Write;

/// What a drawing is made in: SVG 1.1, which every program reads.
pub struct Sheet<'a> {
    pub title: &'a str,
    pub width: f64,
    /// Around the picture, in CSS pixels.
    pub margin: f64,
    pub ground: &'a str,
    pub family: &'a str,
    pub colour: &'a dyn Fn(Role) -> &'a str,
}

/// The picture as a file.
pub fn svg(sheet: &Sheet, picture: &Picture, marked: &Marked) -> String {
    let around = 2.0 * sheet.margin;
    let (width, height) = (
        Length(sheet.width + around),
        Length(picture.height + around),
    );
    let start = Length(-sheet.margin);
    let ground = format!(
        "<rect x=\"{start}\" y=\"{start}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"",
        escaped(sheet.ground)
    );
    let mut pen = Nib {
        text: format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"{start} {start} {width} {height}\" font-family=\"{}\" font-size=\"12\">\n\
             <title>{}</title>\n",
            escaped(sheet.family),
            escaped(sheet.title),
        ),
        colour: sheet.colour,
        card: sheet.ground,
        ground,
    };
    pen.veil(1.0);
    draw(&mut pen, picture, marked);
    pen.text + "</svg>\n"
}

struct Nib<'a> {
    text: String,
    colour: &'a dyn Fn(Role) -> &'a str,
    /// The colour of what it lies on, and the beginning of a rectangle over the whole sheet in it.
    card: &'a str,
    ground: String,
}

impl Nib<'_> {
    fn colour(&self, role: Role) -> String {
        escaped((self.colour)(role))
    }

    fn add(&mut self, element: std::fmt::Arguments) {
        // A text in memory takes whatever is written.
        let _ = self.text.write_fmt(element);
    }
}

impl Pen for Nib<'_> {
    fn fill(&mut self, area: Rect, role: Role, alpha: f64) {
        let (x, y, w, h) = lengths(area);
        let (colour, alpha) = (self.colour(role), Length(alpha));
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{colour}\" \
             fill-opacity=\"{alpha}\"/>\n"
        ));
    }

    fn veil(&mut self, alpha: f64) {
        let (ground, alpha) = (self.ground.clone(), Length(alpha));
        self.add(format_args!("{ground} fill-opacity=\"{alpha}\"/>\n"));
    }

    fn outline(&mut self, area: Rect, role: Role, width: f64, alpha: f64) {
        let (x, y, w, h) = lengths(area);
        let (colour, width, alpha) = (self.colour(role), Length(width), Length(alpha));
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"none\" \
             stroke=\"{colour}\" stroke-width=\"{width}\" stroke-opacity=\"{alpha}\"/>\n"
        ));
    }

    fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        let (x1, y1, x2, y2) = (Length(from.0), Length(from.1), Length(to.0), Length(to.1));
        let (colour, width) = (self.colour(stroke.role), Length(stroke.width));
        let alpha = Length(stroke.alpha);
        let dashes = match stroke.dashed {
            true => " stroke-dasharray=\"4\"",
            false => "",
        };
        self.add(format_args!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{colour}\" \
             stroke-width=\"{width}\" stroke-opacity=\"{alpha}\"{dashes}/>\n"
        ));
    }

    fn wants_light(&self, role: Role, alpha: f64) -> bool {
        wants_light((self.colour)(role), self.card, alpha)
    }

    fn words(&mut self, words: &str, at: Point, lettering: Lettering) {
        // Not every program knows how to centre letters in height: a third of their size comes close.
        let (x, y) = (Length(at.0), Length(at.1 + 4.3));
        let (colour, alpha) = (self.colour(lettering.role), Length(lettering.alpha));
        let anchor = match lettering.align {
            Align::Left => "start",
            Align::Centre => "middle",
            Align::Right => "end",
        };
        let weight = if lettering.strong { 600 } else { 400 };
        let words = escaped(words);
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-weight=\"{weight}\" \
             fill=\"{colour}\" fill-opacity=\"{alpha}\">{words}</text>\n"
        ));
    }
}

fn lengths(area: Rect) -> (Length, Length, Length, Length) {
    // What is narrower than nothing is drawn by a canvas and refused by SVG.
    let (w, h) = (area.w.max(0.0), area.h.max(0.0));
    (Length(area.x), Length(area.y), Length(w), Length(h))
}

/// A number of a drawing: thousandths are less than anybody sees.
struct Length(f64);

impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", (self.0 * 1e3).round() / 1e3)
    }
}

/// Words as XML takes them: what it has no place for, such as control characters, is left out.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\t' | '\n' | '\r' => text.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::explore::scene::{Look, Mark};
    use std::collections::HashSet;

    fn drawn(marks: Vec<Mark>) -> String {
        let picture = Picture {
            marks,
            height: 40.0,
            ..Picture::default()
        };
        let marked = Marked {
            chosen: None,
            inputs: &HashSet::new(),
            lit: None,
        };
        let sheet = Sheet {
            title: "a < \"b\"",
            width: 100.5,
            margin: 10.0,
            ground: "#ffffff",
            family: "\"Some Font\", serif",
            colour: &|role| match role {
                Role::Query => "blue",
                Role::Attention => "#6c1a8c",
                Role::White => "#ffffff",
                Role::Black => "#000000",
                _ => "black",
            },
        };
        svg(&sheet, &picture, &marked)
    }

    #[test]
    fn a_bar_is_as_long_as_its_number() {
        let bar = |value: f64| Mark::Cell {
            area: Rect::new(0.0, 0.0, 21.0, 40.0),
            role: Role::Query,
            look: Look::Bar,
            value,
            most: 2.0,
            cell: None,
            alpha: 1.0,
        };
        // Half of what fills it, up from the middle at 20, or down; a pixel is the gap.
        let up =
            "<rect x=\"0\" y=\"10\" width=\"20\" height=\"10\" fill=\"blue\" fill-opacity=\"1\"/>";
        let down =
            "<rect x=\"0\" y=\"20\" width=\"20\" height=\"10\" fill=\"blue\" fill-opacity=\"1\"/>";
        assert!(drawn(vec![bar(1.0)]).contains(up));
        assert!(drawn(vec![bar(-1.0)]).contains(down));
    }

    #[test]
    fn a_shade_carries_its_number_light_where_it_is_dark() {
        let shade = |value: f64| Mark::Cell {
            area: Rect::new(0.0, 0.0, 40.0, 20.0),
            role: Role::Attention,
            look: Look::Shade,
            value,
            most: 1.0,
            cell: None,
            alpha: 1.0,
        };
        assert!(drawn(vec![shade(0.9)]).contains("fill=\"#ffffff\" fill-opacity=\"1\">0.90<"));
        assert!(drawn(vec![shade(0.1)]).contains("fill=\"#000000\" fill-opacity=\"1\">0.10<"));
    }

    #[test]
    fn words_of_any_sort_leave_the_file_whole() {
        let text = |words: &str| Mark::Text {
            at: (5.0, 6.0),
            words: words.into(),
            align: Align::Right,
            role: Role::Ink,
            strong: true,
            alpha: 1.0,
        };
        let file = drawn(vec![text("<&>\"\u{1}\u{ffff}"), text("glass-standard")]);
        assert!(file.contains(">&lt;&amp;&gt;&quot;</text>"), "{file}");
        // A name has its hyphen; a number brings its minus along.
        assert!(file.contains(">glass-standard</text>"), "{file}");
        assert!(file.contains("width=\"120.5\" height=\"60\" viewBox=\"-10 -10 120.5 60\""));
        assert!(file.contains("<title>a &lt; &quot;b&quot;</title>"));
        assert!(file.contains("font-family=\"&quot;Some Font&quot;, serif\""));
    }
}
