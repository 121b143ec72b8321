//! The helpers as the thread that they help sees them: it hands a batch out, computes its own share,
//! and adds what comes back, always in the same order.

use super::alone::Alone;
use super::board::{LOST, Memory, OVER, Places, ROUND, write_dropout};
use crate::engine::fast::cpu::{Cpu, Lesson};
use crate::engine::fast::plan::Job;
use lanes::add;
use std::time::Duration;

/// Helpers that wait for work.
#[derive(Debug)]
pub struct Crew {
    memory: Box<dyn Memory>,
    places: Places,
    job: Job,
    threads: usize,
    round: i32,
    /// A stretch of somebody's gradients.
    room: Vec<f32>,
    /// How often a helper that is behind is looked for, a tenth of a second each time.
    patience: u32,
}

/// Numbers that are brought over at once: as many as stay in the nearest cache.
const STRETCH: usize = 4096;
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Ten seconds, beyond what the own share took. Counted in looks and not by a clock, so that a
/// tab that was put to sleep meanwhile does not take its helpers for dead.
const PATIENCE: u32 = 100;

impl Crew {
    /// Those who serve that memory, one fewer than `threads`.
    pub fn new(memory: Box<dyn Memory>, job: Job, threads: usize) -> Self {
        Crew {
            memory,
            places: Places::new(&job),
            job,
            threads,
            round: 0,
            room: vec![0.0; STRETCH],
            patience: PATIENCE,
        }
    }

    /// Gives a helper up after so many tenths of a second.
    pub fn with_patience(mut self, patience: u32) -> Self {
        self.patience = patience;
        self
    }

    /// Helpers and the one that they help.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// What the helpers have their plans for.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Forwards and backwards over the whole batch; `cpu` has the first share. All gradients are there
    /// afterwards. Returns the loss.
    ///
    /// # Errors
    /// [`Alone::Lost`], when a helper does not answer. No weight has been moved.
    pub fn learn(&mut self, cpu: &mut Cpu, lesson: &Lesson) -> Result<f32, Alone> {
        self.hand_out(cpu, lesson);
        let share = cpu.share();
        let mut loss = cpu.learn(&Lesson {
            tokens: share.of(lesson.tokens),
            targets: share.of(lesson.targets),
            dropout: lesson.dropout,
        });
        for helper in 1..self.threads {
            self.wait_for(helper)?;
            let mut part = [0.0];
            self.memory.read(self.places.loss(helper), &mut part);
            loss += part[0];
            let mut from = self.places.gradients(helper);
            for grads in cpu.gradients_mut().chunks_mut(STRETCH) {
                let room = &mut self.room[..grads.len()];
                self.memory.read(from, room);
                add(grads, room);
                from += grads.len();
            }
        }
        Ok(loss)
    }

    fn hand_out(&mut self, cpu: &Cpu, lesson: &Lesson) {
        let (memory, places) = (&*self.memory, self.places);
        let [parameters, ..] = cpu.state();
        memory.write(places.parameters(), parameters);
        memory.write_tokens(places.tokens(), lesson.tokens);
        memory.write_tokens(places.targets(), lesson.targets);
        write_dropout(memory, lesson.dropout);
        // Any number will do that is neither the last one nor OVER.
        self.round = self.round.checked_add(1).unwrap_or(1);
        memory.store(ROUND, self.round);
    }

    fn wait_for(&self, helper: usize) -> Result<(), Alone> {
        for _ in 0..=self.patience {
            match self.memory.load(helper) {
                LOST => return Err(Alone::Lost("its program stopped".into())),
                round if round == self.round => return Ok(()),
                behind => self.memory.wait(helper, behind, LOOK_AGAIN),
            }
        }
        Err(Alone::Lost("it does not answer".into()))
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.memory.store(ROUND, OVER);
    }
}
