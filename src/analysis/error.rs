//! Why something cannot be read off a trace.

use super::Analysis;

/// Each says what was wrong and with what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    #[error("there is no {0} among the recorded numbers")]
    Missing(String),
    #[error("{name} has the shape {found:?}, and a shape {expected} was expected")]
    Shape {
        name: String,
        expected: &'static str,
        found: Vec<usize>,
    },
    #[error("there is no position {position}: the trace has positions {first} to {last}")]
    Position {
        position: usize,
        first: usize,
        last: usize,
    },
    #[error("the model does not know the character {0:?}")]
    Character(char),
    #[error("there is no point {name} in the stream; there are {points}")]
    Point { name: String, points: String },
    #[error("{what} must be {bounds}")]
    OutOfBounds {
        what: &'static str,
        bounds: &'static str,
    },
    #[error(
        "{} looks at every token of the text, but this trace has only the latest; trace the text \
         in one pass", .0.name()
    )]
    Partial(Analysis),
    #[error("{} compares many forward passes, and no one trace has it", .0.name())]
    Passes(Analysis),
    #[error("the traces come from models of different make")]
    Models,
    #[error(
        "{found} answers cannot be compared with {expected}: they must be of the same questions"
    )]
    Answers { expected: usize, found: usize },
}
