//! Which backend a run gets, and the sentence that says why.

use crate::protocol::{Backend, Fault, FaultKind};

/// What the browser has for WebGPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gpu {
    /// The page came over plain http from another machine, where browsers hide WebGPU.
    Insecure,
    /// The browser has no `navigator.gpu`.
    Absent,
    /// It has, but gives no adapter.
    NoAdapter,
    /// Asking for an adapter failed with these words.
    Refused(String),
    /// It worked before and broke on this visit, as this sentence says.
    Broke(String),
    Usable {
        adapter: String,
        /// Whether a program on the CPU plays the GPU.
        software: bool,
    },
}

/// Who asks for which backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nobody: the best there is.
    Open,
    /// The page's address.
    Address(Backend),
    /// The caller: the person through a control, or a script.
    Caller(Backend),
}

impl Wish {
    /// Whether somebody asked for exactly this, so that nothing else may take its place.
    pub(super) fn is_firm(self) -> bool {
        match self {
            Wish::Open => false,
            Wish::Address(_) | Wish::Caller(_) => true,
        }
    }
}

/// A backend and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) backend: Backend,
    /// The GPU's name, where there is one.
    pub(super) adapter: Option<String>,
    pub(super) reason: String,
}

/// Decides from what the browser has and what was asked for.
///
/// # Errors
/// WebGPU was asked for and cannot be had; the sentence says why and what to do.
pub(super) fn choose(gpu: &Gpu, wish: Wish) -> Result<Choice, Fault> {
    let choice = |backend, reason: String| {
        let adapter = match (backend, gpu) {
            (Backend::Webgpu, Gpu::Usable { adapter, .. }) => Some(adapter.clone()),
            _ => None,
        };
        Ok(Choice {
            backend,
            adapter,
            reason,
        })
    };
    let (wanted, asker) = match wish {
        Wish::Open => {
            return match gpu {
                Gpu::Usable { adapter, software } => {
                    choice(Backend::Webgpu, found(adapter, *software))
                }
                lacking => choice(Backend::Cpu, lack(lacking)),
            };
        }
        Wish::Address(backend) => (backend, "The page's address asks for"),
        Wish::Caller(backend) => (backend, "You asked for"),
    };
    match (wanted, gpu) {
        (Backend::Cpu, _) => choice(Backend::Cpu, format!("{asker} the CPU.")),
        (Backend::Webgpu, Gpu::Usable { adapter, software }) => choice(
            Backend::Webgpu,
            format!("{asker} WebGPU. {}", found(adapter, *software)),
        ),
        (Backend::Webgpu, lacking) => Err(Fault::new(
            FaultKind::Device,
            format!(
                "{asker} WebGPU, but it cannot be had. {} Take the backend \"cpu\", or name none.",
                lack(lacking)
            ),
        )),
    }
}

fn found(adapter: &str, software: bool) -> String {
    if software {
        format!(
            "WebGPU is there, played by the CPU ({adapter}): right but slow, so the backend \"cpu\" \
             may be faster."
        )
    } else {
        format!("WebGPU is there ({adapter}).")
    }
}

/// Why there is no WebGPU; empty when there is.
fn lack(gpu: &Gpu) -> String {
    match gpu {
        Gpu::Insecure => "This page came over plain http from another machine, where browsers \
                          switch WebGPU off; over https or from localhost it is there."
            .into(),
        Gpu::Absent => "This browser has no WebGPU.".into(),
        Gpu::NoAdapter => "This browser has WebGPU, but finds no GPU that it may use.".into(),
        Gpu::Refused(words) => format!("This browser refuses WebGPU: {words}."),
        Gpu::Broke(sentence) => sentence.clone(),
        Gpu::Usable { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usable() -> Gpu {
        Gpu::Usable {
            adapter: "acme gpu".into(),
            software: false,
        }
    }

    fn lacking() -> Vec<Gpu> {
        vec![
            Gpu::Insecure,
            Gpu::Absent,
            Gpu::NoAdapter,
            Gpu::Refused("blocked".into()),
        ]
    }

    #[test]
    fn webgpu_is_taken_where_it_is_and_says_which() {
        let choice = choose(&usable(), Wish::Open).expect("a choice");
        assert_eq!(choice.backend, Backend::Webgpu);
        assert_eq!(choice.adapter.as_deref(), Some("acme gpu"));
        assert!(choice.reason.contains("acme gpu"));
    }

    #[test]
    fn without_webgpu_the_cpu_is_taken_and_each_reason_differs() {
        let mut reasons: Vec<String> = lacking()
            .iter()
            .chain([&Gpu::Broke("The GPU was lost.".into())])
            .map(|gpu| {
                let choice = choose(gpu, Wish::Open).expect("a choice");
                assert_eq!(choice.backend, Backend::Cpu);
                choice.reason
            })
            .collect();
        let all = reasons.len();
        reasons.sort();
        reasons.dedup();
        assert_eq!(reasons.len(), all);
    }

    #[test]
    fn the_cpu_that_was_asked_for_is_given_beside_a_gpu() {
        for wish in [Wish::Address(Backend::Cpu), Wish::Caller(Backend::Cpu)] {
            assert_eq!(
                choose(&usable(), wish).map(|choice| choice.backend),
                Ok(Backend::Cpu)
            );
        }
    }

    #[test]
    fn webgpu_that_was_asked_for_is_never_replaced() {
        for gpu in lacking() {
            let fault = choose(&gpu, Wish::Caller(Backend::Webgpu)).expect_err("no WebGPU");
            assert_eq!(fault.kind, FaultKind::Device);
            assert!(fault.message.contains("\"cpu\""));
        }
    }
}
