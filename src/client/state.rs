//! What the client remembers: the engine in use, the run on it, and what is needed to make both
//! again when the worker breaks.

use super::engine::Engine;
use super::notice::Started;
use super::storage::Kept;
use super::{RunSpec, SavedRun};
use crate::config::RunConfig;
use crate::protocol::{Backend, Fault, RunInfo, StepReport, TrainSummary};
use js_sys::Uint8Array;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

#[derive(Default)]
pub(super) struct State {
    /// `None` before the first, and while a broken one is replaced.
    pub(super) engine: Option<Engine>,
    /// Where the engine that broke had been, and why it broke, until it is replaced.
    pub(super) broken: Option<(Backend, Fault)>,
    pub(super) run: Option<Run>,
    pub(super) writing: Option<Writing>,
    /// Why WebGPU is not taken any more on this visit, a sentence.
    pub(super) gpu_broke: Option<String>,
    /// What the last run was made from.
    pub(super) last: Option<Rc<Origin>>,
    /// Counts the runs.
    pub(super) runs: u32,
    /// Counts what person and scripts asked for: runs, models, and to drop one.
    pub(super) asked: u32,
    /// Whether a state is being written to the browser's storage.
    pub(super) keeping: bool,
    /// The state to be written next.
    pub(super) to_keep: Option<Kept>,
    /// What was said last of the storage.
    pub(super) storage_problem: Option<String>,
}

/// What a run was made from, to make it again.
pub(super) struct Origin {
    pub(super) config: RunConfig,
    pub(super) text: Rc<str>,
    pub(super) label: String,
    /// The backend that was named, if one was.
    pub(super) backend: Option<Backend>,
    /// Names the text in the browser's storage.
    pub(super) stamp: String,
}

impl Origin {
    pub(super) fn new(spec: RunSpec) -> Rc<Self> {
        let mut hasher = DefaultHasher::new();
        spec.text.hash(&mut hasher);
        Rc::new(Origin {
            stamp: format!("{}-{:016x}", spec.text.len(), hasher.finish()),
            config: spec.config,
            text: spec.text.into(),
            label: spec.label,
            backend: spec.backend,
        })
    }

    pub(super) fn spec(&self) -> RunSpec {
        RunSpec {
            config: self.config,
            text: self.text.to_string(),
            label: self.label.clone(),
            backend: self.backend,
        }
    }
}

/// The present run.
pub(super) struct Run {
    /// Tells it from the runs before and after.
    pub(super) id: u32,
    pub(super) origin: Rc<Origin>,
    pub(super) started: Rc<Started>,
    /// The latest state with the optimizer's moments; `None` before the first.
    pub(super) saved: Option<Saved>,
    /// Steps trained so far.
    pub(super) step: u32,
    pub(super) last: Option<StepReport>,
    pub(super) training: Option<Training>,
    /// The goal that the last pause left over.
    pub(super) left: Option<Goal>,
    /// Failures in a row without a new state saved.
    pub(super) failures: u32,
}

/// A state to go on from; the bytes stay on JavaScript's side, where they cost no wasm memory.
#[derive(Clone)]
pub(super) struct Saved {
    pub(super) step: u32,
    pub(super) bytes: Uint8Array,
}

/// Where training is to end: `None` at the end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Goal(pub(super) Option<u32>);

/// A `train` in progress.
pub(super) struct Training {
    /// Whether a pause was asked for.
    pub(super) pausing: bool,
}

/// A `generate` in progress.
pub(super) struct Writing {
    /// Its number on the link.
    pub(super) id: u32,
    pub(super) on_piece: Rc<dyn Fn(&str)>,
}

impl Run {
    pub(super) fn new(id: u32, origin: Rc<Origin>, started: Rc<Started>) -> Self {
        Run {
            id,
            origin,
            step: started.info.step,
            started,
            saved: None,
            last: None,
            training: None,
            left: None,
            failures: 0,
        }
    }

    pub(super) fn info(&self) -> &RunInfo {
        &self.started.info
    }

    /// What is to be kept in the browser of a state.
    pub(super) fn kept(&self, saved: &Saved) -> Kept {
        let config = self.info().config;
        Kept {
            about: SavedRun {
                step: saved.step,
                max_steps: config.train.max_steps,
                label: self.origin.label.clone(),
                when: js_sys::Date::now(),
                preset: config.preset,
            },
            stamp: self.origin.stamp.clone(),
            bytes: saved.bytes.clone(),
            text: Rc::clone(&self.origin.text),
        }
    }

    /// The end of a `train` that ended while no engine was there to sum it up.
    pub(super) fn summary(&self) -> TrainSummary {
        let train = &self.info().config.train;
        let tokens = train.batch_size * self.info().config.model.block_size;
        let ms = self.last.map_or(0.0, |report| report.ms);
        TrainSummary {
            step: self.step,
            train_loss: self.last.map_or(f32::NAN, |report| report.train_loss),
            val_loss: self.last.and_then(|report| report.val_loss),
            ms_per_step: ms,
            tokens_per_second: tokens as f32 * 1000.0 / ms.max(1e-6),
            finished: self.step >= train.max_steps,
        }
    }
}
