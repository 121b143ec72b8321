//! Writing on: characters drawn by the engine join the sentence, and the kept keys and values grow.

use crate::explore::{explore, opened};
use harness::{Outcome, Page, in_browser};
use serde_json::json;

/// The sentence as it stands in its field.
const SENTENCE: &str = "document.querySelector('#sentence').value";

/// The last scene, with those options of the draw.
fn at_the_draw(page: &mut Page, options: &[(&str, &str)]) -> Outcome<()> {
    page.eval::<()>("void scene('Next character')")?;
    for (name, value) in options {
        page.fill("textbox", name, value)?;
    }
    Ok(())
}

/// The character that the engine writes after a text with such a seed.
fn engine_writes(page: &mut Page, text: &str, temperature: f64, seed: u32) -> Outcome<String> {
    let options = json!({
        "prompt": text, "tokens": 1, "temperature": temperature, "seed": seed
    });
    page.eval(&format!("(await glassformer.generate({options})).text"))
}

/// Waits for the pass over a sentence of which so many characters were drawn, and for its draw.
fn stands(page: &mut Page, text: &str, next_seed: u32) -> Outcome<()> {
    page.wait_for(
        "the pass and its draw",
        &format!(
            "{SENTENCE} === {}
             && document.querySelectorAll('.token').length === {}
             && document.querySelector('.draw').textContent.includes('with seed {next_seed};')
             && !!read('drawn, by its number')",
            json!(text),
            text.chars().count()
        ),
    )
}

#[test]
fn what_the_stage_says_of_a_draw_is_what_the_engine_draws() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        // Wild enough for the draw to matter.
        at_the_draw(page, &[("Temperature", "3"), ("Seed", "40")])?;
        let mut text: String = page.eval(SENTENCE)?;
        let vocab: String = page.eval("(await glassformer.status()).run.characters")?;
        let vocab: Vec<char> = vocab.chars().collect();
        let mut likeliest = 0;
        for seed in 40..48 {
            stands(page, &text, seed)?;
            let drawn = page.eval::<Vec<usize>>("read('drawn, by its number')")?[0];
            let place = page.eval::<Vec<f64>>("read('place of the draw')")?[0];
            let first = page.eval::<Vec<f64>>("read('chances, the likeliest first')")?[0];
            likeliest += usize::from(place < first);
            let expected = engine_writes(page, &text, 3.0, seed)?;
            assert_eq!(vocab[drawn].to_string(), expected, "seed {seed} at {place}");
            page.click("button", "Draw one character")?;
            text += &expected;
        }
        stands(page, &text, 48)?;
        assert!(likeliest < 8, "no draw fell beside the likeliest character");
        // The same seed and sentence write the same text.
        let prompt: String = page.eval("(await glassformer.models)[0].prompt")?;
        page.fill("textbox", "Sentence", &prompt)?;
        stands(page, &prompt, 40)?;
        page.click("button", "Draw one character")?;
        let again: String = text.chars().take(prompt.chars().count() + 1).collect();
        stands(page, &again, 41)
    })
}

#[test]
fn the_card_works_out_what_is_drawn_with() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let text: String = page.eval(SENTENCE)?;
        at_the_draw(page, &[("Temperature", "3"), ("Top k", "5")])?;
        stands(page, &text, 1)?;
        let likeliest: f64 = page.script(&format!(
            "const {{ shape, data }} = (await glassformer.trace({})).get('logits');
             const row = [...data.slice((shape[0] - 1) * shape[1])].sort((a, b) => b - a);
             const weights = row.slice(0, 5).map((logit) => Math.exp((logit - row[0]) / 3));
             return 1 / weights.reduce((a, b) => a + b);",
            json!(text)
        ))?;
        assert!(likeliest < 0.9, "{likeliest} is hardly another chance");
        page.wait_for(
            "the chance",
            &format!(
                "Math.abs(document.querySelector('.recomputed').dataset.value - {likeliest}) < 1e-4"
            ),
        )
    })
}

#[test]
fn a_changed_pass_is_drawn_from() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let text: String = page.eval(SENTENCE)?;
        page.eval::<()>("void scene('Heads out')")?;
        page.wait_for("the slider", "!!document.querySelector('#head-0-0')")?;
        for head in 0..4 {
            page.slide(&format!("#head-0-{head}"), 0)?;
        }
        at_the_draw(page, &[("Temperature", "2"), ("Seed", "11")])?;
        stands(page, &text, 11)?;
        // What the place of the draw stands for among the changed pass's chances.
        let expected: String = page.script(&format!(
            "const interventions = [0, 1, 2, 3].map(head => ({{ change: 'head', layer: 0, head, scale: 0 }}));
             const trace = await glassformer.trace({}, {{ interventions }});
             const {{ shape, data }} = trace.get('logits');
             const row = [...data.slice((shape[0] - 1) * shape[1])];
             const order = row.map((_, v) => v).sort((a, b) => row[b] - row[a]);
             const weights = order.map(v => Math.exp((row[v] - row[order[0]]) / 2));
             const sum = weights.reduce((a, b) => a + b);
             let left = read('place of the draw')[0] * sum;
             const hit = order.find((_, n) => (left -= weights[n]) < 0);
             return [...(await glassformer.status()).run.characters][hit];",
            json!(text)
        ))?;
        page.click("button", "Draw one character")?;
        stands(page, &format!("{text}{expected}"), 12)
    })
}

#[test]
fn temperature_0_takes_the_likeliest() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        at_the_draw(page, &[("Temperature", "0")])?;
        let mut text: String = page.eval(SENTENCE)?;
        for seed in 1..4 {
            stands(page, &text, seed)?;
            assert!(page.eval::<bool>("!read('place of the draw')")?);
            let expected = engine_writes(page, &text, 0.0, 1)?;
            page.click("button", "Draw one character")?;
            text += &expected;
        }
        stands(page, &text, 4)
    })
}

/// Notes every scene that is gone to from now on.
const NOTE: &str = "
    window.scenes = new Set();
    const note = () => scenes.add(present());
    new MutationObserver(note).observe(document.querySelector('.scenes'), {
        subtree: true, attributes: true, attributeFilter: ['aria-current'],
    });";

/// Waits until so many characters were written, stops, and sees that they are the engine's, drawn one
/// after the other with the seeds from `seed` on; answers the scenes that were played.
fn writes(page: &mut Page, count: usize, seed: u32) -> Outcome<Vec<String>> {
    let begun: String = page.eval("begun")?;
    let longer = begun.chars().count() + count;
    page.wait_for("characters", &format!("{SENTENCE}.length >= {longer}"))?;
    page.click("button", "Write on")?;
    let off = "document.querySelector('.write-on button').ariaPressed === 'false'";
    page.wait_for("the end of it", off)?;
    let written: String = page.eval(SENTENCE)?;
    let mut expected = begun.clone();
    while expected.chars().count() < written.chars().count() {
        let drawn = (expected.chars().count() - begun.chars().count()) as u32;
        expected += &engine_writes(page, &expected, 2.0, seed + drawn)?;
    }
    assert_eq!(written, expected);
    page.eval("[...scenes].sort()")
}

#[test]
fn it_types_by_itself_and_shows_each_draw() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        at_the_draw(page, &[("Temperature", "2"), ("Seed", "7")])?;
        page.eval::<()>("void scene('Embed')")?;
        page.wait_for("the beginning", "present() === 'Embed'")?;
        page.script::<()>(NOTE)?;
        page.eval::<()>(&format!("void (window.begun = {SENTENCE})"))?;
        let place = "(({ x, y }) => [x, y])(
            document.querySelector('.write-on button').getBoundingClientRect())";
        let before: [f64; 2] = page.eval(place)?;
        page.click("button", "Write on")?;
        page.wait_for("its choice", "!!document.querySelector('.write-on select')")?;
        // Who presses once more where one pressed stops it.
        assert_eq!(page.eval::<[f64; 2]>(place)?, before);
        assert_eq!(writes(page, 3, 7)?, ["Next character"]);
        // So does who goes to an example to see something there.
        page.click("button", "Write on")?;
        page.click("button", "some␣big␣fluffy␣dog")?;
        page.wait_for(
            "the end of it",
            "document.querySelector('.write-on button').ariaPressed === 'false'",
        )?;
        page.wait_for(
            "the example",
            &format!("{SENTENCE} === 'some big fluffy dog'"),
        )
    })
}

#[test]
fn it_writes_on_with_a_journey_for_each_character() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        at_the_draw(page, &[("Temperature", "2"), ("Seed", "7")])?;
        page.script::<()>(NOTE)?;
        page.eval::<()>(&format!("void (window.begun = {SENTENCE})"))?;
        page.choose("Speed", "4×")?;
        // At once, so that its first draw is in the longer form.
        page.script::<()>(
            "document.querySelector('.write-on button').click();
             const select = () => document.querySelector('.write-on select');
             while (!select()) await new Promise(requestAnimationFrame);
             select().value = 'only the end';
             select().dispatchEvent(new Event('change', { bubbles: true }));",
        )?;
        // The second one's journey is seen to its draw.
        page.wait_for(
            "its journey",
            &format!(
                "{SENTENCE}.length > begun.length && scenes.has('Logits')
                 && present() === 'Next character'"
            ),
        )?;
        let scenes = writes(page, 1, 7)?;
        assert_eq!(scenes, ["Keys and values kept", "Logits", "Next character"]);
        Ok(())
    })
}

/// The rows of keys and values that are kept, as the stage's table has them.
fn kept(page: &mut Page) -> Outcome<Vec<Vec<f64>>> {
    page.eval(
        "[...document.querySelectorAll('#stage-table th')]
            .map(th => th.textContent)
            .filter(label => / of token \\d+$/.test(label))
            .map(read)",
    )
}

/// Waits until that scene shows the pass over that many tokens.
fn cache_of(page: &mut Page, tokens: usize) -> Outcome<()> {
    page.wait_for(
        "the kept rows",
        &format!(
            "document.querySelectorAll('.token').length === {tokens}
             && present() === 'Keys and values kept'
             && !!read('key of token {}') && !read('key of token {tokens}')",
            tokens - 1
        ),
    )
}

#[test]
fn a_new_character_adds_one_row_to_what_is_kept() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.eval::<()>("void scene('Keys and values kept')")?;
        let text: String = page.eval(SENTENCE)?;
        let tokens = text.chars().count();
        cache_of(page, tokens)?;
        let before = kept(page)?;
        // A key and a value each.
        assert_eq!(before.len(), 2 * tokens);
        let apart: f64 = page.script(&format!(
            "const trace = await glassformer.trace({});
             let most = 0;
             for (const [name, label] of [['hook_k', 'key'], ['hook_v', 'value']]) {{
                 const {{ shape, data }} = trace.get('blocks.0.attn.' + name);
                 const [tokens, heads, size] = shape;
                 for (let t = 0; t < tokens; t++) {{
                     const start = t * heads * size;
                     const row = [...data.slice(start, start + size)];
                     most = Math.max(most, apart(read(`${{label}} of token ${{t}}`), row));
                 }}
             }}
             return most;",
            json!(text)
        ))?;
        assert!(apart <= 1e-4, "the kept rows are {apart} off");
        page.click("button", "Add the likeliest")?;
        cache_of(page, tokens + 1)?;
        let after = kept(page)?;
        assert_eq!(after.len(), 2 * (tokens + 1));
        // The earlier rows rest: the new character changed none of them.
        let keys = before[..tokens].iter().zip(&after[..tokens]);
        let values = before[tokens..].iter().zip(&after[tokens + 1..]);
        for (before, after) in keys.chain(values) {
            let apart = before.iter().zip(after).map(|(a, b)| (a - b).abs());
            assert!(apart.fold(0.0, f64::max) <= 1e-4);
        }
        assert_eq!(page.eval::<Vec<usize>>("read('rows made anew')")?, [1]);
        // The other block has others.
        page.click("button", "block 1")?;
        let second = format!("read('key of token 0').join() !== '{}'", joined(&after[0]));
        page.wait_for("the other block", &second)
    })
}

fn joined(row: &[f64]) -> String {
    let words: Vec<String> = row.iter().map(f64::to_string).collect();
    words.join(",")
}

#[test]
fn past_the_block_the_window_slides_and_the_page_says_so() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.eval::<()>("void scene('Keys and values kept')")?;
        let block: usize = page.eval("(await glassformer.status()).run.config.model.block_size")?;
        let full: String = "the big fluffy dog and "
            .chars()
            .cycle()
            .take(block)
            .collect();
        page.fill("textbox", "Sentence", &full)?;
        cache_of(page, block)?;
        assert!(page.eval::<bool>("!document.querySelector('.window')")?);
        assert_eq!(page.eval::<Vec<usize>>("read('rows made anew')")?, [1]);
        page.click("button", "Add the likeliest")?;
        page.wait_for("the words", "!!document.querySelector('.window')")?;
        cache_of(page, block)?;
        let words: String = page.eval("document.querySelector('.window').textContent")?;
        assert!(
            words.contains(&format!("reads {block} characters"))
                && words.contains(&format!("has {}", block + 1))
                && words.contains("the first 1 "),
            "{words}"
        );
        assert_eq!(page.eval::<Vec<usize>>("read('rows made anew')")?, [block]);
        Ok(())
    })
}

#[test]
fn a_change_stays_as_the_sentence_grows_and_what_was_written_is_taken_back() -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        let text: String = page.eval(SENTENCE)?;
        let tokens = text.chars().count();
        page.eval::<()>("void scene('Softmax')")?;
        page.wait_for("a weight", "!!document.querySelector('#poke-number')")?;
        page.script::<()>(
            "const slider = document.querySelector('#poke-number');
             slider.value = '0.99';
             slider.dispatchEvent(new InputEvent('input', { bubbles: true }));",
        )?;
        let weights = |page: &mut Page, tokens: usize| {
            let there = format!("read('weights')?.length === {tokens}");
            page.wait_for("its row", &there)?;
            page.eval::<f64>("Math.max(...read('weights'))")
        };
        let row =
            |token: usize| format!("void document.querySelectorAll('.token')[{token}].click()");
        page.wait_for("what it did", "!!document.querySelector('.effect')")?;
        page.click("button", "Add the likeliest")?;
        page.wait_for(
            "the longer one",
            &format!("{SENTENCE}.length === {tokens} + 1"),
        )?;
        let own = weights(page, tokens + 1)?;
        assert!((own - 0.99).abs() > 1e-3, "{own}");
        // In its own row it is as it was set.
        page.eval::<()>(&row(tokens - 1))?;
        let set = weights(page, tokens)?;
        assert!((set - 0.99).abs() <= 1e-3, "{set}");
        page.find("button", "Take back the change")?;
        page.click("button", "Back to")?;
        page.wait_for("the own text", &format!("{SENTENCE} === {}", json!(text)))?;
        let set = weights(page, tokens)?;
        assert!((set - 0.99).abs() <= 1e-3, "{set}");
        assert!(!page.has("button", "Back to")?);
        Ok(())
    })
}
