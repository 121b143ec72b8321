//! The fast step on several threads against the same step on one: gradients, whole runs, helpers that
//! come late, die or say nothing. Here the helpers are threads of this process; in the browser they are
//! workers (`browser/threads.rs`), and everything but the memory between them is the same.

mod drawn;

use drawn::{VOCAB, config, each, error, model, numbers, pick, text, tokens, unchanged};
use glassformer::config::{Kind, Recipe, RunConfig};
use glassformer::engine::checkpoint;
use glassformer::engine::device::Place as Device;
use glassformer::engine::dropout::Dropout;
use glassformer::engine::fast::cpu::{Cpu, Lesson};
use glassformer::engine::fast::plan::Job;
use glassformer::engine::fast::threads::Threads;
use glassformer::engine::fast::threads::alone::Alone;
use glassformer::engine::fast::threads::board::{LOST, Memory, Places};
use glassformer::engine::fast::threads::crew::Crew;
use glassformer::engine::fast::threads::helper::{Helper, Place};
use glassformer::engine::learner::parameters;
use glassformer::engine::params;
use glassformer::engine::run::Run;
use glassformer::engine::train::Measured;
use glassformer::protocol::Path;
use pollster::block_on;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Memory that threads of one process share.
#[derive(Clone, Debug)]
struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    words: Vec<AtomicU32>,
    bell: Mutex<()>,
    rung: Condvar,
    /// How a helper misbehaves.
    habit: Habit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    Good,
    /// Each is as late as the word that it stores says, in a few milliseconds.
    Late,
    /// After that round its program stops.
    Dies(i32),
    /// After that round it says nothing more.
    Silent(i32),
}

impl Memory for Shared {
    fn load(&self, word: usize) -> i32 {
        self.0.words[word].load(Ordering::SeqCst) as i32
    }

    fn store(&self, word: usize, value: i32) {
        let value = match (word, self.0.habit) {
            (0, _) | (_, Habit::Good) => value,
            (_, Habit::Late) => {
                let late = (value as u64 * 7 + word as u64 * 5) % 4;
                thread::sleep(Duration::from_millis(late));
                value
            }
            (_, Habit::Dies(round)) if value > round => LOST,
            (_, Habit::Silent(round)) if value > round => return,
            (_, Habit::Dies(_) | Habit::Silent(_)) => value,
        };
        self.0.words[word].store(value as u32, Ordering::SeqCst);
        let _bell = self.0.bell.lock().expect("nobody panics with it");
        self.0.rung.notify_all();
    }

    fn wait(&self, word: usize, value: i32, most: Duration) {
        let bell = self.0.bell.lock().expect("nobody panics with it");
        let same = |_: &mut ()| self.load(word) == value;
        let waited = self.0.rung.wait_timeout_while(bell, most, same);
        drop(waited.expect("nobody panics with it"));
    }

    fn read(&self, from: usize, to: &mut [f32]) {
        for (to, word) in to.iter_mut().zip(&self.0.words[from..]) {
            *to = f32::from_bits(word.load(Ordering::Relaxed));
        }
    }

    fn write(&self, to: usize, from: &[f32]) {
        for (word, from) in self.0.words[to..to + from.len()].iter().zip(from) {
            word.store(from.to_bits(), Ordering::Relaxed);
        }
    }

    fn read_tokens(&self, from: usize, to: &mut [u32]) {
        for (to, word) in to.iter_mut().zip(&self.0.words[from..]) {
            *to = word.load(Ordering::Relaxed);
        }
    }

    fn write_tokens(&self, to: usize, from: &[u32]) {
        for (word, from) in self.0.words[to..to + from.len()].iter().zip(from) {
            word.store(*from, Ordering::Relaxed);
        }
    }
}

/// Helpers that work, each on a thread that ends when the crew is dropped.
fn crew(job: &Job, threads: usize, habit: Habit) -> Crew {
    let words = (0..Places::new(job).words(threads)).map(|_| AtomicU32::new(0));
    let memory = Shared(Arc::new(Inner {
        words: words.collect(),
        bell: Mutex::default(),
        rung: Condvar::default(),
        habit,
    }));
    for helper in 1..threads {
        let place = Place {
            job: job.clone(),
            threads,
            helper,
        };
        // As it goes to a worker.
        let place = serde_json::to_string(&place).expect("plain");
        let memory = memory.clone();
        thread::spawn(move || {
            let place = serde_json::from_str(&place).expect("as it was written");
            let mut helper = Helper::new(&place).expect("room");
            helper.serve(&memory);
        });
    }
    Crew::new(Box::new(memory), job.clone(), threads)
}

#[test]
fn losses_and_gradients_are_those_of_one_thread_whatever_the_options() {
    let mut compared = 0;
    each("threads", |config, seed, stream| {
        let mut config = *config;
        config.dropout = pick(stream, &[0.0, 0.3]);
        let (b, t) = (2 + stream.below(5), 1 + stream.below(config.block_size));
        let threads = 2 + stream.below(3.min(b - 1));
        let model = model(&config, seed, &burn::tensor::Device::flex(), unchanged);
        let job = Job {
            config,
            vocab: VOCAB,
            shape: [b, t],
            parameters: parameters(&model),
        };
        let unsigned = |x: Vec<i32>| -> Vec<u32> { x.iter().map(|x| *x as u32).collect() };
        let (inputs, targets) = (
            unsigned(tokens(stream, b * t)),
            unsigned(tokens(stream, b * t)),
        );
        let dropout = (config.dropout > 0.0).then_some(Dropout {
            seed,
            step: 3,
            rate: config.dropout,
        });
        let lesson = Lesson {
            tokens: &inputs,
            targets: &targets,
            dropout,
        };
        let named = params::list(&model).into_iter();
        let values: Vec<f32> = named.flat_map(|p| numbers(p.tensor)).collect();
        let zeros = vec![0.0; values.len()];

        let mut one = Cpu::new(&config, VOCAB, [b, t], &job.parameters).expect("a plan");
        one.set_state([&values, &zeros, &zeros]);
        let loss = one.learn(&lesson);
        let helpers = crew(&job, threads, Habit::Good);
        let mut several = Threads::new(&job, Ok(helpers)).expect("a plan");
        assert_eq!(several.count(), Ok(threads));
        several.set_state([&values, &zeros, &zeros]);
        let train = RunConfig::default().train;
        let [several_loss, _] = several.step(&lesson, &train, 0).expect("a step");

        let off = error(&[several_loss], &[loss], 1e-3);
        assert!(off < 1e-5, "{off:.1e} {config:?}");
        let whole = one
            .gradients()
            .iter()
            .fold(1e-3f32, |most, x| most.max(x.abs()));
        let (mut ours, mut theirs) = (several.gradients(), one.gradients());
        for parameter in &job.parameters {
            let (a, b);
            (a, ours) = ours.split_at(parameter.len);
            (b, theirs) = theirs.split_at(parameter.len);
            // Where terms cancel, what is left is the rounding of what was there.
            let off = error(a, b, 1e-2 * whole);
            assert!(off < 1e-5, "{}: {off:.1e} {config:?}", parameter.name);
        }
        compared += 1;
    });
    assert_eq!(compared, 40 * Kind::ALL.len());
}

fn run(config: RunConfig) -> Run {
    Run::new(config, &text(), &Device::cpu()).expect("a run")
}

/// With helpers from its next step on.
fn helped(mut run: Run, threads: usize, habit: Habit) -> Run {
    let job = Job {
        config: run.config.model,
        vocab: run.tokenizer.size(),
        shape: [run.config.train.batch_size, run.config.model.block_size],
        parameters: parameters(run.model()),
    };
    let crew = crew(&job, threads, habit).with_patience(3);
    run.learner.hire(Ok(crew));
    run
}

fn train(run: &mut Run, steps: u32) -> Vec<Measured> {
    let one = |_| block_on(run.train_step()).expect("a step");
    (0..steps).map(one).collect()
}

/// Two runs' losses, step by step.
fn agree(what: &str, ours: &[Measured], theirs: &[Measured], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        let apart = (a.loss - b.loss).abs();
        assert!(
            apart < tolerance,
            "{what} at {}: {} {}",
            a.step,
            a.loss,
            b.loss
        );
        assert_eq!((a.step, a.lr), (b.step, b.lr));
    }
}

#[test]
fn two_hundred_steps_lose_what_those_of_one_thread_lose() {
    for kind in Kind::ALL {
        for recipe in Recipe::ALL {
            for dropout in [0.0, 0.2] {
                let config = config(kind, recipe, dropout);
                let mut two = helped(run(config), 2, Habit::Good);
                let (ours, theirs) = (train(&mut two, 200), train(&mut run(config), 200));
                assert_eq!(two.learner.threads(), Ok(2));
                agree(
                    &format!("{kind:?} {recipe:?} {dropout}"),
                    &ours,
                    &theirs,
                    1e-3,
                );
                assert!(ours[199].loss < ours[0].loss - 0.5, "it learned");
            }
        }
    }
}

#[test]
fn who_is_late_changes_nothing() {
    let config = config(Kind::HeadGated, Recipe::Nanogpt, 0.2);
    let mut punctual = helped(run(config), 4, Habit::Good);
    let mut late = helped(run(config), 4, Habit::Late);
    assert_eq!(train(&mut punctual, 30), train(&mut late, 30));
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one_to_the_bit() {
    let config = config(Kind::Standard, Recipe::Nanogpt, 0.1);
    let mut whole = helped(run(config), 3, Habit::Good);
    let expected = train(&mut whole, 40).split_off(20);
    let mut first = helped(run(config), 3, Habit::Good);
    train(&mut first, 20);
    let bytes = block_on(checkpoint::save(&first, true)).expect("saved");
    let second = checkpoint::load(&bytes, Some(&text()), &Device::cpu()).expect("loads");
    assert_eq!(train(&mut helped(second, 3, Habit::Good), 20), expected);
}

#[test]
fn a_helper_that_is_lost_costs_nothing_but_itself() {
    let config = config(Kind::Standard, Recipe::Notes, 0.1);
    let expected = train(&mut run(config), 30);
    for (habit, says) in [
        (Habit::Dies(7), "stopped"),
        (Habit::Silent(7), "does not answer"),
        (Habit::Dies(0), "stopped"),
    ] {
        let mut run = helped(run(config), 3, habit);
        let losses = train(&mut run, 30);
        agree(&format!("{habit:?}"), &losses, &expected, 1e-4);
        match run.learner.threads() {
            Err(Alone::Lost(why)) => assert!(why.contains(says), "{why}"),
            other => panic!("{habit:?}: {other:?}"),
        }
    }
}

#[test]
fn a_run_changes_paths_on_the_way_and_says_why_it_is_alone() {
    let config = config(Kind::Standard, Recipe::Notes, 0.0);
    let expected = train(&mut run(config), 30);
    let mut mixed = helped(run(config), 2, Habit::Good);
    let mut losses = train(&mut mixed, 10);
    assert_eq!(mixed.learner.threads(), Ok(2));
    mixed.learner.choose(Some(Path::Readable));
    losses.extend(train(&mut mixed, 10));
    assert_eq!(mixed.learner.threads(), Err(&Alone::Readable));
    mixed.learner.choose(None);
    losses.extend(train(&mut helped(mixed, 2, Habit::Good), 10));
    agree("paths", &losses, &expected, 1e-4);
}
