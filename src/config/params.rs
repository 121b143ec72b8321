//! How many numbers a model is made of, by name: plain arithmetic on the configuration, so that the
//! page can say what a change costs before any model exists.

use super::attention::{Attention, GateNorm};
use super::{ModelConfig, Norm};

/// Tensors that do one thing, as one line of the bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// In the reader's words.
    pub label: &'static str,
    /// The name in a checkpoint; `*` stands for every layer.
    pub name: &'static str,
    /// Trainable numbers, biases and all layers included.
    pub count: usize,
    /// How the number comes about: "32 x 8 x 4 = 1,024 a head, ...".
    pub working: String,
}

impl ModelConfig {
    /// The bill: every trained part that this configuration has, in the order of a forward pass.
    pub fn items(&self, vocab: usize) -> Vec<Item> {
        let (c, h, layers) = (self.n_embd, self.n_head, self.n_layer);
        let d = c / h.max(1);
        let bias = |width: usize| if self.bias { width } else { 0 };
        let norm = |width: usize| width + bias(width);
        let norms = if self.norm == Norm::None { 0 } else { 2 };
        let mut bill = Vec::new();
        let mut item = |label, name, count: usize, working: String| {
            let item = Item {
                label,
                name,
                count,
                working,
            };
            bill.extend((count > 0).then_some(item));
        };
        let biases = |n: usize| match bias(n) {
            0 => String::new(),
            n => format!(", and {} biases", grouped(n as u64)),
        };
        // A head's queries, keys, values and its columns of Wo: the seed counts GPT-3's that way.
        let heads = || {
            let each = grouped((c * d * 4) as u64);
            let biases = biases(layers * 4 * c);
            format!("{c} x {d} x 4 = {each} a head, x {h} heads x {layers} layers{biases}")
        };
        let pass = layers * (4 * c * c + bias(4 * c));

        item(
            "Characters",
            "transformer.wte",
            vocab * c,
            format!("{vocab} x {c}"),
        );
        let block = self.block_size;
        item(
            "Positions",
            "transformer.wpe",
            block * c,
            format!("{block} x {c}"),
        );
        match self.attention {
            Attention::Standard(_) => {
                item("Attention", "transformer.h.*.attn", pass, heads());
            }
            Attention::HeadGated(options) => {
                item("Attention", "transformer.h.*.attn", pass, heads());
                let seen = match options.gate_norm {
                    GateNorm::Heads if h > 2 => 3 * norm(h),
                    GateNorm::Heads | GateNorm::None => 0,
                };
                let weights = 12 * h * 3 * h + 12 * h * h;
                let gate = weights + bias(12 * h + h) + seen;
                let norms = if seen > 0 { " and norms" } else { "" };
                item(
                    "Gates",
                    "transformer.h.*.attn.gate",
                    layers * gate,
                    format!(
                        "{} x {} + {h} x {} = {}, with biases{norms} {}, x {layers} layers",
                        12 * h,
                        3 * h,
                        12 * h,
                        grouped(weights as u64),
                        grouped(gate as u64)
                    ),
                );
            }
            Attention::AdaptiveSpan(options) => {
                item("Local pass", "transformer.h.*.attn", pass, heads());
                let ln = if self.norm == Norm::Pre { norm(c) } else { 0 };
                item(
                    "Global pass",
                    "transformer.h.*.attn.global",
                    pass + layers * ln,
                    match ln {
                        0 => heads(),
                        ln => format!("{}, and a norm of {ln} a layer", heads()),
                    },
                );
                let predictor = norm(c) + c + bias(1);
                item(
                    "Span predictor",
                    "transformer.h.*.attn.span",
                    layers * predictor,
                    format!("{c} weights and a norm: {predictor} x {layers} layers"),
                );
                let m = options.longest(self.block_size);
                item(
                    "Distance biases",
                    "transformer.h.*.attn.rel_bias",
                    layers * h * m,
                    format!("{h} heads x {m} distances x {layers} layers"),
                );
                item(
                    "Combine",
                    "transformer.h.*.attn.combine",
                    layers * (2 * c * c + bias(c)),
                    format!("{c} x {} x {layers} layers{}", 2 * c, biases(layers * c)),
                );
            }
            Attention::Additive(_) => {
                item("Attention", "transformer.h.*.attn", pass, heads());
                item(
                    "Score vectors",
                    "transformer.h.*.attn.additive",
                    layers * c,
                    format!("{d} x {h} heads x {layers} layers"),
                );
            }
        }
        item(
            "Feed forward",
            "transformer.h.*.mlp",
            layers * (8 * c * c + bias(5 * c)),
            format!(
                "{c} x {} x 2 x {layers} layers{}",
                4 * c,
                biases(layers * 5 * c)
            ),
        );
        item(
            "Layer norms",
            "transformer.h.*.ln_*",
            layers * norms * norm(c),
            format!("{} x {norms} x {layers} layers", norm(c)),
        );
        let last_norm = if self.norm == Norm::Pre { norm(c) } else { 0 };
        item(
            "Last norm",
            "transformer.ln_f",
            last_norm,
            format!("{last_norm}"),
        );
        let head = if self.tied { 0 } else { vocab * c };
        item("Output head", "lm_head", head, format!("{vocab} x {c}"));
        bill
    }

    /// Trainable numbers in all.
    pub fn param_count(&self, vocab: usize) -> usize {
        self.items(vocab).iter().map(|item| item.count).sum()
    }
}

/// 6291456 as "6,291,456".
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::config::{ModelConfig, Norm, Preset, Recipe, RunConfig};

    fn glass() -> ModelConfig {
        RunConfig::new(Preset::Glass, Recipe::Notes).model
    }

    #[test]
    fn glass_by_hand() {
        // 27 characters, C = 32, block 64, two layers, biases everywhere but in the head.
        let characters = 27 * 32;
        let positions = 64 * 32;
        let norms = 2 * (2 * 64);
        let attention = 2 * (32 * 96 + 96 + 32 * 32 + 32);
        let feed_forward = 2 * (32 * 128 + 128 + 128 * 32 + 32);
        let sum = characters + positions + norms + attention + feed_forward + 64 + characters;
        assert_eq!(sum, 29_248);
        assert_eq!(glass().param_count(27), sum);

        let bill = glass().items(27);
        assert_eq!(bill[2].count, attention);
        assert_eq!(bill[2].name, "transformer.h.*.attn");
    }

    #[test]
    fn what_is_absent_is_not_billed() {
        let whole = glass().param_count(27);
        let without = |change: fn(&mut ModelConfig)| {
            let mut model = glass();
            change(&mut model);
            whole - model.param_count(27)
        };
        assert_eq!(without(|m| m.tied = true), 27 * 32);
        assert_eq!(without(|m| m.norm = Norm::Post), 64);
        assert_eq!(without(|m| m.norm = Norm::None), 5 * 64);
        assert_eq!(
            without(|m| m.bias = false),
            2 * (2 * 32 + 96 + 32 + 128 + 32) + 32
        );
        assert_eq!(without(|m| m.n_layer = 1), 12_704);
    }

    #[test]
    fn a_head_of_gpt3_is_counted_as_the_notes_count_it() {
        let gpt3 = ModelConfig {
            n_layer: 96,
            n_head: 96,
            n_embd: 12_288,
            block_size: 2048,
            bias: false,
            ..glass()
        };
        let bill = gpt3.items(50_257);
        let attention = bill.iter().find(|item| item.label == "Attention");
        let attention = attention.expect("every model has it");
        assert_eq!(attention.count, 57_982_058_496);
        assert!(
            attention
                .working
                .starts_with("12288 x 128 x 4 = 6,291,456 a head"),
            "{}",
            attention.working
        );
    }
}
