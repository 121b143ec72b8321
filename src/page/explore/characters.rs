//! Characters as one sees them.

use crate::explain::{Quantity, Source};
pub use crate::text::visible;

/// A character of the vocabulary, by its number.
pub fn of_vocabulary(source: &Source, token: usize) -> String {
    let character = source.trace.about.vocab.get(token);
    character.copied().map_or("·".into(), visible)
}

/// A character of the text, by its place.
pub fn of_text(source: &Source, position: usize) -> String {
    let character = source.trace.about.text.chars().nth(position);
    character.map(visible).unwrap_or_default()
}

/// Whether the numbers of a row are one for each character of the vocabulary.
pub fn counts_characters(quantity: Quantity) -> bool {
    matches!(
        quantity,
        Quantity::Logits
            | Quantity::Probabilities
            | Quantity::Chance
            | Quantity::LogitsChange
            | Quantity::LensLogit(_)
            | Quantity::LensProbability(_)
    )
}
