//! A run that is being trained, and the one way to its model.
//!
//! On the GPU the fast step has the weights in memory of its own, from where they can only be brought
//! back by waiting. [`Held::look`] waits; and since nothing else here hands out the run or its model,
//! nobody can see weights of an earlier step.
//!
//! Losses and a checkpoint, which are asked for again and again while a model trains, need no look:
//! they come from the numbers where they are. What plain operations do (recorded passes, changes to
//! one, writing) fills the model that burn has; writing once, at its beginning.

use super::ahead::Ahead;
use super::checkpoint;
use super::fast::plan::Uncovered;
use super::fast::threads::alone::Alone;
use super::gpt::Gpt;
use super::params;
use super::run::{Run, input};
use super::sample::Generation;
use super::train::{Measured, Part, Stopped, no_text};
use crate::config::RunConfig;
use crate::protocol::{Backend, Fault, FaultKind, Path, RunInfo, Sampling, Threads};
use crate::text::tokenizer::Tokenizer;
use crate::trace::Entry;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

/// A run, and its twin on the GPU where there is one.
#[derive(Debug)]
pub struct Held {
    run: Run,
    ahead: Option<Ahead>,
    newest: Newest,
    /// Why there is no twin, once that is known.
    uncovered: Option<Uncovered>,
    /// The run's own steps that nobody has asked about yet.
    measured: Vec<Measured>,
    /// What was last said of threads.
    said: Option<Result<usize, Alone>>,
}

/// Who has the weights of the latest step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newest {
    Run,
    Ahead,
    Both,
}

impl Held {
    pub fn new(run: Run) -> Self {
        Held {
            run,
            ahead: None,
            newest: Newest::Run,
            uncovered: None,
            measured: Vec::new(),
            said: None,
        }
    }

    /// The run with the weights of the latest step.
    ///
    /// # Errors
    /// When the device does not give them back.
    pub async fn look(&mut self) -> Result<&Run, Fault> {
        if let (Newest::Ahead, Some(ahead)) = (self.newest, &self.ahead) {
            ahead.leave(&mut self.run).await?;
            self.newest = Newest::Both;
        }
        Ok(&self.run)
    }

    pub fn config(&self) -> &RunConfig {
        &self.run.config
    }

    pub fn tokenizer(&self) -> &Tokenizer {
        &self.run.tokenizer
    }

    /// Steps trained so far.
    pub fn step(&self) -> u32 {
        self.run.step
    }

    /// Whether there is a text to learn from.
    pub fn has_text(&self) -> bool {
        self.run.text.is_some()
    }

    /// Sizes and settings, which no step changes but for the step itself.
    pub fn info(&self) -> RunInfo {
        self.run.info()
    }

    /// Which path steps take from now on; `None` for the best there is.
    pub fn choose(&mut self, path: Option<Path>) {
        self.run.learner.choose(path);
    }

    /// The path of the latest step; [`Path::Readable`] before the first.
    pub fn path(&self) -> Path {
        match self.newest {
            Newest::Run => self.run.learner.path(),
            Newest::Ahead | Newest::Both => Path::Fast,
        }
    }

    /// Why the fast step was not taken, if it could not be.
    pub fn uncovered(&self) -> Option<&Uncovered> {
        let of_run = self.run.learner.uncovered();
        self.uncovered.as_ref().or(of_run)
    }

    /// On how many threads the latest step was computed, where it was on the CPU and this has not
    /// been said yet.
    pub fn news_of_threads(&mut self) -> Option<Threads> {
        if self.run.place.backend != Backend::Cpu {
            return None;
        }
        let threads = self.run.learner.threads().map_err(Alone::clone);
        if self.said.as_ref() == Some(&threads) {
            return None;
        }
        let news = match &threads {
            Ok(count) => Threads {
                count: *count,
                why: None,
            },
            Err(why) => Threads {
                count: 1,
                why: Some(why.to_string()),
            },
        };
        self.said = Some(threads);
        Some(news)
    }

    /// Makes one training step, or queues it where the run is ahead of itself.
    ///
    /// # Errors
    /// When there is no text, the fast step was asked for and does not cover the configuration, the
    /// device fails, or as [`Run::train_step`].
    pub async fn queue_step(&mut self) -> Result<(), Fault> {
        if self.goes_ahead().await? {
            if let Some(ahead) = &mut self.ahead {
                // Also where the step then fails: what the run has is no longer vouched for.
                self.newest = Newest::Ahead;
                ahead.queue_step(&mut self.run)?;
            }
            return Ok(());
        }
        if let (Some(why), Some(Path::Fast)) = (&self.uncovered, self.run.learner.asked()) {
            return Err(input(format!("{why}; take the readable path.")));
        }
        let place = &self.run.place;
        if place.backend != place.plain_on {
            return Err(self.not_here());
        }
        self.look().await?;
        self.newest = Newest::Run;
        self.run.hire().await;
        let measured = self.run.train_step().await?;
        self.measured.push(measured);
        Ok(())
    }

    /// What is said where the GPU has the fast step alone, and that cannot or may not be taken.
    fn not_here(&self) -> Fault {
        match (&self.uncovered, &self.run.text) {
            (_, None) => no_text(),
            (Some(why), _) => Fault::new(FaultKind::Device, format!("{why}.")),
            (None, _) => Fault::new(
                FaultKind::State,
                "The readable path on the GPU is in another build of this engine, with burn's own \
                 operations there (feature burn-wgpu).",
            ),
        }
    }

    /// Whether there is a twin and it may be used; it is made where it can be, and has the weights of
    /// the latest step then.
    async fn goes_ahead(&mut self) -> Result<bool, Fault> {
        let asked = self.run.learner.asked();
        if self.run.place.backend == Backend::Cpu || asked == Some(Path::Readable) {
            return Ok(false);
        }
        if self.ahead.is_none() && self.uncovered.is_none() {
            match Ahead::new(&self.run).await {
                Some(Ok(ahead)) => self.ahead = Some(ahead),
                Some(Err(why)) => self.uncovered = Some(why),
                None => {}
            }
        }
        if let (Newest::Run, Some(ahead)) = (self.newest, &self.ahead) {
            ahead.enter(&self.run).await?;
            self.newest = Newest::Both;
        }
        Ok(self.ahead.is_some())
    }

    /// As [`Run::mean_loss`], of the weights of the latest step.
    ///
    /// # Errors
    /// As there.
    pub async fn mean_loss<F: Future<Output = bool>>(
        &mut self,
        part: Part,
        limit: Option<usize>,
        between: impl FnMut() -> F,
    ) -> Result<Option<f32>, Fault> {
        if self.goes_ahead().await?
            && let Some(ahead) = &mut self.ahead
        {
            return ahead.mean_loss(&self.run, part, limit, between).await;
        }
        self.look().await?;
        self.run.mean_loss(part, limit, between).await
    }

    /// Begins a text, which the weights of the latest step write to its end.
    ///
    /// # Errors
    /// As [`Generation::new`], and when the device does not give the weights back.
    pub async fn write(&mut self, prompt: &str, options: Sampling) -> Result<Generation, Fault> {
        let model = self.copy().await?;
        Generation::new(model, &self.run.tokenizer, prompt, options)
    }

    /// The model of the latest step, on the CPU and without a graph: no step moves it.
    async fn copy(&mut self) -> Result<Gpt, Fault> {
        match self.run.place.plain_on {
            Backend::Cpu => Ok(self.look().await?.model().valid()),
            Backend::Webgpu => {
                let bytes = self.bytes(false).await?;
                let (numbers, _) = bytes.as_chunks();
                let numbers: Vec<f32> = numbers.iter().map(|n| f32::from_le_bytes(*n)).collect();
                let numbers = TensorData::from(numbers.as_slice()); // [n]
                let cpu = Device::flex();
                let vocab = self.run.tokenizer.size();
                let form = Gpt::new(&self.run.config.model, vocab, 0, &cpu);
                Ok(params::replace(form, &Tensor::from_data(numbers, &cpu)))
            }
        }
    }

    /// The weights of the latest step, as [`Learner::bytes`](super::learner::Learner::bytes) has them.
    async fn bytes(&self, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
        match (self.newest, &self.ahead) {
            (Newest::Ahead | Newest::Both, Some(ahead)) => ahead.bytes(with_optimizer).await,
            (Newest::Run, _) | (_, None) => self.run.learner.bytes(with_optimizer).await,
        }
    }

    /// The run as safetensors bytes.
    ///
    /// # Errors
    /// When the device does not give the numbers back.
    pub async fn save(&self, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
        checkpoint::write(&self.run, &self.bytes(with_optimizer).await?)
    }

    /// Every weight under its checkpoint name, and their numbers one after the other, as
    /// little-endian bytes.
    ///
    /// # Errors
    /// When the device does not give them back.
    pub async fn weights(&self) -> Result<(Vec<Entry>, Vec<u8>), Fault> {
        Ok((self.run.entries(), self.bytes(false).await?))
    }

    /// The numbers of queued steps, oldest first: all of them, or those that are due so that no more
    /// than a few steps are under way.
    ///
    /// # Errors
    /// When the device fails, or a step's numbers are not finite ([`FaultKind::Diverged`]).
    pub async fn read_steps(&mut self, all: bool) -> Result<Vec<Measured>, Stopped> {
        let mut measured = std::mem::take(&mut self.measured);
        if let Some(ahead) = &mut self.ahead {
            measured.extend(ahead.read(&mut self.run, all).await?);
        }
        Ok(measured)
    }

    /// Leaves unread the numbers of steps whose training has failed.
    pub fn forget(&mut self) {
        self.measured.clear();
        if let Some(ahead) = &mut self.ahead {
            ahead.forget();
        }
    }
}
