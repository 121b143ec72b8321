//! A static file server on a port of its own: one folder of its address shows the site, and every
//! request is written down.

use super::{Outcome, setup::Setup, trouble};
use std::{
    fs::File,
    io::{self, Read},
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use tiny_http::{Header, Request, Response, Server, StatusCode};

/// The site as `trunk build --release` leaves it, or the folder that GLASSFORMER_SITE names.
///
/// # Errors
/// When nothing has been built.
pub fn site() -> Outcome<PathBuf> {
    let site = std::env::var_os("GLASSFORMER_SITE")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("dist"));
    if site.join("index.html").is_file() {
        Ok(site)
    } else {
        trouble(format!(
            "no built site at {}: run `cargo xtask build` first, or `cargo xtask test`, which does both",
            site.display()
        ))
    }
}

/// A running server; it stops when dropped.
pub struct Site {
    server: Arc<Server>,
    log: Arc<Mutex<Vec<String>>>,
    /// Where the page is.
    pub address: String,
    /// `http://127.0.0.1:PORT`, with which every address of ours begins.
    pub origin: String,
}

impl Site {
    /// # Errors
    /// When there is no site, or no port to be had.
    pub fn serve(setup: &Setup) -> Outcome<Site> {
        let root = site()?;
        let server = match Server::http("127.0.0.1:0") {
            Ok(server) => Arc::new(server),
            Err(error) => return trouble(format!("no port for the test's server: {error}")),
        };
        let origin = format!("http://{}", server.server_addr());
        let log = Arc::new(Mutex::new(Vec::new()));
        // A slow answer must not hold up the next one.
        for _ in 0..6 {
            let (server, log, root) = (server.clone(), log.clone(), root.clone());
            let (folder, delay) = (setup.folder, setup.delay);
            thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    let path = request.url().to_string();
                    log.lock().unwrap_or_else(|e| e.into_inner()).push(path);
                    // A browser that went away meanwhile is no concern of the server's.
                    let _ = answer(request, &root, folder, delay);
                }
            });
        }
        Ok(Site {
            address: format!("{origin}{}{}", setup.folder, setup.query),
            server,
            log,
            origin,
        })
    }

    /// The paths asked for so far, queries included, in order.
    pub fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for _ in 0..6 {
            self.server.unblock();
        }
    }
}

fn answer(request: Request, root: &Path, folder: &str, delay: Duration) -> io::Result<()> {
    let path = request.url().split(['?', '#']).next().unwrap_or_default();
    let Some(name) = path.strip_prefix(folder) else {
        // Whatever is asked for outside the folder belongs to somebody else's site.
        return request.respond(Response::empty(StatusCode(404)));
    };
    let name = if name.is_empty() { "index.html" } else { name };
    let plain = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let file = root.join(name);
    if !plain || !file.is_file() {
        return request.respond(Response::empty(StatusCode(404)));
    }
    let reader = File::open(&file)?;
    let length = usize::try_from(reader.metadata()?.len()).map_err(io::Error::other)?;
    let slow = if name.ends_with(".wasm") {
        delay
    } else {
        Duration::ZERO
    };
    let headers = [("Content-Type", mime(name)), ("Cache-Control", "no-cache")]
        .into_iter()
        .filter_map(|(name, value)| Header::from_bytes(name, value).ok())
        .collect();
    // The length is said at once: a progress bar needs it.
    request.respond(
        Response::new(
            StatusCode(200),
            headers,
            Slow { reader, slow },
            Some(length),
            None,
        )
        .with_chunked_threshold(usize::MAX),
    )
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        // Without it browsers refuse to compile while they download.
        "wasm" => "application/wasm",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A file over a slow line.
struct Slow {
    reader: File,
    slow: Duration,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(64 * 1024);
        thread::sleep(self.slow);
        self.reader.read(&mut buffer[..most])
    }
}
