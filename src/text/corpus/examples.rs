//! What a person needs to look into a model of a built-in text: lines to begin with, how its lines are
//! read, and whether one is of that form.

use super::{Corpus, Digits, adjectives, facts};

/// How a sum is written, `0` for any digit.
const SUM: &str = "000+000=0000";

/// Letters of the longest word that is copied.
const LONGEST_WORD: usize = 8;

impl Corpus {
    /// The first of [`Corpus::examples`].
    pub fn example(self) -> Option<&'static str> {
        self.examples().first().copied()
    }

    /// Lines begun, each up to a place where a model that knows the text has something to work out.
    pub fn examples(self) -> &'static [&'static str] {
        match self {
            Corpus::Adjectives {} => &["the big fluffy ", "some big fluffy dog"],
            Corpus::Facts {} => &[
                "ann is not wet but bold. bold? ",
                "ned is not tall but shy. tall? ",
                "the pet of gus is a ",
            ],
            Corpus::Addition {
                digits: Digits::LeastFirst,
            } => &["321+654=", "586+937=4", "999+100=0"],
            Corpus::Addition {
                digits: Digits::MostFirst,
            } => &["123+456=", "685+739=1", "999+001=1"],
            Corpus::Copy {} => &["stone<eno"],
            Corpus::Brackets {} => &["([]{<|"],
            Corpus::Prose {} => &["The mouse looked u", "he could not get u"],
        }
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
            for example in corpus.examples().iter().chain([&corpus.sample()]) {
                assert!(corpus.begins(example), "{corpus:?}: {example}");
                let prose = corpus == Corpus::Prose {};
                assert!(!prose || text.contains(example), "{example}");
            }
            assert!(corpus.example().is_some());
        }
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
                assert_eq!(Corpus::of_line(&several, example), Some(corpus));
            }
        }
        assert_eq!(Corpus::of_line(&several, "WHAT?"), Some(several[0]));
        assert_eq!(Corpus::of_line(&[], "the"), None);
    }
}
