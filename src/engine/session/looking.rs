//! What is asked of a model that does not move it: passes, weights.

use super::{Host, Session, no_run};
use crate::engine::reading::{Read, Reading};
use crate::engine::run::input;
use crate::protocol::{Fault, Reply};
use crate::trace::{Format, Intervention};

/// A reply with its one payload.
type Seen = (Reply, Vec<Vec<u8>>);

impl<H: Host> Session<H> {
    pub(super) async fn weights(&mut self) -> Result<Seen, Fault> {
        let run = self.run.as_ref().ok_or_else(no_run)?;
        let (entries, numbers) = run.weights().await?;
        let step = run.step();
        Ok((Reply::Weights { step, entries }, vec![numbers]))
    }

    pub(super) async fn trace(
        &mut self,
        text: &str,
        interventions: &[Intervention],
    ) -> Result<Seen, Fault> {
        let trace = self.run().await?.trace(text, interventions).await?;
        let numbers = bytes_of(trace.data());
        Ok((Reply::Traced(Box::new(trace.about)), vec![numbers]))
    }

    pub(super) async fn read(&mut self, text: &str, fresh: bool) -> Result<Seen, Fault> {
        let run = self.run.as_mut().ok_or_else(no_run)?.look().await?;
        let tokens = run.tokenizer.encode(text).map_err(input)?;
        if fresh {
            self.reading = Reading::default();
        }
        let Read { rebuilt, trace, .. } = self.reading.read(run, &tokens).await?;
        let numbers = bytes_of(trace.data());
        let about = Box::new(trace.about);
        let reply = Reply::Read { about, rebuilt };
        Ok((reply, vec![numbers]))
    }

    pub(super) async fn export(
        &mut self,
        text: &str,
        interventions: &[Intervention],
        format: Format,
    ) -> Result<Seen, Fault> {
        let trace = self.run().await?.trace(text, interventions).await?;
        Ok((Reply::File, vec![trace.export(format).map_err(input)?]))
    }
}

/// Little-endian.
fn bytes_of(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}
