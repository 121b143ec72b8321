//! Words that point at the stage, formulas that the browser draws, and the notes against the model:
//! what one tries there is a real pass.

use harness::{Outcome, Page, Setup, in_browser};
use serde_json::{Value as Json, json};

/// A scene by its name on the timeline, a term by its word, what is lit, and numbers of the scene's
/// table by their label.
const TOOLS: &str = "
    window.scene = (name) => [...document.querySelectorAll('.scene')]
        .find((button) => button.textContent === name).click();
    window.present = () => document.querySelector('.scene[aria-current]')?.textContent;
    window.term = (word) => [...document.querySelectorAll('.scene-words .term')]
        .find((button) => button.textContent === word);
    window.lit = () => Number(document.querySelector('.stage canvas')?.dataset.lit ?? -1);
    window.shown = () => document.querySelector('.term.shown')?.textContent;
    window.tokens = () => document.querySelectorAll('.token').length;
    window.read = (label) => {
        const rows = [...document.querySelectorAll('#stage-table tr')];
        const row = rows.find((row) => row.querySelector('th').textContent === label);
        return row && row.querySelector('td').textContent.replaceAll('−', '-').split(', ').map(Number);
    };
    window.trial = (label) => [...document.querySelectorAll('.otherwise .trials button')]
        .find((button) => button.textContent === label);
    window.text = () => document.querySelector('#sentence').value;
    window.likeliest = (trace, token, n) => {
        const { shape, data } = trace.get('probabilities');
        const row = [...data.slice(token * shape[1], (token + 1) * shape[1])];
        return row.sort((a, b) => b - a).slice(0, n);
    };
    window.apart = (a, b) => a.length === b.length
        ? Math.max(...a.map((x, i) => Math.abs(x - b[i]))) : Infinity;";

/// The row of the last scenes but one that has the chosen token's probabilities.
const PROBABILITIES: &str = "probabilities, the likeliest first";

/// Opens a ready-made model, waits for its first pass, and stands still there.
fn looking(model: &str, test: impl FnOnce(&mut Page) -> Outcome<()>) -> Outcome<()> {
    let setup = Setup {
        hash: "",
        page_script: TOOLS.into(),
        ..Setup::cpu()
    };
    in_browser(&setup, |page| {
        page.wait_for("the stage", "!!document.querySelector('.stage canvas')")?;
        page.click("button", "Pause")?;
        page.find("button", "Play")?;
        page.eval::<Json>(&format!("await glassformer.open('{model}')"))?;
        let label = format!("document.querySelector('.what strong')?.textContent === '{model}'");
        page.wait_for("its pass", &label)?;
        test(page)
    })
}

fn go(page: &mut Page, scene: &str) -> Outcome<()> {
    page.eval::<()>(&format!("void scene('{scene}')"))?;
    page.wait_for(scene, &format!("present() === '{scene}'"))
}

#[test]
fn a_term_lights_its_numbers_until_it_is_left() -> Outcome<()> {
    looking("glass-standard", |page| {
        go(page, "Softmax")?;
        // Of the scores the chosen query's are there, of the weights each twice more and all others.
        for (word, expected) in [
            ("score", "tokens()"),
            ("weights", "tokens() * (tokens() + 2)"),
        ] {
            page.eval::<()>(&format!("void term('{word}').focus()"))?;
            page.wait_for(word, &format!("lit() === {expected}"))?;
            page.eval::<()>(&format!("void term('{word}').blur()"))?;
            page.wait_for("nothing lit", "lit() === -1")?;
        }
        // No pointer is left where the next scene may have a term.
        page.eval::<()>("void term('score').click()")?;
        let held = "lit() === tokens() && term('score').ariaPressed === 'true'";
        page.wait_for("what was pressed", held)?;
        go(page, "Mix values")?;
        page.wait_for(
            "the next scene unlit",
            "!document.querySelector('.term.lit')",
        )
    })
}

#[test]
fn a_word_says_what_it_means_until_escape() -> Outcome<()> {
    looking("glass-standard", |page| {
        let means = |words: &str| {
            format!("document.querySelector('.meaning').textContent.startsWith('{words}')")
        };
        go(page, "Lens")?;
        page.eval::<()>("void term('unembedding').focus()")?;
        page.wait_for("its meaning", &means("Unembedding: "))?;
        page.eval::<()>("void term('logit lens').click()")?;
        page.eval::<()>("void document.activeElement.blur()")?;
        page.wait_for("what was pressed", &means("Logit lens: "))?;
        let nothing = "document.querySelector('.meaning').textContent === ''
            && !document.querySelector('.term.lit')";
        page.eval::<()>("void document.querySelector('#scene-title').click()")?;
        page.wait_for("nothing held after a click elsewhere", nothing)?;
        page.eval::<()>("void term('logit lens').click()")?;
        page.wait_for("what was pressed again", &means("Logit lens: "))?;
        page.eval::<()>(
            "void document.body.dispatchEvent(
                new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))",
        )?;
        page.wait_for("nothing held", nothing)?;
        // All words and letters of the scene are there to be read, beside the stage and not over it.
        page.click("button", "In plain words")?;
        let beside = "document.querySelector('.plain')?.getBoundingClientRect().left
            >= document.querySelector('.stage').getBoundingClientRect().right";
        page.wait_for("the words", beside)?;
        let plain = "[...document.querySelectorAll('.plain li')].map((li) => li.textContent)";
        let listed: Vec<String> = page.eval(plain)?;
        for word in ["Logit lens: ", "Unembedding: ", "Probability: "] {
            assert!(
                listed.iter().any(|line| line.starts_with(word)),
                "{word} is not in {listed:?}"
            );
        }
        let letters = "[...document.querySelectorAll('.plain dt')].map((dt) => dt.textContent)";
        let letters: Vec<String> = page.eval(letters)?;
        assert!(letters.iter().any(|letter| letter == "U"), "{letters:?}");
        page.click("button", "In plain words")?;
        page.wait_for("the card again", "!document.querySelector('.plain')")?;
        Ok(())
    })
}

#[test]
fn a_number_that_is_picked_lights_its_term() -> Outcome<()> {
    looking("glass-standard", |page| {
        go(page, "Softmax")?;
        assert_eq!(page.eval::<String>("shown()")?, "weights");
        // Lit numbers are drawn ones: the arrow key finds the scene on the canvas.
        page.eval::<()>("void term('score').focus()")?;
        page.wait_for("the scene drawn", "lit() === tokens()")?;
        page.eval::<()>(
            "void document.querySelector('.stage canvas')
                .dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }))",
        )?;
        page.wait_for("the score above", "shown() === 'score'")?;
        let card: String = page.eval("document.querySelector('#number-title').textContent")?;
        assert_eq!(card, "Score");
        Ok(())
    })
}

#[test]
fn every_scene_has_a_formula_that_the_browser_draws() -> Outcome<()> {
    for model in ["glass-standard", "glass-head-gated", "glass-adaptive-span"] {
        looking(model, |page| {
            let scenes: usize = page.eval("document.querySelectorAll('.scene').length")?;
            for n in 0..scenes {
                page.eval::<()>(&format!(
                    "void document.querySelectorAll('.scene')[{n}].click()"
                ))?;
                let there =
                    format!("document.querySelectorAll('.scene')[{n}].ariaCurrent === 'step'");
                page.wait_for("the scene", &there)?;
                let problem: Option<String> = page.script(
                    "const math = document.querySelector('.scene-tools .formula math');
                     if (math?.namespaceURI !== 'http://www.w3.org/1998/Math/MathML') return 'none';
                     if (!math.getAttribute('alttext')) return 'no words';
                     const { width, height } = math.getBoundingClientRect();
                     return width > 20 && height > 10 ? null : `${width} by ${height}`;",
                )?;
                assert_eq!(problem, None, "{model}, scene {n}");
            }
            go(page, &scene_with_a_query(model))?;
            let coloured: bool = page.script(
                "const colour = (element) => getComputedStyle(element).color;
                 const math = document.querySelector('.scene-tools .formula math');
                 return colour(math.querySelector('.of-query')) !== colour(math);",
            )?;
            assert!(coloured, "the query has no colour of its own");
            Ok(())
        })?;
    }
    Ok(())
}

fn scene_with_a_query(model: &str) -> String {
    match model {
        "glass-adaptive-span" => "Score, local pass".into(),
        _ => "Score".into(),
    }
}

/// Has what the notes say otherwise shown beside the stage, whose picture stays as it is.
fn asks(page: &mut Page) -> Outcome<()> {
    let picture = "(({ x, y, width, height }) => [x, y, width, height])(
        document.querySelector('.stage canvas').getBoundingClientRect())";
    page.script::<()>("for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);")?;
    let before: [f64; 4] = page.eval(picture)?;
    page.eval::<()>("void document.querySelector('.ask-notes').click()")?;
    page.wait_for("what they say", "!!document.querySelector('.otherwise')")?;
    page.script::<()>("for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);")?;
    assert_eq!(page.eval::<[f64; 4]>(picture)?, before, "the picture moved");
    let scrolls: Vec<String> = page.eval(
        "[...document.querySelectorAll('.explore *')]
            .filter((part) => part.scrollHeight > part.clientHeight + 1
                && /auto|scroll/.test(getComputedStyle(part).overflowY)
                && (part.contains(document.querySelector('.otherwise p'))
                    || part.contains(document.querySelector('.stage canvas'))))
            .map((part) => part.className)",
    )?;
    assert!(scrolls.len() <= 1, "{scrolls:?} scroll");
    Ok(())
}

/// In the scene that is open a number becomes that of a pass that a script asks for, and not that of
/// the clean pass; then the logits' probabilities do, which a change may move only a little.
fn shows_the_pass_of(page: &mut Page, change: &Change) -> Outcome<()> {
    let Change {
        list,
        token,
        array,
        row,
    } = change;
    let moved: f64 = page.script(&format!(
        "const clean = await glassformer.trace(text());
         const interventions = {list};
         const changed = await glassformer.trace(text(), {{ interventions }});
         const [before, after] = [clean, changed].map(trace => trace.get('{array}').data[{token}]);
         window.expected = {{ number: [after], likeliest: likeliest(changed, {token}, 12) }};
         return Math.abs(after - before);"
    ))?;
    assert!(moved > 4e-4, "the change does nothing: {moved}");
    let number = format!("apart(read('{row}') ?? [], expected.number) <= 1e-4");
    page.wait_for("the number of the changed pass", &number)?;
    go(page, "Logits")?;
    let same = format!("apart(read('{PROBABILITIES}') ?? [], expected.likeliest) <= 1e-4");
    page.wait_for("the changed pass", &same)
}

/// What was tried, and where it can be seen.
struct Change {
    /// As a script that has the clean pass lists it.
    list: String,
    token: &'static str,
    /// One number a token, in a trace.
    array: &'static str,
    /// The same in the table of the scene that is open.
    row: &'static str,
}

#[test]
fn the_other_temperature_is_tried_in_a_real_pass() -> Outcome<()> {
    looking("glass-adaptive-span", |page| {
        let options: Json = page.eval("(await glassformer.status()).run.config.model.attention")?;
        assert_eq!(options["sharpen"], json!("short"));
        let alpha = &options["alpha"];
        let list = format!(
            "[...clean.get('blocks.0.attn.hook_span_scale').data].map((s, position) => ({{
                change: 'temperature', layer: 0, position, value: Math.max(0.05, 1 - {alpha} * s),
             }}))"
        );
        go(page, "Bias and temperature")?;
        asks(page)?;
        page.eval::<()>("void trial('Try their listing at every token').click()")?;
        let pressed = "trial('Try their listing at every token').ariaPressed === 'true'";
        page.wait_for("the trial", pressed)?;
        let change = Change {
            list,
            token: "tokens() - 1",
            array: "blocks.0.attn.hook_temperature",
            row: "temperature t",
        };
        shows_the_pass_of(page, &change)?;
        go(page, "Bias and temperature")?;
        page.eval::<()>("void trial('Try their listing at every token').click()")?;
        page.wait_for(
            "the clean pass",
            "!document.querySelector('.changed-pass, .effect')",
        )
    })
}

#[test]
fn the_mean_that_sees_the_future_is_tried_in_a_real_pass() -> Outcome<()> {
    looking("glass-adaptive-span", |page| {
        go(page, "Span")?;
        page.eval::<()>("void document.querySelectorAll('.token')[4].click()")?;
        let chosen = "document.querySelectorAll('.token')[4].ariaPressed === 'true'";
        page.wait_for("the token", chosen)?;
        asks(page)?;
        page.eval::<()>("void trial('Run with it here').click()")?;
        // At the last token the mean over what was seen is the mean over everything.
        let list = "[{ change: 'span', layer: 0, position: 4,
            tokens: clean.get('blocks.0.attn.hook_span').data.at(-1) }]";
        let change = Change {
            list: list.into(),
            token: "4",
            array: "blocks.0.attn.hook_span",
            row: "span n, tokens",
        };
        shows_the_pass_of(page, &change)
    })
}

#[test]
fn the_picture_of_weights_is_turned_over_and_back() -> Outcome<()> {
    looking("glass-standard", |page| {
        go(page, "Softmax")?;
        asks(page)?;
        let pressed = |label| format!("trial('{label}').ariaPressed === 'true'");
        page.wait_for("rows", &pressed("Queries as rows"))?;
        // Each row of weights is shared out, whichever way it is drawn.
        let gives = "document.querySelector('.otherwise .facts-of dd').textContent";
        for label in ["Queries as columns", "Queries as rows"] {
            assert_eq!(page.eval::<String>(gives)?, "1.0000");
            page.eval::<()>(&format!("void trial('{label}').click()"))?;
            page.wait_for(label, &pressed(label))?;
        }
        Ok(())
    })
}

#[test]
fn the_costs_of_a_score_grow_with_the_head() -> Outcome<()> {
    looking("glass-standard", |page| {
        go(page, "Score")?;
        asks(page)?;
        let steps = "[...document.querySelectorAll('.otherwise tbody tr:first-child td')]
            .map(cell => Number(cell.textContent.replace(/\\D/g, '')))";
        let [heads, size] = [4, 8];
        let tokens: u64 = page.eval("tokens()")?;
        let pairs = heads * tokens * (tokens + 1) / 2;
        assert_eq!(page.eval::<Vec<u64>>(steps)?, [pairs * size, pairs * size]);
        page.slide(".otherwise input[type=range]", 16)?;
        let doubled = pairs * 2 * size;
        page.wait_for(
            "twice as many",
            &format!("{steps}.every(n => n === {doubled})"),
        )
    })
}
