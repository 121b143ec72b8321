//! Downloads that say how far they are.

use super::build::Build;
use super::fault::{input, internal, words};
use super::{Progress, address};
use crate::protocol::Fault;
use futures::future::{join, try_join3};
use gloo::net::http::Request;
use js_sys::{Promise, Reflect, Uint8Array, WebAssembly};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStreamDefaultReader, RequestCache, Response, ResponseInit};
use web_sys::{TransformStream, WritableStreamDefaultWriter};

/// What an engine's worker starts from: its JavaScript by address, its program compiled.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) loader: String,
    pub(super) script: String,
    pub(super) module: WebAssembly::Module,
}

/// Fetches a build of the engine and compiles it while it comes.
///
/// The files keep their names from build to build, so the browser is made to ask whether its
/// copies are still good; that also renews them for the worker, which imports the script itself.
///
/// # Errors
/// No network, a server that does not have the file, or a file that is no program.
pub(super) async fn engine(build: Build, progress: Progress<'_>) -> Result<Program, Fault> {
    let name = build.file();
    let loader = address::beside("engine-worker.js")?;
    let script = address::beside(&format!("{name}.js"))?;
    let program = address::beside(&format!("{name}_bg.wasm"))?;
    let (_, _, module) = try_join3(
        bytes(&loader, None, &|_, _| {}),
        bytes(&script, None, &|_, _| {}),
        module(&program, size_in_page(name), progress),
    )
    .await?;
    Ok(Program {
        loader,
        script,
        module,
    })
}

/// Fetches a file whole. `size` is its length where that is known; else the server is asked.
///
/// # Errors
/// No network, or a server that does not have the file.
pub(super) async fn bytes(
    url: &str,
    size: Option<u64>,
    progress: Progress<'_>,
) -> Result<Vec<u8>, Fault> {
    let mut body = Body::open(url, size).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = body.next(progress).await? {
        bytes.extend(piece.to_vec());
    }
    Ok(bytes)
}

/// Fetches a wasm file and compiles it while it comes.
async fn module(
    url: &str,
    size: Option<u64>,
    progress: Progress<'_>,
) -> Result<WebAssembly::Module, Fault> {
    let mut body = Body::open(url, size).await?;
    let (response, pipe) = pipe().map_err(|e| internal(words(&e)))?;
    let pour = async {
        while let Some(piece) = body.next(progress).await? {
            // When the compiler refuses, it closes the pipe and says why itself.
            if JsFuture::from(pipe.write_with_chunk(&piece)).await.is_err() {
                return Ok(());
            }
        }
        let _ = JsFuture::from(pipe.close()).await;
        Ok(())
    };
    let response: &JsValue = response.as_ref();
    let compile = JsFuture::from(WebAssembly::compile_streaming(&Promise::resolve(response)));
    let pour = async {
        let poured: Result<(), Fault> = pour.await;
        if poured.is_err() {
            // The compiler waits for more, and must hear that nothing comes.
            let _ = JsFuture::from(pipe.abort()).await;
        }
        poured
    };
    let (poured, compiled) = join(pour, compile).await;
    poured?;
    compiled
        .map_err(|e| {
            input(format!(
                "{url} is no engine ({}); reload the page",
                words(&e)
            ))
        })?
        .dyn_into()
        .map_err(|_| internal(format!("{url} was compiled, but not to a module")))
}

/// A response for the compiler, and the writer that fills it.
///
/// Servers that do not know wasm send it as something else, which browsers refuse to compile: this
/// response says what it is.
fn pipe() -> Result<(Response, WritableStreamDefaultWriter), JsValue> {
    let pipe = TransformStream::new()?;
    let headers = Headers::new()?;
    headers.set("content-type", "application/wasm")?;
    let init = ResponseInit::new();
    init.set_headers(&headers);
    let response = Response::new_with_opt_readable_stream_and_init(Some(&pipe.readable()), &init)?;
    Ok((response, pipe.writable().get_writer()?))
}

/// How many bytes an engine has when unpacked: `cargo xtask build` writes it into the page, since
/// a server that compresses does not tell.
fn size_in_page(name: &str) -> Option<u64> {
    let meta = gloo::utils::document()
        .query_selector(&format!("meta[name='{name}-bytes']"))
        .ok()??;
    meta.get_attribute("content")?.parse().ok()
}

/// A response's body, counted as it is read.
struct Body<'a> {
    url: &'a str,
    reader: ReadableStreamDefaultReader,
    received: u64,
    total: Option<u64>,
}

impl<'a> Body<'a> {
    async fn open(url: &'a str, size: Option<u64>) -> Result<Self, Fault> {
        let request = Request::get(url).cache(RequestCache::NoCache);
        let answer = request.send().await.map_err(|e| {
            input(format!(
                "{url} cannot be fetched ({e}): you are offline, or the server cannot be \
                 reached. Check the network and try again."
            ))
        })?;
        if !answer.ok() {
            return Err(input(format!(
                "{url} cannot be fetched: the server answers {} {}",
                answer.status(),
                answer.status_text()
            )));
        }
        // Behind a compressed transfer the length is that of the compressed file.
        let headers = answer.headers();
        let length = match headers.get("content-encoding") {
            Some(_) => None,
            None => headers.get("content-length"),
        };
        let reader = answer.body().map(|body| body.get_reader().dyn_into());
        let Some(Ok(reader)) = reader else {
            return Err(input(format!("{url}: the server answers without a file")));
        };
        Ok(Body {
            url,
            reader,
            received: 0,
            total: size.or_else(|| length?.parse().ok()),
        })
    }

    async fn next(&mut self, progress: Progress<'_>) -> Result<Option<Uint8Array>, Fault> {
        let broken_off = |e: JsValue| {
            input(format!(
                "{} did not arrive whole ({}): check the network and try again",
                self.url,
                words(&e)
            ))
        };
        let read = JsFuture::from(self.reader.read())
            .await
            .map_err(broken_off)?;
        let piece = Reflect::get(&read, &"value".into()).map_err(broken_off)?;
        let Ok(piece) = piece.dyn_into::<Uint8Array>() else {
            return Ok(None);
        };
        self.received += u64::from(piece.length());
        // A server may be wrong about the length; a bar must not run over.
        progress(
            self.received,
            self.total.filter(|total| self.received <= *total),
        );
        Ok(Some(piece))
    }
}
