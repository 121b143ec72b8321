//! Where tensors live: the CPU (burn-flex) or a GPU through wgpu.

use crate::protocol::{Backend, Fault, FaultKind};
use burn::tensor::Device;

#[cfg(feature = "gpu")]
use super::fast::gpu::kernels::Kernels;

/// An opened device, with what the page wants to say about it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Tracks gradients; [`Place::plain`] does not.
    pub device: Device,
    pub backend: Backend,
    /// The GPU's name where the system tells it.
    pub adapter: Option<String>,
    /// Whether it is a GPU that the CPU plays, where the system tells: browsers do not.
    pub software: bool,
    /// The same GPU as the fast step sees it.
    #[cfg(feature = "gpu")]
    pub kernels: Option<Kernels>,
}

impl Place {
    /// The CPU; always there.
    pub fn cpu() -> Self {
        Place {
            device: Device::flex().autodiff(),
            backend: Backend::Cpu,
            adapter: None,
            software: false,
            #[cfg(feature = "gpu")]
            kernels: None,
        }
    }

    /// Opens the backend.
    ///
    /// # Errors
    /// [`FaultKind::Device`] when this build or this machine lacks it.
    pub async fn open(backend: Backend) -> Result<Self, Fault> {
        match backend {
            Backend::Cpu => Ok(Place::cpu()),
            Backend::Webgpu => gpu::open().await,
        }
    }

    /// The same device without gradients, for evaluation and sampling.
    pub fn plain(&self) -> Device {
        self.device.clone().inner()
    }
}

#[cfg(feature = "webgpu")]
mod gpu {
    use super::*;

    /// Kernels gathered into one submission before it is sent: enough to amortise a submit, few
    /// enough that the GPU starts early.
    const TASKS_MAX: usize = 64;

    pub async fn open() -> Result<Place, Fault> {
        let (device, setup) = Device::wgpu_options()
            .tasks_max(TASKS_MAX)
            .init_with_setup_async()
            .await
            .map_err(|e| {
                Fault::new(
                    FaultKind::Device,
                    format!("The GPU could not be opened ({e}). Try the CPU."),
                )
            })?;
        let wgpu::AdapterInfo {
            name, device_type, ..
        } = setup.adapter.get_info();
        Ok(Place {
            device: device.autodiff(),
            backend: Backend::Webgpu,
            adapter: (!name.is_empty()).then_some(name),
            software: device_type == wgpu::DeviceType::Cpu,
            kernels: Some(Kernels::new(setup.device, setup.queue)),
        })
    }
}

#[cfg(not(feature = "webgpu"))]
mod gpu {
    use super::*;

    pub async fn open() -> Result<Place, Fault> {
        Err(Fault::new(
            FaultKind::Device,
            "This engine was built for the CPU only; build it with the feature webgpu.",
        ))
    }
}
