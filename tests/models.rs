//! The ready-made models as they lie in `www/models/`: each loads, is what the manifest says, and
//! knows what the manifest says it knows.

use glassformer::engine::{checkpoint, device::Place, exam::examine, params, run::Run};
use glassformer::explain::{self, Quantity};
use glassformer::models::telling::{TELLING, Taken, Telling, telling};
use glassformer::models::{MANIFEST, Manifest, Pretrained};
use glassformer::text::corpus::Corpus;
use glassformer::text::score::whole;
use glassformer::trace::{Intervention, Trace};
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

/// Every model, open.
fn runs() -> Vec<(Pretrained, Run)> {
    let models = manifest().models.into_iter();
    let opened = models.map(|model| {
        let bytes = std::fs::read(folder().join(model.file())).expect("the model");
        let run = checkpoint::load(&bytes, None, &Place::cpu()).expect("loads");
        (model, run)
    });
    opened.collect()
}

/// How likely a pass holds that character to be the next, 0 to 1.
fn chance(pass: &Trace, next: char) -> f32 {
    let logits = pass.get("logits").expect("logits");
    let row = logits.data.chunks_exact(pass.about.vocab.len()).last();
    let row = row.expect("a token");
    let most = row.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = row.iter().map(|x| (x - most).exp()).sum();
    let place = pass.about.vocab.iter().position(|c| *c == next);
    (row[place.expect("it is known")] - most).exp() / sum
}

#[test]
fn after_every_example_some_kind_is_right_and_sure() {
    let runs = runs();
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
            let (next, example) = (example.next, example.text);
            let (_, right) = right
                .iter()
                .find(|(text, _)| *text == example)
                .expect(example);
            assert_eq!(next, *right, "{example:?}");
            let knows = |model: &Pretrained| model.corpora.iter().any(|c| c == corpus.name());
            let chances: Vec<f32> = runs
                .iter()
                .filter(|(model, _)| knows(model))
                .map(|(_, run)| {
                    let pass = pollster::block_on(run.trace(example, &[])).expect("a pass");
                    chance(&pass, *right)
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

#[test]
fn what_tells_is_what_it_is_said_to_be_and_without_it_the_guess_falls() {
    let runs = runs();
    let mut seen = 0;
    for (model, run) in &runs {
        let corpora = model.corpora.iter();
        let corpora = corpora.map(|name| Corpus::named(name).expect("built in"));
        let examples = corpora.flat_map(|corpus| corpus.examples());
        for example in examples.map(|example| example.text) {
            let Some(there) = telling(&model.name, example) else {
                continue;
            };
            let (next, before, after) = there.falls;
            let place = format!("{} on {example:?}", model.name);
            let clean = pollster::block_on(run.trace(example, &[])).expect("a pass");
            let tokens = example.chars().count();
            match there.taken {
                Taken::Weight { key } => {
                    let Telling {
                        layer, pass, head, ..
                    } = there;
                    let pattern = Quantity::Pattern(explain::Place { layer, pass }).name();
                    let pattern = clean.get(&pattern).expect("the pattern");
                    let mut looks = pattern.data.chunks_exact(tokens);
                    let look = looks.nth(head * tokens + tokens - 1);
                    let look = look.expect("the last token's");
                    let most = look.iter().copied().fold(0.0, f32::max);
                    assert!(look[key] == most && most > 0.4, "{place}: {look:?}");
                    let without = |change| {
                        let pass = pollster::block_on(run.trace(example, &[change]));
                        100.0 * chance(&pass.expect("a pass"), next)
                    };
                    // What the others do with its share is not what it told.
                    let gone = without(Intervention::Cell {
                        layer,
                        head,
                        pass,
                        query: tokens - 1,
                        key,
                        weight: 0.0,
                        renormalise: false,
                    });
                    let fall = before - after;
                    assert!(before - gone >= fall / 2.0, "{place}: only to {gone} %");
                    // Nor does anybody look at a head for what works without it.
                    let off = without(Intervention::Head {
                        layer,
                        head,
                        pass,
                        scale: 0.0,
                    });
                    assert!(before - off >= 10.0, "{place}: without the head {off} %");
                }
                // The slider that does it takes the head out of both passes.
                Taken::Head => assert_eq!(there.pass, None, "{place}"),
            }
            let change = there.change(tokens);
            let changed = pollster::block_on(run.trace(example, &[change])).expect("a pass");
            let likeliest = clean.about.vocab.iter();
            let likeliest = likeliest.map(|c| chance(&clean, *c)).fold(0.0, f32::max);
            assert_eq!(likeliest, chance(&clean, next), "{place}: {next:?}");
            for (pass, said) in [(&clean, before), (&changed, after)] {
                let percent = 100.0 * chance(pass, next);
                // Another build may round another way.
                let apart = (percent - said).abs();
                assert!(apart <= 0.1, "{place}: {percent} %, not {said} %");
            }
            assert!(before > after, "{place}: nothing falls");
            seen += 1;
        }
    }
    assert_eq!(seen, TELLING.len(), "a row is of no model's example");
}
