//! exp, tanh and the normal distribution as polynomials, four numbers at a time.
//!
//! A library's exp is exact to the last bit and takes one number at a time; here the last bit may be
//! wrong, and four take about as long as one. Each bound on an error is tested. The coefficients are
//! least-maximum fits made for this file (weighted least squares at Chebyshev nodes, reweighted
//! until the error is level).

use crate::F32x4;

/// Adding it rounds a number below 2^22 to a whole one, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts: the first has so few bits that a multiple of it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

#[inline(always)]
fn polynomial<const N: usize>(x: F32x4, coefficients: [f32; N]) -> F32x4 {
    let mut y = F32x4::splat(coefficients[N - 1]);
    for n in (0..N - 1).rev() {
        y = y.times_plus(x, F32x4::splat(coefficients[n]));
    }
    y
}

/// e^x; relative error below 2e-7. Below -87 about 1e-38, above 88 about 1e38.
///
/// x = n ln 2 + r with |r| at most ln 2 / 2, and e^x = 2^n (1 + r + r^2 p(r)).
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let x = x.max(F32x4::splat(-87.0)).min(F32x4::splat(88.0));
    let shifted = x.times_plus(F32x4::splat(std::f32::consts::LOG2_E), F32x4::splat(ROUND));
    let n = shifted - F32x4::splat(ROUND);
    let r = x - n * F32x4::splat(LN_2_HIGH) - n * F32x4::splat(LN_2_LOW);
    let p = polynomial(
        r,
        [
            0.499_999_93,
            0.166_665_21,
            0.041_668_39,
            0.008_368_72,
            0.001_381_46,
        ],
    );
    let e = p.times_plus(r * r, r + F32x4::splat(1.0));
    e * shifted.as_power_of_two()
}

/// 1 / (1 + e^-x); relative error below 3e-7.
#[inline(always)]
pub fn sigmoid(x: F32x4) -> F32x4 {
    let one = F32x4::splat(1.0);
    one / (one + exp(F32x4::splat(0.0) - x))
}

/// tanh x; relative error below 4e-7. Near 0 a polynomial, where 1 - 2 / (e^2x + 1) would be the
/// difference of two numbers close together.
#[inline(always)]
pub fn tanh(x: F32x4) -> F32x4 {
    let one = F32x4::splat(1.0);
    let size = x.abs();
    let far = one - F32x4::splat(2.0) / (exp(size + size) + one);
    let far = x.where_negative(F32x4::splat(0.0) - far, far);
    let square = x * x;
    let p = polynomial(
        square,
        [
            -0.333_332_63,
            0.133_309,
            -0.053_692_965,
            0.020_483_307,
            -0.005_528_624_6,
        ],
    );
    let near = (p * square).times_plus(x, x);
    (size - F32x4::splat(0.65)).where_negative(near, far)
}

/// The normal distribution's share below x, and its density: absolute error below 1e-7, and of the
/// share in the lower tail relative error below 1e-5, down to -13.
///
/// Phi(-a) = e^(-a^2/2) t R(t), t = 1 / (1 + 0.35 a).
#[inline(always)]
pub fn normal(x: F32x4) -> (F32x4, F32x4) {
    let one = F32x4::splat(1.0);
    let size = x.abs();
    let e = exp(size * size * F32x4::splat(-0.5));
    let t = one / size.times_plus(F32x4::splat(0.35), one);
    let r = polynomial(
        t,
        [
            0.139_621_57,
            0.139_859_1,
            0.119_852_38,
            0.105_433_19,
            -0.022_937_782,
            0.158_930_29,
            -0.255_505_48,
            0.143_872_7,
            -0.029_125_964,
        ],
    );
    let tail = e * t * r;
    let share = x.where_negative(tail, one - tail);
    // 1 / sqrt(2 pi)
    (share, e * F32x4::splat(0.398_942_3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest relative error of `ours` over the numbers from `from` to `to`.
    fn error(ours: impl Fn(F32x4) -> F32x4, exact: impl Fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let n = 200_001;
        let points = (0..n).map(|i| from + (to - from) * i as f32 / (n - 1) as f32);
        points.fold(0.0, |most: f64, x| {
            let exact = exact(f64::from(x));
            let got = f64::from(ours(F32x4::splat(x)).array()[1]);
            let error = if exact == got {
                0.0
            } else {
                ((got - exact) / exact).abs()
            };
            most.max(error)
        })
    }

    #[test]
    fn each_function_is_as_exact_as_it_says() {
        assert!(error(exp, libm::exp, -87.0, 88.0) < 2e-7);
        assert!(error(exp, libm::exp, -1.0, 1.0) < 2e-7);
        let exact = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        assert!(error(sigmoid, exact, -80.0, 80.0) < 3e-7);
        assert!(error(tanh, libm::tanh, -20.0, 20.0) < 4e-7);
        assert!(error(tanh, libm::tanh, -1.0, 1.0) < 4e-7);
        let share = |x: f64| 0.5 * libm::erfc(-x / 2f64.sqrt());
        let upper = error(|x| normal(x).0, share, -1.0, 8.0);
        assert!(upper < 1e-6, "{upper}");
        let lower = error(|x| normal(x).0, share, -13.0, 0.0);
        assert!(lower < 1e-5, "{lower}");
    }

    #[test]
    fn the_ends_are_finite() {
        for x in [-1e30, -100.0, 100.0, 1e30] {
            for y in [exp, sigmoid, tanh].map(|f| f(F32x4::splat(x)).array()[0]) {
                assert!(y.is_finite(), "{x} {y}");
            }
            assert!(normal(F32x4::splat(x)).0.array()[0].is_finite());
        }
        assert_eq!(tanh(F32x4::splat(0.0)).array()[2], 0.0);
        assert_eq!(exp(F32x4::splat(0.0)).array()[3], 1.0);
    }
}
