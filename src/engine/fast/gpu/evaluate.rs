//! What is asked of the weights where they are, between two steps: how well they do on a text.

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
}
