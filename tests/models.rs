//! The ready-made models as they lie in `www/models/`: each loads, is what the manifest says, and
//! knows what the manifest says it knows.

use glassformer::engine::{checkpoint, device::Place, exam::examine, params};
use glassformer::models::{MANIFEST, Manifest, Pretrained};
use glassformer::text::corpus::Corpus;
use glassformer::text::score::whole;
use glassformer::trace::Trace;
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
    assert!(first.traced, "the page opens with its pass");
    let files = |m: &Pretrained| [Some(m.file()), m.trace_file()];
    let listed = manifest.models.iter().flat_map(files).flatten();
    let mut listed: Vec<String> = listed.collect();
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
        let numbers = params::list(run.model()).into_iter();
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

#[test]
fn after_every_example_some_kind_is_right_and_sure() {
    let runs: Vec<_> = manifest()
        .models
        .into_iter()
        .map(|model| {
            let bytes = std::fs::read(folder().join(model.file())).expect("the model");
            let run = checkpoint::load(&bytes, None, &Place::cpu()).expect("loads");
            (model, run)
        })
        .collect();
    // What the grammars determine, worked out by hand.
    let right = [
        ("the big fluffy ", 'd'),
        ("some big fluffy dog", 's'),
        ("ann is not wet but bold. bold? ", 'y'),
        ("ned is not tall but shy. tall? ", 'n'),
        ("the pet of gus is a ", 'd'),
        ("321+654=", '9'),
        ("586+937=4", '2'),
        ("999+100=0", '0'),
        ("stone<eno", 't'),
        ("([]{<|", '>'),
        ("The mouse looked u", 'p'),
        ("he could not get u", 'p'),
    ];
    let mut seen = 0;
    for corpus in Corpus::ALL {
        for example in corpus.examples() {
            let (_, right) = right
                .iter()
                .find(|(text, _)| text == example)
                .expect(example);
            let knows = |model: &Pretrained| model.corpora.iter().any(|c| c == corpus.name());
            let chances: Vec<f32> = runs
                .iter()
                .filter(|(model, _)| knows(model))
                .map(|(_, run)| {
                    let pass = pollster::block_on(run.trace(example, &[])).expect("a pass");
                    let logits = pass.get("logits").expect("logits");
                    let row = logits.data.chunks_exact(pass.about.vocab.len()).last();
                    let row = row.expect("a token");
                    let most = row.iter().copied().fold(f32::MIN, f32::max);
                    let sum: f32 = row.iter().map(|x| (x - most).exp()).sum();
                    let place = pass.about.vocab.iter().position(|c| c == right);
                    (row[place.expect("it is known")] - most).exp() / sum
                })
                .collect();
            let surest = chances.iter().copied().fold(0.0, f32::max);
            assert!(surest > 0.85, "{example:?} and then {right:?}: {chances:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, right.len());
}

#[test]
fn a_pass_made_beforehand_is_the_models_own() {
    let mut seen = 0;
    for model in manifest().models {
        let Some(file) = model.trace_file() else {
            continue;
        };
        let bytes = std::fs::read(folder().join(&file)).expect("the pass");
        let kept = Trace::from_safetensors(&bytes).expect("a trace");
        let bytes = std::fs::read(folder().join(model.file())).expect("the model");
        let run = checkpoint::load(&bytes, None, &Place::cpu()).expect("loads");
        let made = pollster::block_on(run.trace(&model.prompt, &[])).expect("a pass");
        assert_eq!(kept.about, made.about, "{file}");
        for ((name, kept), (_, made)) in kept.arrays().zip(made.arrays()) {
            let finite = made.data.iter().filter(|x| x.is_finite());
            let scale = finite.fold(1e-3f32, |most, x| most.max(x.abs()));
            for (kept, made) in kept.data.iter().zip(made.data) {
                let apart = if kept == made {
                    0.0
                } else {
                    (kept - made).abs()
                };
                assert!(
                    apart <= 1e-5 * scale,
                    "{file}: {name} has {kept}, not {made}"
                );
            }
        }
        seen += 1;
    }
    assert!(seen > 0, "no model has one");
}
