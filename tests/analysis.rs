//! What is read off passes of the ready-made models: that it agrees with the pass itself.

use glassformer::analysis::contributions::{biases, contributions, sum};
use glassformer::analysis::lens::{Point, lens};
use glassformer::analysis::{Analysis, Head, Needs, Options, of_trace};
use glassformer::engine::{checkpoint, device::Place};
use glassformer::models::{MANIFEST, Manifest};
use glassformer::trace::{Arrays, Trace};
use std::path::Path;

/// A pass of every ready-made model over its own prompt, with its weights.
fn passes() -> Vec<(String, Trace, Arrays)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/www/models"));
    let manifest = std::fs::read(folder.join(MANIFEST)).expect("the manifest");
    let manifest: Manifest = serde_json::from_slice(&manifest).expect("a manifest");
    let pass = |model: &glassformer::models::Pretrained| {
        let bytes = std::fs::read(folder.join(model.file())).expect("the model");
        let run = checkpoint::load(&bytes, None, &Place::cpu()).expect("loads");
        pollster::block_on(async {
            let trace = run.trace(&model.prompt, &[]).await.expect("traced");
            let (entries, data) = run.weights().await.expect("read");
            let weights = Arrays::new(entries, data).expect("adds up");
            (model.name.clone(), trace, weights)
        })
    };
    manifest.models.iter().map(pass).collect()
}

fn row<'a>(trace: &'a Trace, name: &str, t: usize) -> &'a [f32] {
    let array = trace.get(name).expect("recorded");
    let n = array.shape[1];
    &array.data[t * n..][..n]
}

#[test]
fn every_model_is_what_its_analyses_say() {
    for (name, trace, weights) in passes() {
        slices_sum_to_the_output_less_biases(&name, &trace, &weights);
        the_lens_ends_in_the_model(&name, &trace, &weights);
        shares_of_heads_are_the_share_of_attention(&name, &trace, &weights);
        for analysis in Analysis::ALL {
            let report = of_trace(analysis, &trace, &weights, &Options::default());
            assert_eq!(report.is_ok(), analysis.needs() != Needs::Passes, "{name}");
        }
    }
}

fn slices_sum_to_the_output_less_biases(name: &str, trace: &Trace, weights: &Arrays) {
    let model = &trace.about.model;
    for layer in 0..model.n_layer {
        let heads = Head::of_layer(model, layer).into_iter();
        let slices: Vec<Vec<&[f32]>> = heads
            .map(|head| head.contributions(trace).expect("recorded"))
            .collect();
        let biases = biases(model, weights, layer).expect("there");
        for t in 0..trace.about.tokens.len() {
            let here: Vec<&[f32]> = slices.iter().map(|tokens| tokens[t]).collect();
            let out = row(trace, &format!("blocks.{layer}.hook_attn_out"), t);
            for ((sum, bias), out) in sum(&here).iter().zip(&biases).zip(out) {
                let off = (sum + bias - f64::from(*out)).abs();
                assert!(off < 1e-5, "{name}, block {layer}, token {t}: {off:e}");
            }
        }
    }
}

fn the_lens_ends_in_the_model(name: &str, trace: &Trace, weights: &Arrays) {
    let readings = lens(trace, weights, &Options::default()).expect("whole");
    let last = Point::Post(trace.about.model.n_layer - 1);
    for reading in readings.iter().filter(|reading| reading.point == last) {
        let logits = row(trace, "logits", reading.position);
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let off = (reading.followed.logit - f64::from(most)).abs();
        assert!(off < 1e-4 && reading.followed.rank == 1, "{name}: {off:e}");
    }
}

/// What the heads put to a logit together is what the sum of them puts to it: recomputed here from
/// the trace's own sum, E, so that a head left out or counted twice would be seen.
fn shares_of_heads_are_the_share_of_attention(name: &str, trace: &Trace, weights: &Arrays) {
    let model = &trace.about.model;
    let stretch = weights.get("transformer.ln_f.weight").expect("norm: pre");
    let unembedding = match model.tied {
        true => weights.get("transformer.wte.weight"),
        false => weights.get("lm_head.weight"),
    };
    let unembedding = unembedding.expect("there");
    let found = contributions(trace, weights, &Options::default()).expect("whole");
    for layer in 0..model.n_layer {
        let biases = biases(model, weights, layer).expect("there");
        for t in 0..trace.about.tokens.len() {
            let mut here = found
                .iter()
                .filter(|c| c.head.layer == layer && c.position == t);
            let together: f64 = here.clone().map(|c| c.logit_share).sum();
            let character = here.next_back().expect("heads").character;
            let vocab = &trace.about.vocab;
            let token = vocab.iter().position(|c| *c == character).expect("known");
            let out = row(trace, &format!("blocks.{layer}.hook_attn_out"), t);
            let e: Vec<f64> = out
                .iter()
                .zip(&biases)
                .map(|(x, b)| f64::from(*x) - b)
                .collect();
            let mean = e.iter().sum::<f64>() / e.len() as f64;
            let scale = f64::from(row(trace, "ln_final.hook_scale", t)[0]);
            let expected: f64 = (0..e.len())
                .map(|c| {
                    let w = unembedding.at(&[token, c]).expect("a channel");
                    f64::from(w * stretch.data[c]) * (e[c] - mean) / scale
                })
                .sum();
            let off = (together - expected).abs();
            assert!(off < 1e-4, "{name}, block {layer}, token {t}: {off:e}");
        }
    }
}
