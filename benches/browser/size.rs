//! The bytes that a visitor downloads: the files that the browser really asked for, weighed raw
//! and as a static host would compress them.

use flate2::{Compression, write::GzEncoder};
use harness::{Outcome, Setup, Trouble, in_browser, server};
use serde::Serialize;
use std::{collections::BTreeSet, fs, io::Write, path::Path};

/// Some files together.
#[derive(Debug, Serialize)]
pub struct Download {
    pub what: &'static str,
    pub raw: u64,
    pub gzip: u64,
    pub brotli: u64,
    pub files: Vec<String>,
}

/// Page, small engine and large engine.
///
/// # Errors
/// When the site cannot be visited or read.
pub fn downloads(quick: bool) -> Outcome<Vec<Download>> {
    let mut files = BTreeSet::new();
    for setup in [Setup::cpu(), Setup::webgpu()] {
        let run = "void await glassformer.newRun({ corpus: { builtin: 'facts' } })";
        in_browser(&setup, |page| {
            page.eval::<()>(run)?;
            // What nobody downloads who does not ask for it.
            page.eval::<()>("await glassformer.debug.trainBy('readable')")?;
            for path in page.site.requests() {
                let path = path.split('?').next().unwrap_or_default();
                if let Some(name) = path.strip_prefix(setup.folder) {
                    let name = if name.is_empty() { "index.html" } else { name };
                    files.insert(name.to_string());
                }
            }
            Ok(())
        })?;
    }
    let part = |file: &str| match file {
        f if f.contains("engine_cpu") => "CPU engine",
        f if f.contains("engine_webgpu") => "WebGPU engine",
        f if f.contains("engine_readable") => "WebGPU engine with burn",
        _ => "page",
    };
    let parts = [
        "page",
        "CPU engine",
        "WebGPU engine",
        "WebGPU engine with burn",
    ];
    parts
        .into_iter()
        .map(|what| {
            let own = files.iter().filter(|file| part(file) == what);
            weigh(what, own.cloned().collect(), quick)
        })
        .collect()
}

fn weigh(what: &'static str, files: Vec<String>, quick: bool) -> Outcome<Download> {
    let root = server::site()?;
    let mut download = Download {
        what,
        raw: 0,
        gzip: 0,
        brotli: 0,
        files,
    };
    for file in &download.files {
        let path = root.join(file);
        // What was asked for and is not there weighs nothing.
        if !path.is_file() {
            continue;
        }
        let bytes = fs::read(&path).map_err(|e| unreadable(&path, &e))?;
        download.raw += bytes.len() as u64;
        download.gzip += gzip(&bytes).map_err(|e| unreadable(&path, &e))?;
        download.brotli += brotli(&bytes, quick).map_err(|e| unreadable(&path, &e))?;
    }
    Ok(download)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::Other(format!("cannot weigh {}: {error}", path.display()))
}

fn gzip(bytes: &[u8]) -> std::io::Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

/// At the highest quality, as files compressed once and served often are; it takes its time.
fn brotli(bytes: &[u8], quick: bool) -> std::io::Result<u64> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: if quick { 5 } else { 11 },
        lgwin: 24,
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut out, &params)?;
    Ok(out.len() as u64)
}
