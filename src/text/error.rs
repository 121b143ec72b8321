//! What can be wrong with a text, in the sentence that the person reads.

use super::tokenizer::sorted;

/// What is wrong with a text, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("the text is empty; choose a file with some text in it, or paste some")]
    Empty,

    #[error(
        "the text has only one distinct character, {}, so there is nothing to predict; \
         choose a text with at least two",
        shown(*.0)
    )]
    OneCharacter(char),

    /// Both in characters.
    #[error(
        "the text has {found} characters, but this model needs at least {needed} (its block of {} \
         and the one after); take a longer text or a smaller block_size",
        .needed - 1
    )]
    TooShort { found: usize, needed: usize },

    /// Both in bytes.
    #[error(
        "the text takes {}, and at most {} can be used; take a part of it",
        megabytes(*.size),
        megabytes(*.limit)
    )]
    TooLarge { size: usize, limit: usize },

    /// `offset` counts bytes from 0; `utf16` when the file begins as UTF-16 does.
    #[error(
        "the file is not text in UTF-8: byte {offset} (counted from 0) fits no character; {}",
        if *.utf16 {
            "it looks like UTF-16, so open it in an editor and save it as UTF-8"
        } else {
            "if it is a text, open it in an editor and save it as UTF-8"
        }
    )]
    NotUtf8 { offset: usize, utf16: bool },

    /// Every distinct unknown character in order of appearance, and all known ones.
    #[error(
        "the model does not know {}; it was trained on a text with only these characters: {}",
        list(.unknown),
        ranges(.known)
    )]
    UnknownCharacters {
        unknown: Vec<char>,
        known: Vec<char>,
    },

    #[error(
        "the vocabulary lists {} twice, so a token would have two numbers; \
         the checkpoint it came from is damaged",
        shown(*.0)
    )]
    DuplicateCharacter(char),

    /// How many characters it has: 0 or 1.
    #[error(
        "the vocabulary has {0} characters, and a model needs at least two; \
         the checkpoint it came from is damaged"
    )]
    SmallVocabulary(usize),

    #[error("there is no built-in text \"{name}\"; choose one of {choices}")]
    NoSuchCorpus { name: String, choices: String },

    #[error("corpus: {0}")]
    CorpusOptions(String),
}

/// Rounded up, so that a size over the limit never reads as the limit.
fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes.div_ceil(100_000) as f64 / 10.0)
}

/// How many entries of a list a sentence can bear; the error's own fields hold all of them.
const LISTED: usize = 200;

/// A character as one can read it in a sentence.
fn shown(c: char) -> String {
    match c {
        ' ' => "space".into(),
        '\n' => "newline".into(),
        '\t' => "tab".into(),
        c if c.is_control() || c.is_whitespace() => format!("U+{:04X}", u32::from(c)),
        c => format!("\u{201c}{c}\u{201d}"),
    }
}

fn list(chars: &[char]) -> String {
    joined(chars.iter().map(|c| shown(*c)).collect())
}

/// What may stand within such a range: beyond ASCII anything, since the tables that tell letters apart
/// would be a good kilobyte of what visitors download.
fn letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || !c.is_ascii()
}

/// Letters and digits that follow one another as "a" to "z", everything else one by one.
fn ranges(chars: &[char]) -> String {
    let sorted: Vec<char> = sorted(chars).iter().map(|(c, _)| *c).collect();
    let runs = sorted.chunk_by(|a, b| {
        u32::from(*a) + 1 == u32::from(*b) && letter_or_digit(*a) && letter_or_digit(*b)
    });
    let mut entries = Vec::new();
    for run in runs {
        match run {
            [first, .., last] if run.len() > 2 => {
                entries.push(format!("{} to {}", shown(*first), shown(*last)));
            }
            few => entries.extend(few.iter().map(|c| shown(*c))),
        }
    }
    joined(entries)
}

fn joined(mut entries: Vec<String>) -> String {
    let more = entries.len().saturating_sub(LISTED);
    entries.truncate(LISTED);
    if more > 0 {
        entries.push(format!("and {more} more"));
    }
    entries.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_can_be_read_in_a_sentence() {
        assert_eq!(
            list(&['\n', ' ', 'é', '\u{7}']),
            "newline, space, “é”, U+0007"
        );
        assert_eq!(ranges(&['c', 'a', 'b', '\n']), "newline, “a” to “c”");
        assert_eq!(
            ranges(&['a', 'b', '(', ')', '*']),
            "“(”, “)”, “*”, “a”, “b”"
        );
    }

    #[test]
    fn a_list_ends() {
        let many: Vec<char> = ('\u{4e00}'..).take(LISTED + 7).collect();
        assert!(list(&many).ends_with(", and 7 more"));
    }
}
