//! The bend between the feed-forward's two linear layers, and the way back through it.
//!
//! ```text
//! relu  y = max(x, 0)        dx = dy where y > 0
//! gelu  y = x Phi(x)         dx = dy (Phi(x) + x phi(x))
//! ```
//!
//! Phi is the normal distribution (Hendrycks and Gimpel 2016, the exact form), phi its density.

use super::arena::{Arena, Slot};
use lanes::functions::normal;
use lanes::{F32x4, LANES, map, map2};

#[derive(Clone, Debug)]
pub enum Activation {
    /// In place: where y is 0 the slope is 0 too, so that x is not needed again.
    Relu {
        /// x, then y.
        value: Slot,
        /// dy, then dx.
        grad: Slot,
    },
    Gelu {
        /// x, then its slope, so that the way back need not compute Phi again.
        x: Slot,
        y: Slot,
        /// dy, then dx.
        grad: Slot,
    },
}

impl Activation {
    pub fn forward(&self, arena: &mut Arena) {
        match self {
            Activation::Relu { value, .. } => {
                map(arena.get_mut(*value), |x| x.max(F32x4::splat(0.0)));
            }
            Activation::Gelu { x, y, .. } => {
                let [x, y] = arena.views([*x, *y]);
                gelu(x, y);
            }
        }
    }

    pub fn backward(&self, arena: &mut Arena) {
        match self {
            Activation::Relu { value, grad } => {
                let [y, grad] = arena.views([*value, *grad]);
                let zero = F32x4::splat(0.0);
                map2(grad, y, |dy, y| (zero - y).where_negative(dy, zero));
            }
            Activation::Gelu { x, grad, .. } => {
                let [slope, grad] = arena.views([*x, *grad]);
                map2(grad, slope, |dy, slope| dy * slope);
            }
        }
    }
}

/// y = gelu(x), and the slope in the place of x.
pub fn gelu(x: &mut [f32], y: &mut [f32]) {
    let both = |x: F32x4| {
        let (share, density) = normal(x);
        (x * share, share + x * density)
    };
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks_mut::<LANES>(), y.as_chunks_mut::<LANES>());
    for (x, y) in xs.iter_mut().zip(ys) {
        let (value, slope) = both(F32x4::new(*x));
        (*x, *y) = (slope.array(), value.array());
    }
    for (x, y) in x_rest.iter_mut().zip(y_rest) {
        let (value, slope) = both(F32x4::splat(*x));
        (*x, *y) = (slope.array()[0], value.array()[0]);
    }
}
