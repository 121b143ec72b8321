//! The GPU executor against the CPU executor of the same plan: forward passes, gradients and whole
//! steps of models drawn at random, AdamW against its formula, and whole runs against the readable model.
//!
//! The CPU's is held against the readable model in `fast.rs`, and that one against PyTorch. Nothing
//! here skips: where there is no adapter, the tests fail and say what to do.

mod adapter;
mod drawn;

use burn::tensor::Device;
use drawn::{VOCAB, error, largest, model, numbers, pick, unchanged};
use glassformer::config::attention::Normaliser;
use glassformer::config::{Attention, Kind, ModelConfig, Preset, Recipe, RunConfig, TrainConfig};
use glassformer::engine::device::Place;
use glassformer::engine::dropout::Dropout;
use glassformer::engine::fast::cpu::{Cpu, Lesson};
use glassformer::engine::fast::gpu::Gpu;
use glassformer::engine::fast::gpu::kernels::Kernels;
use glassformer::engine::fast::plan::Parameter;
use glassformer::engine::gpt::Gpt;
use glassformer::engine::held::Held;
use glassformer::engine::learner::parameters;
use glassformer::engine::optim::learning_rate;
use glassformer::engine::params;
use glassformer::engine::run::Run;
use glassformer::engine::train::Measured;
use glassformer::protocol::Path;
use glassformer::random::Stream;
use pollster::block_on;
use std::cell::OnceCell;

/// Models drawn of each kind.
const MODELS: u32 = 24;
/// Steps that both executors take.
const STEPS: u32 = 12;

/// A GPU for the test that runs on this thread: what it refuses must not reach another's.
fn kernels() -> &'static Kernels {
    thread_local! {
        static OPEN: OnceCell<&'static Kernels> = const { OnceCell::new() };
    }
    // Never given back: wgpu cannot be dropped while a thread ends.
    let open = || -> &'static Kernels { Box::leak(Box::new(adapter::kernels())) };
    OPEN.with(|cell| *cell.get_or_init(open))
}

/// `cargo xtask test` asks it whether the machine has an adapter of its own.
#[test]
fn an_adapter_is_there() {
    kernels();
}

/// A model on both executors, with numbers far from where training begins, and of a size that keeps
/// wide models as far from overflow as narrow ones.
struct Twins {
    config: ModelConfig,
    train: TrainConfig,
    parameters: Vec<Parameter>,
    /// B, T
    shape: [usize; 2],
    cpu: Cpu,
    gpu: Gpu,
    stream: Stream,
}

impl Twins {
    fn draw(kind: Kind, n: u32) -> Twins {
        let mut stream = Stream::new(n, "gpu").at(kind as u64);
        let mut config = drawn::draw(&mut stream, kind);
        // Wider and longer than other tests have patience for: several tiles, and parts of one.
        config.n_head = 1 + stream.below(4);
        config.n_embd = config.n_head * (1 + stream.below(11));
        config.block_size += stream.below(30);
        config.dropout = pick(&mut stream, &[0.0, 0.2]);
        let tokens = match stream.below(6) {
            0 => 1,
            1 => config.block_size,
            _ => 1 + stream.below(config.block_size),
        };
        let shape = [1 + stream.below(3), tokens];
        let train = TrainConfig {
            warmup: 3,
            max_steps: 10,
            clip: pick(&mut stream, &[0.0, 1.0]),
            ..RunConfig::new(Preset::Glass, Recipe::Notes).train
        };
        let narrow = (4.0 / config.n_embd as f32).sqrt().min(1.0);
        let model = model(&config, n, &Device::flex(), |name, x| {
            match name.contains("ln_") || name.contains(".ln.") {
                true => x,
                false => x * narrow,
            }
        });
        let parameters = parameters(&model);
        let all = params::list(&model).into_iter();
        let values: Vec<f32> = all.flat_map(|p| numbers(p.tensor)).collect();
        let zeros = vec![0.0; values.len()];
        let state = [&values[..], &zeros, &zeros];
        let mut cpu = Cpu::new(&config, VOCAB, shape, &parameters).expect("a plan");
        cpu.set_state(state);
        let gpu = block_on(Gpu::new(kernels(), &config, VOCAB, shape, &parameters));
        let gpu = gpu.unwrap_or_else(|why| panic!("{why}: {config:?}"));
        gpu.set_state(state);
        Twins {
            config,
            train,
            parameters,
            shape,
            cpu,
            gpu,
            stream,
        }
    }

    /// Whose numbers are compared, for messages.
    fn name(&self) -> String {
        format!("{:?} {:?}", self.shape, self.config)
    }

    /// A step of both from the CPU's state, so that what rounding has made of one does not grow in the
    /// other; each one's loss and gradient norm.
    fn step(&mut self, step: u32) -> [[f32; 2]; 2] {
        let n = self.shape[0] * self.shape[1];
        let mut tokens =
            || -> Vec<u32> { (0..n).map(|_| self.stream.below(VOCAB) as u32).collect() };
        let (inputs, targets) = (tokens(), tokens());
        let dropout = (self.config.dropout > 0.0).then_some(Dropout {
            seed: 5,
            step,
            rate: self.config.dropout,
        });
        let lesson = Lesson {
            tokens: &inputs,
            targets: &targets,
            dropout,
        };
        self.gpu.set_state(self.cpu.state());
        self.gpu.step(&lesson, &self.train, step);
        let ours = block_on(self.gpu.numbers(true)).expect("numbers");
        assert_eq!(ours.len(), 1, "one step's numbers");
        let loss = self.cpu.learn(&lesson);
        [ours[0], [loss, self.cpu.step(&self.train, step)]]
    }

    /// Logits and each parameter's gradient after a step.
    fn agree(&self) {
        let logits = block_on(self.gpu.logits()).expect("logits");
        let far = error(&logits, self.cpu.logits(), 1e-3);
        assert!(far < 1e-4, "logits: {far:.1e} {}", self.name());
        let (ours, theirs) = (
            block_on(self.gpu.gradients()).expect("gradients"),
            self.cpu.gradients(),
        );
        // A norm over two channels leaves next to nothing of a gradient but the rounding of what was
        // there, which is as large as the others are.
        let least = match self.config.n_embd {
            1 | 2 => largest(theirs).max(1e-3),
            _ => 1e-3,
        };
        let mut start = 0;
        for Parameter { name, len, .. } in &self.parameters {
            let within = start..start + len;
            start += len;
            let far = error(&ours[within.clone()], &theirs[within], least);
            assert!(far < 1e-3, "{name}: {far:.1e} {}", self.name());
        }
    }
}

/// Forwards, backwards and a dozen steps, whatever the options.
fn the_gpu_does_as_the_cpu(kind: Kind) {
    for n in 0..MODELS {
        let mut twins = Twins::draw(kind, n);
        for step in 0..STEPS {
            let [ours, theirs] = twins.step(step);
            if step == 0 {
                twins.agree();
            }
            for (what, (a, b)) in ["loss", "norm"].iter().zip(ours.iter().zip(&theirs)) {
                let far = error(&[*a], &[*b], 1e-3);
                assert!(far < 1e-3, "{what} {a} {b} at {step}: {}", twins.name());
            }
        }
    }
}

#[test]
fn standard() {
    the_gpu_does_as_the_cpu(Kind::Standard);
}

#[test]
fn head_gated() {
    the_gpu_does_as_the_cpu(Kind::HeadGated);
}

#[test]
fn adaptive_span() {
    the_gpu_does_as_the_cpu(Kind::AdaptiveSpan);
}

#[test]
fn additive() {
    the_gpu_does_as_the_cpu(Kind::Additive);
}

/// Dispatches of a step are what a small model costs on a real GPU; docs/performance.md has S and M.
#[test]
fn a_step_takes_few_dispatches() {
    let [s, m] = [([1, 32, 32], 4), ([4, 128, 64], 8)];
    for kind in Kind::ALL {
        let most = match kind {
            Kind::Standard => [40, 120],
            Kind::HeadGated | Kind::AdaptiveSpan | Kind::Additive => [64, 192],
        };
        for (([n_layer, n_embd, block_size], batch), most) in [s, m].into_iter().zip(most) {
            let config = ModelConfig {
                n_layer,
                n_head: 4,
                n_embd,
                block_size,
                dropout: 0.2,
                attention: Attention::of(kind, Normaliser::Softmax),
                ..RunConfig::new(Preset::Glass, Recipe::Notes).model
            };
            let parameters = parameters(&Gpt::new(&config, VOCAB, 1, &Device::flex()));
            let shape = [batch, block_size];
            let gpu = block_on(Gpu::new(kernels(), &config, VOCAB, shape, &parameters));
            let dispatches = gpu.expect("kernels").dispatches();
            println!("{kind:?}, {n_layer} layers: {dispatches}");
            assert!(dispatches <= most, "{kind:?}: {dispatches}");
        }
    }
}

#[test]
fn a_step_along_the_gradients_is_adamws() {
    for n in 0..6 {
        let mut twins = Twins::draw(Kind::Standard, n);
        for step in 0..STEPS {
            let before = twins.cpu.state().map(<[f32]>::to_vec);
            twins.step(step);
            let after = block_on(twins.gpu.state()).expect("a state");
            let gradients = block_on(twins.gpu.gradients()).expect("gradients");
            let expected = adamw(&twins, before, &gradients, step);
            for (what, (ours, exact)) in
                ["values", "m", "v"].iter().zip(after.iter().zip(&expected))
            {
                let far = error(ours, exact, 1e-6);
                assert!(far < 1e-5, "{what} at {step}: {far:.1e} {}", twins.name());
            }
        }
    }
}

/// What is not finite comes from one character, so that a batch decides whether a step sees it.
#[test]
fn a_step_that_is_not_finite_is_not_taken_nor_are_those_behind_it() {
    let config = drawn::config(Kind::Standard, Recipe::Notes, 0.0);
    let shape = [config.train.batch_size, config.model.block_size];
    let model = model(&config.model, 1, &Device::flex(), unchanged);
    let parameters = parameters(&model);
    let all = params::list(&model).into_iter();
    let mut values: Vec<f32> = all.flat_map(|p| numbers(p.tensor)).collect();
    assert_eq!(parameters[0].name, "transformer.wte.weight");
    values[..config.model.n_embd].fill(f32::MAX);
    let zeros = vec![0.0; values.len()];
    let made = || {
        let gpu = Gpu::new(kernels(), &config.model, VOCAB, shape, &parameters);
        let gpu = block_on(gpu).expect("a plan");
        gpu.set_state([&values, &zeros, &zeros]);
        gpu
    };
    let good: Vec<u32> = (0..64).map(|n| 1 + n % (VOCAB as u32 - 1)).collect();
    let bad = [&[0], &good[1..]].concat();
    let step = |gpu: &mut Gpu, tokens: &[u32], step| {
        let lesson = Lesson {
            tokens,
            targets: &good,
            dropout: None,
        };
        gpu.step(&lesson, &config.train, step);
    };
    let finite = |gpu: &mut Gpu| -> Vec<bool> {
        let numbers = block_on(gpu.numbers(true)).expect("numbers");
        numbers.iter().map(|[_, norm]| norm.is_finite()).collect()
    };
    let state = |gpu: &Gpu| block_on(gpu.state()).expect("a state");

    let (mut healthy, mut gpu) = (made(), made());
    step(&mut healthy, &good, 0);
    let after_one = state(&healthy);
    for (n, tokens) in [&good, &bad, &good, &good].into_iter().enumerate() {
        step(&mut gpu, tokens, n as u32);
    }
    assert_eq!(finite(&mut gpu), [true, false, false, false]);
    assert!(state(&gpu) == after_one, "something moved");
    gpu.go_on();
    step(&mut healthy, &good, 1);
    step(&mut gpu, &good, 1);
    assert_eq!(finite(&mut gpu), [true]);
    let after_two = state(&gpu);
    assert!(after_two == state(&healthy) && after_two != after_one);
    // New weights are a new beginning, too.
    step(&mut gpu, &bad, 2);
    gpu.set_state([&values, &zeros, &zeros]);
    step(&mut gpu, &good, 0);
    assert_eq!(finite(&mut gpu), [false, true]);
    assert!(state(&gpu) == after_one);
}

/// Steps of whole runs, as a session has them made.
const LONG: u32 = 200;

/// The losses of a run on the GPU, by the fast step, and on the CPU, by plain operations.
fn two_hundred_steps_lose_what_the_readable_ones_lose(kind: Kind) {
    let place = adapter::place();
    for dropout in [0.0, 0.2] {
        let config = drawn::config(kind, Recipe::Notes, dropout);
        let [ours, theirs] = [(&place, Path::Fast), (&Place::cpu(), Path::Readable)].map(
            |(place, path)| -> Vec<Measured> {
                let run = Run::new(config, &drawn::text(), place).expect("a run");
                let mut held = Held::new(run);
                held.choose(Some(path));
                let step = |_| {
                    block_on(held.queue_step()).expect("a step");
                    block_on(held.read_steps(false)).expect("numbers")
                };
                let mut all: Vec<Measured> = (0..LONG).flat_map(step).collect();
                all.extend(block_on(held.read_steps(true)).expect("numbers"));
                assert_eq!(held.path(), path);
                all
            },
        );
        assert_eq!([ours.len(), theirs.len()], [LONG as usize; 2]);
        let apart = |(a, b): (&Measured, &Measured)| {
            assert_eq!((a.step, a.lr), (b.step, b.lr));
            (a.loss - b.loss).abs()
        };
        // A window has corners. Where one stands between two roundings of one number the losses are the
        // same and their slopes are not, and from there on the runs part, as the readable one parts
        // from itself (by 0.015) when its weights begin a millionth larger.
        let pairs = || ours.iter().zip(&theirs);
        let turned = pairs().position(|(a, b)| (a.grad_norm / b.grad_norm - 1.0).abs() > 1e-4);
        let alike = match kind {
            Kind::AdaptiveSpan => turned.unwrap_or(ours.len()),
            Kind::Standard | Kind::HeadGated | Kind::Additive => ours.len(),
        };
        let furthest = pairs().take(alike).map(apart).fold(0.0, f32::max);
        println!("{kind:?}, dropout {dropout}: {furthest:.1e} apart over {alike} steps");
        assert!(furthest < 1e-3, "{kind:?}, dropout {dropout}: {furthest}");
        assert!(alike > 50, "{kind:?}, dropout {dropout}: {alike}");
        let later = pairs().map(apart).fold(0.0, f32::max);
        assert!(later < 0.05, "{kind:?}, dropout {dropout}: {later}");
        assert!(ours[199].loss < ours[0].loss - 0.5, "it learned");
    }
}

#[test]
fn two_hundred_steps_of_standard() {
    two_hundred_steps_lose_what_the_readable_ones_lose(Kind::Standard);
}

#[test]
fn two_hundred_steps_of_head_gated() {
    two_hundred_steps_lose_what_the_readable_ones_lose(Kind::HeadGated);
}

#[test]
fn two_hundred_steps_of_adaptive_span() {
    two_hundred_steps_lose_what_the_readable_ones_lose(Kind::AdaptiveSpan);
}

#[test]
fn two_hundred_steps_of_additive() {
    two_hundred_steps_lose_what_the_readable_ones_lose(Kind::Additive);
}

/// Loshchilov and Hutter 2019, with clipping by global norm, in double precision.
fn adamw(twins: &Twins, state: [Vec<f32>; 3], gradients: &[f32], step: u32) -> [Vec<f32>; 3] {
    let train = &twins.train;
    let norm = gradients
        .iter()
        .map(|g| f64::from(*g).powi(2))
        .sum::<f64>()
        .sqrt();
    let clip = match train.clip > 0.0 {
        true => (train.clip / (norm + 1e-6)).min(1.0),
        false => 1.0,
    };
    let lr = learning_rate(train, step);
    let t = f64::from(step) + 1.0;
    let decays = twins
        .parameters
        .iter()
        .flat_map(|p| std::iter::repeat_n(p.decays, p.len));
    let mut after = [const { Vec::new() }; 3];
    for (n, decays) in decays.enumerate() {
        let [x, m, v] = [0, 1, 2].map(|which| f64::from(state[which][n]));
        let g = f64::from(gradients[n]) * clip;
        let m = train.beta1 * m + (1.0 - train.beta1) * g;
        let v = train.beta2 * v + (1.0 - train.beta2) * g * g;
        let kept = match decays {
            true => 1.0 - lr * train.weight_decay,
            false => 1.0,
        };
        let deviation = (v / (1.0 - train.beta2.powf(t))).sqrt() + 1e-8;
        let x = kept * x - lr * m / (1.0 - train.beta1.powf(t)) / deviation;
        for (to, number) in after.iter_mut().zip([x, m, v]) {
            to.push(number as f32);
        }
    }
    after
}
