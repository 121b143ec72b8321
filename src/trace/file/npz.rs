//! As NumPy's archive: one `.npy` a name, and what the trace is of as the bytes of a JSON text
//! under `trace`. Nothing is compressed, so that a small file cannot swell while it is read.
//!
//! A `.npy` is a magic number, one line that Python could evaluate, and the numbers (NumPy's
//! documentation, "The NPY format"). That much is written and read here; the library for it brings a
//! parser of Python and parts in assembler along, which the browser would have to download.

use crate::trace::{About, Trace, TraceError};
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const FORMAT: &str = "npz";
const ABOUT: &str = "trace";

pub fn write(trace: &Trace) -> Result<Vec<u8>, TraceError> {
    let unwritten = |e: &dyn std::fmt::Display| TraceError::Unwritten(e.to_string());
    let about = serde_json::to_vec(&trace.about).map_err(|e| unwritten(&e))?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, npy: Vec<u8>| {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let begun = archive.start_file(format!("{name}.npy"), options);
        begun.map_err(|e| unwritten(&e))?;
        archive.write_all(&npy).map_err(|e| unwritten(&e))
    };
    put(ABOUT, npy(&about, &[about.len()]))?;
    for (name, array) in trace.arrays() {
        put(name, npy(array.data, array.shape))?;
    }
    let file = archive.finish().map_err(|e| unwritten(&e))?;
    Ok(file.into_inner())
}

/// A type of number that a `.npy` can hold.
trait Number: Copy {
    /// NumPy's name of it.
    const DESCR: &'static str;
    const SIZE: usize;
    fn write(self, bytes: &mut Vec<u8>);
    /// Of exactly [`Number::SIZE`] bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Number for f32 {
    const DESCR: &'static str = "<f4";
    const SIZE: usize = 4;
    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(f32::from_le_bytes(bytes.try_into().ok()?))
    }
}

impl Number for u8 {
    const DESCR: &'static str = "|u1";
    const SIZE: usize = 1;
    fn write(self, bytes: &mut Vec<u8>) {
        bytes.push(self);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first().copied()
    }
}

/// The magic number with version 1.0 of the format, before the two bytes of the line's length.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// The numbers begin at a multiple of it.
const ALIGNMENT: usize = 64;

/// One array as a `.npy` file.
fn npy<T: Number>(data: &[T], shape: &[usize]) -> Vec<u8> {
    let axes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    // With one axis Python needs the comma, with more it does not mind.
    let descr = T::DESCR;
    let line = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}",
        axes.trim_end()
    );
    let taken = MAGIC.len() + 2 + line.len() + 1;
    let fill = taken.next_multiple_of(ALIGNMENT) - taken;
    let line = format!("{line}{}\n", " ".repeat(fill));
    let mut bytes = MAGIC.to_vec();
    bytes.extend((line.len() as u16).to_le_bytes());
    bytes.extend(line.bytes());
    data.iter().for_each(|x| x.write(&mut bytes));
    bytes
}

/// Shape and numbers of a `.npy`; `None` when it is none, or of another sort of number or order.
fn parsed<T: Number>(npy: &[u8]) -> Option<(Vec<usize>, Vec<T>)> {
    let rest = npy.strip_prefix(MAGIC)?;
    let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
    let line = std::str::from_utf8(rest.get(2..2 + length)?).ok()?;
    let numbers = rest.get(2 + length..)?;
    let is = |key: &str, value: &str| line.contains(&format!("'{key}': {value},"));
    if !is("descr", &format!("'{}'", T::DESCR)) || !is("fortran_order", "False") {
        return None;
    }
    let (_, shape) = line.split_once("'shape': (")?;
    let (shape, _) = shape.split_once(')')?;
    let axes = shape
        .split(',')
        .map(str::trim)
        .filter(|axis| !axis.is_empty());
    let shape: Vec<usize> = axes.map(|axis| axis.parse().ok()).collect::<Option<_>>()?;
    let count = shape
        .iter()
        .try_fold(1usize, |n, axis| n.checked_mul(*axis))?;
    if count.checked_mul(T::SIZE)? != numbers.len() {
        return None;
    }
    let data = numbers.chunks_exact(T::SIZE).map(T::read);
    Some((shape, data.collect::<Option<_>>()?))
}

pub fn read(bytes: &[u8]) -> Result<Trace, TraceError> {
    let foreign = |why: String| TraceError::Foreign {
        format: FORMAT,
        why,
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| foreign(e.to_string()))?;
    // Entries of a forged archive may all point at the same bytes: together they may hold no more
    // than the file.
    let mut left = bytes.len();
    let about = entry(&mut archive, ABOUT, &mut left)?;
    let (_, about): (_, Vec<u8>) = numbers(ABOUT, &about)?;
    let about: About = serde_json::from_slice(&about).map_err(|e| foreign(e.to_string()))?;
    let mut data = Vec::new();
    for expected in &about.entries {
        let npy = entry(&mut archive, &expected.name, &mut left)?;
        let (shape, found): (_, Vec<f32>) = numbers(&expected.name, &npy)?;
        if shape != expected.shape {
            return Err(TraceError::Mismatch {
                name: expected.name.clone(),
                why: format!("its shape is {shape:?}, not {:?}", expected.shape),
            });
        }
        data.extend(found);
    }
    Trace::new(about, data)
}

/// The bytes of one `.npy` within the archive, taken from those that are `left` to be read.
fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    left: &mut usize,
) -> Result<Vec<u8>, TraceError> {
    let damaged = |why: String| TraceError::Mismatch {
        name: name.into(),
        why,
    };
    let file = archive.by_name(&format!("{name}.npy"));
    let file = file.map_err(|_| TraceError::Missing { name: name.into() })?;
    let stored = file.compression() == CompressionMethod::Stored;
    if !stored || file.size() > *left as u64 {
        return Err(damaged("it is compressed, or longer than its file".into()));
    }
    let mut bytes = Vec::new();
    let read = file.take(*left as u64).read_to_end(&mut bytes);
    *left -= read.map_err(|e| damaged(e.to_string()))?;
    Ok(bytes)
}

/// Shape and numbers of the entry.
fn numbers<T: Number>(name: &str, npy: &[u8]) -> Result<(Vec<usize>, Vec<T>), TraceError> {
    parsed(npy).ok_or_else(|| TraceError::Mismatch {
        name: name.into(),
        why: format!("it is no array of {} in C order, or cut off", T::DESCR),
    })
}
