//! The masks of [`crate::engine::dropout`], number for number, as factors on the CPU.

use crate::engine::dropout::{Dropout, MULTIPLIER, ROUNDS, Site, threshold};

/// One site's mask in one layer at one step.
#[derive(Clone, Debug)]
pub struct Mask {
    keys: [u32; ROUNDS as usize],
    threshold: u32,
    /// 1 / (1 - rate)
    scale: f32,
}

impl Mask {
    pub fn new(dropout: &Dropout, layer: usize, site: Site) -> Self {
        let mut keys = [0; ROUNDS as usize];
        for (to, key) in keys.iter_mut().zip(dropout.keys(layer, site)) {
            *to = key as u32;
        }
        let threshold = threshold(dropout.rate) as u32;
        Mask {
            keys,
            threshold,
            scale: (1.0 - threshold as f32 / 65536.0).recip(),
        }
    }

    /// Multiplies numbers that begin at place `first` of the site's tensor by their factors: 0, or
    /// 1 / (1 - rate).
    pub fn apply(&self, first: usize, x: &mut [f32]) {
        for (n, x) in x.iter_mut().enumerate() {
            *x *= self.factor((first + n) as u32);
        }
    }

    #[inline(always)]
    fn factor(&self, index: u32) -> f32 {
        let (mut left, mut right) = (index >> 16, index & 0xffff);
        for key in self.keys {
            let mixed = ((right ^ key).wrapping_mul(MULTIPLIER as u32) >> 7) & 0xffff;
            (left, right) = (right, left ^ mixed);
        }
        if right < self.threshold {
            0.0
        } else {
            self.scale
        }
    }
}
