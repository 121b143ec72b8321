//! Made-up passes for tests: a model's arithmetic in double precision, with patterns, values and
//! feed-forwards that are drawn and not computed. Everything that is a sum, a norm or an unembedding
//! is as in the model.

use super::unembedding::LayerNorm;
use super::vectors::{add_scaled, product, softmax, wide};
use crate::config::attention::Normaliser;
use crate::config::{Attention, Kind, ModelConfig, Norm, RunConfig};
use crate::protocol::Backend;
use crate::random::Stream;
use crate::trace::{About, Array, Arrays, Entry, Pass, Path, Trace, VERSION};

pub const KINDS: [Kind; 4] = Kind::ALL;
pub const VOCAB: [char; 5] = ['a', 'b', 'c', 'd', 'e'];

/// Two blocks, three heads, six channels.
pub fn model(kind: Kind) -> ModelConfig {
    let mut model = RunConfig::default().model;
    model.attention = Attention::of(kind, Normaliser::default());
    (model.n_layer, model.n_head, model.n_embd) = (2, 3, 6);
    model
}

pub struct Made {
    pub trace: Trace,
    pub weights: Arrays,
}

/// Named arrays as they come.
#[derive(Default)]
struct Buffer {
    entries: Vec<Entry>,
    data: Vec<f32>,
}

impl Buffer {
    fn put(&mut self, name: impl Into<String>, shape: &[usize], data: &[f64]) {
        assert_eq!(shape.iter().product::<usize>(), data.len());
        self.entries.push(Entry {
            name: name.into(),
            shape: shape.to_vec(),
        });
        self.data.extend(data.iter().map(|x| *x as f32));
    }

    fn rows(&mut self, name: impl Into<String>, rows: &[Vec<f64>]) {
        self.put(name, &[rows.len(), rows[0].len()], &rows.concat());
    }
}

impl Made {
    pub fn new(model: &ModelConfig, t: usize, seed: u32) -> Made {
        let weights = weights(model, seed);
        let mut stream = Stream::new(seed, "pass");
        let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| stream.normal()).collect() };
        let (c, h) = (model.n_embd, model.n_head);
        let mut out = Buffer::default();
        let tokens = |draw: &mut dyn FnMut(usize) -> Vec<f64>| -> Vec<Vec<f64>> {
            (0..t).map(|_| draw(c)).collect()
        };
        let embed = tokens(&mut draw);
        let pos_embed = tokens(&mut draw);
        out.rows("hook_embed", &embed);
        out.rows("hook_pos_embed", &pos_embed);
        let mut x = plus(&embed, &pos_embed);
        for layer in 0..model.n_layer {
            let block = format!("blocks.{layer}");
            out.rows(format!("{block}.hook_resid_pre"), &x);
            let mut attn_out =
                vec![super::contributions::biases(model, &weights, layer).expect("there"); t];
            let passes = match model.attention.kind() {
                Kind::AdaptiveSpan => vec![Some(Pass::Global), Some(Pass::Local)],
                _ => vec![None],
            };
            for pass in passes {
                let attn = match pass {
                    Some(pass) => format!("{block}.attn.{}", pass.name()),
                    None => format!("{block}.attn"),
                };
                let mut pattern = Vec::new();
                for _ in 0..h {
                    for i in 0..t {
                        let mut row = softmax(&draw(i + 1));
                        row.resize(t, 0.0);
                        pattern.extend(row);
                    }
                }
                out.put(format!("{attn}.hook_pattern"), &[h, t, t], &pattern);
                let result = draw(t * h * c);
                for (token, slices) in attn_out.iter_mut().zip(result.chunks(h * c)) {
                    for slice in slices.chunks(c) {
                        add_scaled(token, 1.0, slice);
                    }
                }
                out.put(format!("{attn}.hook_result"), &[t, h, c], &result);
            }
            out.rows(format!("{block}.hook_attn_out"), &attn_out);
            let mlp_out = tokens(&mut draw);
            for (n, branch) in [(1, &attn_out), (2, &mlp_out)] {
                x = plus(&x, branch);
                if model.norm == Norm::Post {
                    let name = format!("transformer.h.{layer}.ln_{n}");
                    x = normed(&mut out, &format!("{block}.ln{n}"), &name, &weights, x);
                }
                let name = if n == 1 { "mid" } else { "post" };
                out.rows(format!("{block}.hook_resid_{name}"), &x);
            }
            out.rows(format!("{block}.hook_mlp_out"), &mlp_out);
        }
        if model.norm == Norm::Pre {
            x = normed(&mut out, "ln_final", "transformer.ln_f", &weights, x);
        }
        let head = if model.tied {
            "transformer.wte.weight"
        } else {
            "lm_head.weight"
        };
        let head = weights.get(head).expect("there").data;
        let logits: Vec<Vec<f64>> = x.iter().map(|x| product(head, x)).collect();
        out.rows("logits", &logits);
        let probabilities: Vec<Vec<f64>> = logits.iter().map(|row| softmax(row)).collect();
        out.rows("probabilities", &probabilities);

        let tokens: Vec<u32> = (0..t).map(|i| (i % VOCAB.len()) as u32).collect();
        let about = About {
            version: VERSION,
            text: tokens.iter().map(|i| VOCAB[*i as usize]).collect(),
            tokens,
            cut: 0,
            vocab: VOCAB.to_vec(),
            model: *model,
            step: 0,
            path: Path::Readable,
            backend: Backend::Cpu,
            interventions: Vec::new(),
            first: 0,
            entries: out.entries,
        };
        Made {
            trace: Trace::new(about, out.data).expect("adds up"),
            weights,
        }
    }

    /// What is added to the stream besides heads and attention's biases, with the block whose
    /// direct road it takes.
    pub fn other_summands(&self) -> Vec<(String, usize)> {
        let layers = 0..self.trace.about.model.n_layer;
        let mut all: Vec<(String, usize)> = layers
            .map(|n| (format!("blocks.{n}.hook_mlp_out"), n))
            .collect();
        all.push(("hook_embed".into(), 0));
        all.push(("hook_pos_embed".into(), 0));
        all
    }

    /// A block's first or second norm with its scales.
    pub fn norm(&self, layer: usize, n: usize) -> (LayerNorm, Vec<f64>) {
        let norm = LayerNorm::named(&self.weights, &format!("transformer.h.{layer}.ln_{n}"));
        let Array { data, .. } = self
            .trace
            .get(&format!("blocks.{layer}.ln{n}.hook_scale"))
            .expect("recorded");
        (norm.expect("there"), wide(data))
    }
}

fn plus(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let sums = a.iter().zip(b).map(|(a, b)| {
        let mut sum = a.clone();
        add_scaled(&mut sum, 1.0, b);
        sum
    });
    sums.collect()
}

fn normed(
    out: &mut Buffer,
    hook: &str,
    name: &str,
    weights: &Arrays,
    x: Vec<Vec<f64>>,
) -> Vec<Vec<f64>> {
    let scale = |x: &Vec<f64>| {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n + 1e-5).sqrt()
    };
    let scales: Vec<f64> = x.iter().map(scale).collect();
    out.put(format!("{hook}.hook_scale"), &[x.len(), 1], &scales);
    let norm = LayerNorm::named(weights, name).expect("there");
    x.iter().map(|x| norm.forward(x)).collect()
}

fn weights(model: &ModelConfig, seed: u32) -> Arrays {
    let mut stream = Stream::new(seed, "weights");
    let mut out = Buffer::default();
    let (c, v) = (model.n_embd, VOCAB.len());
    let mut put = |name: String, shape: &[usize]| {
        let n = shape.iter().product();
        let data: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        out.put(name, shape, &data);
    };
    put("transformer.wte.weight".into(), &[v, c]);
    put("lm_head.weight".into(), &[v, c]);
    let mut norms = vec!["transformer.ln_f".to_string()];
    for n in 0..model.n_layer {
        norms.extend([1, 2].map(|m| format!("transformer.h.{n}.ln_{m}")));
        let attn = format!("transformer.h.{n}.attn");
        put(format!("{attn}.c_proj.bias"), &[c]);
        put(format!("{attn}.global.c_proj.bias"), &[c]);
        put(format!("{attn}.combine.bias"), &[c]);
        put(format!("{attn}.combine.weight"), &[c, 2 * c]);
    }
    for norm in norms {
        put(format!("{norm}.weight"), &[c]);
        if model.bias {
            put(format!("{norm}.bias"), &[c]);
        }
    }
    Arrays::new(out.entries, out.data).expect("adds up")
}
