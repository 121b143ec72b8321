//! One page in one browser: opening and reloading it, running scripts in it and in its workers,
//! and what it did that it should not have. `controls` has what a person does with it.

use crate::{
    Outcome, Trouble,
    cdp::{Cdp, Event},
    chromium::Chromium,
    server::Site,
    setup::{Reply, Setup},
    trouble,
};
use data_encoding::BASE64;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// When something that should come has surely hung. No test measures time by it.
const HUNG: Duration = Duration::from_secs(180);

/// A worker that the page started.
struct Worker {
    session: String,
    address: String,
    /// Whether another worker started it.
    nested: bool,
}

pub struct Page {
    // Dropped in this order: first the connection, then the server and the browser.
    cdp: Cdp,
    pub site: Site,
    pub chromium: Chromium,
    setup: Setup,
    pub(super) session: String,
    /// The living ones, oldest first, and those started by one that has ended.
    workers: Vec<Worker>,
    console: Vec<String>,
    /// Uncaught errors, rejections and panics.
    errors: Vec<String>,
    /// Addresses on other hosts that were asked for.
    foreign: Vec<String>,
}

impl Page {
    /// Serves the site, starts a browser and opens the page, up to where scripting is there.
    ///
    /// # Errors
    /// When any of that fails.
    pub fn open(setup: &Setup) -> Outcome<Page> {
        let site = Site::serve(setup)?;
        let chromium = Chromium::start(setup)?;
        let cdp = Cdp::connect(&chromium.socket)?;
        let mut page = Page {
            cdp,
            site,
            chromium,
            setup: setup.clone(),
            session: String::new(),
            workers: Vec::new(),
            console: Vec::new(),
            errors: Vec::new(),
            foreign: Vec::new(),
        };
        page.attach()?;
        let address = page.site.address.clone();
        match page.go(&address) {
            Ok(()) => Ok(page),
            Err(error) => trouble(format!("{error}\n{}", page.autopsy())),
        }
    }

    fn attach(&mut self) -> Outcome<()> {
        let targets = self.browser_command("Target.getTargets", json!({}))?;
        let target = targets["targetInfos"]
            .as_array()
            .and_then(|all| all.iter().find(|t| t["type"] == "page"))
            .map(|t| t["targetId"].clone());
        let Some(target) = target else {
            return trouble("Chromium has no page open");
        };
        let attached = self.browser_command(
            "Target.attachToTarget",
            json!({"targetId": target, "flatten": true}),
        )?;
        self.session = attached["sessionId"].as_str().unwrap_or_default().into();
        for domain in ["Page", "Runtime", "Network", "Log", "DOM"] {
            self.command(&format!("{domain}.enable"), json!({}))?;
        }
        // Workers wait at their first line until they are listened to: see `started`.
        self.command(
            "Target.setAutoAttach",
            json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true}),
        )?;
        if !self.setup.network {
            // Other hosts are answered here.
            let patterns = json!([{"urlPattern": "https://*"}]);
            self.command("Fetch.enable", json!({"patterns": patterns}))?;
        }
        let script = format!("{};{}", self.setup.stand.script(), self.setup.page_script);
        self.command(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": script}),
        )?;
        Ok(())
    }

    /// Opens an address and waits for its scripting.
    ///
    /// # Errors
    /// When it does not come.
    pub fn go(&mut self, address: &str) -> Outcome<()> {
        self.command("Page.navigate", json!({"url": address}))?;
        let start = Instant::now();
        let scripting = self.setup.scripting;
        while !matches!(self.eval(&format!("!!window.{scripting}")), Ok(true)) {
            // A page that fails while it starts will never have it.
            self.check_clean()?;
            if start.elapsed() > HUNG {
                return trouble(format!(
                    "the page does not start: there is no window.{scripting}"
                ));
            }
        }
        Ok(())
    }

    /// Loads the page again, as with the browser's button.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn reload(&mut self) -> Outcome<()> {
        self.eval::<()>("void (window.beforeReload = true)")?;
        self.command("Page.reload", json!({}))?;
        self.wait_for(
            "the page after a reload",
            "!window.beforeReload && !!window.glassformer",
        )
    }

    /// The value of a JavaScript expression in the page; it may `await`.
    ///
    /// # Errors
    /// [`Trouble::Rejected`] when it throws or rejects.
    pub fn eval<T: DeserializeOwned>(&mut self, expression: &str) -> Outcome<T> {
        let session = self.session.clone();
        self.eval_in(&session, &format!("return {expression}"))
    }

    /// What JavaScript statements in the page return; they may `await`.
    ///
    /// # Errors
    /// [`Trouble::Rejected`] when they throw or reject.
    pub fn script<T: DeserializeOwned>(&mut self, statements: &str) -> Outcome<T> {
        let session = self.session.clone();
        self.eval_in(&session, statements)
    }

    /// The value of an expression in the page's newest worker whose address contains `name`.
    ///
    /// # Errors
    /// When there is no such worker, or the expression throws.
    pub fn eval_in_worker<T: DeserializeOwned>(
        &mut self,
        name: &str,
        expression: &str,
    ) -> Outcome<T> {
        let session = self.worker_session(name)?;
        self.eval_in(&session, &format!("return {expression}"))
    }

    fn eval_in<T: DeserializeOwned>(&mut self, session: &str, statements: &str) -> Outcome<T> {
        // The answer as JSON text, so that `undefined` and errors have a defined form.
        let expression = format!(
            "(async () => {{
                try {{
                    const value = await (async () => {{ {statements}\n }})();
                    return JSON.stringify({{ value: value ?? null }});
                }} catch (e) {{
                    const message = String(e?.message ?? e);
                    return JSON.stringify({{ message, isError: e instanceof Error }});
                }}
            }})()"
        );
        let answer = self.command_in(
            session,
            "Runtime.evaluate",
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}),
        )?;
        let Some(text) = answer["result"]["value"].as_str() else {
            return trouble(format!("not JavaScript: {statements}\n{answer}"));
        };
        let mut answer: Json = serde_json::from_str(text).unwrap_or_default();
        if let Some(message) = answer["message"].as_str() {
            return Err(Trouble::Rejected {
                message: message.into(),
                is_error: answer["isError"] == true,
            });
        }
        let value = answer["value"].take();
        serde_json::from_value(value.clone())
            .map_err(|e| Trouble::Other(format!("{statements}\ngave {value}\nbut {e}")))
    }

    /// The rejection that an expression ends in.
    ///
    /// # Errors
    /// When it does not reject, or with something else than an `Error`.
    pub fn rejection(&mut self, expression: &str) -> Outcome<String> {
        match self.eval::<Json>(expression) {
            Err(Trouble::Rejected {
                message,
                is_error: true,
            }) => Ok(message),
            Err(Trouble::Rejected {
                message,
                is_error: false,
            }) => trouble(format!(
                "{expression}\nrejected with \"{message}\", which is not an Error"
            )),
            Err(other) => Err(other),
            Ok(value) => trouble(format!("{expression}\nmust reject, but gave {value}")),
        }
    }

    /// Waits until an expression is true.
    ///
    /// # Errors
    /// When that never happens; `what` says what was waited for.
    pub fn wait_for(&mut self, what: &str, expression: &str) -> Outcome<()> {
        let start = Instant::now();
        loop {
            // While a page is being replaced a script may be cut off: that is no answer yet.
            match self.eval::<bool>(expression) {
                Ok(true) => return Ok(()),
                Err(error @ Trouble::Rejected { .. }) => return Err(error),
                _ if start.elapsed() > HUNG => {
                    return trouble(format!("waited in vain for {what} ({expression})"));
                }
                _ => self.idle(Duration::from_millis(50))?,
            }
        }
    }

    /// Lets time pass for the page.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn idle(&mut self, time: Duration) -> Outcome<()> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.cdp.pump(left)?;
            self.attend()?;
        }
        Ok(())
    }

    /// A command to the page.
    ///
    /// # Errors
    /// What the browser had against it.
    pub fn command(&mut self, method: &str, params: Json) -> Outcome<Json> {
        let session = self.session.clone();
        self.command_in(&session, method, params)
    }

    /// A command to the browser as a whole.
    ///
    /// # Errors
    /// What the browser had against it.
    pub fn browser_command(&mut self, method: &str, params: Json) -> Outcome<Json> {
        self.command_in("", method, params)
    }

    /// A command to the page's newest worker whose address contains `name`.
    ///
    /// # Errors
    /// When there is none, or what the browser had against the command.
    pub fn worker_command(&mut self, name: &str, method: &str, params: Json) -> Outcome<Json> {
        let session = self.worker_session(name)?;
        self.command_in(&session, method, params)
    }

    fn worker_session(&self, name: &str) -> Outcome<String> {
        let here = |w: &&Worker| !w.nested && w.address.contains(name);
        match self.workers.iter().rev().find(here) {
            Some(worker) => Ok(worker.session.clone()),
            None => trouble(format!(
                "no worker \"{name}\"; there are {:?}",
                self.workers()
            )),
        }
    }

    fn command_in(&mut self, session: &str, method: &str, params: Json) -> Outcome<Json> {
        let id = self.cdp.ask(session, method, params)?;
        let start = Instant::now();
        loop {
            if let Some(answer) = self.cdp.answer(id)? {
                self.attend()?;
                return Ok(answer);
            }
            if start.elapsed() > HUNG {
                return trouble(format!("{method} has hung: no answer in {HUNG:?}"));
            }
            self.cdp.pump(Duration::from_millis(500))?;
            self.attend()?;
        }
    }

    /// Does what the events that came in ask for, without waiting for anything.
    fn attend(&mut self) -> Outcome<()> {
        while let Some(event) = self.cdp.events.pop_front() {
            let Event {
                session,
                method,
                params,
            } = event;
            match method.as_str() {
                "Target.attachedToTarget" => self.started(&session, &params)?,
                "Target.detachedFromTarget" => {
                    let gone = params["sessionId"].as_str().unwrap_or_default();
                    self.workers.retain(|worker| worker.session != gone);
                }
                "Network.requestWillBeSent" => {
                    self.requested(params["request"]["url"].as_str().unwrap_or_default());
                }
                "Fetch.requestPaused" => self.answer_elsewhere(&session, &params)?,
                "Runtime.exceptionThrown" => {
                    let details = &params["exceptionDetails"];
                    let text = details["exception"]["description"]
                        .as_str()
                        .or(details["text"].as_str());
                    self.errors.push(text.unwrap_or("an error").into());
                }
                "Runtime.consoleAPICalled" => self.said(&params),
                "Log.entryAdded" => {
                    let entry = &params["entry"];
                    self.console.push(format!(
                        "{}: {} {}",
                        entry["level"], entry["text"], entry["url"]
                    ));
                }
                "Inspector.targetCrashed" => self.errors.push("the page crashed".into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// A worker waits at its first line, so that nothing of it is missed, and is let go.
    fn started(&mut self, parent: &str, params: &Json) -> Outcome<()> {
        let session = params["sessionId"].as_str().unwrap_or_default();
        let info = &params["targetInfo"];
        if info["type"] == "worker" {
            self.workers.push(Worker {
                session: session.into(),
                address: info["url"].as_str().unwrap_or_default().into(),
                nested: parent != self.session,
            });
            let listen =
                json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true});
            self.cdp.send(session, "Target.setAutoAttach", listen)?;
        }
        self.cdp.send(session, "Runtime.enable", json!({}))?;
        self.cdp.send(session, "Network.enable", json!({}))?;
        self.cdp
            .send(session, "Runtime.runIfWaitingForDebugger", json!({}))?;
        Ok(())
    }

    fn requested(&mut self, address: &str) {
        let ours = [self.site.origin.as_str(), "data:", "blob:", "about:"];
        let allowed = self.setup.elsewhere.iter().map(|(start, _)| *start);
        if !ours
            .into_iter()
            .chain(allowed)
            .any(|start| address.starts_with(start))
        {
            self.foreign.push(address.into());
        }
    }

    /// From now on no address elsewhere answers, as without a network.
    pub fn go_offline(&mut self) {
        for (_, reply) in &mut self.setup.elsewhere {
            *reply = Reply::Offline;
        }
    }

    fn answer_elsewhere(&mut self, session: &str, params: &Json) -> Outcome<()> {
        let id = &params["requestId"];
        let address = params["request"]["url"].as_str().unwrap_or_default();
        let stub = self
            .setup
            .elsewhere
            .iter()
            .find(|(start, _)| address.starts_with(start));
        match stub.map(|(_, reply)| reply) {
            Some(Reply::Text(text)) => {
                let headers = json!([
                    {"name": "Content-Type", "value": "text/plain; charset=utf-8"},
                    {"name": "Content-Length", "value": text.len().to_string()},
                    {"name": "Access-Control-Allow-Origin", "value": "*"},
                ]);
                let body = BASE64.encode(text.as_bytes());
                let answer = json!({"requestId": id, "responseCode": 200, "responseHeaders": headers, "body": body});
                self.cdp.send(session, "Fetch.fulfillRequest", answer)?;
            }
            Some(Reply::Offline) | None => {
                let answer = json!({"requestId": id, "errorReason": "InternetDisconnected"});
                self.cdp.send(session, "Fetch.failRequest", answer)?;
            }
        }
        Ok(())
    }

    fn said(&mut self, params: &Json) {
        let words = params["args"].as_array().into_iter().flatten();
        let words: Vec<&str> = words
            .map(|arg| {
                arg["value"]
                    .as_str()
                    .or(arg["description"].as_str())
                    .unwrap_or("?")
            })
            .collect();
        let line = words.join(" ");
        // A Rust panic reaches the console, and then the page's own recovery.
        if line.contains("panicked at") {
            self.errors.push(line.clone());
        }
        self.console.push(format!("{}: {line}", params["type"]));
    }

    /// The addresses of the page's living workers; those that they started are not counted.
    pub fn workers(&self) -> Vec<&str> {
        let own = self.workers.iter().filter(|w| !w.nested);
        own.map(|w| w.address.as_str()).collect()
    }

    /// Takes the errors so far: for a test that provokes them.
    pub fn forgive(&mut self) -> Vec<String> {
        std::mem::take(&mut self.errors)
    }

    /// Forgets which other hosts were asked.
    pub fn forget_requests(&mut self) {
        self.foreign.clear();
    }

    /// Nothing uncaught, and nothing asked of another host.
    ///
    /// # Errors
    /// What there was.
    pub fn check_clean(&mut self) -> Outcome<()> {
        self.idle(Duration::from_millis(50))?;
        if !self.foreign.is_empty() {
            return trouble(format!("the page asked other hosts for {:?}", self.foreign));
        }
        if !self.errors.is_empty() {
            return trouble(format!("uncaught in the page: {}", self.errors.join("\n")));
        }
        Ok(())
    }

    /// What is left to look at after a failure.
    pub fn autopsy(&mut self) -> String {
        let mut report = String::new();
        let name = std::thread::current()
            .name()
            .unwrap_or("test")
            .replace("::", "-");
        // Beside the program that asks: it lies in the target folder.
        let picture = std::env::current_exe()
            .unwrap_or_default()
            .with_file_name(format!("{name}.png"));
        let _ = match self.screenshot(&picture) {
            Ok(()) => writeln!(report, "the page at that moment: {}", picture.display()),
            Err(error) => writeln!(report, "no screenshot: {error}"),
        };
        let _ = writeln!(
            report,
            "errors: {:#?}\nconsole: {:#?}\nrequests: {:#?}",
            self.errors,
            self.console,
            self.site.requests()
        );
        report
    }
}
