//! `prose`: a few short stories, written for this project and for children.
//!
//! Plain words that come again and again, so that a small model finds something to learn in a
//! small text.

pub const TEXT: &str = include_str!("prose.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_few_pages_in_a_small_alphabet() {
        assert!((12_000..24_000).contains(&TEXT.len()), "{}", TEXT.len());
        let alphabet: std::collections::BTreeSet<char> = TEXT.chars().collect();
        assert!(alphabet.len() < 64, "{alphabet:?}");
        assert!(
            alphabet
                .iter()
                .all(|c| c.is_ascii_graphic() || " \n".contains(*c))
        );
        assert!(TEXT.ends_with('\n') && !TEXT.contains("\n\n\n") && !TEXT.contains("  "));
    }
}
