//! `facts`: "ann is not wet but cold. wet? no." and "ann has a goat."
//!
//! Two sorts of line. In the first a fact and a negation stand in either order, and only the place
//! of the "not" tells which of the two is denied: seed 000 imagines one head that looks for
//! negations, one that looks for facts, and something that must know which came first. The second
//! states, in several wordings, arbitrary facts ([`OWNERS`]) that nothing in the line explains:
//! seed 001 asks to test with information that the model knows and that is therefore not in what
//! it reads. Each fact is never told in one of the wordings, so that it can be asked in it.

use super::line::{Line, Question, Tag, pick};
use crate::random::Stream;

/// Who has which animal: as arbitrary as they look, and the same for every seed, so that every
/// model of this corpus can be asked the same.
pub const OWNERS: [(&str, &str); 24] = [
    ("ada", "goat"),
    ("amy", "fox"),
    ("ann", "duck"),
    ("ben", "hen"),
    ("dan", "cat"),
    ("eli", "bee"),
    ("eva", "goat"),
    ("fay", "pig"),
    ("gus", "dog"),
    ("hal", "fox"),
    ("ida", "rat"),
    ("jan", "cow"),
    ("jim", "bee"),
    ("kit", "mule"),
    ("leo", "duck"),
    ("liz", "cow"),
    ("max", "pig"),
    ("ned", "rat"),
    ("pam", "cat"),
    ("ray", "hen"),
    ("sam", "newt"),
    ("tim", "mule"),
    ("una", "dog"),
    ("viv", "newt"),
];

/// How a fact is told: a name stands between the two parts, an animal after them.
const WORDINGS: [(&str, &str); 6] = [
    ("", " has a "),
    ("the pet of ", " is a "),
    ("here is ", " with a "),
    ("what has ", "? a "),
    ("look, ", " and a "),
    ("we saw ", " feed a "),
];

/// What a person can be: any two of them together, and each with another first letter, so that
/// one letter tells which is asked about.
const TRAITS: [&str; 12] = [
    "bold", "calm", "fair", "glad", "kind", "late", "mean", "old", "rich", "shy", "tall", "wet",
];

pub fn draw(stream: &mut Stream) -> Line {
    if stream.below(2) == 0 {
        draw_statement(stream)
    } else {
        let owner = stream.below(OWNERS.len());
        fact(owner, stream.below(WORDINGS.len()))
    }
}

fn draw_statement(stream: &mut Stream) -> Line {
    let (name, _) = OWNERS[stream.below(OWNERS.len())];
    let mut traits = TRAITS;
    stream.shuffle(&mut traits);
    let [first, second, ..] = traits;
    let denies_first = stream.below(2) == 0;
    let statement = match denies_first {
        true => format!("{name} is not {first} but {second}."),
        false => format!("{name} is {first} but not {second}."),
    };
    let asked = pick(stream, &[first, second]);
    let (tag, answer) = match (asked == first) == denies_first {
        true => (Tag::Denied, "no.\n"),
        false => (Tag::Affirmed, "yes.\n"),
    };
    Line::about(format!("{statement} {asked}? ")).determined(tag, answer)
}

/// The line that tells that fact in that wording.
fn fact(owner: usize, wording: usize) -> Line {
    let ((name, animal), (before, between)) = (OWNERS[owner], WORDINGS[wording]);
    // By turns, so that each wording is told of most people and held out for some.
    let held_out = owner % WORDINGS.len() == wording;
    Line::reserved(format!("{before}{name}{between}"), held_out)
        .determined(Tag::Recalled, format!("{animal}.\n"))
}

/// Every fact of [`OWNERS`], in order, asked in the wording in which no text tells it.
pub fn recall_questions() -> Vec<Question> {
    let all = (0..OWNERS.len()).flat_map(|owner| (0..WORDINGS.len()).map(move |w| fact(owner, w)));
    let held_out = all.filter(Line::is_held_out);
    held_out.flat_map(|line| line.questions()).collect()
}

/// Every word of the lines.
pub fn words() -> Vec<String> {
    let owners = OWNERS.iter().flat_map(|(name, animal)| [*name, *animal]);
    let wordings = WORDINGS
        .iter()
        .flat_map(|(before, between)| [*before, *between]);
    let wordings = wordings.flat_map(|part| part.split(|c: char| !c.is_alphabetic()));
    let answers = ["is", "not", "but", "yes", "no"];
    let all = owners.chain(wordings).chain(TRAITS).chain(answers);
    all.filter(|word| !word.is_empty())
        .map(String::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::corpus::Corpus;

    #[test]
    fn answers_follow_from_the_place_of_the_not() {
        let mut stream = Stream::new(3, "test");
        let mut said = std::collections::BTreeMap::new();
        for _ in 0..2000 {
            let text = draw_statement(&mut stream).text();
            let (statement, question) = text.split_once(". ").expect("two sentences");
            let (asked, answer) = question.split_once("? ").expect("an answer");
            let denied = statement.contains(&format!("not {asked}"));
            assert!(denied || statement.contains(asked), "{text}");
            assert_eq!(answer, if denied { "no.\n" } else { "yes.\n" }, "{text}");
            let not_first = statement.contains(" is not ");
            *said.entry((not_first, answer.to_owned())).or_insert(0) += 1;
        }
        // Either order, either answer, about equally often: neither alone tells the answer.
        assert_eq!(said.len(), 4);
        assert!(said.values().all(|n| (400..600).contains(n)), "{said:?}");
    }

    #[test]
    fn each_fact_is_told_often_but_never_in_the_wording_it_is_asked_in() {
        let questions = recall_questions();
        assert_eq!(questions.len(), OWNERS.len());
        for seed in 0..3 {
            let text = Corpus::Facts {}.generate(seed);
            for (question, (name, animal)) in questions.iter().zip(OWNERS) {
                assert!(question.prompt.contains(name));
                assert_eq!(question.answer, format!("{animal}.\n"));
                assert!(!text.contains(&question.prompt), "{}", question.prompt);
                let told = |(before, between): &(&str, &str)| {
                    let line = format!("\n{before}{name}{between}{animal}.\n");
                    text.matches(&line).count() > 10
                };
                assert_eq!(WORDINGS.iter().filter(|w| told(w)).count(), 5, "{name}");
            }
        }
    }

    #[test]
    fn facts_are_arbitrary_but_not_contradictory() {
        let names: std::collections::BTreeSet<&str> = OWNERS.iter().map(|(n, _)| *n).collect();
        assert_eq!(names.len(), OWNERS.len());
        // Each animal is someone else's too: the name must be known, not just one rare word.
        for (_, animal) in OWNERS {
            assert_eq!(OWNERS.iter().filter(|(_, a)| *a == animal).count(), 2);
        }
    }
}
