//! Where the parts of the chart stand: the plot within the canvas, lines as points of at most two
//! to a pixel column, and labels that keep out of one another's way.

use super::history::Bucket;
use super::scale::Scale;

/// A point on the canvas, in CSS pixels.
pub type Point = (f64, f64);

/// Below this width sentences become words.
pub const NARROW: f64 = 560.0;

/// The rectangle in which lines are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Plot {
    /// Leaves room for the numbers of the axes and, on the right, for the names of the lines.
    pub fn within(width: f64, height: f64) -> Self {
        Plot {
            left: 36.0,
            right: (width - 80.0).max(37.0),
            top: 12.0,
            bottom: (height - 28.0).max(13.0),
        }
    }
}

/// The raw losses as a line: a column of pixels that holds many steps is drawn from its highest to
/// its lowest, so that the line costs the canvas' width and not the run's length.
pub fn raw_line(buckets: &[Bucket], x: Scale, y: Scale) -> Vec<Point> {
    let mut line = Vec::new();
    for (column, bucket) in columns(buckets, x) {
        line.push((column, y.at(f64::from(bucket.high))));
        if bucket.low < bucket.high {
            line.push((column, y.at(f64::from(bucket.low))));
        }
    }
    line
}

/// The smoothed losses as a line of at most one point to a column.
pub fn smooth_line(buckets: &[Bucket], x: Scale, y: Scale) -> Vec<Point> {
    let points = columns(buckets, x).into_iter();
    points
        .map(|(column, bucket)| (column, y.at(f64::from(bucket.smooth))))
        .collect()
}

/// Buckets joined by the column of pixels that they fall into.
fn columns(buckets: &[Bucket], x: Scale) -> Vec<(f64, Bucket)> {
    let mut joined: Vec<(f64, Bucket)> = Vec::new();
    for bucket in buckets {
        let at = x.at(f64::from(bucket.last));
        match joined.last_mut() {
            Some((column, open)) if column.floor() == at.floor() => {
                open.last = bucket.last;
                open.low = open.low.min(bucket.low);
                open.high = open.high.max(bucket.high);
                open.smooth = bucket.smooth;
            }
            _ => joined.push((at, *bucket)),
        }
    }
    joined
}

/// Moves labels apart: the heights nearest to `wanted` that keep their order, lie `gap` from one
/// another and stay within `bounds`. Too many for the bounds overlap evenly.
pub fn spread(wanted: &[f64], gap: f64, bounds: (f64, f64)) -> Vec<f64> {
    let (top, bottom) = bounds;
    let count = wanted.len();
    if count == 0 {
        return vec![];
    }
    let gap = gap.min((bottom - top).max(0.0) / count as f64);
    // A handful of labels, put in one by one: a sort would be a kilobyte of what visitors download.
    let mut order: Vec<usize> = Vec::new();
    for (i, height) in wanted.iter().enumerate() {
        let place = order.partition_point(|j| wanted[*j].total_cmp(height).is_le());
        order.insert(place, i);
    }

    let mut placed = vec![0.0; count];
    let mut free = top;
    for &i in &order {
        placed[i] = wanted[i].max(free);
        free = placed[i] + gap;
    }
    let mut limit = bottom;
    for &i in order.iter().rev() {
        placed[i] = f64::min(placed[i], limit);
        limit = placed[i] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(step: u32, low: f32, high: f32) -> Bucket {
        Bucket {
            first: step,
            last: step,
            low,
            high,
            steps: 1,
            mean: f64::from(low + high) / 2.0,
            smooth: (low + high) / 2.0,
        }
    }

    fn scales(steps: f64) -> (Scale, Scale) {
        let x = Scale {
            domain: (0.0, steps),
            range: (0.0, 100.0),
        };
        let y = Scale {
            domain: (0.0, 10.0),
            range: (100.0, 0.0),
        };
        (x, y)
    }

    #[test]
    fn a_long_run_costs_the_canvas_width_and_keeps_its_extremes() {
        let buckets: Vec<Bucket> = (1..=100_000)
            .map(|n| bucket(n, 1.0, if n == 50_500 { 9.0 } else { 2.0 }))
            .collect();
        let (x, y) = scales(100_000.0);
        let raw = raw_line(&buckets, x, y);
        assert!(raw.len() <= 2 * 101);
        assert!(raw.iter().any(|point| (point.1 - 10.0).abs() < 1e-6));
        assert!(smooth_line(&buckets, x, y).len() <= 101);
    }

    #[test]
    fn a_short_run_keeps_every_step() {
        let buckets: Vec<Bucket> = (1..=10).map(|n| bucket(n, 5.0, 5.0)).collect();
        let (x, y) = scales(10.0);
        let raw = raw_line(&buckets, x, y);
        assert_eq!(
            (raw.len(), raw[0], raw[9]),
            (10, (10.0, 50.0), (100.0, 50.0))
        );
    }

    #[test]
    fn labels_keep_apart_in_order_and_inside() {
        let placed = spread(&[50.0, 52.0, 10.0], 14.0, (0.0, 100.0));
        assert_eq!(placed, vec![50.0, 64.0, 10.0]);
        let low = spread(&[98.0, 99.0], 14.0, (0.0, 100.0));
        assert_eq!(low, vec![86.0, 100.0]);
        let crowded = spread(&[5.0; 4], 14.0, (0.0, 40.0));
        assert!(crowded.windows(2).all(|pair| pair[1] - pair[0] >= 9.9));
        assert!(spread(&[], 14.0, (0.0, 10.0)).is_empty());
    }

    #[test]
    fn the_plot_survives_a_canvas_of_no_size() {
        let plot = Plot::within(0.0, 0.0);
        assert!(plot.right > plot.left && plot.bottom > plot.top);
    }
}
