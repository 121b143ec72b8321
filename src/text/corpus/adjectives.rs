//! `adjectives`: "the big old fluffy dog runs. good dog!"
//!
//! The notes' example of attention is "the big fluffy dog", with adjectives that look for their
//! noun (seed 002; seed 001 asks for simple examples). Here the adjectives decide on it: big and
//! fluffy make a dog, tiny and fluffy a cat, big and gray a whale, so that neither adjective is
//! enough and whoever writes the noun must look at both, across one that says nothing. The first
//! word sets the number, on which noun and verb agree from afar. The end comes back to the noun
//! ("good dog!") or to its size ("so big!").

use super::line::{Line, Tag, pick};
use crate::random::Stream;

const ONE: [&str; 3] = ["a", "the", "this"];
const SEVERAL: [&str; 3] = ["two", "some", "these"];

/// Fit any noun, and say nothing about it.
const MOODS: [&str; 6] = ["old", "young", "shy", "proud", "happy", "sleepy"];

const SIZES: [&str; 2] = ["big", "tiny"];

/// How it looks, and the noun of each of [`SIZES`] that looks so. All nouns take a plain -s.
const LOOKS: [(&str, [&str; 2]); 8] = [
    ("fluffy", ["dog", "cat"]),
    ("gray", ["whale", "mole"]),
    ("brown", ["bear", "snail"]),
    ("green", ["dragon", "frog"]),
    ("white", ["swan", "lamb"]),
    ("black", ["horse", "ant"]),
    ("striped", ["tiger", "bee"]),
    ("spotted", ["cow", "bug"]),
];

const VERBS: [&str; 8] = [
    "run", "sleep", "eat", "play", "hide", "sing", "jump", "wait",
];

pub fn draw(stream: &mut Stream) -> Line {
    let several = stream.below(2) == 1;
    let first = pick(stream, if several { &SEVERAL } else { &ONE });
    let size = stream.below(SIZES.len());
    // A quarter of the phrases has no mood: "the big fluffy dog".
    let mood = match stream.below(4) {
        0 => String::new(),
        _ => format!("{} ", pick(stream, &MOODS)),
    };
    let (look, nouns) = LOOKS[stream.below(LOOKS.len())];
    let (noun, verb_ending) = match several {
        true => (format!("{}s", nouns[size]), ". "),
        false => (nouns[size].to_owned(), "s. "),
    };
    let line = Line::about(format!("{first} {} {mood}{look} ", SIZES[size]))
        .determined(Tag::Noun, format!("{noun} "))
        .free(pick(stream, &VERBS))
        .determined(Tag::Agreement, verb_ending);
    match stream.below(2) {
        0 => line
            .free("good ")
            .determined(Tag::Reference, format!("{noun}!\n")),
        _ => line
            .free("so ")
            .determined(Tag::Reference, format!("{}!\n", SIZES[size])),
    }
}

/// Every word of the lines.
pub fn words() -> Vec<String> {
    let nouns = LOOKS.iter().flat_map(|(_, nouns)| *nouns);
    let plain = ONE.iter().chain(&SEVERAL).chain(&MOODS).chain(&SIZES);
    let plain = plain.copied().chain(LOOKS.iter().map(|(look, _)| *look));
    let inflected = nouns.chain(VERBS).flat_map(|w| [w.into(), format!("{w}s")]);
    let rest = plain.chain(["good", "so"]).map(String::from);
    inflected.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_obeys_the_grammar() {
        let mut stream = Stream::new(3, "test");
        for _ in 0..2000 {
            let text = draw(&mut stream).text();
            let words: Vec<&str> = text.trim_end_matches("!\n").split([' ', '.']).collect();
            let blank = words
                .iter()
                .position(|w| w.is_empty())
                .expect("a full stop");
            let (phrase, end) = (&words[..blank], &words[blank + 1..]);
            let [first, size, moods @ .., look, noun, verb] = phrase else {
                panic!("too few words: {text}");
            };
            let several = SEVERAL.contains(first);
            assert!(several || ONE.contains(first), "{text}");
            assert!(moods.len() < 2 && moods.iter().all(|m| MOODS.contains(m)));

            let fitting = LOOKS
                .iter()
                .find(|(name, _)| name == look)
                .expect("a look")
                .1;
            let size_index = SIZES.iter().position(|s| s == size).expect("a size");
            let expected = fitting[size_index].to_owned() + if several { "s" } else { "" };
            assert_eq!(*noun, expected, "{text}");
            assert_eq!(verb.ends_with('s'), !several, "{text}");
            assert!(VERBS.contains(&verb.trim_end_matches('s')), "{text}");
            match end {
                ["good", again] => assert_eq!(again, noun, "{text}"),
                ["so", again] => assert_eq!(again, size, "{text}"),
                _ => panic!("another end: {text}"),
            }
        }
    }

    #[test]
    fn neither_adjective_is_enough_for_the_noun() {
        let nouns: std::collections::BTreeSet<&str> =
            LOOKS.iter().flat_map(|(_, nouns)| *nouns).collect();
        assert_eq!(nouns.len(), LOOKS.len() * SIZES.len());
        for (_, [big, tiny]) in LOOKS {
            assert_ne!(big.chars().next(), tiny.chars().next());
        }
    }

    #[test]
    fn the_notes_example_is_among_the_lines() {
        let text = crate::text::corpus::Corpus::Adjectives {}.generate(1);
        assert!(text.contains("\nthe big fluffy dog "));
    }
}
