//! `addition`: "123+456=0579", or with every number turned round, "321+654=9750".
//!
//! Seed 001 asks where the carry happens. Written with the ones first, a sum needs at each place
//! only what has already been written: the two digits of that place, always as far back, and the
//! carry, which can be read off the last place's digits and sum. Written the usual way the first
//! digit already depends on all the carries to come, which is much harder to learn (Lee and others
//! 2023, arXiv 2307.03381).

use super::line::{Line, Tag};
use crate::random::Stream;
use serde::{Deserialize, Serialize};

/// Digits of an operand; a sum has one more.
pub const WIDTH: usize = 3;

/// Which digit of every number is written first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Digits {
    /// 123 + 456 = 579 is `321+654=9750`.
    #[default]
    LeastFirst,
    /// 123 + 456 = 579 is `123+456=0579`.
    MostFirst,
}

/// A sum to be worked out; both operands have at most [`WIDTH`] digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    a: u32,
    b: u32,
}

impl Problem {
    /// The sum of those two, or `None` when one has more than [`WIDTH`] digits.
    pub fn new(a: u32, b: u32) -> Option<Self> {
        let fits = |n: u32| n < 10u32.pow(WIDTH as u32);
        (fits(a) && fits(b)).then_some(Problem { a, b })
    }

    /// The problem of a question or a line, such as an exam's prompt; `None` when it is neither.
    pub fn read(text: &str, digits: Digits) -> Option<Self> {
        let (a, b) = text.trim().split_once('=')?.0.split_once('+')?;
        let number = |written: &str| {
            let well_written =
                written.len() == WIDTH && written.bytes().all(|c| c.is_ascii_digit());
            well_written.then(|| turned(written, digits).parse().ok())?
        };
        Problem::new(number(a)?, number(b)?)
    }

    /// Whether place `k` (0 for the ones) hands a one on to the next, for each place.
    pub fn carries(self) -> [bool; WIDTH] {
        std::array::from_fn(|k| {
            let base = 10u32.pow(k as u32 + 1);
            self.a % base + self.b % base >= base
        })
    }

    /// What the model reads: `321+654=`.
    pub fn question(self, digits: Digits) -> String {
        let [a, b] = [self.a, self.b].map(|n| written(n, WIDTH, digits));
        format!("{a}+{b}=")
    }

    /// What it should write: `9750`, of fixed width, so that places always stand in the same place.
    pub fn answer(self, digits: Digits) -> String {
        written(self.a + self.b, WIDTH + 1, digits)
    }

    fn line(self, digits: Digits) -> Line {
        let tag = match self.carries().contains(&true) {
            true => Tag::Carry,
            false => Tag::NoCarry,
        };
        // Decided by the numbers and not by how they are written: both ways hold out the same.
        let held_out = Line::about(self.question(Digits::MostFirst)).is_held_out();
        Line::reserved(self.question(digits), held_out).determined(tag, self.answer(digits) + "\n")
    }
}

fn written(number: u32, width: usize, digits: Digits) -> String {
    turned(&format!("{number:0width$}"), digits)
}

/// From the usual order to the corpus's, or back.
fn turned(number: &str, digits: Digits) -> String {
    match digits {
        Digits::LeastFirst => number.chars().rev().collect(),
        Digits::MostFirst => number.into(),
    }
}

/// One problem in this many is drawn from plain ones.
const PLAIN_ONE_IN: usize = 2;

/// Any problem, each as likely as the others.
fn any(stream: &mut Stream) -> Problem {
    let mut operand = || stream.below(10usize.pow(WIDTH as u32)) as u32;
    Problem {
        a: operand(),
        b: operand(),
    }
}

/// A problem with many zeros, such as 120 + 7.
///
/// Where one digit is 0 the sum's digit is the other one: a step on which the way to a sum of two
/// can begin. Among problems drawn evenly no single digit says anything about a digit of the sum,
/// and a small model does not even learn where to look.
fn plain(stream: &mut Stream) -> Problem {
    let mut operand = || {
        (0..WIDTH).fold(0, |number, _| {
            let digit = if stream.below(2) == 0 {
                0
            } else {
                stream.below(10)
            };
            10 * number + digit as u32
        })
    };
    Problem {
        a: operand(),
        b: operand(),
    }
}

fn draw(stream: &mut Stream) -> Problem {
    match stream.below(PLAIN_ONE_IN) {
        0 => plain(stream),
        _ => any(stream),
    }
}

/// A line of the text.
pub fn tell(stream: &mut Stream, digits: Digits) -> Line {
    draw(stream).line(digits)
}

/// A line to ask about: any problem, plain or not, is as likely as the others.
pub fn ask(stream: &mut Stream, digits: Digits) -> Line {
    any(stream).line(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::corpus::Corpus;
    use std::collections::HashSet;

    fn numbers(line: &str, digits: Digits) -> [u32; 3] {
        let parts: Vec<u32> = line
            .split(['+', '='])
            .map(|part| {
                let text: String = match digits {
                    Digits::LeastFirst => part.chars().rev().collect(),
                    Digits::MostFirst => part.into(),
                };
                text.parse().expect("a number")
            })
            .collect();
        parts.try_into().expect("two operands and a sum")
    }

    #[test]
    fn every_sum_is_right_and_no_exam_problem_stands_in_any_text() {
        for digits in [Digits::LeastFirst, Digits::MostFirst] {
            let corpus = Corpus::Addition { digits };
            let mut asked = HashSet::new();
            for question in corpus.exam(5) {
                let line = question.prompt.trim_start().to_owned() + question.answer.trim_end();
                let [a, b, sum] = numbers(&line, digits);
                assert_eq!(a + b, sum);
                let carries = Problem::new(a, b).expect("three digits").carries();
                assert_eq!(question.tag == Tag::Carry, carries.contains(&true));
                asked.insert((a, b));
            }
            assert!(asked.len() > 250);
            for seed in 0..4 {
                for line in corpus.generate(seed).lines() {
                    assert_eq!(line.len(), 12, "{line}");
                    let [a, b, sum] = numbers(line, digits);
                    assert_eq!(a + b, sum, "{line}");
                    assert!(!asked.contains(&(a, b)), "{line}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_written_in_both_orders() {
        let problem = Problem::new(123, 89).expect("three digits");
        let both = [Digits::LeastFirst, Digits::MostFirst]
            .map(|digits| problem.question(digits) + &problem.answer(digits));
        assert_eq!(both, ["321+980=2120", "123+089=0212"]);
        assert_eq!(Problem::new(1000, 0), None);
        for digits in [Digits::LeastFirst, Digits::MostFirst] {
            let question = problem.question(digits);
            assert_eq!(
                Problem::read(&format!("\n{question}"), digits),
                Some(problem)
            );
            for other in [
                "",
                "321+98=",
                "321+9800=",
                "321+98a=",
                "321+980",
                "+21+980=",
            ] {
                assert_eq!(Problem::read(other, digits), None, "{other}");
            }
        }
    }

    #[test]
    fn carries_are_those_of_column_addition() {
        let mut stream = Stream::new(1, "test");
        for _ in 0..1000 {
            let problem = any(&mut stream);
            let mut carry = false;
            for (k, found) in problem.carries().into_iter().enumerate() {
                let digit = |n: u32| n / 10u32.pow(k as u32) % 10;
                carry = digit(problem.a) + digit(problem.b) + u32::from(carry) > 9;
                assert_eq!(found, carry, "{problem:?} at {k}");
            }
        }
        // A carry that runs through.
        let problem = Problem::new(999, 1).expect("three digits");
        assert_eq!(problem.carries(), [true; 3]);
    }

    #[test]
    fn both_ways_of_writing_are_asked_the_same_problems() {
        let problems = |digits: Digits| -> Vec<Option<Problem>> {
            let exam = Corpus::Addition { digits }.exam(6);
            let read = |q: &crate::text::corpus::Question| Problem::read(&q.prompt, digits);
            exam.iter().map(read).collect()
        };
        assert_eq!(problems(Digits::LeastFirst), problems(Digits::MostFirst));
    }

    #[test]
    fn an_exam_has_sums_with_and_without_a_carry() {
        let exam = Corpus::ALL[2].exam(9);
        let with = exam.iter().filter(|q| q.tag == Tag::Carry).count();
        assert!(with > 100 && exam.len() - with > 20);
    }
}
