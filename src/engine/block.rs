//! A block: the tokens talk (attention), then each thinks on its own (feed-forward).

use super::attention::{Attended, CausalSelfAttention};
use super::dropout::Site;
use super::init::Init;
use super::layers::{LayerNorm, Linear};
use super::record::Context;
use crate::config::{Activation, ModelConfig, Norm};
use crate::trace::Branch;
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
    pub fn forward(&self, x: Tensor<3>, context: &Context) -> Tensor<3> {
        let pre = self.c_fc.forward(x); // [B, T, 4C]
        context.record("hook_pre", || pre.clone());
        let post = match self.activation {
            Activation::Relu => activation::relu(pre),
            Activation::Gelu => activation::gelu(pre),
        }; // [B, T, 4C]
        context.record("hook_post", || post.clone());
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

    /// The stream, `[B, T, C]`, one block further.
    pub fn forward(&self, x: Tensor<3>, context: &Context) -> Attended {
        context.record("hook_resid_pre", || x.clone());
        let mut span_share = None;
        let attention = |x, raw| {
            let attended = self.attn.forward(x, raw, &context.within("attn"));
            span_share = attended.span_share;
            let attn_out = context.drop_out(attended.out, Site::AttnOut);
            let attn_out = context.branch(attn_out, Branch::Attn);
            context.record("hook_attn_out", || attn_out.clone());
            attn_out
        };
        let ln1 = context.within("ln1");
        let road = |x| context.road(x, Branch::Attn);
        let resid_mid = self.branch(x, &self.ln_1, &ln1, road, attention); // [B, T, C]
        context.record("hook_resid_mid", || resid_mid.clone());

        let feed_forward = |x, _| {
            let mlp_out = self.mlp.forward(x, &context.within("mlp"));
            let mlp_out = context.drop_out(mlp_out, Site::MlpOut);
            let mlp_out = context.branch(mlp_out, Branch::Mlp);
            context.record("hook_mlp_out", || mlp_out.clone());
            mlp_out
        };
        let ln2 = context.within("ln2");
        let road = |x| context.road(x, Branch::Mlp);
        let resid_post = self.branch(resid_mid, &self.ln_2, &ln2, road, feed_forward); // [B, T, C]
        context.record("hook_resid_post", || resid_post.clone());
        Attended {
            out: resid_post,
            span_share,
        }
    }

    /// One branch off the stream, with the norm before it, after the sum, or nowhere. `f` is given
    /// what the norm made of the stream, and the stream itself; `road` is what the stream becomes
    /// on its way to the sum.
    fn branch(
        &self,
        x: Tensor<3>,
        ln: &Option<LayerNorm>,
        ln_context: &Context,
        road: impl FnOnce(Tensor<3>) -> Tensor<3>,
        f: impl FnOnce(Tensor<3>, Tensor<3>) -> Tensor<3>,
    ) -> Tensor<3> {
        let normed = |x: Tensor<3>| match ln {
            Some(ln) => ln.forward_seen(x, ln_context),
            None => x,
        };
        let road = self.residual.then(|| road(x.clone()));
        let joined = |out: Tensor<3>| match road {
            Some(road) => road + out,
            None => out,
        };
        match self.norm {
            Norm::Pre => joined(f(normed(x.clone()), x)),
            Norm::Post => normed(joined(f(x.clone(), x))),
            Norm::None => joined(f(x.clone(), x)),
        }
    }
}
