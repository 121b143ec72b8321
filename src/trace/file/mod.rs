//! A trace as a file, and back.

//!
//! The page reads safetensors only: what else there is, the engine writes and reads.

#[cfg(feature = "engine")]
mod json;
#[cfg(feature = "engine")]
mod npz;
mod safetensors;

#[cfg(feature = "engine")]
use super::Format;
use super::{Arrays, Trace, TraceError};

impl Trace {
    /// A trace read back from safetensors.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, TraceError> {
        safetensors::read(bytes)
    }
}

impl Arrays {
    /// The weights of a checkpoint, every tensor of which is 32-bit floats.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, TraceError> {
        safetensors::arrays(bytes)
    }
}

#[cfg(feature = "engine")]
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
