//! The GPU that tests run on without a browser.

use glassformer::engine::fast::gpu::kernels::Kernels;
use pollster::block_on;

const NO_ADAPTER: &str = "There is no GPU for these tests. `cargo xtask test` lends them the one in \
    software that comes with Chromium. By hand: set VK_ICD_FILENAMES to the file \
    vk_swiftshader_icd.json beside Chromium's program, and LD_LIBRARY_PATH to its folder.";

/// A device of the test's own: without its feature std, wgpu keeps scopes for errors by device and not
/// by thread.
pub fn kernels() -> Kernels {
    block_on(open()).unwrap_or_else(|why| panic!("{NO_ADAPTER} ({why})"))
}

async fn open() -> Result<Kernels, String> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance.request_adapter(&Default::default()).await;
    let adapter = adapter.map_err(|error| error.to_string())?;
    println!("adapter: {}", adapter.get_info().name);
    let descriptor = wgpu::DeviceDescriptor {
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let device = adapter.request_device(&descriptor).await;
    let (device, queue) = device.map_err(|error| error.to_string())?;
    Ok(Kernels::new(device, queue))
}
