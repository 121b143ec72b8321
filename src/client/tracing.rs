//! Forward passes, asked of the engine and read.

use super::Client;
use super::fault::internal;
use super::training::unexpected;
use crate::protocol::{Command, Fault, Reply};
use crate::trace::{Format, Intervention, Trace};

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
                let words = bytes
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
                Trace::new(*about, words.collect()).map_err(|e| internal(e.to_string()))
            }
            (other, _) => Err(unexpected(&other)),
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
