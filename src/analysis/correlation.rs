//! Do two numbers go together? Pearson's correlation, with its interval.

use serde::Serialize;

/// 95 % of a normal distribution lie within so many deviations.
const DEVIATIONS: f64 = 1.959_963_984_540_054;

/// Takes pair after pair. Sums are kept of what is off the running means (Welford 1962), so that
/// large numbers close together lose nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Correlation {
    n: usize,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

/// Pearson's r of n pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Correlated {
    /// -1 to 1.
    pub r: f64,
    /// Pairs.
    pub count: usize,
    /// The 95 % interval: Fisher's z = atanh r is about normal with deviation 1 / sqrt(n - 3)
    /// (Fisher 1921). `None` of fewer than four pairs. It takes pairs for independent, which those
    /// of one text are not quite: the true interval is wider.
    pub interval: Option<[f64; 2]>,
}

impl Correlation {
    pub fn add(&mut self, x: f64, y: f64) {
        self.n += 1;
        let n = self.n as f64;
        let (dx, dy) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += dx / n;
        self.mean_y += dy / n;
        self.xx += dx * (x - self.mean_x);
        self.yy += dy * (y - self.mean_y);
        self.xy += dx * (y - self.mean_y);
    }

    /// Pairs so far.
    pub fn count(&self) -> usize {
        self.n
    }

    /// `None` where one of the two never varied.
    pub fn finish(&self) -> Option<Correlated> {
        let spread = (self.xx * self.yy).sqrt();
        if spread.is_nan() || spread <= 0.0 {
            return None;
        }
        let r = (self.xy / spread).clamp(-1.0, 1.0);
        let interval = (self.n > 3).then(|| {
            let z = r.atanh();
            let off = DEVIATIONS / ((self.n - 3) as f64).sqrt();
            [(z - off).tanh(), (z + off).tanh()]
        });
        Some(Correlated {
            r,
            count: self.n,
            interval,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn of(pairs: &[(f64, f64)]) -> Option<Correlated> {
        let mut correlation = Correlation::default();
        pairs.iter().for_each(|(x, y)| correlation.add(*x, *y));
        correlation.finish()
    }

    #[test]
    fn by_hand() {
        // Means 2 and 2; sums of squares 2 and 2, of products 1.
        let found = of(&[(1.0, 2.0), (2.0, 1.0), (3.0, 3.0)]).expect("both vary");
        assert!((found.r - 0.5).abs() < 1e-12);
        assert_eq!((found.count, found.interval), (3, None));
        assert_eq!(of(&[(1.0, 2.0), (1.0, 3.0)]), None);
        let straight = of(&[(0.0, 0.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]).expect("vary");
        assert_eq!(straight.interval, Some([1.0, 1.0]));
    }

    #[test]
    fn the_interval_by_hand() {
        // r = 0.5 and n = 28: z = 0.5493, off by 1.96 / 5.
        let correlation = Correlation {
            n: 28,
            xx: 1.0,
            yy: 1.0,
            xy: 0.5,
            ..Correlation::default()
        };
        let [low, high] = correlation.finish().expect("varies").interval.expect("n");
        assert!(
            (low - 0.1560).abs() < 1e-4 && (high - 0.7358).abs() < 1e-4,
            "{low} {high}"
        );
    }

    #[test]
    fn large_numbers_lose_nothing_and_the_interval_holds_the_truth() {
        let (mut held, rounds) = (0, 400);
        for round in 0..rounds {
            let mut stream = Stream::new(round, "correlation");
            let mut near = Correlation::default();
            let mut far = Correlation::default();
            for _ in 0..50 {
                let (a, b) = (stream.normal(), stream.normal());
                let (x, y) = (a, 0.6 * a + 0.8 * b);
                near.add(x, y);
                far.add(1e6 + x, 1e6 - 3.0 * y);
            }
            let (near, far) = (
                near.finish().expect("varies"),
                far.finish().expect("varies"),
            );
            assert!((near.r + far.r).abs() < 1e-6 && near.r.abs() <= 1.0);
            let [low, high] = near.interval.expect("fifty pairs");
            held += u32::from((low..=high).contains(&0.6));
        }
        // 95 % of 400, within three standard errors.
        assert!((367..=393).contains(&held), "{held}");
    }
}
