//! Training, a turn at a time: steps, what is said of them, estimates of the validation loss,
//! checkpoints, and the end, good or bad.

use super::{Host, Session, no_run};
use crate::engine::run::input;
use crate::engine::train::{Measured, Part, Stopped, no_text};
use crate::protocol::{Event, Fault, FaultKind, Reply, StepReport, TrainSummary};
use web_time::{Duration, Instant};

/// A `Train` in progress.
pub(super) struct Training {
    id: u32,
    /// The step to stop after.
    until: u32,
    from: u32,
    /// Reports not sent yet.
    reports: Vec<StepReport>,
    last: Option<StepReport>,
    last_val_loss: Option<f32>,
    last_read: Instant,
    last_report: Instant,
    /// Time spent on steps alone.
    busy: Duration,
}

/// The longest time without a checkpoint when the clock decides.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// Checkpoints no closer than this when training merely pauses.
const SAVE_GAP: Duration = Duration::from_secs(1);
/// Steps longer than this are read one by one: a queue would save next to nothing, and whoever asks
/// for a pause would wait for all of it.
const SLOW_MS: f32 = 200.0;
/// Step reports are gathered for one frame of the page.
const REPORT_EVERY: Duration = Duration::from_millis(16);
/// Batches of an estimate of the validation loss; [`Command::Evaluate`](crate::protocol::Command::Evaluate)
/// reads the whole text.
const ESTIMATE_BATCHES: usize = 4;

impl<H: Host> Session<H> {
    pub(super) fn begin_training(&mut self, id: u32, steps: Option<u32>) -> Result<(), Fault> {
        let run = self.run.as_ref().ok_or_else(no_run)?;
        if self.training.is_some() {
            return Err(Fault::new(
                FaultKind::State,
                "The model is training already. Pause it first.",
            ));
        }
        if !run.has_text() {
            return Err(no_text());
        }
        let until = match steps {
            Some(0) => return Err(input("steps is 0, but it must be at least 1")),
            Some(steps) => run.step().saturating_add(steps),
            None if run.step() >= run.config().train.max_steps => {
                return Err(Fault::new(
                    FaultKind::State,
                    format!(
                        "The run is at its end, step {}. Restart it, or train a number of steps.",
                        run.step()
                    ),
                ));
            }
            None => run.config().train.max_steps,
        };
        let now = Instant::now();
        self.training = Some(Training {
            id,
            until,
            from: run.step(),
            reports: Vec::new(),
            last: None,
            last_val_loss: None,
            last_read: now,
            last_report: now,
            busy: Duration::ZERO,
        });
        Ok(())
    }

    pub(super) async fn train_turn(&mut self) -> Result<(), Fault> {
        let (Some(run), Some(training)) = (&mut self.run, &mut self.training) else {
            return Ok(());
        };
        let first = !self.warm;
        if first {
            self.host.emit(Event::Warming { done: 0.0 }, Vec::new());
        }
        run.queue_step().await?;
        if let Some(threads) = run.news_of_threads() {
            self.host.emit(Event::Threads(threads), Vec::new());
        }
        let (train, step) = (run.config().train, run.step());
        let done = step >= training.until;
        let validate = step.is_multiple_of(train.eval_every) || step == train.max_steps;
        let save_by_count =
            train.checkpoint_every > 0 && step.is_multiple_of(train.checkpoint_every);
        let save_by_clock = train.checkpoint_every == 0 && self.last_save.elapsed() >= SAVE_EVERY;
        let save = save_by_count || save_by_clock;
        let slow = training.last.is_some_and(|last| last.ms > SLOW_MS);
        // Nothing is kept or said of a step whose numbers nobody knows: it may not have been taken.
        self.read_queued(first || done || validate || save || slow)
            .await?;
        if first {
            self.warm = true;
            self.host.emit(Event::Warming { done: 1.0 }, Vec::new());
        }
        if validate {
            self.estimate().await?;
        }
        if save {
            self.save().await?;
        }
        self.report(done);
        if done {
            self.end_training().await?;
        }
        Ok(())
    }

    /// Waits for queued steps, all of them or those that are due, and turns their numbers into reports.
    async fn read_queued(&mut self, all: bool) -> Result<(), Fault> {
        let (Some(run), Some(training)) = (&mut self.run, &mut self.training) else {
            return Ok(());
        };
        let (measured, result) = match run.read_steps(all).await {
            Ok(measured) => (measured, Ok(())),
            Err(Stopped { before, fault }) => (before, Err(fault)),
        };
        if measured.is_empty() {
            return result;
        }
        let elapsed = training.last_read.elapsed();
        training.last_read = Instant::now();
        training.busy += elapsed;
        let ms = elapsed.as_secs_f32() * 1000.0 / measured.len() as f32;
        for Measured {
            step,
            lr,
            loss,
            grad_norm,
        } in measured
        {
            let report = StepReport {
                step,
                train_loss: loss,
                val_loss: None,
                lr: lr as f32,
                grad_norm,
                ms,
            };
            training.reports.push(report);
            training.last = Some(report);
        }
        result
    }

    /// Waits for all queued steps, so that what is asked next is asked of the model after them. A fault
    /// among them ends the training.
    pub(super) async fn settle(&mut self) {
        if let Err(fault) = self.read_queued(true).await {
            self.fail_training(fault);
        }
    }

    /// Adds an estimate of the validation loss to the latest report.
    async fn estimate(&mut self) -> Result<(), Fault> {
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        let host = &self.host;
        let val_loss = run
            .mean_loss(Part::Val, Some(ESTIMATE_BATCHES), || async {
                !host.breathe().await
            })
            .await?;
        if let Some(training) = &mut self.training {
            if let Some(report) = training.reports.last_mut() {
                report.val_loss = val_loss;
            }
            training.last_val_loss = val_loss.or(training.last_val_loss);
            training.last_read = Instant::now();
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<(), Fault> {
        let Some(run) = &self.run else {
            return Ok(());
        };
        let bytes = run.save(true).await?;
        let step = run.step();
        self.host.emit(Event::Saved { step }, vec![bytes]);
        self.last_save = Instant::now();
        if let Some(training) = &mut self.training {
            training.last_read = Instant::now();
        }
        Ok(())
    }

    fn report(&mut self, at_once: bool) {
        let Some(training) = &mut self.training else {
            return;
        };
        let due = at_once || training.last_report.elapsed() >= REPORT_EVERY;
        if due && !training.reports.is_empty() {
            let reports = std::mem::take(&mut training.reports);
            training.last_report = Instant::now();
            self.host.emit(Event::Steps(reports), Vec::new());
        }
    }

    /// Ends a `Train` in good order: reads what is queued, saves, and answers it.
    pub(super) async fn end_training(&mut self) -> Result<(), Fault> {
        self.settle().await;
        self.report(true);
        let (Some(run), Some(training)) = (&self.run, self.training.take()) else {
            return Ok(());
        };
        let (config, step) = (run.config(), run.step());
        let steps = step - training.from;
        let ms_per_step = training.busy.as_secs_f32() * 1000.0 / steps.max(1) as f32;
        let tokens_per_step = config.train.batch_size * config.model.block_size;
        let summary = TrainSummary {
            step,
            train_loss: training.last.map_or(0.0, |report| report.train_loss),
            val_loss: training.last_val_loss,
            ms_per_step,
            tokens_per_second: tokens_per_step as f32 * 1000.0 / ms_per_step.max(1e-6),
            finished: step >= config.train.max_steps,
        };
        if steps > 0 && (summary.finished || self.last_save.elapsed() >= SAVE_GAP) {
            self.save().await?;
        }
        self.reply(training.id, Ok(Reply::Trained(summary)), Vec::new());
        Ok(())
    }

    pub(super) fn fail_training(&mut self, fault: Fault) {
        // The steps before the fault were good ones.
        self.report(true);
        if let Some(run) = &mut self.run {
            run.forget();
        }
        if let Some(training) = self.training.take() {
            self.reply(training.id, Err(fault.clone()), Vec::new());
        }
        if fault.kind == FaultKind::Device {
            self.host.emit(Event::Broken { fault }, Vec::new());
        }
    }
}
