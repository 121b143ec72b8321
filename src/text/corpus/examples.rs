//! What a person needs to look into a model of a built-in text: lines to begin with, how its lines are
//! read, and whether one is of that form.

use super::{Corpus, Digits, adjectives, facts};

/// How a sum is written, `0` for any digit.
const SUM: &str = "000+000=0000";

/// Letters of the longest word that is copied.
const LONGEST_WORD: usize = 8;

/// A line begun, up to a place where a model that knows the text has something to work out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    pub text: &'static str,
    /// The character that comes next, worked out by hand.
    pub next: char,
    /// What there is to work out, in a clause.
    pub shows: &'static str,
}

const fn example(text: &'static str, next: char, shows: &'static str) -> Example {
    Example { text, next, shows }
}

const ADJECTIVES: [Example; 2] = [
    example("the big fluffy ", 'd', "big and fluffy together make a dog"),
    example(
        "some big fluffy dog",
        's',
        "“some” means more than one, so that an s comes next",
    ),
];

const FACTS: [Example; 3] = [
    example(
        "ann is not wet but bold. bold? ",
        'y',
        "no “not” stands before “bold”, so that the answer is yes",
    ),
    example(
        "ned is not tall but shy. tall? ",
        'n',
        "a “not” stands before “tall”, so that the answer is no",
    ),
    example(
        "the pet of gus is a ",
        'd',
        "nothing in the line says it: it is known by heart",
    ),
];

const ONES_FIRST: [Example; 3] = [
    example("321+654=", '9', "the ones, 3 + 6, with nothing to carry"),
    example(
        "586+937=4",
        '2',
        "the tens, 8 + 3, and 1 carried from 5 + 9",
    ),
    example(
        "999+100=0",
        '0',
        "a carry that makes the next one: 9 + 0 + 1",
    ),
];

const HUNDREDS_FIRST: [Example; 3] = [
    example(
        "123+456=",
        '0',
        "the thousands come first, with nothing carried to them",
    ),
    example(
        "685+739=1",
        '4',
        "the hundreds, 6 + 7, and 1 carried from digits to their right",
    ),
    example(
        "999+001=1",
        '0',
        "a carry that went through all three digits",
    ),
];

const COPY: [Example; 1] = [example(
    "stone<eno",
    't',
    "backwards, so that the letter before the o comes next",
)];

const BRACKETS: [Example; 1] = [example(
    "([]{<|",
    '>',
    "the bracket that was opened last is closed first",
)];

const PROSE: [Example; 2] = [
    example("The mouse looked u", 'p', "a word to finish after “looked”"),
    example("he could not get u", 'p', "a word to finish after “get”"),
];

impl Corpus {
    /// The first of [`Corpus::examples`].
    pub fn example(self) -> Option<&'static str> {
        self.examples().first().map(|example| example.text)
    }

    /// Lines begun, with what each shows.
    pub fn examples(self) -> &'static [Example] {
        match self {
            Corpus::Adjectives {} => &ADJECTIVES,
            Corpus::Facts {} => &FACTS,
            Corpus::Addition {
                digits: Digits::LeastFirst,
            } => &ONES_FIRST,
            Corpus::Addition {
                digits: Digits::MostFirst,
            } => &HUNDREDS_FIRST,
            Corpus::Copy {} => &COPY,
            Corpus::Brackets {} => &BRACKETS,
            Corpus::Prose {} => &PROSE,
        }
    }

    /// The example that a text is.
    pub fn example_of(self, text: &str) -> Option<Example> {
        let mut examples = self.examples().iter();
        examples.find(|example| example.text == text).copied()
    }

    /// The built-in text that a text is an example of.
    pub fn of_example(text: &str) -> Option<Corpus> {
        let mut all = Corpus::ALL.into_iter();
        all.find(|corpus| corpus.example_of(text).is_some())
    }

    /// A whole line.
    pub fn sample(self) -> &'static str {
        match self {
            Corpus::Adjectives {} => "the big fluffy dog runs. good dog!",
            Corpus::Facts {} => "ann is not wet but bold. bold? yes.",
            Corpus::Addition {
                digits: Digits::LeastFirst,
            } => "321+654=9750",
            Corpus::Addition {
                digits: Digits::MostFirst,
            } => "123+456=0579",
            Corpus::Copy {} => "stone<enots",
            Corpus::Brackets {} => "([]{<|>})",
            Corpus::Prose {} => "The mouse looked up at the bear.",
        }
    }

    /// How a line is to be read, where that is not plain.
    pub fn form(self) -> Option<&'static str> {
        match self {
            Corpus::Addition {
                digits: Digits::LeastFirst,
            } => Some(
                "Every number is written with its ones first and has three digits, a sum four: \
                 321+654=9750 says 123+456=0579.",
            ),
            Corpus::Addition {
                digits: Digits::MostFirst,
            } => Some("Every number has three digits, a sum four: 123+456=0579."),
            Corpus::Copy {} => Some("After > the word comes again, after < backwards."),
            Corpus::Brackets {} => Some("After the bar, all that is open is closed."),
            Corpus::Adjectives {} | Corpus::Facts {} | Corpus::Prose {} => None,
        }
    }

    /// Whether a line begun looks like one of these: by its form, or by its words. A line that does
    /// may still break a rule.
    pub fn begins(self, line: &str) -> bool {
        match self {
            Corpus::Adjectives {} => of_words(line, &adjectives::words()),
            Corpus::Facts {} => of_words(line, &facts::words()),
            Corpus::Addition { .. } => {
                let of_sum = |(c, form): (char, char)| match form {
                    '0' => c.is_ascii_digit(),
                    mark => c == mark,
                };
                line.len() <= SUM.len() && line.chars().zip(SUM.chars()).all(of_sum)
            }
            Corpus::Copy {} => {
                let mut parts = line.split(['<', '>']);
                let word = parts.next().unwrap_or_default();
                let letters = line
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || "<>".contains(c));
                letters && parts.count() < 2 && (1..=LONGEST_WORD).contains(&word.len())
            }
            Corpus::Brackets {} => {
                let (before, after) = line.split_once('|').unwrap_or((line, ""));
                let closes = |c: char| ")]}>".contains(c);
                let bracket = |c: char| closes(c) || "([{<".contains(c);
                before.chars().all(bracket) && after.chars().all(closes)
            }
            Corpus::Prose {} => true,
        }
    }

    /// Of several texts the one that a line looks like, else the first.
    pub fn of_line(corpora: &[Corpus], line: &str) -> Option<Corpus> {
        let like = corpora.iter().find(|corpus| corpus.begins(line));
        like.or(corpora.first()).copied()
    }
}

/// Whether a line has no other words than these; the last may be a beginning.
fn of_words(line: &str, words: &[String]) -> bool {
    let mut parts: Vec<&str> = line.split([' ', '.', ',', '?', '!']).collect();
    let last = parts.pop().unwrap_or_default();
    let known = |part: &&str| part.is_empty() || words.iter().any(|word| word == part);
    parts.iter().all(known) && words.iter().any(|word| word.starts_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text, with every option.
    fn all() -> Vec<Corpus> {
        let digits = Digits::MostFirst;
        let mut all = Corpus::ALL.to_vec();
        all.push(Corpus::Addition { digits });
        all
    }

    #[test]
    fn every_line_begins_as_its_text_says_and_so_do_the_examples() {
        for corpus in all() {
            let text = corpus.generate(5);
            for line in text.lines().take(500) {
                for (end, _) in line.char_indices().skip(1) {
                    assert!(corpus.begins(&line[..end]), "{corpus:?}: {}", &line[..end]);
                }
                assert!(corpus.begins(line), "{corpus:?}: {line}");
            }
            let examples = corpus.examples().iter().map(|example| example.text);
            for example in examples.chain([corpus.sample()]) {
                assert!(corpus.begins(example), "{corpus:?}: {example}");
                let prose = corpus == Corpus::Prose {};
                assert!(!prose || text.contains(example), "{example}");
            }
            assert!(corpus.example().is_some());
        }
    }

    #[test]
    fn an_example_is_found_by_its_text_and_shows_something_of_its_own() {
        let mut seen: Vec<&str> = Vec::new();
        for corpus in all() {
            for example in corpus.examples() {
                assert_eq!(corpus.example_of(example.text), Some(*example));
                assert!(!seen.contains(&example.shows), "{}", example.shows);
                // A clause, and no sentence.
                let end = example.shows.chars().last();
                assert!(end.is_some_and(|c| c != '.') && example.shows.len() < 70);
                seen.push(example.shows);
            }
        }
        for corpus in Corpus::ALL {
            let text = corpus.example().expect("one");
            assert_eq!(Corpus::of_example(text), Some(corpus));
        }
        assert_eq!(Corpus::of_example("the big fluffy cat"), None);
    }

    #[test]
    fn what_is_of_another_form_is_known() {
        for (line, corpus) in [
            ("(sees [the big dog", Corpus::Adjectives {}),
            ("ada is loud", Corpus::Facts {}),
            ("999+1=", Corpus::ALL[2]),
            ("12+", Corpus::ALL[2]),
            ("321+654=97501", Corpus::ALL[2]),
            ("the big", Corpus::Copy {}),
            ("(a)", Corpus::Brackets {}),
            ("([|(", Corpus::Brackets {}),
        ] {
            assert!(!corpus.begins(line), "{corpus:?}: {line}");
        }
    }

    #[test]
    fn of_several_texts_a_line_finds_its_own() {
        let several = [Corpus::Adjectives {}, Corpus::Copy {}, Corpus::Brackets {}];
        for corpus in several {
            for example in corpus.examples() {
                assert_eq!(Corpus::of_line(&several, example.text), Some(corpus));
            }
        }
        assert_eq!(Corpus::of_line(&several, "WHAT?"), Some(several[0]));
        assert_eq!(Corpus::of_line(&[], "the"), None);
    }
}
