//! What a forward pass says of itself on the way: named tensors, under TransformerLens's hook names
//! and others in their manner.
//!
//! Recording observes and never computes: the tensors that are recorded are the ones that the pass
//! goes on with. What only a reader wants (a head's own contribution) is computed in the closure
//! that is handed over, which is not called when nobody listens.

use super::dropout::{Dropout, Site};
use super::params::plain;
use burn::tensor::{Bool, Tensor};
use std::cell::RefCell;

/// One recorded tensor, flattened, on its device and without a graph.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// As `blocks.0.attn.hook_pattern`.
    pub name: String,
    /// The batch first.
    pub shape: Vec<usize>,
    pub tensor: Tensor<1>,
}

/// A forward pass as it is being recorded.
#[derive(Debug, Default)]
pub struct Tape(RefCell<Vec<Recorded>>);

impl Tape {
    /// All that was recorded, in the order of the pass.
    pub fn finish(self) -> Vec<Recorded> {
        self.0.into_inner()
    }
}

/// What a forward pass carries along besides the activations.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// `None` outside training.
    dropout: Option<Dropout>,
    /// `[T, T]`, true where j > i: the future.
    pub future: Tensor<2, Bool>,
    layer: usize,
    /// Where to record, and the path so far.
    tape: Option<(&'a Tape, String)>,
}

impl<'a> Context<'a> {
    pub fn new(
        future: Tensor<2, Bool>,
        dropout: Option<Dropout>,
        tape: Option<&'a Tape>,
    ) -> Context<'a> {
        Context {
            dropout,
            future,
            layer: 0,
            tape: tape.map(|tape| (tape, String::new())),
        }
    }

    /// The same within that block.
    pub fn block(&self, layer: usize) -> Self {
        Context {
            layer,
            ..self.within(format_args!("blocks.{layer}"))
        }
    }

    /// The same, one name further down.
    pub fn within(&self, name: impl std::fmt::Display) -> Self {
        let deeper = |(tape, path): &(&'a Tape, String)| (*tape, joined(path, name));
        Context {
            tape: self.tape.as_ref().map(deeper),
            ..self.clone()
        }
    }

    /// Records a tensor, whose first axis is the batch.
    pub fn record<const D: usize>(&self, name: &str, tensor: impl FnOnce() -> Tensor<D>) {
        if let Some((tape, path)) = &self.tape {
            let tensor = plain(tensor());
            let shape = tensor.dims().to_vec();
            let n = shape.iter().product::<usize>();
            tape.0.borrow_mut().push(Recorded {
                name: joined(path, name),
                shape,
                tensor: tensor.reshape([n]),
            });
        }
    }

    /// `x` with the site's dropout on it, in training; any shape.
    pub fn drop_out<const D: usize>(&self, x: Tensor<D>, site: Site) -> Tensor<D> {
        match &self.dropout {
            Some(dropout) => dropout.apply(x, self.layer, site),
            None => x,
        }
    }
}

fn joined(path: &str, name: impl std::fmt::Display) -> String {
    match path {
        "" => name.to_string(),
        path => format!("{path}.{name}"),
    }
}
