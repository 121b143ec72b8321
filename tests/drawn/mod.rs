//! Models drawn at random, with texts for them to read: what tests of properties try.
#![allow(dead_code, reason = "each test program uses a part of it")]

use burn::tensor::{Device, Int, Tensor, TensorData};
use glassformer::config::{
    Attention, Kind, ModelConfig, Norm, Preset, Recipe, RunConfig,
    attention::{AdaptiveSpan, GateForm, GateNorm, HeadGated, Normaliser, Sharpen, SpanFrom},
};
use glassformer::engine::gpt::Gpt;
use glassformer::engine::params::{self, Named};
use glassformer::engine::record::Tape;
use glassformer::random::Stream;
use glassformer::text::corpus::Corpus;
use std::collections::BTreeMap;

/// Characters that a drawn model knows.
pub const VOCAB: usize = 11;

pub fn pick<T: Copy>(stream: &mut Stream, items: &[T]) -> T {
    *stream.choose(items).expect("some items")
}

/// A small model of that kind with every option drawn.
pub fn draw(stream: &mut Stream, kind: Kind) -> ModelConfig {
    let normaliser = pick(
        stream,
        &[
            Normaliser::Softmax,
            Normaliser::OffByOne,
            Normaliser::Sigmoid,
        ],
    );
    let block_size = 1 + stream.below(12);
    let span = |stream: &mut Stream| match stream.below(2) {
        0 => None,
        _ => Some(1 + stream.below(block_size)),
    };
    let on = |stream: &mut Stream| stream.below(2) == 0;
    let attention = match Attention::of(kind, normaliser) {
        Attention::HeadGated(_) => Attention::HeadGated(HeadGated {
            normaliser,
            gate_norm: pick(stream, &[GateNorm::Heads, GateNorm::None]),
            gate_form: pick(stream, &[GateForm::TwoSigmoid, GateForm::LogSymmetric]),
        }),
        Attention::AdaptiveSpan(_) => Attention::AdaptiveSpan(AdaptiveSpan {
            normaliser,
            max_span: span(stream),
            max_rel_dist: span(stream),
            ramp: pick(stream, &[1.0, 2.5, 4.0, 32.0]),
            alpha: pick(stream, &[0.0, 0.5, 1.0]),
            sharpen: pick(stream, &[Sharpen::Short, Sharpen::Long, Sharpen::Off]),
            span_from: pick(stream, &[SpanFrom::RunningMean, SpanFrom::Position]),
            inverse_gain: on(stream),
            gain_max: 4.0,
            span_penalty: 0.1,
        }),
        plain @ (Attention::Standard(_) | Attention::Additive(_)) => plain,
    };
    let n_head = pick(stream, &[1, 2, 4]);
    ModelConfig {
        n_layer: 1 + stream.below(2),
        n_head,
        n_embd: n_head * (1 + stream.below(4)),
        block_size,
        dropout: 0.0,
        norm: pick(stream, &[Norm::Pre, Norm::Post, Norm::None]),
        residual: stream.below(4) > 0,
        tied: on(stream),
        bias: on(stream),
        attention,
        ..RunConfig::new(Preset::Glass, pick(stream, &Recipe::ALL)).model
    }
}

/// The model, every parameter far from where it starts and changed by `change`.
pub fn model(
    config: &ModelConfig,
    seed: u32,
    device: &Device,
    change: impl Fn(&str, f32) -> f32,
) -> Gpt {
    let model = Gpt::new(config, VOCAB, seed, device);
    let mut values = Vec::new();
    for Named { name, tensor, .. } in params::list(&model) {
        let mut noise = Stream::new(seed, &name);
        let old: Vec<f32> = tensor.into_data().iter::<f32>().collect();
        let moved = old.iter().map(|x| x + 0.3 * noise.normal() as f32);
        values.extend(moved.map(|x| change(&name, x)));
    }
    let n = values.len();
    let values = Tensor::<1>::from_data(TensorData::new(values, [n]), device);
    params::replace(model, &params::plain(values))
}

pub fn unchanged(_: &str, x: f32) -> f32 {
    x
}

pub fn tensor(tokens: &[i32], t: usize, device: &Device) -> Tensor<2, Int> {
    let shape = [tokens.len() / t, t];
    Tensor::from_data(TensorData::new(tokens.to_vec(), shape), device)
}

pub fn tokens(stream: &mut Stream, n: usize) -> Vec<i32> {
    (0..n).map(|_| stream.below(VOCAB) as i32).collect()
}

pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Shape and numbers of all that a pass records, by name.
pub fn recorded(model: &Gpt, tokens: Tensor<2, Int>) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let tape = Tape::default();
    model.forward_seen(tokens, &tape);
    let all = tape.finish().into_iter();
    all.map(|r| (r.name, (r.shape, numbers(r.tensor))))
        .collect()
}

/// Forty models of each kind, with the text that each is to read.
pub fn each(label: &str, mut check: impl FnMut(&ModelConfig, u32, &mut Stream)) {
    for kind in Kind::ALL {
        for n in 0..40 {
            let mut stream = Stream::new(n, label).at(kind as u64);
            let config = draw(&mut stream, kind);
            check(&config, n, &mut stream);
        }
    }
}

/// Largest difference, as a share of the largest number, or of `least`.
pub fn error(ours: &[f32], theirs: &[f32], least: f32) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let scale = largest(theirs).max(least);
    let pairs = ours.iter().zip(theirs);
    // A NaN is an error, not nothing.
    pairs.fold(0.0, |most, (a, b)| match (a - b).abs() / scale {
        d if d.is_nan() || d > most => d,
        _ => most,
    })
}

pub fn largest(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// A text for whole runs.
pub fn text() -> String {
    Corpus::named("adjectives").expect("built in").generate(1)
}

/// A small run of that kind.
pub fn config(kind: Kind, recipe: Recipe, dropout: f32) -> RunConfig {
    let mut config = RunConfig::new(Preset::Glass, recipe);
    config.model.attention = Attention::of(kind, Normaliser::Softmax);
    config.model.n_embd = 16;
    config.model.block_size = 16;
    config.model.dropout = dropout;
    // With other batches a relu on the fence may take the other side for rounding; from then on
    // losses part slowly.
    config.train.batch_size = 4;
    config.train.warmup = 10;
    config
}
