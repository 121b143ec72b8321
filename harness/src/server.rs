//! A static file server on a port of its own: one folder of its address shows the site, and every
//! request is written down.

use crate::{Outcome, Trouble, setup::Setup, trouble};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Component, Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// The file that every worker of the page starts from.
const WORKER: &str = "engine-worker.js";

/// With these a page is cross-origin isolated, and has `SharedArrayBuffer`.
const ISOLATED: &str = "Cross-Origin-Opener-Policy: same-origin\r\n\
                        Cross-Origin-Embedder-Policy: require-corp\r\n";

/// The site as `trunk build --release` leaves it, or the folder that GLASSFORMER_SITE names.
///
/// # Errors
/// When nothing has been built.
pub fn site() -> Outcome<PathBuf> {
    let site = std::env::var_os("GLASSFORMER_SITE")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist")).into());
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
    shared: Arc<Shared>,
    /// Where the page is.
    pub address: String,
    /// `http://127.0.0.1:PORT`, with which every address of ours begins.
    pub origin: String,
}

struct Shared {
    root: PathBuf,
    /// More lines of each file's answer.
    headers: &'static str,
    folder: &'static str,
    delay: Duration,
    /// Stands before the worker's own script.
    worker_script: String,
    /// Served in the place of the site's own: bytes, or nothing.
    files: Vec<(&'static str, Option<Vec<u8>>)>,
    log: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Site {
    /// # Errors
    /// When there is no site, or no port to be had.
    pub fn serve(setup: &Setup) -> Outcome<Site> {
        let no_port = |e: io::Error| Trouble::Other(format!("no port for the test's server: {e}"));
        let listener = TcpListener::bind("127.0.0.1:0").map_err(no_port)?;
        let origin = format!("http://{}", listener.local_addr().map_err(no_port)?);
        let shared = Arc::new(Shared {
            root: setup.root.clone().map_or_else(site, Ok)?,
            headers: if setup.isolated { ISOLATED } else { "" },
            folder: setup.folder,
            delay: setup.delay,
            worker_script: format!("{};{};\n", setup.stand.script(), setup.worker_script),
            files: setup.files.clone(),
            log: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let of_server = Arc::clone(&shared);
        thread::spawn(move || {
            // A thread a connection: a slow answer, or a browser that connects and asks nothing,
            // holds up nobody else.
            for stream in listener.incoming().flatten() {
                if of_server.over.load(Ordering::Relaxed) {
                    break;
                }
                let of_connection = Arc::clone(&of_server);
                // A browser that went away meanwhile is no concern of the server's.
                thread::spawn(move || of_connection.answer(stream).ok());
            }
        });
        Ok(Site {
            address: format!("{origin}{}{}{}", setup.folder, setup.query, setup.hash),
            shared,
            origin,
        })
    }

    /// The paths asked for so far, queries included, in order.
    pub fn requests(&self) -> Vec<String> {
        let log = self.shared.log.lock();
        log.unwrap_or_else(|e| e.into_inner()).clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // Wakes the server, so that it notices.
        let address = self.origin.trim_start_matches("http://");
        let _ = TcpStream::connect(address);
    }
}

impl Shared {
    /// One request, one answer, and the connection is closed: all of HTTP that a test needs.
    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        // The headers end with an empty line; nothing in them matters here.
        while lines
            .next()
            .transpose()?
            .is_some_and(|line| !line.is_empty())
        {}
        let Some(target) = first.split(' ').nth(1) else {
            return Ok(());
        };
        let log = self.log.lock();
        log.unwrap_or_else(|e| e.into_inner()).push(target.into());

        if let Some(Some(bytes)) = self.instead(target) {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n",
                bytes.len(),
                self.headers
            );
            stream.write_all(head.as_bytes())?;
            return stream.write_all(bytes);
        }
        let Some(path) = self.file(target) else {
            let nothing =
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return stream.write_all(nothing.as_bytes());
        };
        let mut file = File::open(&path)?;
        // A debugger could run it too, but too early: the worker has no WebGPU yet.
        let before = match path.file_name() {
            Some(name) if name == WORKER => self.worker_script.as_bytes(),
            _ => b"",
        };
        // The length is said at once: a progress bar needs it.
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
             Cache-Control: no-cache\r\n{}Connection: close\r\n\r\n",
            mime(target.split('?').next().unwrap_or_default()),
            file.metadata()?.len() + before.len() as u64,
            self.headers
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(before)?;
        let slow = path.extension().is_some_and(|end| end == "wasm");
        let mut piece = vec![0; 64 * 1024];
        loop {
            let n = file.read(&mut piece)?;
            if n == 0 {
                return stream.flush();
            }
            if slow {
                thread::sleep(self.delay);
            }
            stream.write_all(&piece[..n])?;
        }
    }

    /// The name in the site's folder that an address means. Whatever is asked for outside the folder
    /// belongs to somebody else's site.
    fn name<'a>(&self, target: &'a str) -> Option<&'a str> {
        let path = target.split(['?', '#']).next()?;
        Some(match path.strip_prefix(self.folder)? {
            "" => "index.html",
            name => name,
        })
    }

    /// What is served in the place of the site's own file.
    fn instead(&self, target: &str) -> Option<Option<&[u8]>> {
        let name = self.name(target)?;
        let (_, bytes) = self.files.iter().find(|(other, _)| *other == name)?;
        Some(bytes.as_deref())
    }

    fn file(&self, target: &str) -> Option<PathBuf> {
        if self.instead(target).is_some() {
            return None;
        }
        let name = self.name(target)?;
        let mut parts = Path::new(name).components();
        let plain = parts.all(|part| matches!(part, Component::Normal(_)));
        let file = self.root.join(name);
        (plain && file.is_file()).then_some(file)
    }
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        // The folder's own address ends in a slash.
        end if end == "html" || end.ends_with('/') => "text/html; charset=utf-8",
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
