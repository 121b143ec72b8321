//! A block: the tokens talk (attention), then each thinks on its own (feed-forward).

use super::attention::{CausalSelfAttention, Context};
use super::dropout::Site;
use super::init::Init;
use super::layers::{LayerNorm, Linear};
use crate::config::{Activation, ModelConfig, Norm};
use burn::module::Module;
use burn::tensor::{Tensor, activation};

/// The feed-forward layer: C to 4C, a bend, back to C.
#[derive(Module, Debug)]
pub struct Mlp {
    /// `[4C, C]`
    pub c_fc: Linear,
    /// `[C, 4C]`
    pub c_proj: Linear,
    #[module(skip)]
    activation: Activation,
}

impl Mlp {
    pub fn new(init: &Init, config: &ModelConfig) -> Self {
        let c = config.n_embd;
        let std = config.residual_std();
        Mlp {
            c_fc: Linear::new(&init.at("c_fc"), [4 * c, c], 0.02, config.bias),
            c_proj: Linear::new(&init.at("c_proj"), [c, 4 * c], std, config.bias),
            activation: config.activation,
        }
    }

    /// `[B, T, C]` to `[B, T, C]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let pre = self.c_fc.forward(x); // [B, T, 4C]
        let post = match self.activation {
            Activation::Relu => activation::relu(pre),
            Activation::Gelu => activation::gelu(pre),
        }; // [B, T, 4C]
        self.c_proj.forward(post)
    }
}

/// Attention and feed-forward, each a branch off the residual stream.
#[derive(Module, Debug)]
pub struct Block {
    pub ln_1: Option<LayerNorm>,
    pub attn: CausalSelfAttention,
    pub ln_2: Option<LayerNorm>,
    pub mlp: Mlp,
    #[module(skip)]
    norm: Norm,
    residual: bool,
}

impl Block {
    pub fn new(init: &Init, config: &ModelConfig) -> Self {
        let layer_norm = |name| {
            (config.norm != Norm::None)
                .then(|| LayerNorm::new(&init.at(name), config.n_embd, config.bias))
        };
        Block {
            ln_1: layer_norm("ln_1"),
            attn: CausalSelfAttention::new(&init.at("attn"), config),
            ln_2: layer_norm("ln_2"),
            mlp: Mlp::new(&init.at("mlp"), config),
            norm: config.norm,
            residual: config.residual,
        }
    }

    /// `[B, T, C]` to `[B, T, C]`.
    pub fn forward(&self, x: Tensor<3>, layer: usize, context: &Context) -> Tensor<3> {
        let resid_mid = self.branch(x, &self.ln_1, |x| {
            let attn_out = self.attn.forward(x, layer, context);
            drop_out(attn_out, layer, Site::AttnOut, context)
        }); // [B, T, C]
        self.branch(resid_mid, &self.ln_2, |x| {
            drop_out(self.mlp.forward(x), layer, Site::MlpOut, context)
        }) // [B, T, C]
    }

    /// One branch `f` off the stream, with the norm before it, after the sum, or nowhere.
    fn branch(
        &self,
        x: Tensor<3>,
        ln: &Option<LayerNorm>,
        f: impl FnOnce(Tensor<3>) -> Tensor<3>,
    ) -> Tensor<3> {
        let normed = |x: Tensor<3>| match ln {
            Some(ln) => ln.forward(x),
            None => x,
        };
        let road = self.residual.then(|| x.clone());
        let joined = |out: Tensor<3>| match road {
            Some(road) => road + out,
            None => out,
        };
        match self.norm {
            Norm::Pre => joined(f(normed(x))),
            Norm::Post => normed(joined(f(x))),
            Norm::None => joined(f(x)),
        }
    }
}

fn drop_out(x: Tensor<3>, layer: usize, site: Site, context: &Context) -> Tensor<3> {
    match &context.dropout {
        Some(dropout) => dropout.apply(x, layer, site),
        None => x,
    }
}
