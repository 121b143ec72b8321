//! The ready-made models: the page opens with one that writes, others can be opened, and what is
//! missing or asked for meanwhile is dealt with.

use crate::{
    person,
    runs::{self, Trained},
};
use harness::{Outcome, Page, Setup, in_browser};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// What is used of `glassformer.models`.
#[derive(Clone, Debug, Deserialize)]
struct Model {
    name: String,
    kind: String,
    prompt: String,
    params: u64,
    corpora: Vec<String>,
}

/// The name of the ready-made model that is open.
const OPEN: &str = "(await glassformer.status()).run?.readyMade";

fn models(page: &mut Page) -> Outcome<Vec<Model>> {
    page.eval("await glassformer.models")
}

fn wait_for_one(page: &mut Page) -> Outcome<()> {
    page.wait_for("a ready-made model", &format!("!!({OPEN})"))
}

fn without(file: &'static str) -> Setup {
    Setup {
        files: vec![(file, None)],
        ..Setup::cpu()
    }
}

/// The person's own run: begins at its first step, on the text of the setup.
fn starts_a_run(page: &mut Page) -> Outcome<()> {
    page.script::<()>(
        "window.steps = [];
         glassformer.on('steps', all => steps.push(...all.map(s => s.step)));",
    )?;
    page.click("button", "Start")?;
    page.wait_for("the first steps", "steps.length > 2")?;
    assert_eq!(page.eval::<u32>("steps[0]")?, 1);
    let label: String = page.eval("(await glassformer.status()).run.label")?;
    assert_eq!(label, "adjectives");
    assert_eq!(page.eval::<Option<String>>(OPEN)?, None);
    Ok(())
}

#[test]
fn the_page_opens_with_a_model_that_writes() -> Outcome<()> {
    for setup in [Setup::cpu(), Setup::webgpu()] {
        in_browser(&setup, |page| {
            wait_for_one(page)?;
            let first = models(page)?.remove(0);
            assert_eq!(page.eval::<String>(OPEN)?, first.name);
            page.shows("A ready-made model, trained before you came")?;
            let proposed = "document.querySelector('#prompt').value";
            assert_eq!(page.eval::<String>(proposed)?, first.prompt);
            page.click("button", "Write")?;
            let paper = "document.querySelector('[aria-label=\"What the model wrote\"]')";
            let ended = format!("{paper}?.getAttribute('aria-busy') === 'false'");
            page.wait_for("the end of writing", &ended)?;
            let written: String = page.eval(&format!("{paper}.textContent"))?;
            assert!(written.starts_with(&first.prompt), "{written:?}");
            assert!(written.len() > 150, "{written:?}");
            // It is only looked at: the buttons are those of a page without a run.
            page.find("button", "Step")?;
            for gone in ["Restart", "Stop", "Resume", "Start a new run"] {
                assert!(!page.has("button", gone)?, "{gone} is there");
            }
            starts_a_run(page)
        })?;
    }
    Ok(())
}

#[test]
fn every_ready_made_model_opens_by_script() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        for model in models(page)? {
            let name = json!(model.name);
            let made: serde_json::Value = page.eval(&format!("await glassformer.open({name})"))?;
            assert_eq!(made["readyMade"], name);
            assert_eq!(made["params"], model.params);
            assert_eq!(made["config"]["model"]["attention"]["kind"], model.kind);
            assert!(!model.corpora.is_empty(), "{model:?}");
            let options = json!({"prompt": model.prompt, "tokens": 30});
            let text: String =
                page.eval(&format!("(await glassformer.generate({options})).text"))?;
            assert_eq!(text.chars().count(), 30, "{model:?}: {text:?}");
        }
        let message = page.rejection("await glassformer.open('glass-magic')")?;
        let first = models(page)?.remove(0).name;
        assert!(
            message.contains("glass-magic") && message.contains(&first),
            "{message}"
        );
        let message = page.rejection("await glassformer.open(7)")?;
        assert!(message.contains("name"), "{message}");
        Ok(())
    })
}

#[test]
fn a_person_opens_another_one() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        wait_for_one(page)?;
        let all = models(page)?;
        let first = &all[0];
        let other = |model: &&Model| model.kind != first.kind && model.corpora == first.corpora;
        // Only while there is no second kind among the models is the first opened once more.
        let other = all.iter().find(other).unwrap_or(first).clone();
        let label = match other.kind.as_str() {
            "standard" => "Standard",
            "head_gated" => "Head-gated",
            "adaptive_span" => "Adaptive span",
            _ => "Additive",
        };
        runs::new_run(page, &runs::small())?;
        page.shows("Opening one ends the run that is open")?;
        page.choose("Its attention", label)?;
        page.click("button", "Open it")?;
        page.wait_for("the other one", &format!("({OPEN}) === '{}'", other.name))?;
        page.shows(&format!("{label} attention"))?;
        let written = person::write(page, &other.prompt)?;
        assert!(written.starts_with(&other.prompt), "{written:?}");
        // The setup is still that of the run before, which has one layer.
        page.click("button", "Start")?;
        page.wait_for("a run", &format!("({OPEN}) === null"))?;
        let layers = "(await glassformer.status()).run.config.model.n_layer";
        assert_eq!(page.eval::<u32>(layers)?, 1);
        Ok(())
    })
}

#[test]
fn what_is_asked_for_comes_first() -> Outcome<()> {
    let spec = runs::small();
    let setup = Setup {
        page_script: format!(
            "addEventListener('glassformer', () => {{
                window.early = glassformer.newRun({spec});
                window.heard = [];
                glassformer.on('run', run => heard.push(run.readyMade));
            }});"
        ),
        ..Setup::cpu()
    };
    in_browser(&setup, |page| {
        page.eval::<serde_json::Value>("await early")?;
        models(page)?;
        page.idle(Duration::from_millis(1000))?;
        assert_eq!(page.eval::<Vec<Option<String>>>("heard")?, [None]);
        let requests = page.site.requests();
        let model = requests.iter().find(|path| path.ends_with(".safetensors"));
        assert_eq!(model, None, "a model was fetched that nobody wanted");

        // The later wish wins, however long the earlier one takes.
        let first = models(page)?.remove(0).name;
        let message = page.rejection(&format!(
            "await (async () => {{
                const opened = glassformer.open('{first}');
                opened.catch(() => 0);
                await glassformer.newRun({spec});
                return opened;
            }})()"
        ))?;
        assert!(message.contains("something else"), "{message}");
        assert_eq!(page.eval::<Option<String>>(OPEN)?, None);
        assert_eq!(page.eval::<Trained>("await glassformer.train(1)")?.step, 1);
        Ok(())
    })
}

#[test]
fn a_kept_run_is_offered_beside_the_first_model() -> Outcome<()> {
    let mut spec = runs::small();
    spec["train"]["checkpoint_every"] = json!(5);
    in_browser(&Setup::cpu(), |page| {
        page.script::<()>(
            "window.kept = [];
             glassformer.on('saved', ({ step }) => kept.push(step));",
        )?;
        runs::new_run(page, &spec)?;
        page.eval::<Trained>("await glassformer.train(5)")?;
        page.wait_for("the saved state", "kept.includes(5)")?;
        page.reload()?;
        page.shows("stopped at step 5")?;
        // Looking at a ready-made one does not take the offer away.
        wait_for_one(page)?;
        page.find("button", "Discard")?;
        page.click("button", "Resume")?;
        page.wait_for("the kept run", &format!("({OPEN}) === null"))
    })
}

#[test]
fn without_the_list_the_page_says_so_and_works() -> Outcome<()> {
    let list = "models/manifest.json";
    let broken = Setup {
        files: vec![(list, Some(b"<!doctype html>".to_vec()))],
        ..Setup::cpu()
    };
    for setup in [without(list), broken] {
        in_browser(&setup, |page| {
            page.shows("The list of ready-made models cannot be had")?;
            let message = page.rejection("await glassformer.models")?;
            assert!(message.contains("manifest.json"), "{message}");
            starts_a_run(page)
        })?;
    }
    Ok(())
}

#[test]
fn a_damaged_model_is_said_so_and_the_page_works() -> Outcome<()> {
    let first = in_browser(&Setup::cpu(), |page| Ok(models(page)?.remove(0).name))?;
    let file: &'static str = Box::leak(format!("models/{first}.safetensors").into_boxed_str());
    let broken = Setup {
        files: vec![(file, Some(b"nonsense".to_vec()))],
        ..Setup::cpu()
    };
    for setup in [without(file), broken] {
        in_browser(&setup, |page| {
            page.shows(&format!("The ready-made model {first} cannot be opened"))?;
            page.click("button", "Open it")?;
            page.shows("Problem.")?;
            starts_a_run(page)
        })?;
    }
    Ok(())
}
