//! A forward pass, recorded whole: the readable path is run once over a text, and what it left on
//! the tape becomes a [`Trace`].

use super::record::Tape;
use super::run::{Run, input, unread};
use crate::protocol::Fault;
use crate::trace::{About, Entry, Path, Trace, VERSION};
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};

impl Run {
    /// The pass over the text; over its last block where it is longer, which the trace says.
    ///
    /// # Errors
    /// A text that is empty or has characters that the model does not know (named), weights that
    /// give no number (the parameter is named), or a device that fails.
    pub async fn trace(&self, text: &str) -> Result<Trace, Fault> {
        let mut tokens = self.tokenizer.encode(text).map_err(input)?;
        if tokens.is_empty() {
            return Err(input(
                "There is nothing to trace: give a text of one character or more.",
            ));
        }
        let cut = tokens.len().saturating_sub(self.config.model.block_size);
        tokens.drain(..cut);
        self.trace_tokens(tokens, cut).await
    }

    /// The pass over one to `block_size` tokens, before which `cut` others were left out.
    ///
    /// # Errors
    /// Weights that give no number (the parameter is named), or a device that fails.
    pub async fn trace_tokens(&self, tokens: Vec<u32>, cut: usize) -> Result<Trace, Fault> {
        let t = tokens.len();
        let numbers: Vec<i32> = tokens.iter().map(|token| *token as i32).collect();
        let device = self.place.plain();
        let row = Tensor::<2, Int>::from_data(TensorData::new(numbers, [1, t]), &device); // [1, T]
        let tape = Tape::default();
        self.model.valid().forward_seen(row, &tape); // [1, T, V]
        let recorded = tape.finish();

        let entries = recorded.iter().map(|r| Entry {
            name: r.name.clone(),
            // The batch of one is no axis of a trace.
            shape: r.shape.iter().skip(1).copied().collect(),
        });
        let about = About {
            version: VERSION,
            text: self.tokenizer.decode(&tokens),
            tokens,
            cut,
            vocab: self.tokenizer.vocab().to_vec(),
            model: self.config.model,
            step: self.step,
            path: Path::Readable,
            backend: self.place.backend,
            entries: entries.collect(),
        };
        // One buffer on the device, so that there is one read.
        let all = Tensor::cat(recorded.into_iter().map(|r| r.tensor).collect(), 0); // [numbers]
        let data = all.into_data_async().await.map_err(unread)?;
        let trace = Trace::new(about, data.iter::<f32>().collect()).map_err(input)?;
        if trace.data().iter().any(|x| x.is_nan()) {
            return Err(self.without_number().await);
        }
        Ok(trace)
    }

    /// Says which parameter is not a number.
    async fn without_number(&self) -> Fault {
        for parameter in super::params::list(&self.model) {
            if let Ok(data) = parameter.tensor.into_data_async().await
                && data.iter::<f32>().any(|x| !x.is_finite())
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
