//! The engine through its protocol, natively on the CPU: what a worker is asked and answers.

use glassformer::config::{Preset, Recipe, RunConfig};
use glassformer::engine::session::{Host, Session};
use glassformer::protocol::{
    Backend, Command, Event, FaultKind, Path, Reply, Request, RunInfo, Sampling, StepReport,
    TrainSummary, VERSION,
};
use glassformer::text::corpus::Corpus;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;

type Sent = (Event, Vec<Vec<u8>>);
/// A reply with its payloads, or what was refused and why.
type Answer = Result<(Reply, Vec<Vec<u8>>), (FaultKind, String)>;

/// Keeps what the engine says; nothing ever arrives while it breathes.
#[derive(Default)]
struct Recorder(RefCell<Vec<Sent>>);

impl Host for Recorder {
    fn emit(&self, event: Event, payloads: Vec<Vec<u8>>) {
        self.0.borrow_mut().push((event, payloads));
    }
    async fn breathe(&self) -> bool {
        false
    }
}

/// A worker's stand-in that answers one request after the other.
struct Engine {
    session: Session<Recorder>,
    id: u32,
    steps: Vec<StepReport>,
    written: String,
}

impl Engine {
    fn new() -> Self {
        let mut engine = Engine {
            session: Session::new(Backend::Cpu, Recorder::default()),
            id: 0,
            steps: Vec::new(),
            written: String::new(),
        };
        let reply = engine.ask(Command::Init { version: VERSION }, vec![]);
        assert!(matches!(
            reply,
            Ok((
                Reply::Ready {
                    backend: Backend::Cpu,
                    ..
                },
                _
            ))
        ));
        engine
    }

    fn send(&mut self, command: Command, payloads: Vec<Vec<u8>>) {
        self.id += 1;
        let request = Request {
            id: self.id,
            command,
        };
        pollster::block_on(self.session.handle(request, payloads));
    }

    fn ask(&mut self, command: Command, payloads: Vec<Vec<u8>>) -> Answer {
        self.send(command, payloads);
        while self.session.is_busy() {
            pollster::block_on(self.session.turn());
        }
        let mut answer = None;
        for (event, payloads) in self.session.host().0.take() {
            match event {
                Event::Reply { id, result } if id == self.id => {
                    answer = Some(result.map(|reply| (reply, payloads)));
                }
                Event::Steps(steps) => self.steps.extend(steps),
                Event::Wrote { text, .. } => self.written.push_str(&text),
                _ => {}
            }
        }
        let answer = answer.expect("every request is answered");
        answer.map_err(|fault| (fault.kind, fault.message))
    }

    fn new_run(&mut self, config: RunConfig, text: &str) -> RunInfo {
        let payloads = vec![text.as_bytes().to_vec()];
        match self.ask(Command::NewRun { config }, payloads) {
            Ok((Reply::Run(info), _)) => info,
            other => panic!("no run: {other:?}"),
        }
    }

    fn train(&mut self, steps: u32) -> TrainSummary {
        match self.ask(Command::Train { steps: Some(steps) }, vec![]) {
            Ok((Reply::Trained(summary), _)) => summary,
            other => panic!("not trained: {other:?}"),
        }
    }

    fn checkpoint(&mut self, with_optimizer: bool) -> Vec<u8> {
        match self.ask(Command::Checkpoint { with_optimizer }, vec![]) {
            Ok((Reply::Checkpoint { .. }, mut payloads)) => payloads.remove(0),
            other => panic!("no checkpoint: {other:?}"),
        }
    }

    fn write(&mut self, prompt: &str, options: Sampling) -> String {
        let prompt = prompt.to_string();
        match self.ask(Command::Generate { prompt, options }, vec![]) {
            Ok((Reply::Generated { text }, _)) => text,
            other => panic!("nothing written: {other:?}"),
        }
    }

    fn losses(&self) -> Vec<f32> {
        self.steps.iter().map(|step| step.train_loss).collect()
    }
}

fn text() -> String {
    Corpus::named("adjectives").expect("built in").generate(1)
}

fn small(seed: u32) -> RunConfig {
    let model = json!({"n_layer": 1, "n_head": 2, "n_embd": 16, "block_size": 16});
    let train = json!({"batch_size": 4, "warmup": 5, "max_steps": 400, "lr": 3e-3});
    let config = RunConfig::new(Preset::Glass, Recipe::Notes);
    let config = config.with_overrides(&model, &train).expect("valid");
    RunConfig { seed, ..config }
}

#[test]
fn a_run_learns_and_writes() {
    let mut engine = Engine::new();
    let info = engine.new_run(small(1), &text());
    let uniform = (info.vocab.len() as f32).ln();
    let first = engine.train(1);
    assert!((first.train_loss - uniform).abs() < 0.3, "starts near ln V");
    let last = engine.train(399);
    assert!(last.finished && last.step == 400);
    assert!(
        last.val_loss.expect("due at the end") < info.unigram_entropy,
        "below a model that only counts characters"
    );
    let options = Sampling {
        tokens: 40,
        ..Sampling::default()
    };
    let written = engine.write("the ", options);
    assert_eq!(written.chars().count(), 40);
    assert_eq!(written, engine.write("the ", options), "the seed decides");
    assert_eq!(engine.steps.len(), 400, "every step is reported once");
}

#[test]
fn every_recipe_norm_and_option_trains() {
    for recipe in Recipe::ALL {
        for norm in ["pre", "post", "none"] {
            for dropout in [0.0, 0.2] {
                let config = RunConfig::new(Preset::Glass, recipe)
                    .with_overrides(
                        &json!({"n_layer": 2, "n_embd": 16, "block_size": 8, "norm": norm, "dropout": dropout}),
                        &json!({"batch_size": 4, "warmup": 5, "lr": 3e-3}),
                    )
                    .expect("valid");
                let mut engine = Engine::new();
                engine.new_run(config, &text());
                engine.train(60);
                let losses = engine.losses();
                let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
                assert!(
                    mean(&losses[50..]) < mean(&losses[..5]),
                    "{recipe:?} {norm} {dropout}: {losses:?}"
                );
            }
        }
    }
}

#[test]
fn without_road_and_norm_the_signal_fades_and_nothing_is_learned() {
    let losses = |residual: bool| {
        let model = json!({"n_embd": 16, "block_size": 8, "norm": "none", "residual": residual});
        let config = RunConfig::new(Preset::Glass, Recipe::Nanogpt)
            .with_overrides(&model, &json!({"warmup": 5, "lr": 3e-3}))
            .expect("valid");
        let mut engine = Engine::new();
        engine.new_run(config, &text());
        engine.train(40);
        engine.losses()
    };
    let fall = |losses: Vec<f32>| losses[0] - losses[losses.len() - 1];
    assert!(fall(losses(false)).abs() < 1e-3);
    assert!(fall(losses(true)) > 0.05);
}

#[test]
fn a_resumed_run_goes_on_as_if_nothing_had_happened() {
    let mut config = small(7);
    config.model.dropout = 0.1;
    let mut whole = Engine::new();
    whole.new_run(config, &text());
    whole.train(50);

    let mut first = Engine::new();
    first.new_run(config, &text());
    first.train(30);
    let saved = first.checkpoint(true);
    let mut second = Engine::new();
    let reply = second.ask(Command::Resume, vec![saved, text().into_bytes()]);
    assert!(matches!(
        reply,
        Ok((Reply::Run(RunInfo { step: 30, .. }), _))
    ));
    second.train(20);

    let expected = &whole.losses()[30..];
    for (got, expected) in second.losses().iter().zip(expected) {
        assert!((got - expected).abs() <= 1e-5, "{got} is not {expected}");
    }
    assert_eq!(second.steps.len(), 20);
}

#[test]
fn a_step_that_leaves_the_finite_numbers_is_not_taken() {
    let mut healthy = Engine::new();
    healthy.new_run(small(7), &text());
    healthy.train(5);
    let spoiled = spoil(healthy.checkpoint(true), "lm_head.weight");
    for path in [Path::Readable, Path::Fast] {
        let mut engine = Engine::new();
        let payloads = vec![spoiled.clone(), text().into_bytes()];
        engine.ask(Command::Resume, payloads).expect("loads");
        let path = Some(path);
        engine.ask(Command::TrainBy { path }, vec![]).expect("set");
        let before = engine.checkpoint(true);
        // Twice: it is still step 6 that cannot be taken.
        for _ in 0..2 {
            let answer = engine.ask(Command::Train { steps: Some(3) }, vec![]);
            let (kind, message) = answer.expect_err("no finite loss");
            assert_eq!(kind, FaultKind::Diverged);
            assert!(message.contains("at step 6"), "{message}");
            assert!(message.contains("gradient of lm_head.weight"), "{message}");
        }
        let after = engine.checkpoint(true);
        assert!(numbers(&after) == numbers(&before), "{path:?} moved");
        assert!(engine.steps.is_empty());
    }
}

/// Every tensor's name and bytes.
fn numbers(checkpoint: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let file = safetensors::SafeTensors::deserialize(checkpoint).expect("safetensors");
    let all = file.tensors().into_iter();
    all.map(|(name, tensor)| (name, tensor.data().to_vec()))
        .collect()
}

/// A checkpoint whose tensor of that name is as large as numbers get.
fn spoil(checkpoint: Vec<u8>, name: &str) -> Vec<u8> {
    let file = safetensors::SafeTensors::deserialize(&checkpoint).expect("safetensors");
    let data = file.tensor(name).expect("there").data();
    let start = data.as_ptr() as usize - checkpoint.as_ptr() as usize;
    let end = start + data.len();
    let mut spoiled = checkpoint;
    for number in spoiled[start..end].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::MAX.to_le_bytes());
    }
    spoiled
}

#[test]
fn what_the_model_writes_survives_a_checkpoint() {
    let mut engine = Engine::new();
    engine.new_run(small(3), &text());
    engine.train(20);
    let bytes = engine.checkpoint(false);
    let options = Sampling {
        tokens: 60,
        ..Sampling::default()
    };
    let expected = engine.write("the ", options);
    let mut other = Engine::new();
    other.ask(Command::Resume, vec![bytes]).expect("loads");
    assert_eq!(other.write("the ", options), expected);
    let untrained = other.ask(Command::Train { steps: Some(1) }, vec![]);
    assert!(untrained.expect_err("no text").1.contains("without a text"));
}

#[test]
fn a_text_is_written_by_the_weights_at_its_beginning() {
    for path in [Path::Readable, Path::Fast] {
        let mut engine = Engine::new();
        engine.new_run(small(3), &text());
        let path = Some(path);
        engine.ask(Command::TrainBy { path }, vec![]).expect("set");
        engine.train(20);
        // Longer than the block, so that all is read anew in the end.
        let options = Sampling {
            tokens: 60,
            ..Sampling::default()
        };
        let expected = engine.write("the ", options);
        engine.written.clear();
        let prompt = "the ".to_string();
        engine.send(Command::Generate { prompt, options }, vec![]);
        // A character and a step in each turn, until both are done.
        assert_eq!(engine.train(80).step, 100);
        assert_eq!(engine.written, expected, "{path:?}");
        assert_ne!(engine.write("the ", options), expected, "it has learned");
    }
}

#[test]
fn names_and_shapes_are_nanogpts() {
    let mut engine = Engine::new();
    let config = RunConfig::new(Preset::Glass, Recipe::Notes);
    let info = engine.new_run(config, &text());
    let bytes = engine.checkpoint(false);
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let vocab = info.vocab.len();
    let shape = |name: &str| file.tensor(name).expect(name).shape().to_vec();
    assert_eq!(shape("transformer.wte.weight"), [vocab, 32]);
    assert_eq!(shape("transformer.wpe.weight"), [64, 32]);
    assert_eq!(shape("lm_head.weight"), [vocab, 32]);
    assert_eq!(shape("transformer.h.1.ln_1.weight"), [32]);
    assert_eq!(shape("transformer.h.1.attn.c_attn.weight"), [96, 32]);
    assert_eq!(shape("transformer.h.1.attn.c_attn.bias"), [96]);
    assert_eq!(shape("transformer.h.0.attn.c_proj.weight"), [32, 32]);
    assert_eq!(shape("transformer.h.0.mlp.c_fc.weight"), [128, 32]);
    assert_eq!(shape("transformer.h.0.mlp.c_proj.weight"), [32, 128]);
    assert_eq!(shape("transformer.ln_f.bias"), [32]);
    let numbers: usize = file
        .tensors()
        .iter()
        .map(|(_, t)| t.shape().iter().product::<usize>())
        .sum();
    assert_eq!(numbers, info.params);
}

#[test]
fn bad_input_is_named_and_nothing_is_lost() {
    let mut engine = Engine::new();
    let refused = |engine: &mut Engine, command: Command, payloads: Vec<Vec<u8>>| {
        engine
            .ask(command, payloads)
            .expect_err("must be refused")
            .1
    };
    let config = small(1);
    let new_run = || Command::NewRun { config };
    assert!(refused(&mut engine, Command::Train { steps: None }, vec![]).contains("no run"));
    engine.new_run(config, &text());
    engine.train(3);

    for (text, word) in [("", "empty"), ("aaaaaaaa", "one"), ("abcabc", "17")] {
        let message = refused(&mut engine, new_run(), vec![text.into()]);
        assert!(message.contains(word), "{message}");
    }
    let prompt = Command::Generate {
        prompt: "the Ω dog".into(),
        options: Sampling::default(),
    };
    assert!(refused(&mut engine, prompt, vec![]).contains('Ω'));

    let good = {
        let mut other = Engine::new();
        other.new_run(config, &text());
        other.checkpoint(true)
    };
    let truncated = good[..good.len() / 2].to_vec();
    let message = refused(&mut engine, Command::Resume, vec![truncated]);
    assert!(
        message.contains("damaged") || message.contains("complete"),
        "{message}"
    );
    let message = refused(&mut engine, Command::Resume, vec![b"hello".to_vec()]);
    assert!(message.contains("safetensors"), "{message}");

    // A file whose header promises another shape than its tensors have.
    let lied = String::from_utf8_lossy(&good[..]).find("\\\"n_embd\\\":16");
    let at = lied.expect("the header is readable");
    let mut reshaped = good.clone();
    let place = good
        .windows(13)
        .position(|w| w == b"\\\"n_embd\\\":16")
        .unwrap_or(at);
    reshaped[place + 11..place + 13].copy_from_slice(b"32");
    let message = refused(&mut engine, Command::Resume, vec![reshaped]);
    assert!(message.contains("needs F32"), "{message}");

    // After all that the run is where it was.
    assert_eq!(engine.train(1).step, 4);
}

#[test]
fn no_future_leaks_into_the_logits() {
    use glassformer::engine::{device::Place, run::Run};
    let run = Run::new(small(5), &text(), &Place::cpu()).expect("a run");
    let tokens: Vec<u32> = run.tokenizer.encode("the big dog").expect("known");
    // The logits after the prefix alone, and after the prefix with another future, bit for bit.
    let model = burn::module::Module::valid(run.model());
    let forward = |tokens: &[u32]| -> Vec<f32> {
        let numbers: Vec<i32> = tokens.iter().map(|t| *t as i32).collect();
        let shape = [1, numbers.len()];
        let data = burn::tensor::TensorData::new(numbers, shape);
        let tensor = burn::tensor::Tensor::from_data(data, &run.place.plain());
        model.forward(tensor).into_data().iter::<f32>().collect()
    };
    let vocab = run.tokenizer.size();
    let clean = forward(&tokens);
    for i in 0..tokens.len() - 1 {
        let mut changed = tokens.clone();
        for (n, token) in changed.iter_mut().enumerate().skip(i + 1) {
            *token = (*token + 1 + n as u32) % vocab as u32;
        }
        let upto = (i + 1) * vocab;
        assert_eq!(forward(&changed)[..upto], clean[..upto], "position {i}");
    }
}
