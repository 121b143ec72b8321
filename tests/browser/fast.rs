//! The fast step on WebGPU: it loses what the plain operations lose, whoever looks in between sees
//! its weights, it asks little of the browser, and a step that is not finite leaves the model as it was.

use crate::runs;
use harness::{
    Outcome, Page, Setup,
    counting::{Counters, SCRIPT},
    in_browser, trouble,
};
use serde_json::{Value as Json, json};

fn counting() -> Setup {
    Setup {
        worker_script: SCRIPT.into(),
        ..Setup::webgpu()
    }
}

fn spec(kind: &str, dropout: f64) -> Json {
    let mut spec = runs::small();
    spec["model"]["attention"] = json!({ "kind": kind });
    spec["model"]["dropout"] = dropout.into();
    // No checkpoint falls into what is counted.
    spec["train"]["checkpoint_every"] = json!(1000);
    spec["backend"] = "webgpu".into();
    spec
}

/// A step's losses along paths of so many steps each, and the loss on the validation text after them.
fn losses(page: &mut Page, spec: &Json, paths: &[(&str, usize)]) -> Outcome<(Vec<f64>, f64)> {
    let made = runs::new_run(page, spec)?;
    assert_eq!(made.backend, "webgpu");
    let mut losses = Vec::new();
    for (path, steps) in paths {
        page.eval::<()>(&format!("await glassformer.debug.trainBy({path:?})"))?;
        losses.extend(runs::losses(page, *steps)?);
    }
    let after: f64 = page.eval("(await glassformer.evaluate()).valLoss")?;
    Ok((losses, after))
}

/// The fast step's losses in the engine that visitors get, then those of other paths, for which the
/// run moves to the build that has burn on the GPU too.
fn agree(spec: &Json, steps: usize, others: &[&[(&str, usize)]]) -> Outcome<()> {
    in_browser(&counting(), |page| {
        let (fast, after) = losses(page, spec, &[("fast", steps)])?;
        for paths in others {
            let (other, seen) = losses(page, spec, paths)?;
            runs::agree(&fast, &other, 1e-3)?;
            runs::agree(&[after], &[seen], 1e-3)?;
        }
        Ok(())
    })
}

const FIFTY: &[&[(&str, usize)]] = &[
    &[("readable", 50)],
    &[("fast", 15), ("readable", 10), ("fast", 25)],
];

#[test]
fn fifty_fast_steps_lose_what_the_readable_ones_lose() -> Outcome<()> {
    agree(&spec("standard", 0.0), 50, FIFTY)
}

#[test]
fn and_so_they_do_with_dropout() -> Outcome<()> {
    agree(&spec("standard", 0.2), 50, FIFTY)
}

// The plain operations of these take a third of a second a step in software. What each option does, and
// 200 steps of each kind, are compared without a browser, in tests/gpu.rs.

#[test]
fn and_so_do_head_gated_ones() -> Outcome<()> {
    agree(&spec("head_gated", 0.2), 30, &[&[("readable", 30)]])
}

#[test]
fn and_so_do_those_of_adaptive_span() -> Outcome<()> {
    agree(&spec("adaptive_span", 0.2), 30, &[&[("readable", 30)]])
}

#[test]
fn and_so_do_additive_ones() -> Outcome<()> {
    agree(&spec("additive", 0.2), 30, &[&[("readable", 30)]])
}

/// What fifty steps in a row ask of the browser, once the first have been made.
fn asks_little(spec: &Json, most: f64) -> Outcome<()> {
    const STEPS: u32 = 50;
    in_browser(&counting(), |page| {
        runs::new_run(page, spec)?;
        page.eval::<()>("await glassformer.debug.trainBy('fast')")?;
        page.eval::<()>("void await glassformer.train(10)")?;
        let before = Counters::read(page)?;
        page.eval::<()>(&format!("void await glassformer.train({STEPS})"))?;
        let each = Counters::read(page)?.per_step(before, STEPS);
        if each.dispatches == 0.0 {
            return trouble("no dispatch was counted: the counters do not reach the engine");
        }
        assert!(each.dispatches <= most, "{each:?}");
        let made = each.bind_groups + each.buffers;
        assert!(10.0 * made <= each.dispatches, "{each:?}");
        // One each, or two where they are so slow that each is read by itself.
        assert!(each.submits <= 3.0, "{each:?}");
        assert_eq!(each.pipelines, 0.0, "made after the warm-up");
        Ok(())
    })
}

#[test]
fn a_small_models_step_asks_little_of_the_browser() -> Outcome<()> {
    asks_little(&spec("standard", 0.0), 40.0)?;
    asks_little(&spec("standard", 0.2), 40.0)
}

/// M's depth, which alone counts here, with S's widths, so that software can do it.
fn deep(kind: &str) -> Json {
    let mut deep = spec(kind, 0.2);
    deep["model"]["n_layer"] = json!(4);
    deep
}

#[test]
fn a_laptop_models_step_asks_little_of_the_browser() -> Outcome<()> {
    asks_little(&deep("standard"), 120.0)
}

#[test]
fn other_kinds_ask_little_more() -> Outcome<()> {
    for kind in ["head_gated", "adaptive_span", "additive"] {
        asks_little(&spec(kind, 0.2), 64.0)?;
        asks_little(&deep(kind), 192.0)?;
    }
    Ok(())
}

#[test]
fn losses_and_a_checkpoint_make_no_bind_group_and_writing_needs_no_gpu() -> Outcome<()> {
    in_browser(&counting(), |page| {
        runs::new_run(page, &spec("standard", 0.0))?;
        page.eval::<()>("void await glassformer.train(5)")?;
        let before = Counters::read(page)?;
        page.script::<()>(
            "await glassformer.evaluate();
             await glassformer.checkpoint({ optimizer: true });",
        )?;
        let each = Counters::read(page)?.per_step(before, 1);
        if each.dispatches == 0.0 {
            return trouble("no dispatch was counted: nothing asked the weights where they are");
        }
        assert_eq!(each.bind_groups, 0.0, "{each:?}");
        assert_eq!(each.pipelines, 0.0, "{each:?}");

        let before = Counters::read(page)?;
        let write = "void await glassformer.generate({ prompt: 'the ', tokens: 40 })";
        page.eval::<()>(write)?;
        page.eval::<()>(write)?;
        let both = Counters::read(page)?.per_step(before, 1);
        // The weights are read once.
        assert_eq!((both.dispatches, both.reads), (0.0, 1.0), "{both:?}");
        Ok(())
    })
}

/// A run by that path whose model is lost in mid-training to a character that few batches have: what
/// the page is told, and which steps it heard of before.
fn lost(setup: &Setup, path: &str) -> Outcome<(String, Vec<u32>)> {
    // It sorts last, so that its embedding is the table's last row.
    let rare = '~';
    let text = runs::text();
    let parts: Vec<&str> = text
        .as_bytes()
        .chunks(1500)
        .flat_map(str::from_utf8)
        .collect();
    let mut spec = runs::small();
    spec["corpus"]["text"] = parts.join(&rare.to_string()).into();
    in_browser(setup, |page| {
        runs::new_run(page, &spec)?;
        let corpus = &spec["corpus"];
        page.script::<()>(&format!(
            "const bytes = await glassformer.checkpoint({{ optimizer: true }});
             const view = new DataView(bytes.buffer, bytes.byteOffset);
             const begin = 8 + Number(view.getBigUint64(0, true));
             const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, begin)));
             const {{ shape, data_offsets: [, end] }} = header['transformer.wte.weight'];
             for (let i = 1; i <= shape[1]; i++) view.setFloat32(begin + end - 4 * i, 3e38, true);
             await glassformer.load(bytes, {{ corpus: {corpus}, seed: 7 }});
             await glassformer.debug.trainBy({path:?});
             window.heard = [];
             glassformer.on('steps', all => heard.push(...all.map(s => s.step)));"
        ))?;
        let message = page.rejection("await glassformer.train(300)")?;
        let step: u32 = page.eval("(await glassformer.status()).step")?;
        let heard: Vec<u32> = page.eval("heard")?;
        assert_eq!(heard, (1..=step).collect::<Vec<_>>(), "{message}");
        // It is still the same step that cannot be taken.
        let again = page.rejection("await glassformer.train(300)")?;
        assert_eq!(again, message);
        let finite: bool = page.script(
            "const { names, get } = await glassformer.weights();
             return names.every(name => get(name).data.every(Number.isFinite));",
        )?;
        assert!(finite, "the weights are those of the last good step");
        Ok((message, heard))
    })
}

#[test]
fn a_step_that_is_not_finite_is_not_taken_and_said_as_on_the_cpu() -> Outcome<()> {
    let (message, steps) = lost(&Setup::cpu(), "fast")?;
    assert!(message.contains("The step was not taken"), "{message}");
    assert!(steps.len() > 5, "some steps were good: {message}");
    let expected = (message, steps);
    for path in ["fast", "readable"] {
        assert_eq!(lost(&Setup::webgpu(), path)?, expected, "{path}");
    }
    Ok(())
}
