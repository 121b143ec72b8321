//! As safetensors: the arrays under their names, and what the trace is of under `trace` in the
//! header's metadata.

use crate::json;
use crate::trace::{About, Arrays, Entry, Trace, TraceError};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

const FORMAT: &str = "safetensors";
const ABOUT: &str = "trace";

#[cfg(feature = "engine")]
pub fn write(trace: &Trace) -> Result<Vec<u8>, TraceError> {
    let unwritten = |e: String| TraceError::Unwritten(e);
    let bytes: Vec<u8> = trace.data().iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut rest = bytes.as_slice();
    let mut views = Vec::new();
    for (name, array) in trace.arrays() {
        let (data, tail) = rest.split_at(array.data.len() * 4);
        rest = tail;
        let view = TensorView::new(Dtype::F32, array.shape.to_vec(), data);
        views.push((name, view.map_err(|e| unwritten(e.to_string()))?));
    }
    let about = serde_json::to_string(&trace.about).map_err(|e| unwritten(e.to_string()))?;
    let metadata = std::collections::HashMap::from([(ABOUT.to_string(), about)]);
    safetensors::serialize(views, Some(metadata)).map_err(|e| unwritten(e.to_string()))
}

pub fn read(bytes: &[u8]) -> Result<Trace, TraceError> {
    let missing = |name: &str| TraceError::Missing { name: name.into() };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
    let file = SafeTensors::deserialize(bytes).map_err(foreign)?;
    let about = header.metadata().as_ref().and_then(|m| m.get(ABOUT));
    let about = about.ok_or_else(|| missing("trace in its header"))?;
    let about: About = json::read(about).map_err(foreign)?;
    let mut data = Vec::new();
    for entry in &about.entries {
        let view = file.tensor(&entry.name).map_err(|_| missing(&entry.name))?;
        if view.dtype() != Dtype::F32 || view.shape() != entry.shape {
            return Err(mismatch(&entry.name, &view));
        }
        data.extend(floats(view.data()));
    }
    Trace::new(about, data)
}

pub fn arrays(bytes: &[u8]) -> Result<Arrays, TraceError> {
    let file = SafeTensors::deserialize(bytes).map_err(foreign)?;
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(mismatch(name, &view));
        }
        data.extend(floats(view.data()));
        entries.push(Entry {
            name: name.into(),
            shape: view.shape().to_vec(),
        });
    }
    Arrays::new(entries, data)
}

fn foreign(why: impl std::fmt::Display) -> TraceError {
    TraceError::Foreign {
        format: FORMAT,
        why: why.to_string(),
    }
}

fn mismatch(name: &str, view: &TensorView) -> TraceError {
    TraceError::Mismatch {
        name: name.into(),
        why: format!("it is {:?} {:?}", view.dtype(), view.shape()),
    }
}

/// 32-bit floats in little-endian order.
fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let words = bytes.chunks_exact(4);
    words.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}
