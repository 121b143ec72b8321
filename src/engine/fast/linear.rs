//! A linear layer over the last axis.
//!
//! ```text
//! y  = x W^T + b
//! dx = dy W        dW = dy^T x        db = sum over rows of dy
//! ```
//!
//! Three products of two matrices, and most of a step's time.

use super::arena::{Arena, Node, Write};
use lanes::add;
use lanes::matmul::{Causal, Matrix, Scratch, Size, Start, multiply};

#[derive(Clone, Debug)]
pub struct Linear {
    /// `[rows, n_in]`
    pub x: Node,
    /// `[n_out, n_in]`
    pub weight: Node,
    /// `[n_out]`, or none.
    pub bias: Node,
    /// `[rows, n_out]`, rows `stride` apart.
    pub out: Node,
    pub rows: usize,
    pub n_in: usize,
    pub n_out: usize,
    /// n_out, or more where other numbers lie between the rows of the result.
    pub stride: usize,
    /// How dx is handed back.
    pub write: Write,
}

impl Linear {
    pub fn forward(&self, arena: &mut Arena, scratch: &mut Scratch) {
        let (rows, n_in, n_out) = (self.rows, self.n_in, self.n_out);
        let [x, weight, bias, out] = arena.views([
            self.x.value,
            self.weight.value,
            self.bias.value,
            self.out.value,
        ]);
        let start = match bias.is_empty() {
            true => Start::Zero,
            false => Start::Row(bias),
        };
        let size = Size {
            m: rows,
            n: n_out,
            k: n_in,
        };
        let (x, weight) = (Matrix::new(x, n_in), Matrix::turned(weight, n_in));
        multiply(
            (out, self.stride),
            size,
            x,
            weight,
            start,
            Causal::Not,
            scratch,
        );
    }

    pub fn backward(&self, arena: &mut Arena, scratch: &mut Scratch) {
        let (rows, n_in, n_out) = (self.rows, self.n_in, self.n_out);
        let [weight, dx, dy] = arena.views([self.weight.value, self.x.grad, self.out.grad]);
        let start = match self.write {
            Write::Set => Start::Zero,
            Write::Add => Start::There,
        };
        let size = Size {
            m: rows,
            n: n_in,
            k: n_out,
        };
        let (a, b) = (Matrix::new(dy, self.stride), Matrix::new(weight, n_in));
        multiply((dx, n_in), size, a, b, start, Causal::Not, scratch);

        let [x, dw, db, dy] = arena.views([
            self.x.value,
            self.weight.grad,
            self.bias.grad,
            self.out.grad,
        ]);
        let size = Size {
            m: n_out,
            n: n_in,
            k: rows,
        };
        let (a, b) = (Matrix::turned(dy, self.stride), Matrix::new(x, n_in));
        multiply((dw, n_in), size, a, b, Start::There, Causal::Not, scratch);
        if !db.is_empty() {
            let rows = dy.chunks(self.stride);
            rows.for_each(|row| add(db, &row[..n_out]));
        }
    }
}
