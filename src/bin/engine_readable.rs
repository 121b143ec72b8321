//! The large engine: on WebGPU with burn's plain operations there too, in a Web Worker.

fn main() {
    #[cfg(target_arch = "wasm32")]
    {
        unsafe extern "C" {
            fn __wasm_call_ctors();
        }
        // SAFETY: called once, before anything else of this module runs. Without the call the linker
        // takes the module for a command and runs all constructors (cubecl's compilers register
        // through them) at every exported function: a step then takes seven times as long.
        unsafe { __wasm_call_ctors() };
        glassformer::engine::worker::start(glassformer::protocol::Backend::Webgpu);
    }
}
