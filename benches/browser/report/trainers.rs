//! Tables that set trainers side by side: the kinds of attention, and other people's.

use super::{count, ms};
use crate::{
    counters::Counters,
    measure::Row,
    peers::{Device, Figures, Peer},
    sizes,
    to_loss::Reached,
};
use glassformer::protocol::Backend;
use std::fmt::Write as _;

/// Where a figure is not there.
const NONE: &str = "-";

/// Every kind in a row; standard attention from the sizes' own rows.
pub fn kinds(rows: &[Row], kinds: &[Row]) -> String {
    let mut out = String::from(
        "| ms per step | S cpu | M cpu | S webgpu | M webgpu | dispatches S / M | bind groups \
         S / M | first step S / M, webgpu |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut labels: Vec<&str> = Vec::new();
    for row in rows.iter().chain(kinds) {
        if !labels.contains(&row.attention) {
            labels.push(row.attention);
        }
    }
    for label in labels {
        let find = |config: &str, backend| {
            let mut all = rows.iter().chain(kinds);
            all.find(|row| (row.attention, row.config, row.backend) == (label, config, backend))
        };
        let one = |config, backend, figure: fn(&Row) -> String| {
            find(config, backend).map_or(NONE.into(), figure)
        };
        let gpu = |figure| {
            let [s, m] = ["S", "M"].map(|config| one(config, Backend::Webgpu, figure));
            format!("{s} / {m}")
        };
        let time = |config, backend| one(config, backend, |row| ms(row.ms_per_step));
        let _ = writeln!(
            out,
            "| {label} | {} | {} | {} | {} | {} | {} | {} |",
            time("S", Backend::Cpu),
            time("M", Backend::Cpu),
            time("S", Backend::Webgpu),
            time("M", Backend::Webgpu),
            gpu(|row| count(row.per_step.dispatches)),
            gpu(|row| count(row.per_step.bind_groups)),
            gpu(|row| ms(row.first_step_ms)),
        );
    }
    out
}

/// Ours and others in a row each; ours by the page's clock, as theirs.
pub fn peers(rows: &[Row], peers: &[Peer]) -> String {
    let mut out = String::from(
        "| ms per step | S wasm | M wasm | L wasm | S WebGPU | M WebGPU | L WebGPU | dispatches \
         S / M | submits S / M | first step S / M, WebGPU |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let ours = |config: &str, device| {
        let backend = match device {
            Device::Wasm => Backend::Cpu,
            Device::Webgpu => Backend::Webgpu,
        };
        let row = rows
            .iter()
            .find(|row| (row.config, row.backend) == (config, backend))?;
        Some((row.wall_ms_per_step, &row.per_step, row.first_step_ms))
    };
    line(&mut out, "Glassformer", ours);
    let mut names: Vec<(&str, usize)> = Vec::new();
    for peer in peers.iter().filter(|peer| peer.device == Device::Wasm) {
        if !names.contains(&(peer.trainer, peer.threads)) {
            names.push((peer.trainer, peer.threads));
        }
    }
    for (trainer, threads) in names {
        let theirs = |config: &str, device| {
            let peer = peers.iter().find(|peer| {
                (peer.trainer, peer.threads) == (trainer, threads)
                    && (peer.config, peer.device) == (config, device)
            })?;
            let Figures {
                ms_per_step,
                per_step,
                first_step_ms,
                ..
            } = peer.figures.as_ref()?;
            Some((*ms_per_step, per_step, *first_step_ms))
        };
        line(&mut out, &format!("{trainer}, threads: {threads}"), theirs);
    }
    out
}

/// A trainer's line: milliseconds per step, counters and first step by size and device.
fn line<'a>(
    out: &mut String,
    name: &str,
    figures: impl Fn(&str, Device) -> Option<(f64, &'a Counters, f64)>,
) {
    let mut cells = Vec::new();
    for device in [Device::Wasm, Device::Webgpu] {
        for config in sizes::NAMES {
            cells.push(figures(config, device).map_or(NONE.into(), |(time, ..)| ms(time)));
        }
    }
    let gpu = |figure: fn((f64, &Counters, f64)) -> String| {
        let [s, m] =
            ["S", "M"].map(|config| figures(config, Device::Webgpu).map_or(NONE.into(), figure));
        format!("{s} / {m}")
    };
    cells.push(gpu(|(_, counters, _)| count(counters.dispatches)));
    cells.push(gpu(|(_, counters, _)| count(counters.submits)));
    cells.push(gpu(|(.., first)| ms(first)));
    let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
}

pub fn to_loss(reached: &Reached) -> String {
    let Reached {
        target,
        val_loss,
        steps,
        seconds,
    } = reached;
    let how = if val_loss <= target { "" } else { "not " };
    format!(
        "`laptop` on the CPU, trained as in the page: a validation loss of {target} was {how}reached \
         in {seconds:.0} s, {steps} steps (the estimate then: {val_loss:.3}).\n"
    )
}
