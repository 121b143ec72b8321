//! Any number of a forward pass, made again in front of the reader: which inputs it has, what each
//! adds, what is then done with their sum.
//!
//! A [`Cell`] names one number of a [`Trace`](crate::trace::Trace). [`explain`] reads its inputs
//! from the same trace and from the model's weights, computes it once more with twice the digits,
//! and lays the sum open term by term. Plain arithmetic: it knows neither the engine nor the page.

mod attention;
mod draw;
mod figure;
mod gate;
mod pokes;
mod quantity;
mod source;
mod span;
mod stream;
pub mod symbols;

pub use attention::Exponentials;
pub use draw::{Candidate, candidates};
pub use figure::{figure, minus};
pub use quantity::{NormSite, Place, Quantity, Shape};
pub use source::{LAYER_NORM_EPS, Lens, Source};
pub use span::{Predicted, predicted, predicted_from_mean, temperature_of};

use crate::trace::Intervention;

/// One number: of what, and where in it. Places beyond the quantity's axes are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    pub quantity: Quantity,
    pub index: [usize; 3],
}

impl Cell {
    /// The number at these places, of which there are as many as the quantity has axes.
    pub fn new(quantity: Quantity, places: &[usize]) -> Self {
        let mut index = [0; 3];
        for (to, from) in index.iter_mut().zip(places) {
            *to = *from;
        }
        Cell { quantity, index }
    }

    /// One place for each axis.
    pub fn places(&self) -> &[usize] {
        &self.index[..self.quantity.shape().rank()]
    }

    /// As a script would ask for it: `blocks.0.attn.hook_q[3, 1, 5]`.
    pub fn name(&self) -> String {
        let places: Vec<String> = self.places().iter().map(usize::to_string).collect();
        format!("{}[{}]", self.quantity.name(), places.join(", "))
    }
}

/// One part of a sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What it is: "channel 5", "key 3".
    pub label: String,
    /// How it is made, where its factors alone do not say: "exp(1.250 − 3.500)".
    pub working: Option<String>,
    /// The numbers whose product it is; one number is the term itself.
    pub factors: Vec<f64>,
    pub value: f64,
    /// The number of the pass that it comes from.
    pub from: Option<Cell>,
}

impl Term {
    fn product(label: impl Into<String>, factors: &[f64], from: Option<Cell>) -> Self {
        Term {
            label: label.into(),
            working: None,
            factors: factors.to_vec(),
            value: factors.iter().product(),
            from,
        }
    }
}

/// What is done after the sum, and what has become of it then.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub words: String,
    pub value: f64,
    /// Whether the reader did it, and not the model.
    pub by_hand: bool,
}

/// How a number came to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub cell: Cell,
    /// As the trace has it.
    pub value: f32,
    /// In the letters of [`symbols`].
    pub formula: &'static str,
    pub terms: Vec<Term>,
    pub steps: Vec<Step>,
    /// Made anew from its inputs.
    pub recomputed: f64,
}

impl Explanation {
    /// Sum of the terms.
    pub fn sum(&self) -> f64 {
        self.terms.iter().map(|term| term.value).sum()
    }

    /// The reader's own step, where there is one, and what the formula gave before it.
    pub fn by_hand(&self) -> Option<(&Step, f64)> {
        let hand = self.steps.iter().position(|step| step.by_hand)?;
        let before = match hand.checked_sub(1) {
            Some(before) => self.steps[before].value,
            None => self.sum(),
        };
        Some((&self.steps[hand], before))
    }

    /// Whether both agree to a ten-thousandth (of the number itself, where it is large).
    pub fn agrees(&self) -> bool {
        let value = f64::from(self.value);
        // Two infinities of one sign are equal and have no difference.
        value == self.recomputed || (value - self.recomputed).abs() <= 1e-4 * value.abs().max(1.0)
    }
}

/// Why a number cannot be made again here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    #[error("there is no such number in this pass")]
    Absent,
    #[error(
        "the weights behind it are not here yet; while a model learns they change at each step"
    )]
    Weights,
    #[error("this is the difference to a pass without your changes, which is not shown")]
    OtherPass,
}

type Explained<T> = Result<T, Unexplained>;

/// Terms and steps in the making.
struct Draft {
    formula: &'static str,
    terms: Vec<Term>,
    steps: Vec<Step>,
}

impl Draft {
    fn of(formula: &'static str) -> Self {
        Draft {
            formula,
            terms: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn term(&mut self, label: impl Into<String>, factors: &[f64], from: Option<Cell>) {
        self.terms.push(Term::product(label, factors, from));
    }

    /// A term that was made as `working` says.
    fn worked(
        &mut self,
        label: impl Into<String>,
        working: String,
        factors: &[f64],
        from: Option<Cell>,
    ) {
        self.terms.push(Term {
            working: Some(working),
            ..Term::product(label, factors, from)
        });
    }

    /// The number by now.
    fn value(&self) -> f64 {
        match self.steps.last() {
            Some(step) => step.value,
            None => self.terms.iter().map(|term| term.value).sum(),
        }
    }

    fn step(&mut self, words: impl Into<String>, value: f64) {
        self.steps.push(Step {
            words: words.into(),
            value,
            by_hand: false,
        });
    }

    /// The reader's own step.
    fn step_by_hand(&mut self, words: impl Into<String>, value: f64) {
        self.steps.push(Step {
            words: words.into(),
            value,
            by_hand: true,
        });
    }
}

/// One number minus another as one writes it: what is below 0 stands in brackets.
fn difference(from: f64, off: f64, digits: usize) -> String {
    minus(&match off < 0.0 {
        true => format!("{from:.digits$} - ({off:.digits$})"),
        false => format!("{from:.digits$} - {off:.digits$}"),
    })
}

/// Makes a number again from what it was made of.
///
/// # Errors
/// No such number, or weights that are not at hand.
pub fn explain(source: &Source, cell: Cell) -> Explained<Explanation> {
    use Quantity::*;
    let value = source.at(cell).ok_or(Unexplained::Absent)?;
    let [a, b, c] = cell.index;
    let draft = match cell.quantity {
        TokenRow => stream::token_row(source, a, b),
        PositionRow => stream::position_row(source, a, b),
        ResidPre(layer) => stream::resid_pre(source, layer, a, b),
        AttnOut(layer) => attention::out(source, layer, a, b),
        ResidMid(layer) => stream::resid_mid(source, layer, a, b),
        MlpOut(layer) => stream::mlp_out(source, layer, a, b),
        ResidPost(layer) => stream::resid_post(source, layer, a, b),
        NormScale(site) => stream::norm_scale(source, site, a),
        Normalized(site) => stream::normalized(source, site, a, b),
        Query(place) => attention::projected(source, place, 0, cell.index),
        Key(place) => attention::projected(source, place, 1, cell.index),
        Value(place) => attention::projected(source, place, 2, cell.index),
        Dot(place) => attention::dot(source, place, cell.index),
        ScaledDot(place) => attention::scaled_dot(source, place, cell.index),
        Scores(place) => attention::scores(source, place, cell.index),
        Pattern(place) => attention::pattern(source, place, cell.index),
        Mixed(place) => attention::mixed(source, place, cell.index),
        HeadResult(place) => attention::result(source, place, cell.index),
        PassOut(layer, pass) => attention::pass_out(source, layer, pass, a, b),
        GateStats(layer) => gate::stats(source, layer, cell.index),
        Gate(layer) => gate::gate(source, layer, a, b),
        SpanContext(layer) => span::context(source, layer, a, b),
        SpanScale(layer) => span::scale(source, layer, a),
        Span(layer) => span::span(source, layer, a),
        Temperature(layer) => span::temperature(source, layer, a),
        Gain(layer) => span::gain(source, layer, a),
        Window(layer) => span::window(source, layer, a, b),
        RelBias(layer) => span::rel_bias(source, layer, a, b),
        MlpPre(layer) => stream::mlp_pre(source, layer, a, b),
        MlpPost(layer) => stream::mlp_post(source, layer, a, b),
        Logits => stream::logits(source, a, b),
        Probabilities => stream::probabilities(source, a, b),
        Chance => draw::chance(source, a, b),
        LensLogit(depth) => stream::lens_logit(source, depth, a, b),
        LensProbability(depth) => stream::lens_probability(source, depth, a, b),
        LogitsChange => Err(Unexplained::OtherPass),
    }?;
    debug_assert!(c == 0 || cell.quantity.shape().rank() == 3);
    Ok(Explanation {
        cell,
        value,
        formula: draft.formula,
        recomputed: draft.value(),
        terms: draft.terms,
        steps: draft.steps,
    })
}

/// The changes that this pass was asked for.
fn changes<'a>(source: &Source<'a>) -> &'a [Intervention] {
    &source.trace.about.interventions
}

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
mod tests;
