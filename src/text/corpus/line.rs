//! A line of a grammar in pieces, which says of itself what of it can be asked.

use crate::random::Stream;
use serde::{Deserialize, Serialize};

/// No line is longer, in characters, its newline included: a block of 64 sees one whole, and the
/// newline before it.
pub const MAX_LENGTH: usize = 63;

/// One line in this many is held out.
const HELD_OUT_ONE_IN: u64 = 10;

/// What a question asks for, so that scores can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// `adjectives`: the noun that its adjectives fit, in its number.
    Noun,
    /// `adjectives`: the verb's ending, by the noun's number.
    Agreement,
    /// `adjectives`: the noun or the adjective that the line's end comes back to.
    Reference,
    /// `facts`: yes, the line said so.
    Affirmed,
    /// `facts`: no, the line said not so.
    Denied,
    /// `facts`: what only the training text has told, in other words than it did.
    Recalled,
    /// `addition`: a sum without any carry.
    NoCarry,
    /// `addition`: a sum with at least one.
    Carry,
    /// `copy`: the word again.
    Copied,
    /// `copy`: the word backwards.
    Reversed,
    /// `brackets`: everything that is open, closed.
    Closed,
}

/// A held-out question: after `prompt` only `answer` is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Begins with the newline that ends the line before, as the model has always seen one there.
    pub prompt: String,
    /// What must come next, character by character; together with the prompt at most 64.
    pub answer: String,
    pub tag: Tag,
}

/// A line as its grammar drew it.
///
/// Its first piece is free and says what the line is about; lines that share it are all held out
/// or none is, so that a question is unseen from its first character to its last.
pub struct Line {
    pieces: Vec<(String, Option<Tag>)>,
    held_out: bool,
}

impl Line {
    /// A line that begins so; whether it is held out is decided by a hash of that beginning.
    pub fn about(beginning: String) -> Self {
        // One fixed seed for every text: an exam is unseen whatever the text's seed was. (Under
        // seed 0 the notes' own "the big fluffy dog" would never be told.)
        let word = Stream::new(1, &beginning).word(0);
        let held_out = word.is_multiple_of(HELD_OUT_ONE_IN);
        Line::reserved(beginning, held_out)
    }

    /// A line that begins so, where the grammar itself knows whether it is held out.
    pub fn reserved(beginning: String, held_out: bool) -> Self {
        Line {
            pieces: vec![(beginning, None)],
            held_out,
        }
    }

    /// Goes on with something that could also have been otherwise.
    pub fn free(mut self, text: impl Into<String>) -> Self {
        self.pieces.push((text.into(), None));
        self
    }

    /// Goes on with what has to come: nothing else may stand here after what precedes it.
    pub fn determined(mut self, tag: Tag, text: impl Into<String>) -> Self {
        self.pieces.push((text.into(), Some(tag)));
        self
    }

    pub fn is_held_out(&self) -> bool {
        self.held_out
    }

    /// The whole line, its newline included.
    pub fn text(&self) -> String {
        self.pieces
            .iter()
            .map(|(piece, _)| piece.as_str())
            .collect()
    }

    /// One question for each determined piece.
    pub fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        let mut prompt = String::from("\n");
        for (piece, tag) in &self.pieces {
            if let Some(tag) = *tag {
                questions.push(Question {
                    prompt: prompt.clone(),
                    answer: piece.clone(),
                    tag,
                });
            }
            prompt.push_str(piece);
        }
        questions
    }
}

/// One of a grammar's words; the lists are constants and never empty.
pub fn pick<'a>(stream: &mut Stream, words: &[&'a str]) -> &'a str {
    stream.choose(words).copied().unwrap_or_default()
}
