//! Explore as it is shown to a room: what is said of a sentence, and what a teacher wants at hand.

use crate::explore::{explore, opened};
use harness::{Outcome, Page, in_browser};
use serde_json::{Value as Json, json};

/// Shows it to a room, on a screen of that size.
fn presents(page: &mut Page, width: u32, height: u32) -> Outcome<()> {
    let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    page.command("Emulation.setDeviceMetricsOverride", size)?;
    page.wait_for("the size", &format!("innerWidth === {width}"))?;
    page.eval::<()>("press('p')")?;
    let pressed = "document.querySelector('.present')?.ariaPressed === 'true'";
    page.wait_for("the large stage", pressed)
}

#[test]
fn a_room_is_told_what_the_model_makes_of_a_sentence() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        presents(page, 1280, 720)?;
        let said = |what: &str| {
            format!(
                "(document.querySelector('{what}')?.getBoundingClientRect().height ?? 0) > 10
                 && document.querySelector('{what}').getBoundingClientRect().bottom
                     <= document.querySelector('.stage-card').getBoundingClientRect().top"
            )
        };
        page.fill("textbox", "Sentence", "zzz zzz")?;
        page.wait_for("that it learned nothing like it", &said(".remark"))?;
        page.fill("textbox", "Sentence", &"the big fluffy dog ".repeat(4))?;
        page.wait_for("that not all of it is read", &said(".window"))?;
        page.fill("textbox", "Sentence", "the big fluffy dog")?;
        page.wait_for("no such words", "!document.querySelector('.notes')")?;
        page.fill("textbox", "Sentence", "The big fluffy ")?;
        page.wait_for("what is wrong with it", &said("#sentence-error"))?;
        page.wait_for("what can be done about it", &said(".replacements"))?;
        page.eval::<()>("void document.querySelector('.replacements button').click()")?;
        let mended = "document.querySelector('#sentence').value === 'the big fluffy '";
        page.wait_for("the sentence", mended)?;
        // What it would write, as its own pass has it.
        page.fill("textbox", "Sentence", "the big fluffy ")?;
        page.wait_for(
            "its guess",
            "document.querySelector('.upshot .next')?.textContent === 'next: d 96.2 %'",
        )?;
        // Of a guess that is wrong nobody is to make a lesson.
        page.eval::<Json>("await glassformer.open('glass-additive')")?;
        page.click("button", "stone<eno")?;
        page.wait_for("that it is wrong", &said(".remark"))?;
        page.shows("Here this model is wrong: “t” would be right, and it holds “s” for likelier")?;
        page.choose("Attention", "Standard")?;
        page.wait_for("a model that is right", "!document.querySelector('.notes')")
    })
}

#[test]
fn plain_words_stand_over_the_sliders_that_a_room_is_told_to_move() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.eval::<Json>("await glassformer.open('glass-additive')")?;
        let there = "document.querySelector('.what strong').textContent === 'glass-additive'";
        page.wait_for("the model", there)?;
        page.click("button", "some␣big␣fluffy␣dog")?;
        page.find("button", "Set head 1 to 0")?;
        for (width, height) in [(1280, 720), (1920, 1080)] {
            presents(page, width, height)?;
            let cut: f64 = page.eval(
                "(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(
                    document.querySelector('.scene-words'))",
            )?;
            assert!(cut <= 1.0, "{width} by {height}: {cut} px of the text");
            page.click("button", "In plain words")?;
            page.wait_for("the words", "!!document.querySelector('.plain li')")?;
            let seen: Vec<bool> = page.eval(
                "['.plain', '#head-1-1', '.number-card'].map((part) =>
                    document.querySelector(part).checkVisibility())",
            )?;
            assert_eq!(seen, [true, true, false], "{width} by {height}");
            page.click("button", "Close")?;
            page.eval::<()>("press('Escape')")?;
        }
        Ok(())
    })
}
