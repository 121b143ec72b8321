//! `engine bench`: how long a training step takes on this machine.

use super::cli::{Source, assign};
use glassformer::config::RunConfig;
use glassformer::engine::{device::Place, run::Run, train::read_steps};
use glassformer::protocol::{Fault, Path};
use std::time::Instant;

/// The same configurations as the page's benchmark: S and M.
pub async fn bench(
    source: &Source,
    steps: u32,
    path: Option<Path>,
    place: &Place,
) -> Result<(), Fault> {
    let text = source.read()?;
    println!("backend {}, {} steps", place.backend.name(), steps);
    for (name, sizes) in [
        (
            "S",
            [
                "n_layer=1",
                "n_head=4",
                "n_embd=32",
                "block_size=32",
                "batch_size=4",
            ],
        ),
        (
            "M",
            [
                "n_layer=4",
                "n_head=4",
                "n_embd=128",
                "block_size=64",
                "batch_size=8",
            ],
        ),
    ] {
        let mut config = RunConfig::default();
        for assignment in sizes {
            assign(&mut config, assignment)?;
        }
        let mut run = Run::new(config, &text, place)?;
        run.learner.choose(path);
        let mut times = Vec::new();
        for _ in 0..10 + steps {
            let start = Instant::now();
            let queued = run.queue_step()?;
            read_steps(vec![queued]).await?;
            times.push(start.elapsed().as_secs_f64() * 1000.0);
        }
        let mut times = times.split_off(10);
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
        let least = times.first().copied().unwrap_or(f64::NAN);
        println!(
            "{name}: {median:.2} ms a step (median; least {least:.2}), {} path",
            run.learner.path().name()
        );
    }
    Ok(())
}
