//! What every built-in text owes, whichever it is; what only one owes is tested in its own file.

use super::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

fn every() -> Vec<Corpus> {
    let mut all = Corpus::ALL.to_vec();
    all.push(Corpus::Addition {
        digits: Digits::MostFirst,
    });
    all
}

#[test]
fn a_text_is_a_function_of_its_seed() {
    for corpus in every() {
        let text = corpus.generate(7);
        assert_eq!(text, corpus.generate(7), "{corpus:?}");
        let only_one = corpus == Corpus::Prose {};
        assert_eq!(text == corpus.generate(8), only_one, "{corpus:?}");
        assert_eq!(corpus.exam(7), corpus.exam(7), "{corpus:?}");
        assert_eq!(corpus.exam(7) == corpus.exam(8), only_one, "{corpus:?}");
    }
}

#[test]
fn texts_have_the_promised_size_and_alphabet() {
    for corpus in every() {
        let text = corpus.generate(1);
        assert!(text.ends_with('\n') && text.is_ascii(), "{corpus:?}");
        if corpus.grammar().is_some() {
            assert!((100_000..400_000).contains(&text.len()), "{corpus:?}");
            let longest = text.lines().map(|line| line.len() + 1).max();
            assert!(longest <= Some(line::MAX_LENGTH), "{corpus:?}: {longest:?}");
            let alphabet: BTreeSet<char> = text.chars().collect();
            assert!(alphabet.len() <= 32, "{corpus:?}: {alphabet:?}");
            // The training part must show all that is asked in the validation part.
            let train: BTreeSet<char> = text[..text.len() * 9 / 10].chars().collect();
            assert_eq!(train, alphabet, "{corpus:?}");
        }
    }
}

#[test]
fn no_question_stands_in_any_text() {
    for corpus in every() {
        let exams = (0..3).flat_map(|seed| corpus.exam(seed));
        let prompts: BTreeSet<String> = exams.map(|question| question.prompt).collect();
        for seed in 0..3 {
            // A newline first: the first line has none before it.
            let text = "\n".to_owned() + &corpus.generate(seed);
            let starts = text.match_indices('\n').map(|(place, _)| &text[place..]);
            for rest in starts {
                let end = rest[1..].find('\n').map_or(rest.len(), |end| end + 1);
                for length in 1..=end {
                    assert!(!prompts.contains(&rest[..length]), "{}", &rest[..length]);
                }
            }
        }
    }
}

#[test]
fn questions_fit_a_block_and_use_the_texts_alphabet() {
    for corpus in every() {
        let tokenizer = crate::text::tokenizer::Tokenizer::fit(&corpus.generate(1));
        let tokenizer = tokenizer.expect("a text");
        let exam = corpus.exam(1);
        assert_eq!(exam.is_empty(), corpus == Corpus::Prose {});
        let mut prompts = BTreeSet::new();
        for Question { prompt, answer, .. } in &exam {
            assert!(prompt.starts_with('\n') && !answer.is_empty());
            assert!(prompt.len() + answer.len() <= 64, "{prompt}{answer}");
            assert!(tokenizer.encode(&format!("{prompt}{answer}")).is_ok());
            assert!(prompts.insert(prompt), "asked twice: {prompt}");
        }
    }
}

#[test]
fn every_sort_of_question_is_asked_often() {
    let mut count: BTreeMap<Tag, usize> = BTreeMap::new();
    for question in Corpus::ALL.iter().flat_map(|corpus| corpus.exam(4)) {
        *count.entry(question.tag).or_default() += 1;
    }
    assert_eq!(count.len(), 11, "{count:?}");
    assert!(count.values().all(|n| *n >= 24), "{count:?}");
    for corpus in Corpus::ALL.into_iter().filter(|c| c.grammar().is_some()) {
        assert!(corpus.exam(4).len() >= EXAM_LINES, "{corpus:?}");
    }
}

#[test]
fn what_is_called_determined_never_goes_on_otherwise() {
    for corpus in every() {
        let Some(grammar) = corpus.grammar() else {
            continue;
        };
        let mut stream = Stream::new(11, "test");
        let lines: Vec<Line> = (0..30_000).map(|_| (grammar.draw)(&mut stream)).collect();
        // What each beginning of a line goes on with, over all lines drawn.
        let mut next: HashMap<String, BTreeSet<u8>> = HashMap::new();
        for line in &lines {
            let text = "\n".to_owned() + &line.text();
            for end in 1..text.len() {
                let beginning = text[..end].to_owned();
                next.entry(beginning)
                    .or_default()
                    .insert(text.as_bytes()[end]);
            }
        }
        for question in lines.iter().flat_map(Line::questions) {
            let whole = format!("{}{}", question.prompt, question.answer);
            for end in question.prompt.len()..whole.len() {
                let only = BTreeSet::from([whole.as_bytes()[end]]);
                assert_eq!(next[&whole[..end]], only, "{corpus:?}: {}", &whole[..end]);
            }
        }
    }
}

#[test]
fn answers_cannot_be_told_from_the_last_characters() {
    // Else there would be nothing for attention to find: where two questions of a sort end in the
    // same characters, those must leave the answer open.
    for corpus in Corpus::ALL.into_iter().filter(|c| c.grammar().is_some()) {
        // As many as come together often enough to compare.
        let width = match corpus {
            Corpus::Addition { .. } | Corpus::Copy {} => 2,
            Corpus::Brackets {} => 3,
            _ => 4,
        };
        let mut answers: HashMap<(String, &str), Vec<String>> = HashMap::new();
        for Question {
            prompt,
            answer,
            tag,
        } in (0..10).flat_map(|seed| corpus.exam(seed))
        {
            let sort = match tag {
                Tag::Noun => "noun",
                Tag::Agreement => "ending",
                Tag::Reference => "reference",
                _ => "the only one of its text",
            };
            let last = prompt[prompt.len() - width..].to_owned();
            answers.entry((last, sort)).or_default().push(answer);
        }
        let shared = answers.values().filter(|answers| answers.len() > 9);
        let is_open = |answers: &&Vec<String>| answers.iter().any(|a| *a != answers[0]);
        let count = shared.clone().count();
        assert!(count > 2, "{corpus:?}: {count}");
        assert_eq!(shared.filter(is_open).count(), count, "{corpus:?}");
    }
}

#[test]
fn a_script_names_a_text_and_its_options() {
    let most = Corpus::Addition {
        digits: Digits::MostFirst,
    };
    let read = |json: Json| Corpus::from_json(&json).expect("a corpus");
    assert_eq!(
        read(json!({"builtin": "addition", "digits": "most_first"})),
        most
    );
    for corpus in every() {
        let written = serde_json::to_value(corpus).expect("plain data");
        assert_eq!(read(written), corpus);
    }
    for corpus in Corpus::ALL {
        assert_eq!(read(json!(corpus.name())), corpus);
        assert_eq!(read(json!({"builtin": corpus.name()})), corpus);
        for option in corpus.options() {
            for (index, choice) in option.choices.iter().enumerate() {
                let chosen = read(json!({"builtin": corpus.name(), option.name: choice}));
                assert_eq!(chosen == corpus, index == 0, "the default comes first");
            }
        }
    }
}

#[test]
fn what_is_not_known_of_a_text_is_refused_by_name() {
    let message = |json: Json| {
        let error = Corpus::from_json(&json).expect_err("must be refused");
        error.to_string()
    };
    for unknown in [json!("latin"), json!({"builtin": "latin", "digits": 1})] {
        let message = message(unknown);
        assert!(message.contains("latin") && message.contains("adjectives, facts"));
    }
    let unknown = message(json!({"builtin": "addition", "digit": "most_first"}));
    assert!(
        unknown.contains("`digit`") && unknown.contains("`digits`"),
        "{unknown}"
    );
    assert!(message(json!({"builtin": "prose", "pages": 3})).contains("`pages`"));
    let middle = message(json!({"builtin": "addition", "digits": "middle_first"}));
    assert!(
        middle.contains("middle_first") && middle.contains("least_first"),
        "{middle}"
    );
    for shape in [
        json!(null),
        json!(3),
        json!([]),
        json!({}),
        json!({"builtin": 2}),
    ] {
        assert!(message(shape).contains("\"builtin\""));
    }
}

#[test]
fn a_mixed_text_has_every_line_once_and_something_of_all_everywhere() {
    let corpora = [Corpus::Copy {}, Corpus::Brackets {}, Corpus::Prose {}];
    let text = mixed(&corpora, 3);
    let mut lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len() - 200..];
    assert!(tail.iter().any(|line| line.contains('|')));
    assert!(
        tail.iter()
            .any(|line| line.contains('>') || line.contains('<'))
    );
    let parts = [3, 4, 5].map(|seed| corpora[seed as usize - 3].generate(seed));
    let mut expected: Vec<&str> = parts.iter().flat_map(|part| part.lines()).collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
    assert_eq!(mixed(&[Corpus::Copy {}], 5), Corpus::Copy {}.generate(5));
}
