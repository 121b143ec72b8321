//! What a forward pass says of itself on the way: named tensors, under TransformerLens's hook names
//! and others in their manner.
//!
//! Recording observes and never computes: the tensors that are recorded are the ones that the pass
//! goes on with. What only a reader wants (a head's own contribution) is computed in the closure
//! that is handed over, which is not called when nobody listens.

use super::cache::{Cache, Memory};
use super::dropout::{Dropout, Site};
use super::params::plain;
use crate::trace::{Intervention, Pass};
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

impl Recorded {
    pub(super) fn new<const D: usize>(name: impl Into<String>, tensor: Tensor<D>) -> Self {
        let tensor = plain(tensor);
        let shape = tensor.dims().to_vec();
        let n = shape.iter().product::<usize>();
        Recorded {
            name: name.into(),
            shape,
            tensor: tensor.reshape([n]),
        }
    }
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

/// What a forward pass is to do besides computing logits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch<'a> {
    /// Where to record.
    pub tape: Option<&'a Tape>,
    /// What to do otherwise; each was checked against the model and the text.
    pub changes: &'a [Intervention],
    /// Keys and values of the tokens before, to be read and added to.
    pub cache: Option<&'a Cache>,
}

/// What a forward pass carries along besides the activations.
///
/// Its tokens, T of them, are the latest of S: those before stand in a cache, where there is one;
/// without it S is T. Queries are of the T, keys of the S, so a pattern is `[B, H, T, S]`.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// `None` outside training.
    dropout: Option<Dropout>,
    /// `[T, S]`, true where the key comes after the query: the future.
    pub future: Tensor<2, Bool>,
    pub(super) layer: usize,
    pub(super) pass: Option<Pass>,
    watch: Watch<'a>,
    /// The path so far, where it is recorded.
    path: Option<String>,
}

impl<'a> Context<'a> {
    pub fn new(future: Tensor<2, Bool>, dropout: Option<Dropout>, watch: Watch<'a>) -> Context<'a> {
        Context {
            dropout,
            future,
            layer: 0,
            pass: None,
            watch,
            path: watch.tape.map(|_| String::new()),
        }
    }

    /// T and S.
    pub fn lengths(&self) -> [usize; 2] {
        self.future.dims()
    }

    /// S - T, the position of the first query.
    pub fn first(&self) -> usize {
        let [t, s] = self.lengths();
        s - t
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = &'a Intervention> + use<'a> {
        self.watch.changes.iter()
    }

    /// What is known of all S tokens, of which `new` are the latest T: `[.., T, n]` to `[.., S, n]`,
    /// and kept for those that follow.
    pub fn remember<const D: usize>(&self, what: Memory, new: Tensor<D>) -> Tensor<D> {
        match self.watch.cache {
            Some(cache) => cache.extend((self.layer, self.pass, what), new),
            None => new,
        }
    }

    /// The same within that block.
    pub fn block(&self, layer: usize) -> Self {
        Context {
            layer,
            ..self.within(format_args!("blocks.{layer}"))
        }
    }

    /// The same within one of several passes.
    pub fn pass(&self, pass: Pass) -> Self {
        Context {
            pass: Some(pass),
            ..self.within(pass.name())
        }
    }

    /// The same, one name further down.
    pub fn within(&self, name: impl std::fmt::Display) -> Self {
        Context {
            path: self.path.as_ref().map(|path| joined(path, name)),
            ..self.clone()
        }
    }

    /// Records a tensor, whose first axis is the batch.
    pub fn record<const D: usize>(&self, name: &str, tensor: impl FnOnce() -> Tensor<D>) {
        if let (Some(tape), Some(path)) = (self.watch.tape, &self.path) {
            let recorded = Recorded::new(joined(path, name), tensor());
            tape.0.borrow_mut().push(recorded);
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
