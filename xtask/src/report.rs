//! A run of stages: each with a heading and its time, and a summary at the end.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

enum Outcome {
    Passed,
    Failed,
    Skipped(&'static str),
}

/// The stages so far.
pub struct Report {
    fail_fast: bool,
    stages: Vec<(String, Outcome, Duration)>,
}

impl Report {
    /// An empty report; with `fail_fast` the first failure ends the run.
    pub fn new(fail_fast: bool) -> Report {
        Report {
            fail_fast,
            stages: Vec::new(),
        }
    }

    /// Does a stage and notes how it went; whether it passed. An error only when it is to end the
    /// run.
    pub fn stage(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<bool> {
        println!("\n==== {name}");
        // Programs that are started write to the terminal directly.
        let _ = std::io::stdout().flush();
        let start = Instant::now();
        let result = work();
        let time = start.elapsed();
        let passed = result.is_ok();
        let outcome = match &result {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                eprintln!("error: {error:#}");
                Outcome::Failed
            }
        };
        println!(
            "==== {name}: {} in {}",
            if passed { "passed" } else { "FAILED" },
            clock(time)
        );
        self.stages.push((name.to_owned(), outcome, time));
        if self.fail_fast {
            result?;
        }
        Ok(passed)
    }

    /// Notes a stage that is left out, and says so at once and again at the end.
    pub fn skip(&mut self, name: &str, reason: &'static str) {
        println!("\n==== {name}: SKIPPED, {reason}");
        self.stages
            .push((name.to_owned(), Outcome::Skipped(reason), Duration::ZERO));
    }

    /// Prints the summary; an error when a stage failed.
    pub fn finish(self) -> Result<()> {
        println!("\n==== Summary");
        let mut failed = Vec::new();
        let mut total = Duration::ZERO;
        for (name, outcome, time) in &self.stages {
            total += *time;
            match outcome {
                Outcome::Passed => println!("passed   {:>8}  {name}", clock(*time)),
                Outcome::Failed => {
                    println!("FAILED   {:>8}  {name}", clock(*time));
                    failed.push(name.as_str());
                }
                Outcome::Skipped(reason) => println!("SKIPPED            {name} ({reason})"),
            }
        }
        println!("         {:>8}  in all", clock(total));
        if !failed.is_empty() {
            bail!(
                "{} of {} stages failed: {}",
                failed.len(),
                self.stages.len(),
                failed.join(", ")
            );
        }
        Ok(())
    }
}

fn clock(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 60.. => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
