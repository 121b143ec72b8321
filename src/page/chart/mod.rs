//! The loss of a run, live: a canvas and not a node per point, since there are many.
//!
//! `history` keeps the losses, `scale` and `layout` say where things stand, `paint` draws them and
//! `view` is the component, with its crosshair and its table for those who do not see it.

pub mod history;
mod layout;
mod paint;
mod scale;
mod table;
mod view;

pub use view::LossChart;

/// Two losses to read the curve by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// Distinct characters: knowing nothing costs the logarithm of it.
    pub vocab: usize,
    /// Entropy of single characters, in nats: what a model that only counts them reaches.
    pub counting: f64,
}

impl Reference {
    /// Loss of a model that holds every character for equally likely.
    pub fn uniform(&self) -> f64 {
        (self.vocab.max(1) as f64).ln()
    }
}
