//! Glassformer: a character-level GPT that trains inside the browser, and a page that shows how
//! its attention works.
//!
//! Read from leaf to whole: [`config`] and [`text`] say what a run is made of, [`trace`] holds one
//! forward pass whole, [`analysis`] is what is read off it and [`explain`] makes any number of it
//! again, [`protocol`] is how the page asks for it, `engine` what is computed, `client` who keeps
//! the workers alive, and `page` what is drawn. `docs/architecture.md` says who may know whom.

pub mod analysis;
pub mod config;
pub mod explain;
mod json;
pub mod models;
pub mod protocol;
pub mod random;
pub mod text;
pub mod trace;

#[cfg(feature = "page")]
pub mod client;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "page")]
pub mod page;
pub mod wire;
