//! The engine that trains on WebGPU, in a Web Worker.

fn main() {
    #[cfg(target_arch = "wasm32")]
    glassformer::engine::worker::start(glassformer::protocol::Backend::Webgpu);
}
