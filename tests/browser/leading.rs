//! Of a sentence of one's own the page finds the head that its guess hangs on, leads there, and what it
//! says of that head is what one sees when one switches it off.

use crate::explore::{explore, opened};
use crate::runs;
use harness::{Outcome, Setup, in_browser};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// The lead, and what it is to say by passes of one's own.
const TOOLS: &str = "
    window.led = () => [...document.querySelectorAll('.scene-words .lead')]
        .find((lead) => lead.textContent.startsWith('Matters most'));
    window.share = (trace, next) => {
        const { shape, data } = trace.get('logits');
        const logits = [...data.slice((shape[0] - 1) * shape[1])];
        const sum = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
        return Math.exp(logits[next ?? logits.indexOf(Math.max(...logits))]) / sum;
    };
    window.hangs = async (text) => {
        const { config, characters } = (await glassformer.status()).run;
        const clean = await glassformer.trace(text);
        const { shape, data } = clean.get('logits');
        const last = [...data.slice((shape[0] - 1) * shape[1])];
        const next = last.indexOf(Math.max(...last));
        const found = { character: characters[next], before: share(clean), after: 1 };
        for (let layer = 0; layer < config.model.n_layer; layer++) {
            for (let head = 0; head < config.model.n_head; head++) {
                const interventions = [{ change: 'head', layer, head, scale: 0 }];
                const after = share(await glassformer.trace(text, { interventions }), next);
                if (after < found.after) Object.assign(found, { layer, head, after });
            }
        }
        return found;
    };
    // Where all stands in the frame before the lead, and in the first with it.
    window.watched = async () => {
        const seen = () => JSON.stringify(
            [...document.querySelectorAll('.scene-words .term, .stage canvas, .heads, .aside, .timeline')]
                .map((part) => Object.values(part.getBoundingClientRect().toJSON())));
        for (let before; ; await new Promise(requestAnimationFrame)) {
            const now = seen();
            if (led()) return [before, now];
            before = now;
        }
    };";

#[test]
fn of_a_sentence_of_ones_own_one_is_led_to_the_head_that_its_guess_hangs_on() -> Outcome<()> {
    const TEXT: &str = "the tiny furry ca";
    in_browser(&explore(), |page| {
        opened(page)?;
        page.script::<()>(TOOLS)?;
        for model in ["glass-standard", "glass-adaptive-span"] {
            page.eval::<Json>(&format!("await glassformer.open('{model}')"))?;
            let there = format!("document.querySelector('.what strong').textContent === '{model}'");
            page.wait_for("the model", &there)?;
            page.eval::<()>("void document.querySelectorAll('.scene')[3].click()")?;
            page.eval::<()>("void (window.frames_ = watched())")?;
            page.fill("textbox", "Sentence", TEXT)?;
            let [before, after]: [String; 2] = page.eval("await frames_")?;
            assert_eq!(before, after, "{model}: the lead moved something");

            let hangs: Json = page.eval(&format!("await hangs('{TEXT}')"))?;
            let words: String = page.eval("led().textContent")?;
            let place = format!(
                "Matters most: block {}, head {}.",
                hangs["layer"], hangs["head"]
            );
            assert!(words.starts_with(&place), "{words} and {hangs}");
            page.eval::<()>("void led().click()")?;
            let title = "document.querySelector('#scene-title').textContent";
            let heads = format!("{title} === 'Block {} Heads out'", hangs["layer"]);
            page.wait_for("its scene", &heads)?;
            let said = "[...document.querySelectorAll('.scene-words .lead')].at(-1).textContent";
            let words: String = page.eval(said)?;
            assert!(
                words.starts_with(&format!("Set head {} to 0", hangs["head"])),
                "{words}"
            );

            // What the words say, done.
            page.slide(&format!("#head-{}-{}", hangs["layer"], hangs["head"]), 0)?;
            let line = "document.querySelector('.upshot p')?.textContent ?? ''";
            page.wait_for("what it did", &format!("({line}).includes('→')"))?;
            let shares = |of: &str| {
                format!("(({of}).match(/[0-9.]+(?=\\s%)/g) ?? []).slice(0, 2).map(Number)")
            };
            let promised: [f64; 2] = page.eval(&shares(said))?;
            let seen: [f64; 2] = page.eval(&shares(line))?;
            for (n, which) in ["before", "after"].into_iter().enumerate() {
                let own = 100.0 * hangs[which].as_f64().unwrap_or(-1.0);
                assert!(
                    (seen[n] - own).abs() <= 0.11,
                    "{line}: {seen:?} and {hangs}"
                );
            }
            assert_eq!(promised, seen, "{words}");
            let character = json!(hangs["character"]).to_string().replace('"', "");
            assert!(words.contains(&format!("“{character}”")), "{words}");
        }
        Ok(())
    })
}

/// Hears what the engine is asked, as the page says it.
const HEAR: &str = "
    window.heard = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (parcel, ...rest) {
        if (typeof parcel?.[0] === 'string') heard.push(parcel[0]);
        return post.call(this, parcel, ...rest);
    };
    // How many passes without a head were asked for.
    window.off = () => heard.filter(
        (words) => /\"change\":\"head\".*\"scale\":0(\\.0)?[,}]/.test(words)).length;";

/// More than enough for the page to ask.
const A_WHILE: Duration = Duration::from_millis(1500);

#[test]
fn the_engine_is_asked_once_and_only_while_it_has_nothing_to_do() -> Outcome<()> {
    let setup = Setup {
        page_script: format!("{HEAR}{TOOLS}"),
        ..explore()
    };
    in_browser(&setup, |page| {
        opened(page)?;
        page.eval::<()>("void document.querySelectorAll('.scene')[3].click()")?;
        page.idle(A_WHILE)?;
        assert_eq!(page.eval::<usize>("off()")?, 0, "the example is known");
        page.fill("textbox", "Sentence", "the tiny furry ca")?;
        page.wait_for("the lead", "!!led()")?;
        let heads = 2 * 4;
        assert_eq!(page.eval::<usize>("off()")?, heads);
        // What was changed and taken back is the same sentence, and so is another token of it.
        page.script::<()>(
            "const slider = document.querySelector('#head-0-1');
             slider.value = '0.5';
             slider.dispatchEvent(new InputEvent('input', { bubbles: true }));",
        )?;
        page.click("button", "Take back the change")?;
        page.eval::<()>("void document.querySelectorAll('.token')[4].click()")?;
        page.idle(A_WHILE)?;
        assert_eq!(page.eval::<usize>("off()")?, heads);

        let mut spec = runs::small();
        spec["train"]["max_steps"] = json!(100_000);
        page.script::<()>(&format!(
            "await glassformer.newRun({spec}); window.trained = glassformer.train();"
        ))?;
        let named = "!document.querySelector('.what strong')?.textContent.startsWith('glass')";
        page.wait_for("its pass", named)?;
        page.fill("textbox", "Sentence", "the big green bo")?;
        page.idle(A_WHILE)?;
        assert_eq!(page.eval::<usize>("off()")?, heads, "it trains");
        page.script::<()>("await glassformer.pause(); await trained;")?;
        page.wait_for("a pass for each head", &format!("off() === {}", heads + 4))?;
        Ok(())
    })
}
