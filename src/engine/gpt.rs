//! The whole model: characters in, logits for the next character out.

use super::block::Block;
use super::cache::Cache;
use super::dropout::{Dropout, Site};
use super::init::Init;
use super::layers::{Embedding, LayerNorm, Linear, one_hot, project};
use super::record::{Context, Tape, Watch};
use crate::config::{Attention, ModelConfig, Norm};
use burn::module::Module;
use burn::tensor::{
    Device, Int, Tensor,
    activation::{log_softmax, softmax},
};

/// All but the head, under the name that nanoGPT's checkpoints have.
#[derive(Module, Debug)]
pub struct Transformer {
    /// Token embedding: `[V, C]`.
    pub wte: Embedding,
    /// Position embedding: `[block_size, C]`.
    pub wpe: Embedding,
    pub h: Vec<Block>,
    /// Only under `norm: pre`.
    pub ln_f: Option<LayerNorm>,
}

#[derive(Module, Debug)]
pub struct Gpt {
    pub transformer: Transformer,
    /// `[V, C]`, no bias; absent when tied to `wte`.
    pub lm_head: Option<Linear>,
    #[module(skip)]
    config: ModelConfig,
    vocab: usize,
}

impl Gpt {
    /// A new model whose weights depend on nothing but the seed, the configuration and the
    /// vocabulary's size.
    pub fn new(config: &ModelConfig, vocab: usize, seed: u32, device: &Device) -> Self {
        let init = Init::new(device, seed);
        let root = init.at("transformer");
        let block = |n: usize| Block::new(&root.at("h").at(n), config);
        Gpt {
            transformer: Transformer {
                wte: Embedding::new(&root.at("wte"), [vocab, config.n_embd]),
                wpe: Embedding::new(&root.at("wpe"), [config.block_size, config.n_embd]),
                h: (0..config.n_layer).map(block).collect(),
                ln_f: (config.norm == Norm::Pre)
                    .then(|| LayerNorm::new(&root.at("ln_f"), config.n_embd, config.bias)),
            },
            lm_head: (!config.tied)
                .then(|| Linear::new(&init.at("lm_head"), [vocab, config.n_embd], 0.02, false)),
            config: *config,
            vocab,
        }
    }

    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// V.
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// Logits for the character after each position: `[B, T]` to `[B, T, V]`, T at most the block.
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        self.forward_watched(tokens, Watch::default())
    }

    /// The same pass, which leaves what it computes on the tape.
    pub fn forward_seen(&self, tokens: Tensor<2, Int>, tape: &Tape) -> Tensor<3> {
        let tape = Some(tape);
        self.forward_watched(
            tokens,
            Watch {
                tape,
                ..Watch::default()
            },
        )
    }

    /// The same pass, recorded, changed, or going on after the tokens of a cache.
    pub fn forward_watched(&self, tokens: Tensor<2, Int>, watch: Watch) -> Tensor<3> {
        self.run(tokens, None, watch).0
    }

    /// Logits, `[B, T, V]`, and the mean of all spans as a share of the longest, `[1]`, where the
    /// kind has spans.
    fn run(
        &self,
        tokens: Tensor<2, Int>,
        dropout: Option<Dropout>,
        watch: Watch,
    ) -> (Tensor<3>, Option<Tensor<1>>) {
        let [b, t] = tokens.dims();
        let Transformer { wte, wpe, h, ln_f } = &self.transformer;
        let first = watch.cache.map_or(0, Cache::len);
        let context = Context::new(future(first, t, &tokens.device()), dropout, watch);

        let hook_embed = wte.forward(one_hot(tokens, self.vocab)); // [B, T, C]
        let hook_embed = context.embedding(hook_embed); // [B, T, C]
        context.record("hook_embed", || hook_embed.clone());
        let hook_pos_embed = wpe.weight.val().narrow(0, first, t).unsqueeze::<3>(); // [1, T, C]
        context.record("hook_pos_embed", || {
            let c = self.config.n_embd;
            hook_pos_embed.clone().expand([b, t, c])
        });
        let mut x = hook_embed + hook_pos_embed; // [B, T, C]
        if self.config.embd_dropout {
            x = context.drop_out(x, Site::Embedding);
        }
        let mut span_shares = Vec::new();
        for (layer, block) in h.iter().enumerate() {
            let attended = block.forward(x, &context.block(layer));
            x = attended.out; // [B, T, C]
            span_shares.extend(attended.span_share.map(Tensor::mean)); // [1]
        }
        if let Some(ln_f) = ln_f {
            x = ln_f.forward_seen(x, &context.within("ln_final")); // [B, T, C]
        }
        let logits = match &self.lm_head {
            Some(lm_head) => lm_head.forward(x),
            None => project(x, wte.weight.val(), None),
        }; // [B, T, V]
        context.record("logits", || logits.clone());
        context.record("probabilities", || softmax(logits.clone(), 2));
        let span_share = (!span_shares.is_empty()).then(|| Tensor::cat(span_shares, 0).mean()); // [1]
        (logits, span_share)
    }

    /// Tokens and targets are `[B, T]`.
    pub fn loss(
        &self,
        tokens: Tensor<2, Int>,
        targets: Tensor<2, Int>,
        dropout: Option<Dropout>,
    ) -> Loss {
        let [b, t] = tokens.dims();
        let (logits, span_share) = self.run(tokens, dropout, Watch::default()); // [B, T, V]
        let log_probs = log_softmax(logits, 2); // [B, T, V]
        let chosen = log_probs * one_hot(targets, self.vocab); // [B, T, V]
        let cross_entropy = chosen.sum().div_scalar(-((b * t) as f64)); // [1]
        let objective = match (&self.config.attention, span_share) {
            (Attention::AdaptiveSpan(options), Some(share)) => {
                cross_entropy.clone() + share.mul_scalar(f64::from(options.span_penalty))
            }
            _ => cross_entropy.clone(),
        }; // [1]
        Loss {
            cross_entropy,
            objective,
        }
    }
}

/// How wrong a batch was.
#[derive(Clone, Debug)]
pub struct Loss {
    /// Mean over the batch, in nats per character: what is reported, `[1]`.
    pub cross_entropy: Tensor<1>,
    /// What training lowers: the same, plus what spans cost, `[1]`.
    pub objective: Tensor<1>,
}

/// True where key j comes after query i, the queries being the last T of S tokens: `[T, S]`.
fn future(first: usize, t: usize, device: &Device) -> Tensor<2, burn::tensor::Bool> {
    let s = first + t;
    let position = Tensor::<1, Int>::arange(0..s as i64, device);
    let i = position.clone().narrow(0, first, t).reshape([t, 1]); // [T, 1]
    let j = position.reshape([1, s]); // [1, S]
    j.greater(i) // [T, S]
}
