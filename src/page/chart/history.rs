//! The losses of a run, kept small however long it is.
//!
//! Neighbouring steps share a [`Bucket`] of lowest, highest and smoothed loss. When the buckets
//! run out each two become one, so that a million steps cost as much to keep and to draw as ten
//! thousand, and no spike is lost.

use crate::protocol::StepReport;

/// Buckets kept at most: four to a pixel of a wide screen.
const CAPACITY: usize = 1 << 14;

/// Steps that the smoothed line remembers, and the part of a young run that it remembers at most:
/// a curve that falls steeply would else run behind its own steps.
const MEMORY: f64 = 50.0;
const YOUNG_MEMORY: f64 = 0.05;

/// The training losses of neighbouring steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub first: u32,
    pub last: u32,
    pub low: f32,
    pub high: f32,
    /// The smoothed loss at the last step.
    pub smooth: f32,
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
    /// The smoothed loss after the last step.
    smooth: f64,
    /// Steps that went into it.
    smoothed: u32,
}

impl Default for History {
    fn default() -> Self {
        History {
            buckets: Vec::new(),
            validation: Vec::new(),
            span: 1,
            smooth: 0.0,
            smoothed: 0,
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
        let memory = MEMORY.min(1.0 + YOUNG_MEMORY * f64::from(self.smoothed));
        self.smooth += (f64::from(loss) - self.smooth) / memory;
        self.smoothed = self.smoothed.saturating_add(1);
        let smooth = self.smooth as f32;

        match self.buckets.last_mut() {
            Some(open) if report.step - open.first < self.span => {
                open.last = report.step;
                open.low = open.low.min(loss);
                open.high = open.high.max(loss);
                open.smooth = smooth;
            }
            _ => self.buckets.push(Bucket {
                first: report.step,
                last: report.step,
                low: loss,
                high: loss,
                smooth,
            }),
        }
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
        match self.buckets.last() {
            Some(bucket) => self.smooth = f64::from(bucket.smooth),
            None => self.smoothed = 0,
        }
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

    #[test]
    fn smoothing_starts_at_the_first_loss() {
        let mut history = History::default();
        history.push(&step(1, 4.0));
        assert!((history.buckets()[0].smooth - 4.0).abs() < 1e-6);
        history.push(&step(2, 2.0));
        let smooth = history.buckets()[1].smooth;
        assert!((2.0..2.2).contains(&smooth), "{smooth}");
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
