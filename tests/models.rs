//! The ready-made models as they lie in `www/models/`: each loads, is what the manifest says, and
//! knows what the manifest says it knows.

use glassformer::engine::{checkpoint, device::Place, exam::examine, params};
use glassformer::models::{MANIFEST, Manifest};
use glassformer::text::corpus::Corpus;
use glassformer::text::score::whole;
use std::path::Path;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/www/models"))
}

fn manifest() -> Manifest {
    let bytes = std::fs::read(folder().join(MANIFEST)).expect("the manifest");
    serde_json::from_slice(&bytes).expect("a manifest")
}

#[test]
fn every_file_is_listed_and_small() {
    let manifest = manifest();
    let first = manifest.models.first().expect("the page opens with one");
    assert!(first.passes, "{} is the first that people see", first.name);
    let mut listed: Vec<String> = manifest.models.iter().map(|m| m.file()).collect();
    let files = std::fs::read_dir(folder()).expect("the folder");
    let files = files.map(|file| file.expect("a file"));
    let mut found = Vec::new();
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        if name != MANIFEST {
            let most = if name.starts_with("addition") {
                1_000_000
            } else {
                500_000
            };
            let size = file.metadata().expect("its size").len();
            assert!(size <= most, "{name} has {size} bytes");
            found.push(name);
        }
    }
    listed.sort();
    found.sort();
    assert_eq!(listed, found);
}

#[test]
fn every_model_is_and_knows_what_the_manifest_says() {
    for model in manifest().models {
        let bytes = std::fs::read(folder().join(model.file())).expect("the model");
        let run = checkpoint::load(&bytes, None, &Place::cpu()).expect("loads");
        assert_eq!(run.config, model.config, "{}", model.name);
        assert_eq!(run.config.model.attention.kind(), model.kind);
        assert_eq!(run.step, model.steps);
        let numbers = params::list(&run.model).into_iter();
        let numbers: usize = numbers.map(|p| p.shape.iter().product::<usize>()).sum();
        assert_eq!(numbers, model.parameters);
        let known = |c: char| run.tokenizer.vocab().contains(&c);
        assert!(
            model.prompt.chars().all(known),
            "{}: {:?}",
            model.name,
            model.prompt
        );
        for name in &model.corpora {
            let questions = Corpus::named(name).expect("built in").exam(1);
            let scores = pollster::block_on(examine(&run, &questions)).expect("scores");
            let (found, told) = (whole(&scores).exact, whole(&model.scores[name]).exact);
            assert_eq!(found.of, told.of, "{} on {name}", model.name);
            // Another build may round another way and turn a close answer.
            let apart = (found.share() - told.share()).abs();
            assert!(
                apart < 0.01,
                "{} on {name}: {found:?}, not {told:?}",
                model.name
            );
        }
    }
}
