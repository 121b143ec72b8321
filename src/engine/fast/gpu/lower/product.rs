//! Linear layers as dispatches: one product forwards, with what follows it; two back, side by side.

use super::{Kernel, Lowering, NONE, adds, at};
use crate::engine::fast::activation::Activation;
use crate::engine::fast::arena::Slot;
use crate::engine::fast::linear::Linear;
use crate::engine::fast::plan::Op;

/// Rows and columns to a workgroup of a product.
const TALL: usize = 64;
const WIDE: usize = 32;

/// What follows a product, in the words of `linear.wgsl`.
pub(super) struct Then {
    then: u32,
    other: u32,
    keys: u32,
    out: Slot,
}

impl Lowering<'_> {
    /// What comes after a linear layer, if its kernel can do that too.
    pub(super) fn then(&self, linear: &Linear, next: &Op) -> Option<Then> {
        let plain = |then, other, out| Then {
            then,
            other,
            keys: NONE,
            out,
        };
        match next {
            Op::Activation(Activation::Relu { value, .. }) if *value == linear.out.value => {
                Some(plain(1, NONE, *value))
            }
            Op::Activation(Activation::Gelu { x, y, .. }) if *x == linear.out.value => {
                Some(plain(2, at(*y), *x))
            }
            Op::Join(join) if join.y.value == linear.out.value => Some(Then {
                then: 3,
                other: at(join.x),
                keys: self.keys(join.layer, join.site),
                out: join.out.value,
            }),
            _ => None,
        }
    }

    /// y = x W^T + b, and what follows.
    pub(super) fn linear(&mut self, op: &Linear, then: Option<Then>) {
        let [rows, n_in, n_out] = [op.rows, op.n_in, op.n_out].map(|n| n as u32);
        let then = then.unwrap_or(Then {
            then: 0,
            other: NONE,
            keys: NONE,
            out: op.out.value,
        });
        let product = [
            rows,
            n_out,
            n_in, //
            at(op.x.value),
            n_in,
            1, //
            at(op.weight.value),
            1,
            n_in, //
            at(then.out),
            op.stride as u32,
            0,
            at(op.bias.value), //
            then.then,
            then.other,
            then.keys,
            NONE,
        ];
        let groups = [op.n_out.div_ceil(WIDE), op.rows.div_ceil(TALL), 1];
        self.push(Kernel::Linear, products([product, [0; 17]]), groups);
    }

    /// dx = dy W, with the slope of the activation before it; dW = dy^T x and db beside it.
    pub(super) fn linear_back(&mut self, op: &Linear, before: Option<&Op>) {
        let [rows, n_in, n_out, stride] = [op.rows, op.n_in, op.n_out, op.stride].map(|n| n as u32);
        let (then, other) = match before {
            Some(Op::Activation(Activation::Relu { value, grad })) if *grad == op.x.grad => {
                (5, at(*value))
            }
            Some(Op::Activation(Activation::Gelu { x, grad, .. })) if *grad == op.x.grad => {
                (4, at(*x))
            }
            _ => (0, NONE),
        };
        let dx = [
            rows,
            n_in,
            n_out, //
            at(op.out.grad),
            stride,
            1, //
            at(op.weight.value),
            n_in,
            1, //
            at(op.x.grad),
            n_in,
            adds(op.write),
            NONE, //
            then,
            other,
            NONE,
            NONE,
        ];
        let dw = [
            n_out,
            n_in,
            rows, //
            at(op.out.grad),
            1,
            stride, //
            at(op.x.value),
            n_in,
            1, //
            at(op.weight.grad),
            n_in,
            self.written_before(op.weight.grad),
            NONE, //
            0,
            NONE,
            NONE,
            at(op.bias.grad),
        ];
        let tall = op.rows.max(op.n_out).div_ceil(TALL);
        let groups = [op.n_in.div_ceil(WIDE), tall, 2];
        self.push(Kernel::Linear, products([dx, dw]), groups);
    }
}

/// Two products' uniforms, each from a multiple of 16 bytes on.
fn products(two: [[u32; 17]; 2]) -> Vec<u32> {
    two.into_iter()
        .flat_map(|words| words.into_iter().chain([0; 3]))
        .collect()
}
