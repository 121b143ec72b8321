//! Reading on: a text that grows token by token, each new one at the price of one row.
//!
//! The rows of earlier tokens stay as they are (attention is causal), so their keys and values are
//! kept. That ends with the block: position embeddings are learned, place by place, so when the
//! window slides on by one every token gets another position and all is computed anew. So it is
//! when the weights have changed.

use super::cache::Cache;
use super::gpt::Gpt;
use super::record::{Tape, Watch};
use super::run::{Run, input, numbers};
use super::trace::row;
use crate::protocol::Fault;
use crate::trace::Trace;
use burn::module::Module;
use burn::tensor::Device;

/// The tokens read so far, and what is kept of them.
#[derive(Debug, Default)]
pub struct Reading {
    /// The window: at most a block.
    tokens: Vec<u32>,
    /// Tokens that the window has left behind.
    cut: usize,
    cache: Cache,
    /// The step whose weights filled the cache.
    step: u32,
}

/// What reading on gave.
#[derive(Debug)]
pub struct Read {
    /// Rows that were computed: those of the new tokens, or of the whole window.
    pub rows: usize,
    /// Whether what was kept had to be thrown away: the window slid, or the weights changed.
    pub rebuilt: bool,
    /// The rows that were computed.
    pub trace: Trace,
}

impl Reading {
    /// Tokens in the window.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Reads one or more tokens on, and says all that was computed. Where the window slides it is
    /// filled with the latest block.
    ///
    /// # Errors
    /// No tokens, weights that give no number (the parameter is named), or a device that fails. After
    /// the first nothing has changed; after the others the new tokens count as read, and whoever wants
    /// them again begins anew.
    pub async fn read(&mut self, run: &Run, new: &[u32]) -> Result<Read, Fault> {
        let rebuilt = self.take(new, run.config.model.block_size, run.step)?;
        let first = self.cache.len();
        let rows = &self.tokens[first..];
        let tape = Tape::default();
        let watch = Watch {
            tape: Some(&tape),
            cache: Some(&self.cache),
            changes: &[],
        };
        let tokens = row(rows, &run.place.plain()); // [1, T]
        run.model().valid().forward_watched(tokens, watch);
        let recorded = tape.finish();
        let trace = run.traced(rows, recorded, self.cut, first, &[]).await?;
        Ok(Read {
            rows: rows.len(),
            rebuilt,
            trace,
        })
    }

    /// Reads on in the same way with a model on the CPU that no longer learns, and gives nothing but
    /// the logits after the last token: V numbers.
    ///
    /// # Errors
    /// No tokens, or a device that fails.
    pub async fn next_logits(&mut self, model: &Gpt, new: &[u32]) -> Result<Vec<f32>, Fault> {
        self.take(new, model.config().block_size, self.step)?;
        let rows = &self.tokens[self.cache.len()..];
        let watch = Watch {
            cache: Some(&self.cache),
            ..Watch::default()
        };
        let logits = model.forward_watched(row(rows, &Device::flex()), watch); // [1, T, V]
        let last = logits.narrow(1, rows.len() - 1, 1); // [1, 1, V]
        numbers(last).await
    }

    /// Adds tokens to the window, for weights of that step, and lets go of what is kept of earlier
    /// ones where it no longer holds; whether there was any is the answer.
    fn take(&mut self, new: &[u32], block_size: usize, step: u32) -> Result<bool, Fault> {
        if new.is_empty() {
            return Err(input("There is nothing to read on: give a token or more."));
        }
        self.tokens.extend_from_slice(new);
        let slid = self.tokens.len().saturating_sub(block_size);
        self.tokens.drain(..slid);
        self.cut += slid;
        let stale = slid > 0 || self.step != step;
        self.step = step;
        let rebuilt = stale && !self.cache.is_empty();
        if stale {
            self.cache = Cache::default();
        }
        Ok(rebuilt)
    }
}
