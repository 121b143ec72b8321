//! The engine as the page speaks with it: requests in, events out, one turn at a time.
//!
//! A turn is short: one training step, or as many small ones as fit a few milliseconds; one
//! character. Between turns the host hands in what has arrived, so that a pause, a step or a restart
//! waits for no more than the turn in progress, and a model can write while it trains.

mod looking;
mod training;

use crate::engine::checkpoint;
use crate::engine::device::Place;
use crate::engine::held::Held;
use crate::engine::reading::Reading;
use crate::engine::run::{Run, input};
use crate::engine::sample::Generation;
use crate::engine::train::Part;
use crate::protocol::{Backend, Command, Event, Fault, FaultKind, Path, Reply, Request, VERSION};
use training::Training;
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

/// A `Generate` in progress.
struct Writing {
    id: u32,
    generation: Generation,
}

/// Steps shorter than this are made several in a turn: listening between two of them costs a
/// third of a millisecond, as much as the fast step of a small model.
const TURN: Duration = Duration::from_millis(4);

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
                let run = self.run.as_mut().ok_or_else(no_run)?;
                let generation = run.write(&prompt, options).await?;
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

    async fn write_turn(&mut self) -> Result<(), Fault> {
        let Some(writing) = &mut self.writing else {
            return Ok(());
        };
        let text = writing.generation.advance().await?;
        let id = writing.id;
        self.host.emit(Event::Wrote { id, text }, Vec::new());
        if writing.generation.is_done() {
            self.end_writing(Ok(()));
        }
        Ok(())
    }

    /// Answers a `Generate` in progress with what it wrote, or with the fault.
    fn end_writing(&mut self, result: Result<(), Fault>) {
        let Some(writing) = self.writing.take() else {
            return;
        };
        let text = writing.generation.written();
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
