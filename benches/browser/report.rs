//! The figures as a table for people and as JSON for programs.

mod trainers;

use crate::{
    counters::Busy,
    frames::{Drawing, Soon},
    measure::Row,
    passes::Passes,
    peers::Peer,
    size::Download,
    to_loss::Reached,
};
use glassformer::protocol::Backend;
use harness::{Outcome, Setup, in_browser};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::{collections::HashSet, fmt::Write as _, fs};

/// On what was measured, and with what.
#[derive(Debug, Serialize)]
pub struct About {
    pub cpu: String,
    pub cores: usize,
    pub system: String,
    pub browser: String,
    pub text_chars: usize,
    pub vocabulary: usize,
    pub command: String,
}

/// # Errors
/// When the browser does not start.
pub fn about(text: &str) -> Outcome<About> {
    let version = in_browser(&Setup::cpu(), |page| {
        page.browser_command("Browser.getVersion", json!({}))
    })?;
    Ok(About {
        cpu: cpu(),
        cores: std::thread::available_parallelism().map_or(1, Into::into),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        browser: version["product"].as_str().unwrap_or("unknown").into(),
        text_chars: text.chars().count(),
        vocabulary: text.chars().collect::<HashSet<_>>().len(),
        command: command(std::env::args().skip(1)),
    })
}

/// As one would type it, but for files' names, which are nobody's business but the caller's.
fn command(words: impl Iterator<Item = String>) -> String {
    let mut line = String::from("cargo xtask bench");
    let mut words = words.filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        line = format!("{line} {word}");
        match word.as_str() {
            "--json" | "--text" => line.push_str(words.next().map_or("", |_| " FILE")),
            // Its folder is added by xtask.
            "--peers" => _ = words.next(),
            _ => {}
        }
    }
    line
}

/// The processor's name where the system tells it.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = model
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, name)| name.trim());
    name.unwrap_or("unknown CPU").into()
}

/// The figures; what was not measured is empty.
#[derive(Debug)]
pub struct Report {
    pub about: About,
    pub rows: Vec<Row>,
    pub kinds: Vec<Row>,
    pub looks: Vec<Passes>,
    pub drawn: Option<(Soon, Vec<Drawing>)>,
    pub downloads: Vec<Download>,
    pub peers: Vec<Peer>,
    pub to_loss: Option<Reached>,
}

impl Report {
    pub fn new(about: About) -> Self {
        Report {
            about,
            rows: Vec::new(),
            kinds: Vec::new(),
            looks: Vec::new(),
            drawn: None,
            downloads: Vec::new(),
            peers: Vec::new(),
            to_loss: None,
        }
    }

    pub fn json(&self) -> Json {
        let drawn = self.drawn.as_ref();
        json!({
            "about": self.about, "runs": self.rows, "kinds": self.kinds, "passes": self.looks,
            "soon": drawn.map(|(soon, _)| soon), "drawings": drawn.map(|(_, drawings)| drawings),
            "downloads": self.downloads, "peers": self.peers, "toLoss": self.to_loss,
        })
    }

    /// In Markdown, to be put into the documents as it is.
    pub fn table(&self) -> String {
        let mut parts = vec![self.head()];
        if !self.rows.is_empty() {
            parts.push(self.steps());
        }
        if !self.kinds.is_empty() {
            parts.push(trainers::kinds(&self.rows, &self.kinds));
        }
        if !self.looks.is_empty() {
            parts.push(self.passes());
        }
        if let Some((soon, drawings)) = &self.drawn {
            parts.push(drawing(soon, drawings));
        }
        if !self.downloads.is_empty() {
            parts.push(self.weights());
        }
        if !self.peers.is_empty() {
            parts.push(trainers::peers(&self.rows, &self.peers));
        }
        if let Some(reached) = &self.to_loss {
            parts.push(trainers::to_loss(reached));
        }
        parts.join("\n")
    }

    fn head(&self) -> String {
        let About {
            cpu,
            cores,
            system,
            browser,
            text_chars,
            vocabulary,
            command,
        } = &self.about;
        let mut out = format!(
            "{cpu}, {cores} cores, {system}; {browser}.\n\
             Text: {text_chars} characters, {vocabulary} distinct. `{command}`\n"
        );
        let mut all = self.rows.iter().chain(&self.kinds);
        if let Some(row) = all.find(|row| row.backend == Backend::Webgpu) {
            let adapter = row.adapter.as_deref().unwrap_or("unknown");
            // Writing into a string cannot fail, here and below.
            let _ = writeln!(out, "WebGPU adapter: {adapter}.");
        }
        out + "SwiftShader computes WebGPU on the CPU: its rows serve counting and correctness, \
               they say nothing of a GPU's speed.\n"
    }

    fn steps(&self) -> String {
        let names = self
            .rows
            .iter()
            .map(|row| format!(" {} {} |", row.config, row.backend.name()));
        let mut out = format!(
            "| |{}\n|---|{}\n",
            names.collect::<String>(),
            "---:|".repeat(self.rows.len())
        );
        for (name, figure) in FIGURES {
            let values = self.rows.iter().map(|row| format!(" {} |", figure(row)));
            let _ = writeln!(out, "| {name} |{}", values.collect::<String>());
        }
        out
    }

    fn passes(&self) -> String {
        let mut out = String::from(
            "| passes that are looked at | tokens | trace | trace, ms | one token more with its \
             rows, ms | one token written, ms | dispatches of the second and the last token |\n\
             |---|---:|---:|---:|---:|---:|---:|\n",
        );
        for look in &self.looks {
            let _ = writeln!(
                out,
                "| {}, {}, {} | {} | {} | {} | {} | {} | {}, {} |",
                look.preset,
                look.kind,
                look.backend.name(),
                look.tokens,
                kb(look.trace_bytes),
                ms(look.trace_ms),
                ms(look.token_traced_ms),
                ms(look.token_written_ms),
                count(look.dispatches_early),
                count(look.dispatches_late)
            );
        }
        out
    }

    fn weights(&self) -> String {
        let mut out = String::from("| download | raw | gzip | brotli |\n|---|---:|---:|---:|\n");
        for Download {
            what,
            raw,
            gzip,
            brotli,
            ..
        } in &self.downloads
        {
            let _ = writeln!(
                out,
                "| {what} | {} | {} | {} |",
                kb(*raw),
                kb(*gzip),
                kb(*brotli)
            );
        }
        out
    }
}

fn drawing(soon: &Soon, drawings: &[Drawing]) -> String {
    let mut out = String::from(
        "| drawing | frames | script a frame, ms | of 100 frames the last but one, ms | longest \
         frame, ms | layout shift |\n|---|---:|---:|---:|---:|---:|\n",
    );
    for Drawing {
        what,
        frames,
        script_ms,
        late_ms,
        longest_ms,
        layout_shift,
    } in drawings
    {
        let _ = writeln!(
            out,
            "| {what} | {frames} | {} | {} | {} | {layout_shift:.4} |",
            ms(*script_ms),
            ms(*late_ms),
            ms(*longest_ms)
        );
    }
    let Soon {
        first_picture_ms,
        engine_ms,
        poke_ms,
    } = soon;
    let _ = writeln!(
        out,
        "\nFrom navigation to the first picture {} ms, from there to the engine's own pass {} ms. \
         From a slider to the changed logits {} ms.",
        ms(*first_picture_ms),
        ms(*engine_ms),
        ms(*poke_ms)
    );
    out
}

/// A row of the table: its name, and how it reads in a case.
type Figure = (&'static str, fn(&Row) -> String);

const FIGURES: [Figure; 19] = [
    ("parameters", |r| r.params.to_string()),
    ("**ms per step** (median)", |r| {
        format!("**{}**", ms(r.ms_per_step))
    }),
    ("ms per step (page's clock, mean)", |r| {
        ms(r.wall_ms_per_step)
    }),
    ("in wasm, ms per step", |r| profiled(r, |busy| busy.wasm)),
    ("in JavaScript, ms per step", |r| {
        profiled(r, |busy| busy.javascript)
    }),
    ("collecting garbage, ms per step", |r| {
        profiled(r, |busy| busy.garbage)
    }),
    ("dispatches per step", |r| count(r.per_step.dispatches)),
    ("compute passes per step", |r| count(r.per_step.passes)),
    ("submits per step", |r| count(r.per_step.submits)),
    ("bind groups per step", |r| count(r.per_step.bind_groups)),
    ("buffers made per step", |r| count(r.per_step.buffers)),
    ("uploads per step", |r| count(r.per_step.writes)),
    ("read-backs per step", |r| count(r.per_step.reads)),
    ("pipelines before warm-up ends", |r| {
        count(r.pipelines_before)
    }),
    ("pipelines after it", |r| count(r.pipelines_after)),
    ("first step after newRun, ms", |r| ms(r.first_step_ms)),
    ("longest main-thread task, ms", |r| {
        r.longest_task_ms.map_or("under 50".into(), ms)
    }),
    ("steps timed", |r| r.steps.to_string()),
    ("loss after them", |r| format!("{:.3}", r.last_loss)),
];

fn profiled(row: &Row, figure: fn(&Busy) -> f64) -> String {
    row.busy
        .as_ref()
        .map_or("-".into(), |busy| ms(figure(busy)))
}

/// Three digits are what such a measurement is worth.
fn ms(value: f64) -> String {
    match value {
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

fn count(value: f64) -> String {
    if value.fract().abs() < 1e-9 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

fn kb(bytes: u64) -> String {
    format!("{:.0} KB", bytes as f64 / 1000.0)
}
