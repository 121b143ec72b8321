//! Forward passes, asked of the engine and read.

use super::Client;
use super::fault::internal;
use super::training::unexpected;
use crate::analysis::{Analysis, Options};
use crate::protocol::{Command, Fault, Reply};
use crate::trace::{Arrays, Format, Intervention, Trace};

/// What reading on gave.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadOn {
    /// The rows that were computed: the new tokens', or the whole window's.
    pub rows: Trace,
    /// Whether keys and values that were kept had to be thrown away: the window slid on, or the
    /// weights changed.
    pub rebuilt: bool,
}

impl Client {
    pub(super) async fn traced(
        &self,
        text: String,
        interventions: Vec<Intervention>,
    ) -> Result<Trace, Fault> {
        let command = Command::Trace {
            text,
            interventions,
        };
        let (reply, mut payloads) = self.ask_once(command).await?;
        match (reply, payloads.pop()) {
            (Reply::Traced(about), Some(bytes)) => {
                Trace::new(*about, numbers_of(&bytes)).map_err(|e| internal(e.to_string()))
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(super) async fn read_text(&self, text: String, fresh: bool) -> Result<ReadOn, Fault> {
        let (reply, mut payloads) = self.ask_once(Command::Read { text, fresh }).await?;
        match (reply, payloads.pop()) {
            (Reply::Read { about, rebuilt }, Some(bytes)) => {
                let rows = Trace::new(*about, numbers_of(&bytes));
                let rows = rows.map_err(|e| internal(e.to_string()))?;
                Ok(ReadOn { rows, rebuilt })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(super) async fn all_weights(&self) -> Result<(u32, Arrays), Fault> {
        let (reply, mut payloads) = self.ask_once(Command::Weights).await?;
        match (reply, payloads.pop()) {
            (Reply::Weights { step, entries }, Some(bytes)) => {
                let arrays = Arrays::new(entries, numbers_of(&bytes));
                Ok((step, arrays.map_err(|e| internal(e.to_string()))?))
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    pub(super) async fn report(
        &self,
        analysis: Analysis,
        options: Options,
    ) -> Result<serde_json::Value, Fault> {
        let command = Command::Analyse { analysis, options };
        match self.ask_once(command).await?.0 {
            Reply::Report(report) => Ok(report),
            other => Err(unexpected(&other)),
        }
    }

    pub(super) async fn trace_file(
        &self,
        text: String,
        interventions: Vec<Intervention>,
        format: Format,
    ) -> Result<Vec<u8>, Fault> {
        let command = Command::ExportTrace {
            text,
            interventions,
            format,
        };
        let (reply, mut payloads) = self.ask_once(command).await?;
        match (reply, payloads.pop()) {
            (Reply::File, Some(bytes)) => Ok(bytes),
            (other, _) => Err(unexpected(&other)),
        }
    }
}

/// 32-bit floats in little-endian order.
fn numbers_of(bytes: &[u8]) -> Vec<f32> {
    let words = bytes.chunks_exact(4);
    words
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}
