//! `window.glassformer`, as the README documents it.

use crate::runs::{self, Trained};
use harness::{Outcome, Setup, in_browser};
use serde_json::{Value as Json, json};

#[test]
fn it_says_what_there_is() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        let corpora: String = page.eval("JSON.stringify(glassformer.corpora)")?;
        for name in [
            "adjectives",
            "facts",
            "addition",
            "copy",
            "brackets",
            "prose",
        ] {
            assert!(corpora.contains(name), "{name} is missing in {corpora}");
        }
        let presets: String = page.eval("JSON.stringify(glassformer.presets)")?;
        for name in ["glass", "laptop", "shakespeare"] {
            assert!(presets.contains(name), "{name} is missing in {presets}");
        }
        Ok(())
    })
}

#[test]
fn a_run_is_made_as_asked_and_answers_as_documented() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        let made: Json = page.eval(&format!("await glassformer.newRun({})", runs::small()))?;
        assert_eq!(made["config"]["model"]["n_embd"], 32);
        assert_eq!(made["config"]["model"]["n_layer"], 1);
        assert_eq!(made["config"]["train"]["batch_size"], 4);
        assert_eq!(made["config"]["seed"], 7);
        let trained: Json = page.eval("await glassformer.train(3)")?;
        assert_eq!(trained["step"], 3);
        assert_eq!(trained["valLoss"], Json::Null, "none was due");
        for key in ["trainLoss", "msPerStep", "tokensPerSecond"] {
            assert!(
                trained[key].as_f64().is_some_and(|x| x > 0.0),
                "{key} in {trained}"
            );
        }
        let losses: Json = page.eval("await glassformer.evaluate()")?;
        for key in ["trainLoss", "valLoss"] {
            assert!(
                losses[key].as_f64().is_some_and(|x| x > 0.0),
                "{key} in {losses}"
            );
        }
        Ok(())
    })
}

#[test]
fn pause_holds_resume_goes_on_and_stop_ends() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        // Many more steps than can be made before somebody pauses.
        let mut spec = runs::small();
        spec["train"]["max_steps"] = json!(1_000_000);
        runs::new_run(page, &spec)?;
        page.script::<()>(
            "window.seen = [];
             window.off = glassformer.on('steps', steps => seen.push(...steps.map(s => s.step)));
             window.training = glassformer.train(1_000_000);",
        )?;
        page.wait_for("some steps", "seen.length >= 5")?;
        page.eval::<()>("void await glassformer.pause()")?;
        let first: Trained = page.eval("await training")?;
        let held: u32 = page.eval("(await new Promise(r => setTimeout(r, 500)), seen.at(-1))")?;
        assert_eq!(held, first.step, "steps passed while it was paused");
        assert!(first.step < 1_000_000, "too late to pause");
        page.eval::<()>("void (window.training = glassformer.resume())")?;
        page.wait_for("more steps", &format!("seen.at(-1) > {}", first.step))?;
        page.eval::<()>("void await glassformer.stop()")?;
        // Whoever unsubscribed hears nothing more.
        page.eval::<()>("void off()")?;
        let message = page.rejection("await glassformer.train(1)")?;
        assert!(message.contains("run"), "{message}");
        Ok(())
    })
}

#[test]
fn unknown_keys_reject_by_their_name() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        let wrong = [
            ("newRun({ presets: 'glass' })", "presets"),
            ("newRun({ model: { n_layers: 2 } })", "n_layers"),
            ("newRun({ train: { learning_rate: 1 } })", "learning_rate"),
            ("newRun({ corpus: { file: 'x' } })", "file"),
            ("newRun({ corpus: { builtin: 'moby' } })", "moby"),
            ("newRun({ preset: 'huge' })", "huge"),
            ("newRun({ recipe: 'mine' })", "mine"),
            ("newRun({ backend: 'tpu' })", "tpu"),
            (
                "newRun({ model: { attention: { kind: 'magic' } } })",
                "magic",
            ),
            ("generate({ prompt: 'a', temp: 1 })", "temp"),
        ];
        for (call, name) in wrong {
            let message = page.rejection(&format!("await glassformer.{call}"))?;
            assert!(message.contains(name), "{call}: \"{message}\"");
        }
        let message = page.rejection("(() => glassformer.on('step done', () => {}))()")?;
        assert!(message.contains("step done"), "{message}");
        Ok(())
    })
}

#[test]
fn before_there_is_a_run_it_says_so() -> Outcome<()> {
    // Else the page opens with a ready-made model.
    let setup = Setup {
        files: vec![("models/manifest.json", None)],
        ..Setup::cpu()
    };
    in_browser(&setup, |page| {
        for call in [
            "train(1)",
            "evaluate()",
            "generate({ prompt: 'a' })",
            "checkpoint()",
        ] {
            let message = page.rejection(&format!("await glassformer.{call}"))?;
            assert!(
                message.contains("newRun") || message.contains("run"),
                "{call}: {message}"
            );
        }
        Ok(())
    })
}

#[test]
fn the_same_seed_writes_the_same_text() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 5)?;
        let mut write = |options: Json| -> Outcome<String> {
            let answer: Json = page.eval(&format!("await glassformer.generate({options})"))?;
            Ok(answer["text"].as_str().unwrap_or_default().into())
        };
        let options = json!({"prompt": "the ", "tokens": 60, "seed": 3});
        let one = write(options.clone())?;
        assert_eq!(one, write(options)?);
        assert!(one.chars().count() >= 60);
        let known = runs::text();
        assert!(one.chars().all(|c| known.contains(c)), "{one:?}");
        let other = write(json!({"prompt": "the ", "tokens": 60, "seed": 4}))?;
        assert_ne!(one, other);
        // At temperature 0 the seed does not matter.
        let greedy =
            |seed: u32| json!({"prompt": "the ", "tokens": 30, "temperature": 0, "seed": seed});
        assert_eq!(write(greedy(1))?, write(greedy(2))?);
        Ok(())
    })
}

#[test]
fn a_checkpoint_brings_the_model_back() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 10)?;
        let write = "(await glassformer.generate({ prompt: 'the ', tokens: 60, seed: 3 })).text";
        let before: String = page.eval(write)?;
        page.eval::<()>("void (window.bytes = await glassformer.checkpoint())")?;
        assert!(page.eval::<bool>("bytes instanceof Uint8Array")?);
        // Another model in between, so that the first one cannot have simply stayed.
        let mut other = runs::small();
        other["seed"] = json!(8);
        runs::new_run(page, &other)?;
        assert_ne!(before, page.eval::<String>(write)?);
        page.eval::<()>("void await glassformer.load(bytes)")?;
        assert_eq!(before, page.eval::<String>(write)?);
        Ok(())
    })
}

/// Read with the format's own definition: eight bytes of length, a JSON header, the numbers.
#[test]
fn a_checkpoint_is_safetensors_with_nanogpt_s_names() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        let made = runs::new_run(page, &runs::small())?;
        page.eval::<()>("void (window.bytes = await glassformer.checkpoint())")?;
        let header: Json = page.script(
            "const view = new DataView(bytes.buffer, bytes.byteOffset);
             const length = Number(view.getBigUint64(0, true));
             return JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));",
        )?;
        let tensors = header.as_object().map(|all| {
            let model = all
                .iter()
                .filter(|(name, _)| *name != "__metadata__" && !name.starts_with("optimizer."));
            model
                .map(|(name, t)| (name.clone(), t["shape"].clone()))
                .collect::<Vec<_>>()
        });
        let tensors = tensors.unwrap_or_default();
        let numbers: u64 = tensors
            .iter()
            .map(|(_, shape)| {
                shape
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Json::as_u64)
                    .product::<u64>()
            })
            .sum();
        assert_eq!(numbers, made.params, "{tensors:?}");
        let v = runs::vocabulary(&runs::text());
        let shape = |name: &str| {
            tensors
                .iter()
                .find(|(n, _)| n.ends_with(name))
                .map(|(_, s)| s.clone())
        };
        assert_eq!(shape("wte.weight"), Some(json!([v, 32])));
        assert_eq!(shape("wpe.weight"), Some(json!([32, 32])));
        assert_eq!(shape("h.0.attn.c_proj.weight"), Some(json!([32, 32])));
        Ok(())
    })
}
