//! The project's only source of chance: a generator that is a pure function of a key and a counter.
//!
//! Weights, batches, dropout masks, draws and built-in corpora each read a [`Stream`] of their own,
//! named by a seed and a label. Nothing is shared and nothing has a state to save, so that a run
//! gives the same numbers on every backend, in every order of evaluation and after a resume (rule
//! two of the model's definition). The mixing function is SplitMix64 (Steele, Lea, Flood 2014),
//! evaluated at `key + counter`.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An endless, random-access sequence of 64-bit words.
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    counter: u64,
}

impl Stream {
    /// The stream of that seed and label; different labels are independent of one another.
    pub fn new(seed: u32, label: &str) -> Self {
        let key = label.bytes().fold(mix(u64::from(seed)), |key, byte| {
            mix(key.wrapping_add(GOLDEN) ^ u64::from(byte))
        });
        Stream { key, counter: 0 }
    }

    /// A stream within this one, for one step, layer or item.
    pub fn at(&self, index: u64) -> Self {
        Stream {
            key: mix(self.key ^ mix(index.wrapping_add(GOLDEN))),
            counter: 0,
        }
    }

    /// The word at a position, whatever was drawn before.
    pub fn word(&self, index: u64) -> u64 {
        mix(self.key.wrapping_add(index.wrapping_mul(GOLDEN)))
    }

    fn next(&mut self) -> u64 {
        self.counter += 1;
        self.word(self.counter)
    }

    /// Uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform over 0..n; 0 when n is 0.
    pub fn below(&mut self, n: usize) -> usize {
        // The product's upper half: its bias is n / 2^64 (Lemire 2019).
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// One of the items; `None` when there are none.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Standard normal (Box and Muller 1958). `libm` instead of the platform's functions, so that
    /// native and wasm agree to the bit.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_reproducible_and_independent() {
        let draw = |seed, label| Stream::new(seed, label).uniform();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        let stream = Stream::new(1, "a");
        assert_ne!(stream.at(0).word(0), stream.at(1).word(0));
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut stream = Stream::new(7, "moments");
        let n = 100_000;
        let (mut mean, mut square, mut uniform) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let z = stream.normal();
            mean += z / f64::from(n);
            square += z * z / f64::from(n);
            uniform += stream.uniform() / f64::from(n);
        }
        // Six standard errors.
        assert!(mean.abs() < 0.02 && (square - 1.0).abs() < 0.03 && (uniform - 0.5).abs() < 0.006);
        assert!((0..1000).all(|_| stream.below(3) < 3));
    }
}
