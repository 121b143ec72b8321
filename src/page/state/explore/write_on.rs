//! Writing on: the model's characters join the sentence one by one, and each has its journey.

use super::{Explore, ending};
use crate::page::explore::journey::Scene;
use crate::protocol::Sampling;

/// How much of each character's journey plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Only its draw, about one a second.
    #[default]
    Draw,
    End,
    Main,
    Every,
}

impl Pace {
    pub const ALL: [Pace; 4] = [Pace::Draw, Pace::End, Pace::Main, Pace::Every];

    pub fn title(self) -> &'static str {
        match self {
            Pace::Draw => "its draw, quickly",
            Pace::End => "only the end",
            Pace::Main => "the main scenes",
            Pace::Every => "every scene",
        }
    }

    pub fn plays(self, scene: Scene) -> bool {
        let (main, end) = match scene {
            Scene::Cache | Scene::Logits | Scene::Sample => (true, true),
            Scene::Embed
            | Scene::Score(_)
            | Scene::AdditiveScore(_)
            | Scene::Softmax(_)
            | Scene::Mix(_)
            | Scene::FeedForward => (true, false),
            Scene::Norm(_)
            | Scene::Project(_)
            | Scene::Mask(_)
            | Scene::Sharpen(_)
            | Scene::Gate
            | Scene::Span
            | Scene::Window
            | Scene::Heads
            | Scene::Add(_)
            | Scene::Lens => (false, false),
        };
        match self {
            Pace::Draw => scene == Scene::Sample,
            Pace::End => end,
            Pace::Main => main,
            Pace::Every => true,
        }
    }
}

/// Where the next character is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Next {
    #[default]
    NotAsked,
    /// Being drawn.
    Drawing,
    /// In the sentence; the pass over it is on its way.
    Joined,
}

/// What can happen while the model writes on.
#[derive(Clone, Debug)]
pub enum WriteOnAction {
    Toggle,
    Pace(Pace),
    /// One character, at once.
    Draw,
    /// What was drawn after that sentence, or why nothing was.
    Drawn {
        after: String,
        character: Result<char, String>,
    },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteOn {
    /// Whether a journey that has ended is followed by the next character's.
    pub on: bool,
    pub pace: Pace,
    pub next: Next,
    /// Characters at the sentence's end that were drawn since a person last wrote in it.
    drawn: usize,
}

impl WriteOn {
    /// A person wrote, or another model is there: what comes is the first character again.
    pub fn forget(&mut self) {
        self.resume(0);
    }

    /// A text came with a link; so many of its last characters were drawn.
    pub fn resume(&mut self, drawn: usize) {
        self.drawn = drawn;
        self.next = Next::NotAsked;
    }

    /// A drawn character is in the sentence.
    pub fn join(&mut self) {
        self.drawn += 1;
        self.next = Next::Joined;
    }

    /// How many of the last characters of the sentence that is shown were drawn.
    pub fn shown(&self) -> usize {
        match self.next {
            Next::Joined => self.drawn.saturating_sub(1),
            Next::NotAsked | Next::Drawing => self.drawn,
        }
    }

    /// How the next character is drawn. Each has a seed of its own, one more than the last, so that
    /// the same seed, model and sentence write the same text.
    pub fn options(&self, options: Sampling) -> Sampling {
        Sampling {
            tokens: 1,
            seed: seed_of(options, self.drawn),
            ..options
        }
    }
}

/// The seed of the n-th character that is drawn.
pub fn seed_of(options: Sampling, n: usize) -> u32 {
    options.seed.wrapping_add(n as u32)
}

impl Explore {
    pub(super) fn write(&mut self, action: WriteOnAction) {
        match action {
            WriteOnAction::Toggle => {
                self.write_on.on = !self.write_on.on;
                if self.write_on.on {
                    // It writes at the end, whatever was looked at.
                    self.choose_token(usize::MAX);
                    self.token_chosen = false;
                    self.open = true;
                    self.play();
                    self.keep_pace();
                }
            }
            WriteOnAction::Pace(pace) => {
                self.write_on.pace = pace;
                self.keep_pace();
            }
            WriteOnAction::Draw => self.draw(),
            WriteOnAction::Drawn { after, character } => {
                // Meanwhile a person may have written.
                if self.write_on.next != Next::Drawing || after != self.text {
                    return;
                }
                match character {
                    Ok(character) => {
                        self.append(character);
                        self.write_on.join();
                    }
                    Err(problem) => self.halt(problem),
                }
            }
        }
    }

    /// The next character is to be drawn.
    pub(super) fn draw(&mut self) {
        if self.write_on.next == Next::NotAsked && self.shown.is_some() {
            self.write_on.next = Next::Drawing;
        }
    }

    /// Something went wrong: nothing is drawn any more.
    pub(super) fn halt(&mut self, problem: String) {
        self.problem = Some(problem);
        self.write_on.on = false;
        self.write_on.next = Next::NotAsked;
    }

    pub(super) fn append(&mut self, character: char) {
        let longer = format!("{}{character}", self.text);
        self.own.get_or_insert_with(|| self.text.clone());
        self.rewrite(ending(&longer).into());
    }

    /// Where the present scene does not play while it writes, the next that does.
    fn keep_pace(&mut self) {
        if let Some(next) = self.playing_from(self.stop).filter(|n| *n != self.stop) {
            self.go(next);
        }
    }

    /// The first scene from that place on that plays.
    pub(super) fn playing_from(&self, place: usize) -> Option<usize> {
        let journey = &self.shown.as_ref()?.journey;
        let pace = self.write_on.pace;
        let plays = |n: &usize| !self.write_on.on || pace.plays(journey[*n].scene);
        (place..journey.len()).find(plays)
    }
}
