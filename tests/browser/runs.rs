//! The runs and texts that tests share, and what can be known of them without our own code.

use harness::{Outcome, Page, trouble};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The ready-made models of one text, a kind of attention each.
pub const GLASS: [&str; 4] = [
    "glass-standard",
    "glass-head-gated",
    "glass-adaptive-span",
    "glass-additive",
];

/// What the page calls the button that takes a text file.
pub const CHOOSER: &str = "A text file of yours";

/// What `glassformer.ready` says.
#[derive(Debug, Deserialize)]
pub struct Ready {
    pub backend: String,
    pub adapter: Option<String>,
    pub reason: String,
}

/// What `glassformer.newRun` answers.
#[derive(Debug, Deserialize)]
pub struct Made {
    pub params: u64,
    pub backend: String,
    pub adapter: Option<String>,
}

/// What `glassformer.train` answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trained {
    pub step: u32,
    pub train_loss: f64,
}

/// A text with structure to learn, made here so that no engine's corpus is its own judge.
pub fn text() -> String {
    let adjectives = ["big", "small", "fluffy", "green", "quick", "old"];
    let nouns = ["dog", "cat", "house", "tree", "boat"];
    let mut chance = 12345_u32;
    let mut pick = |n: usize| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (chance >> 16) as usize % n
    };
    let mut text = String::new();
    while text.len() < 12_000 {
        let (a, b) = (adjectives[pick(6)], adjectives[pick(6)]);
        text.push_str(&format!("the {a} {b} {}\n", nouns[pick(5)]));
    }
    text
}

/// How many distinct characters a text has.
pub fn vocabulary(text: &str) -> usize {
    counts(text).len()
}

/// The loss, in nats, of a model that knows how often each character comes and nothing else.
pub fn entropy(text: &str) -> f64 {
    let n = text.chars().count() as f64;
    let shares = counts(text).into_values().map(|count| f64::from(count) / n);
    -shares.map(|p| p * p.ln()).sum::<f64>()
}

fn counts(text: &str) -> HashMap<char, u32> {
    let mut counts = HashMap::new();
    for c in text.chars() {
        *counts.entry(c).or_insert(0) += 1;
    }
    counts
}

/// The smallest configuration worth training: 1 layer, 4 heads, 32 channels, block 32, batch 4.
pub fn small() -> Json {
    json!({
        "model": {"n_layer": 1, "n_head": 4, "n_embd": 32, "block_size": 32},
        "train": {"batch_size": 4, "max_steps": 1000, "eval_every": 1000},
        "corpus": {"text": text()},
        "seed": 7,
    })
}

/// Makes a run from an object as `newRun` takes it.
///
/// # Errors
/// When the page refuses it.
pub fn new_run(page: &mut Page, spec: &Json) -> Outcome<Made> {
    page.eval(&format!("await glassformer.newRun({spec})"))
}

/// Trains so many steps one by one, and gives each one's loss.
///
/// # Errors
/// When the page refuses, or counts wrongly.
pub fn losses(page: &mut Page, steps: usize) -> Outcome<Vec<f64>> {
    let trained: Vec<Trained> = page.script(&format!(
        "const all = [];
         for (let i = 0; i < {steps}; i++) all.push(await glassformer.train(1));
         return all;"
    ))?;
    let first = trained[0].step;
    for (i, t) in trained.iter().enumerate() {
        if t.step as usize != first as usize + i {
            return trouble(format!("steps are miscounted: {trained:?}"));
        }
    }
    Ok(trained.into_iter().map(|t| t.train_loss).collect())
}

/// Fails unless both lists agree within `tolerance`, number by number.
///
/// # Errors
/// The first pair that does not.
pub fn agree(a: &[f64], b: &[f64], tolerance: f64) -> Outcome<()> {
    // NaN agrees with nothing.
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    let apart = a.iter().zip(b).position(|pair| !close(pair));
    match apart {
        _ if a.len() != b.len() => trouble(format!("{} losses against {}", a.len(), b.len())),
        Some(i) => trouble(format!(
            "loss {i} differs: {} against {}, more than {tolerance}\n{a:?}\n{b:?}",
            a[i], b[i]
        )),
        None => Ok(()),
    }
}
