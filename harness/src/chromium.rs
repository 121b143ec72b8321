//! Starts Chromium without a window, with a profile of its own, and ends it.

use crate::{Outcome, Trouble, setup::Setup, trouble};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Where the browser is looked for, unless CHROMIUM names it.
const PLACES: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Without these a test would depend on the machine or on the network.
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    // WebGPU by SwiftShader on the CPU: the same adapter everywhere, CI included.
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    // Small /dev/shm in containers.
    "--disable-dev-shm-usage",
    // A test's page counts as visible and is never slowed.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
];

/// No name but ours leads anywhere: a test never reaches the network.
const NO_NETWORK: &str = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1";

/// A running browser with its profile; both are gone when it is dropped.
pub struct Chromium {
    child: Child,
    pub profile: PathBuf,
    /// Where its debugging protocol listens.
    pub socket: String,
}

impl Chromium {
    /// # Errors
    /// When no browser is installed or it does not start.
    pub fn start(setup: &Setup) -> Outcome<Chromium> {
        let program = find()?;
        let profile = fresh_folder()?;
        let log = profile.join("chromium.log");
        let stderr = File::create(&log).map_err(|e| Trouble::Other(e.to_string()))?;
        let (width, height) = setup.window;
        let mut command = Command::new(&program);
        command
            .args(FLAGS)
            .args((!setup.network).then_some(NO_NETWORK))
            .arg("--remote-debugging-port=0")
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr);
        // Chromium is many processes: as a group they can be ended together.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return trouble(format!("{} did not start: {error}", program.display())),
        };
        let mut browser = Chromium {
            child,
            profile,
            socket: String::new(),
        };
        browser.socket = browser.wait_for_socket(&log)?;
        Ok(browser)
    }

    /// Chromium writes the port it chose, and the path, into a file of its profile.
    fn wait_for_socket(&mut self, log: &Path) -> Outcome<String> {
        let file = self.profile.join("DevToolsActivePort");
        let start = Instant::now();
        loop {
            if let Ok(text) = fs::read_to_string(&file)
                && let Some((port, path)) = text.split_once('\n')
                && !path.is_empty()
            {
                return Ok(format!("ws://127.0.0.1:{port}{}", path.trim()));
            }
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_some() || start.elapsed() > Duration::from_secs(60) {
                let said = fs::read_to_string(log).unwrap_or_default();
                return trouble(format!(
                    "Chromium did not start ({ended:?}); it said:\n{said}"
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The whole group at once; a child that has already gone is as good.
        #[cfg(unix)]
        let _ = Command::new("kill")
            .args(["-9", "--", &format!("-{}", self.child.id())])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Helper processes may still be writing for a moment.
        for _ in 0..20 {
            if fs::remove_dir_all(&self.profile).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The browser's program.
///
/// # Errors
/// When there is none, with how to get it.
pub fn find() -> Outcome<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(PathBuf::from(named));
    }
    let found = PLACES.iter().map(PathBuf::from).find(|p| p.exists());
    found.ok_or_else(|| {
        Trouble::Other(
            "no Chromium found: install it (`apt-get install chromium`), or name its program in \
             the environment variable CHROMIUM"
                .into(),
        )
    })
}

fn fresh_folder() -> Outcome<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("glassformer-test-{}-{count}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => trouble(format!("cannot make {}: {error}", folder.display())),
    }
}
