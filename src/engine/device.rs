//! Where tensors live and steps are computed: the CPU, or a GPU.
//!
//! An engine for a GPU comes in two builds. In the one that visitors get, plain operations (burn's)
//! stay on the CPU, and the GPU has the fast step and what is asked of its weights between steps
//! (`gpu`). In the other burn is on the GPU too (`burn_gpu`): there each fast step has its readable
//! twin on the same device.

use crate::protocol::{Backend, Fault, FaultKind};
use burn::tensor::Device;

#[cfg(feature = "webgpu")]
use super::fast::gpu::kernels::Kernels;

/// An opened device, with what the page wants to say about it.
#[derive(Clone, Debug)]
pub struct Place {
    /// burn's. Tracks gradients; [`Place::plain`] does not.
    pub device: Device,
    /// Where steps are computed.
    pub backend: Backend,
    /// Where burn computes: what is recorded of a pass, and a step by the readable path.
    pub plain_on: Backend,
    /// The GPU's name where the system tells it.
    pub adapter: Option<String>,
    /// Whether it is a GPU that the CPU plays, where the system tells: browsers do not.
    pub software: bool,
    /// The GPU as the fast step sees it.
    #[cfg(feature = "webgpu")]
    pub kernels: Option<Kernels>,
}

impl Place {
    /// The CPU; always there.
    pub fn cpu() -> Self {
        Place {
            device: Device::flex().autodiff(),
            backend: Backend::Cpu,
            plain_on: Backend::Cpu,
            adapter: None,
            software: false,
            #[cfg(feature = "webgpu")]
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
            #[cfg(feature = "burn-wgpu")]
            Backend::Webgpu => burn_gpu::open().await,
            #[cfg(all(feature = "webgpu", not(feature = "burn-wgpu")))]
            Backend::Webgpu => gpu::open().await,
            #[cfg(not(feature = "webgpu"))]
            Backend::Webgpu => Err(Fault::new(
                FaultKind::Device,
                "This engine was built for the CPU only; build it with the feature webgpu.",
            )),
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

    /// The GPU that the system gives, for the fast step alone.
    #[cfg_attr(
        feature = "burn-wgpu",
        expect(dead_code, reason = "burn opens it there")
    )]
    pub async fn open() -> Result<Place, Fault> {
        let adapter = adapter().await?;
        let descriptor = wgpu::DeviceDescriptor {
            // All memory that there is: a model's activations lie in one buffer.
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let device = adapter.request_device(&descriptor).await;
        let (device, queue) = device.map_err(unopened)?;
        Ok(Place {
            backend: Backend::Webgpu,
            kernels: Some(Kernels::new(device, queue)),
            ..Place::cpu()
        }
        .named(&adapter))
    }

    pub async fn adapter() -> Result<wgpu::Adapter, Fault> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        instance.request_adapter(&options).await.map_err(unopened)
    }

    pub fn unopened(error: impl std::fmt::Display) -> Fault {
        Fault::new(
            FaultKind::Device,
            format!("The GPU could not be opened ({error}). Try the CPU."),
        )
    }

    impl Place {
        /// With what the system says of the adapter.
        pub(super) fn named(self, adapter: &wgpu::Adapter) -> Self {
            let wgpu::AdapterInfo {
                name, device_type, ..
            } = adapter.get_info();
            Place {
                adapter: (!name.is_empty()).then_some(name),
                software: device_type == wgpu::DeviceType::Cpu,
                ..self
            }
        }
    }
}

#[cfg(feature = "burn-wgpu")]
mod burn_gpu {
    use super::gpu::{adapter, unopened};
    use super::*;

    /// Kernels gathered into one submission before it is sent: enough to amortise a submit, few
    /// enough that the GPU starts early.
    const TASKS_MAX: usize = 64;

    /// The GPU with burn on it.
    pub async fn open() -> Result<Place, Fault> {
        // burn does not ask first, and stops the program where it is not there.
        let features = adapter().await?.features();
        if !features.contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Err(unopened(
                "its driver lacks timestamp-query, which plain operations on the GPU need",
            ));
        }
        let options = Device::wgpu_options().tasks_max(TASKS_MAX);
        let (device, setup) = options.init_with_setup_async().await.map_err(unopened)?;
        Ok(Place {
            device: device.autodiff(),
            backend: Backend::Webgpu,
            plain_on: Backend::Webgpu,
            kernels: Some(Kernels::new(setup.device, setup.queue)),
            ..Place::cpu()
        }
        .named(&setup.adapter))
    }
}
