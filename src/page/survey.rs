//! What there is to say of a text before training on it: its size, its characters, its first
//! lines, and what is wrong with it. A long text is read piece by piece, so that the page stays
//! responsive.

use crate::text::TextError;

/// Bytes read between two breaths of the page: a few milliseconds' worth.
pub const PIECE: usize = 1 << 18;

/// Lines shown of a text, and characters of each.
const LINES: usize = 6;
const LINE: usize = 72;

/// A count of a text's characters, filled piece by piece.
#[derive(Default)]
pub struct Counter {
    /// Characters below 128, which nearly all are, without a search.
    ascii: Vec<u64>,
    /// All others, in their order.
    rest: Vec<(char, u64)>,
}

impl Counter {
    pub fn read(&mut self, piece: &str) {
        self.ascii.resize(128, 0);
        for c in piece.chars() {
            match self.ascii.get_mut(c as usize) {
                Some(count) => *count += 1,
                None => match self.rest.binary_search_by_key(&c, |(known, _)| *known) {
                    Ok(place) => self.rest[place].1 += 1,
                    Err(place) => self.rest.insert(place, (c, 1)),
                },
            }
        }
    }

    /// Sums up, with the text's beginning as its preview.
    pub fn finish(self, text: &str) -> Survey {
        let ascii = (0u8..).map(char::from).zip(self.ascii);
        let counts: Vec<(char, u64)> = ascii
            .filter(|(_, count)| *count > 0)
            .chain(self.rest)
            .collect();
        let chars: u64 = counts.iter().map(|(_, count)| count).sum();
        let entropy = counts.iter().map(|(_, count)| {
            let share = *count as f64 / chars as f64;
            -share * share.ln()
        });
        Survey {
            chars: chars as usize,
            entropy: entropy.sum(),
            vocab: counts.iter().map(|(c, _)| *c).collect(),
            preview: preview(text),
            first_word: first_word(text),
        }
    }
}

/// The sum of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Length in characters.
    pub chars: usize,
    /// The distinct characters, sorted.
    pub vocab: Vec<char>,
    /// Entropy of single characters in nats: the loss of a model that only counts.
    pub entropy: f64,
    /// The first lines.
    pub preview: String,
    /// The text's first word and the space after it: a beginning for the model to go on from.
    pub first_word: String,
}

impl Survey {
    /// Reads a short text at once.
    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        let mut counter = Counter::default();
        counter.read(text);
        counter.finish(text)
    }

    /// Whether a model with that block can be trained on it.
    ///
    /// # Errors
    /// An empty text, a single distinct character, or a text shorter than the block and the
    /// character after it.
    pub fn check(&self, block_size: usize) -> Result<(), TextError> {
        match self.vocab.as_slice() {
            [] => Err(TextError::Empty),
            [only] => Err(TextError::OneCharacter(*only)),
            _ if self.chars < block_size + 1 => Err(TextError::TooShort {
                found: self.chars,
                needed: block_size + 1,
            }),
            _ => Ok(()),
        }
    }
}

/// The longest piece of at most [`PIECE`] bytes that `text` begins with, and what follows.
pub fn piece(text: &str) -> (&str, &str) {
    text.split_at(text.floor_char_boundary(PIECE.min(text.len())))
}

fn preview(text: &str) -> String {
    let lines = text.lines().take(LINES).map(|line| {
        let mut chars = line.chars();
        let start: String = chars.by_ref().take(LINE).collect();
        match chars.next() {
            Some(_) => start + "…",
            None => start,
        }
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn first_word(text: &str) -> String {
    let text = text.trim_start();
    let word: String = text.chars().take_while(|c| !c.is_whitespace()).collect();
    let word: String = word.chars().take(16).collect();
    match text[word.len()..].chars().next() {
        Some(' ') => word + " ",
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_summed_up() {
        let survey = Survey::of("abba é\nzweite");
        assert_eq!(survey.chars, 13);
        assert_eq!(
            survey.vocab,
            ['\n', ' ', 'a', 'b', 'e', 'i', 't', 'w', 'z', 'é']
        );
        assert_eq!(survey.preview, "abba é\nzweite");
        assert_eq!(survey.first_word, "abba ");
        let halves = Survey::of("abab");
        assert!((halves.entropy - 2f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_trained_on_is_named() {
        assert_eq!(Survey::of("").check(4), Err(TextError::Empty));
        assert_eq!(Survey::of("xx").check(1), Err(TextError::OneCharacter('x')));
        assert_eq!(
            Survey::of("abcd").check(4),
            Err(TextError::TooShort {
                found: 4,
                needed: 5
            })
        );
        assert_eq!(Survey::of("abcde").check(4), Ok(()));
    }

    #[test]
    fn pieces_end_between_characters_and_lose_none() {
        let text = "é".repeat(PIECE);
        let (mut rest, mut seen) = (text.as_str(), 0);
        let mut counter = Counter::default();
        while !rest.is_empty() {
            let (head, tail) = piece(rest);
            assert!(!head.is_empty());
            counter.read(head);
            seen += 1;
            rest = tail;
        }
        assert_eq!((seen, counter.finish(&text).chars), (2, PIECE));
    }

    #[test]
    fn long_lines_are_cut_and_many_left_out() {
        let preview = preview(&"x".repeat(100));
        assert_eq!(preview.chars().count(), LINE + 1);
        let many = super::preview(&"line\n".repeat(50));
        assert_eq!(many.lines().count(), LINES);
        assert_eq!(first_word("  \n"), "");
        assert_eq!(first_word("über\nalles"), "über");
    }
}
