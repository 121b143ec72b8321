//! The losses of a run, kept small however long it is.
//!
//! Neighbouring steps share a [`Bucket`] of lowest, highest and smoothed loss. When the buckets
//! run out each two become one, so that a million steps cost as much to keep and to draw as ten
//! thousand, and no spike is lost.

use crate::protocol::StepReport;

/// Buckets kept at most: four to a pixel of a wide screen.
const CAPACITY: usize = 1 << 14;

/// How many steps the smoothed line looks at on either side of one, and the part of a young run that
/// they are at most: its steep fall would else be blurred.
const REACH: f64 = 50.0;
const YOUNG_REACH: f64 = 0.05;

/// The training losses of neighbouring steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub first: u32,
    pub last: u32,
    pub low: f32,
    pub high: f32,
    /// Steps in it, and the mean of their losses.
    pub steps: u32,
    pub mean: f64,
    /// The smoothed loss at the last step. It is centred: a straight line is laid through the losses
    /// up to [`REACH`] steps before and after, and read at the step. Among steps on both sides that is
    /// their mean; at the end of the curve, where there are none after, it does not run behind, as a
    /// mean of the past would.
    pub smooth: f32,
}

impl Bucket {
    /// The step that stands for all of its own.
    fn middle(&self) -> f64 {
        (f64::from(self.first) + f64::from(self.last)) / 2.0
    }

    /// How far the smoothed line looks from its last step.
    fn reach(&self) -> f64 {
        REACH.min(YOUNG_REACH * f64::from(self.last))
    }
}

/// One look at the validation text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    pub step: u32,
    pub loss: f32,
}

/// Every loss that the page was told, in order of steps.
#[derive(Debug)]
pub struct History {
    buckets: Vec<Bucket>,
    validation: Vec<Validation>,
    /// Steps that one bucket takes before the next begins: a power of two.
    span: u32,
}

impl Default for History {
    fn default() -> Self {
        History {
            buckets: Vec::new(),
            validation: Vec::new(),
            span: 1,
        }
    }
}

impl History {
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    pub fn validation(&self) -> &[Validation] {
        &self.validation
    }

    pub fn last_step(&self) -> u32 {
        self.buckets.last().map_or(0, |bucket| bucket.last)
    }

    pub fn clear(&mut self) {
        *self = History::default();
    }

    /// Adds one step. A step that was already there, as after a worker was replaced, takes the
    /// place of everything from it on.
    pub fn push(&mut self, report: &StepReport) {
        self.rewind(report.step);
        if let Some(loss) = report.val_loss.filter(|loss| loss.is_finite()) {
            let step = report.step;
            self.validation.push(Validation { step, loss });
        }
        let loss = report.train_loss;
        if !loss.is_finite() {
            return;
        }
        match self.buckets.last_mut() {
            Some(open) if report.step - open.first < self.span => {
                open.last = report.step;
                open.low = open.low.min(loss);
                open.high = open.high.max(loss);
                open.steps += 1;
                open.mean += (f64::from(loss) - open.mean) / f64::from(open.steps);
            }
            _ => self.buckets.push(Bucket {
                first: report.step,
                last: report.step,
                low: loss,
                high: loss,
                steps: 1,
                mean: f64::from(loss),
                smooth: loss,
            }),
        }
        self.smooth_from(report.step);
        if self.buckets.len() > CAPACITY {
            self.halve();
        }
    }

    /// Forgets everything from that step on.
    pub fn rewind(&mut self, step: u32) {
        if step > self.last_step() {
            return;
        }
        self.buckets.retain(|bucket| bucket.last < step);
        self.validation.retain(|point| point.step < step);
        self.smooth_from(step);
    }

    /// Smooths anew what the losses from that step on have a part in.
    fn smooth_from(&mut self, step: u32) {
        for n in (0..self.buckets.len()).rev() {
            let bucket = self.buckets[n];
            if f64::from(bucket.last) + bucket.reach() < f64::from(step) {
                break;
            }
            self.buckets[n].smooth = self.smoothed(n) as f32;
        }
    }

    /// See [`Bucket::smooth`].
    fn smoothed(&self, n: usize) -> f64 {
        let own = self.buckets[n];
        let (at, reach) = (f64::from(own.last), own.reach());
        let near = |bucket: &&Bucket| (bucket.middle() - at).abs() <= reach;
        let before = self.buckets[..n].iter().rev().take_while(near);
        let after = self.buckets[n + 1..].iter().take_while(near);
        let around = || before.clone().chain(after.clone()).chain([&own]);
        let mean = |of: &dyn Fn(&Bucket) -> f64| -> f64 {
            let (sum, steps) = around().fold((0.0, 0.0), |(sum, steps), bucket| {
                let own = f64::from(bucket.steps);
                (sum + own * of(bucket), steps + own)
            });
            sum / steps
        };
        let (x, y) = (mean(&Bucket::middle), mean(&|bucket| bucket.mean));
        let spread = mean(&|bucket| (bucket.middle() - x).powi(2));
        let slope = match spread > 0.0 {
            true => mean(&|bucket| (bucket.middle() - x) * (bucket.mean - y)) / spread,
            false => 0.0,
        };
        // A bucket alone has no slope; it is as wide as all that would be looked at.
        y + slope * (at - x)
    }

    fn halve(&mut self) {
        self.span *= 2;
        self.buckets = self
            .buckets
            .chunks(2)
            .map(|pair| match *pair {
                [a, b] => Bucket {
                    first: a.first,
                    last: b.last,
                    low: a.low.min(b.low),
                    high: a.high.max(b.high),
                    steps: a.steps + b.steps,
                    mean: (f64::from(a.steps) * a.mean + f64::from(b.steps) * b.mean)
                        / f64::from(a.steps + b.steps),
                    smooth: b.smooth,
                },
                _ => pair[0],
            })
            .collect();
    }

    /// The bucket that holds the step, or the nearest one.
    pub fn nearest(&self, step: u32) -> Option<&Bucket> {
        let after = self.buckets.partition_point(|bucket| bucket.last < step);
        let before = after
            .checked_sub(1)
            .and_then(|i| self.buckets.get(i))
            .map(|bucket| (step - bucket.last, bucket));
        let after = self
            .buckets
            .get(after)
            .map(|bucket| (bucket.first.saturating_sub(step), bucket));
        match (before, after) {
            (Some((gap, bucket)), Some((other, _))) if gap < other => Some(bucket),
            (_, Some((_, bucket))) | (Some((_, bucket)), None) => Some(bucket),
            (None, None) => None,
        }
    }

    /// The last validation at or before the step.
    pub fn validated(&self, step: u32) -> Option<Validation> {
        let after = self.validation.partition_point(|point| point.step <= step);
        after
            .checked_sub(1)
            .and_then(|i| self.validation.get(i))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u32, train_loss: f32) -> StepReport {
        StepReport {
            step,
            train_loss,
            val_loss: None,
            lr: 1e-3,
            grad_norm: 1.0,
            ms: 1.0,
        }
    }

    #[test]
    fn a_million_steps_stay_small_and_keep_their_spikes() {
        let mut history = History::default();
        for n in 1..=1_000_000 {
            let loss = if n == 654_321 { 9.0 } else { 2.0 };
            history.push(&step(n, loss));
        }
        let buckets = history.buckets();
        assert!(buckets.len() <= CAPACITY && buckets.len() > CAPACITY / 4);
        assert_eq!((buckets[0].first, history.last_step()), (1, 1_000_000));
        assert!(buckets.windows(2).all(|b| b[1].first == b[0].last + 1));
        let spike = history.nearest(654_321).expect("a bucket");
        assert_eq!((spike.low, spike.high), (2.0, 9.0));
    }

    /// The losses of a run: a steep fall that flattens, with the noise of batches.
    fn falling(n: u32, noise: f64) -> f32 {
        let jump = f64::from(n * 7919 % 101) / 101.0 - 0.5;
        (1.5 + 2.5 * (-f64::from(n) / 60.0).exp() + noise * jump) as f32
    }

    #[test]
    fn smoothing_does_not_run_behind_a_falling_curve() {
        let mut history = History::default();
        for n in 1..=400 {
            history.push(&step(n, falling(n, 0.0)));
            let last = history.buckets().last().expect("a bucket");
            let behind = last.smooth - falling(n, 0.0);
            assert!(behind.abs() < 0.02, "{behind} at step {n}, the last");
        }
        for bucket in history.buckets() {
            let behind = bucket.smooth - falling(bucket.last, 0.0);
            assert!(behind.abs() < 0.02, "{behind} at step {}", bucket.last);
        }
    }

    #[test]
    fn the_smoothed_loss_is_a_line_through_the_steps_on_both_sides() {
        let losses: Vec<f64> = (0..=600).map(|n| f64::from(falling(n, 0.3))).collect();
        let mut history = History::default();
        for n in 1..=600 {
            history.push(&step(
                n,
                if n > 300 {
                    9.0
                } else {
                    losses[n as usize] as f32
                },
            ));
        }
        // From here on it went otherwise.
        for n in 301..=600 {
            history.push(&step(n, losses[n as usize] as f32));
        }
        assert_eq!(history.buckets().len(), 600);
        for bucket in history.buckets() {
            let at = f64::from(bucket.last);
            let reach = (0.05 * at).min(50.0);
            // Least squares by the determinant of the normal equations.
            let near = (1..=600).filter(|n| (f64::from(*n) - at).abs() <= reach);
            let [mut s, mut sx, mut sy, mut sxx, mut sxy] = [0.0; 5];
            for n in near {
                let (x, y) = (f64::from(n) - at, losses[n as usize]);
                s += 1.0;
                sx += x;
                sy += y;
                sxx += x * x;
                sxy += x * y;
            }
            let expected = match s > 1.0 {
                true => (sxx * sy - sx * sxy) / (s * sxx - sx * sx),
                false => sy,
            };
            let smooth = f64::from(bucket.smooth);
            assert!(
                (smooth - expected).abs() < 1e-4,
                "{smooth} is not {expected} at {at}"
            );
        }
        // Less restless than the losses themselves.
        let late = |of: &dyn Fn(usize) -> f64| -> f64 {
            (400..599).map(|n| (of(n + 1) - of(n)).abs()).sum()
        };
        let smooth = |n: usize| f64::from(history.buckets()[n].smooth);
        assert!(late(&smooth) < 0.1 * late(&|n| losses[n]));
    }

    #[test]
    fn a_step_told_again_replaces_the_rest() {
        let mut history = History::default();
        for n in 1..=10 {
            let mut report = step(n, n as f32);
            report.val_loss = (n % 5 == 0).then_some(0.5);
            history.push(&report);
        }
        history.push(&step(6, 60.0));
        assert_eq!(history.last_step(), 6);
        assert_eq!(history.nearest(6).map(|b| b.high), Some(60.0));
        assert_eq!(history.validation().len(), 1);
    }

    #[test]
    fn the_nearest_is_found_on_either_side() {
        let mut history = History::default();
        assert_eq!(history.nearest(3), None);
        for n in [10, 20] {
            history.push(&step(n, n as f32));
        }
        let at = |n| history.nearest(n).map(|bucket| bucket.first);
        assert_eq!(
            (at(1), at(13), at(17), at(99)),
            (Some(10), Some(10), Some(20), Some(20))
        );
    }

    #[test]
    fn what_is_not_a_number_leaves_no_point() {
        let mut history = History::default();
        history.push(&step(1, f32::NAN));
        assert!(history.buckets().is_empty());
        assert_eq!(history.nearest(1), None);
    }
}
