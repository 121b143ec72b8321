//! The fast step against the readable one: gradients of models drawn at random, whole runs side by
//! side, and the weights on their way from one to the other.

mod drawn;

use burn::tensor::Device;
use drawn::{
    VOCAB, config, each, error, largest, model, numbers, pick, tensor, text, tokens, unchanged,
};
use glassformer::config::{Kind, Recipe, RunConfig};
use glassformer::engine::checkpoint;
use glassformer::engine::device::Place;
use glassformer::engine::dropout::Dropout;
use glassformer::engine::fast::cpu::{Cpu, Lesson};
use glassformer::engine::fast::plan::Uncovered;
use glassformer::engine::learner::parameters;
use glassformer::engine::params;
use glassformer::engine::run::Run;
use glassformer::engine::train::{Measured, Part};
use glassformer::protocol::Path;
use pollster::block_on;

#[test]
fn losses_and_gradients_are_the_readable_ones_whatever_the_options() {
    let mut compared = 0;
    each("fast", |config, seed, stream| {
        let mut config = *config;
        config.dropout = pick(stream, &[0.0, 0.0, 0.3]);
        let (b, t) = (1 + stream.below(3), 1 + stream.below(config.block_size));
        let device = Device::flex().autodiff();
        let model = model(&config, seed, &device, unchanged);
        let parameters = parameters(&model);
        let mut cpu = Cpu::new(&config, VOCAB, [b, t], &parameters).expect("a plan");
        let (inputs, targets) = (tokens(stream, b * t), tokens(stream, b * t));
        let dropout = (config.dropout > 0.0).then_some(Dropout {
            seed,
            step: 3,
            rate: config.dropout,
        });
        let loss = model.loss(
            tensor(&inputs, t, &device),
            tensor(&targets, t, &device),
            dropout,
        );
        let mut theirs = loss.objective.backward();
        let theirs = params::gradients(&model, &mut theirs);

        let values: Vec<f32> = params::list(&model)
            .into_iter()
            .flat_map(|p| numbers(p.tensor))
            .collect();
        let zeros = vec![0.0; values.len()];
        cpu.set_state([&values, &zeros, &zeros]);
        let unsigned = |x: &[i32]| -> Vec<u32> { x.iter().map(|x| *x as u32).collect() };
        let ours = cpu.learn(&Lesson {
            tokens: &unsigned(&inputs),
            targets: &unsigned(&targets),
            dropout,
        });
        let theirs_loss = numbers(loss.cross_entropy);
        assert!(
            error(&[ours], &theirs_loss, 1e-3) < 1e-5,
            "{ours} {theirs_loss:?} {config:?}"
        );
        let theirs: Vec<Vec<f32>> = theirs.into_iter().map(numbers).collect();
        // A norm over two channels leaves next to nothing of a gradient but the rounding of what was
        // there, which is as large as the others are.
        let least = match config.n_embd {
            1 | 2 => theirs.iter().map(|g| largest(g)).fold(1e-3, f32::max),
            _ => 1e-3,
        };
        let mut rest = cpu.gradients();
        for (parameter, theirs) in parameters.iter().zip(&theirs) {
            let (ours, others) = rest.split_at(parameter.len);
            rest = others;
            let error = error(ours, theirs, least);
            assert!(error < 1e-4, "{}: {error:.1e} {config:?}", parameter.name);
        }
        compared += 1;
    });
    assert_eq!(compared, 40 * Kind::ALL.len());
}

fn run(config: RunConfig, path: Option<Path>) -> Run {
    let mut run = Run::new(config, &text(), &Place::cpu()).expect("a run");
    run.learner.choose(path);
    run
}

fn train(run: &mut Run, steps: u32) -> Vec<Measured> {
    let one = |_| block_on(run.train_step()).expect("a step");
    (0..steps).map(one).collect()
}

#[test]
fn two_hundred_steps_lose_what_the_readable_ones_lose() {
    for kind in Kind::ALL {
        for recipe in Recipe::ALL {
            for dropout in [0.0, 0.2] {
                let config = config(kind, recipe, dropout);
                let mut fast = run(config, Some(Path::Fast));
                let mut readable = run(config, Some(Path::Readable));
                let (ours, theirs) = (train(&mut fast, 200), train(&mut readable, 200));
                assert_eq!(fast.learner.path(), Path::Fast);
                assert_eq!(readable.learner.path(), Path::Readable);
                for (a, b) in ours.iter().zip(&theirs) {
                    let step = a.step;
                    let what = format!("{kind:?} {recipe:?} {dropout} at {step}");
                    assert!(
                        (a.loss - b.loss).abs() < 1e-3,
                        "{what}: {} {}",
                        a.loss,
                        b.loss
                    );
                    assert!(
                        (a.grad_norm - b.grad_norm).abs() < 1e-2 * b.grad_norm,
                        "{what}"
                    );
                    assert_eq!(a.lr, b.lr);
                }
                assert!(ours[199].loss < ours[0].loss - 0.5, "it learned");
            }
        }
    }
}

#[test]
fn whoever_looks_sees_the_weights_of_the_latest_step() {
    let config = config(Kind::Standard, Recipe::Notes, 0.0);
    let (mut fast, mut readable) = (run(config, None), run(config, Some(Path::Readable)));
    let loss = |run: &mut Run| {
        let loss = block_on(run.mean_loss(Part::Val, Some(2), || async { true }));
        loss.expect("evaluates").expect("a text")
    };
    let mut last = loss(&mut fast);
    for _ in 0..4 {
        train(&mut fast, 10);
        train(&mut readable, 10);
        let (ours, theirs) = (loss(&mut fast), loss(&mut readable));
        assert!((ours - theirs).abs() < 1e-4, "{ours} {theirs}");
        assert!(ours < last, "new weights each time");
        last = ours;
        let bytes = block_on(checkpoint::save(&fast, true)).expect("saved");
        let mut loaded = checkpoint::load(&bytes, Some(&text()), &Place::cpu()).expect("loads");
        let theirs = loss(&mut loaded);
        assert!((theirs - ours).abs() < 1e-5 * ours, "{theirs} {ours}");
    }
}

#[test]
fn a_run_changes_paths_on_the_way_and_comes_to_the_same() {
    let config = config(Kind::Standard, Recipe::Notes, 0.1);
    let mut mixed = run(config, None);
    let mut losses = Vec::new();
    for path in [Path::Fast, Path::Readable, Path::Fast] {
        mixed.learner.choose(Some(path));
        losses.extend(train(&mut mixed, 15));
        assert_eq!(mixed.learner.path(), path);
    }
    let readable = train(&mut run(config, Some(Path::Readable)), 45);
    for (a, b) in losses.iter().zip(&readable) {
        assert!((a.loss - b.loss).abs() < 1e-4, "{} {}", a.loss, b.loss);
    }
}

#[test]
fn a_resumed_fast_run_is_the_uninterrupted_one_to_the_bit() {
    let config = config(Kind::Standard, Recipe::Nanogpt, 0.1);
    let mut whole = run(config, None);
    let expected = train(&mut whole, 30).split_off(20);
    let mut first = run(config, None);
    train(&mut first, 20);
    let bytes = block_on(checkpoint::save(&first, true)).expect("saved");
    let mut second = checkpoint::load(&bytes, Some(&text()), &Place::cpu()).expect("loads");
    assert_eq!(train(&mut second, 10), expected);
}

#[test]
fn what_has_no_plan_says_why() {
    let config = config(Kind::Standard, Recipe::Notes, 0.0).model;
    let parameters = parameters(&model(&config, 1, &Device::flex(), unchanged));
    for batch in [1 << 40, 1 << 50, usize::MAX] {
        let huge = Cpu::new(&config, VOCAB, [batch, 16], &parameters);
        assert!(matches!(huge, Err(Uncovered::Memory { .. })));
    }
    let missing = Cpu::new(&config, VOCAB, [2, 16], &parameters[1..]).err();
    let name = "transformer.wte.weight".to_string();
    assert_eq!(missing, Some(Uncovered::Parameter(name)));
}
