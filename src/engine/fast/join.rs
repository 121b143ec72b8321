//! The end of a branch: dropout, and the sum with the stream that it left.
//!
//! ```text
//! out = x + m y       dx = dout (the same place in memory)        dy = m dout
//! ```
//!
//! Without a residual connection x is missing; without dropout m is 1, and dy too is dout's place.

use super::arena::{Arena, Node, Slot};
use super::dropout::Mask;
use crate::engine::dropout::{Dropout, Site};
use lanes::add;

#[derive(Clone, Debug)]
pub struct Join {
    /// The stream, or none: `[rows, C]`.
    pub x: Slot,
    /// The branch: `[rows, C]`.
    pub y: Node,
    /// `[rows, C]`
    pub out: Node,
    pub layer: usize,
    pub site: Site,
    /// Numbers of the site's tensor before these: those of the batch's other sequences.
    pub first: usize,
}

impl Join {
    pub fn forward(&self, arena: &mut Arena, dropout: Option<&Dropout>) {
        let [x, y, out] = arena.views([self.x, self.y.value, self.out.value]);
        out.copy_from_slice(y);
        if let Some(dropout) = dropout {
            Mask::new(dropout, self.layer, self.site).apply(self.first, out);
        }
        add(out, x);
    }

    pub fn backward(&self, arena: &mut Arena, dropout: Option<&Dropout>) {
        let (dy, dout) = (self.y.grad, self.out.grad);
        if dy != dout {
            let [dy, dout] = arena.views([dy, dout]);
            dy.copy_from_slice(dout);
        }
        if let Some(dropout) = dropout {
            let dy = arena.get_mut(dy);
            Mask::new(dropout, self.layer, self.site).apply(self.first, dy);
        }
    }
}
