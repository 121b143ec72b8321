//! `brackets`: "([]{<|>})".
//!
//! Brackets of four kinds, nested at most [`DEPTH`] deep (a bounded Dyck language, which two layers
//! of soft attention can read: Yao and others 2021, arXiv 2105.11115). Up to the bar a line opens
//! and closes as it likes, each bracket closing the last one that is open; after the bar everything
//! still open must be closed, in order, and the line ends. So what follows the bar is determined to
//! the last character, and its first may belong to the line's very beginning.

use super::line::{Line, Tag};
use crate::random::Stream;

const KINDS: [(char, char); 4] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')];

const DEPTH: usize = 4;

/// Brackets before the bar; one more where nothing else would be open.
const SHORTEST: usize = 2;
const LONGEST: usize = 14;

pub fn draw(stream: &mut Stream) -> Line {
    let length = SHORTEST + stream.below(LONGEST - SHORTEST + 1);
    let mut text = String::new();
    // The partners of what is open, the next to come last.
    let mut closing: Vec<char> = Vec::new();
    while text.len() < length || closing.is_empty() {
        let opens = match closing.len() {
            0 => true,
            DEPTH.. => false,
            _ => stream.below(2) == 0,
        };
        match closing.pop_if(|_| !opens) {
            Some(partner) => text.push(partner),
            None => {
                let (bracket, partner) = KINDS[stream.below(KINDS.len())];
                text.push(bracket);
                closing.push(partner);
            }
        }
    }
    let answer: String = closing.into_iter().rev().collect();
    Line::about(text + "|").determined(Tag::Closed, answer + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::corpus::Corpus;

    #[test]
    fn every_line_is_balanced_and_only_closes_after_its_bar() {
        let mut deepest = 0;
        for seed in 0..4 {
            let text = Corpus::Brackets {}.generate(seed);
            for line in text.lines() {
                let (before, after) = line.split_once('|').expect("a bar");
                assert!((SHORTEST..=LONGEST + 1).contains(&before.len()), "{line}");
                assert!(!after.is_empty(), "{line}");
                assert!(
                    after.chars().all(|c| KINDS.iter().any(|k| k.1 == c)),
                    "{line}"
                );
                let mut open = Vec::new();
                for c in before.chars().chain(after.chars()) {
                    match KINDS.iter().find(|kind| kind.0 == c) {
                        Some(kind) => open.push(kind.1),
                        None => assert_eq!(open.pop(), Some(c), "{line}"),
                    }
                    deepest = deepest.max(open.len());
                }
                assert!(open.is_empty(), "{line}");
            }
        }
        assert_eq!(deepest, DEPTH);
    }
}
