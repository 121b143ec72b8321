//! The four kinds of attention: each trains by the page and by scripting, refuses what does not fit
//! it, and is the same on either engine, its gradient too.

use crate::{
    person,
    runs::{self, Trained},
};
use harness::{Outcome, Page, Setup, in_browser, trouble};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Each kind's name in scripting, and the name that the page shows.
const KINDS: [(&str, &str); 4] = [
    ("standard", "Standard"),
    ("head_gated", "Head-gated"),
    ("adaptive_span", "Adaptive span"),
    ("additive", "Additive"),
];

/// The loss has fallen, batch by batch differences aside.
fn falls(losses: &[f64]) {
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (first, last) = (&losses[..5], &losses[losses.len() - 5..]);
    assert!(mean(last) < mean(first) - 0.02, "no learning in {losses:?}");
}

#[test]
fn a_person_trains_each_kind() -> Outcome<()> {
    let text = runs::text();
    in_browser(&Setup::cpu(), |page| {
        page.upload(runs::CHOOSER, "two-adjectives.txt", text.as_bytes())?;
        page.shows(&format!("{} different", runs::vocabulary(&text)))?;
        page.script::<()>(
            "window.losses = [];
             glassformer.on('steps', all => losses.push(...all.map(s => s.trainLoss)));",
        )?;
        for (kind, label) in KINDS {
            page.click("radio", label)?;
            page.eval::<()>("void (losses.length = 0)")?;
            page.click("button", "Start")?;
            page.wait_for("thirty steps", "losses.length >= 30")?;
            page.click("button", "Pause")?;
            page.find("button", "Resume")?;
            falls(&page.eval::<Vec<f64>>("losses.slice(0, 30)")?);
            let config = "(await glassformer.status()).run.config.model.attention.kind";
            assert_eq!(page.eval::<String>(config)?, kind);
            page.shows(&format!("{label} attention"))?;
            let written = person::write(page, "the ")?;
            assert!(written.len() > 100, "{kind}: {written:?}");
            assert!(written.chars().all(|c| text.contains(c)), "{written:?}");
            page.click("button", "Stop")?;
        }
        Ok(())
    })
}

#[test]
fn a_script_names_a_kind_with_its_options() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        let listed: Vec<Json> = page.eval("glassformer.kinds")?;
        for (kind, _) in KINDS {
            let listed = listed.iter().find(|other| other["name"] == kind);
            let defaults = listed.map(|listed| listed["attention"].clone());
            let mut spec = runs::small();
            spec["model"]["attention"] = json!({ "kind": kind });
            let made: Json = page.eval(&format!("await glassformer.newRun({spec})"))?;
            let attention = made["config"]["model"]["attention"].clone();
            assert_eq!(attention["kind"], kind);
            assert_eq!(Some(attention), defaults);
            runs::losses(page, 2)?;
        }
        let mut spec = runs::small();
        spec["model"]["attention"] =
            json!({"kind": "adaptive_span", "max_span": 8, "sharpen": "off", "alpha": 0.25});
        let made: Json = page.eval(&format!("await glassformer.newRun({spec})"))?;
        let attention = &made["config"]["model"]["attention"];
        assert_eq!(
            [
                &attention["max_span"],
                &attention["sharpen"],
                &attention["alpha"]
            ],
            [&json!(8), &json!("off"), &json!(0.25)]
        );
        Ok(())
    })
}

#[test]
fn what_does_not_fit_a_kind_is_refused() -> Outcome<()> {
    let cases = [
        (
            json!({"model": {"attention": {"kind": "standard", "alpha": 0.5}}}),
            vec!["alpha", "adaptive_span", "standard"],
        ),
        (
            json!({"model": {"attention": {"gate_form": "two_sigmoid"}}}),
            vec!["gate_form", "head_gated", "standard"],
        ),
        (
            json!({"model": {"block_size": 64, "attention": {"kind": "adaptive_span", "max_span": 65}}}),
            vec!["max_span is 65", "at most 64"],
        ),
        (
            json!({"model": {"attention": {"kind": "adaptive_span", "alpha": 2}}}),
            vec!["alpha is 2", "between 0 and 1"],
        ),
        (
            json!({"preset": "shakespeare", "model": {"attention": {"kind": "additive"}}}),
            vec!["6144 MiB", "128 MiB"],
        ),
    ];
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        for (spec, words) in cases {
            let message = page.rejection(&format!("await glassformer.newRun({spec})"))?;
            for word in words {
                assert!(
                    message.contains(word),
                    "\"{message}\" does not say \"{word}\""
                );
            }
        }
        // The run that was there is untouched.
        let trained: Trained = page.eval("await glassformer.train(1)")?;
        assert_eq!(trained.step, 3);
        Ok(())
    })
}

/// What a kind does in its first steps: the optimizer's mean gradients after one, by tensor, and
/// the losses of all.
struct Beginning {
    moments: BTreeMap<String, Vec<f64>>,
    losses: Vec<f64>,
}

/// The numbers of every tensor of `bytes`, a checkpoint, whose name begins so; read by the format's
/// own definition.
const MOMENTS: &str = "
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const length = Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const moments = {};
    for (const [name, tensor] of Object.entries(header)) {
        if (!name.startsWith('optimizer.m.')) continue;
        if (tensor.dtype !== 'F32') throw new Error(name + ' is ' + tensor.dtype);
        const [from, to] = tensor.data_offsets;
        moments[name] = Array.from({ length: (to - from) / 4 },
            (_, i) => view.getFloat32(8 + length + from + 4 * i, true));
    }
    return moments;";

fn begin(page: &mut Page, kind: &str, backend: &str) -> Outcome<Beginning> {
    let mut spec = runs::small();
    spec["backend"] = backend.into();
    spec["model"]["block_size"] = json!(16);
    spec["model"]["attention"] = json!({ "kind": kind });
    // The gradient as it is.
    spec["train"]["clip"] = json!(0);
    let made = runs::new_run(page, &spec)?;
    assert_eq!(made.backend, backend);
    let mut losses = runs::losses(page, 1)?;
    let moments = page.script(&format!(
        "const bytes = await glassformer.checkpoint({{ optimizer: true }}); {MOMENTS}"
    ))?;
    losses.extend(runs::losses(page, 19)?);
    Ok(Beginning { moments, losses })
}

/// Each tensor's numbers agree to a thousandth of its largest. Where all are 0, as before a gate
/// that begins at 1, they are 0 on both.
fn moments_agree(kind: &str, a: &Beginning, b: &Beginning) -> Outcome<()> {
    let names = |of: &Beginning| of.moments.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(a), names(b));
    assert!(a.moments.len() > 8, "{kind} has hardly any: {:?}", names(a));
    for (name, left) in &a.moments {
        let right = &b.moments[name];
        assert_eq!(left.len(), right.len(), "{kind}: {name}");
        let largest = left.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
        let far = left.iter().zip(right).find(|(l, r)| {
            // NaN agrees with nothing.
            let close = (*l - *r).abs() <= 1e-3 * largest;
            !close
        });
        if let Some((l, r)) = far {
            return trouble(format!(
                "{kind}: {name} has {l} on the CPU and {r} on WebGPU; its largest is {largest}"
            ));
        }
    }
    Ok(())
}

#[test]
fn each_kind_is_the_same_on_either_engine() -> Outcome<()> {
    in_browser(&Setup::webgpu(), |page| {
        let mut of = |backend: &str| -> Outcome<Vec<Beginning>> {
            let all = KINDS.iter().map(|(kind, _)| begin(page, kind, backend));
            all.collect()
        };
        let (cpu, webgpu) = (of("cpu")?, of("webgpu")?);
        for ((kind, _), (cpu, webgpu)) in KINDS.iter().zip(cpu.iter().zip(&webgpu)) {
            moments_agree(kind, cpu, webgpu)?;
            runs::agree(&cpu.losses, &webgpu.losses, 1e-3)?;
            falls(&cpu.losses);
        }
        Ok(())
    })
}
