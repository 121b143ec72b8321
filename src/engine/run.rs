//! A run: a model, the text it learns, and the optimizer between them.

use super::device::Place;
use super::gpt::Gpt;
use super::learner::Learner;
use super::params;
use crate::config::RunConfig;
use crate::protocol::{Fault, FaultKind, RunInfo};
use crate::text::TextError;
use crate::text::batch::{Dataset, unigram_entropy};
use crate::text::tokenizer::Tokenizer;
use burn::tensor::Tensor;

/// Everything that training changes, and everything it reads.
#[derive(Debug)]
pub struct Run {
    pub config: RunConfig,
    pub tokenizer: Tokenizer,
    /// `None` for a model that was loaded without its text: it writes but does not train.
    pub text: Option<TrainingText>,
    /// The model, and what moves it.
    pub learner: Learner,
    /// Steps trained so far.
    pub step: u32,
    pub place: Place,
}

/// A text, split, with what is known of it before any training.
#[derive(Debug)]
pub struct TrainingText {
    pub dataset: Dataset,
    /// Entropy of its single characters, in nats.
    pub unigram_entropy: f32,
}

impl TrainingText {
    /// # Errors
    /// Characters outside the vocabulary, or a text too short for the block.
    pub fn new(text: &str, tokenizer: &Tokenizer, block_size: usize) -> Result<Self, TextError> {
        let tokens = tokenizer.encode(text)?;
        Ok(TrainingText {
            unigram_entropy: unigram_entropy(&tokens, tokenizer.size()) as f32,
            dataset: Dataset::split(tokens, block_size)?,
        })
    }
}

impl Run {
    /// A model that has seen nothing yet.
    ///
    /// # Errors
    /// A configuration outside its ranges, or a text that cannot be learned from.
    pub fn new(config: RunConfig, text: &str, place: &Place) -> Result<Self, Fault> {
        config.check().map_err(input)?;
        let tokenizer = Tokenizer::fit(text).map_err(input)?;
        let text = TrainingText::new(text, &tokenizer, config.model.block_size).map_err(input)?;
        let model = Gpt::new(&config.model, tokenizer.size(), config.seed, &place.device);
        Ok(Run {
            config,
            learner: Learner::new(model),
            tokenizer,
            text: Some(text),
            step: 0,
            place: place.clone(),
        })
    }

    /// The model as it is now, to look into.
    pub fn model(&self) -> &Gpt {
        self.learner.model()
    }

    pub fn info(&self) -> RunInfo {
        let parameters = params::list(self.model());
        let (train_chars, val_chars, unigram_entropy) = match &self.text {
            Some(text) => (
                text.dataset.train.len(),
                text.dataset.val.len(),
                text.unigram_entropy,
            ),
            None => (0, 0, 0.0),
        };
        RunInfo {
            config: self.config,
            params: parameters
                .iter()
                .map(|p| p.shape.iter().product::<usize>())
                .sum(),
            vocab: self.tokenizer.vocab().to_vec(),
            step: self.step,
            train_chars,
            val_chars,
            unigram_entropy,
        }
    }
}

/// An error of the person's input, in its own words.
pub fn input(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Input, error.to_string())
}

/// A tensor's numbers, row by row, once they are there.
///
/// # Errors
/// When the device does not give them back.
pub(super) async fn numbers<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Fault> {
    let data = tensor.into_data_async().await.map_err(unread)?;
    Ok(data.iter::<f32>().collect())
}

/// A read from the device that failed.
pub fn unread(error: impl std::fmt::Display) -> Fault {
    // What burn says goes on with a backtrace, which helps nobody who reads it on the page.
    let error = error.to_string();
    let cause = error.lines().next().unwrap_or_default();
    Fault::new(
        FaultKind::Device,
        format!("The device did not give back a result ({cause})."),
    )
}
