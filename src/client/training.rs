//! Training, and what else is asked of a model.

use super::Client;
use super::fault::{internal, state};
use super::link::{Answer, Lost};
use super::notice::Notice;
use super::state::{Goal, Training, Writing};
use crate::protocol::{Command, Fault, Reply, Sampling, TrainSummary};
use std::rc::Rc;

impl Client {
    pub(super) async fn train_steps(&self, steps: Option<u32>) -> Result<TrainSummary, Fault> {
        let goal = self.with(|state| {
            let step = state.run.as_ref().map_or(0, |run| run.step);
            Goal(steps.map(|steps| step.saturating_add(steps)))
        });
        self.train_to(goal).await
    }

    /// Trains the steps that the last pause left over, else to the end of the run.
    pub(super) async fn train_rest(&self) -> Result<TrainSummary, Fault> {
        let goal = self.with(|state| {
            let run = state.run.as_ref()?;
            run.left
                .filter(|Goal(step)| step.is_none_or(|step| step > run.step))
        });
        self.train_to(goal.unwrap_or(Goal(None))).await
    }

    async fn train_to(&self, goal: Goal) -> Result<TrainSummary, Fault> {
        let (_, id) = self.live().await?;
        let begun = self.with(|state| {
            let run = state.run.as_mut().filter(|run| run.id == id)?;
            let idle = run.training.is_none();
            if idle {
                run.training = Some(Training { pausing: false });
            }
            Some(idle)
        });
        match begun {
            Some(true) => self.tell(&Notice::Training(true)),
            Some(false) => {
                return Err(state("The model is training already. Pause it first."));
            }
            None => return Err(replaced()),
        }
        let result = self.train_through(id, goal).await;
        let present = self.with(|state| {
            let run = state.run.as_mut().filter(|run| run.id == id)?;
            run.training = None;
            let reached = |step| result.as_ref().is_ok_and(|summary| summary.step >= step);
            let over = match goal.0 {
                Some(step) => reached(step),
                None => result.as_ref().is_ok_and(|summary| summary.finished),
            };
            run.left = (!over).then_some(goal);
            Some(())
        });
        if present.is_some() {
            if let Ok(summary) = &result {
                self.tell(&Notice::Trained(*summary));
            }
            self.tell(&Notice::Training(false));
        }
        result
    }

    /// Asks one engine after the other, as long as they break, until the goal is reached.
    async fn train_through(&self, id: u32, goal: Goal) -> Result<TrainSummary, Fault> {
        loop {
            let (link, present) = self.live().await?;
            if present != id {
                return Err(replaced());
            }
            let stand = self.with(|state| {
                let run = state.run.as_ref()?;
                let pausing = run
                    .training
                    .as_ref()
                    .is_none_or(|training| training.pausing);
                Some((run.step, pausing, run.summary()))
            });
            let Some((step, pausing, summary)) = stand else {
                return Err(replaced());
            };
            let steps = goal.0.map(|until| until.saturating_sub(step));
            // Paused, or at the goal, while the engine was replaced. A call for no steps at all is
            // the engine's to refuse.
            if pausing || (steps == Some(0) && summary.train_loss.is_finite()) {
                return Ok(summary);
            }
            let (_, answer) = link.ask(Command::Train { steps }, Vec::new());
            match answer.await {
                Ok((Reply::Trained(summary), _)) => return Ok(summary),
                Ok((other, _)) => return Err(unexpected(&other)),
                Err(Lost::Refused(fault)) => return Err(fault),
                Err(Lost::Gone(_)) => {}
            }
        }
    }

    pub(super) async fn pause_training(&self) -> Result<(), Fault> {
        let link = self.with(|state| {
            let training = state.run.as_mut()?.training.as_mut()?;
            training.pausing = true;
            // Where the engine is being replaced, training does not start again.
            Some(state.engine.as_ref()?.link.clone())
        });
        let Some(link) = link else { return Ok(()) };
        match link.ask(Command::Pause, Vec::new()).1.await {
            Ok(_) | Err(Lost::Gone(_)) => Ok(()),
            Err(Lost::Refused(fault)) => Err(fault),
        }
    }

    pub(super) async fn drop_run(&self) -> Result<(), Fault> {
        self.ask();
        let _turn = self.0.turn.lock().await;
        self.settle().await;
        if self.with(|state| state.run.take()).is_some() {
            self.tell(&Notice::Stopped);
        }
        Ok(())
    }

    pub(super) async fn losses(&self) -> Result<(f32, f32), Fault> {
        match self.ask_once(Command::Evaluate).await?.0 {
            Reply::Evaluated {
                train_loss,
                val_loss,
            } => {
                self.tell(&Notice::Evaluated {
                    train_loss,
                    val_loss,
                });
                Ok((train_loss, val_loss))
            }
            other => Err(unexpected(&other)),
        }
    }

    pub(super) async fn saved_bytes(&self, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
        let (reply, mut payloads) = self
            .ask_once(Command::Checkpoint { with_optimizer })
            .await?;
        match (reply, payloads.pop()) {
            (Reply::Checkpoint { .. }, Some(bytes)) => Ok(bytes),
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(super) async fn write(
        &self,
        prompt: String,
        options: Sampling,
        on_piece: Rc<dyn Fn(&str)>,
    ) -> Result<String, Fault> {
        let (link, _) = self.live().await?;
        let command = Command::Generate {
            prompt: prompt.clone(),
            options,
        };
        let (id, answer) = link.ask(command, Vec::new());
        self.with(|state| state.writing = Some(Writing { id, on_piece }));
        self.tell(&Notice::Writing { prompt });
        let answer = answer.await;
        // A later `generate` ends this one, and goes on being told.
        let latest = self.with(|state| {
            let latest = state
                .writing
                .as_ref()
                .is_some_and(|writing| writing.id == id);
            if latest {
                state.writing = None;
            }
            latest
        });
        if latest {
            self.tell(&Notice::Written);
        }
        match answer.map_err(broken_off)?.0 {
            Reply::Generated { text } => Ok(text),
            other => Err(unexpected(&other)),
        }
    }

    pub(super) async fn draw_one(&self, text: String, options: Sampling) -> Result<char, Fault> {
        let command = Command::Generate {
            prompt: text,
            options: Sampling {
                tokens: 1,
                ..options
            },
        };
        match self.ask_once(command).await?.0 {
            Reply::Generated { text } => text.chars().next().ok_or_else(|| {
                state("Another text was asked for before this character was drawn. Ask again.")
            }),
            other => Err(unexpected(&other)),
        }
    }

    pub(super) async fn end_writing(&self) -> Result<(), Fault> {
        let link = self.with(|state| {
            state.writing.as_ref()?;
            Some(state.engine.as_ref()?.link.clone())
        });
        let Some(link) = link else { return Ok(()) };
        match link.ask(Command::StopGenerating, Vec::new()).1.await {
            Ok(_) | Err(Lost::Gone(_)) => Ok(()),
            Err(Lost::Refused(fault)) => Err(fault),
        }
    }

    /// Asks what is not asked again when the engine breaks over it.
    pub(super) async fn ask_once(&self, command: Command) -> Result<Answer, Fault> {
        let (link, _) = self.live().await?;
        let (_, answer) = link.ask(command, Vec::new());
        answer.await.map_err(broken_off)
    }
}

fn broken_off(lost: Lost) -> Fault {
    match lost {
        Lost::Refused(fault) => fault,
        Lost::Gone(fault) => Fault::new(
            fault.kind,
            format!("The engine was replaced before it could answer ({fault}). Ask again."),
        ),
    }
}

fn replaced() -> Fault {
    state("Another run took this one's place.")
}

pub(super) fn unexpected(reply: &Reply) -> Fault {
    internal(format!("the engine answers something else: {reply:?}"))
}
