//! Queries, keys, values; scores, weights, and what the heads take and add.

use super::quantity::{Place, Quantity};
use super::stream::linear;
use super::{Cell, Draft, Explained, Source, Unexplained, difference, figure, pokes};
use crate::analysis::contributions::biases;
use crate::config::attention::Normaliser;
use crate::config::{Attention, Kind, Norm};
use crate::text::visible;
use crate::trace::{Branch, Pass};

/// q, k or v (part 0, 1, 2): a row of the stacked matrix against the stream.
pub fn projected(
    source: &Source,
    place: Place,
    part: usize,
    [t, h, d]: [usize; 3],
) -> Explained<Draft> {
    let normed = source.model().norm == Norm::Pre;
    let mut draft = Draft::of(match (part, normed) {
        (0, true) => "q = LN(x) Wq + b",
        (0, false) => "q = x Wq + b",
        (1, true) => "k = LN(x) Wk + b",
        (1, false) => "k = x Wk + b",
        (_, true) => "v = LN(x) Wv + b",
        (_, false) => "v = x Wv + b",
    });
    let out = part * source.model().n_embd + h * source.head_size() + d;
    let input = (source.attention_input(place), t);
    linear(
        source,
        &mut draft,
        input,
        &format!("{}.c_attn", place.weights()),
        out,
    )?;
    Ok(draft)
}

pub fn dot(source: &Source, place: Place, [h, i, j]: [usize; 3]) -> Explained<Draft> {
    let mut draft = Draft::of("q · k");
    let q = source.numbers(Quantity::Query(place), &[i, h])?;
    let k = source.numbers(Quantity::Key(place), &[j, h])?;
    for (d, (q, k)) in q.iter().zip(&k).enumerate() {
        let from = Cell::new(Quantity::Key(place), &[j, h, d]);
        draft.term(format!("number {d}"), &[*q, *k], Some(from));
    }
    Ok(draft)
}

pub fn scaled_dot(source: &Source, place: Place, index: [usize; 3]) -> Explained<Draft> {
    let mut draft = dot(source, place, index)?;
    draft.formula = match place.pass {
        // Bias and temperature make the score of it.
        Some(Pass::Local) => "q · k / √D",
        Some(Pass::Global) | None => "S = q · k / √D",
    };
    let value = draft.value() / (source.head_size() as f64).sqrt();
    draft.step(format!("divided by √{}", source.head_size()), value);
    Ok(draft)
}

pub fn scores(source: &Source, place: Place, [h, i, j]: [usize; 3]) -> Explained<Draft> {
    if j > i {
        return Ok(hidden(f64::NEG_INFINITY));
    }
    match source.model().attention {
        Attention::Additive(_) => additive_score(source, place, [h, i, j]),
        Attention::Standard(_) | Attention::HeadGated(_) => scaled_dot(source, place, [h, i, j]),
        Attention::AdaptiveSpan(_) => {
            let mut draft = scaled_dot(source, place, [h, i, j])?;
            if place.pass == Some(Pass::Local) {
                draft.formula = "S = (q · k / √D + β[i − j]) / t";
                let cell = Cell::new(Quantity::RelBias(place.layer), &[h, i - j]);
                // Beyond the longest span no distance has a bias.
                let bias = source.number(cell).unwrap_or(0.0);
                let value = draft.value() + bias;
                draft.step(
                    format!("plus the bias of distance {}, {}", i - j, figure(bias)),
                    value,
                );
                let t = source.number(Cell::new(Quantity::Temperature(place.layer), &[i]))?;
                let value = draft.value() / t;
                draft.step(format!("divided by the temperature, {}", figure(t)), value);
            }
            Ok(draft)
        }
    }
}

/// Of a key that the query must not see.
fn hidden(value: f64) -> Draft {
    let mut draft = Draft::of("hidden");
    draft.step("the key comes after the query: it is hidden", value);
    draft
}

fn additive_score(source: &Source, place: Place, [h, i, j]: [usize; 3]) -> Explained<Draft> {
    let mut draft = Draft::of("S = ω · tanh(q + k)");
    let q = source.numbers(Quantity::Query(place), &[i, h])?;
    let k = source.numbers(Quantity::Key(place), &[j, h])?;
    let v = source.weights_of(&score_vector(place), h)?;
    for (d, ((q, k), v)) in q.iter().zip(&k).zip(&v).enumerate() {
        let from = Cell::new(Quantity::Key(place), &[j, h, d]);
        draft.term(format!("number {d}"), &[*v, (q + k).tanh()], Some(from));
    }
    Ok(draft)
}

/// The name of the vectors that read scores off bent sums.
fn score_vector(place: Place) -> String {
    format!("{}.additive.v", place.weights())
}

impl<'a> Source<'a> {
    /// `additive`: v of a head.
    pub fn score_vector(&self, place: Place, head: usize) -> Option<&'a [f32]> {
        self.weight_row(&score_vector(place), head)
    }

    /// How much of each key a query sees in a pass: all but where there is a window.
    fn seen(&self, place: Place, query: usize) -> Option<impl Fn(usize) -> f64> {
        let window = match place.pass {
            Some(Pass::Local) => Some(self.row(Quantity::Window(place.layer), &[query])?),
            Some(Pass::Global) | None => None,
        };
        Some(move |j: usize| match window {
            Some(window) => window.get(j).copied().map_or(0.0, f64::from),
            None => 1.0,
        })
    }

    /// Exponentials of a query's scores as its softmax takes them. `None` for a normaliser that takes
    /// each cell by itself.
    pub fn exponentials(&self, place: Place, head: usize, query: usize) -> Option<Exponentials> {
        let scores = self.row(Quantity::Scores(place), &[head, query])?;
        let w = self.seen(place, query)?;
        let open = |j: &usize| w(*j) > 0.0;
        let seen = (0..=query).filter(open).filter_map(|j| scores.get(j));
        let most = seen.fold(f64::NEG_INFINITY, |most, s| most.max(f64::from(*s)));
        let (largest, room) = match self.model().attention.normaliser() {
            Normaliser::Softmax => (most, 0.0),
            Normaliser::OffByOne => (most.max(0.0), (-most.max(0.0)).exp()),
            Normaliser::Sigmoid => return None,
        };
        let of_one = |(j, s): (usize, &f32)| match j <= query && open(&j) {
            true => (f64::from(*s) - largest).exp(),
            false => 0.0,
        };
        let bare: Vec<f64> = scores.iter().enumerate().map(of_one).collect();
        let shares: Vec<f64> = bare.iter().enumerate().map(|(j, e)| e * w(j)).collect();
        let sum = shares.iter().sum::<f64>() + room;
        Some(Exponentials {
            largest,
            bare,
            shares,
            room,
            sum,
        })
    }

    /// What a query's scores come to as weights, before the reader has a hand in them.
    pub fn untouched(&self, place: Place, head: usize, query: usize) -> Option<Vec<f64>> {
        if let Some(Exponentials { shares, sum, .. }) = self.exponentials(place, head, query) {
            return Some(shares.iter().map(|share| share / sum).collect());
        }
        let scores = self.row(Quantity::Scores(place), &[head, query])?;
        let w = self.seen(place, query)?;
        let shift = ((query + 1) as f64).ln();
        let each = scores.iter().enumerate().map(|(j, s)| match j <= query {
            true => w(j) / (1.0 + (shift - f64::from(*s)).exp()),
            false => 0.0,
        });
        Some(each.collect())
    }
}

/// A query's scores as its softmax shares them out, one number for each key.
pub struct Exponentials {
    /// m: the largest score that is seen, 0 at least where there is room for nothing. It is taken off
    /// every score before its exponential, which divides all by the same and keeps them small.
    pub largest: f64,
    /// exp(S - m); 0 for what is not seen.
    pub bare: Vec<f64>,
    /// The same times the window, where there is one.
    pub shares: Vec<f64>,
    /// What the normaliser adds beside the keys.
    pub room: f64,
    /// Of all shares and the room.
    pub sum: f64,
}

/// A key by its place and its character.
fn key(source: &Source, place: usize) -> String {
    match source.trace.about.text.chars().nth(place) {
        Some(character) => format!("key {place} {}", visible(character)),
        None => format!("key {place}"),
    }
}

pub fn pattern(source: &Source, place: Place, [h, i, j]: [usize; 3]) -> Explained<Draft> {
    if j > i {
        return Ok(hidden(0.0));
    }
    let normaliser = source.model().attention.normaliser();
    let local = place.pass == Some(Pass::Local);
    let mut draft = Draft::of(match (normaliser, local) {
        (Normaliser::Softmax, false) => "A = exp(S − m) / sum of exp(S − m), m the largest S",
        (Normaliser::Softmax, true) => "A = w exp(S − m) / sum of w exp(S − m), m the largest S",
        (Normaliser::OffByOne, false) => {
            "A = exp(S − m) / (exp(−m) + sum of exp(S − m)), m the largest of S and 0"
        }
        (Normaliser::OffByOne, true) => {
            "A = w exp(S − m) / (exp(−m) + sum of w exp(S − m)), m the largest of S and 0"
        }
        (Normaliser::Sigmoid, false) => "A = 1 / (1 + exp(−S + ln(i + 1)))",
        (Normaliser::Sigmoid, true) => "A = w / (1 + exp(−S + ln(i + 1)))",
    });
    let scores = source.numbers(Quantity::Scores(place), &[h, i])?;
    let computed = source.untouched(place, h, i).ok_or(Unexplained::Absent)?;
    match source.exponentials(place, h, i) {
        Some(Exponentials {
            largest,
            bare,
            shares,
            room,
            sum,
        }) => {
            for (k, score) in scores.iter().enumerate().take(i + 1) {
                let from = Cell::new(Quantity::Scores(place), &[h, i, k]);
                let working = format!("exp({})", difference(*score, largest, 3));
                let (working, factors) = match local {
                    // Where the window is shut there is nothing to raise.
                    true if shares[k] == 0.0 => ("w shut".to_string(), vec![0.0]),
                    true => {
                        let w = source.number(Cell::new(Quantity::Window(place.layer), &[i, k]))?;
                        (format!("{w:.3} × {working}"), vec![w, bare[k]])
                    }
                    false => (working, vec![bare[k]]),
                };
                draft.worked(key(source, k), working, &factors, Some(from));
            }
            if room > 0.0 {
                let working = format!("exp({})", difference(0.0, largest, 3));
                draft.worked("room for nothing", working, &[room], None);
            }
            let own = *shares.get(j).ok_or(Unexplained::Absent)?;
            draft.step(
                format!("its own, {}, divided by the sum", figure(own)),
                own / sum,
            );
        }
        None => {
            let shift = ((i + 1) as f64).ln();
            let own = *scores.get(j).ok_or(Unexplained::Absent)?;
            let from = Cell::new(Quantity::Scores(place), &[h, i, j]);
            draft.term("the score", &[own], Some(from));
            draft.term(format!("minus ln {}", i + 1), &[-shift], None);
            draft.step(
                "through the sigmoid",
                *computed.get(j).ok_or(Unexplained::Absent)?,
            );
        }
    }
    let before = computed.get(j).copied();
    let changed = pokes::pattern_row(source, (place.layer, place.pass), h, i, computed);
    let after = changed.get(j).copied();
    if let (Some(before), Some(after)) = (before, after)
        && before != after
    {
        let words = match source.set_keys(place, h, i).contains(&j) {
            true => "set by you",
            false => "scaled to fit",
        };
        draft.step_by_hand(words, after);
    }
    Ok(draft)
}

pub fn mixed(source: &Source, place: Place, [t, h, d]: [usize; 3]) -> Explained<Draft> {
    let mut draft = Draft::of("sum over keys of A · v");
    let row = source.numbers(Quantity::Pattern(place), &[h, t])?;
    for (j, a) in row.iter().enumerate().take(t + 1) {
        let from = Cell::new(Quantity::Value(place), &[j, h, d]);
        draft.term(key(source, j), &[*a, source.number(from)?], Some(from));
    }
    if place.pass == Some(Pass::Local) {
        let gain = source.number(Cell::new(Quantity::Gain(place.layer), &[t]))?;
        if gain != 1.0 {
            let value = draft.value() * gain;
            draft.step(format!("times the gain, {}", figure(gain)), value);
        }
    }
    Ok(draft)
}

/// The half of Wp that a pass goes through.
fn half(pass: Pass) -> usize {
    match pass {
        Pass::Local => 0,
        Pass::Global => 1,
    }
}

pub fn result(source: &Source, place: Place, [t, h, c]: [usize; 3]) -> Explained<Draft> {
    let mut draft = Draft::of(match place.pass {
        Some(_) => "z · the head's rows of Wo, through its half of Wp",
        None => match source.model().attention.kind() {
            Kind::HeadGated => "g · z · the head's rows of Wo",
            Kind::Standard | Kind::AdaptiveSpan | Kind::Additive => "z · the head's rows of Wo",
        },
    });
    let z = source.numbers(Quantity::Mixed(place), &[t, h])?;
    let size = source.head_size();
    let width = source.model().n_embd;
    let wo = format!("{}.c_proj.weight", place.weights());
    let slice: Vec<f64> = match place.pass {
        None => source.weights_of(&wo, c)?[h * size..(h + 1) * size].to_vec(),
        Some(pass) => {
            let wp = format!("transformer.h.{}.attn.combine.weight", place.layer);
            let wp = source.weights_of(&wp, c)?;
            let wp = wp.get(half(pass) * width..).unwrap_or_default();
            let mut slice = vec![0.0; size];
            for (channel, wp) in wp.iter().enumerate().take(width) {
                let row = source.weights_of(&wo, channel)?;
                for (sum, w) in slice.iter_mut().zip(&row[h * size..]) {
                    *sum += w * wp;
                }
            }
            slice
        }
    };
    for (d, (z, w)) in z.iter().zip(&slice).enumerate() {
        let from = Cell::new(Quantity::Mixed(place), &[t, h, d]);
        draft.term(format!("number {d}"), &[*z, *w], Some(from));
    }
    if source.model().attention.kind() == Kind::HeadGated {
        let gate = source.number(Cell::new(Quantity::Gate(place.layer), &[t, h]))?;
        let value = draft.value() * gate;
        draft.step(format!("times the gate, {}", figure(gate)), value);
    }
    let scale = pokes::head_scale(source, place.layer, place.pass, h);
    if scale != 1.0 {
        let value = draft.value() * scale;
        draft.step_by_hand(format!("times {scale}, set by you"), value);
    }
    Ok(draft)
}

/// G or L: the pass's heads through its own Wo.
pub fn pass_out(source: &Source, layer: usize, pass: Pass, t: usize, c: usize) -> Explained<Draft> {
    let place = Place {
        layer,
        pass: Some(pass),
    };
    let mut draft = Draft::of("z Wo + b");
    let name = format!("{}.c_proj", place.weights());
    let weights = source.weights_of(&format!("{name}.weight"), c)?;
    let size = source.head_size().max(1);
    for (n, w) in weights.iter().enumerate() {
        let (h, d) = (n / size, n % size);
        let from = Cell::new(Quantity::Mixed(place), &[t, h, d]);
        let z = source.number(from)? * pokes::head_scale(source, layer, Some(pass), h);
        draft.term(format!("head {h}, {d}"), &[z, *w], Some(from));
    }
    if let Some(bias) = source.bias(&format!("{name}.bias"), c)? {
        draft.term("bias", &[bias], None);
    }
    Ok(draft)
}

/// E: the heads' shares side by side, and the biases.
pub fn out(source: &Source, layer: usize, t: usize, c: usize) -> Explained<Draft> {
    let mut draft = Draft::of("E = sum of the heads' shares + b");
    for place in source.places(layer) {
        for h in 0..source.model().n_head {
            let from = Cell::new(Quantity::HeadResult(place), &[t, h, c]);
            let label = match place.pass {
                Some(pass) => format!("head {h}, {} pass", pass.name()),
                None => format!("head {h}"),
            };
            draft.term(label, &[source.number(from)?], Some(from));
        }
    }
    if let Some(biases) = source.out_biases(layer)? {
        let bias = biases.get(c).ok_or(Unexplained::Weights)?;
        draft.term("bias", &[*bias], None);
    }
    if pokes::branch_is_off(source, layer, Branch::Attn) {
        draft.step("the branch is off", 0.0);
    }
    Ok(draft)
}

impl Source<'_> {
    /// What E has beside the heads' shares, `[C]`; `None` of a model without biases.
    ///
    /// # Errors
    /// Weights that are not at hand.
    pub fn out_biases(&self, layer: usize) -> Explained<Option<Vec<f64>>> {
        let model = self.model();
        if !model.bias {
            return Ok(None);
        }
        let weights = self.weights.ok_or(Unexplained::Weights)?;
        let all = biases(model, weights, layer).map_err(|_| Unexplained::Weights)?;
        Ok(Some(all))
    }
}
