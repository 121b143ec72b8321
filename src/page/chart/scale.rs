//! From numbers to pixels: linear scales, round ticks, and how far the axes reach.

/// A straight line from a domain of numbers to a range of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub domain: (f64, f64),
    pub range: (f64, f64),
}

impl Scale {
    pub fn at(&self, value: f64) -> f64 {
        let (from, to) = self.domain;
        let (start, end) = self.range;
        if to == from {
            return start;
        }
        start + (value - from) / (to - from) * (end - start)
    }

    /// The number under a pixel, held inside the domain.
    pub fn invert(&self, pixel: f64) -> f64 {
        let (from, to) = self.domain;
        let (start, end) = self.range;
        if start == end {
            return from;
        }
        let value = from + (pixel - start) / (end - start) * (to - from);
        value.clamp(from.min(to), from.max(to))
    }
}

/// The round number (1, 2 or 5 times a power of ten) that cuts `length` into at most `count` parts.
fn round_step(length: f64, count: usize) -> f64 {
    let rough = length / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors.into_iter().find(|f| f * power >= rough * 0.999_999);
    factor.unwrap_or(10.0) * power
}

/// Round numbers within the domain, at most about `count` of them.
pub fn ticks(domain: (f64, f64), count: usize) -> Vec<f64> {
    let (from, to) = domain;
    let forward = to > from;
    // False for what is no number, too.
    if !forward || count == 0 {
        return vec![];
    }
    let step = round_step(to - from, count);
    let first = (from / step - 1e-9).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// How many decimals tell neighbouring ticks apart.
pub fn decimals(ticks: &[f64]) -> usize {
    match ticks {
        [a, b, ..] => (-(b - a).log10().floor()).clamp(0.0, 6.0) as usize,
        _ => 0,
    }
}

/// Where the step axis ends: it grows by round amounts while the run is young, so that its first
/// steps are not a speck in the corner, and is the whole run from its middle on.
pub fn last_step_shown(step: u32, max_steps: u32) -> u32 {
    if step >= max_steps / 2 {
        return max_steps.max(step).max(1);
    }
    let wanted = (f64::from(step) * 1.25).max(50.0);
    let power = 10f64.powf(wanted.log10().floor());
    let factors = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0];
    let factor = factors.into_iter().find(|f| f * power >= wanted);
    let shown = (factor.unwrap_or(10.0) * power) as u32;
    shown.min(max_steps).max(1)
}

/// The loss axis: from 0, where a model would know every next character, to a little above the
/// highest. It keeps still while the curve falls.
pub fn loss_domain(highest: f64) -> (f64, f64) {
    if highest.is_finite() && highest > 0.0 {
        (0.0, highest * 1.06)
    } else {
        (0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_goes_there_and_back() {
        let scale = Scale {
            domain: (0.0, 4.0),
            range: (100.0, 0.0),
        };
        assert_eq!(
            (scale.at(0.0), scale.at(4.0), scale.at(1.0)),
            (100.0, 0.0, 75.0)
        );
        assert_eq!(scale.invert(75.0), 1.0);
        assert_eq!((scale.invert(-50.0), scale.invert(150.0)), (4.0, 0.0));
        let flat = Scale {
            domain: (2.0, 2.0),
            range: (5.0, 9.0),
        };
        assert_eq!((flat.at(2.0), flat.invert(7.0)), (5.0, 2.0));
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((0.0, 3.5), 4), vec![0.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            ticks((0.0, 3000.0), 6),
            vec![0.0, 500.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0]
        );
        let fine = ticks((1.4, 1.6), 5);
        assert_eq!((fine.len(), decimals(&fine)), (5, 2));
        assert_eq!(decimals(&[0.0, 0.5]), 1);
        assert!(ticks((1.0, 1.0), 5).is_empty());
        assert!(ticks((f64::NAN, 1.0), 5).is_empty());
    }

    #[test]
    fn the_step_axis_only_grows_and_ends_with_the_run() {
        assert_eq!(last_step_shown(0, 3000), 50);
        assert_eq!(last_step_shown(0, 20), 20);
        assert_eq!(last_step_shown(1500, 3000), 3000);
        assert_eq!(last_step_shown(5, 1), 5);
        let shown: Vec<u32> = (0..=3000).map(|step| last_step_shown(step, 3000)).collect();
        assert!(shown.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!((0..3000).all(|step| shown[step] as usize > step));
        let distinct: std::collections::BTreeSet<&u32> = shown.iter().collect();
        assert!(distinct.len() < 16, "{distinct:?}");
    }

    #[test]
    fn the_loss_axis_stands_on_zero() {
        let (bottom, top) = loss_domain(3.3);
        assert!(bottom == 0.0 && top > 3.3);
        assert_eq!(loss_domain(f64::NEG_INFINITY), (0.0, 1.0));
        assert_eq!(loss_domain(0.0), (0.0, 1.0));
    }
}
