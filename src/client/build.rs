//! The builds of the engine, one file each: whoever visits downloads what is needed.

use crate::protocol::Backend;

/// Which build a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// Everything on the CPU.
    Cpu,
    /// Training on WebGPU, plain operations on the CPU.
    Webgpu,
    /// Both on WebGPU: several times as large, and only for who asks for the readable path there.
    Readable,
}

impl Build {
    /// The one for a backend that nobody asks more of.
    pub(super) fn of(backend: Backend) -> Self {
        match backend {
            Backend::Cpu => Build::Cpu,
            Backend::Webgpu => Build::Webgpu,
        }
    }

    pub(super) fn backend(self) -> Backend {
        match self {
            Build::Cpu => Backend::Cpu,
            Build::Webgpu | Build::Readable => Backend::Webgpu,
        }
    }

    /// Why it was taken, and where it computes what.
    pub(super) fn said(self, reason: String) -> String {
        match self {
            Build::Cpu => reason,
            Build::Webgpu => format!(
                "{reason} Models train there; passes that are looked into, and texts, are computed \
                 on the CPU, from the same weights."
            ),
            Build::Readable => format!("{reason} Everything but writing is computed there."),
        }
    }

    /// Its files' name, as `Cargo.toml` names the program.
    pub(super) fn file(self) -> &'static str {
        match self {
            Build::Cpu => "engine_cpu",
            Build::Webgpu => "engine_webgpu",
            Build::Readable => "engine_readable",
        }
    }
}
