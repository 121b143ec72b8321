//! A forward pass, recorded whole: the readable path is run once over a text, and what it left on
//! the tape becomes a [`Trace`].

use super::record::{Recorded, Tape, Watch};
use super::run::{Run, input, numbers};
use crate::protocol::Fault;
use crate::trace::{About, Entry, Intervention, Path, Trace, VERSION};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

impl Run {
    /// The pass over the text; over its last block where it is longer, which the trace says.
    ///
    /// # Errors
    /// A text that is empty or has characters that the model does not know (named), a change that
    /// cannot be made, weights that give no number (the parameter is named), or a device that fails.
    pub async fn trace(&self, text: &str, changes: &[Intervention]) -> Result<Trace, Fault> {
        let mut tokens = self.tokenizer.encode(text).map_err(input)?;
        if tokens.is_empty() {
            return Err(input(
                "There is nothing to trace: give a text of one character or more.",
            ));
        }
        let cut = tokens.len().saturating_sub(self.config.model.block_size);
        tokens.drain(..cut);
        self.trace_tokens(&tokens, cut, changes).await
    }

    /// The pass over one to `block_size` tokens, before which `cut` others were left out.
    ///
    /// # Errors
    /// A change that cannot be made, weights that give no number (the parameter is named), or a
    /// device that fails.
    pub async fn trace_tokens(
        &self,
        tokens: &[u32],
        cut: usize,
        changes: &[Intervention],
    ) -> Result<Trace, Fault> {
        for change in changes {
            let possible = change.check(&self.config.model, tokens.len());
            possible.map_err(|e| input(format!("The pass cannot be changed so: {e}.")))?;
        }
        let tape = Tape::default();
        let watch = Watch {
            tape: Some(&tape),
            changes,
            cache: None,
        };
        let model = self.model().valid();
        let row = row(tokens, &self.place.plain()); // [1, T]
        let logits = model.forward_watched(row.clone(), watch); // [1, T, V]
        let mut recorded = tape.finish();
        if !changes.is_empty() {
            let clean = model.forward(row); // [1, T, V]
            recorded.push(Recorded::new("logits_change", logits - clean));
        }
        self.traced(tokens, recorded, cut, 0, changes).await
    }

    /// What was recorded, read from the device.
    pub(super) async fn traced(
        &self,
        tokens: &[u32],
        recorded: Vec<Recorded>,
        cut: usize,
        first: usize,
        changes: &[Intervention],
    ) -> Result<Trace, Fault> {
        let entries = recorded.iter().map(|r| Entry {
            name: r.name.clone(),
            // The batch of one is no axis of a trace.
            shape: r.shape.iter().skip(1).copied().collect(),
        });
        let about = About {
            version: VERSION,
            text: self.tokenizer.decode(tokens),
            tokens: tokens.to_vec(),
            cut,
            vocab: self.tokenizer.vocab().to_vec(),
            model: self.config.model,
            step: self.step,
            path: Path::Readable,
            backend: self.place.plain_on,
            interventions: changes.to_vec(),
            first,
            entries: entries.collect(),
        };
        // One buffer on the device, so that there is one read.
        let all = Tensor::cat(recorded.into_iter().map(|r| r.tensor).collect(), 0); // [numbers]
        let trace = Trace::new(about, numbers(all).await?).map_err(input)?;
        if trace.data().iter().any(|x| x.is_nan()) {
            return Err(self.without_number().await);
        }
        Ok(trace)
    }

    /// Every weight under its checkpoint name, one after the other.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn weights(&self) -> Result<(Vec<Entry>, Vec<f32>), Fault> {
        let bytes = self.learner.bytes(false).await?;
        let (numbers, _) = bytes.as_chunks();
        let numbers = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
        Ok((self.entries(), numbers.collect()))
    }

    /// Every weight's checkpoint name and shape.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let named = super::params::shapes(self.learner.form()).into_iter();
        named.map(|(name, shape)| Entry { name, shape }).collect()
    }

    /// Says which parameter is not a number.
    async fn without_number(&self) -> Fault {
        for parameter in super::params::list(self.model()) {
            if let Ok(numbers) = numbers(parameter.tensor).await
                && numbers.iter().any(|x| !x.is_finite())
            {
                return input(format!(
                    "The model's {} holds something that is no number: its training left the \
                     finite numbers. Take an earlier checkpoint.",
                    parameter.name
                ));
            }
        }
        input("The pass left the finite numbers, though every weight is one.")
    }
}

/// Tokens as a batch of one: `[1, T]`.
pub(super) fn row(tokens: &[u32], device: &Device) -> Tensor<2, Int> {
    let numbers: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
    Tensor::from_data(TensorData::new(numbers, [1, tokens.len()]), device)
}
