//! The engine: a character-level GPT on burn, its training, its sampling, its checkpoints.
//!
//! From leaf to whole: [`layers`], [`attention`], [`block`], [`gpt`], with [`record`] looking on; then what moves its
//! [`params`]: [`optim`], [`learner`] with the [`fast`] step and those who are there to help it (`hire`), [`train`], [`held`]; what it reads, token by token, and writes:
//! [`reading`], [`sample`]; what it knows: [`exam`]; how it
//! looks: [`mod@trace`], [`measure`], and
//! what an [`Analysis`](crate::analysis::Analysis) reads off it; what is kept: [`checkpoint`]. The
//! same code runs natively and, through [`worker`], in a Web Worker. It never sees the page.

mod ahead;
mod analyse;
pub mod attention;
pub mod block;
pub mod cache;
pub mod checkpoint;
pub mod device;
mod diverged;
pub mod dropout;
pub mod exam;
pub mod fast;
pub mod gpt;
pub mod held;
mod hire;
pub mod init;
mod intervene;
pub mod layers;
pub mod learner;
pub mod measure;
pub mod optim;
pub mod params;
pub mod reading;
pub mod record;
pub mod run;
pub mod sample;
pub mod session;
pub mod trace;
pub mod train;
pub mod worker;
