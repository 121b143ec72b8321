//! Reading a trace and the weights beside it.

use super::draw::candidates;
use super::quantity::{NormSite, Place, Quantity};
use super::{Cell, Explained, Unexplained};
use crate::config::{Kind, ModelConfig, Norm};
use crate::protocol::Sampling;
use crate::trace::{Array, Arrays, Pass, Trace};

/// Added to a variance before its root is taken, as the engine does.
pub const LAYER_NORM_EPS: f64 = 1e-5;

/// One pass, and the weights that it was computed with, where they are at hand.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub trace: &'a Trace,
    pub weights: Option<&'a Arrays>,
    /// How the next character is drawn from it.
    pub sampling: Sampling,
}

/// What the logit lens reads: the characters and how likely each is.
#[derive(Clone, Debug, PartialEq)]
pub struct Lens {
    pub probabilities: Vec<f64>,
}

impl Lens {
    /// The likeliest token and its probability.
    pub fn best(&self) -> (usize, f64) {
        let all = self.probabilities.iter().copied().enumerate();
        all.fold(
            (0, 0.0),
            |best, (token, p)| {
                if p > best.1 { (token, p) } else { best }
            },
        )
    }
}

impl<'a> Source<'a> {
    pub fn model(&self) -> &'a ModelConfig {
        &self.trace.about.model
    }

    /// T.
    pub fn tokens(&self) -> usize {
        self.trace.about.tokens.len()
    }

    /// D.
    pub fn head_size(&self) -> usize {
        self.model().n_embd / self.model().n_head.max(1)
    }

    /// Where the first pass of a block's attention stands, and the second, where there are two.
    pub fn places(&self, layer: usize) -> Vec<Place> {
        let place = |pass| Place { layer, pass };
        match self.model().attention.kind() {
            Kind::AdaptiveSpan => vec![place(Some(Pass::Global)), place(Some(Pass::Local))],
            Kind::Standard | Kind::HeadGated | Kind::Additive => vec![place(None)],
        }
    }

    /// The recorded array.
    pub fn array(&self, quantity: Quantity) -> Option<Array<'a>> {
        self.trace.get(&quantity.name())
    }

    /// The number at a cell, recorded or made.
    pub fn at(&self, cell: Cell) -> Option<f32> {
        let [a, b, c] = cell.index;
        match cell.quantity {
            Quantity::Dot(place) => self.dot(place, a, b, c).map(|dot| dot as f32),
            Quantity::ScaledDot(place) => {
                let dot = self.dot(place, a, b, c)?;
                Some((dot / (self.head_size() as f64).sqrt()) as f32)
            }
            Quantity::LensLogit(depth) => {
                let logits = self.lens_logits(depth, a).ok()?;
                logits.get(b).map(|logit| *logit as f32)
            }
            Quantity::LensProbability(depth) => {
                let lens = self.lens(depth, a).ok()?;
                lens.probabilities.get(b).map(|p| *p as f32)
            }
            Quantity::Chance => {
                let logits = self.numbers(Quantity::Logits, &[a]).ok()?;
                let all = candidates(&logits, &self.sampling);
                let one = all.iter().find(|one| one.character == b);
                one.map(|one| one.chance as f32)
            }
            recorded => self.array(recorded)?.at(cell.places()),
        }
    }

    /// The numbers along the last axis, the other places being given.
    pub fn row(&self, quantity: Quantity, places: &[usize]) -> Option<&'a [f32]> {
        let array = self.array(quantity)?;
        let (last, lead) = array.shape.split_last()?;
        if lead.len() != places.len() || places.iter().zip(lead).any(|(place, axis)| place >= axis)
        {
            return None;
        }
        let axes = places.iter().zip(lead);
        let start = axes.fold(0, |at, (place, axis)| at * axis + place) * last;
        array.data.get(start..start + last)
    }

    /// The same as something that must be there, with twice the digits.
    pub(super) fn numbers(&self, quantity: Quantity, places: &[usize]) -> Explained<Vec<f64>> {
        let row = self.row(quantity, places).ok_or(Unexplained::Absent)?;
        Ok(row.iter().map(|x| f64::from(*x)).collect())
    }

    pub(super) fn number(&self, cell: Cell) -> Explained<f64> {
        self.at(cell).map(f64::from).ok_or(Unexplained::Absent)
    }

    /// A weight by its checkpoint name.
    pub(super) fn weight(&self, name: &str) -> Explained<Array<'a>> {
        let weights = self.weights.ok_or(Unexplained::Weights)?;
        weights.get(name).ok_or(Unexplained::Weights)
    }

    /// Row `n` of a matrix of weights.
    pub fn weight_row(&self, name: &str, n: usize) -> Option<&'a [f32]> {
        let array = self.weights?.get(name)?;
        let [rows, width] = array.shape else {
            return None;
        };
        (n < *rows)
            .then(|| array.data.get(n * width..(n + 1) * width))
            .flatten()
    }

    /// The weights that make one number of a token's query, key and value, which are stacked.
    pub fn projection_row(&self, place: Place, n: usize) -> Option<&'a [f32]> {
        self.weight_row(&format!("{}.c_attn.weight", place.weights()), n)
    }

    pub(super) fn weights_of(&self, name: &str, n: usize) -> Explained<Vec<f64>> {
        let row = self.weight_row(name, n).ok_or(Unexplained::Weights)?;
        Ok(row.iter().map(|x| f64::from(*x)).collect())
    }

    /// A bias, which a model without biases does not have.
    pub(super) fn bias(&self, name: &str, n: usize) -> Explained<Option<f64>> {
        let weights = self.weights.ok_or(Unexplained::Weights)?;
        let bias = weights.get(name).and_then(|array| array.at(&[n]));
        Ok(bias.map(f64::from))
    }

    /// q_i . k_j of a head.
    fn dot(&self, place: Place, head: usize, query: usize, key: usize) -> Option<f64> {
        let q = self.row(Quantity::Query(place), &[query, head])?;
        let k = self.row(Quantity::Key(place), &[key, head])?;
        let products = q.iter().zip(k).map(|(q, k)| f64::from(*q) * f64::from(*k));
        Some(products.sum())
    }

    /// What the heads of a pass see: the stream, normed where the norm comes first.
    pub fn attention_input(&self, place: Place) -> Quantity {
        match (self.model().norm, place.pass) {
            (Norm::Pre, Some(Pass::Global)) => Quantity::Normalized(NormSite::Global(place.layer)),
            (Norm::Pre, Some(Pass::Local) | None) => {
                Quantity::Normalized(NormSite::Attention(place.layer))
            }
            (Norm::Post | Norm::None, _) => Quantity::ResidPre(place.layer),
        }
    }

    pub fn feed_forward_input(&self, layer: usize) -> Quantity {
        match self.model().norm {
            Norm::Pre => Quantity::Normalized(NormSite::FeedForward(layer)),
            Norm::Post | Norm::None => Quantity::ResidMid(layer),
        }
    }

    /// What the logits are read from.
    pub fn logits_input(&self) -> Quantity {
        match self.model().norm {
            Norm::Pre => Quantity::Normalized(NormSite::Final),
            Norm::Post | Norm::None => Quantity::ResidPost(self.model().n_layer.saturating_sub(1)),
        }
    }

    /// The matrix that reads logits off the stream.
    pub(super) fn unembedding(&self) -> &'static str {
        match self.model().tied {
            true => "transformer.wte.weight",
            false => "lm_head.weight",
        }
    }

    /// The stream after so many blocks.
    pub fn stream(&self, depth: usize) -> Quantity {
        match depth.checked_sub(1) {
            None => Quantity::ResidPre(0),
            Some(layer) => Quantity::ResidPost(layer),
        }
    }

    /// The stream after so many blocks, through the final norm: what the lens reads from.
    pub(super) fn lens_row(&self, depth: usize, token: usize) -> Explained<Vec<f64>> {
        let x = self.numbers(self.stream(depth), &[token])?;
        match self.model().norm {
            Norm::Pre => self.normed(&x, &NormSite::Final.weights()),
            Norm::Post | Norm::None => Ok(x),
        }
    }

    pub(super) fn lens_logits(&self, depth: usize, token: usize) -> Explained<Vec<f64>> {
        let x = self.lens_row(depth, token)?;
        let head = self.weight(self.unembedding())?;
        let rows = head.data.chunks_exact(x.len().max(1));
        let dot = |row: &[f32]| row.iter().zip(&x).map(|(w, x)| f64::from(*w) * x).sum();
        Ok(rows.map(dot).collect())
    }

    /// What the model would say if it ended after so many blocks.
    ///
    /// # Errors
    /// Without weights.
    pub fn lens(&self, depth: usize, token: usize) -> Explained<Lens> {
        let logits = self.lens_logits(depth, token)?;
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
        let sum: f64 = shares.iter().sum();
        Ok(Lens {
            probabilities: shares.into_iter().map(|share| share / sum).collect(),
        })
    }

    /// A row through the layer norm of that name.
    pub(super) fn normed(&self, x: &[f64], name: &str) -> Explained<Vec<f64>> {
        let stretch = self.weight(&format!("{name}.weight"))?;
        let (mean, scale) = mean_and_scale(x);
        let shift = format!("{name}.bias");
        let numbers = x.iter().zip(stretch.data).enumerate();
        numbers
            .map(|(c, (x, stretch))| {
                let shift = self.bias(&shift, c)?.unwrap_or(0.0);
                Ok((x - mean) / scale * f64::from(*stretch) + shift)
            })
            .collect()
    }
}

/// Mean, and root of variance plus epsilon.
pub(super) fn mean_and_scale(x: &[f64]) -> (f64, f64) {
    let n = x.len().max(1) as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean, (variance + LAYER_NORM_EPS).sqrt())
}

/// The bend of GELU, exact.
pub(super) fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2))
}
