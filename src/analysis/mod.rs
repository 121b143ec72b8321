//! What is read off a forward pass: plain arithmetic on recorded numbers.
//!
//! It knows neither the engine nor the page, so that both, and the tests, count the same way. The
//! questions are those of seed 001: what each head adds, whether heads do alike, what a token has
//! become halfway through, where a carry or a fact sits. [`Analysis`] lists them, one file each;
//! [`of_trace`] and [`Gathering`] answer them with a [`Report`].
//!
//! Letters as in [`crate::trace`]: T tokens, C channels, H heads, V characters. Numbers come as
//! `f32`, as the trace has them, and are worked on as `f64`. Positions count from the beginning of
//! the text that was traced. Where a number is not defined (the direction of nothing, the mean of
//! none) there is `None`, null in JSON, and never a NaN.
//!
//! | file | what it answers |
//! |---|---|
//! | `contributions.rs` | what does each head add to a token, and to a character's logit? |
//! | `likeness.rs` | do two heads do the same? |
//! | `entropy.rs` | how widely and how far does a head look? |
//! | `lens.rs` | which character does the stream read as, halfway through? |
//! | `peel.rs` | which characters is a vector made of? |
//! | `rollout.rs` | what has come from where, after some layers? |
//! | `shift.rs` | does a token change more where attention is stronger? |
//! | `ablation.rs` | what is lost without a head: where is the carry, where is a fact? |
//! | `falls.rs` | which head does the guess after a token hang on? |

pub mod ablation;
mod cells;
pub mod contributions;
mod correlation;
pub mod entropy;
mod error;
pub mod falls;
mod head;
mod kinds;
pub mod lens;
pub mod likeness;
pub mod peel;
pub mod rollout;
pub mod shift;
mod summary;
mod unembedding;
mod vectors;

#[cfg(test)]
mod made;

pub use cells::Cells;
pub use correlation::{Correlated, Correlation};
pub use entropy::entropy_bits;
pub use error::AnalysisError;
pub use head::{Head, Pattern};
pub use kinds::{Analysis, Gathering, Needs, Options, Report, of_trace};
pub use summary::{Mean, Summary, octaves};
pub use unembedding::{LayerNorm, Unembedding};
pub use vectors::{ranked, softmax};
