//! What is wrong with a configuration, in words.

use super::Kind;

/// What is wrong with a configuration, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {message}")]
    Malformed { path: String, message: String },
    #[error("{field} is {value}, but it must lie between {min} and {max}")]
    OutOfRange {
        field: &'static str,
        value: f64,
        min: f64,
        max: f64,
    },
    #[error("{field} cannot be \"{value}\"; choose one of {choices}")]
    NoSuchChoice {
        field: &'static str,
        value: String,
        choices: String,
    },
    #[error("{field} takes {expected}")]
    WrongType {
        field: &'static str,
        expected: &'static str,
    },
    #[error("n_embd {n_embd} cannot be shared out over n_head {n_head} heads; n_head may be {fit}")]
    Indivisible {
        n_embd: usize,
        n_head: usize,
        fit: String,
    },
    #[error("min_lr {min_lr} is above lr {lr}; the learning rate falls from lr to min_lr")]
    Schedule { lr: f64, min_lr: f64 },
    #[error("{field} is an option of {} attention, and this is {}; leave it out or choose that kind", owner.name(), kind.name())]
    OtherKind {
        field: &'static str,
        owner: Kind,
        kind: Kind,
    },
    #[error(
        "{field} is {span}, but a window of {block_size} tokens (block_size) is all there is to look at; choose at most {block_size}"
    )]
    SpanTooLong {
        field: &'static str,
        span: usize,
        block_size: usize,
    },
    #[error(
        "additive attention compares all pairs in all channels: {batch_size} x {block_size} x {block_size} x {n_embd} \
         numbers take {needed} MiB {scope}, and at most {limit} MiB fit; lower batch_size, block_size or n_embd"
    )]
    TooLarge {
        batch_size: usize,
        block_size: usize,
        n_embd: usize,
        /// Mebibytes.
        needed: usize,
        /// Mebibytes.
        limit: usize,
        scope: &'static str,
    },
}
