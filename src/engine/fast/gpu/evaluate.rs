//! What is asked of the weights where they are, between two steps: how well they do on a text, and
//! what they would write.

use super::Gpu;
use super::reading::{Unread, numbers};
use crate::engine::fast::evaluate::filled;
use crate::text::batch::Batch;

impl Gpu {
    /// The sum of the losses of a text's windows, dropout off; none longer than the plan's.
    ///
    /// # Errors
    /// As [`Gpu::state`].
    pub async fn losses(&mut self, batch: &Batch) -> Result<f64, Unread> {
        let sums = self.lists.sums;
        let mut passes = filled(batch, self.lists.evaluation.shape).peekable();
        let mut sum = 0.0;
        while passes.peek().is_some() {
            let mut queued = 0;
            for (place, filled) in passes.by_ref().take(sums.len()).enumerate() {
                let step = &self.lists.evaluation.step;
                step.write_pass(&mut self.words, &filled.tokens, &filled.targets, place);
                self.upload();
                let encoder = self.encoded(&self.commands.evaluation);
                self.queue.submit([encoder.finish()]);
                queued += 1;
            }
            let read = self.read(&[sums.part(0, queued)]).await?;
            sum += numbers(&read).into_iter().map(f64::from).sum::<f64>();
        }
        Ok(sum)
    }

    /// The logits after the last of one to T tokens: `[V]`.
    ///
    /// # Errors
    /// As [`Gpu::state`].
    pub async fn next_logits(&mut self, context: &[u32]) -> Result<Vec<f32>, Unread> {
        let t = self.plan.tokens;
        let vocab = self.plan.vocab();
        let mut tokens = context[..context.len().min(t)].to_vec();
        let last = tokens.len().saturating_sub(1);
        // What stands behind the last token, it does not see.
        tokens.resize(t, 0);
        let step = &self.lists.writing.step;
        step.write_pass(&mut self.words, &tokens, &[], 0);
        self.upload();
        let encoder = self.encoded(&self.commands.writing);
        self.queue.submit([encoder.finish()]);
        let row = self.lists.writing.logits.part(last * vocab, vocab);
        Ok(numbers(&self.read(&[row]).await?))
    }
}
