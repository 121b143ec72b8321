//! Passes that go on from kept keys and values, and passes that are changed on the way: held against
//! a fresh, clean pass over the same text, for every kind of attention under every option.

mod drawn;

use burn::module::Module;
use drawn::{VOCAB, each, model, tokens, unchanged};
use glassformer::config::{Attention, Kind, ModelConfig, Norm, RunConfig};
use glassformer::engine::device::Place;
use glassformer::engine::learner::Learner;
use glassformer::engine::reading::Reading;
use glassformer::engine::run::Run;
use glassformer::random::Stream;
use glassformer::text::tokenizer::Tokenizer;
use glassformer::trace::{Branch, Intervention, Pass, Trace};
use pollster::block_on;

/// A run around a drawn model, every parameter far from where it starts.
fn run(config: &ModelConfig, seed: u32) -> Run {
    let place = Place::cpu();
    let model = model(config, seed, &place.device, unchanged);
    let tokenizer = Tokenizer::fit("abcdefghijk").expect("a vocabulary");
    assert_eq!(tokenizer.size(), VOCAB);
    Run {
        config: RunConfig {
            model: *config,
            ..RunConfig::default()
        },
        tokenizer,
        text: None,
        learner: Learner::new(model),
        step: 0,
        place,
    }
}

fn text(stream: &mut Stream, n: usize) -> Vec<u32> {
    tokens(stream, n).into_iter().map(|t| t as u32).collect()
}

fn clean(run: &Run, tokens: &[u32]) -> Trace {
    block_on(run.trace_tokens(tokens, 0, &[])).expect("a trace")
}

fn changed(run: &Run, tokens: &[u32], changes: &[Intervention]) -> Trace {
    block_on(run.trace_tokens(tokens, 0, changes)).expect("a trace")
}

fn data<'a>(trace: &'a Trace, name: &str) -> &'a [f32] {
    let array = trace.get(name);
    array.unwrap_or_else(|| panic!("no {name}")).data
}

/// Largest difference, as a share of the largest number (or of 1e-3).
fn error(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let finite = theirs.iter().filter(|x| x.is_finite());
    let scale = finite.fold(1e-3f32, |most, x| most.max(x.abs()));
    let pairs = ours.iter().zip(theirs);
    pairs.fold(0.0, |most, (a, b)| match a == b {
        true => most,
        false => {
            let error = (a - b).abs() / scale;
            if error > most || error.is_nan() {
                error
            } else {
                most
            }
        }
    })
}

#[test]
fn reading_on_is_a_fresh_pass_over_the_same_window() {
    each("reading", |config, seed, stream| {
        let run = run(config, seed);
        let block = config.block_size;
        let all = text(stream, block + 5);
        let (mut reading, mut writing) = (Reading::default(), Reading::default());
        let model = run.model().valid();
        let mut end = 0;
        while end < all.len() {
            // One token, mostly; sometimes a few at once, as a prompt is read.
            let new = (1 + stream.below(8).saturating_sub(5)).min(all.len() - end);
            let start = end;
            end += new;
            let read = block_on(reading.read(&run, &all[start..end])).expect("read");
            let window = &all[end.saturating_sub(block)..end];
            assert_eq!(read.rebuilt, start > 0 && end > block, "{config:?}");
            assert_eq!(read.rows, if end > block { block } else { new });
            assert_eq!(reading.len(), window.len());

            let fresh = clean(&run, window);
            let rows = read.trace;
            let (t, first) = (window.len(), rows.about.first);
            assert_eq!(first, t - read.rows);
            assert_eq!(rows.about.cut, end - t);
            let ends = |trace: &Trace| {
                let logits = data(trace, "logits");
                logits[logits.len() - VOCAB..].to_vec()
            };
            assert!(error(&ends(&rows), &ends(&fresh)) < 1e-5, "{config:?}");
            // Who writes asks for these alone.
            let logits = block_on(writing.next_logits(&model, &all[start..end])).expect("logits");
            assert_eq!(logits, ends(&rows), "{config:?}");
            for (name, ours) in rows.arrays() {
                let theirs = fresh.get(name).expect("the same names");
                assert!(name.ends_with("hook_rel_bias") || ours.shape.contains(&read.rows));
                // The last rows of the fresh pass: they stand first, or after the heads.
                let by_head = name.ends_with("hook_pattern") || name.ends_with("hook_attn_scores");
                let heads = if by_head { config.n_head } else { 1 };
                let cut: Vec<f32> = match name.ends_with("hook_rel_bias") {
                    true => theirs.data.to_vec(),
                    false => theirs
                        .data
                        .chunks_exact(theirs.data.len() / heads)
                        .flat_map(|head| head[head.len() / t * first..].to_vec())
                        .collect(),
                };
                assert!(error(ours.data, &cut) < 2e-5, "{name} of {config:?}");
            }
        }
    });
}

#[test]
fn reading_notices_that_the_weights_have_changed() {
    let mut stream = Stream::new(3, "stale");
    let config = drawn::draw(&mut stream, Kind::AdaptiveSpan);
    let config = ModelConfig {
        block_size: 8,
        ..config
    };
    let config = ModelConfig {
        attention: Attention::of(Kind::AdaptiveSpan, config.attention.normaliser()),
        ..config
    };
    let (mut first, second) = (run(&config, 1), run(&config, 2));
    let all = text(&mut stream, 6);
    let mut reading = Reading::default();
    block_on(reading.read(&first, &all[..5])).expect("read");
    first.learner = Learner::new(second.model().clone());
    first.step = 1;
    let read = block_on(reading.read(&first, &all[5..])).expect("read");
    assert!(read.rebuilt && read.rows == 6);
    let fresh = clean(&second, &all);
    assert!(error(data(&read.trace, "logits"), data(&fresh, "logits")) < 1e-5);
}

/// Every change that leaves things as they are, and what it would be to say so of a clean pass.
#[test]
fn what_is_set_to_what_it_is_changes_nothing() {
    each("idle", |config, seed, stream| {
        let run = run(config, seed);
        let t = 1 + stream.below(config.block_size);
        let all = text(stream, t);
        let fresh = clean(&run, &all);
        let (layer, head) = (stream.below(config.n_layer), stream.below(config.n_head));
        let query = stream.below(t);
        let passes: &[Option<Pass>] = match config.attention {
            Attention::AdaptiveSpan(_) => &[Some(Pass::Global), Some(Pass::Local)],
            _ => &[None],
        };
        let mut changes = vec![Intervention::Head {
            layer,
            head,
            pass: None,
            scale: 1.0,
        }];
        for pass in passes {
            let within = pass.map_or(String::new(), |pass| format!("{}.", pass.name()));
            let name = format!("blocks.{layer}.attn.{within}hook_pattern");
            let row = &data(&fresh, &name)[(head * t + query) * t..][..=query];
            changes.push(Intervention::Row {
                layer,
                head,
                pass: *pass,
                query,
                weights: row.to_vec(),
                renormalise: false,
            });
            let key = stream.below(query + 1);
            changes.push(Intervention::Cell {
                layer,
                head,
                pass: *pass,
                query,
                key,
                weight: row[key],
                renormalise: true,
            });
        }
        let row_of = |name: &str| data(&fresh, &format!("blocks.{layer}.attn.{name}"))[query];
        match config.attention {
            Attention::HeadGated(_) => {
                let gates = data(&fresh, &format!("blocks.{layer}.attn.hook_gate"));
                let value = gates[query * config.n_head + head];
                changes.push(Intervention::Gate {
                    layer,
                    head,
                    position: Some(query),
                    value,
                });
            }
            Attention::AdaptiveSpan(_) => {
                let (tokens, value) = (row_of("hook_span"), row_of("hook_temperature"));
                changes.push(Intervention::Span {
                    layer,
                    position: Some(query),
                    tokens,
                });
                changes.push(Intervention::Temperature {
                    layer,
                    position: Some(query),
                    value,
                });
            }
            Attention::Standard(_) | Attention::Additive(_) => {}
        }
        let embeds = data(&fresh, "hook_embed");
        let c = config.n_embd;
        changes.push(Intervention::Embedding {
            position: query,
            values: embeds[query * c..][..c].to_vec(),
        });
        for change in changes {
            let other = changed(&run, &all, std::slice::from_ref(&change));
            assert_eq!(other.about.interventions.first(), Some(&change));
            for (name, ours) in fresh.arrays() {
                let theirs = data(&other, name);
                assert!(
                    error(theirs, ours.data) < 2e-5,
                    "{name} after {change:?} of {config:?}"
                );
            }
            let scale = data(&fresh, "logits")
                .iter()
                .fold(1e-3f32, |m, x| m.max(x.abs()));
            let moved = data(&other, "logits_change").iter();
            assert!(moved.fold(0.0f32, |m, x| m.max(x.abs())) < 2e-5 * scale);
        }
    });
}

#[test]
fn a_change_does_what_it_says_and_nothing_to_what_came_before() {
    each("changes", |config, seed, stream| {
        let run = run(config, seed);
        let t = 1 + stream.below(config.block_size);
        let all = text(stream, t);
        let fresh = clean(&run, &all);
        let (layer, head) = (stream.below(config.n_layer), stream.below(config.n_head));
        let (query, c, h) = (stream.below(t), config.n_embd, config.n_head);
        let key = stream.below(query + 1);
        let spans = matches!(config.attention, Attention::AdaptiveSpan(_));
        let pass = spans.then_some(Pass::Local);
        let within = if spans { "local." } else { "" };
        let of = |name: &str| format!("blocks.{layer}.attn.{within}{name}");

        // A head off: its share is 0, the others' are what they were.
        let off = changed(
            &run,
            &all,
            &[Intervention::Head {
                layer,
                head,
                pass,
                scale: 0.0,
            }],
        );
        let (before, after) = (
            data(&fresh, &of("hook_result")),
            data(&off, &of("hook_result")),
        );
        for (n, (old, new)) in before.iter().zip(after).enumerate() {
            let expected = if n / c % h == head { 0.0 } else { *old };
            assert!(
                (new - expected).abs() <= 1e-6 * old.abs().max(1.0),
                "{config:?}"
            );
        }

        // A cell as asked for; the row's sum as it was, where there was room.
        let weight = stream.uniform() as f32;
        let cell = |renormalise| Intervention::Cell {
            layer,
            head,
            pass,
            query,
            key,
            weight,
            renormalise,
        };
        for renormalise in [false, true] {
            let other = changed(&run, &all, &[cell(renormalise)]);
            let at = (head * t + query) * t;
            let row = |trace: &Trace| data(trace, &of("hook_pattern"))[at..][..t].to_vec();
            let (old, new) = (row(&fresh), row(&other));
            assert!((new[key] - weight).abs() < 1e-6);
            let sum = |row: &[f32]| row.iter().sum::<f32>();
            let room =
                sum(&old) > weight && old.iter().enumerate().any(|(j, a)| j != key && *a > 1e-6);
            if renormalise && room {
                assert!((sum(&new) - sum(&old)).abs() < 1e-5, "{old:?} {new:?}");
            } else if !renormalise {
                let others = old.iter().zip(&new).enumerate().filter(|(j, _)| *j != key);
                assert!(others.into_iter().all(|(_, (old, new))| old == new));
            }
            // Nothing before the query can know.
            let logits = |trace: &Trace| data(trace, "logits")[..query * VOCAB].to_vec();
            assert_eq!(logits(&other), logits(&fresh), "{config:?}");
            let change = data(&other, "logits_change");
            let moved = data(&other, "logits").iter().zip(data(&fresh, "logits"));
            let moved: Vec<f32> = moved.map(|(a, b)| a - b).collect();
            assert!(error(change, &moved) < 1e-5);
        }

        // Branches and the stream.
        for branch in [Branch::Attn, Branch::Mlp] {
            let name = |what: &str| format!("blocks.{layer}.{what}");
            let (out, sum) = match branch {
                Branch::Attn => (name("hook_attn_out"), name("hook_resid_mid")),
                Branch::Mlp => (name("hook_mlp_out"), name("hook_resid_post")),
            };
            let none = changed(&run, &all, &[Intervention::Branch { layer, branch }]);
            assert!(data(&none, &out).iter().all(|x| *x == 0.0));
            let cut = changed(&run, &all, &[Intervention::Residual { layer, branch }]);
            if config.norm != Norm::Post {
                assert_eq!(data(&cut, &sum), data(&cut, &out), "{config:?}");
            }
        }
    });
}

#[test]
fn changes_that_cannot_be_made_are_refused() {
    let mut stream = Stream::new(1, "refused");
    let run = run(&drawn::draw(&mut stream, Kind::Standard), 1);
    let head = run.config.model.n_head;
    let change = Intervention::Head {
        layer: 0,
        head,
        pass: None,
        scale: 0.0,
    };
    let refused = block_on(run.trace_tokens(&[1], 0, &[change])).expect_err("no such head");
    assert!(
        refused.message.contains(&format!("no head {head}")),
        "{refused}"
    );
    let refused = block_on(run.trace("", &[])).expect_err("an empty text");
    assert!(refused.message.contains("nothing to trace"), "{refused}");
    let refused = block_on(run.trace("xyz", &[])).expect_err("foreign characters");
    assert!(
        refused.message.contains('x') && refused.message.contains('z'),
        "{refused}"
    );
}
