//! As safetensors: the arrays under their names, and what the trace is of under `trace` in the
//! header's metadata.

use crate::trace::{About, Trace, TraceError};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;

const FORMAT: &str = "safetensors";
const ABOUT: &str = "trace";

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
    let metadata = HashMap::from([(ABOUT.to_string(), about)]);
    safetensors::serialize(views, Some(metadata)).map_err(|e| unwritten(e.to_string()))
}

pub fn read(bytes: &[u8]) -> Result<Trace, TraceError> {
    let foreign = |why: String| TraceError::Foreign {
        format: FORMAT,
        why,
    };
    let missing = |name: &str| TraceError::Missing { name: name.into() };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| foreign(e.to_string()))?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| foreign(e.to_string()))?;
    let about = header.metadata().as_ref().and_then(|m| m.get(ABOUT));
    let about = about.ok_or_else(|| missing("trace in its header"))?;
    let about: About = serde_json::from_str(about).map_err(|e| foreign(e.to_string()))?;
    let mut data = Vec::new();
    for entry in &about.entries {
        let view = file.tensor(&entry.name).map_err(|_| missing(&entry.name))?;
        if view.dtype() != Dtype::F32 || view.shape() != entry.shape {
            return Err(TraceError::Mismatch {
                name: entry.name.clone(),
                why: format!("it is {:?} {:?}", view.dtype(), view.shape()),
            });
        }
        let words = view.data().chunks_exact(4);
        data.extend(words.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
    }
    Trace::new(about, data)
}
