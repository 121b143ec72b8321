//! Bad input: each has its own clear message, and nothing is lost by it.

use crate::runs::{self, Trained};
use harness::{Outcome, Page, Reply, Setup, in_browser};
use serde_json::json;

/// Where Tiny Shakespeare lies, whichever mirror of its repository the page asks.
const ELSEWHERE: &str = "https://raw.githubusercontent.com/";

/// The run that was there is untouched: its next step is the next one.
fn nothing_is_lost(page: &mut Page, step: u32) -> Outcome<()> {
    assert_eq!(
        page.eval::<Trained>("await glassformer.train(1)")?.step,
        step
    );
    Ok(())
}

#[test]
fn texts_that_cannot_be_trained_on() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        let cases = [
            ("".to_string(), vec!["empty"]),
            ("a".repeat(500), vec!["one distinct character", "a"]),
            ("abcdefgh".into(), vec!["8 characters", "33", "block_size"]),
        ];
        for (text, words) in cases {
            let mut spec = runs::small();
            spec["corpus"] = json!({"text": text});
            let message = page.rejection(&format!("await glassformer.newRun({spec})"))?;
            for word in words {
                assert!(
                    message.contains(word),
                    "\"{message}\" does not say \"{word}\""
                );
            }
        }
        nothing_is_lost(page, 3)
    })
}

#[test]
fn configurations_out_of_range() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        let cases = [
            (
                "model",
                json!({"n_embd": 30, "n_head": 4}),
                vec!["n_embd 30", "n_head 4", "1, 2, 3, 5"],
            ),
            (
                "model",
                json!({"block_size": 0}),
                vec!["block_size is 0", "between 1 and"],
            ),
            ("model", json!({"n_layer": 1.5}), vec!["n_layer"]),
            ("model", json!({"dropout": 2}), vec!["dropout is 2"]),
            ("train", json!({"lr": -1}), vec!["lr is -1"]),
            ("train", json!({"batch_size": "many"}), vec!["batch_size"]),
        ];
        for (group, patch, words) in cases {
            let mut spec = runs::small();
            spec[group] = patch;
            let message = page.rejection(&format!("await glassformer.newRun({spec})"))?;
            for word in words {
                assert!(
                    message.contains(word),
                    "\"{message}\" does not say \"{word}\""
                );
            }
        }
        nothing_is_lost(page, 3)
    })
}

#[test]
fn a_prompt_with_characters_that_the_model_does_not_know() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        let message =
            page.rejection("await glassformer.generate({ prompt: 'the Ω dog', tokens: 5 })")?;
        assert!(message.contains('Ω'), "{message}");
        assert!(
            !message.contains("“d”, “Ω”"),
            "only unknown ones: {message}"
        );
        for options in [
            json!({"temperature": -1}),
            json!({"topP": 0}),
            json!({"topP": 2}),
        ] {
            let mut call = json!({"prompt": "the ", "tokens": 5});
            for (key, value) in options.as_object().into_iter().flatten() {
                call[key] = value.clone();
                let message = page.rejection(&format!("await glassformer.generate({call})"))?;
                assert!(
                    message.contains(key.as_str()) || message.contains("top_p"),
                    "{message}"
                );
            }
        }
        nothing_is_lost(page, 1)
    })
}

/// Changes the header of the checkpoint in `bytes` by a script on `header`, and loads it.
fn load_with_header(page: &mut Page, change: &str) -> Outcome<String> {
    page.script::<()>(&format!(
        "const view = new DataView(bytes.buffer, bytes.byteOffset);
         const length = Number(view.getBigUint64(0, true));
         const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
         {change}
         let text = JSON.stringify(header);
         text += ' '.repeat((8 - text.length % 8) % 8);
         const written = new TextEncoder().encode(text);
         window.changed = new Uint8Array(8 + written.length + bytes.length - 8 - length);
         new DataView(changed.buffer).setBigUint64(0, BigInt(written.length), true);
         changed.set(written, 8);
         changed.set(bytes.subarray(8 + length), 8 + written.length);"
    ))?;
    page.rejection("await glassformer.load(changed)")
}

#[test]
fn checkpoints_that_are_none() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        page.eval::<()>("void (window.bytes = await glassformer.checkpoint())")?;
        let truncated =
            page.rejection("await glassformer.load(bytes.slice(0, bytes.length - 100))")?;
        let foreign = page.rejection(
            "await glassformer.load(new TextEncoder().encode('not a checkpoint at all'))",
        )?;
        let empty = page.rejection("await glassformer.load(new Uint8Array())")?;
        for message in [&truncated, &foreign, &empty] {
            assert!(
                message.contains("checkpoint") || message.contains("safetensors"),
                "{message}"
            );
        }
        let shape = load_with_header(
            page,
            "const name = Object.keys(header).find(n => n.endsWith('wte.weight'));
             header[name].shape.reverse();",
        )?;
        assert!(shape.contains("wte.weight"), "{shape}");
        let config = load_with_header(
            page,
            "const c = JSON.parse(header.__metadata__.config); c.model.n_embd = 64;
             header.__metadata__.config = JSON.stringify(c);",
        )?;
        assert!(config.contains("32") && config.contains("64"), "{config}");
        let other = load_with_header(page, "delete header.__metadata__;")?;
        assert!(other.contains("Glassformer"), "{other}");
        let wrong = page.rejection("await glassformer.load('a string')")?;
        assert!(wrong.contains("Uint8Array"), "{wrong}");
        nothing_is_lost(page, 3)
    })
}

#[test]
fn files_that_are_no_text() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        page.upload(runs::CHOOSER, "latin1.txt", b"caf\xe9 au lait\n")?;
        page.shows("UTF-8")?;
        page.upload(runs::CHOOSER, "utf16.txt", &[0xFF, 0xFE, b'a', 0, b'b', 0])?;
        page.shows("UTF-16")?;
        page.upload(runs::CHOOSER, "empty.txt", b"")?;
        page.shows("empty")?;
        page.upload(runs::CHOOSER, "huge.txt", &vec![b'a'; 65 * 1024 * 1024])?;
        page.shows("MB")?;
        // A good one after all that serves.
        page.upload(runs::CHOOSER, "good.txt", runs::text().as_bytes())?;
        page.shows("good.txt")
    })
}

#[test]
fn no_network_for_the_corpus() -> Outcome<()> {
    let setup = Setup {
        elsewhere: vec![(ELSEWHERE, Reply::Offline)],
        ..Setup::cpu()
    };
    in_browser(&setup, |page| {
        page.click("radio", "Tiny Shakespeare")?;
        page.shows("offline")
    })
}

#[test]
fn the_corpus_from_its_public_address() -> Outcome<()> {
    let stub = Reply::Text(runs::text());
    let setup = Setup {
        elsewhere: vec![(ELSEWHERE, stub)],
        ..Setup::cpu()
    };
    in_browser(&setup, |page| {
        page.click("radio", "Tiny Shakespeare")?;
        page.shows("12,0")?;
        // It is kept: on the next visit nobody needs the network for it.
        page.go_offline();
        page.reload()?;
        page.click("radio", "Tiny Shakespeare")?;
        page.shows("12,0")
    })
}
