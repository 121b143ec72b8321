//! A trace as a file, and back.

mod json;
mod npz;
mod safetensors;

use super::{Format, Trace, TraceError};

impl Trace {
    /// The trace as a file.
    ///
    /// # Errors
    /// [`TraceError::Unwritten`]; none is known.
    pub fn export(&self, format: Format) -> Result<Vec<u8>, TraceError> {
        match format {
            Format::Npz => npz::write(self),
            Format::Safetensors => safetensors::write(self),
            Format::Json => json::write(self),
        }
    }

    /// A trace read back from a file. However it is made, what is allocated stays below a hundred
    /// times the file's size.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn import(bytes: &[u8], format: Format) -> Result<Self, TraceError> {
        match format {
            Format::Npz => npz::read(bytes),
            Format::Safetensors => safetensors::read(bytes),
            Format::Json => json::read(bytes),
        }
    }
}
