//! The engine as the page speaks with it: requests in, events out, one turn at a time.
//!
//! A turn is short: one training step, or as many small ones as fit a few milliseconds; one
//! character. Between turns the host hands in what has
//! arrived, so that a pause, a step or a restart waits for no more than the turn in progress, and a
//! model can write while it trains.

mod looking;

use crate::engine::checkpoint;
use crate::engine::device::Place;
use crate::engine::held::Held;
use crate::engine::reading::Reading;
use crate::engine::run::{Run, input};
use crate::engine::sample::Generation;
use crate::engine::train::{Measured, Part, Stopped, no_text};
use crate::protocol::{
    Backend, Command, Event, Fault, FaultKind, Path, Reply, Request, StepReport, TrainSummary,
    VERSION,
};
use web_time::{Duration, Instant};

/// What surrounds a session: a Web Worker, or a test.
pub trait Host {
    /// Sends an event, with its payloads, to the page.
    fn emit(&self, event: Event, payloads: Vec<Vec<u8>>);
    /// Lets messages arrive. Answers whether one of them asks for a pause.
    fn breathe(&self) -> impl Future<Output = bool>;
}

/// The state behind one worker.
pub struct Session<H> {
    host: H,
    backend: Backend,
    place: Option<Place>,
    run: Option<Held>,
    training: Option<Training>,
    writing: Option<Writing>,
    reading: Reading,
    last_save: Instant,
    /// Whether this run's shaders are compiled: its first step does that.
    warm: bool,
    /// How steps are computed, if somebody has chosen.
    path: Option<Path>,
}

/// A `Train` in progress.
struct Training {
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

/// A `Generate` in progress.
struct Writing {
    id: u32,
    generation: Generation,
}

/// The longest time without a checkpoint when the clock decides.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// Checkpoints no closer than this when training merely pauses.
const SAVE_GAP: Duration = Duration::from_secs(1);
/// Steps shorter than this are made several in a turn: listening between two of them costs a
/// third of a millisecond, as much as the fast step of a small model.
const TURN: Duration = Duration::from_millis(4);
/// Steps longer than this are read one by one: a queue would save next to nothing, and whoever asks
/// for a pause would wait for all of it.
const SLOW_MS: f32 = 200.0;
/// Step reports are gathered for one frame of the page.
const REPORT_EVERY: Duration = Duration::from_millis(16);
/// Batches of an estimate of the validation loss; [`Command::Evaluate`] reads the whole text.
const ESTIMATE_BATCHES: usize = 4;

impl<H: Host> Session<H> {
    pub fn new(backend: Backend, host: H) -> Self {
        Session {
            host,
            backend,
            place: None,
            run: None,
            training: None,
            writing: None,
            reading: Reading::default(),
            last_save: Instant::now(),
            warm: false,
            path: None,
        }
    }

    pub fn host(&self) -> &H {
        &self.host
    }

    /// Whether [`Session::turn`] has anything to do.
    pub fn is_busy(&self) -> bool {
        self.training.is_some() || self.writing.is_some()
    }

    /// Takes a request. Its answer comes at once, or from a later turn.
    pub async fn handle(&mut self, request: Request, payloads: Vec<Vec<u8>>) {
        let Request { id, command } = request;
        match self.command(id, command, payloads).await {
            Ok(Some((reply, payloads))) => self.reply(id, Ok(reply), payloads),
            Ok(None) => {}
            Err(fault) => self.reply(id, Err(fault), Vec::new()),
        }
    }

    /// One training step, or several small ones, and one character, of what is in progress.
    pub async fn turn(&mut self) {
        if self.writing.is_some()
            && let Err(fault) = self.write_turn().await
        {
            self.end_writing(Err(fault));
        }
        let start = Instant::now();
        while self.training.is_some() {
            if let Err(fault) = self.train_turn().await {
                self.fail_training(fault);
            }
            let alone = self.backend == Backend::Cpu && self.writing.is_none();
            if !alone || start.elapsed() >= TURN {
                break;
            }
        }
    }

    /// `None` where a later turn answers.
    async fn command(
        &mut self,
        id: u32,
        command: Command,
        payloads: Vec<Vec<u8>>,
    ) -> Result<Option<(Reply, Vec<Vec<u8>>)>, Fault> {
        self.settle().await;
        let mut payloads = payloads.into_iter();
        let reply = match command {
            Command::Init { version } => self.init(version).await?,
            Command::NewRun { config } => {
                let text = text_of(payloads.next())?.unwrap_or_default();
                // What cannot be made must not cost the run that is there.
                let run = Run::new(config, &text, self.place()?)?;
                self.end_all("A new run took this one's place.").await?;
                self.start(run)
            }
            Command::Resume => {
                let bytes = payloads
                    .next()
                    .ok_or_else(|| input("There is no checkpoint to go on from."))?;
                let text = text_of(payloads.next())?;
                let run = checkpoint::load(&bytes, text.as_deref(), self.place()?)?;
                self.end_all("A loaded model took this run's place.")
                    .await?;
                self.start(run)
            }
            Command::Train { steps } => {
                self.begin_training(id, steps)?;
                return Ok(None);
            }
            Command::TrainBy { path } => {
                self.path = path;
                if let Some(run) = &mut self.run {
                    run.choose(path);
                }
                Reply::Done
            }
            Command::Pause => {
                self.end_training().await?;
                Reply::Done
            }
            Command::Evaluate => self.evaluate().await?,
            Command::Generate { prompt, options } => {
                let run = self.run.as_ref().ok_or_else(no_run)?;
                let generation = Generation::new(run.tokenizer(), &prompt, options)?;
                self.end_writing(Ok(()));
                self.writing = Some(Writing { id, generation });
                return Ok(None);
            }
            Command::StopGenerating => {
                self.end_writing(Ok(()));
                Reply::Done
            }
            Command::Checkpoint { with_optimizer } => {
                let run = self.run.as_ref().ok_or_else(no_run)?;
                let bytes = run.save(with_optimizer).await?;
                let step = run.step();
                return Ok(Some((Reply::Checkpoint { step }, vec![bytes])));
            }
            Command::Weights => return self.weights().await.map(Some),
            Command::Trace {
                text,
                interventions,
            } => return self.trace(&text, &interventions).await.map(Some),
            Command::Read { text, fresh } => return self.read(&text, fresh).await.map(Some),
            Command::Analyse { analysis, options } => {
                let report = self.run().await?.analyse(analysis, &options).await?;
                Reply::Report(serde_json::to_value(report).map_err(input)?)
            }
            Command::ExportTrace {
                text,
                interventions,
                format,
            } => return self.export(&text, &interventions, format).await.map(Some),
        };
        Ok(Some((reply, Vec::new())))
    }

    async fn init(&mut self, version: u32) -> Result<Reply, Fault> {
        if version != VERSION {
            return Err(Fault::new(
                FaultKind::Internal,
                format!(
                    "The page speaks version {version} and the engine version {VERSION}: one of \
                     them is out of date. Reload the page."
                ),
            ));
        }
        let place = Place::open(self.backend).await?;
        let adapter = place.adapter.clone();
        self.place = Some(place);
        Ok(Reply::Ready {
            version: VERSION,
            backend: self.backend,
            adapter,
        })
    }

    fn start(&mut self, run: Run) -> Reply {
        let mut run = Held::new(run);
        run.choose(self.path);
        let info = run.info();
        self.run = Some(run);
        self.reading = Reading::default();
        self.warm = false;
        self.last_save = Instant::now();
        Reply::Run(info)
    }

    async fn evaluate(&mut self) -> Result<Reply, Fault> {
        let host = &self.host;
        let run = self.run.as_mut().ok_or_else(no_run)?;
        let go_on = || async {
            host.breathe().await;
            true
        };
        let unvalidated = || {
            input(
                "The text is too short to keep a part for validation: give at least 20 characters.",
            )
        };
        let train_loss = run.mean_loss(Part::TrainHead, None, go_on).await?;
        let val_loss = run.mean_loss(Part::Val, None, go_on).await?;
        Ok(Reply::Evaluated {
            train_loss: train_loss.ok_or_else(unvalidated)?,
            val_loss: val_loss.ok_or_else(unvalidated)?,
        })
    }

    fn begin_training(&mut self, id: u32, steps: Option<u32>) -> Result<(), Fault> {
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

    async fn train_turn(&mut self) -> Result<(), Fault> {
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
    async fn settle(&mut self) {
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
    async fn end_training(&mut self) -> Result<(), Fault> {
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

    fn fail_training(&mut self, fault: Fault) {
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

    async fn write_turn(&mut self) -> Result<(), Fault> {
        let (Some(run), Some(writing)) = (&mut self.run, &mut self.writing) else {
            return Ok(());
        };
        let text = run.write(&mut writing.generation).await?;
        let id = writing.id;
        self.host.emit(Event::Wrote { id, text }, Vec::new());
        if writing.generation.is_done() {
            self.end_writing(Ok(()));
        }
        Ok(())
    }

    /// Answers a `Generate` in progress with what it wrote, or with the fault.
    fn end_writing(&mut self, result: Result<(), Fault>) {
        let (Some(run), Some(writing)) = (&self.run, self.writing.take()) else {
            return;
        };
        let text = writing.generation.written(run.tokenizer());
        self.reply(
            writing.id,
            result.map(|()| Reply::Generated { text }),
            Vec::new(),
        );
    }

    /// Before another run takes the place of this one.
    async fn end_all(&mut self, why: &str) -> Result<(), Fault> {
        if self.writing.is_some() {
            self.end_writing(Err(Fault::new(FaultKind::State, why)));
        }
        self.end_training().await
    }

    fn reply(&self, id: u32, result: Result<Reply, Fault>, payloads: Vec<Vec<u8>>) {
        self.host.emit(Event::Reply { id, result }, payloads);
    }

    fn place(&self) -> Result<&Place, Fault> {
        self.place.as_ref().ok_or_else(|| {
            Fault::new(
                FaultKind::State,
                "The engine has no device yet: send Init first.",
            )
        })
    }

    /// The run as it is now, to look into.
    async fn run(&mut self) -> Result<&Run, Fault> {
        self.run.as_mut().ok_or_else(no_run)?.look().await
    }
}

fn no_run() -> Fault {
    Fault::new(
        FaultKind::State,
        "There is no run yet. Start one, or load a checkpoint.",
    )
}

fn text_of(payload: Option<Vec<u8>>) -> Result<Option<String>, Fault> {
    payload
        .map(|bytes| String::from_utf8(bytes).map_err(input))
        .transpose()
}
