//! Vectors: lengths, directions, sums.

/// The same numbers, in double precision.
pub fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().copied().map(f64::from).collect()
}

/// a . b
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The L2 norm, or length: the root of the sum of squares.
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// a . b / (|a| |b|), -1 to 1; `None` where one of them has no direction.
pub fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    let lengths = norm(a) * norm(b);
    // Rounding may lead past 1 by a little.
    (lengths > 0.0).then(|| (dot(a, b) / lengths).clamp(-1.0, 1.0))
}

/// a + by x, in the place of a.
pub fn add_scaled(a: &mut [f64], by: f64, x: &[f64]) {
    a.iter_mut().zip(x).for_each(|(a, x)| *a += by * x);
}

/// a - b
pub fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// 0 of no numbers.
pub fn mean(a: &[f64]) -> f64 {
    a.iter().sum::<f64>() / a.len().max(1) as f64
}

/// exp x_v / sum exp x, shifted by the largest so that nothing overflows.
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exps: Vec<f64> = logits.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = exps.iter().sum();
    exps.iter().map(|e| e / sum).collect()
}

/// Where the largest stands, the first of equals; 0 of none.
pub fn largest(a: &[f64]) -> usize {
    let places = 0..a.len();
    places.fold(0, |best, n| if a[n] > a[best] { n } else { best })
}

/// Places with their numbers, the largest first, the first of equals before the others.
pub fn ranked(numbers: &[f64]) -> Vec<(usize, f64)> {
    let mut all: Vec<(usize, f64)> = numbers.iter().copied().enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

/// y = W x of a matrix `[n, m]`, row by row, and a vector `[m]`: `[n]`.
pub fn product(matrix: &[f32], x: &[f64]) -> Vec<f64> {
    let rows = matrix.chunks_exact(x.len().max(1));
    rows.map(|row| {
        let terms = row.iter().zip(x).map(|(w, x)| f64::from(*w) * x);
        terms.sum()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        assert_eq!(norm(&[3.0, 4.0]), 5.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), Some(0.0));
        assert_eq!(cosine(&[3.0, 4.0], &[-6.0, -8.0]), Some(-1.0));
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 0.0]), None);
        assert_eq!(softmax(&[1e9, 1e9]), [0.5, 0.5]);
        assert_eq!(largest(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(
            product(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1.0, 10.0]),
            [21.0, 43.0, 65.0]
        );
    }

    #[test]
    fn ranks_fall_and_equals_keep_their_order() {
        let ranked = ranked(&[1.0, 3.0, -2.0, 3.0, f64::NEG_INFINITY]);
        let places: Vec<usize> = ranked.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [1, 3, 0, 2, 4]);
    }
}
