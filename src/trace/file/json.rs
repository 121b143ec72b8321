//! As JSON: `{"about": {...}, "arrays": {"NAME": {"shape": [...], "data": [...]}}}`. JSON has no
//! infinity: null stands for minus infinity, the only number of a trace that is not finite.

use crate::trace::{About, Trace, TraceError};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

const FORMAT: &str = "JSON";

#[derive(Serialize)]
struct Written<'a> {
    about: &'a About,
    arrays: WrittenArrays<'a>,
}

/// By their names, in the order of the pass.
struct WrittenArrays<'a>(&'a Trace);

impl Serialize for WrittenArrays<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let finite = |x: &f32| x.is_finite().then_some(*x);
        serializer.collect_map(self.0.arrays().map(|(name, array)| {
            let data = array.data.iter().map(finite).collect();
            let shape = array.shape;
            (name, WrittenArray { shape, data })
        }))
    }
}

#[derive(Serialize)]
struct WrittenArray<'a> {
    shape: &'a [usize],
    data: Vec<Option<f32>>,
}

#[derive(Deserialize)]
struct Found {
    about: About,
    arrays: BTreeMap<String, FoundArray>,
}

#[derive(Deserialize)]
struct FoundArray {
    shape: Vec<usize>,
    data: Vec<Option<f32>>,
}

pub fn write(trace: &Trace) -> Result<Vec<u8>, TraceError> {
    let written = Written {
        about: &trace.about,
        arrays: WrittenArrays(trace),
    };
    serde_json::to_vec(&written).map_err(|e| TraceError::Unwritten(e.to_string()))
}

pub fn read(bytes: &[u8]) -> Result<Trace, TraceError> {
    let Found { about, mut arrays } =
        serde_json::from_slice(bytes).map_err(|e| TraceError::Foreign {
            format: FORMAT,
            why: e.to_string(),
        })?;
    let mut data = Vec::new();
    for entry in &about.entries {
        let name = || entry.name.clone();
        let array = arrays.remove(&entry.name);
        let array = array.ok_or_else(|| TraceError::Missing { name: name() })?;
        if array.shape != entry.shape {
            return Err(TraceError::Mismatch {
                name: name(),
                why: format!("its shape is {:?}, not {:?}", array.shape, entry.shape),
            });
        }
        let numbers = array.data.into_iter();
        data.extend(numbers.map(|x| x.unwrap_or(f32::NEG_INFINITY)));
    }
    Trace::new(about, data)
}
