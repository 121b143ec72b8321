//! What holds for every kind of attention under every option, tried on configurations drawn at
//! random: no future leaks, rows sum to 1, contributions add up, nothing becomes infinite.

mod drawn;

use burn::tensor::Device;
use drawn::{VOCAB, draw, each, model, numbers, pick, recorded, tensor, tokens, unchanged};
use glassformer::config::{
    Attention, Kind, ModelConfig, Preset, Recipe, RunConfig,
    attention::{AdaptiveSpan, Normaliser, Sharpen},
};
use glassformer::engine::gpt::Gpt;
use glassformer::engine::params;
use glassformer::random::Stream;
use std::collections::BTreeMap;

#[test]
fn no_future_leaks_whatever_the_options() {
    let (mut looks, mut read) = (0, 0);
    each("leaks", |config, seed, stream| {
        let device = Device::flex();
        let model = model(config, seed, &device, unchanged);
        let t = config.block_size;
        let before = tokens(stream, t);
        let clean = numbers(model.forward(tensor(&before, t, &device)));
        for i in 0..t.saturating_sub(1) {
            let mut after = before.clone();
            for token in &mut after[i + 1..] {
                *token = (*token + 1 + stream.below(VOCAB - 1) as i32) % VOCAB as i32;
            }
            let other = numbers(model.forward(tensor(&after, t, &device)));
            let upto = (i + 1) * VOCAB;
            assert_eq!(other[..upto], clean[..upto], "position {i} of {config:?}");
            looks += 1;
            read += usize::from(other[upto..] != clean[upto..]);
        }
    });
    // Else the test could not fail. (A norm over one channel leaves nothing to read.)
    assert!(
        read * 10 > looks * 9,
        "{read} of {looks} changes were noticed"
    );
}

#[test]
fn rows_of_the_pattern_sum_to_one_and_never_look_ahead() {
    each("rows", |config, seed, stream| {
        let device = Device::flex();
        let t = config.block_size;
        let model = model(config, seed, &device, unchanged);
        let seen = recorded(&model, tensor(&tokens(stream, 2 * t), t, &device));
        for (name, (_, pattern)) in &seen {
            if !name.ends_with("hook_pattern") {
                continue;
            }
            for (row, cells) in pattern.chunks_exact(t).enumerate() {
                let i = row % t;
                assert!(
                    cells[i + 1..].iter().all(|a| *a == 0.0),
                    "{name} of {config:?}"
                );
                let sum: f32 = cells.iter().sum();
                match config.attention.normaliser() {
                    Normaliser::Softmax => {
                        assert!((sum - 1.0).abs() < 1e-5, "{name}: {sum} of {config:?}");
                    }
                    Normaliser::OffByOne => assert!((0.0..1.0 + 1e-5).contains(&sum)),
                    Normaliser::Sigmoid => assert!(cells.iter().all(|a| (0.0..=1.0).contains(a))),
                }
            }
        }
    });
}

#[test]
fn what_each_head_adds_sums_up_to_the_attention() {
    each("sums", |config, seed, stream| {
        let device = Device::flex();
        let t = config.block_size;
        let model = model(config, seed, &device, unchanged);
        let of = |name: &str| -> Vec<f32> {
            let found = params::list(&model).into_iter().find(|p| p.name == name);
            found.map_or(vec![], |p| numbers(p.tensor))
        };
        let seen = recorded(&model, tensor(&tokens(stream, 2 * t), t, &device));
        let (c, h) = (config.n_embd, config.n_head);
        for layer in 0..config.n_layer {
            let at = |name: &str| &seen[&format!("blocks.{layer}.{name}")].1;
            let parameter = |name: &str| of(&format!("transformer.h.{layer}.attn.{name}"));
            let mut constant = vec![0.0; c];
            let mut add = |bias: Vec<f32>| constant.iter_mut().zip(bias).for_each(|(k, b)| *k += b);
            let parts = match config.attention {
                Attention::AdaptiveSpan(_) => {
                    // Each pass's bias goes through its half of Wp.
                    let wp = parameter("combine.weight");
                    for (half, name) in [(0, "c_proj.bias"), (1, "global.c_proj.bias")] {
                        let bias = parameter(name);
                        let row = |r: usize| &wp[r * 2 * c + half * c..][..bias.len()];
                        let through = |r| row(r).iter().zip(&bias).map(|(w, b)| w * b).sum();
                        add((0..c).map(through).collect());
                    }
                    add(parameter("combine.bias"));
                    vec![at("attn.local.hook_result"), at("attn.global.hook_result")]
                }
                _ => {
                    add(parameter("c_proj.bias"));
                    vec![at("attn.hook_result")]
                }
            };
            for (n, out) in at("hook_attn_out").iter().enumerate() {
                let (row, channel) = (n / c, n % c);
                let cells = parts
                    .iter()
                    .flat_map(|part| (0..h).map(move |head| part[(row * h + head) * c + channel]));
                let terms: Vec<f32> = cells.chain([constant[channel]]).collect();
                let sum: f32 = terms.iter().sum();
                let size: f32 = terms.iter().map(|x| x.abs()).sum();
                assert!(
                    (sum - out).abs() <= 1e-5 * size.max(1.0),
                    "{sum} is not {out}: {config:?}"
                );
            }
        }
    });
}

#[test]
fn a_new_gated_model_is_the_standard_model_to_the_bit() {
    for n in 0..20 {
        let mut stream = Stream::new(n, "gated");
        let gated = draw(&mut stream, Kind::HeadGated);
        let mut standard = gated;
        standard.attention = Attention::of(Kind::Standard, gated.attention.normaliser());
        let device = Device::flex();
        let t = gated.block_size;
        let text = tokens(&mut stream, 2 * t);
        let logits = |config: &ModelConfig| {
            let model = Gpt::new(config, VOCAB, n, &device);
            numbers(model.forward(tensor(&text, t, &device)))
        };
        assert_eq!(logits(&gated), logits(&standard), "{gated:?}");
    }
}

#[test]
fn a_span_over_everything_is_a_plain_second_pass() {
    for n in 0..20 {
        let mut stream = Stream::new(n, "whole span");
        let mut config = draw(&mut stream, Kind::AdaptiveSpan);
        config.bias = true;
        config.attention = Attention::AdaptiveSpan(AdaptiveSpan {
            sharpen: Sharpen::Off,
            ramp: pick(&mut stream, &[1.0, 4.0, 32.0]),
            ..AdaptiveSpan::default()
        });
        let device = Device::flex();
        let model = model(&config, n, &device, |name, x| match name {
            _ if name.ends_with("attn.span.bias") => 100.0,
            _ if name.ends_with("attn.rel_bias") => 0.0,
            _ => x,
        });
        let (t, h) = (config.block_size, config.n_head);
        let d = config.n_embd / h;
        let seen = recorded(&model, tensor(&tokens(&mut stream, t), t, &device));
        for layer in 0..config.n_layer {
            let at = |name: &str| &seen[&format!("blocks.{layer}.attn.{name}")].1;
            assert!(at("hook_span").iter().all(|z| *z == t as f32));
            let (q, k) = (at("local.hook_q"), at("local.hook_k"));
            let pattern = at("local.hook_pattern");
            for head in 0..h {
                for i in 0..t {
                    // The softmax of the plain dot products, in double precision.
                    let row = |x: &[f32], i: usize| -> Vec<f64> {
                        let start = (i * h + head) * d;
                        x[start..start + d].iter().map(|x| f64::from(*x)).collect()
                    };
                    let score = |j: usize| -> f64 {
                        let products = row(q, i).into_iter().zip(row(k, j));
                        products.map(|(q, k)| q * k).sum::<f64>() / (d as f64).sqrt()
                    };
                    let e: Vec<f64> = (0..=i).map(|j| score(j).exp()).collect();
                    let sum: f64 = e.iter().sum();
                    for (j, e) in e.iter().enumerate() {
                        let ours = f64::from(pattern[(head * t + i) * t + j]);
                        assert!((ours - e / sum).abs() < 1e-5, "{config:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn extremes_stay_finite_in_every_output_and_gradient() {
    each("extremes", |config, seed, stream| {
        let device = Device::flex().autodiff();
        // Scores a hundred times as large; spans at either end, and one token.
        let end = pick(stream, &[-60.0, 60.0]);
        let model = model(config, seed, &device, |name, x| {
            if name.ends_with("c_attn.weight") {
                10.0 * x
            } else if name.ends_with("attn.span.bias") || name.ends_with("attn.span.weight") {
                end * x.abs()
            } else {
                x
            }
        });
        let t = 1 + stream.below(config.block_size);
        let text = tokens(stream, 4 * t);
        let (input, target) = (
            tensor(&text[..2 * t], t, &device),
            tensor(&text[2 * t..], t, &device),
        );
        let loss = model.loss(input, target, None);
        let mut gradients = loss.objective.backward();
        assert!(
            numbers(loss.cross_entropy).iter().all(|x| x.is_finite()),
            "{config:?}"
        );
        let names = params::list(&model).into_iter().map(|p| p.name);
        for (name, gradient) in names.zip(params::gradients(&model, &mut gradients)) {
            let finite = numbers(gradient).iter().all(|x| x.is_finite());
            assert!(finite, "the gradient of {name} in {config:?}");
        }
    });
}

#[test]
fn kinds_share_their_start_byte_for_byte() {
    for recipe in Recipe::ALL {
        let start = |kind: Kind| -> BTreeMap<String, Vec<u32>> {
            let mut config = RunConfig::new(Preset::Glass, recipe).model;
            config.attention = Attention::of(kind, Normaliser::Softmax);
            let model = Gpt::new(&config, VOCAB, 5, &Device::flex());
            let all = params::list(&model).into_iter();
            all.map(|p| {
                (
                    p.name,
                    numbers(p.tensor).iter().map(|x| x.to_bits()).collect(),
                )
            })
            .collect()
        };
        let standard = start(Kind::Standard);
        for kind in Kind::ALL {
            let other = start(kind);
            assert!(other.len() >= standard.len());
            for (name, bits) in &standard {
                assert_eq!(other.get(name), Some(bits), "{name} of {kind:?}");
            }
        }
    }
}
