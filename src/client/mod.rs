//! The page's side of the engine: owns the worker, speaks [`crate::protocol`] with it, replaces it
//! when it breaks, and keeps runs in the browser.
//!
//! Everything goes through one [`Client`], which the page and the scripting share, so that what a
//! script does is seen on the page. Requests are `async` and answer with a value or a
//! [`Fault`], whose message is a sentence for the person; what happens in between is told in
//! [`Notice`]s.

mod address;
mod build;
mod choice;
mod download;
mod engine;
mod fault;
mod hear;
mod link;
mod notice;
mod pretrained;
mod probe;
mod remedy;
mod runs;
pub mod scripting;
mod sources;
mod state;
mod storage;
mod tracing;
mod training;

pub use notice::{EngineInfo, Notice, Started, Subscription};
pub use pretrained::FirstLook;

use crate::analysis::{Analysis, Options};
use crate::config::{Preset, RunConfig};
use crate::models::Manifest;
use crate::protocol::{Backend, Command, Fault, Path, Sampling, TrainSummary};
use crate::trace::{Arrays, Format, Intervention, Trace};
use build::Build;
use download::Program;
use engine::Place;
use futures::lock::Mutex;
use notice::Listeners;
use serde::{Deserialize, Serialize};
use state::State;
use std::cell::RefCell;
use std::rc::Rc;
use storage::Storage;
pub use tracing::ReadOn;

/// What a run is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSpec {
    pub config: RunConfig,
    /// The text to train on.
    pub text: String,
    /// What the text is called, for people.
    pub label: String,
    /// The backend to take; `None` takes WebGPU where it is, else the CPU, and says why. A
    /// backend that is named is never replaced in silence.
    pub backend: Option<Backend>,
}

/// A text and what it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedText {
    pub label: String,
    pub text: String,
}

/// The run that was kept in the browser, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedRun {
    pub step: u32,
    pub max_steps: u32,
    /// What its text is called.
    pub label: String,
    /// When it was saved: milliseconds since 1970, as `Date.now()`.
    pub when: f64,
    pub preset: Preset,
}

/// The present state, for a listener that comes late.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Status {
    pub engine: Option<EngineInfo>,
    pub run: Option<Rc<Started>>,
    /// Steps trained so far in the run.
    pub step: u32,
    pub training: bool,
    pub writing: bool,
}

/// How much of something has come, in bytes, and of how much, where that is known.
pub type Progress<'a> = &'a dyn Fn(u64, Option<u64>);

/// The one handle on engine, runs and storage; clones share them.
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    listeners: Listeners,
    state: RefCell<State>,
    /// Whoever changes the engine or the run holds it, so that one change ends before the next.
    turn: Mutex<()>,
    /// The engines downloaded so far.
    programs: RefCell<Vec<(Build, Program)>>,
    /// The list of ready-made models, once it was fetched.
    manifest: RefCell<Option<Rc<Manifest>>>,
    /// A model's file that came before its engine.
    ahead: RefCell<Option<pretrained::Ahead>>,
    storage: Storage,
}

impl PartialEq for Client {
    /// Whether both are handles on the same thing, as Yew's properties ask.
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client without an engine; nothing is downloaded yet.
    pub fn new() -> Self {
        Client(Rc::new(Inner {
            listeners: Listeners::default(),
            state: RefCell::default(),
            turn: Mutex::new(()),
            programs: RefCell::default(),
            manifest: RefCell::default(),
            ahead: RefCell::default(),
            storage: Storage::default(),
        }))
    }

    /// Calls `listener` with everything that happens from now on, until the subscription is
    /// dropped.
    pub fn subscribe(&self, listener: impl Fn(&Notice) + 'static) -> Subscription {
        self.0.listeners.add(listener)
    }

    /// The present state.
    pub fn status(&self) -> Status {
        self.with(|state| {
            let run = state.run.as_ref();
            Status {
                engine: state.engine.as_ref().map(|engine| engine.info.clone()),
                run: run.map(|run| Rc::clone(&run.started)),
                step: run.map_or(0, |run| run.step),
                training: run.is_some_and(|run| run.training.is_some()),
                writing: state.writing.is_some(),
            }
        })
    }

    /// Makes the default engine ready (probes the browser, downloads, starts the worker), or
    /// answers with the one that is in use.
    ///
    /// # Errors
    /// No engine can be had, or not the one that the address names.
    pub async fn ready(&self) -> Result<EngineInfo, Fault> {
        let _turn = self.0.turn.lock().await;
        let engine = self.engine_for(Place::Present).await?;
        let info = engine.info.clone();
        self.use_engine(engine);
        Ok(info)
    }

    /// Makes a new run in the place of the present one, which stays when this fails.
    ///
    /// # Errors
    /// A configuration or a text that cannot be used, a backend that was named and cannot be had,
    /// or no engine at all.
    pub async fn new_run(&self, spec: RunSpec) -> Result<Rc<Started>, Fault> {
        self.make_run(spec).await
    }

    /// The last run once more from its first step.
    ///
    /// # Errors
    /// There was none, or as [`Client::new_run`].
    pub async fn restart(&self) -> Result<Rc<Started>, Fault> {
        let last = self.with(|state| state.last.clone());
        match last {
            Some(origin) => self.make_run(origin.spec()).await,
            None => Err(fault::state("There was no run yet to start again.")),
        }
    }

    /// Trains that many steps (`None`: to the end of the run). Answers when they are done or
    /// when training was paused; a worker that is replaced in between does not end it.
    ///
    /// # Errors
    /// No run, training already, no text to train on, numbers that left the finite range, or a
    /// run that cannot go on.
    pub async fn train(&self, steps: Option<u32>) -> Result<TrainSummary, Fault> {
        self.train_steps(steps).await
    }

    /// Ends training after the step in progress. Without training it does nothing.
    ///
    /// # Errors
    /// None that is known.
    pub async fn pause(&self) -> Result<(), Fault> {
        self.pause_training().await
    }

    /// Trains the steps that the last [`Client::pause`] left over, else to the end of the run.
    ///
    /// # Errors
    /// As [`Client::train`].
    pub async fn resume(&self) -> Result<TrainSummary, Fault> {
        self.train_rest().await
    }

    /// Ends training and drops the run; what was saved stays saved.
    ///
    /// # Errors
    /// None that is known.
    pub async fn stop(&self) -> Result<(), Fault> {
        self.drop_run().await
    }

    /// Losses over the whole texts: training, validation, in nats per character.
    ///
    /// # Errors
    /// No run, a text too short to keep a part for validation, or an engine that broke over it.
    pub async fn evaluate(&self) -> Result<(f32, f32), Fault> {
        self.losses().await
    }

    /// Lets the model write, also while it trains: then as it was at the beginning. `on_piece` gets
    /// each piece as it comes, the answer is everything that it wrote. A later call ends an earlier
    /// one.
    ///
    /// # Errors
    /// No run, characters that the model does not know, options out of range, or an engine that
    /// broke over it.
    pub async fn generate(
        &self,
        prompt: String,
        options: Sampling,
        on_piece: impl Fn(&str) + 'static,
    ) -> Result<String, Fault> {
        self.write(prompt, options, Rc::new(on_piece)).await
    }

    /// The one character that the model writes after the text. Nobody else is told of it; like any
    /// writing it ends what is being written.
    ///
    /// # Errors
    /// As [`Client::generate`], and when a later call ended it.
    pub async fn draw(&self, text: String, options: Sampling) -> Result<char, Fault> {
        self.draw_one(text, options).await
    }

    /// Ends a [`Client::generate`] after the character in progress.
    ///
    /// # Errors
    /// None that is known.
    pub async fn stop_generating(&self) -> Result<(), Fault> {
        self.end_writing().await
    }

    /// One forward pass over the text, whole, with the changes that are asked for; also while the
    /// model trains, between two steps.
    ///
    /// # Errors
    /// No run, an empty text, characters that the model does not know (named), a change that cannot
    /// be made, or an engine that broke over it.
    pub async fn trace(
        &self,
        text: String,
        interventions: Vec<Intervention>,
    ) -> Result<Trace, Fault> {
        self.traced(text, interventions).await
    }

    /// Every weight of the model, under its checkpoint name: with a trace, whatever a sum needs.
    ///
    /// # Errors
    /// No run, or an engine that broke over it.
    pub async fn weights(&self) -> Result<Arrays, Fault> {
        Ok(self.all_weights().await?.1)
    }

    /// The same, and the step after which they are these: a model that trains changes between two
    /// questions.
    ///
    /// # Errors
    /// As [`Client::weights`].
    pub async fn weights_at_step(&self) -> Result<(u32, Arrays), Fault> {
        self.all_weights().await
    }

    /// Reads the text on after what was read before, at the price of its own rows; with `fresh` from
    /// nothing.
    ///
    /// # Errors
    /// As [`Client::trace`].
    pub async fn read_on(&self, text: String, fresh: bool) -> Result<ReadOn, Fault> {
        self.read_text(text, fresh).await
    }

    /// Reads something off the model's passes: an [`analysis::Report`](crate::analysis::Report), as JSON.
    ///
    /// # Errors
    /// No run, an option out of bounds, a text or corpus that does not fit the model, or an engine
    /// that broke over it.
    pub async fn analyse(
        &self,
        analysis: Analysis,
        options: Options,
    ) -> Result<serde_json::Value, Fault> {
        self.report(analysis, options).await
    }

    /// The same pass as [`Client::trace`]'s, as the bytes of a file.
    ///
    /// # Errors
    /// As [`Client::trace`].
    pub async fn export_trace(
        &self,
        text: String,
        interventions: Vec<Intervention>,
        format: Format,
    ) -> Result<Vec<u8>, Fault> {
        self.trace_file(text, interventions, format).await
    }

    /// The model as safetensors; with the optimizer's moments it can be trained on exactly.
    ///
    /// # Errors
    /// No run, or an engine that broke over it.
    pub async fn checkpoint(&self, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
        self.saved_bytes(with_optimizer).await
    }

    /// Takes up a run from safetensors, on the engine in use. Without a text the model writes but
    /// does not train.
    ///
    /// # Errors
    /// Bytes that are no checkpoint of ours or a damaged one, or a text with characters that the
    /// model does not know.
    pub async fn load(
        &self,
        bytes: Vec<u8>,
        text: Option<NamedText>,
    ) -> Result<Rc<Started>, Fault> {
        self.load_run(&bytes, text).await
    }

    /// The ready-made models that came with the page, fetched when first asked for.
    ///
    /// # Errors
    /// The list is not there, or is none.
    pub async fn pretrained(&self) -> Result<Rc<Manifest>, Fault> {
        self.manifest().await
    }

    /// Takes up a ready-made model by its name, on the engine in use. It writes, but does not
    /// train.
    ///
    /// # Errors
    /// No such model, a file that is missing or damaged, or something else was asked for while it
    /// came.
    pub async fn open(&self, name: &str, progress: Progress<'_>) -> Result<Rc<Started>, Fault> {
        self.open_named(name, progress).await
    }

    /// What there is to see of the first ready-made model while the engine is still on its way:
    /// `None` where [`Client::open_first`] would not open it, or where no pass lies beside it.
    ///
    /// # Errors
    /// No network, or a file that is no such pass.
    pub async fn first_look(&self) -> Result<Option<FirstLook>, Fault> {
        self.look_unasked().await
    }

    /// Opens the first ready-made model, or the one that is `wanted`, by its name, as by the link that
    /// the visitor followed: a visitor finds one to look into. `None`, and nothing is done, when a
    /// run or a model was asked for by then. It never takes the place of another run.
    ///
    /// # Errors
    /// As [`Client::open`].
    pub async fn open_first(&self, wanted: Option<&str>) -> Result<Option<Rc<Started>>, Fault> {
        self.open_unasked(wanted, 0).await
    }

    /// The same later in a visit, where no run is left: what is asked for from now on comes first.
    ///
    /// # Errors
    /// As [`Client::open`].
    pub async fn open_instead(&self, wanted: Option<&str>) -> Result<Option<Rc<Started>>, Fault> {
        let ticket = self.asked();
        // A run that is in the making comes first.
        drop(self.0.turn.lock().await);
        self.open_unasked(wanted, ticket).await
    }

    /// Moves the run, weights and all, to the other engine (the badge's button); training goes on.
    ///
    /// # Errors
    /// No run, or the backend cannot be had; the run then stays where it is.
    pub async fn move_to(&self, backend: Backend) -> Result<Rc<Started>, Fault> {
        self.move_run(backend).await
    }

    /// The run that was kept in the browser, if there is one. A storage that cannot be read is
    /// told by [`Notice::Storage`] and counts as empty.
    pub async fn saved_run(&self) -> Option<SavedRun> {
        self.about_kept().await
    }

    /// Takes the kept run up again; [`Client::train`] goes on with it.
    ///
    /// # Errors
    /// None is kept, or it cannot be read.
    pub async fn resume_saved(&self) -> Result<Rc<Started>, Fault> {
        self.load_kept().await
    }

    /// Throws the kept run away.
    pub async fn forget_saved(&self) {
        if let Err(problem) = self.0.storage.forget().await {
            self.storage_problem(problem);
        }
    }

    /// A text file that the person chose or dropped.
    ///
    /// # Errors
    /// Too large, empty, not UTF-8, or not readable any more.
    pub async fn read_file(&self, file: web_sys::File) -> Result<NamedText, Fault> {
        sources::file(&file).await
    }

    /// Tiny Shakespeare: from the browser's storage, else from its public address.
    ///
    /// # Errors
    /// The address cannot be reached.
    pub async fn tiny_shakespeare(&self, progress: Progress<'_>) -> Result<NamedText, Fault> {
        self.shakespeare(progress).await
    }

    /// Has the engine in use fail as a bug in it would, to try what then happens.
    ///
    /// # Errors
    /// No engine is in use.
    pub fn crash_engine(&self) -> Result<(), Fault> {
        let engine = self.with(|state| state.engine.clone());
        let engine = engine.ok_or_else(|| fault::state("No engine is in use."))?;
        engine.link.crash();
        Ok(())
    }

    /// Has steps computed in that way from now on, as long as the engine in use lasts; `None` for the
    /// best there is. For the readable path on WebGPU the run moves to another build of the engine.
    ///
    /// # Errors
    /// There is no run, it breaks, or that build cannot be had: then the run stays where it is.
    pub async fn train_by(&self, path: Option<Path>) -> Result<(), Fault> {
        if path == Some(Path::Readable) {
            self.move_to_readable().await?;
        }
        self.ask_once(Command::TrainBy { path }).await.map(|_| ())
    }

    /// Looks at the state or changes it. Nobody may be told anything meanwhile.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.state.borrow_mut())
    }

    /// Notes that a run or a model is asked for, or to be dropped, and gives that wish's number.
    fn ask(&self) -> u32 {
        self.with(|state| {
            state.asked += 1;
            state.asked
        })
    }

    /// The number of the latest wish, 0 before the first.
    fn asked(&self) -> u32 {
        self.with(|state| state.asked)
    }

    fn tell(&self, notice: &Notice) {
        self.0.listeners.tell(notice);
    }
}
