//! What a reader does to a pass and asks of it: each change is the engine's own pass, and what is
//! peeled, followed and replaced is what scripts get and models know.

use crate::explore::{explore, opened};
use harness::{Outcome, Page, in_browser};
use serde_json::{Value as Json, json};

const TEXT: &str = "the big dog";

/// Sets sliders, and compares the table of what changed with the engine's own passes.
const TOOLS: &str = "
    window.slide = (id, value) => {
        const slider = document.getElementById(id);
        slider.value = value;
        slider.dispatchEvent(new InputEvent('input', { bubbles: true }));
        return Number(slider.value);
    };
    window.number = (words) => ({ '< 0.1': 0, '> 99.9': 100 })[words] ?? Number(words.replace('−', '-'));
    window.onCard = () => document.querySelector('.cell-name')?.textContent;
    window.seen = (c) => ({ ' ': '␣', '\\n': '↵' })[c] ?? c;
    window.shares = (logits) => {
        const highest = Math.max(...logits);
        const each = logits.map((x) => Math.exp(x - highest));
        const sum = each.reduce((a, b) => a + b);
        return each.map((x) => x / sum);
    };
    window.expect = async (text, change) => {
        const trace = await glassformer.trace(text, { interventions: [change] });
        const [after, clean] = [trace, await glassformer.trace(text)].map((trace) => {
            const { shape, data } = trace.get('logits');
            return [...data.slice((shape[0] - 1) * shape[1])];
        });
        const characters = [...(await glassformer.status()).run.characters];
        const [now, before] = [shares(after), shares(clean)];
        window.wanted = Object.fromEntries(characters.map((c, v) => [
            seen(c), { before: 100 * before[v], now: 100 * now[v], logit: after[v] - clean[v] },
        ]));
        return Math.max(...now.map((p, v) => Math.abs(p - before[v])));
    };
    // What the line by the stage says of the character that was the likeliest.
    window.line_agrees = () => {
        const [said] = document.querySelector('.upshot p')?.innerText.split(', now') ?? [''];
        const [, before, now] = said.match(/([<>\\d. ]+)\\s%\\s→\\s([<>\\d. ]+)\\s%/) ?? [];
        const likeliest = Object.entries(wanted).sort((a, b) => b[1].before - a[1].before)[0];
        return !!before && said.includes(likeliest[0])
            && Math.abs(number(before.trim()) - likeliest[1].before) <= 0.06
            && Math.abs(number(now.trim()) - likeliest[1].now) <= 0.06;
    };
    window.agrees = () => {
        const rows = [...document.querySelectorAll('.effect tbody tr')];
        const shown = rows.map((row) => [
            row.querySelector('th').textContent.trim(),
            ...[...row.querySelectorAll('td')].map((td) => number(td.textContent.replace(' %', ''))),
        ]);
        const moved = ({ before, now }) => Math.abs(now - before);
        const most = Math.max(...Object.values(wanted).map(moved));
        return shown.length > 0
            && line_agrees()
            && moved(wanted[shown[0][0]]) >= most - 1e-3
            && shown.every(([c, before, now, logit]) =>
                Math.abs(before - wanted[c].before) <= 0.06
                && Math.abs(now - wanted[c].now) <= 0.06
                && Math.abs(logit - wanted[c].logit) <= 6e-4);
    };";

/// The page with a model open, standing still over [`TEXT`].
fn on(model: &str, test: impl FnOnce(&mut Page) -> Outcome<()>) -> Outcome<()> {
    in_browser(&explore(), |page| {
        opened(page)?;
        page.script::<()>(TOOLS)?;
        page.eval::<Json>(&format!("await glassformer.open('{model}')"))?;
        page.fill("textbox", "Sentence", TEXT)?;
        let there = format!(
            "document.querySelector('.what strong').textContent === '{model}'
             && document.querySelectorAll('.token').length === {}",
            TEXT.chars().count()
        );
        page.wait_for("the model and its pass", &there)?;
        test(page)
    })
}

/// To a scene of the first block.
fn to(page: &mut Page, scene: &str) -> Outcome<()> {
    page.eval::<()>(&format!("void scene('{scene}')"))?;
    page.wait_for(scene, &format!("present() === '{scene}'"))
}

/// Sees that the next character's chances changed as by that change, and takes it back.
fn changed_as(page: &mut Page, change: &Json) -> Outcome<()> {
    let most: f64 = page.eval(&format!("await expect('{TEXT}', {change})"))?;
    assert!(most > 1e-5, "{change} changes next to nothing: {most}");
    page.wait_for(&format!("the logits of {change}"), "agrees()")?;
    page.click("button", "Take back the change")?;
    page.wait_for("the clean pass", "!document.querySelector('.effect')")
}

/// Sets the number on the card by its slider; answers what it was set to.
fn set_number(page: &mut Page, name: &str, value: f64) -> Outcome<f64> {
    page.wait_for(name, &format!("onCard() === '{name}'"))?;
    page.wait_for("its slider", "!!document.querySelector('#poke-number')")?;
    page.eval(&format!("slide('poke-number', {value})"))
}

#[test]
fn heads_branches_and_the_stream_are_switched_off() -> Outcome<()> {
    on("glass-standard", |page| {
        to(page, "Heads out")?;
        page.wait_for("the slider", "!!document.querySelector('#head-0-2')")?;
        page.eval::<f64>("slide('head-0-2', 0)")?;
        changed_as(
            page,
            &json!({"change": "head", "layer": 0, "head": 2, "scale": 0}),
        )?;
        for (label, change) in [
            (
                "Only what attention made goes on, not the stream",
                json!({"change": "residual", "layer": 0, "branch": "attn"}),
            ),
            (
                "Feed forward adds nothing",
                json!({"change": "branch", "layer": 0, "branch": "mlp"}),
            ),
        ] {
            page.click("checkbox", label)?;
            changed_as(page, &change)?;
        }
        Ok(())
    })
}

#[test]
fn what_a_change_did_hides_and_moves_nothing_that_one_holds() -> Outcome<()> {
    on("glass-adaptive-span", |page| {
        // Which of them a pointer finds, and where.
        page.script::<()>(
            "window.found = (list) => [...document.querySelectorAll(list)].map((one) => {
                const { x, y, width, height } = one.getBoundingClientRect();
                const there = document.elementFromPoint(x + width / 2, y + height / 2);
                return one === there ? [x, y, width, height].map(Math.round).join(' ') : '';
            });",
        )?;
        for (width, height) in [(1366, 768), (1440, 900)] {
            let metrics =
                json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
            page.command("Emulation.setDeviceMetricsOverride", metrics)?;
            page.wait_for("the size", &format!("innerWidth === {width}"))?;
            to(page, "Heads out")?;
            page.wait_for("the slider", "!!document.querySelector('#head-0-1')")?;
            let before: Vec<String> = page.eval("found('.of-block input')")?;
            let seen = before.iter().filter(|place| !place.is_empty()).count();
            assert!(seen >= 3, "{width} by {height}: {before:?}");
            page.eval::<f64>("slide('head-0-1', 0.28)")?;
            page.wait_for("what it did", "!!document.querySelector('.upshot p')")?;
            let after: Vec<String> = page.eval("found('.of-block input')")?;
            assert_eq!(after, before, "{width} by {height}");
            // Nothing is longer than the screen for it.
            assert!(page.eval::<bool>("document.documentElement.scrollHeight <= innerHeight")?);
            // One still reads in which block one is, and all of the scene's name.
            for scene in ["Heads out", "Scale and mask, local pass"] {
                to(page, scene)?;
                let place: Vec<String> = page.eval("found('.where')")?;
                assert!(!place[0].is_empty(), "{scene}, {width} by {height}");
                let whole = "['scrollWidth clientWidth', 'scrollHeight clientHeight']
                    .map((sides) => sides.split(' ').map((side) =>
                        document.querySelector('#scene-title')[side]))
                    .every(([needed, there]) => needed <= there + 4)";
                assert!(page.eval::<bool>(whole)?, "{scene}, {width} by {height}");
            }
            page.click("button", "Take back the change")?;
            page.wait_for("the clean pass", "!document.querySelector('.effect')")?;
        }
        Ok(())
    })
}

#[test]
fn span_and_temperature_are_set_by_hand() -> Outcome<()> {
    on("glass-adaptive-span", |page| {
        to(page, "Span")?;
        let last = TEXT.chars().count() - 1;
        let name = format!("blocks.0.attn.hook_span[{last}]");
        let tokens = set_number(page, &name, 3.0)?;
        let change = json!({"change": "span", "layer": 0, "position": last, "tokens": tokens});
        changed_as(page, &change)?;
        // The temperature stands below the span.
        page.eval::<()>(
            "void document.querySelector('.stage canvas').dispatchEvent(
                new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))",
        )?;
        let name = format!("blocks.0.attn.hook_temperature[{last}]");
        let value = set_number(page, &name, 0.3)?;
        let change = json!({"change": "temperature", "layer": 0, "position": last, "value": value});
        changed_as(page, &change)
    })
}

#[test]
fn a_gate_is_set_by_hand() -> Outcome<()> {
    on("glass-head-gated", |page| {
        to(page, "Measure and gate")?;
        let last = TEXT.chars().count() - 1;
        let value = set_number(page, &format!("blocks.0.attn.hook_gate[{last}, 0]"), 0.0)?;
        let change =
            json!({"change": "gate", "layer": 0, "head": 0, "position": last, "value": value});
        changed_as(page, &change)
    })
}

/// Presses, moves or releases the mouse at a point of the window.
pub fn mouse(page: &mut Page, kind: &str, (x, y): (f64, f64)) -> Outcome<()> {
    let event =
        json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
    page.command("Input.dispatchMouseEvent", event).map(drop)
}

/// Presses a point and says which number the card then explains.
pub fn clicked(page: &mut Page, at: (f64, f64)) -> Outcome<String> {
    mouse(page, "mousePressed", at)?;
    mouse(page, "mouseReleased", at)?;
    let drawn = "await new Promise(done => setTimeout(() => requestAnimationFrame(done)))";
    page.eval::<()>(&format!("void ({drawn})"))?;
    page.eval("onCard()")
}

/// Where on the window a weight of the chosen query stands, found by clicking down the stage to the
/// weights and then along them.
fn weight_on_stage(page: &mut Page, name: &str) -> Outcome<(f64, f64)> {
    let corner = "(() => {
        const canvas = document.querySelector('.stage canvas');
        canvas.scrollIntoView();
        const { x, y, width, height } = canvas.getBoundingClientRect();
        return [x, y, width, height];
    })()";
    let [left, top, width, height]: [f64; 4] = page.eval(corner)?;
    let row = name.rsplit_once(',').map_or(name, |(row, _)| row);
    let (mut x, mut y) = (left + 0.3 * width, top + 4.0);
    // The scores stand above; before anything is picked, a weight is on the card already.
    for wanted in ["blocks.0.attn.hook_attn_scores", row] {
        while !clicked(page, (x, y))?.starts_with(wanted) {
            y += 8.0;
            if y > top + height {
                return harness::trouble(format!("no {wanted} on the stage"));
            }
        }
    }
    // Well within the cells, which are low where the stage is.
    y += 12.0;
    if clicked(page, (x, y))? != name {
        // From here on only the weight itself can bring its name.
        x = left + 4.0;
        while clicked(page, (x, y))? != name {
            x += 8.0;
            if x > left + width {
                return harness::trouble(format!("no {name} on the stage"));
            }
        }
    }
    Ok((x.round(), y.round()))
}

#[test]
fn a_weight_is_dragged() -> Outcome<()> {
    on("glass-standard", |page| {
        to(page, "Softmax")?;
        page.wait_for("its numbers", "!!read('weights')")?;
        let last = TEXT.chars().count() - 1;
        let key = 3;
        let name = format!("blocks.0.attn.hook_pattern[0, {last}, {key}]");
        let (x, y) = weight_on_stage(page, &name)?;
        let before: f64 = page.script(&format!(
            "const {{ shape, data }} = (await glassformer.trace('{TEXT}')).get('blocks.0.attn.hook_pattern');
             return data[{last} * shape[2] + {key}];"
        ))?;
        let mut top = y;
        loop {
            // Where no number is, what was picked before stays.
            assert_ne!(clicked(page, (x + 48.0, y))?, name);
            if clicked(page, (x, top))? != name {
                break;
            }
            top -= 1.0;
        }
        assert_eq!(clicked(page, (x, y))?, name);
        // A click alone changes nothing.
        assert!(page.eval::<bool>("!document.querySelector('.changed-pass')")?);
        mouse(page, "mousePressed", (x, y))?;
        mouse(page, "mouseMoved", (x, y + 6.0))?;
        let shown = format!("read('weights')[{key}]");
        let other = format!("Math.abs({shown} - {before}) > 1e-3");
        page.wait_for("the weight in the hand", &other)?;
        let first: f64 = page.eval(&shown)?;
        // It ends where the mouse is: the top is 1, and from there it falls evenly.
        let fall = (1.0 - first) / (y + 6.0 - top);
        mouse(page, "mouseMoved", (x, y - 6.0))?;
        let second = 1.0 - fall * (y - 6.0 - top);
        let ends = format!("Math.abs({shown} - {second}) <= 0.05");
        page.wait_for("the weight at the mouse", &ends)?;
        mouse(page, "mouseReleased", (x, y - 6.0))?;
        let weight: f64 = page.eval(&format!("read('weights')[{key}]"))?;
        // What was let go stays, whatever the mouse does.
        mouse(page, "mouseMoved", (x, y))?;
        let sum: f64 = page.eval("read('weights').reduce((a, b) => a + b)")?;
        assert!((sum - 1.0).abs() <= 1e-3, "the row sums to {sum}");
        // The card says beside the number what it would be.
        let gives = "document.querySelector('.verdict')?.textContent.match(/from ([0-9.]+):/)?.[1]";
        page.wait_for("what the formula gives", &format!("!!{gives}"))?;
        let gives: f64 = page.eval(&format!("Number({gives})"))?;
        assert!((gives - before).abs() <= 1e-4, "{gives} and not {before}");
        let change = json!({
            "change": "cell", "layer": 0, "head": 0, "query": last, "key": key,
            "weight": weight, "renormalise": true,
        });
        changed_as(page, &change)
    })
}

/// Numbers of a table's cells that carry one, row by row.
fn table(page: &mut Page, class: &str) -> Outcome<Vec<Vec<f64>>> {
    page.eval(&format!(
        "[...document.querySelectorAll('.{class} tbody tr')].map(
            (row) => [...row.querySelectorAll('[data-value]')].map((cell) => Number(cell.dataset.value)))"
    ))
}

fn near(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{got:?} and {expected:?}");
    for (got, expected) in got.iter().zip(expected) {
        let close = (got - expected).abs() <= 1e-4 * expected.abs().max(1.0);
        assert!(close, "{got} is not {expected}");
    }
}

#[test]
fn rows_are_followed_and_peeled_as_scripts_do() -> Outcome<()> {
    on("glass-standard", |page| {
        to(page, "Lens")?;
        page.wait_for("the chart", "!!document.querySelector('.follow')")?;
        let position = TEXT.chars().count() - 1;
        for character in [None, Some("z")] {
            let mut options = json!({"text": TEXT, "position": position});
            if let Some(character) = character {
                page.choose("Character", character)?;
                let caption = "document.querySelector('.follow caption').textContent";
                page.wait_for(
                    "the other one",
                    &format!("{caption}.includes('{character}')"),
                )?;
                options["character"] = json!(character);
            }
            let readings: Vec<Json> = page.eval(&format!(
                "(await glassformer.analyse('lens', {options})).readings"
            ))?;
            let shown = table(page, "follow")?;
            assert_eq!(shown.len(), readings.len());
            for (shown, reading) in shown.iter().zip(&readings) {
                let followed = &reading["followed"];
                let expected = [followed["rank"].as_f64(), followed["logit"].as_f64()];
                near(shown, &expected.map(Option::unwrap_or_default));
            }
        }
        page.click("button", "Peel")?;
        page.wait_for("the list", "!!document.querySelector('.peel')")?;
        let point = "blocks.1.hook_resid_post";
        let options = json!({"text": TEXT, "position": position, "point": point});
        let peeled: Json = page.eval(&format!(
            "(await glassformer.analyse('peel', {options})).points[0]"
        ))?;
        let shown = table(page, "peel")?;
        let number = |json: &Json, key: &str| json[key].as_f64().unwrap_or_default();
        near(&shown[0], &[number(&peeled, "norm")]);
        let rounds = peeled["characters"].as_array().cloned().unwrap_or_default();
        assert!(rounds.len() > 3 && shown.len() == rounds.len() + 1);
        for (shown, round) in shown[1..].iter().zip(&rounds) {
            near(
                shown,
                &["logit", "coefficient", "left"].map(|key| number(round, key)),
            );
        }
        let taken: Vec<String> = page.eval(
            "[...document.querySelectorAll('.peel th.character')].map((cell) => cell.textContent)",
        )?;
        let expected: Vec<String> = page.eval(&format!(
            "{}.map(seen)",
            json!(
                rounds
                    .iter()
                    .map(|round| round["character"].clone())
                    .collect::<Vec<_>>()
            )
        ))?;
        assert_eq!(taken, expected);
        Ok(())
    })
}

#[test]
fn a_cell_of_the_overview_can_be_peeled() -> Outcome<()> {
    on("glass-standard", |page| {
        page.click("button", "Overview")?;
        page.wait_for("the chart", "!!document.querySelector('.follow')")?;
        // From the last block's cell to the one of the block before.
        let before = "document.querySelector('.follow [aria-current] th').textContent";
        page.wait_for("the end", &format!("{before} === 'after block 1'"))?;
        // The key goes from cell to cell of what is drawn, which the next frame does.
        page.script::<()>("for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);")?;
        page.eval::<()>(
            "void document.querySelector('.stage canvas').dispatchEvent(
                new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }))",
        )?;
        let token = TEXT.chars().count() - 2;
        let words = "document.querySelector('.reading .help').textContent";
        page.wait_for(
            "the cell above",
            &format!("{words}.startsWith('Token {token} ')"),
        )?;
        page.click("button", "Peel")?;
        page.wait_for("the list", "!!document.querySelector('.peel')")
    })
}

#[test]
fn unknown_characters_are_offered_a_replacement() -> Outcome<()> {
    on("glass-standard", |page| {
        let sentence = "document.querySelector('#sentence').value";
        page.fill("textbox", "Sentence", "Thé “big”\tdog 7")?;
        page.find("button", "Replace all")?;
        page.click("button", "Replace é")?;
        page.wait_for("the one", &format!("{sentence} === 'The “big”\\tdog 7'"))?;
        page.click("button", "Replace all")?;
        page.wait_for("all", &format!("{sentence} === 'the big dog '"))?;
        page.wait_for(
            "the pass",
            "document.querySelector('#sentence-error').textContent === ''
             && document.querySelectorAll('.token').length === 12",
        )?;
        assert!(!page.has("button", "Replace")?);
        Ok(())
    })
}
