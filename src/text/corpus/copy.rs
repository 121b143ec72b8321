//! `copy`: "quick>quick" and "quick<kciuq".
//!
//! The simplest use of attention over a distance, in two layers: note at each letter which one
//! stood before it, then look for the letter just written (an induction head: Elhage and others
//! 2021, "A mathematical framework for transformer circuits"). After `>` the word comes again,
//! after `<` backwards. No letter is twice in a word, so that there is one place to look.

use super::line::{Line, Tag};
use crate::random::Stream;

const SHORTEST: usize = 3;
const LONGEST: usize = 8;

pub fn draw(stream: &mut Stream) -> Line {
    let mut letters: Vec<char> = ('a'..='z').collect();
    let length = SHORTEST + stream.below(LONGEST - SHORTEST + 1);
    stream.shuffle(&mut letters);
    let word: String = letters[..length].iter().collect();
    match stream.below(2) {
        0 => Line::about(format!("{word}>")).determined(Tag::Copied, word + "\n"),
        _ => {
            let backwards: String = word.chars().rev().collect();
            Line::about(format!("{word}<")).determined(Tag::Reversed, backwards + "\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::text::corpus::Corpus;

    #[test]
    fn every_line_is_a_copy_or_a_reverse() {
        for seed in 0..4 {
            let text = Corpus::Copy {}.generate(seed);
            let (mut copies, mut reverses) = (0, 0);
            for line in text.lines() {
                if let Some((word, again)) = line.split_once('>') {
                    assert_eq!(word, again);
                    copies += 1;
                } else {
                    let (word, back) = line.split_once('<').expect("a marker");
                    assert!(word.chars().eq(back.chars().rev()), "{line}");
                    reverses += 1;
                }
                let word = line.split(['<', '>']).next().expect("a word");
                let distinct: std::collections::BTreeSet<char> = word.chars().collect();
                assert_eq!(distinct.len(), word.len(), "{line}");
                assert!((3..=8).contains(&word.len()));
            }
            let share = f64::from(copies) / f64::from(copies + reverses);
            assert!((0.48..0.52).contains(&share), "{share}");
        }
    }
}
