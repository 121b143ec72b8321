//! The configurations that every benchmark here measures, other people's trainers included.

use harness::{Outcome, Trouble};
use serde_json::Value as Json;

/// `model` and `train` by name, as `newRun` takes them.
const SIZES: &str = include_str!("../sizes.json");

/// Their names, from small to large.
pub const NAMES: [&str; 3] = ["S", "M", "L"];

/// `{ model, train }` of that name.
///
/// # Errors
/// When there is none.
pub fn spec(name: &str) -> Outcome<Json> {
    let all: Json = serde_json::from_str(SIZES)
        .map_err(|e| Trouble::Other(format!("benches/sizes.json: {e}")))?;
    let size = all.get(name).cloned();
    size.ok_or_else(|| Trouble::Other(format!("benches/sizes.json has no {name}")))
}

/// T of that name.
///
/// # Errors
/// When there is none.
pub fn block(name: &str) -> Outcome<u64> {
    let block = spec(name)?["model"]["block_size"].as_u64();
    block.ok_or_else(|| Trouble::Other(format!("benches/sizes.json: {name} has no block_size")))
}
