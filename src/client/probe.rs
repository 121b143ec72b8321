//! Asks the browser what it has for WebGPU, without downloading anything.
//!
//! `navigator.gpu` is read by its name, since `web-sys` counts WebGPU as unstable and would ask
//! everybody who builds this for a compiler flag.

use super::choice::Gpu;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Asks for an adapter, as the engine will.
pub(super) async fn probe() -> Gpu {
    let window = gloo::utils::window();
    let gpu = get(&window.navigator(), "gpu");
    if !gpu.is_object() {
        return if window.is_secure_context() {
            Gpu::Absent
        } else {
            Gpu::Insecure
        };
    }
    match adapter_of(&gpu).await {
        Ok(adapter) if adapter.is_object() => judge(&adapter),
        Ok(_) => Gpu::NoAdapter,
        Err(error) => Gpu::Refused(super::fault::words(&error)),
    }
}

async fn adapter_of(gpu: &JsValue) -> Result<JsValue, JsValue> {
    let request: Function = get(gpu, "requestAdapter").dyn_into()?;
    let promise: Promise = request.call0(gpu)?.dyn_into()?;
    JsFuture::from(promise).await
}

fn judge(adapter: &JsValue) -> Gpu {
    let info = get(adapter, "info");
    let name = adapter_name(&info);
    Gpu::Usable {
        software: get(&info, "isFallbackAdapter").is_truthy() || name.contains("swiftshader"),
        adapter: name,
    }
}

/// What the browser lets one know of the GPU: browsers differ in which of the four they fill.
fn adapter_name(info: &JsValue) -> String {
    let text = |name| get(info, name).as_string().filter(|text| !text.is_empty());
    let parts: Vec<String> = ["vendor", "architecture", "device", "description"]
        .into_iter()
        .filter_map(text)
        .collect();
    if parts.is_empty() {
        "a GPU whose name the browser keeps to itself".into()
    } else {
        parts.join(" ")
    }
}

/// A property, `undefined` where there is none.
fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}
