//! A forward pass on the page.

use crate::explain::{Quantity, Source};
use crate::page::explore::journey::{Stop, journey};
use crate::protocol::Sampling;
use crate::trace::{Arrays, Trace};
use std::rc::Rc;

/// A forward pass as it is shown, with the weights that it was computed with where they are here.
#[derive(Debug)]
pub struct Shown {
    /// Which model it is of, as the page calls it.
    pub label: String,
    pub trace: Trace,
    pub weights: Option<Rc<Arrays>>,
    pub journey: Vec<Stop>,
}

impl Shown {
    /// Whether the reader changed something in it.
    pub fn is_changed(&self) -> bool {
        !self.trace.about.interventions.is_empty()
    }

    /// Whether both are passes of the same model over the same text.
    pub fn is_beside(&self, other: &Shown) -> bool {
        let (one, two) = (&self.trace.about, &other.trace.about);
        self.label == other.label
            && (one.step, one.cut, &one.text) == (two.step, two.cut, &two.text)
    }
}

/// The latest pass: a slot that is overwritten. Two are equal when they are the same, since nobody
/// wants to compare them number by number.
#[derive(Clone, Debug)]
pub struct Slot(Rc<Shown>);

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for Slot {
    type Target = Shown;

    fn deref(&self) -> &Shown {
        &self.0
    }
}

impl Slot {
    pub fn new(label: &str, trace: Trace, weights: Option<Rc<Arrays>>) -> Self {
        let journey = journey(&trace.about.model);
        Slot(Rc::new(Shown {
            label: label.into(),
            trace,
            weights,
            journey,
        }))
    }

    /// With the usual way to draw from it; the person's own, `drawing` has.
    pub fn source(&self) -> Source<'_> {
        Source {
            trace: &self.trace,
            weights: self.weights.as_deref(),
            sampling: Sampling::default(),
        }
    }

    pub fn drawing(&self, sampling: Sampling) -> Source<'_> {
        Source {
            sampling,
            ..self.source()
        }
    }

    /// The last token that was read.
    pub fn last(&self) -> Option<usize> {
        self.source().tokens().checked_sub(1)
    }

    /// What the model would most likely write after a token, and how likely that is.
    pub fn likeliest(&self, token: usize) -> Option<(char, f32)> {
        let row = self.source().row(Quantity::Probabilities, &[token])?;
        let (v, p) = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((self.trace.about.vocab.get(v).copied()?, *p))
    }

    /// The characters that were read.
    pub fn characters(&self) -> Vec<char> {
        self.trace.about.text.chars().collect()
    }
}
