//! Held-out questions put to a model: how much of what the grammar determines does it know?
//!
//! Every character of an answer is asked for with what really stands before it; the likeliest
//! character counts as the model's. An answer is exact when all its characters are right, which is
//! when writing without chance would have given it.

use super::run::{Run, input, unread};
use crate::protocol::Fault;
use crate::text::corpus::Question;
use crate::text::score::Scores;
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};

/// Questions in one forward pass.
const BATCH: usize = 32;

/// Puts the questions to the run's model.
///
/// # Errors
/// A question longer than the block, with characters that the model does not know, or a device
/// that fails.
pub async fn examine(run: &Run, questions: &[Question]) -> Result<Scores, Fault> {
    let model = run.model().valid();
    let block_size = run.config.model.block_size;
    let device = run.place.plain();
    let mut scores = Scores::new();
    for batch in questions.chunks(BATCH) {
        let mut tokens = Vec::with_capacity(batch.len() * block_size);
        let mut answers = Vec::new();
        for (row, question) in batch.iter().enumerate() {
            let prompt = run.tokenizer.encode(&question.prompt).map_err(input)?;
            let answer = run.tokenizer.encode(&question.answer).map_err(input)?;
            let first = (prompt.len() + row * block_size).saturating_sub(1);
            // The last character of the answer is asked for and never shown.
            let shown = prompt.len() + answer.len().saturating_sub(1);
            if prompt.is_empty() || shown > block_size {
                return Err(input(format!(
                    "The question {:?} takes {shown} tokens, but the model sees {block_size}.",
                    question.prompt
                )));
            }
            let seen = prompt.iter().chain(&answer).take(shown);
            let filled = seen.map(|t| *t as i32).chain(std::iter::repeat(0));
            tokens.extend(filled.take(block_size));
            answers.push((question.tag, first, answer));
        }
        let shape = [batch.len(), block_size];
        let tokens = Tensor::<2, Int>::from_data(TensorData::new(tokens, shape), &device); // [B, T]
        let likeliest = model.forward(tokens).argmax(2); // [B, T, 1]
        let data = likeliest.into_data_async().await.map_err(unread)?;
        let likeliest: Vec<u32> = data.iter::<i64>().map(|t| t as u32).collect();
        for (tag, first, answer) in answers {
            let score = scores.entry(tag).or_default();
            let given = likeliest[first..].iter();
            let right: Vec<bool> = answer.iter().zip(given).map(|(a, b)| a == b).collect();
            right.iter().for_each(|r| score.characters.add(*r));
            score.exact.add(right.iter().all(|r| *r));
        }
    }
    Ok(scores)
}
