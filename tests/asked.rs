//! What is asked of the weights between two steps, on the GPU: losses and checkpoints, which come from
//! the numbers where they are, and texts, against the CPU and the readable model; and what becomes of
//! them when a step is not finite.

mod adapter;
mod drawn;

use adapter::{kernels, place};
use burn::tensor::Device;
use drawn::{VOCAB, error, model, numbers, pick, text, unchanged};
use glassformer::config::{Attention, Kind, Preset, Recipe, RunConfig, attention::Normaliser};
use glassformer::engine::checkpoint;
use glassformer::engine::device::Place;
use glassformer::engine::fast::cpu::Cpu;
use glassformer::engine::fast::gpu::Gpu;
use glassformer::engine::held::Held;
use glassformer::engine::learner::parameters;
use glassformer::engine::params;
use glassformer::engine::run::Run;
use glassformer::engine::sample::Generation;
use glassformer::engine::train::Part;
use glassformer::protocol::{FaultKind, Path, Sampling};
use glassformer::random::Stream;
use glassformer::text::batch::Batch;
use pollster::block_on;
use safetensors::SafeTensors;
use std::collections::BTreeMap;

#[test]
fn losses_come_from_the_weights_where_they_are() {
    let kernels = kernels();
    for kind in Kind::ALL {
        for n in 0..20 {
            let mut stream = Stream::new(n, "asked").at(kind as u64);
            let mut config = drawn::draw(&mut stream, kind);
            config.block_size += stream.below(20);
            config.dropout = pick(&mut stream, &[0.0, 0.2]);
            let [b, t] = [1 + stream.below(4), config.block_size];
            let model = model(&config, n, &Device::flex(), unchanged);
            let parameters = parameters(&model);
            let all = params::list(&model).into_iter();
            let values: Vec<f32> = all.flat_map(|p| numbers(p.tensor)).collect();
            let zeros = vec![0.0; values.len()];
            let mut cpu = Cpu::new(&config, VOCAB, [b, t], &parameters).expect("a plan");
            cpu.set_state([&values, &zeros, &zeros]);
            let gpu = Gpu::new(&kernels, &config, VOCAB, [b, t], &parameters);
            let mut gpu = block_on(gpu).expect("a plan");
            gpu.set_state([&values, &zeros, &zeros]);

            // Fewer windows than rows, more of them, and shorter ones.
            let [batch_size, block_size] = [1 + stream.below(9), 1 + stream.below(t)];
            let mut tokens =
                |n: usize| -> Vec<u32> { (0..n).map(|_| stream.below(VOCAB) as u32).collect() };
            let batch = Batch {
                inputs: tokens(batch_size * block_size),
                targets: tokens(batch_size * block_size),
                batch_size,
                block_size,
            };
            let ours = block_on(gpu.losses(&batch)).expect("a sum") as f32;
            let theirs = cpu.losses(&batch) as f32;
            let far = error(&[ours], &[theirs], 1e-3);
            assert!(far < 1e-4, "{ours} {theirs} {config:?}");
            let [after, ..] = block_on(gpu.state()).expect("a state");
            assert_eq!(after, values, "the weights are where they were");
        }
    }
}

fn run(config: RunConfig, text: &str, place: &Place) -> Held {
    Held::new(Run::new(config, text, place).expect("a run"))
}

/// A text, begun.
fn begun(held: &mut Held) -> Generation {
    let options = Sampling {
        tokens: 40,
        ..Sampling::default()
    };
    block_on(held.write("the ", options)).expect("a prompt")
}

fn finished(mut generation: Generation) -> String {
    while !generation.is_done() {
        block_on(generation.advance()).expect("a character");
    }
    generation.written()
}

/// What a run answers: the loss on its validation text, its checkpoint, a text.
fn asked(held: &mut Held) -> (f32, Kept, String) {
    let loss = block_on(held.mean_loss(Part::Val, Some(3), || async { true }));
    let bytes = block_on(held.save(true)).expect("a checkpoint");
    let text = finished(begun(held));
    let loss = loss.expect("evaluates").expect("a text");
    (loss, kept(&bytes), text)
}

/// A checkpoint's tensors. What stands in its header has no order.
type Kept = BTreeMap<String, Vec<u8>>;

fn kept(bytes: &[u8]) -> Kept {
    let file = SafeTensors::deserialize(bytes).expect("a checkpoint");
    let all = file.tensors().into_iter();
    all.map(|(name, tensor)| (name, tensor.data().to_vec()))
        .collect()
}

/// A model whose embedding of one character is as large as numbers get.
fn spoiled(held: &Held, character: char) -> Vec<u8> {
    let mut bytes = block_on(held.save(true)).expect("a checkpoint");
    let file = SafeTensors::deserialize(&bytes).expect("a checkpoint");
    let wte = file.tensor("transformer.wte.weight").expect("embeddings");
    let row = 4 * wte.shape()[1];
    let tokens = held.tokenizer().encode(&character.to_string());
    let [token] = tokens.expect("of the vocabulary")[..] else {
        panic!("one character is one token");
    };
    let start = wte.data().as_ptr() as usize - bytes.as_ptr() as usize + token as usize * row;
    for number in bytes[start..start + row].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::MAX.to_le_bytes());
    }
    bytes
}

/// Queues steps, and reads them as they come, until training stops.
fn until_it_stops(held: &mut Held) -> (Vec<u32>, String) {
    let mut steps = Vec::new();
    for _ in 0..200 {
        let stopped = match block_on(held.queue_step()) {
            Ok(()) => block_on(held.read_steps(false)),
            Err(fault) => Err(fault.into()),
        };
        let (good, fault) = match stopped {
            Ok(good) => (good, None),
            Err(stopped) => (stopped.before, Some(stopped.fault)),
        };
        steps.extend(good.iter().map(|measured| measured.step));
        if let Some(fault) = fault {
            assert_eq!(fault.kind, FaultKind::Diverged);
            return (steps, fault.message);
        }
    }
    panic!("{steps:?} are all finite");
}

/// A character that few batches have makes a step not finite, while others are under way already.
#[test]
fn a_step_that_is_not_finite_is_not_taken_and_said_as_on_the_cpu() {
    let place = place();
    let text: Vec<char> = text().chars().collect();
    let rare: Vec<String> = text.chunks(900).map(|part| part.iter().collect()).collect();
    let text = rare.join("Z");
    for (kind, dropout) in Kind::ALL.into_iter().zip([0.0, 0.2, 0.0, 0.2]) {
        let config = drawn::config(kind, Recipe::Notes, dropout);
        let bytes = spoiled(&run(config, &text, &Place::cpu()), 'Z');
        let load =
            |place: &Place| Held::new(checkpoint::load(&bytes, Some(&text), place).expect("loads"));
        let mut cpu = load(&Place::cpu());
        let (_, theirs) = until_it_stops(&mut cpu);
        let last = cpu.step();
        assert!(last > 5, "{kind:?}: some steps are good: {theirs}");

        let mut gpu = load(&place);
        let (steps, ours) = until_it_stops(&mut gpu);
        assert_eq!(ours, theirs);
        let good: Vec<u32> = (1..=last).collect();
        assert_eq!((steps, gpu.step()), (good, last), "{kind:?}");
        // As if nobody had gone any further.
        let mut stopped = load(&place);
        for _ in 0..last {
            block_on(stopped.queue_step()).expect("a step");
        }
        block_on(stopped.read_steps(true)).expect("numbers");
        let state = |held: &Held| kept(&block_on(held.save(true)).expect("a checkpoint"));
        assert!(state(&gpu) == state(&stopped), "{kind:?} moved");
        // And so it is the second time.
        assert_eq!(until_it_stops(&mut gpu), (Vec::new(), ours));
        assert!(state(&gpu) == state(&stopped), "{kind:?} moved");
    }
}

#[test]
fn whoever_asks_is_answered_from_the_weights_of_the_latest_step() {
    let place = place();
    for kind in Kind::ALL {
        let mut config = RunConfig::new(Preset::Glass, Recipe::Notes);
        config.model.attention = Attention::of(kind, Normaliser::Softmax);
        config.model.n_embd = 16;
        config.model.block_size = 16;
        config.model.dropout = 0.1;
        config.train.batch_size = 6;
        config.train.warmup = 2;
        let text = text();
        let mut held = run(config, &text, &place);
        let mut last = f32::INFINITY;
        let mut earlier: Option<(Generation, String)> = None;
        for _ in 0..3 {
            for _ in 0..8 {
                block_on(held.queue_step()).expect("a step");
            }
            block_on(held.read_steps(true)).expect("numbers");
            let (loss, tensors, written) = asked(&mut held);
            assert!(loss < last, "{kind:?}: it learned, and that is seen");
            last = loss;
            // A text goes on with the weights that it was begun with.
            let begun = begun(&mut held);
            if let Some((generation, text)) = earlier.replace((begun, written.clone())) {
                assert_eq!(finished(generation), text, "{kind:?}");
                assert_ne!(written, text, "{kind:?}");
            }
            // The readable model, from the checkpoint and from a look, says the same.
            let bytes = block_on(held.save(true)).expect("a checkpoint");
            let loaded = checkpoint::load(&bytes, Some(&text), &Place::cpu()).expect("loads");
            assert_eq!(loaded.step, held.step());
            let mut loaded = Held::new(loaded);
            let (theirs, again, text) = asked(&mut loaded);
            assert!(
                (loss - theirs).abs() < 1e-4 * theirs,
                "{kind:?} {loss} {theirs}"
            );
            assert_eq!(tensors, again);
            assert_eq!(written, text);
            held.choose(Some(Path::Readable));
            let (theirs, again, text) = asked(&mut held);
            assert!(
                (loss - theirs).abs() < 1e-4 * theirs,
                "{kind:?} {loss} {theirs}"
            );
            assert_eq!(tensors, again);
            assert_eq!(written, text);
            held.choose(None);
        }
    }
}
