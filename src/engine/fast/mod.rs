//! The fast step: a training step whose derivatives were worked out by hand, without burn.
//!
//! The readable model ([`crate::engine::gpt`]) says what is computed, and everything that looks into
//! a model goes through it. This is its twin for training on the CPU: the same batches, the same
//! dropout masks, the same schedule, the same numbers to rounding, in a fraction of the time.
//! `tests/fast.rs` holds one against the other.
//!
//! From leaf to whole: [`lanes`], a package of its own, with all that is done four numbers at a time
//! and the product of two matrices; one file for each operation, forwards and backwards ([`linear`], [`norm`], [`attention`] with [`pattern`],
//! [`additive`], [`gate`], [`span`] and [`reach`], [`activation`], [`embedding`], [`join`] with [`dropout`], [`cross_entropy`], [`adamw`]); the
//! [`arena`] that holds all numbers; the [`plan`] that lists a step's operations, with the [`builder`] that makes it; and [`cpu`], which
//! carries it out, on one thread or on several ([`threads`]). With the feature `webgpu` there is `gpu` beside it, which has a GPU do the same.

pub mod activation;
pub mod adamw;
pub mod additive;
pub mod arena;
pub mod attention;
pub mod builder;
pub mod cpu;
pub mod cross_entropy;
pub mod dropout;
pub mod embedding;
pub mod evaluate;
pub mod gate;
#[cfg(feature = "webgpu")]
pub mod gpu;
pub mod join;
pub mod linear;
pub mod norm;
pub mod pattern;
pub mod plan;
pub mod reach;
pub mod span;
pub mod threads;

#[cfg(test)]
mod tests;
