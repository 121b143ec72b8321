//! What is done when the engine of a run breaks.

use crate::protocol::{Backend, FaultKind};

/// Where a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// In a new worker on the same backend.
    Again,
    /// On the CPU.
    Cpu,
    /// Nowhere: it breaks everywhere.
    GiveUp,
}

/// Failures in a row, without a state saved in between, before a run is given up.
const PATIENCE: u32 = 4;

/// Decides from the fault, where it happened, and how many failures in a row it makes.
///
/// A lost GPU stays lost for this run; a panic may be an accident, so the backend gets one more
/// chance before the run moves to the CPU.
pub(super) fn remedy(kind: FaultKind, backend: Backend, failures: u32) -> Remedy {
    match (backend, kind) {
        _ if failures >= PATIENCE => Remedy::GiveUp,
        (Backend::Webgpu, FaultKind::Device) => Remedy::Cpu,
        (Backend::Webgpu, _) if failures > 1 => Remedy::Cpu,
        (Backend::Webgpu | Backend::Cpu, _) => Remedy::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The backends on which a run is tried that always fails in the same way.
    fn journey(kind: FaultKind, start: Backend) -> Vec<Backend> {
        let mut tried = vec![start];
        for failures in 1.. {
            let last = tried[tried.len() - 1];
            match remedy(kind, last, failures) {
                Remedy::Again => tried.push(last),
                Remedy::Cpu => tried.push(Backend::Cpu),
                Remedy::GiveUp => break,
            }
        }
        tried
    }

    #[test]
    fn a_lost_gpu_leaves_the_run_to_the_cpu_at_once() {
        let tried = journey(FaultKind::Device, Backend::Webgpu);
        assert_eq!(&tried[..2], [Backend::Webgpu, Backend::Cpu]);
    }

    #[test]
    fn a_panic_gets_one_more_chance_before_the_cpu() {
        let tried = journey(FaultKind::Internal, Backend::Webgpu);
        assert_eq!(
            &tried[..3],
            [Backend::Webgpu, Backend::Webgpu, Backend::Cpu]
        );
    }

    #[test]
    fn a_run_that_breaks_everywhere_is_given_up_in_the_end() {
        for kind in [FaultKind::Device, FaultKind::Internal] {
            for start in [Backend::Webgpu, Backend::Cpu] {
                assert_eq!(journey(kind, start).len(), PATIENCE as usize);
            }
        }
    }
}
