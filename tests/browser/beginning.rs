//! What one finds on Explore without having done anything: a model, also after a run was stopped or
//! kept; words on what it learned, sentences to try, and an opening that stays closed.

use crate::{
    explore::{explore, loaded, opened},
    runs::{self, Trained},
};
use harness::{Outcome, Page, in_browser};
use serde_json::{Value as Json, json};

/// The model whose numbers stand there.
const SHOWN: &str = "document.querySelector('.what strong')?.textContent";

/// The sentence as it stands in its field.
const SENTENCE: &str = "document.querySelector('#sentence').value";

/// Waits for a pass of that model over the sentence in the field.
fn shows(page: &mut Page, model: &str) -> Outcome<()> {
    page.wait_for(
        "the model and its pass",
        &format!(
            "{SHOWN} === {} && document.querySelectorAll('.token').length === {SENTENCE}.length",
            json!(model)
        ),
    )
}

/// Waits for a pass over that sentence; answers the button that adds what comes next.
fn guess(page: &mut Page, text: &str) -> Outcome<String> {
    let read =
        "[...document.querySelectorAll('.token .character')].map(c => c.textContent).join('')";
    let seen = text.replace(' ', "␣");
    let there = format!(
        "{SENTENCE} === {} && {read} === {}",
        json!(text),
        json!(seen)
    );
    page.wait_for("the pass", &there)?;
    page.eval("document.querySelector('.append').textContent")
}

/// A short run that is kept in the browser at its fifth step.
fn keep_a_run(page: &mut Page) -> Outcome<()> {
    let mut spec = runs::small();
    spec["train"]["checkpoint_every"] = json!(5);
    page.script::<()>(
        "window.kept = [];
         glassformer.on('saved', ({ step }) => kept.push(step));",
    )?;
    runs::new_run(page, &spec)?;
    page.eval::<Trained>("await glassformer.train(5)")?;
    page.wait_for("the saved state", "kept.includes(5)")
}

#[test]
fn there_is_always_a_model_to_look_into_and_a_kept_run_is_offered() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let first: String = page.eval("(await glassformer.models)[0].name")?;
        keep_a_run(page)?;
        let own = "a script's text";
        shows(page, own)?;
        page.eval::<Option<Json>>("await glassformer.stop()")?;
        shows(page, &first)?;
        // The next day.
        page.reload()?;
        shows(page, &first)?;
        let offer = format!("Your run on {own} is kept here, at step 5");
        page.shows(&offer)?;
        page.click("button", "Look into it")?;
        shows(page, own)?;
        let step: u32 = page.eval("(await glassformer.status()).step")?;
        assert_eq!(step, 5, "it learned though it was only to be looked into");
        // From there to a ready-made one, and back.
        page.choose("Model", "Words and brackets")?;
        shows(page, &first)?;
        page.shows(&offer)?;
        page.choose("Model", &format!("Your run on {own}"))?;
        shows(page, own)?;
        // A link to it takes it up by itself.
        page.wait_for("its address", "location.hash.includes('own=')")?;
        page.reload()?;
        shows(page, own)
    })
}

#[test]
fn a_task_without_the_kind_does_not_make_it_forgotten() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        for (task, model) in [
            ("Facts and negations", "facts-additive"),
            ("Addition", "addition-standard"),
        ] {
            page.choose("Model", task)?;
            shows(page, model)?;
            if model == "facts-additive" {
                page.shows("learned this well enough with standard attention")?;
            }
        }
        // Addition was learned with either: nothing is amiss when the kind wished for is back.
        let amiss = "document.body.innerText.includes('well enough with additive attention')";
        assert!(!page.eval::<bool>(amiss)?);
        let stays = "document.body.innerText.includes('well enough with')";
        page.wait_for("no note of the choice before", &format!("!{stays}"))?;
        page.choose("Model", "Facts and negations")?;
        shows(page, "facts-additive")?;
        guess(page, "ann is not wet but bold. bold? ").map(drop)
    })
}

#[test]
fn what_it_learned_is_said_and_examples_are_a_click_away() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.shows("Big and fluffy make a dog")?;
        page.click("button", "some␣big␣fluffy␣dog")?;
        guess(page, "some big fluffy dog")?;
        page.click("button", "([]{<|")?;
        guess(page, "([]{<|")?;
        page.shows("all that is open is closed")?;
        page.choose("Model", "Addition")?;
        page.shows("321+654=9750 says 123+456=0579")?;
        page.click("button", "999+100=0")?;
        let words = guess(page, "999+100=0")?;
        assert!(words.contains("0 > 99 %"), "{words}");
        // Three digits each, the ones first: this is not that.
        page.fill("textbox", "Sentence", "999+1=")?;
        page.shows("This is not like the lines that the model learned")?;
        page.fill("textbox", "Sentence", "999+100=")?;
        page.wait_for("no such words", "!document.querySelector('.remark')")
    })
}

#[test]
fn an_example_opens_where_one_sees_what_it_promises() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.click("button", "the␣big␣fluffy␣")?;
        page.wait_for(
            "the weight on the card",
            "document.querySelector('.cell-name').textContent === 'blocks.1.attn.hook_pattern[1, 14, 6]'",
        )?;
        let heading: String = page.eval("document.querySelector('#scene-title').textContent")?;
        assert_eq!(heading, "Block 1 Mix values");
        let words: String =
            page.eval("document.querySelector('.scene-words strong').textContent")?;
        assert!(
            words.starts_with("Head 1 looks back at the g of “big”."),
            "{words}"
        );
        // What the words say, done.
        page.slide("#poke-number", 0)?;
        let row = "[...document.querySelectorAll('.effect tbody tr')]
            .find((row) => row.querySelector('th').textContent === 'd')";
        page.wait_for("what it changed", &format!("!!({row})"))?;
        let told = format!("(({row}).textContent.match(/[0-9.]+(?=\\s%)/g) ?? []).map(Number)");
        let said = "document.querySelector('.scene-words strong').textContent
            .match(/[0-9.]+(?=\\s%)/g).map(Number)";
        assert_eq!(page.eval::<Vec<f64>>(&told)?, page.eval::<Vec<f64>>(said)?);
        Ok(())
    })
}

#[test]
fn one_is_led_from_any_scene_of_attention_to_where_there_is_most_to_see() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let title = "document.querySelector('#scene-title').textContent";
        page.eval::<()>("void scene('Softmax')")?;
        page.wait_for("the scene", &format!("{title} === 'Block 0 Softmax'"))?;
        page.click("button", "Most to see in this sentence: block 1, head 1.")?;
        page.wait_for("the place", &format!("{title} === 'Block 1 Mix values'"))?;
        page.shows("Head 1 looks back at the g of “big”.")?;
        // Where no weight tells there is a head to take away.
        page.choose("Attention", "Adaptive span")?;
        shows(page, "glass-adaptive-span")?;
        page.eval::<()>("void scene('Softmax, local pass')")?;
        page.click(
            "button",
            "Most to see in this sentence: block 0, heads out.",
        )?;
        // And its slider is a click away, also where something else stands in its place.
        page.click("button", "In plain words")?;
        page.click(
            "button",
            "Set head 1 to 0, and “d” falls from 99.2\u{a0}% to 3.5\u{a0}%.",
        )?;
        page.wait_for(
            "the slider",
            "document.activeElement.id === 'head-0-1' && !document.querySelector('.instead')",
        )?;
        page.slide("#head-0-1", 0)?;
        page.wait_for(
            "what it changed",
            "[...document.querySelectorAll('.effect tbody tr')].some((row) => {
                 const numbers = row.textContent.match(/[0-9.]+(?=\\s%)/g) ?? [];
                 const [before, now] = numbers.map(Number);
                 return row.querySelector('th').textContent === 'd' && before === 99.2 && now === 3.5;
             })",
        )
    })
}

#[test]
fn the_opening_stays_closed() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.shows("A small language model reads this sentence")?;
        page.click("button", "Close")?;
        page.wait_for("no opening", "!document.querySelector('.opening')")?;
        page.reload()?;
        loaded(page)?;
        assert!(page.eval::<bool>("!document.querySelector('.opening')")?);
        // And comes again for who asks.
        page.click("button", "What is this?")?;
        page.shows("A small language model reads this sentence")
    })
}

#[test]
fn a_sentence_that_cannot_be_read_leaves_the_last_one_and_says_so() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let text: String = page.eval(SENTENCE)?;
        page.fill("textbox", "Sentence", "THE 漢")?;
        let said = format!("The stage still shows “{}”.", text.replace(' ', "␣"));
        page.shows(&said)?;
        page.click("button", "Replace all, leave out the rest")?;
        guess(page, "the ")?;
        page.wait_for(
            "no such words",
            "!document.querySelector('#sentence-error').textContent",
        )
    })
}
