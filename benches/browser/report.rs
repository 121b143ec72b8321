//! The figures as a table for people and as JSON for programs.

use crate::{
    frames::{Drawing, Soon},
    harness::{Outcome, Setup, in_browser},
    measure::Row,
    passes::Passes,
    size::Download,
};
use glassformer::protocol::Backend;
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
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    Ok(About {
        cpu: cpu(),
        cores: std::thread::available_parallelism().map_or(1, Into::into),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        browser: version["product"].as_str().unwrap_or("unknown").into(),
        text_chars: text.chars().count(),
        vocabulary: text.chars().collect::<HashSet<_>>().len(),
        // Files' names are nobody's business but the caller's.
        command: ["cargo xtask bench".to_string()]
            .into_iter()
            .chain(words.map(|word| {
                if word.starts_with("--") {
                    word
                } else {
                    "FILE".into()
                }
            }))
            .collect::<Vec<_>>()
            .join(" "),
    })
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

#[derive(Debug)]
pub struct Report {
    pub about: About,
    pub rows: Vec<Row>,
    pub looks: Vec<Passes>,
    pub soon: Soon,
    pub drawings: Vec<Drawing>,
    pub downloads: Vec<Download>,
}

impl Report {
    pub fn json(&self) -> Json {
        json!({
            "about": self.about, "runs": self.rows, "passes": self.looks,
            "soon": self.soon, "drawings": self.drawings, "downloads": self.downloads,
        })
    }

    /// In Markdown, to be put into the documents as it is.
    pub fn table(&self) -> String {
        let About {
            cpu,
            cores,
            system,
            browser,
            text_chars,
            vocabulary,
            command,
        } = &self.about;
        let mut out = String::new();
        // Writing into a string cannot fail.
        let mut line = |text: String| {
            let _ = writeln!(out, "{text}");
        };
        line(format!("{cpu}, {cores} cores, {system}; {browser}."));
        line(format!(
            "Text: {text_chars} characters, {vocabulary} distinct. `{command}`"
        ));
        for row in self
            .rows
            .iter()
            .filter(|row| row.backend == Backend::Webgpu)
            .take(1)
        {
            let adapter = row.adapter.as_deref().unwrap_or("unknown");
            line(format!("WebGPU adapter: {adapter}."));
        }
        line(
            "SwiftShader computes WebGPU on the CPU: its rows serve counting and correctness, \
             they say nothing of a GPU's speed.\n"
                .into(),
        );
        line(self.head());
        line(format!("|---|{}", "---:|".repeat(self.rows.len())));
        for (name, figure) in FIGURES {
            let values = self.rows.iter().map(|row| format!(" {} |", figure(row)));
            line(format!("| {name} |{}", values.collect::<String>()));
        }
        line(
            "\n| passes that are looked at | tokens | trace | trace, ms | one token more with its \
             rows, ms | one token written, ms | dispatches of the second and the last token |\n\
             |---|---:|---:|---:|---:|---:|---:|"
                .into(),
        );
        for look in &self.looks {
            line(format!(
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
            ));
        }
        line(
            "\n| drawing | frames | script a frame, ms | of 100 frames the last but one, ms | longest \
             frame, ms | layout shift |\n|---|---:|---:|---:|---:|---:|"
                .into(),
        );
        for Drawing {
            what,
            frames,
            script_ms,
            late_ms,
            longest_ms,
            layout_shift,
        } in &self.drawings
        {
            line(format!(
                "| {what} | {frames} | {} | {} | {} | {layout_shift:.4} |",
                ms(*script_ms),
                ms(*late_ms),
                ms(*longest_ms)
            ));
        }
        let Soon {
            first_picture_ms,
            engine_ms,
            poke_ms,
        } = &self.soon;
        line(format!(
            "\nFrom navigation to the first picture {} ms, from there to the engine's own pass {} ms. \
             From a slider to the changed logits {} ms.",
            ms(*first_picture_ms),
            ms(*engine_ms),
            ms(*poke_ms)
        ));
        line("\n| download | raw | gzip | brotli |\n|---|---:|---:|---:|".into());
        for Download {
            what,
            raw,
            gzip,
            brotli,
            ..
        } in &self.downloads
        {
            line(format!(
                "| {what} | {} | {} | {} |",
                kb(*raw),
                kb(*gzip),
                kb(*brotli)
            ));
        }
        out
    }

    fn head(&self) -> String {
        let names = self
            .rows
            .iter()
            .map(|row| format!(" {} {} |", row.config, row.backend.name()));
        format!("| |{}", names.collect::<String>())
    }
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
    ("in wasm, ms per step", |r| ms(r.busy.wasm)),
    ("in JavaScript, ms per step", |r| ms(r.busy.javascript)),
    ("collecting garbage, ms per step", |r| ms(r.busy.garbage)),
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
