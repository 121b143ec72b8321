//! The page's side of the engine: owns the worker, speaks [`crate::protocol`] with it, replaces it
//! when it breaks, and keeps runs in the browser.
//!
//! Everything goes through one [`Client`], which the page and the scripting share, so that what a
//! script does is seen on the page. Requests are `async` and answer with a value or a
//! [`Fault`], whose message is a sentence for the person; what happens in between is told in
//! [`Notice`]s.

mod notice;

pub use notice::{EngineInfo, Notice, Started, Subscription};

use crate::config::{Preset, RunConfig};
use crate::protocol::{Backend, Fault, Sampling, TrainSummary};
use notice::Listeners;
use std::rc::Rc;

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
#[derive(Clone, Debug, PartialEq)]
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

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Client {
    /// A client without an engine; nothing is downloaded yet.
    pub fn new() -> Self {
        Client(Rc::new(Inner {
            listeners: Listeners::default(),
        }))
    }

    /// Calls `listener` with everything that happens from now on, until the subscription is
    /// dropped.
    pub fn subscribe(&self, listener: impl Fn(&Notice) + 'static) -> Subscription {
        self.0.listeners.add(listener)
    }

    /// The present state.
    pub fn status(&self) -> Status {
        Status::default()
    }

    /// Makes the default engine ready (probes the browser, downloads, starts the worker), or
    /// answers with the one that is in use.
    pub async fn ready(&self) -> Result<EngineInfo, Fault> {
        todo!()
    }

    /// Throws the present run away and makes a new one.
    pub async fn new_run(&self, spec: RunSpec) -> Result<Rc<Started>, Fault> {
        let _ = spec;
        todo!()
    }

    /// The last `new_run` or `resume_saved` once more from its first step.
    pub async fn restart(&self) -> Result<Rc<Started>, Fault> {
        todo!()
    }

    /// Trains that many steps (`None`: to the end of the run). Answers when they are done or
    /// when training was paused; a worker that is replaced in between does not end it.
    pub async fn train(&self, steps: Option<u32>) -> Result<TrainSummary, Fault> {
        let _ = steps;
        todo!()
    }

    /// Ends training after the step in progress.
    pub async fn pause(&self) -> Result<(), Fault> {
        todo!()
    }

    /// Trains the steps that the last [`Client::pause`] left over.
    pub async fn resume(&self) -> Result<TrainSummary, Fault> {
        todo!()
    }

    /// Ends training and drops the run; what was saved stays saved.
    pub async fn stop(&self) -> Result<(), Fault> {
        todo!()
    }

    /// Losses over the whole texts: training, validation, in nats per character.
    pub async fn evaluate(&self) -> Result<(f32, f32), Fault> {
        todo!()
    }

    /// Lets the model write, also while it trains; `on_piece` gets each piece as it comes. The
    /// answer is everything that it wrote.
    pub async fn generate(
        &self,
        prompt: String,
        options: Sampling,
        on_piece: impl Fn(&str) + 'static,
    ) -> Result<String, Fault> {
        let _ = (prompt, options, on_piece);
        todo!()
    }

    /// Ends a [`Client::generate`] after the character in progress.
    pub async fn stop_generating(&self) -> Result<(), Fault> {
        todo!()
    }

    /// The model as safetensors.
    pub async fn checkpoint(&self, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
        let _ = with_optimizer;
        todo!()
    }

    /// Takes up a run from safetensors. Without a text the model writes but does not train.
    pub async fn load(
        &self,
        bytes: Vec<u8>,
        text: Option<NamedText>,
    ) -> Result<Rc<Started>, Fault> {
        let _ = (bytes, text);
        todo!()
    }

    /// Moves the run, weights and all, to the other engine (the badge's button).
    pub async fn move_to(&self, backend: Backend) -> Result<Rc<Started>, Fault> {
        let _ = backend;
        todo!()
    }

    /// The run that was kept in the browser, if there is one. A storage that cannot be read is
    /// told by [`Notice::Storage`] and counts as empty.
    pub async fn saved_run(&self) -> Option<SavedRun> {
        todo!()
    }

    /// Takes the kept run up again; [`Client::train`] goes on with it.
    pub async fn resume_saved(&self) -> Result<Rc<Started>, Fault> {
        todo!()
    }

    /// Throws the kept run away.
    pub async fn forget_saved(&self) {
        todo!()
    }

    /// A text file that the person chose or dropped.
    pub async fn read_file(&self, file: web_sys::File) -> Result<NamedText, Fault> {
        let _ = file;
        todo!()
    }

    /// Tiny Shakespeare: from the browser's cache, else from its public address.
    pub async fn tiny_shakespeare(&self, progress: Progress<'_>) -> Result<NamedText, Fault> {
        progress(0, None);
        todo!()
    }
}
