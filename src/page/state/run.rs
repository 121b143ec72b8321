//! The run that is going on, and what the run bar says of it.

use crate::client::{EngineInfo, Started};
use crate::models::Pretrained;
use crate::page::live::Progress;
use crate::protocol::{Backend, Threads};
use std::rc::Rc;

/// How far the engine is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Engine {
    #[default]
    Unknown,
    Downloading {
        backend: Backend,
        received: u64,
        total: Option<u64>,
    },
    Starting(Backend),
    Ready(EngineInfo),
    /// None can be had: why.
    Failed(String),
}

/// A run as the page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub started: Rc<Started>,
    pub progress: Progress,
    pub training: bool,
    /// How far the preparation of the first step is, 0 to 1, while it goes on.
    pub warming: Option<f32>,
    /// The step whose state is kept in the browser.
    pub kept: Option<u32>,
    /// On how many threads it is trained, once that is known; on the CPU only.
    pub threads: Option<Threads>,
}

impl Run {
    pub fn new(started: Rc<Started>, training: bool) -> Self {
        Run {
            progress: Progress::at(started.info.step),
            started,
            training,
            warming: None,
            kept: None,
            threads: None,
        }
    }

    pub fn max_steps(&self) -> u32 {
        self.started.info.config.train.max_steps
    }

    pub fn is_finished(&self) -> bool {
        self.progress.step >= self.max_steps()
    }

    /// Whether it is a ready-made model: it is there to write, and Start makes another run.
    pub fn is_ready_made(&self) -> bool {
        self.started.ready_made.is_some()
    }

    /// Whether it is that ready-made model.
    pub fn is(&self, model: &Pretrained) -> bool {
        let own = self.started.ready_made.as_ref();
        own.is_some_and(|own| own.name == model.name)
    }

    /// Whether there is a text to train on.
    pub fn has_text(&self) -> bool {
        self.started.info.train_chars > 0
    }

    /// Characters that one step learns from.
    pub fn tokens_per_step(&self) -> f64 {
        let config = &self.started.info.config;
        config.train.batch_size as f64 * config.model.block_size as f64
    }

    /// Seconds until the end at the present pace, when that is known.
    pub fn seconds_left(&self) -> Option<f64> {
        let steps = self.max_steps().saturating_sub(self.progress.step);
        let ms = self.progress.ms_per_step?;
        Some(f64::from(steps) * ms / 1e3)
    }
}

/// What happens between Start and the first step.
#[derive(Clone, Debug, PartialEq)]
pub enum Preparation {
    /// Looking at what the browser has.
    Asking,
    Downloading {
        backend: Backend,
        received: u64,
        total: Option<u64>,
    },
    /// The worker makes its device.
    Device(Backend),
    /// The engine reads the text and makes the model.
    Model,
    /// The engine gets ready for the first step, 0 to 1: on WebGPU it compiles shaders.
    Warming(Backend, f32),
    FirstStep,
}

/// What the run bar shows, and which of its buttons do something.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// No run, or a ready-made model that only writes: Start makes a run.
    Idle,
    Preparing(Preparation),
    Training,
    Paused,
    Finished,
    /// A model without a text: it writes, but does not train.
    WritesOnly,
}

/// Derived and never stored, so that it cannot disagree with what it is derived from.
pub fn phase(engine: &Engine, run: Option<&Run>, asked: bool) -> Phase {
    if asked {
        return Phase::Preparing(match engine {
            Engine::Unknown | Engine::Failed(_) => Preparation::Asking,
            &Engine::Downloading {
                backend,
                received,
                total,
            } => Preparation::Downloading {
                backend,
                received,
                total,
            },
            Engine::Starting(backend) => Preparation::Device(*backend),
            Engine::Ready(_) => Preparation::Model,
        });
    }
    let Some(run) = run else {
        return Phase::Idle;
    };
    match run {
        run if run.is_ready_made() => Phase::Idle,
        run if !run.has_text() => Phase::WritesOnly,
        Run {
            training: true,
            warming: Some(done),
            ..
        } => Phase::Preparing(Preparation::Warming(run.started.engine.backend, *done)),
        run if run.training && run.progress.ms_per_step.is_none() => {
            Phase::Preparing(Preparation::FirstStep)
        }
        run if run.training => Phase::Training,
        run if run.is_finished() => Phase::Finished,
        _ => Phase::Paused,
    }
}
