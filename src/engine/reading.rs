//! Reading on: a text that grows token by token, each new one at the price of one row.
//!
//! The rows of earlier tokens stay as they are (attention is causal), so their keys and values are
//! kept. That ends with the block: position embeddings are learned, place by place, so when the
//! window slides on by one every token gets another position and all is computed anew. So it is
//! when the weights have changed.

use super::cache::Cache;
use super::record::{Tape, Watch};
use super::run::{Run, input, unread};
use crate::protocol::Fault;
use crate::trace::Trace;
use burn::module::Module;

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
    /// After the last token: V numbers.
    pub logits: Vec<f32>,
    /// Rows that were computed: those of the new tokens, or of the whole window.
    pub rows: usize,
    /// Whether what was kept had to be thrown away: the window slid, or the weights changed.
    pub rebuilt: bool,
    /// The rows that were computed, when they were asked for.
    pub trace: Option<Trace>,
}

impl Reading {
    /// Tokens in the window.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Reads one or more tokens on. Where the window slides it is filled with the latest block.
    ///
    /// # Errors
    /// No tokens, weights that give no number (the parameter is named; only with a trace), or a
    /// device that fails. After the first nothing has changed; after the others the new tokens count
    /// as read, and whoever wants them again begins anew.
    pub async fn read(&mut self, run: &Run, new: &[u32], traced: bool) -> Result<Read, Fault> {
        if new.is_empty() {
            return Err(input("There is nothing to read on: give a token or more."));
        }
        let block_size = run.config.model.block_size;
        self.tokens.extend_from_slice(new);
        let slid = self.tokens.len().saturating_sub(block_size);
        self.tokens.drain(..slid);
        self.cut += slid;
        let known = self.cache.len();
        let rebuilt = known > 0 && (slid > 0 || self.step != run.step);
        if rebuilt || slid > 0 {
            self.cache = Cache::default();
        }
        self.step = run.step;
        let first = self.cache.len();

        let tape = Tape::default();
        let watch = Watch {
            tape: traced.then_some(&tape),
            cache: Some(&self.cache),
            changes: &[],
        };
        let rows = &self.tokens[first..];
        let model = run.model().valid();
        let logits = model.forward_watched(run.row(rows), watch); // [1, T, V]
        let (trace, logits) = match traced {
            true => {
                let trace = run
                    .traced(rows, tape.finish(), self.cut, first, &[])
                    .await?;
                let logits = trace.get("logits").map_or(&[][..], |logits| logits.data);
                let last = logits.len().saturating_sub(run.tokenizer.size());
                let logits = logits[last..].to_vec();
                (Some(trace), logits)
            }
            false => {
                let last = logits.narrow(1, rows.len() - 1, 1); // [1, 1, V]
                let data = last.into_data_async().await.map_err(unread)?;
                (None, data.iter::<f32>().collect())
            }
        };
        Ok(Read {
            logits,
            rows: rows.len(),
            rebuilt,
            trace,
        })
    }
}
