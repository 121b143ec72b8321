//! What can be wrong with a trace.

/// Each says what was wrong and with what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    #[error(
        "the trace has version {found}, and this reads version {}; make it anew",
        super::VERSION
    )]
    Version { found: u32 },
    #[error("{name} is larger than any memory")]
    Oversized { name: String },
    #[error("{name} comes twice in the trace")]
    Twice { name: String },
    #[error("the trace holds {found} numbers, but its list of names asks for {expected}")]
    Length { expected: usize, found: usize },
    #[error("this is no {format} file ({why})")]
    Foreign { format: &'static str, why: String },
    #[error("the file has no {name}: it was not written by Glassformer, or it is damaged")]
    Missing { name: String },
    #[error("{name} is not what the file's list of names says: {why}")]
    Mismatch { name: String, why: String },
    #[error("the trace could not be written ({0})")]
    Unwritten(String),
}
