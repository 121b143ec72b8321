//! The product of two matrices, in the three forms that a linear layer and its way back need:
//! x W^T, dy W and dy^T x.
//!
//! The result is made tile by tile, four rows by eight columns. A tile's 32 sums stay in eight
//! vector registers while both factors stream by: each step of the inner loop loads eight numbers of
//! a row of B and one number of each of four rows of A, and makes 32 products of these twelve (Goto
//! and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"). Wasm has sixteen
//! registers on common machines, so that a larger tile would not stay in them.
//!
//! Eight columns of B are copied into a panel that lies in order, once for all rows of A; so it does
//! not matter how B was stored. A's rows are read where they lie when they are rows in memory, else
//! they are copied too, four at a time side by side.

use crate::{F32x4, LANES};

/// Rows of a tile.
const TALL: usize = 4;
/// Columns of a tile.
const WIDE: usize = 2 * LANES;
/// Longest stretch of the inner axis in one go: a panel of 8 KB and its four rows stay in the
/// nearest cache.
const DEEP: usize = 256;

/// A matrix in memory, row after row with `stride` numbers from one to the next; `turned` where
/// what is meant is its transpose.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub stride: usize,
    pub turned: bool,
}

impl<'a> Matrix<'a> {
    /// As it lies in memory.
    pub fn new(data: &'a [f32], stride: usize) -> Self {
        Matrix {
            data,
            stride,
            turned: false,
        }
    }

    /// The transpose of what lies in memory.
    pub fn turned(data: &'a [f32], stride: usize) -> Self {
        Matrix {
            data,
            stride,
            turned: true,
        }
    }
}

/// What the sums begin with.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// The result takes the place of what was there.
    Zero,
    /// The result is added to what is there.
    There,
    /// The same row, of n numbers, is added to each row of the result.
    Row(&'a [f32]),
}

/// What of a product over queries and keys is needed, where no query sees a later key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Causal {
    /// All of it.
    Not,
    /// Only the result's cells on and below the diagonal; others are not written or are anything.
    Result,
    /// A is 0 above its diagonal, and what lies there is not read, except within four cells of it.
    Lower,
    /// A is 0 below its diagonal, likewise.
    Upper,
}

/// `[m, k]` times `[k, n]`: the sizes of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub m: usize,
    pub n: usize,
    pub k: usize,
}

/// Room for what is copied. Kept between products, so that none allocates.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Eight columns of B: `[DEEP, WIDE]`.
    panel: Vec<f32>,
    /// Four rows of A side by side, stretch after stretch: `[m / TALL, DEEP, TALL]`.
    rows: Vec<f32>,
}

/// out = start + A B. `out` is `[m, n]` with `stride` numbers from row to row, `a` `[m, k]`, `b` `[k, n]`.
pub fn multiply(
    out: (&mut [f32], usize),
    Size { m, n, k }: Size,
    a: Matrix,
    b: Matrix,
    start: Start,
    causal: Causal,
    scratch: &mut Scratch,
) {
    let (out, stride) = out;
    if k == 0 {
        return;
    }
    scratch.panel.resize(DEEP * WIDE, 0.0);
    for first in (0..k).step_by(DEEP) {
        let depth = DEEP.min(k - first);
        let start = if first == 0 { start } else { Start::There };
        // Rows that cannot be read where they lie: all of a turned A, else the last few.
        let copied = if a.turned { 0 } else { m - m % TALL };
        copy_rows(&mut scratch.rows, a, copied..m, first..first + depth);
        for column in (0..n).step_by(WIDE) {
            let width = WIDE.min(n - column);
            let panel = &mut scratch.panel[..depth * WIDE];
            copy_columns(panel, b, column, width, first);
            let top = match causal {
                Causal::Result => column - column % TALL,
                Causal::Not | Causal::Lower | Causal::Upper => 0,
            };
            for row in (top..m).step_by(TALL) {
                let height = TALL.min(m - row);
                // The stretch of the inner axis in which A's rows are not 0.
                let (from, to) = match causal {
                    Causal::Not | Causal::Result => (0, depth),
                    Causal::Lower => (0, (row + height).saturating_sub(first).min(depth)),
                    Causal::Upper => (row.saturating_sub(first).min(depth), depth),
                };
                let mut tile = Tile {
                    row,
                    height,
                    column,
                    width,
                    sums: [[F32x4::splat(0.0); 2]; TALL],
                };
                tile.begin(out, stride, start);
                let panel = &panel[from * WIDE..to * WIDE];
                if row < copied {
                    let line = |i: usize| {
                        let begin = (row + i) * a.stride + first;
                        &a.data[begin + from..begin + to]
                    };
                    tile.add_rows(line(0), line(1), line(2), line(3), panel);
                } else {
                    let begin = (row - copied) * depth;
                    let rows = &scratch.rows[begin + from * TALL..begin + to * TALL];
                    tile.add_copied(rows, panel);
                }
                tile.end(out, stride);
            }
        }
    }
}

/// A tile of the result in the making.
struct Tile {
    row: usize,
    height: usize,
    column: usize,
    width: usize,
    sums: [[F32x4; 2]; TALL],
}

impl Tile {
    #[inline(always)]
    fn begin(&mut self, out: &[f32], stride: usize, start: Start) {
        match start {
            Start::Zero => {}
            Start::There => {
                for i in 0..self.height {
                    let line = &out[(self.row + i) * stride + self.column..][..self.width];
                    self.sums[i] = load(line);
                }
            }
            Start::Row(line) => {
                let line = load(&line[self.column..][..self.width]);
                self.sums = [line; TALL];
            }
        }
    }

    /// Adds the product of four rows, as they lie, and the panel.
    #[inline(always)]
    fn add_rows(&mut self, a: &[f32], b: &[f32], c: &[f32], d: &[f32], panel: &[f32]) {
        let mut sums = self.sums;
        let (panel, _) = panel.as_chunks::<WIDE>();
        let rows = a.iter().zip(b).zip(c).zip(d);
        for ((((a, b), c), d), line) in rows.zip(panel) {
            accumulate(&mut sums, [*a, *b, *c, *d], line);
        }
        self.sums = sums;
    }

    /// Adds the product of four rows, side by side, and the panel.
    #[inline(always)]
    fn add_copied(&mut self, rows: &[f32], panel: &[f32]) {
        let mut sums = self.sums;
        let ((rows, _), (panel, _)) = (rows.as_chunks::<TALL>(), panel.as_chunks::<WIDE>());
        for (a, line) in rows.iter().zip(panel) {
            accumulate(&mut sums, *a, line);
        }
        self.sums = sums;
    }

    #[inline(always)]
    fn end(&self, out: &mut [f32], stride: usize) {
        for i in 0..self.height {
            let line = &mut out[(self.row + i) * stride + self.column..][..self.width];
            let [left, right] = self.sums[i];
            if self.width == WIDE {
                left.write(&mut line[..LANES]);
                right.write(&mut line[LANES..]);
            } else {
                let mut whole = [0.0; WIDE];
                left.write(&mut whole[..LANES]);
                right.write(&mut whole[LANES..]);
                line.copy_from_slice(&whole[..self.width]);
            }
        }
    }
}

/// 32 products, each added to its sum. Without a loop: where the compiler is told to save space it
/// would keep one, and the sums in memory.
#[inline(always)]
fn accumulate(sums: &mut [[F32x4; 2]; TALL], a: [f32; TALL], line: &[f32; WIDE]) {
    let left = F32x4::first(&line[..LANES]);
    let right = F32x4::first(&line[LANES..]);
    let row = |a: f32, [x, y]: [F32x4; 2]| {
        let a = F32x4::splat(a);
        [a.times_plus(left, x), a.times_plus(right, y)]
    };
    let [a, b, c, d] = a;
    let [p, q, r, s] = *sums;
    *sums = [row(a, p), row(b, q), row(c, r), row(d, s)];
}

/// Up to eight numbers, then zeros.
#[inline(always)]
fn load(line: &[f32]) -> [F32x4; 2] {
    let mut whole = [0.0; WIDE];
    let line = match line.len() {
        WIDE => line,
        n => {
            whole[..n].copy_from_slice(line);
            &whole
        }
    };
    [F32x4::first(&line[..LANES]), F32x4::first(&line[LANES..])]
}

/// Columns `column..column + width` of B, from row `first` on, into `[depth, WIDE]`.
fn copy_columns(panel: &mut [f32], b: Matrix, column: usize, width: usize, first: usize) {
    let (panel, _) = panel.as_chunks_mut::<WIDE>();
    if width < WIDE {
        panel.fill([0.0; WIDE]);
    }
    if b.turned {
        for j in 0..width {
            let from = &b.data[(column + j) * b.stride + first..];
            for (line, x) in panel.iter_mut().zip(from) {
                line[j] = *x;
            }
        }
    } else {
        for (k, line) in panel.iter_mut().enumerate() {
            let from = &b.data[(first + k) * b.stride + column..];
            match width {
                WIDE => line.copy_from_slice(&from[..WIDE]),
                _ => line[..width].copy_from_slice(&from[..width]),
            }
        }
    }
}

/// Those rows of A, over that stretch of its columns, four side by side: `[rows / 4, depth, 4]`.
fn copy_rows(
    to: &mut Vec<f32>,
    a: Matrix,
    rows: std::ops::Range<usize>,
    stretch: std::ops::Range<usize>,
) {
    let depth = stretch.len();
    let needed = rows.len().next_multiple_of(TALL) * depth;
    if to.len() < needed {
        to.resize(needed, 0.0);
    }
    for (group, row) in to
        .chunks_exact_mut(depth * TALL)
        .zip(rows.clone().step_by(TALL))
    {
        let height = TALL.min(rows.end - row);
        let (group, _) = group.as_chunks_mut::<TALL>();
        if height < TALL {
            group.fill([0.0; TALL]);
        }
        if a.turned {
            for (k, four) in stretch.clone().zip(group) {
                let from = &a.data[k * a.stride + row..];
                match height {
                    TALL => four.copy_from_slice(&from[..TALL]),
                    _ => four[..height].copy_from_slice(&from[..height]),
                }
            }
        } else {
            for i in 0..height {
                let from = &a.data[(row + i) * a.stride..][stretch.clone()];
                for (four, x) in group.iter_mut().zip(from) {
                    four[i] = *x;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from -1 to 1 in no order that a product could share, other ones for another `seed`.
    fn numbers(seed: usize, n: usize) -> Vec<f32> {
        let at = |i: usize| (i * i + seed) as f64 * std::f64::consts::SQRT_2;
        (0..n).map(|i| 2.0 * at(i).fract() as f32 - 1.0).collect()
    }

    /// From 1 to `most`, all over it while n counts up.
    fn size(n: usize, step: f64, most: usize) -> usize {
        1 + ((n as f64 * step).fract() * most as f64) as usize
    }

    fn plain(size: Size, a: Matrix, b: Matrix, i: usize, j: usize) -> f64 {
        let at = |x: Matrix, row: usize, column: usize| {
            let place = match x.turned {
                true => column * x.stride + row,
                false => row * x.stride + column,
            };
            f64::from(x.data[place])
        };
        (0..size.k).map(|k| at(a, i, k) * at(b, k, j)).sum()
    }

    #[test]
    fn every_form_size_and_start_is_the_plain_sum() {
        for n in 0..300 {
            let long = n % 10 == 0;
            let size = Size {
                m: size(n, 2f64.sqrt(), 21),
                n: size(n, 3f64.sqrt(), 21),
                k: size(n, 5f64.sqrt(), if long { 600 } else { 21 }),
            };
            let (x, y) = (
                numbers(1, (size.m + 3) * (size.k + 3)),
                numbers(2, (size.n + 3) * (size.k + 3)),
            );
            let row = numbers(3, size.n);
            let before = numbers(4, size.m * (size.n + 2));
            for (turn_a, turn_b) in [(false, false), (false, true), (true, false), (true, true)] {
                let a = match turn_a {
                    true => Matrix::turned(&x, size.m + 2),
                    false => Matrix::new(&x, size.k + 1),
                };
                let b = match turn_b {
                    true => Matrix::turned(&y, size.k + 2),
                    false => Matrix::new(&y, size.n + 1),
                };
                for start in [Start::Zero, Start::There, Start::Row(&row)] {
                    let mut out = before.clone();
                    let mut scratch = Scratch::default();
                    let stride = size.n + 2;
                    multiply(
                        (&mut out, stride),
                        size,
                        a,
                        b,
                        start,
                        Causal::Not,
                        &mut scratch,
                    );
                    for i in 0..size.m {
                        for j in 0..size.n {
                            let begun = match start {
                                Start::Zero => 0.0,
                                Start::There => before[i * stride + j],
                                Start::Row(row) => row[j],
                            };
                            let expected = plain(size, a, b, i, j) + f64::from(begun);
                            let got = f64::from(out[i * stride + j]);
                            assert!((got - expected).abs() < 2e-4, "{got} {expected} {size:?}");
                        }
                        // What lies beside the result stays.
                        assert_eq!(out[i * stride + size.n], before[i * stride + size.n]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_causal_product_gives_what_the_whole_one_gives() {
        for t in [1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 300] {
            let d = 5;
            let size = |k| Size { m: t, n: d, k };
            let mut square = numbers(5, t * t);
            for i in 0..t {
                square[i * t + i + 1..(i + 1) * t].fill(0.0);
            }
            let narrow = numbers(6, t * d);
            let mut scratch = Scratch::default();
            let mut both = |a: Matrix, causal: Causal| {
                let b = Matrix::new(&narrow, d);
                let [mut whole, mut part] = [vec![0.0; t * d], vec![0.0; t * d]];
                let scratch = &mut scratch;
                multiply(
                    (&mut whole, d),
                    size(t),
                    a,
                    b,
                    Start::Zero,
                    Causal::Not,
                    scratch,
                );
                multiply((&mut part, d), size(t), a, b, Start::Zero, causal, scratch);
                for (a, b) in whole.iter().zip(&part) {
                    assert!((a - b).abs() < 1e-4, "{causal:?} {t}");
                }
            };
            both(Matrix::new(&square, t), Causal::Lower);
            both(Matrix::turned(&square, t), Causal::Upper);
            let whole = Size { m: t, n: t, k: d };
            let (a, b) = (Matrix::new(&narrow, d), Matrix::turned(&narrow, d));
            let [mut all, mut lower] = [vec![0.0; t * t], vec![0.0; t * t]];
            multiply(
                (&mut all, t),
                whole,
                a,
                b,
                Start::Zero,
                Causal::Not,
                &mut scratch,
            );
            multiply(
                (&mut lower, t),
                whole,
                a,
                b,
                Start::Zero,
                Causal::Result,
                &mut scratch,
            );
            for i in 0..t {
                assert_eq!(all[i * t..=i * t + i], lower[i * t..=i * t + i]);
            }
        }
    }
}
