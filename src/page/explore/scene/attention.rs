//! Queries, keys and values are made, and each query meets the keys.

use super::board::{Board, Come, READABLE, Strip, nth, strongest};
use super::few::few;
use super::labels::{LINE, LINES, written};
use super::marks::{Align, Look, Rect, Role};
use crate::explain::{Cell, Place, Quantity, minus};

/// Links thinner than this share of the strongest are left out.
const FAINTEST: f64 = 0.08;

/// One of the three vectors of a head.
#[derive(Clone, Copy)]
struct Vector {
    name: &'static str,
    role: Role,
    part: usize,
    quantity: fn(Place) -> Quantity,
}

const VECTORS: [Vector; 3] = [
    Vector {
        name: "query",
        role: Role::Query,
        part: 0,
        quantity: Quantity::Query,
    },
    Vector {
        name: "key",
        role: Role::Key,
        part: 1,
        quantity: Quantity::Key,
    },
    Vector {
        name: "value",
        role: Role::Value,
        part: 2,
        quantity: Quantity::Value,
    },
];

/// The row meets Wq, Wk and Wv: three short vectors a head.
pub fn project(board: &mut Board, place: Place) {
    let (token, head) = (board.view.token, board.view.head);
    let (heads, size) = (board.source().model().n_head, board.source().head_size());
    let input = board.source().attention_input(place);
    let x = board.numbers(input, &[token]);
    let strip = Strip::bars(&x, Role::Residual);
    let cell = |c| Some(Cell::new(input, &[token, c]));
    let from = board.strip("in", &strip, cell, |_| Come::HERE);
    board.y += if board.is_narrow() { 26.0 } else { 40.0 };

    // The number that is being made, then the first.
    let mut working = Cell::new(Quantity::Query(place), &[token, head, 0]);
    // A scale for each: queries are often several times as large as values, of which nothing would be
    // seen.
    let scales = VECTORS.map(|vector| {
        let quantity = (vector.quantity)(place);
        let made = (0..heads).flat_map(|head| board.numbers(quantity, &[token, head]));
        let made: Vec<f64> = made.collect();
        board.most(&made)
    });
    for (n, (vector, most)) in VECTORS.into_iter().zip(scales).enumerate() {
        let start = 0.04 + n as f64 * 0.29;
        let quantity = (vector.quantity)(place);
        let numbers = board.numbers(quantity, &[token, head]);
        let turns: Vec<f64> = (0..size)
            .map(|d| board.turn(d, size, start, start + 0.27))
            .collect();
        let label = format!("{}, head {head}", vector.name);
        let strip = Strip::bars(&numbers, vector.role).within(most);
        let to = board.strip(
            &label,
            &strip,
            |d| Some(Cell::new(quantity, &[token, head, d])),
            |d| Come::grown(turns[d]),
        );
        if let Some(d) = board.active(size, start, start + 0.27) {
            working = Cell::new(quantity, &[token, head, d]);
            links(
                board,
                place,
                (from, &x),
                (nth(to, d, size), vector),
                head * size + d,
            );
        }
    }
    let come = board.phase(0.9, 1.0);
    if heads > 1 {
        board.note(
            "The other heads do the same at the same time, here in the same scales:",
            Role::Faint,
            come,
        );
        others(board, place, scales, come);
    }
    board.focus(working);
}

/// Each channel's product with its weight, as a line from the channel to the sum.
fn links(
    board: &mut Board,
    place: Place,
    (from, x): (Rect, &[f64]),
    (to, vector): (Rect, Vector),
    out: usize,
) {
    let source = board.source();
    let row = vector.part * source.model().n_embd + out;
    let Some(weights) = source.projection_row(place, row) else {
        return;
    };
    let products: Vec<f64> = x
        .iter()
        .zip(weights)
        .map(|(x, w)| x * f64::from(*w))
        .collect();
    let most = board.most(&products);
    for (c, product) in products.iter().enumerate() {
        let strength = product.abs() / most;
        if strength >= FAINTEST {
            let cell = nth(from, c, x.len());
            let start = (cell.x + cell.w / 2.0, from.y + from.h);
            let end = (to.x + to.w / 2.0, to.y);
            board.line(
                start,
                end,
                vector.role,
                0.5 + 2.0 * strength,
                0.15 + 0.6 * strength,
            );
        }
    }
}

/// The vectors of the other heads, small, a line for each head.
fn others(board: &mut Board, place: Place, scales: [f64; 3], come: f64) {
    let (token, own) = (board.view.token, board.view.head);
    let heads = board.source().model().n_head;
    let gap = 18.0;
    let width = (board.room() - 2.0 * gap) / 3.0;
    for head in (0..heads).filter(|head| *head != own) {
        let label = format!("head {head}");
        let area = board.shelf(&label, Role::Faint, board.tall(20.0));
        for (n, (vector, most)) in VECTORS.into_iter().zip(scales).enumerate() {
            let quantity = (vector.quantity)(place);
            let numbers = board.numbers(quantity, &[token, head]);
            board.say(&format!("{}, {label}", vector.name), &numbers);
            let part = Rect {
                x: area.x + n as f64 * (width + gap),
                w: width,
                ..area
            };
            let strip = Strip::bars(&numbers, vector.role).within(most);
            let cell = |d| Some(Cell::new(quantity, &[token, head, d]));
            board.cells(part, &strip, cell, |_| Come {
                share: come,
                alpha: 0.75 * come,
            });
        }
        board.y -= 6.0;
    }
    board.y += 6.0;
}

/// The query slides along the keys; one dot product is opened into its products.
pub fn score(board: &mut Board, place: Place) {
    let (token, head) = (board.view.token, board.view.head);
    let dots: Vec<f64> = (0..=token)
        .map(|j| board.number(Cell::new(Quantity::Dot(place), &[head, token, j])))
        .collect();
    let meeting = Meeting {
        place,
        quantity: Quantity::Dot(place),
        scores: dots,
        sign: "×",
        sum: "sum of the products",
    };
    let read = |board: &Board, key: usize| {
        let q = board.numbers(Quantity::Query(place), &[token, head]);
        let k = board.numbers(Quantity::Key(place), &[key, head]);
        q.iter().zip(&k).map(|(q, k)| q * k).collect()
    };
    meet(board, &meeting, |board, key| {
        let products: Vec<f64> = read(board, key);
        let strip = Strip::bars(&products, Role::Attention);
        board.strip("= products", &strip, |_| None, |_| Come::HERE);
    });
}

/// The same where query and key are added, bent, and read off by a vector of the head.
pub fn additive(board: &mut Board, place: Place) {
    let (token, head) = (board.view.token, board.view.head);
    let scores = board.numbers(Quantity::Scores(place), &[head, token]);
    let meeting = Meeting {
        place,
        quantity: Quantity::Scores(place),
        scores: scores.into_iter().take(token + 1).collect(),
        sign: "+",
        sum: "score S, the sum of ω · tanh",
    };
    meet(board, &meeting, |board, key| {
        let q = board.numbers(Quantity::Query(place), &[token, head]);
        let k = board.numbers(Quantity::Key(place), &[key, head]);
        let bent: Vec<f64> = q.iter().zip(&k).map(|(q, k)| (q + k).tanh()).collect();
        let strip = Strip::bars(&bent, Role::Attention).within(1.0);
        board.strip("tanh(q + k)", &strip, |_| None, |_| Come::HERE);
        let Some(v) = board.source().score_vector(place, head) else {
            return;
        };
        let v: Vec<f64> = v.iter().map(|x| f64::from(*x)).collect();
        let strip = Strip::bars(&v, Role::Ink);
        board.strip("× ω of the head", &strip, |_| None, |_| Come::HERE);
        let products: Vec<f64> = bent.iter().zip(&v).map(|(t, v)| t * v).collect();
        let strip = Strip::bars(&products, Role::Attention);
        board.strip("= products", &strip, |_| None, |_| Come::HERE);
    });
}

/// How a query meets its keys.
struct Meeting {
    place: Place,
    quantity: Quantity,
    /// One for each key that it sees.
    scores: Vec<f64>,
    sign: &'static str,
    sum: &'static str,
}

/// The query above, one key opened under it, then all keys with their scores.
fn meet(board: &mut Board, meeting: &Meeting, open: impl Fn(&mut Board, usize)) {
    let (token, head) = (board.view.token, board.view.head);
    let place = meeting.place;
    let keys = meeting.scores.len();
    let strongest = strongest(&meeting.scores);
    let picked = board.picked_key();
    let sliding = board.active(keys, 0.06, 0.94);
    let key = match (sliding, board.view.time < 0.5) {
        (Some(key), _) => key,
        (None, true) => 0,
        (None, false) => picked.unwrap_or(strongest),
    };
    let key = key.min(keys.saturating_sub(1));
    let character = board.character(key);

    let opened = |board: &mut Board| {
        let q = board.numbers(Quantity::Query(place), &[token, head]);
        let k = board.numbers(Quantity::Key(place), &[key, head]);
        let most = board.most(&[&q[..], &k].concat());
        let strip = Strip::bars(&q, Role::Query).within(most);
        let cell = |d| Some(Cell::new(Quantity::Query(place), &[token, head, d]));
        let label = format!("query of {}", board.character(token));
        board.strip(&label, &strip, cell, |_| Come::HERE);
        let strip = Strip::bars(&k, Role::Key).within(most);
        let cell = |d| Some(Cell::new(Quantity::Key(place), &[key, head, d]));
        let label = format!("{} key {key}, {character}", meeting.sign);
        board.strip(&label, &strip, cell, |_| Come::HERE);
        open(board, key);
        let score = meeting.scores.get(key).copied().unwrap_or(f64::NAN);
        board.note(
            format!("{} = {}", meeting.sum, minus(&format!("{score:+.4}"))),
            Role::Attention,
            1.0,
        );
        board.y += 6.0;
    };
    let meets = sliding.is_some() || board.view.time < 0.5;
    board.beside(0.56, true, opened, |board, free| {
        list(board, meeting, key, meets, free);
    });
    let shown = match sliding {
        Some(key) => key.min(keys.saturating_sub(1)),
        None => picked.unwrap_or(strongest),
    };
    board.focus(Cell::new(meeting.quantity, &[head, token, shown]));
}

/// Every key that the query sees, or those with the largest scores, with its score once it was met; as
/// high as there is room.
fn list(board: &mut Board, meeting: &Meeting, key: usize, sliding: bool, free: f64) {
    let (token, head) = (board.view.token, board.view.head);
    let all = meeting.scores.len();
    let keys = few(&meeting.scores, board.picked_key().as_slice());
    let rows = keys.len().max(1) as f64;
    let height = board.tall((330.0 / rows).clamp(LINES, 22.0));
    let height = height.max((free / rows).min(22.0));
    let (left, top, width) = (board.left(), board.y + LINE, board.room());
    let area = Rect::new(left, top, width, height * rows);
    board.y = top + area.h + LINE / 2.0;
    board.say("scores", &meeting.scores);
    let most = board.most(&meeting.scores);
    let numbers: Vec<f64> = (0..all)
        .flat_map(|j| board.numbers(Quantity::Key(meeting.place), &[j, head]))
        .collect();
    let longest = board.most(&numbers);
    let label = 44.0;
    let vector = (area.w - label) * 0.5;
    let (of_keys, of_scores) = match keys.len() < all {
        true => (format!("{} of {all} keys", keys.len()), "largest scores"),
        false => ("keys".to_string(), "scores"),
    };
    for (x, words, role) in [
        (label, of_keys.as_str(), Role::Key),
        (label + vector + 16.0, of_scores, Role::Attention),
    ] {
        let at = (area.x + x, area.y - LINE / 2.0);
        board.strong(at, words, Align::Left, role);
    }
    // Where the opened key stands among them, or would.
    let opened = keys.partition_point(|other| *other < key);
    for (n, j) in keys.iter().copied().enumerate() {
        let score = meeting.scores[j];
        let y = area.y + n as f64 * height;
        let met = !sliding || j <= key;
        let role = if j == key { Role::Ink } else { Role::Faint };
        let said = written(n, opened, height, LINES);
        if said {
            let at = (area.x + label - 10.0, y + height / 2.0);
            let words = format!("{j} {}", board.character(j));
            board.text(at, words, Align::Right, role);
        }
        let k = board.numbers(Quantity::Key(meeting.place), &[j, head]);
        let strip = Strip::bars(&k, Role::Key).within(longest);
        let own = Rect::new(area.x + label, y + 1.0, vector, height - 2.0);
        let cell = |d| Some(Cell::new(Quantity::Key(meeting.place), &[j, head, d]));
        board.cells(own, &strip, cell, |_| Come {
            share: 1.0,
            alpha: if met { 0.9 } else { 0.35 },
        });
        let numbers = [score];
        let strip = Strip::bars(&numbers, Role::Attention).within(most);
        let wide = area.w - label - vector - 16.0;
        let text = if wide > 2.0 * READABLE { 64.0 } else { 0.0 };
        let place = Rect::new(own.x + vector + 16.0, y + 1.0, wide - text, height - 2.0);
        let cell = Cell::new(meeting.quantity, &[head, token, j]);
        let strip = strip.looking(Look::Sideways);
        board.cells(
            place,
            &strip,
            |_| Some(cell),
            |_| Come::grown(f64::from(u8::from(met))),
        );
        if met && said && text > 0.0 {
            let at = (area.x + area.w, y + height / 2.0);
            board.text(at, minus(&format!("{score:+.3}")), Align::Right, role);
        }
    }
    let row = Rect::new(
        area.x + label - 2.0,
        area.y + opened as f64 * height,
        area.w - label + 2.0,
        height,
    );
    match keys.contains(&key) {
        true => board.frame(row, Role::Query, 1.0),
        false => board.line(
            (row.x, row.y),
            (row.x + row.w, row.y),
            Role::Query,
            1.5,
            1.0,
        ),
    }
    board.y += LINE / 4.0;
}
