//! Four numbers at a time: the width of wasm's `simd128`, so that one source is fast there and right
//! everywhere.
//!
//! In the browser [`F32x4`] is the machine's own vector, elsewhere an array that the compiler makes one
//! of. Both round after every multiplication and after every addition (there is no fused
//! multiply-add), so that native and wasm give the same bits.
//!
//! From leaf to whole: the vector and what is done with a slice of numbers; [`functions`]; and
//! [`matmul`], in which a training step spends most of its time. They are a package of their own since
//! they alone are compiled for speed: the rest of what visitors download is compiled for size.

pub mod functions;
pub mod matmul;

/// Four numbers.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct F32x4(Four);

/// Numbers in a vector.
pub const LANES: usize = 4;

impl F32x4 {
    /// The first four numbers of `from`, which must have as many.
    #[inline(always)]
    pub fn first(from: &[f32]) -> Self {
        Self::new([from[0], from[1], from[2], from[3]])
    }

    /// Writes over the first four numbers of `to`, which must have as many.
    #[inline(always)]
    pub fn write(self, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&self.array());
    }

    /// The sum of the four, in pairs.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.array();
        (a + b) + (c + d)
    }

    /// The largest of the four.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        let [a, b, c, d] = self.array();
        a.max(b).max(c.max(d))
    }

    /// self * a + b, rounded twice.
    #[inline(always)]
    pub fn times_plus(self, a: Self, b: Self) -> Self {
        self * a + b
    }
}

#[cfg(target_arch = "wasm32")]
mod machine {
    use super::F32x4;
    use core::arch::wasm32 as simd;

    pub type Four = simd::v128;

    impl F32x4 {
        #[inline(always)]
        pub fn splat(x: f32) -> Self {
            F32x4(simd::f32x4_splat(x))
        }
        #[inline(always)]
        pub fn new(x: [f32; 4]) -> Self {
            // SAFETY: both are sixteen bytes in which every pattern of bits is a value.
            F32x4(unsafe { core::mem::transmute::<[f32; 4], simd::v128>(x) })
        }
        #[inline(always)]
        pub fn array(self) -> [f32; 4] {
            // SAFETY: as above.
            unsafe { core::mem::transmute::<simd::v128, [f32; 4]>(self.0) }
        }
        #[inline(always)]
        pub fn sqrt(self) -> Self {
            F32x4(simd::f32x4_sqrt(self.0))
        }
        #[inline(always)]
        pub fn max(self, other: Self) -> Self {
            F32x4(simd::f32x4_pmax(self.0, other.0))
        }
        #[inline(always)]
        pub fn min(self, other: Self) -> Self {
            F32x4(simd::f32x4_pmin(self.0, other.0))
        }
        #[inline(always)]
        pub fn abs(self) -> Self {
            F32x4(simd::f32x4_abs(self.0))
        }
        /// `then` where self < 0, else `otherwise`.
        #[inline(always)]
        pub fn where_negative(self, then: Self, otherwise: Self) -> Self {
            let mask = simd::f32x4_lt(self.0, simd::f32x4_splat(0.0));
            F32x4(simd::v128_bitselect(then.0, otherwise.0, mask))
        }
        /// The lowest nine bits of each number moved into sign and exponent, plus 1.0's exponent.
        #[inline(always)]
        pub fn as_power_of_two(self) -> Self {
            let exponent = simd::i32x4_shl(self.0, 23);
            F32x4(simd::i32x4_add(exponent, simd::i32x4_splat(0x3f80_0000)))
        }
    }

    macro_rules! operator {
        ($trait:ident, $name:ident, $instruction:ident) => {
            impl core::ops::$trait for F32x4 {
                type Output = F32x4;
                #[inline(always)]
                fn $name(self, other: F32x4) -> F32x4 {
                    F32x4(simd::$instruction(self.0, other.0))
                }
            }
        };
    }
    operator!(Add, add, f32x4_add);
    operator!(Sub, sub, f32x4_sub);
    operator!(Mul, mul, f32x4_mul);
    operator!(Div, div, f32x4_div);
}

#[cfg(not(target_arch = "wasm32"))]
mod machine {
    use super::F32x4;

    #[derive(Clone, Copy, Debug)]
    #[repr(align(16))]
    pub struct Four([f32; 4]);

    #[inline(always)]
    fn each(a: F32x4, b: F32x4, f: impl Fn(f32, f32) -> f32) -> F32x4 {
        let (a, b) = (a.array(), b.array());
        F32x4::new([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }

    impl F32x4 {
        #[inline(always)]
        pub fn splat(x: f32) -> Self {
            Self::new([x; 4])
        }
        #[inline(always)]
        pub fn new(x: [f32; 4]) -> Self {
            F32x4(Four(x))
        }
        #[inline(always)]
        pub fn array(self) -> [f32; 4] {
            self.0.0
        }
        #[inline(always)]
        pub fn sqrt(self) -> Self {
            Self::new(self.array().map(f32::sqrt))
        }
        #[inline(always)]
        pub fn max(self, other: Self) -> Self {
            each(self, other, |a, b| if a < b { b } else { a })
        }
        #[inline(always)]
        pub fn min(self, other: Self) -> Self {
            each(self, other, |a, b| if b < a { b } else { a })
        }
        #[inline(always)]
        pub fn abs(self) -> Self {
            Self::new(self.array().map(f32::abs))
        }
        /// `then` where self < 0, else `otherwise`.
        #[inline(always)]
        pub fn where_negative(self, then: Self, otherwise: Self) -> Self {
            let (x, a, b) = (self.array(), then.array(), otherwise.array());
            let pick = |i: usize| if x[i] < 0.0 { a[i] } else { b[i] };
            Self::new([pick(0), pick(1), pick(2), pick(3)])
        }
        /// The lowest nine bits of each number moved into sign and exponent, plus 1.0's exponent.
        #[inline(always)]
        pub fn as_power_of_two(self) -> Self {
            let power = |x: f32| f32::from_bits((x.to_bits() << 23).wrapping_add(0x3f80_0000));
            Self::new(self.array().map(power))
        }
    }

    macro_rules! operator {
        ($trait:ident, $name:ident) => {
            impl core::ops::$trait for F32x4 {
                type Output = F32x4;
                #[inline(always)]
                fn $name(self, other: F32x4) -> F32x4 {
                    each(self, other, |a, b| core::ops::$trait::$name(a, b))
                }
            }
        };
    }
    operator!(Add, add);
    operator!(Sub, sub);
    operator!(Mul, mul);
    operator!(Div, div);
}

use machine::Four;

/// Sum of all numbers: four running sums, then one.
pub fn sum(x: &[f32]) -> f32 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let all = whole
        .iter()
        .fold(F32x4::splat(0.0), |all, x| all + F32x4::new(*x));
    all.sum() + rest.iter().sum::<f32>()
}

/// Sum of products.
pub fn dot(x: &[f32], y: &[f32]) -> f32 {
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let pairs = xs.iter().zip(ys);
    let all = pairs.fold(F32x4::splat(0.0), |all, (x, y)| {
        F32x4::new(*x).times_plus(F32x4::new(*y), all)
    });
    let rest: f32 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    all.sum() + rest
}

/// The largest number; minus infinity of none.
pub fn largest(x: &[f32]) -> f32 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let least = F32x4::splat(f32::NEG_INFINITY);
    let all = whole.iter().fold(least, |all, x| all.max(F32x4::new(*x)));
    rest.iter().fold(all.largest(), |all, x| all.max(*x))
}

/// Puts `f` of each number in its place, four at a time; the last few beside zeros.
#[inline(always)]
pub fn map(x: &mut [f32], f: impl Fn(F32x4) -> F32x4) {
    let (whole, rest) = x.as_chunks_mut::<LANES>();
    for x in whole {
        *x = f(F32x4::new(*x)).array();
    }
    if !rest.is_empty() {
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        rest.copy_from_slice(&f(F32x4::new(last)).array()[..rest.len()]);
    }
}

/// Puts `f` of each pair of numbers in the place of the first.
#[inline(always)]
pub fn map2(x: &mut [f32], y: &[f32], f: impl Fn(F32x4, F32x4) -> F32x4) {
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks_mut::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in xs.iter_mut().zip(ys) {
        *x = f(F32x4::new(*x), F32x4::new(*y)).array();
    }
    let n = x_rest.len().min(y_rest.len());
    if n > 0 {
        let (mut x, mut y) = ([0.0; LANES], [0.0; LANES]);
        x[..n].copy_from_slice(&x_rest[..n]);
        y[..n].copy_from_slice(&y_rest[..n]);
        let last = f(F32x4::new(x), F32x4::new(y)).array();
        x_rest[..n].copy_from_slice(&last[..n]);
    }
}

/// `to` += `from`, number by number.
pub fn add(to: &mut [f32], from: &[f32]) {
    map2(to, from, |to, from| to + from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_summed_and_mapped_whole() {
        for n in 0..11 {
            let x: Vec<f32> = (0..n).map(|i| i as f32 - 3.0).collect();
            assert_eq!(sum(&x), x.iter().sum::<f32>());
            assert_eq!(dot(&x, &x), x.iter().map(|x| x * x).sum::<f32>());
            let most = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(largest(&x), most);
            let mut doubled = x.clone();
            add(&mut doubled, &x);
            map(&mut doubled, |x| x * F32x4::splat(0.5));
            assert_eq!(doubled, x);
        }
    }
}
