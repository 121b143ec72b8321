//! JSON text, read in one way by all that reads any.

use serde::de::DeserializeOwned;
use serde_json::{Error, Value};

/// Reads what JSON text says.
///
/// By way of a [`Value`], although serde could do without: from text each type becomes a parser of
/// its own, a good part of what visitors download (`docs/performance.md`).
///
/// # Errors
/// What is wrong with the text, or what in it the type cannot be.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let value: Value = serde_json::from_str(text)?;
    T::deserialize(&value)
}
