//! `cargo xtask bench --native`: the engine's training steps on this machine, and PyTorch's beside
//! them, on the same configurations, in one table.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, bail};
use serde_json::{Value as Json, json};

use super::absolute;
use crate::{machine::Machine, programs};

/// What `bench --native` can be told.
pub struct Options {
    /// Also write the figures to this file.
    pub json: Option<PathBuf>,
    /// Train on this text.
    pub text: Option<PathBuf>,
    /// The Python that has PyTorch.
    pub python: Option<PathBuf>,
    /// Also train the preset `laptop` to this validation loss.
    pub to_loss: Option<String>,
    /// Take a GPU that is one in software, too.
    pub software: bool,
    /// Few steps.
    pub quick: bool,
}

/// Where each program leaves its figures, from the root.
const FOLDER: &str = "target/bench-native";
/// The text that the benchmark in the browser has fetched, from the root.
const FETCHED: &str = "target/tmp/tinyshakespeare.txt";

/// Builds the engine and measures it, then PyTorch.
pub fn run(options: &Options) -> Result<()> {
    let machine = Machine::here()?;
    let text = text(options, &machine)?;
    let folder = machine.root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let gpu = options.software || has_gpu();
    println!("\nBuilding the engine with full optimisation: some 10 minutes the first time.\n");
    let mut ours = vec![engine(
        &machine,
        options,
        &text,
        &folder,
        Backend::Cpu,
        gpu,
    )?];
    if gpu {
        match engine(&machine, options, &text, &folder, Backend::Gpu, gpu) {
            Ok(figures) if figures["software"] == true && !options.software => {
                println!("The only GPU here is one in software: it is left out.");
            }
            Ok(figures) => ours.push(figures),
            Err(error) => println!("The GPU is left out: {error:#}"),
        }
    } else {
        println!("No GPU of its own is to be seen on this machine: it is left out.");
    }
    let pytorch = pytorch(&machine, options, &text, &folder)?;
    let about = format!(
        "{}, {} cores, {} {}.",
        cpu(),
        thread::available_parallelism().map_or(1, Into::into),
        env::consts::OS,
        env::consts::ARCH
    );
    println!("\n{}", table(&about, &ours, pytorch.as_ref()));
    if let Some(file) = &options.json {
        let all = json!({ "about": about, "engine": ours, "pytorch": pytorch });
        fs::write(file, format!("{all:#}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// What is trained on.
fn text(options: &Options, machine: &Machine) -> Result<PathBuf> {
    let named = env::var_os("GLASSFORMER_TEXT").map(PathBuf::from);
    if let Some(file) = options.text.clone().or(named) {
        return absolute(&file);
    }
    let fetched = machine.root.join(FETCHED);
    if !fetched.is_file() {
        bail!(
            "no text to train on: name one with --text or in the environment variable \
             GLASSFORMER_TEXT, or run `cargo xtask bench` first, which fetches one"
        );
    }
    Ok(fetched)
}

/// Where the engine computes.
#[derive(Clone, Copy)]
enum Backend {
    Cpu,
    Gpu,
}

/// The engine's figures on one backend.
fn engine(
    machine: &Machine,
    options: &Options,
    text: &Path,
    folder: &Path,
    backend: Backend,
    gpu: bool,
) -> Result<Json> {
    let file = folder.join(match backend {
        Backend::Cpu => "cpu.json",
        Backend::Gpu => "gpu.json",
    });
    let mut cargo = machine.cargo();
    // One build serves both.
    let features = if gpu { "webgpu" } else { "engine" };
    cargo.args(["run", "--profile", "native", "--no-default-features"]);
    cargo.args(["--features", features, "--bin", "engine", "--", "bench"]);
    cargo.arg("--text").arg(text).arg("--json").arg(&file);
    match backend {
        Backend::Cpu => {}
        Backend::Gpu => {
            cargo.args(["--backend", "webgpu"]);
            if !options.software {
                cargo.arg("--hardware");
            }
        }
    }
    if let Some(loss) = &options.to_loss {
        cargo.args(["--to-loss", loss]);
    }
    if options.quick {
        cargo.arg("--quick");
    }
    programs::run(&mut cargo)?;
    read(&file)
}

/// PyTorch's figures; `None` where the default Python has none.
fn pytorch(
    machine: &Machine,
    options: &Options,
    text: &Path,
    folder: &Path,
) -> Result<Option<Json>> {
    let program = match &options.python {
        // A path from here, or a name that is looked for.
        Some(named) if named.components().count() > 1 => absolute(named)?,
        Some(named) => named.clone(),
        None => "python3".into(),
    };
    if !programs::succeeds(machine.command(&program).args(["-c", "import torch"])) {
        let without = format!("`{} -c 'import torch'` fails", program.display());
        if options.python.is_some() {
            bail!("{without}: this Python has no PyTorch that works");
        }
        println!("{without}: PyTorch is left out. Name a Python that has it with --python.");
        return Ok(None);
    }
    let file = folder.join("pytorch.json");
    let mut python = machine.command(&program);
    python.arg("benches/peers/pytorch.py");
    python.arg("--text").arg(text).arg("--json").arg(&file);
    if options.quick {
        python.arg("--quick");
    }
    programs::run(&mut python)?;
    read(&file).map(Some)
}

fn read(file: &Path) -> Result<Json> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}

/// Whether it is worth building the engine for a GPU. Whether that is one in software only the engine
/// can tell.
fn has_gpu() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let nodes = fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    let mut names = nodes.map(|node| node.file_name());
    Path::new("/dev/nvidia0").exists()
        || names.any(|name| name.to_string_lossy().starts_with("renderD"))
}

/// The processor's name where the system tells it.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = info.lines();
    let name = lines.find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or("unknown CPU".into(), |(_, name)| name.trim().to_owned())
}

/// The figures in Markdown, to be put into the documents as they are.
fn table(about: &str, ours: &[Json], pytorch: Option<&Json>) -> String {
    let mut out = format!("{about}\n\n| ms per step | S | M | L |\n|---|---:|---:|---:|\n");
    // Writing into a string cannot fail.
    let mut line = |name: &str, runs: &[&Json]| {
        let cells = ["S", "M", "L"].map(|config| cell(runs, config));
        let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    };
    for figures in ours {
        let runs = runs(figures, |run| run["attention"] == "standard");
        line(&format!("Glassformer, {}", place(figures)), &runs);
    }
    let version = pytorch.map_or("", |p| p["version"].as_str().unwrap_or_default());
    let mut done = Vec::new();
    for run in pytorch.into_iter().flat_map(|p| runs(p, |_| true)) {
        let of = |run: &Json| {
            [
                run["device"].clone(),
                run["threads"].clone(),
                run["variant"].clone(),
            ]
        };
        if done.contains(&of(run)) {
            continue;
        }
        let [device, threads, variant] = of(run);
        let all = pytorch.map_or(Vec::new(), |p| runs(p, |other| of(other) == of(run)));
        let variant = variant.as_str().unwrap_or_default();
        let where_ = match device.as_str() {
            Some("cuda") => pytorch
                .map_or("", |p| p["cuda"].as_str().unwrap_or("CUDA"))
                .to_owned(),
            _ => format!("CPU, threads: {threads}"),
        };
        line(&format!("PyTorch {version}, {where_}, {variant}"), &all);
        done.push(of(run));
    }
    for figures in ours {
        kinds(&mut out, figures);
    }
    out
}

/// Every kind of attention in a row.
fn kinds(out: &mut String, figures: &Json) {
    let _ = writeln!(
        out,
        "\n| Glassformer, {}, ms per step | S | M | path |\n|---|---:|---:|---|",
        place(figures)
    );
    let mut labels: Vec<&Json> = Vec::new();
    for run in runs(figures, |_| true) {
        let label = &run["attention"];
        if !labels.contains(&label) {
            labels.push(label);
            let all = runs(figures, |other| other["attention"] == *label);
            let [s, m] = ["S", "M"].map(|config| cell(&all, config));
            let [label, path] = [label, &run["path"]].map(|x| x.as_str().unwrap_or_default());
            let _ = writeln!(out, "| {label} | {s} | {m} | {path} |");
        }
    }
    let reached = &figures["toLoss"];
    if let (Some(seconds), Some(steps)) = (reached["seconds"].as_f64(), reached["steps"].as_u64()) {
        let [target, loss] =
            ["target", "valLoss"].map(|key| reached[key].as_f64().unwrap_or(f64::NAN));
        let how = if loss <= target { "" } else { "not " };
        let _ = writeln!(
            out,
            "\n`laptop`: a validation loss of {target:.2} was {how}reached in {seconds:.0} s, {steps} steps \
             (the estimate then: {loss:.3})."
        );
    }
}

fn place(figures: &Json) -> String {
    match figures["adapter"].as_str() {
        Some(adapter) => adapter.to_owned(),
        None => "CPU, threads: 1".to_owned(),
    }
}

fn runs(figures: &Json, wanted: impl Fn(&Json) -> bool) -> Vec<&Json> {
    let all = figures["runs"].as_array().into_iter().flatten();
    all.filter(|run| wanted(run)).collect()
}

/// Milliseconds per step of that configuration, three digits; why not, where there are none.
fn cell(runs: &[&Json], config: &str) -> String {
    let Some(run) = runs.iter().find(|run| run["config"] == config) else {
        return "-".into();
    };
    match (run["msPerStep"].as_f64(), run["error"].as_str()) {
        (Some(ms), _) if ms < 10.0 => format!("{ms:.2}"),
        (Some(ms), _) if ms < 100.0 => format!("{ms:.1}"),
        (Some(ms), _) => format!("{ms:.0}"),
        (None, Some(error)) => format!("fails: {error}"),
        (None, None) => "-".into(),
    }
}
