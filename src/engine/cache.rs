//! What earlier tokens leave for later ones: keys and values, so that one more token costs one row
//! and not the whole triangle.
//!
//! A row of a causal pass does not depend on what comes after it, so a row that was computed once
//! stays as it is, as long as its token keeps its position.

use crate::trace::Pass;
use burn::tensor::Tensor;
use std::cell::RefCell;

/// What is kept of every token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    Key,
    Value,
    /// `adaptive_span`: what the global pass returned, of which spans are read.
    Global,
}

/// Layer, pass, and what.
type Place = (usize, Option<Pass>, Memory);

/// What was kept of the tokens so far: `[rows, S, n]` each, rows being all axes before S.
#[derive(Debug, Default)]
pub struct Cache(RefCell<Vec<(Place, Tensor<3>)>>);

impl Cache {
    /// S, the tokens that it knows.
    pub fn len(&self) -> usize {
        let kept = self.0.borrow();
        kept.first().map_or(0, |(_, all)| all.dims()[1])
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds rows, `[.., T, n]`, and gives all: `[.., S, n]`.
    pub(super) fn extend<const D: usize>(&self, place: Place, new: Tensor<D>) -> Tensor<D> {
        let mut shape = new.dims();
        let (t, n) = (shape[D - 2], shape[D - 1]);
        let rows = shape[..D - 2].iter().product();
        let new: Tensor<3> = new.reshape([rows, t, n]);
        let mut kept = self.0.borrow_mut();
        let all = match kept.iter_mut().find(|(of, _)| *of == place) {
            Some((_, all)) => {
                *all = Tensor::cat(vec![all.clone(), new], 1);
                all.clone()
            }
            None => {
                kept.push((place, new.clone()));
                new
            }
        }; // [rows, S, n]
        shape[D - 2] = all.dims()[1];
        all.reshape(shape)
    }
}
