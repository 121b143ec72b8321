//! A helper: computes its share of each batch that is handed out, and nothing else. It keeps nothing
//! from one round to the next, so that a run loses nothing with it.

use super::board::{Memory, OVER, Places, ROUND, read_dropout};
use super::share::Share;
use crate::engine::fast::cpu::{Cpu, Lesson};
use crate::engine::fast::plan::{Job, Uncovered};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a helper is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub job: Job,
    /// Among how many the batch is shared out.
    pub threads: usize,
    /// Which of them it is; 0 is the thread that they help.
    pub helper: usize,
}

/// A helper with its plan and its memory.
#[derive(Debug)]
pub struct Helper {
    cpu: Cpu,
    places: Places,
    helper: usize,
    /// `[batch, T]` each
    tokens: Vec<u32>,
    targets: Vec<u32>,
}

/// How long it sleeps at most before it looks again. It is woken at once when there is work.
const SLEEP: Duration = Duration::from_secs(60);

impl Helper {
    /// # Errors
    /// [`Uncovered`], when there is no room for its plan.
    pub fn new(place: &Place) -> Result<Self, Uncovered> {
        let Place {
            job,
            threads,
            helper,
        } = place;
        let [batch, t] = job.shape;
        let share = Share::split(batch, *threads)[*helper];
        Ok(Helper {
            cpu: Cpu::for_share(job, share)?,
            places: Places::new(job),
            helper: *helper,
            tokens: vec![0; share.batch * t],
            targets: vec![0; share.batch * t],
        })
    }

    /// Works until there is nothing more to be done.
    pub fn serve(&mut self, memory: &dyn Memory) {
        let mut done = 0;
        loop {
            match memory.load(ROUND) {
                OVER => return,
                round if round == done => memory.wait(ROUND, done, SLEEP),
                round => {
                    self.learn(memory);
                    memory.store(self.helper, round);
                    done = round;
                }
            }
        }
    }

    fn learn(&mut self, memory: &dyn Memory) {
        let (places, share) = (self.places, self.cpu.share());
        let before = share.first * (self.tokens.len() / share.batch);
        memory.read_tokens(places.tokens() + before, &mut self.tokens);
        memory.read_tokens(places.targets() + before, &mut self.targets);
        memory.read(places.parameters(), self.cpu.values_mut());
        let loss = self.cpu.learn(&Lesson {
            tokens: &self.tokens,
            targets: &self.targets,
            dropout: read_dropout(memory),
        });
        memory.write(places.loss(self.helper), &[loss]);
        memory.write(places.gradients(self.helper), self.cpu.gradients());
    }
}
