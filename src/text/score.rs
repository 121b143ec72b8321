//! What came of an exam: how much of what a grammar determines was given.

use super::corpus::Tag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many of something, and how many of them right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub right: usize,
    pub of: usize,
}

impl Count {
    pub fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.of += 1;
    }

    /// The share that is right, 0 to 1; 1 of nothing.
    pub fn share(&self) -> f64 {
        match self.of {
            0 => 1.0,
            of => self.right as f64 / of as f64,
        }
    }
}

/// A score, of one sort of question or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Whole answers.
    pub exact: Count,
    /// Single characters of answers.
    pub characters: Count,
}

/// Scores by the sort of question.
pub type Scores = BTreeMap<Tag, Score>;

/// All sorts together.
pub fn whole(scores: &Scores) -> Score {
    let mut whole = Score::default();
    for score in scores.values() {
        for (sum, part) in [
            (&mut whole.exact, score.exact),
            (&mut whole.characters, score.characters),
        ] {
            sum.right += part.right;
            sum.of += part.of;
        }
    }
    whole
}
