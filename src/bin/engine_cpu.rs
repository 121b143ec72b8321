//! The small engine: trains on the CPU, in a Web Worker.

fn main() {
    #[cfg(target_arch = "wasm32")]
    glassformer::engine::worker::start(glassformer::protocol::Backend::Cpu);
}
