//! Dropout whose masks are pure functions of (seed, step, layer, site, index).
//!
//! A mask does not depend on the backend, on the order of evaluation or on what was drawn before,
//! so that CPU, WebGPU and a resumed run silence the same numbers (rule two). The index runs over
//! the tensor on the device, so nothing is uploaded. Integers there are signed and 32 bits wide: the
//! hash is a Feistel network over two 16-bit halves whose products stay below 2^31.

use crate::random::Stream;
use burn::tensor::{Int, Tensor};

/// The places in a model where dropout can fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    Embedding,
    /// The attention pattern, after the softmax; of `adaptive_span`, the local pass's.
    Pattern,
    /// The global pass's pattern of `adaptive_span`.
    GlobalPattern,
    /// The logits of `head_gated`'s gates.
    Gate,
    /// The end of the attention branch.
    AttnOut,
    /// The end of the feed-forward branch.
    MlpOut,
}

impl Site {
    fn name(self) -> &'static str {
        match self {
            Site::Embedding => "embedding",
            Site::Pattern => "pattern",
            Site::GlobalPattern => "global_pattern",
            Site::Gate => "gate",
            Site::AttnOut => "attn_out",
            Site::MlpOut => "mlp_out",
        }
    }
}

/// What a training step drops. Evaluation has none.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    pub seed: u32,
    pub step: u32,
    /// Share of numbers that become 0; the others grow by 1 / (1 - rate).
    pub rate: f32,
}

/// Rounds of the network; four already pass for random, six leave a margin.
pub(super) const ROUNDS: u64 = 6;

impl Dropout {
    /// `x` with the site's mask on it; any shape.
    pub fn apply<const D: usize>(&self, x: Tensor<D>, layer: usize, site: Site) -> Tensor<D> {
        if self.rate <= 0.0 {
            return x;
        }
        let dims = x.dims();
        let device = x.device();
        let n: usize = dims.iter().product();
        let draws = self.draws(layer, site, Tensor::arange(0..n as i64, &device)); // [n]
        let threshold = threshold(self.rate);
        let dropped = draws.lower_elem(threshold).reshape(dims);
        let kept = 1.0 - threshold as f32 / 65536.0;
        x.mask_fill(dropped, 0.0).div_scalar(kept)
    }

    /// What the rounds of that site's network are keyed with at this step.
    pub(super) fn keys(&self, layer: usize, site: Site) -> impl Iterator<Item = i32> {
        let stream = Stream::new(self.seed, "dropout")
            .at(u64::from(self.step))
            .at(layer as u64);
        let label = site
            .name()
            .bytes()
            .fold(0u64, |all, byte| all.wrapping_mul(257) + u64::from(byte));
        let stream = stream.at(label);
        (0..ROUNDS).map(move |round| (stream.word(round) & 0xffff) as i32)
    }

    /// 16 random bits for each index, on the device.
    fn draws(&self, layer: usize, site: Site, index: Tensor<1, Int>) -> Tensor<1, Int> {
        let mut left = index.clone().bitwise_right_shift_scalar(16); // [n]
        let mut right = index.bitwise_and_scalar(0xffff); // [n]
        for key in self.keys(layer, site) {
            let mixed = right
                .clone()
                .bitwise_xor_scalar(key)
                .mul_scalar(MULTIPLIER)
                .bitwise_right_shift_scalar(7)
                .bitwise_and_scalar(0xffff);
            let next = left.bitwise_xor(mixed);
            left = right;
            right = next;
        }
        right
    }
}

/// Odd, below 2^15, with well spread bits.
pub(super) const MULTIPLIER: i32 = 0x6b2d;

/// Draws below it are dropped.
pub(super) fn threshold(rate: f32) -> i32 {
    (rate * 65536.0).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// The same network in plain integers.
    fn reference(dropout: &Dropout, layer: usize, site: Site, index: u32) -> u32 {
        let (mut left, mut right) = (index >> 16, index & 0xffff);
        for key in dropout.keys(layer, site) {
            let mixed = (((right ^ key as u32) * MULTIPLIER as u32) >> 7) & 0xffff;
            (left, right) = (right, left ^ mixed);
        }
        right
    }

    #[test]
    fn the_device_draws_what_plain_integers_draw() {
        let dropout = Dropout {
            seed: 3,
            step: 17,
            rate: 0.2,
        };
        let index: Vec<i32> = (0..3000).map(|i| i * 7919).collect();
        let tensor = Tensor::<1, Int>::from_data(index.as_slice(), &Device::flex());
        let draws = dropout.draws(1, Site::Pattern, tensor).into_data();
        let expected: Vec<u32> = index
            .iter()
            .map(|i| reference(&dropout, 1, Site::Pattern, *i as u32))
            .collect();
        let draws: Vec<u32> = draws.iter::<i64>().map(|d| d as u32).collect();
        assert_eq!(draws, expected);
    }

    #[test]
    fn the_share_dropped_is_the_rate_and_the_mean_stays() {
        let x = Tensor::<2>::ones([300, 300], &Device::flex());
        let mut previous = Vec::new();
        for step in 0..4 {
            let dropout = Dropout {
                seed: 1,
                step,
                rate: 0.2,
            };
            let y: Vec<f32> = dropout
                .apply(x.clone(), 0, Site::MlpOut)
                .into_data()
                .iter::<f32>()
                .collect();
            let dropped = y.iter().filter(|v| **v == 0.0).count() as f64 / y.len() as f64;
            // Six standard errors of 90,000 draws.
            assert!((dropped - 0.2).abs() < 0.008, "{dropped}");
            assert!(y.iter().all(|v| *v == 0.0 || (v - 1.25).abs() < 1e-4));
            // Independent masks agree on 0.2^2 + 0.8^2 of the cells.
            if !previous.is_empty() {
                let same = y.iter().zip(&previous).filter(|(a, b)| a == b).count();
                assert!((same as f64 / y.len() as f64 - 0.68).abs() < 0.01);
            }
            previous = y;
        }
    }
}
