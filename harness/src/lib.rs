//! Drives the built site in a real Chromium: a static server that keeps a log ([`server`]), the
//! browser's process ([`chromium`]), its debugging protocol ([`cdp`]) and what a test does with a
//! page ([`page`]).
//!
//! A test is one call of [`in_browser`]: it gets a fresh profile, and fails, whatever its own
//! assertions say, when the page had an uncaught error or asked another host for anything.
//! Nothing here skips: without a site, a browser or a GPU adapter a test fails and says what to do.

pub mod cdp;
pub mod chromium;
mod controls;
pub mod counting;
pub mod page;
pub mod server;
pub mod setup;

pub use {
    page::Page,
    setup::{Reply, Setup, Stand},
};

use std::sync::{Condvar, Mutex};

/// What went wrong.
#[derive(Clone, PartialEq)]
pub enum Trouble {
    /// The page's promise rejected, which some tests wait for.
    Rejected {
        /// The sentence, as a person would read it.
        message: String,
        /// Whether it was an `Error`, as the scripting's documentation promises.
        is_error: bool,
    },
    /// Something else: the browser, the site, an expectation that was not met.
    Other(String),
}

pub type Outcome<T> = Result<T, Trouble>;

/// Trouble that is not a rejection.
pub fn trouble<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Trouble::Other(message.into()))
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Rejected { message, .. } => write!(f, "the page rejected: {message}"),
            Trouble::Other(message) => f.write_str(message),
        }
    }
}

/// The test runner prints an error's `Debug` form; ours is meant for people too.
impl std::fmt::Debug for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::error::Error for Trouble {}

/// At most that many browsers at once: two busy engines fill the two cores of a CI machine, and
/// each further one only makes all of them slow.
const BROWSERS: usize = 2;

static OPEN: Mutex<usize> = Mutex::new(0);
static CLOSED: Condvar = Condvar::new();

/// The right to have a browser open.
struct Permit;

impl Permit {
    fn take() -> Permit {
        let open = OPEN.lock().unwrap_or_else(|e| e.into_inner());
        let mut open = CLOSED
            .wait_while(open, |open| *open >= BROWSERS)
            .unwrap_or_else(|e| e.into_inner());
        *open += 1;
        Permit
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *OPEN.lock().unwrap_or_else(|e| e.into_inner()) -= 1;
        CLOSED.notify_one();
    }
}

/// Serves the site, opens it in a browser of its own, lets `test` use it, and looks afterwards for
/// uncaught errors and requests to other hosts. On failure a screenshot and the console stay in
/// the target folder, and the message says where.
///
/// # Errors
/// Whatever failed.
pub fn in_browser<T>(setup: &Setup, test: impl FnOnce(&mut Page) -> Outcome<T>) -> Outcome<T> {
    let _permit = Permit::take();
    let mut page = Page::open(setup)?;
    // An assertion that panics deserves its screenshot as well.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let value = test(&mut page)?;
        page.check_clean()?;
        Ok::<T, Trouble>(value)
    }));
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => trouble(format!("{error}\n{}", page.autopsy())),
        Err(panic) => {
            eprintln!("{}", page.autopsy());
            std::panic::resume_unwind(panic)
        }
    }
}
