//! How many numbers a model is made of, by name: plain arithmetic on the configuration, so that the
//! page can say what a change costs before any model exists.

use super::{Attention, ModelConfig, Norm};

/// Tensors that do one thing, as one line of the bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// In the reader's words.
    pub label: &'static str,
    /// The name in a checkpoint; `*` stands for every layer.
    pub name: &'static str,
    /// Trainable numbers, biases and all layers included.
    pub count: usize,
}

impl ModelConfig {
    /// The bill: every trained part that this configuration has, in the order of a forward pass.
    pub fn items(&self, vocab: usize) -> Vec<Item> {
        let (c, layers) = (self.n_embd, self.n_layer);
        let bias = |width: usize| if self.bias { width } else { 0 };
        let linear = |from: usize, to: usize| from * to + bias(to);
        let norm = if self.norm == Norm::None {
            0
        } else {
            c + bias(c)
        };
        let last_norm = if self.norm == Norm::Pre { norm } else { 0 };
        let head = if self.tied { 0 } else { vocab * c };
        let attention = match self.attention {
            Attention::Standard {} => linear(c, 3 * c) + linear(c, c),
        };
        let feed_forward = linear(c, 4 * c) + linear(4 * c, c);

        let bill = [
            ("Characters", "transformer.wte", vocab * c),
            ("Positions", "transformer.wpe", self.block_size * c),
            ("Attention", "transformer.h.*.attn", layers * attention),
            ("Feed forward", "transformer.h.*.mlp", layers * feed_forward),
            ("Layer norms", "transformer.h.*.ln_*", layers * 2 * norm),
            ("Last norm", "transformer.ln_f", last_norm),
            ("Output head", "lm_head", head),
        ];
        let items = bill.map(|(label, name, count)| Item { label, name, count });
        items.into_iter().filter(|item| item.count > 0).collect()
    }

    /// Trainable numbers in all.
    pub fn param_count(&self, vocab: usize) -> usize {
        self.items(vocab).iter().map(|item| item.count).sum()
    }
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
}
