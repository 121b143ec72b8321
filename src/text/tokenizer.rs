//! Characters as tokens: token `i` is the `i`-th character of the vocabulary.
//!
//! Source: the lecture notes (seed 003) and nanoGPT's `data/shakespeare_char/prepare.py`, which
//! both take the sorted distinct characters of the text.

use super::TextError;

/// A two-way table between characters (Unicode scalar values) and tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokenizer {
    vocab: Vec<char>,
    /// The same with their tokens, sorted by character: a checkpoint's own order need not be.
    tokens: Vec<(char, u32)>,
}

/// Characters in their order, each with the place where it stood.
pub(super) fn sorted(chars: &[char]) -> Vec<(char, u32)> {
    // There are few: a sort of this type would be more to download than to gain.
    let mut sorted: Vec<(char, u32)> = Vec::with_capacity(chars.len());
    for pair in chars.iter().copied().zip(0..) {
        let place = sorted.partition_point(|before| *before < pair);
        sorted.insert(place, pair);
    }
    sorted
}

/// Puts a character among sorted ones; false where it is there already.
fn insert(sorted: &mut Vec<char>, c: char) -> bool {
    let place = sorted.binary_search(&c);
    if let Err(place) = place {
        sorted.insert(place, c);
    }
    place.is_err()
}

impl Tokenizer {
    /// The tokenizer whose vocabulary is the text's distinct characters, sorted.
    ///
    /// # Errors
    /// [`TextError::Empty`] and [`TextError::OneCharacter`]: neither leaves anything to predict.
    pub fn fit(text: &str) -> Result<Self, TextError> {
        let mut vocab = Vec::new();
        for c in text.chars() {
            insert(&mut vocab, c);
        }
        match vocab.as_slice() {
            [] => Err(TextError::Empty),
            [only] => Err(TextError::OneCharacter(*only)),
            _ => Self::from_vocab(vocab),
        }
    }

    /// The tokenizer of a checkpoint: token `i` is `vocab[i]`, in whatever order they stand.
    ///
    /// # Errors
    /// [`TextError::DuplicateCharacter`], or [`TextError::SmallVocabulary`] below two characters.
    pub fn from_vocab(vocab: Vec<char>) -> Result<Self, TextError> {
        if vocab.len() < 2 {
            return Err(TextError::SmallVocabulary(vocab.len()));
        }
        let tokens = sorted(&vocab);
        match tokens.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(TextError::DuplicateCharacter(pair[0].0)),
            None => Ok(Tokenizer { vocab, tokens }),
        }
    }

    /// The text's characters as tokens.
    ///
    /// # Errors
    /// [`TextError::UnknownCharacters`], which names every distinct character that is not in the
    /// vocabulary.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TextError> {
        let tokens: Option<Vec<u32>> = text.chars().map(|c| self.token(c)).collect();
        tokens.ok_or_else(|| {
            let mut seen = Vec::new();
            let unknown = text.chars().filter(|c| self.token(*c).is_none());
            TextError::UnknownCharacters {
                unknown: unknown.filter(|c| insert(&mut seen, *c)).collect(),
                known: self.vocab.clone(),
            }
        })
    }

    /// The tokens' characters; U+FFFD, the replacement character, for a token out of range.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let chars = tokens.iter().map(|token| self.vocab.get(*token as usize));
        chars
            .map(|c| c.copied().unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    }

    /// A character's token, if it has one.
    pub fn token(&self, c: char) -> Option<u32> {
        let place = self.tokens.binary_search_by_key(&c, |(known, _)| *known);
        place.ok().map(|place| self.tokens[place].1)
    }

    /// The characters in the order of their tokens.
    pub fn vocab(&self) -> &[char] {
        &self.vocab
    }

    /// V, the number of tokens; at least 2.
    pub fn size(&self) -> usize {
        self.vocab.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn random_text(stream: &mut Stream) -> String {
        let length = 2 + stream.below(200);
        let any = |stream: &mut Stream| char::from_u32(stream.below(0x0011_0000) as u32);
        let text: String = (0..length).filter_map(|_| any(stream)).collect();
        "ab".to_owned() + &text
    }

    #[test]
    fn every_text_comes_back_as_it_was() {
        for seed in 0..200 {
            let text = random_text(&mut Stream::new(seed, "tokenizer test"));
            let tokenizer = Tokenizer::fit(&text).expect("two characters at least");
            let tokens = tokenizer.encode(&text).expect("its own characters");
            assert_eq!(tokens.len(), text.chars().count());
            assert!(tokens.iter().all(|t| (*t as usize) < tokenizer.size()));
            assert_eq!(tokenizer.decode(&tokens), text);
            assert!(tokenizer.vocab().is_sorted_by(|a, b| a < b));

            let mut vocab = tokenizer.vocab().to_vec();
            Stream::new(seed, "another order").shuffle(&mut vocab);
            let shuffled = Tokenizer::from_vocab(vocab.clone()).expect("distinct");
            let tokens = shuffled.encode(&text).expect("the same characters");
            assert_eq!(shuffled.decode(&tokens), text);
            let first = text.chars().next().expect("not empty");
            assert_eq!(vocab[tokens[0] as usize], first);
        }
    }

    #[test]
    fn unknown_characters_are_all_named_once_and_in_order() {
        let tokenizer = Tokenizer::fit("hello\n").expect("fits");
        let error = tokenizer.encode("hé€lloé\t").expect_err("unknown");
        let TextError::UnknownCharacters { unknown, known } = &error else {
            panic!("another error: {error}");
        };
        assert_eq!(*unknown, ['é', '€', '\t']);
        assert_eq!(*known, ['\n', 'e', 'h', 'l', 'o']);
        let message = error.to_string();
        for part in ["“é”, “€”, tab", "newline, “e”, “h”, “l”, “o”"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn texts_and_vocabularies_with_nothing_to_predict_are_refused() {
        assert_eq!(Tokenizer::fit(""), Err(TextError::Empty));
        assert_eq!(Tokenizer::fit("aaaa"), Err(TextError::OneCharacter('a')));
        let from = |vocab: &str| Tokenizer::from_vocab(vocab.chars().collect());
        assert_eq!(from("zaz"), Err(TextError::DuplicateCharacter('z')));
        assert_eq!(from("z"), Err(TextError::SmallVocabulary(1)));
        assert_eq!(from(""), Err(TextError::SmallVocabulary(0)));
    }

    #[test]
    fn a_token_out_of_range_shows_as_such() {
        let tokenizer = Tokenizer::fit("ab").expect("fits");
        assert_eq!(tokenizer.decode(&[1, 2, 0, u32::MAX]), "b\u{fffd}a\u{fffd}");
    }
}
