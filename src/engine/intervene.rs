//! Changes made in the middle of a forward pass: the number asked for takes the place of the one
//! computed, and all that follows reads it.
//!
//! Each site of the readable path hands what it computed to [`Context`], which gives it back as it
//! is unless a change is asked for there.

use super::record::Context;
use crate::trace::{Branch, Intervention};
use burn::tensor::{Tensor, TensorData};

/// Under a sum that something is divided by, where the sum may be 0.
const LEAST: f64 = 1e-30;

impl Context<'_> {
    /// The embeddings of the tokens: `[B, T, C]`.
    pub fn embedding(&self, x: Tensor<3>) -> Tensor<3> {
        let [_, t, c] = x.dims();
        self.changes().fold(x, |x, change| match change {
            Intervention::Embedding { position, values } => {
                let mut row = vec![0.0; t * c];
                row[position * c..][..c].copy_from_slice(values);
                let row = self.constant(row, [1, t, c]);
                x * self.except([1, t, 1], *position, 0.0) + row
            }
            _ => x,
        })
    }

    /// Weights of one of a block's patterns: `[B, H, T, T]`.
    pub fn pattern(&self, pattern: Tensor<4>) -> Tensor<4> {
        let [_, h, t, _] = pattern.dims();
        self.here().fold(pattern, |pattern, change| {
            let (head, query, weights, renormalise, shown) = match change {
                Intervention::Cell {
                    head,
                    query,
                    key,
                    weight,
                    renormalise,
                    ..
                } => {
                    let mut row = vec![0.0; t];
                    row[*key] = *weight;
                    (*head, *query, row, *renormalise, Some(*key))
                }
                Intervention::Row {
                    head,
                    query,
                    weights,
                    renormalise,
                    ..
                } => {
                    let mut row = weights.clone();
                    row.resize(t, 0.0);
                    (*head, *query, row, *renormalise, None)
                }
                _ => return pattern,
            };
            let place = head * t + query;
            let others = self.except([1, h, t, 1], place, 0.0); // [1, H, T, 1]
            let here = self.only([1, h, t, 1], place); // [1, H, T, 1]
            let old = pattern.clone() * here.clone(); // [B, H, T, T]
            let sum = old.clone().sum_dim(3); // [B, H, T, 1]
            let given = self.constant(weights, [1, 1, 1, t]); // [1, 1, 1, T]
            let new = match (shown, renormalise) {
                // The cell as asked; the rest of its row as it was, or shrunk to make room.
                (Some(key), renormalise) => {
                    let rest = old * self.except([1, 1, 1, t], key, 0.0); // [B, H, T, T]
                    let rest = match renormalise {
                        true => {
                            let left = sum - given.clone().sum().reshape([1, 1, 1, 1]);
                            let had = rest.clone().sum_dim(3).clamp_min(LEAST); // [B, H, T, 1]
                            rest * (left.clamp_min(0.0) / had)
                        }
                        false => rest,
                    };
                    rest + given
                }
                (None, true) => {
                    let had = given.clone().sum().reshape([1, 1, 1, 1]);
                    given * (sum / had)
                }
                (None, false) => given.expand(pattern.dims()),
            }; // [B, H, T, T]
            pattern * others + new * here
        })
    }

    /// What a pass's heads hand over: `[B, H, T, D]`.
    pub fn heads(&self, z: Tensor<4>) -> Tensor<4> {
        let h = z.dims()[1];
        self.here().fold(z, |z, change| match change {
            Intervention::Head { head, scale, .. } => z * self.except([1, h, 1, 1], *head, *scale),
            _ => z,
        })
    }

    /// Gates: `[B, T, H]`.
    pub fn gate(&self, gate: Tensor<3>) -> Tensor<3> {
        let [_, t, h] = gate.dims();
        self.here().fold(gate, |gate, change| match change {
            Intervention::Gate {
                head,
                position,
                value,
                ..
            } => {
                let mut keep = vec![1.0; t * h];
                let mut set = vec![0.0; t * h];
                for i in (0..t).filter(|i| position.is_none_or(|at| at == *i)) {
                    keep[i * h + head] = 0.0;
                    set[i * h + head] = *value;
                }
                gate * self.constant(keep, [1, t, h]) + self.constant(set, [1, t, h])
            }
            _ => gate,
        })
    }

    /// Spans in tokens: `[B, T, 1]`.
    pub fn span(&self, span: Tensor<3>) -> Tensor<3> {
        self.here().fold(span, |span, change| match change {
            Intervention::Span {
                position, tokens, ..
            } => self.set(span, *position, *tokens),
            _ => span,
        })
    }

    /// Temperatures: `[B, T, 1]`.
    pub fn temperature(&self, temperature: Tensor<3>) -> Tensor<3> {
        self.here()
            .fold(temperature, |temperature, change| match change {
                Intervention::Temperature {
                    position, value, ..
                } => self.set(temperature, *position, *value),
                _ => temperature,
            })
    }

    /// What a branch adds to the stream, or nothing: `[B, T, C]`.
    pub fn branch(&self, out: Tensor<3>, which: Branch) -> Tensor<3> {
        self.here().fold(out, |out, change| match change {
            Intervention::Branch { branch, .. } if *branch == which => out.zeros_like(),
            _ => out,
        })
    }

    /// What comes along the stream where that branch joins it, or nothing: `[B, T, C]`.
    pub fn road(&self, x: Tensor<3>, which: Branch) -> Tensor<3> {
        self.here().fold(x, |x, change| match change {
            Intervention::Residual { branch, .. } if *branch == which => x.zeros_like(),
            _ => x,
        })
    }

    /// `value` at one position or at all: `[B, T, 1]` to the same.
    fn set(&self, x: Tensor<3>, position: Option<usize>, value: f32) -> Tensor<3> {
        let t = x.dims()[1];
        match position {
            Some(at) => {
                x * self.except([1, t, 1], at, 0.0) + self.only([1, t, 1], at).mul_scalar(value)
            }
            None => x.full_like(value),
        }
    }

    /// The changes of this block, and of this pass where it has several.
    fn here(&self) -> impl Iterator<Item = &Intervention> {
        self.changes().filter(|change| {
            let (layer, pass) = match change {
                Intervention::Head { layer, pass, .. }
                | Intervention::Cell { layer, pass, .. }
                | Intervention::Row { layer, pass, .. } => (*layer, *pass),
                Intervention::Branch { layer, .. }
                | Intervention::Residual { layer, .. }
                | Intervention::Temperature { layer, .. }
                | Intervention::Span { layer, .. }
                | Intervention::Gate { layer, .. } => (*layer, None),
                Intervention::Embedding { .. } => return false,
            };
            layer == self.layer && pass.is_none_or(|pass| Some(pass) == self.pass)
        })
    }

    /// 1 everywhere but for `value` at that place.
    fn except<const D: usize>(&self, shape: [usize; D], place: usize, value: f32) -> Tensor<D> {
        let mut numbers = vec![1.0; shape.iter().product()];
        numbers[place] = value;
        self.constant(numbers, shape)
    }

    /// 0 everywhere but for a 1 at that place.
    fn only<const D: usize>(&self, shape: [usize; D], place: usize) -> Tensor<D> {
        let mut numbers = vec![0.0; shape.iter().product()];
        numbers[place] = 1.0;
        self.constant(numbers, shape)
    }

    fn constant<const D: usize>(&self, numbers: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        let data = TensorData::new(numbers, shape);
        Tensor::from_data(data, &self.future.device())
    }
}
