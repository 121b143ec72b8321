//! What the page and the engine's worker say to each other: a closed set of typed messages.
//!
//! The page sends [`Request`]s, the engine answers each with exactly one [`Event::Reply`] that
//! carries the same `id`, and in between tells what happens in the other [`Event`]s. Bytes (texts,
//! checkpoints) travel beside a message as payloads that are transferred and not copied; each
//! message says what its payloads are. How a message becomes a JavaScript value is `wire`'s affair.

use crate::analysis::{Analysis, Options};
use crate::config::RunConfig;
use crate::trace::{About, Entry, Format, Intervention};
use serde::{Deserialize, Serialize};

/// Counts up whenever a message changes: a page and an engine from different builds (a stale
/// cache) refuse each other instead of misreading.
pub const VERSION: u32 = 4;

/// Where tensors live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    Webgpu,
    Cpu,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Backend::Webgpu => "webgpu",
            Backend::Cpu => "cpu",
        }
    }
}

/// How a training step is computed. The numbers are the same to rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// The plain operations that the source spells out, their derivatives by burn.
    Readable,
    /// Derivatives worked out by hand (`engine/fast/`), where that knows the configuration: on the CPU
    /// every one, on WebGPU those with standard attention.
    Fast,
}

impl Path {
    pub const ALL: [Path; 2] = [Path::Readable, Path::Fast];

    /// The name used in scripting and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Path::Readable => "readable",
            Path::Fast => "fast",
        }
    }
}

/// A command that expects an answer under its `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: u32,
    pub command: Command,
}

/// Page to engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Always first: makes the device. Answered by [`Reply::Ready`].
    Init { version: u32 },
    /// Throws the present run away and makes a new one. Payload: the text, UTF-8.
    /// Answered by [`Reply::Run`].
    NewRun { config: RunConfig },
    /// Goes on from a saved state. Payloads: a checkpoint (safetensors) and the text it was
    /// trained on, UTF-8; without the text (or with an empty one) the model writes but does not
    /// train. Answered by [`Reply::Run`].
    Resume,
    /// Trains that many steps (`None`: to the end of the run), and answers when they are done or
    /// when training was paused, by [`Reply::Trained`]. [`Event::Steps`] tell how it goes.
    Train { steps: Option<u32> },
    /// How steps are computed from now on, of this run and of later ones; `None` for the best there
    /// is, as it is before anybody asks. Answered by [`Reply::Done`].
    TrainBy { path: Option<Path> },
    /// Ends a `Train` after the step in progress. Answered by [`Reply::Done`].
    Pause,
    /// Loss over the whole validation text and as much of the training text.
    /// Answered by [`Reply::Evaluated`].
    Evaluate,
    /// Writes text, all of it by the weights that there are now, also where training goes on.
    /// [`Event::Wrote`] tells each piece; answered by [`Reply::Generated`].
    Generate { prompt: String, options: Sampling },
    /// Ends a `Generate` after the character in progress. Answered by [`Reply::Done`].
    StopGenerating,
    /// The model as safetensors, with the optimizer's moments if asked: what
    /// [`Command::Resume`] takes. Answered by [`Reply::Checkpoint`] with one payload.
    Checkpoint { with_optimizer: bool },
    /// Every weight of the model, to compute with. Answered by [`Reply::Weights`] with one payload.
    Weights,
    /// One forward pass over the text, whole, with the changes that are asked for. Answered by
    /// [`Reply::Traced`] with one payload.
    Trace {
        text: String,
        interventions: Vec<Intervention>,
    },
    /// Reads the text on after what was read before, from kept keys and values, or with `fresh` from
    /// nothing. Answered by [`Reply::Read`] with one payload.
    Read { text: String, fresh: bool },
    /// Reads something off the model's passes. Answered by [`Reply::Report`].
    Analyse {
        analysis: Analysis,
        options: Options,
    },
    /// The pass of [`Command::Trace`] as a file. Answered by [`Reply::File`] with one payload.
    ExportTrace {
        text: String,
        interventions: Vec<Intervention>,
        format: Format,
    },
}

/// How the next character is drawn from the logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Sampling {
    /// Characters to write.
    pub tokens: u32,
    /// Logits are divided by it; 0 always takes the likeliest character.
    pub temperature: f32,
    /// Only the k likeliest characters are drawn from; 0 for all.
    pub top_k: u32,
    /// Only the likeliest characters that together reach this probability, in (0, 1].
    pub top_p: f32,
    /// The draw's seed.
    pub seed: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling {
            tokens: 200,
            temperature: 0.8,
            top_k: 0,
            top_p: 1.0,
            seed: 1,
        }
    }
}

/// Engine to page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "messages are made and sent, not kept"
)]
pub enum Event {
    /// Answers the request with that id. Payloads: those of the [`Reply`].
    Reply {
        id: u32,
        result: Result<Reply, Fault>,
    },
    /// How far a long preparation is, 0 to 1: sent while shaders are compiled before the first step.
    Warming { done: f32 },
    /// Steps done since the last such event, in order.
    Steps(Vec<StepReport>),
    /// On how many threads this run's steps are computed: sent with its first step on the CPU, and
    /// whenever that changes.
    Threads(Threads),
    /// A piece of text that `Generate` with that id wrote.
    Wrote { id: u32, text: String },
    /// The state after `step`, to be kept. Payload: a checkpoint with the optimizer's moments.
    Saved { step: u32 },
    /// The worker cannot go on (a panic, a lost device): it must be replaced.
    Broken { fault: Fault },
}

/// The content of a successful answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a run is described once")]
pub enum Reply {
    Ready {
        version: u32,
        backend: Backend,
        /// The GPU's name as the browser gives it; `None` on the CPU.
        adapter: Option<String>,
    },
    Run(RunInfo),
    Trained(TrainSummary),
    Evaluated {
        train_loss: f32,
        val_loss: f32,
    },
    Generated {
        text: String,
    },
    /// Payload: safetensors.
    Checkpoint {
        step: u32,
    },
    /// Names, as in checkpoints, and shapes. Payload: the numbers, as a trace's.
    Weights {
        step: u32,
        entries: Vec<Entry>,
    },
    /// Payload: the trace's numbers, 32-bit floats in little-endian order.
    Traced(Box<About>),
    /// The rows that were computed, as in [`Reply::Traced`]; all of the window's where what was kept
    /// had to be thrown away.
    Read {
        about: Box<About>,
        rebuilt: bool,
    },
    /// An [`analysis::Report`](crate::analysis::Report), as JSON.
    Report(serde_json::Value),
    /// Payload: the file.
    File,
    Done,
}

/// What a run is made of, as really used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    pub config: RunConfig,
    /// Trainable numbers.
    pub params: usize,
    /// The ordered characters; a token is an index into them.
    pub vocab: Vec<char>,
    /// Steps already trained.
    pub step: u32,
    /// Characters in the training and in the validation part; 0 without a text.
    pub train_chars: usize,
    pub val_chars: usize,
    /// Entropy of single characters of the text, in nats: the loss of a model that only counts.
    pub unigram_entropy: f32,
}

/// One training step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Steps trained so far, this one included.
    pub step: u32,
    /// Cross-entropy of this step's batch, in nats per character.
    pub train_loss: f32,
    /// Estimate on the validation text, on the steps when it is due.
    pub val_loss: Option<f32>,
    pub lr: f32,
    /// Global norm of the gradient before clipping.
    pub grad_norm: f32,
    /// Wall time of the step in milliseconds, evaluation and saving left out.
    pub ms: f32,
}

/// On how many threads steps are computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threads {
    pub count: usize,
    /// Why it is one; the beginning of no sentence and the end of none.
    pub why: Option<String>,
}

/// The end of a `Train`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSummary {
    pub step: u32,
    pub train_loss: f32,
    pub val_loss: Option<f32>,
    pub ms_per_step: f32,
    pub tokens_per_second: f32,
    /// Whether the run has reached `max_steps`.
    pub finished: bool,
}

/// What went wrong, in the sentence the person reads, and of which sort, for the page to react to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub kind: FaultKind,
    pub message: String,
}

impl Fault {
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Fault {
            kind,
            message: message.into(),
        }
    }
}

/// The sorts of fault that the page treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The person's input: say it and let them mend it.
    Input,
    /// The command does not fit the moment, such as `Train` without a run.
    State,
    /// The device cannot be had or was lost: go on elsewhere.
    Device,
    /// The numbers left the finite range: training stopped at the last good state.
    Diverged,
    /// A bug: the worker is replaced.
    Internal,
}
