//! One file for each command.

pub mod bench;
pub mod build;
pub mod pretrain;
pub mod serve;
pub mod setup;
pub mod test;
