//! Text as the model sees it: characters as tokens, batches of windows, built-in corpora.
//!
//! A text comes in as bytes ([`read_utf8`]) or from a [`corpus::Corpus`], a
//! [`tokenizer::Tokenizer`] turns its characters into numbers, and a [`batch::Dataset`] cuts those
//! into a training and a validation part and serves windows of them. Nothing here knows of tensors
//! or of the page.

pub mod batch;
pub mod corpus;
mod error;
pub mod ngram;
pub mod score;
pub mod tokenizer;

pub use error::TextError;

/// Largest text accepted, in bytes: a token takes four bytes, twice while a run starts, and the
/// page must stay responsive on a phone.
pub const MAX_TEXT_BYTES: usize = 20_000_000;

/// Whether a text of that size is accepted at all: to be asked before a file is read.
///
/// # Errors
/// [`TextError::TooLarge`] above `max` bytes.
pub fn check_size(size: usize, max: usize) -> Result<(), TextError> {
    if size > max {
        return Err(TextError::TooLarge { size, limit: max });
    }
    Ok(())
}

/// A character as one sees it, also those that are only room.
pub fn visible(character: char) -> String {
    match character {
        ' ' => "␣".into(),
        '\n' => "↵".into(),
        '\t' => "⇥".into(),
        other if other.is_control() => "�".into(),
        other => other.to_string(),
    }
}

/// Reads a file's bytes as text of at most `max` bytes, normally [`MAX_TEXT_BYTES`]. A byte order
/// mark is left out; everything else, line ends included, stays as it is.
///
/// # Errors
/// [`TextError::TooLarge`], or [`TextError::NotUtf8`] with the place of the first byte that is not
/// text. An empty text is no error here: [`tokenizer::Tokenizer::fit`] refuses it.
pub fn read_utf8(bytes: &[u8], max: usize) -> Result<String, TextError> {
    check_size(bytes.len(), max)?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(error) => Err(TextError::NotUtf8 {
            offset: error.valid_up_to(),
            utf16: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_left_out_and_nothing_else() {
        let read = |bytes: &[u8]| read_utf8(bytes, MAX_TEXT_BYTES).expect("UTF-8");
        assert_eq!(read("\u{feff}a\r\n\u{feff}é".as_bytes()), "a\r\n\u{feff}é");
        assert_eq!(read(b""), "");
    }

    #[test]
    fn what_is_only_room_is_seen() {
        let shown = [' ', '\n', '\t', '\u{7}', 'a'].map(visible);
        assert_eq!(shown, ["␣", "↵", "⇥", "�", "a"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        let message = |bytes: &[u8]| {
            let error = read_utf8(bytes, MAX_TEXT_BYTES).expect_err("not UTF-8");
            error.to_string()
        };
        let latin1 = message(b"caf\xe9 noir");
        assert!(latin1.contains("byte 3 ") && latin1.contains("as UTF-8"));
        assert!(message(b"\xff\xfea\0b\0").contains("UTF-16"));
        assert!(!latin1.contains("UTF-16"));
    }

    #[test]
    fn a_text_is_too_large_from_the_first_byte_over_the_limit() {
        assert!(read_utf8(b"12345", 5).is_ok());
        assert_eq!(
            read_utf8(b"123456", 5),
            Err(TextError::TooLarge { size: 6, limit: 5 })
        );
        let message = |size| {
            let error = check_size(size, MAX_TEXT_BYTES).expect_err("too large");
            error.to_string()
        };
        assert!(message(65_000_000).contains("65.0 MB"));
        assert!(message(65_000_000).contains("20.0 MB"));
        // Never "20.0 MB is more than 20.0 MB".
        assert!(message(MAX_TEXT_BYTES + 1).contains("20.1 MB"));
    }
}
