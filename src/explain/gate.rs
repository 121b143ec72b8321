//! `head_gated`: what the gate sees, and what it makes of it.

use super::quantity::{Place, Quantity};
use super::source::gelu;
use super::{Cell, Draft, Explained, Source, Unexplained, pokes};
use crate::config::Attention;
use crate::config::attention::{GateForm, GateNorm, HeadGated};

/// Under the root of the spread, as the engine has it.
const EPS: f64 = 1e-8;

pub fn stats(source: &Source, layer: usize, [t, h, k]: [usize; 3]) -> Explained<Draft> {
    let place = Place { layer, pass: None };
    let row = source.numbers(Quantity::Pattern(place), &[h, t])?;
    let block = source.model().block_size.max(1) as f64;
    let cell = |j| Some(Cell::new(Quantity::Pattern(place), &[h, t, j]));
    let seen = || row.iter().enumerate().take(t + 1);
    let mean: f64 = seen().map(|(j, a)| a * j as f64 / block).sum();
    let draft = match k {
        0 => {
            let mut draft = Draft::of("a = sum of A · S");
            let scores = source.numbers(Quantity::Scores(place), &[h, t])?;
            for (j, a) in seen() {
                draft.term(format!("key {j}"), &[*a, scores[j]], cell(j));
            }
            draft
        }
        1 => {
            let mut draft =
                Draft::of("r = sum of A · place − the query's own place, in shares of the context");
            for (j, a) in seen() {
                draft.term(format!("key {j}"), &[*a, j as f64 / block], cell(j));
            }
            draft.term("minus the query's own place", &[-(t as f64 / block)], None);
            draft
        }
        _ => {
            let mut draft = Draft::of("d = sqrt( sum of A · (place − mean)² )");
            for (j, a) in seen() {
                let off = j as f64 / block - mean;
                draft.term(format!("key {j}"), &[*a, off, off], cell(j));
            }
            let root = (draft.value() + EPS).sqrt();
            draft.step("the root of it", root);
            draft
        }
    };
    Ok(draft)
}

/// Whether the gate compares the heads before it reads them.
fn compares(options: &HeadGated, heads: usize) -> bool {
    options.gate_norm == GateNorm::Heads && heads > 2
}

/// The small network that makes the gates, as far as no trace has it.
pub struct Network {
    /// u: a of all heads, then r and d, and whether each is compared across the heads.
    pub read: Vec<f64>,
    pub compares: bool,
    pub neurons: Vec<f64>,
}

impl Source<'_> {
    /// What the gates of a token are read from; `None` where the weights are not at hand.
    pub fn gate_network(&self, layer: usize, t: usize) -> Option<Network> {
        network(self, layer, t).ok()
    }
}

fn network(source: &Source, layer: usize, t: usize) -> Explained<Network> {
    let Attention::HeadGated(options) = source.model().attention else {
        return Err(Unexplained::Absent);
    };
    let heads = source.model().n_head;
    let name = format!("transformer.h.{layer}.attn.gate");
    let compares = compares(&options, heads);
    let mut u = Vec::new();
    for (k, ln) in ["ln_logit", "ln_offset", "ln_spread"]
        .into_iter()
        .enumerate()
    {
        let cell = |h| Cell::new(Quantity::GateStats(layer), &[t, h, k]);
        let all = (0..heads).map(|h| source.number(cell(h)));
        let all = all.collect::<Explained<Vec<f64>>>()?;
        u.extend(match compares {
            true => source.normed(&all, &format!("{name}.{ln}"))?,
            false => all,
        });
    }
    let count = source.weight(&format!("{name}.c_fc.weight"))?.shape;
    let count = count.first().copied().unwrap_or(0);
    let neurons = (0..count).map(|n| {
        let row = source.weights_of(&format!("{name}.c_fc.weight"), n)?;
        let bias = source.bias(&format!("{name}.c_fc.bias"), n)?.unwrap_or(0.0);
        let sum: f64 = row.iter().zip(&u).map(|(w, u)| w * u).sum();
        Ok(gelu(sum + bias))
    });
    Ok(Network {
        neurons: neurons.collect::<Explained<Vec<f64>>>()?,
        read: u,
        compares,
    })
}

pub fn gate(source: &Source, layer: usize, t: usize, h: usize) -> Explained<Draft> {
    let Attention::HeadGated(options) = source.model().attention else {
        return Err(Unexplained::Absent);
    };
    let name = format!("transformer.h.{layer}.attn.gate");
    let neurons = network(source, layer, t)?.neurons;
    let mut draft = Draft::of(match options.gate_form {
        GateForm::TwoSigmoid => "g = 2 / (1 + exp(−y)), y = W2 gelu(W1 u + b1) + b2",
        GateForm::LogSymmetric => "g = exp(ln 4 · tanh y), y = W2 gelu(W1 u + b1) + b2",
    });
    let out = source.weights_of(&format!("{name}.c_proj.weight"), h)?;
    for (n, (w, neuron)) in out.iter().zip(&neurons).enumerate() {
        draft.term(format!("neuron {n}"), &[*neuron, *w], None);
    }
    if let Some(bias) = source.bias(&format!("{name}.c_proj.bias"), h)? {
        draft.term("bias", &[bias], None);
    }
    let y = draft.value();
    let (words, g) = match options.gate_form {
        GateForm::TwoSigmoid => ("2 / (1 + exp(−y))", 2.0 / (1.0 + (-y).exp())),
        GateForm::LogSymmetric => ("exp(ln 4 · tanh y)", (4f64.ln() * y.tanh()).exp()),
    };
    draft.step(words, g);
    let own = Cell::new(Quantity::Gate(layer), &[t, h]);
    pokes::set_by_hand(&mut draft, source.set_to(own));
    Ok(draft)
}
