//! The GPU that tests run on without a browser, opened as the engine opens it.

use glassformer::engine::{device::Place, fast::gpu::kernels::Kernels};
use glassformer::protocol::Backend;
use pollster::block_on;

const NO_ADAPTER: &str = "There is no GPU for these tests. `cargo xtask test` lends them the one in \
    software that comes with Chromium. By hand: set VK_ICD_FILENAMES to the file \
    vk_swiftshader_icd.json beside Chromium's program, and LD_LIBRARY_PATH to its folder.";

/// A device of the test's own: without its feature std, wgpu keeps scopes for errors by device and not
/// by thread.
pub fn place() -> Place {
    let place = block_on(Place::open(Backend::Webgpu))
        .unwrap_or_else(|why| panic!("{NO_ADAPTER} ({})", why.message));
    println!("adapter: {:?}", place.adapter);
    place
}

/// The same as the fast step sees it.
pub fn kernels() -> Kernels {
    place().kernels.expect("a GPU has them")
}
