//! The smallest parts: a linear layer, a layer norm, an embedding table.
//!
//! Weights are stored `[out, in]` and named as in PyTorch, so that a checkpoint's names and shapes
//! are nanoGPT's.

use super::init::Init;
use super::record::Context;
use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, module::layer_norm};

/// y = x W^T + b.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`
    pub weight: Param<Tensor<2>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// Weights normal with deviation `std`, bias 0.
    pub fn new(init: &Init, [n_out, n_in]: [usize; 2], std: f64, bias: bool) -> Self {
        Linear {
            weight: init.at("weight").normal([n_out, n_in], std),
            bias: bias.then(|| init.at("bias").constant(n_out, 0.0)),
        }
    }

    /// All 0.
    pub fn zeros(init: &Init, shape: [usize; 2], bias: bool) -> Self {
        Linear {
            weight: init.at("weight").zeros(shape),
            bias: bias.then(|| init.at("bias").constant(shape[0], 0.0)),
        }
    }

    /// `[..., in]` to `[..., out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let bias = self.bias.as_ref().map(Param::val);
        project(x, self.weight.val(), bias)
    }
}

/// x W^T + b over the last axis, as one product of two matrices.
///
/// `x` is `[..., in]`, `weight` is `[out, in]`, `bias` is `[out]`; the result is `[..., out]`.
pub fn project<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    let mut dims = x.dims();
    let [n_out, n_in] = weight.dims();
    let rows = dims[..D - 1].iter().product();
    let y = x.reshape([rows, n_in]).matmul(weight.transpose()); // [rows, out]
    let y = match bias {
        Some(bias) => y + bias.unsqueeze(), // [rows, out]
        None => y,
    };
    dims[D - 1] = n_out;
    y.reshape(dims)
}

/// Centres and scales each token's row, then stretches and shifts it (Ba, Kiros, Hinton 2016).
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[n]`
    pub weight: Param<Tensor<1>>,
    /// `[n]`
    pub bias: Option<Param<Tensor<1>>>,
}

/// Added to the variance, as PyTorch does.
pub const LAYER_NORM_EPS: f64 = 1e-5;

impl LayerNorm {
    /// Stretch 1, shift 0.
    pub fn new(init: &Init, n: usize, bias: bool) -> Self {
        LayerNorm {
            weight: init.at("weight").constant(n, 1.0),
            bias: bias.then(|| init.at("bias").constant(n, 0.0)),
        }
    }

    /// `[..., n]` to `[..., n]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let bias = self.bias.as_ref().map(Param::val);
        layer_norm(x, self.weight.val(), bias, LAYER_NORM_EPS)
    }

    /// [`forward`](Self::forward), and what it divided by is recorded: `[B, T, C]` to the same.
    pub fn forward_seen(&self, x: Tensor<3>, context: &Context) -> Tensor<3> {
        context.record("hook_scale", || {
            let centred = x.clone() - x.clone().mean_dim(2); // [B, T, C]
            let variance = (centred.clone() * centred).mean_dim(2); // [B, T, 1]
            variance.add_scalar(LAYER_NORM_EPS).sqrt()
        });
        let normalized = self.forward(x);
        context.record("hook_normalized", || normalized.clone());
        normalized
    }
}

/// A table with one row per token, or per position.
#[derive(Module, Debug)]
pub struct Embedding {
    /// `[rows, C]`
    pub weight: Param<Tensor<2>>,
}

impl Embedding {
    pub fn new(init: &Init, shape: [usize; 2]) -> Self {
        Embedding {
            weight: init.at("weight").normal(shape, 0.02),
        }
    }

    /// The rows that `one_hot` points at, as a matrix product: its backward pass is a product too,
    /// where gathering rows would scatter gradients one by one.
    ///
    /// `one_hot` is `[B, T, rows]`, the result `[B, T, C]`.
    pub fn forward(&self, one_hot: Tensor<3>) -> Tensor<3> {
        let [b, t, rows] = one_hot.dims();
        let table = self.weight.val(); // [rows, C]
        let n_embd = table.dims()[1];
        one_hot
            .reshape([b * t, rows])
            .matmul(table) // [B * T, C]
            .reshape([b, t, n_embd])
    }
}

/// A 1 at each token's place in the vocabulary and 0 elsewhere: `[B, T]` to `[B, T, V]`.
pub fn one_hot(tokens: Tensor<2, Int>, vocab: usize) -> Tensor<3> {
    let device = tokens.device();
    let places = Tensor::<1, Int>::arange(0..vocab as i64, &device).reshape([1, 1, vocab]);
    let tokens = tokens.unsqueeze_dim::<3>(2); // [B, T, 1]
    tokens.equal(places).float() // [B, T, V]
}
