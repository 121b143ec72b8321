//! The closed view: the residual stream as a grid of tokens and blocks. Each cell holds the
//! character that the lens reads there, as dark as the lens is certain; the attention of the chosen
//! token runs between the columns.

use super::characters::{of_text, of_vocabulary, visible};
use super::scene::{Align, Link, Look, Mark, Picture, Rect, Role, Row, View};
use crate::explain::{Cell, Place, Quantity};

/// Height of the line of words above the columns.
const HEAD: f64 = 30.0;
/// Room for the characters of the sentence.
const LABEL: f64 = 34.0;
/// Width of a letter, about.
const LETTER: f64 = 7.0;
/// How far the name of a column reaches beyond it, on both sides together.
const BESIDE: f64 = 24.0;
/// Under this weight a cell is not framed as one that is looked at.
const SEEN: f64 = 0.1;

/// A mean weight as dark as it gets.
const DARKEST: f64 = 0.5;

/// Where things stand.
struct Grid {
    row: f64,
    cell: f64,
    stride: f64,
}

impl Grid {
    fn area(&self, depth: usize, token: usize) -> Rect {
        Rect::new(
            LABEL + depth as f64 * self.stride,
            HEAD + token as f64 * self.row + 1.0,
            self.cell,
            self.row - 2.0,
        )
    }
}

pub fn picture(view: &View, threshold: f64) -> Picture {
    let tokens = view.source.tokens();
    let layers = view.source.model().n_layer;
    let across = view.width - LABEL - 8.0;
    let cell = (across / (layers + 1) as f64 * 0.42).clamp(24.0, 90.0);
    let stride = (across - cell) / layers.max(1) as f64;
    let grid = Grid {
        row: (420.0 * view.stretch / tokens.max(1) as f64).clamp(14.0, 30.0),
        cell,
        stride,
    };
    let mut picture = Picture {
        height: HEAD + tokens as f64 * grid.row + 8.0,
        ..Picture::default()
    };
    for depth in 0..=layers {
        let words = match depth {
            0 => "embedding".to_string(),
            n => format!("block {}", n - 1),
        };
        let at = (grid.area(depth, 0).centre().0, HEAD / 2.0 - 4.0);
        picture.marks.push(text(at, words, Role::Faint));
    }
    for layer in 0..layers {
        attention(&mut picture, view, &grid, layer, threshold);
    }
    let characters: Vec<char> = view.source.trace.about.text.chars().collect();
    for (token, character) in characters.iter().enumerate() {
        let chosen = token == view.token;
        let role = if chosen { Role::Ink } else { Role::Faint };
        let at = (LABEL / 2.0, grid.area(0, token).centre().1);
        picture.marks.push(text(at, visible(*character), role));
        let read = (0..=layers).map(|depth| guess(&mut picture, view, &grid, depth, token));
        let certainties: Vec<f64> = read.collect();
        picture.rows.push(Row {
            label: format!("{token} {}: certainty of the lens", visible(*character)),
            numbers: certainties,
        });
    }
    picture
}

fn text(at: (f64, f64), words: String, role: Role) -> Mark {
    Mark::Text {
        at,
        words,
        align: Align::Centre,
        role,
        strong: false,
        alpha: 1.0,
    }
}

/// The lens's character in its cell; answers with its certainty.
fn guess(picture: &mut Picture, view: &View, grid: &Grid, depth: usize, token: usize) -> f64 {
    let area = grid.area(depth, token);
    let lens = view.source.lens(depth, token);
    let (best, certainty) = lens.map_or((None, 0.0), |lens| {
        let (v, p) = lens.best();
        (Some(v), p)
    });
    let cell = best.map(|v| Cell::new(Quantity::LensProbability(depth), &[token, v]));
    if token == view.token && depth == view.source.model().n_layer {
        picture.focus = cell;
    }
    picture.marks.push(Mark::Cell {
        area,
        role: Role::Residual,
        look: Look::Column,
        value: certainty,
        most: 1.0,
        cell,
        alpha: if token == view.token { 0.55 } else { 0.4 },
    });
    let words = best.map_or("·".into(), |v| of_vocabulary(&view.source, v));
    picture.marks.push(Mark::Text {
        at: area.centre(),
        words,
        align: Align::Centre,
        role: Role::Ink,
        strong: token == view.token,
        alpha: 1.0,
    });
    if token == view.token {
        picture.marks.push(Mark::Frame {
            area,
            role: Role::Ink,
            alpha: 0.8,
        });
    }
    certainty
}

/// What the chosen token looks at in a block: a line for each head above the threshold, a point for
/// all heads together, and a frame around what is looked at.
fn attention(picture: &mut Picture, view: &View, grid: &Grid, layer: usize, threshold: f64) {
    let (token, heads) = (view.token, view.source.model().n_head);
    let places: Vec<Place> = view.source.places(layer);
    let to = grid.area(layer + 1, token);
    let most = most(view, &places);
    if let Some((cell, weight)) = most {
        named(picture, view, grid, (cell, weight), threshold);
    }
    for key in 0..=token {
        let from = grid.area(layer, key);
        let mut sum = 0.0;
        for place in &places {
            for head in 0..heads {
                let cell = Cell::new(Quantity::Pattern(*place), &[head, token, key]);
                let weight = view.source.at(cell).map_or(0.0, f64::from);
                sum += weight;
                if weight < threshold {
                    continue;
                }
                // Heads leave the token side by side, so that their lines do not hide each other.
                let spread = (head as f64 + 0.5) / heads as f64;
                let start = (from.x + from.w, from.centre().1);
                let end = (to.x, to.y + to.h * spread);
                picture.links.push(Link {
                    from: start,
                    to: end,
                    cell,
                });
                picture.marks.push(Mark::Line {
                    from: start,
                    to: end,
                    role: Role::Attention,
                    width: 0.75 + 2.5 * weight.min(1.0),
                    dashed: false,
                    alpha: if head == view.head { 1.0 } else { 0.3 },
                });
            }
        }
        let mean = sum / (heads * places.len()).max(1) as f64;
        if mean >= SEEN {
            picture.marks.push(Mark::Frame {
                area: from,
                role: Role::Attention,
                alpha: (0.25 + mean).min(1.0),
            });
        }
        let side = (3.0 + 15.0 * mean.min(1.0).sqrt()).min(from.h);
        let x = (from.x + from.w + grid.area(layer + 1, 0).x) / 2.0;
        let y = from.centre().1;
        let place = places.first().copied();
        picture.marks.push(Mark::Cell {
            area: Rect::new(x - side / 2.0, y - side / 2.0, side, side),
            role: Role::Attention,
            look: Look::Shade,
            value: mean,
            most: DARKEST,
            cell: place.map(|place| Cell::new(Quantity::Pattern(place), &[view.head, token, key])),
            alpha: 1.0,
        });
    }
}

/// Where the chosen head looks most, and how much of its look that has.
fn most(view: &View, places: &[Place]) -> Option<(Cell, f64)> {
    let keys = |place: &Place| {
        let pattern = Quantity::Pattern(*place);
        (0..=view.token).map(move |key| Cell::new(pattern, &[view.head, view.token, key]))
    };
    let all = places.iter().flat_map(keys);
    let weighed = all.map(|cell| (cell, view.source.at(cell).map_or(0.0, f64::from)));
    weighed.max_by(|one, other| one.1.total_cmp(&other.1))
}

/// The same in words between the names of the columns, as far as there is room: said to be less than
/// the threshold where it has no line.
fn named(
    picture: &mut Picture,
    view: &View,
    grid: &Grid,
    (cell, weight): (Cell, f64),
    threshold: f64,
) {
    let Quantity::Pattern(Place { layer, pass }) = cell.quantity else {
        return;
    };
    let [head, _, key] = cell.index;
    // Its place too: a character may come more than once.
    let only = if weight < threshold { "only " } else { "" };
    let short = format!("{key} {}: {only}{weight:.2}", of_text(&view.source, key));
    let long = match pass {
        Some(pass) => format!("head {head}, {}, {short}", pass.name()),
        None => format!("head {head}, key {short}"),
    };
    let room = grid.stride - grid.cell - BESIDE;
    let fitting = [long, short]
        .into_iter()
        .find(|words| words.chars().count() as f64 * LETTER <= room);
    if let Some(words) = fitting {
        let (from, to) = (grid.area(layer, 0), grid.area(layer + 1, 0));
        let x = (from.x + from.w + to.x) / 2.0;
        picture
            .marks
            .push(text((x, HEAD / 2.0 - 4.0), words, Role::Attention));
    }
}
