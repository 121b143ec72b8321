//! Links to a place on the Explore page, and what can be taken from its stage: another page shows
//! the same picture, and the files hold the model's own numbers.

use crate::runs;
use harness::{Outcome, Page, Setup, in_browser, trouble};
use serde_json::{Value as Json, json};

/// The picture as a reader of the page would describe it, everything that it saves, and a clipboard
/// that takes what it is given.
const TOOLS: &str = "
    const one = (words) => document.querySelector(words);
    const all = (words) => [...document.querySelectorAll(words)];
    window.read = (label) => {
        const row = all('#stage-table tr').find((row) => row.querySelector('th').textContent === label);
        return row && row.querySelector('td').textContent.replaceAll('−', '-').split(', ').map(Number);
    };
    window.picture = () => JSON.stringify({
        model: one('.what strong')?.textContent,
        changes: one('.changed-pass')?.textContent ?? '',
        text: one('#sentence')?.value,
        read: all('.token .character').map((c) => c.textContent).join(''),
        token: all('.token').findIndex((t) => t.ariaPressed === 'true'),
        title: one('#scene-title')?.textContent,
        scene: all('.scene').findIndex((s) => s.ariaCurrent === 'step'),
        head: all('.heads .chip').findIndex((h) => h.ariaPressed === 'true'),
        time: one('.scrub input')?.value,
        plays: all('.transport .primary').map((b) => b.textContent).join(''),
        cell: one('.cell-name')?.textContent,
        numbers: one('#stage-table')?.textContent,
    });
    window.shown = (key) => JSON.parse(picture())[key];
    window.to = (words, text, n = 0) => all(words).filter((e) => e.textContent === text).at(n).click();
    window.scrub = (time) => {
        const slider = one('.scrub input');
        slider.value = time;
        slider.dispatchEvent(new InputEvent('input', { bubbles: true }));
    };
    window.copied = [];
    const clipboard = { writeText: async (text) => void copied.push(text) };
    Object.defineProperty(navigator, 'clipboard', { value: clipboard, configurable: true });
    window.written = 0;
    const replace = history.replaceState;
    history.replaceState = function (...args) { written++; return replace.apply(this, args); };
    window.saved = [];
    const blobs = new Map();
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
        const url = make.call(URL, blob);
        blobs.set(url, blob);
        return url;
    };
    HTMLAnchorElement.prototype.click = function () {
        saved.push({ name: this.download, blob: blobs.get(this.href) });
    };";

/// The page at that hash, with tools to read it.
pub fn explore(hash: &'static str) -> Setup {
    Setup {
        hash,
        page_script: TOOLS.into(),
        ..Setup::cpu()
    }
}

/// Waits for the model and its first pass, and stands still there.
///
/// # Errors
/// When it does not come.
pub fn opened(page: &mut Page) -> Outcome<()> {
    page.wait_for("the stage", "!!document.querySelector('.stage canvas')")?;
    // Before it is there, nothing can be sent of what was made beforehand.
    page.wait_for("the model", "!!(await glassformer.status()).run")?;
    page.click("button", "Pause")?;
    page.find("button", "Play").map(drop)
}

/// Waits until the picture has these parts, all of them at one moment.
///
/// # Errors
/// When it never has.
pub fn shows(page: &mut Page, parts: &Json) -> Outcome<()> {
    let there = format!("Object.entries({parts}).every(([key, value]) => shown(key) === value)");
    match page.wait_for("the picture", &there) {
        Ok(()) => Ok(()),
        Err(error) => {
            let picture: String = page.eval("picture()")?;
            trouble(format!("{error}: wanted {parts}, and there is {picture}"))
        }
    }
}

/// Puts a hash into the address of the open page, as one who pastes it.
fn paste(page: &mut Page, hash: &str) -> Outcome<()> {
    page.eval::<()>(&format!("void (location.hash = {})", Json::from(hash)))
}

/// Goes far into the model of another kind, and stands still in the midst of a scene there.
fn far_in(page: &mut Page) -> Outcome<()> {
    opened(page)?;
    page.choose("Attention", "Adaptive span")?;
    shows(page, &json!({"model": "glass-adaptive-span"}))?;
    page.fill("textbox", "Sentence", "the big dog")?;
    shows(page, &json!({"read": "the␣big␣dog"}))?;
    page.eval::<()>("void to('.scene', 'Softmax, local pass', 1)")?;
    shows(page, &json!({"title": "Block 1 Softmax, local pass"}))?;
    page.click("button", "Token 4")?;
    page.click("button", "head 2")?;
    page.eval::<()>("void scrub(0.43)")?;
    shows(page, &json!({"token": 4, "head": 2, "time": "0.43"}))
}

#[test]
fn a_copied_link_shows_the_same_picture_in_a_fresh_page() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        far_in(page)?;
        page.eval::<()>("void document.querySelector('.export summary').click()")?;
        page.click("button", "Copy link")?;
        page.shows("The link to this picture is copied")?;
        let link: String = page.eval("copied.at(-1)")?;
        assert!(
            link.contains("/some/school/glassformer/#/explore?"),
            "{link}"
        );
        assert_eq!(
            page.eval::<String>("location.origin + location.pathname + location.hash")?,
            link
        );
        let before: String = page.eval("picture()")?;
        let parts: Json = page.eval("JSON.parse(picture())")?;
        // Another question makes it another page, and not a place in this one.
        let fresh: String = page
            .eval("location.origin + location.pathname + '?backend=cpu&fresh' + location.hash")?;
        page.go(&fresh)?;
        shows(page, &parts)?;
        assert_eq!(page.eval::<String>("picture()")?, before);
        // The numbers are the model's, and not only alike.
        let apart: f64 = page.script(
            "const { shape, data } = (await glassformer.trace('the big dog'))
                 .get('blocks.1.attn.local.hook_pattern');
             const start = (2 * shape[1] + 4) * shape[2];
             const row = [...data.slice(start, start + 5)];
             const shown = read('weights');
             if (shown.length !== row.length) throw new Error(`${shown.length} and ${row.length}`);
             return Math.max(...row.map((x, i) => Math.abs(x - shown[i])));",
        )?;
        assert!(apart <= 1e-4, "the stage is {apart} off");
        Ok(())
    })
}

#[test]
fn the_address_is_written_when_something_settles_and_in_one_place() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        page.eval::<()>("void to('.scene', 'Softmax')")?;
        page.wait_for(
            "the scene's address",
            "location.hash.includes('scene=softmax&layer=0')",
        )?;
        let before: (u32, u32) = page.eval("[written, history.length]")?;
        page.script::<()>("for (let n = 0; n < 60; n++) scrub(n / 100);")?;
        page.wait_for("the last time", "location.hash.endsWith('time=0.59')")?;
        let after: (u32, u32) = page.eval("[written, history.length]")?;
        assert_eq!(after, (before.0 + 1, before.1));
        // The other page has its own address, and coming back finds what was left.
        page.click("link", "Train")?;
        page.wait_for("the other page", "location.hash === '#/train'")?;
        page.click("link", "Explore")?;
        page.wait_for(
            "the place that was left",
            "location.hash.includes('scene=softmax&layer=0')",
        )?;
        Ok(())
    })
}

#[test]
fn a_link_pasted_into_an_open_page_brings_its_changes_and_its_number_and_back_leads_back()
-> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        page.wait_for("its address", "location.hash.includes('scene=embed')")?;
        let first: String = page.eval("shown('text')")?;
        let change = json!({"change": "head", "layer": 0, "head": 1, "scale": 0});
        let hash: String = page.eval(&format!(
            "'#/explore?model=glass-head-gated&text=the+big+dog&change='
             + encodeURIComponent(JSON.stringify({change}))
             + '&scene=heads&layer=0&token=6&cell=blocks.0.attn.hook_result-6-2-3&time=1'"
        ))?;
        paste(page, &hash)?;
        shows(
            page,
            &json!({
                "model": "glass-head-gated",
                "changes": "a pass that you changed",
                "text": "the big dog",
                "title": "Block 0 Heads out",
                "token": 6,
                "cell": "blocks.0.attn.hook_result[6, 2, 3]",
                "time": "1",
            }),
        )?;
        let off: Vec<f64> = page.eval("read('head 1, off')")?;
        assert!(!off.is_empty() && off.iter().all(|x| *x == 0.0), "{off:?}");
        page.wait_for(
            "the page's own address",
            "location.hash.includes('kind=head_gated')",
        )?;
        page.eval::<()>("void history.back()")?;
        let back = json!({
            "model": "glass-standard",
            "changes": "",
            "text": first,
            "title": "Begin Embed",
        });
        shows(page, &back)
    })
}

#[test]
fn what_is_damaged_in_a_link_is_named_and_the_rest_is_used() -> Outcome<()> {
    let hash = "#/explore?model=glass-standart&kind=head_gated&text=the+big+dog&scene=score\
                &layer=1&token=900&head=2&time=never&colour=red&change=%7B";
    in_browser(&explore(hash), |page| {
        shows(
            page,
            &json!({
                "model": "glass-head-gated",
                "text": "the big dog",
                "title": "Block 1 Score",
                "token": 10,
                "head": 2,
            }),
        )?;
        for named in [
            "“glass-standart”",
            "“never” as its time",
            "“colour”",
            "“{” as its change",
            "no token 900",
        ] {
            page.shows(named)?;
        }
        // A text that this model cannot read gives way to one that it can.
        paste(page, "#/explore?text=%E8%AA%9E&token=1")?;
        page.shows("The text of this link is “語”, which glass-head-gated cannot read")?;
        page.wait_for("its place", "shown('token') === 1")
    })
}

#[test]
fn a_link_to_a_run_that_is_not_here_says_so_and_is_read_by_another_model() -> Outcome<()> {
    let hash = "#/explore?own=my+notes&kind=head_gated&step=300&text=the+big+dog&scene=gate\
                &layer=1&token=4&time=0.5";
    in_browser(&explore(hash), |page| {
        shows(
            page,
            &json!({
                "model": "glass-head-gated",
                "text": "the big dog",
                "title": "Block 1 Measure and gate",
                "token": 4,
                "time": "0.5",
            }),
        )?;
        page.shows("a run of its maker's own (“my notes”, head-gated attention, step 300)")?;
        page.shows("that model is not in this browser")?;
        page.shows("here they are read by glass-head-gated")?;
        // A run of one's own has an address that says so, and no link ends it.
        runs::new_run(page, &runs::small())?;
        let label = "a script's text";
        page.wait_for(
            "the run's address",
            "location.hash.includes('own=a+script')",
        )?;
        shows(page, &json!({"model": label}))?;
        paste(
            page,
            "#/explore?model=glass-standard&scene=mix&layer=0&token=2&time=1",
        )?;
        page.shows("opening another model would end it")?;
        shows(
            page,
            &json!({"model": label, "title": "Block 0 Mix values", "token": 2}),
        )
    })
}

#[test]
fn where_the_clipboard_is_closed_the_link_stands_in_a_field() -> Outcome<()> {
    let setup = Setup {
        page_script: format!(
            "{TOOLS} clipboard.writeText = async () => {{ throw new Error('no'); }};"
        ),
        ..explore("")
    };
    in_browser(&setup, |page| {
        opened(page)?;
        page.eval::<()>("void document.querySelector('.export summary').click()")?;
        page.click("button", "Copy link")?;
        page.find("textbox", "Link to this picture")?;
        let same: bool =
            page.eval("document.querySelector('.by-hand').value.endsWith(location.hash)")?;
        assert!(same, "the field has another link than the address");
        Ok(())
    })
}

/// Waits for the pass over a text and for its draw, the next character's seed being that.
fn draws(page: &mut Page, text: &str, next_seed: u32) -> Outcome<()> {
    page.wait_for(
        "the draw",
        &format!(
            "shown('text') === {}
             && document.querySelectorAll('.token').length === {}
             && document.querySelector('.draw')?.textContent.includes('with seed {next_seed};')
             && !!read('drawn, by its number')",
            Json::from(text),
            text.chars().count()
        ),
    )
}

#[test]
fn a_link_shows_the_same_draw_and_it_goes_on_from_there() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        page.eval::<()>("void to('.scene', 'Next character')")?;
        // Wild enough for each of them to matter.
        for (name, value) in [
            ("Temperature", "3"),
            ("Top k", "9"),
            ("Top p", "0.95"),
            ("Seed", "40"),
        ] {
            page.fill("textbox", name, value)?;
        }
        let mut text: String = page.eval("shown('text')")?;
        draws(page, &text, 40)?;
        for seed in 41..43 {
            page.click("button", "Draw one character")?;
            page.wait_for(
                "another character",
                &format!("shown('text').length === {}", text.chars().count() + 1),
            )?;
            text = page.eval("shown('text')")?;
            draws(page, &text, seed)?;
        }
        // The character that was drawn last, and by which draw.
        let last = text.chars().count() - 1;
        page.click("button", &format!("Token {}", last - 1))?;
        shows(page, &json!({"token": last - 1}))?;
        page.eval::<()>("void document.querySelector('.export summary').click()")?;
        page.click("button", "Copy link")?;
        page.shows("The link to this picture is copied")?;
        let link: String = page.eval("copied.at(-1)")?;
        for part in [
            "temperature=3",
            "top-k=9",
            "top-p=0.95",
            "seed=40",
            "drawn=2",
        ] {
            assert!(link.contains(part), "{link} has no {part}");
        }
        let parts: Json = page.eval("JSON.parse(picture())")?;
        let place: Vec<f64> = page.eval("read('place of the draw')")?;
        let fresh: String = page
            .eval("location.origin + location.pathname + '?backend=cpu&fresh' + location.hash")?;
        page.go(&fresh)?;
        shows(page, &parts)?;
        draws(page, &text, 42)?;
        assert_eq!(page.eval::<Vec<f64>>("read('place of the draw')")?, place);
        // The engine writes the third character as it would have.
        let options = json!({
            "prompt": text, "tokens": 1, "temperature": 3, "topK": 9, "topP": 0.95, "seed": 42
        });
        let next: String = page.eval(&format!("(await glassformer.generate({options})).text"))?;
        page.click("button", "Draw one character")?;
        text += &next;
        page.wait_for("it", &format!("shown('text') === {}", Json::from(&*text)))?;
        // A link that says nothing of draws has a text that somebody gave.
        paste(page, "#/explore?text=the+big+dog&scene=sample&time=1")?;
        draws(page, "the big dog", 40)
    })
}

/// Presses a button of the export's menu and waits for the file: its name.
fn export(page: &mut Page, button: &str) -> Outcome<String> {
    let before: usize = page.eval("saved.length")?;
    page.click("button", button)?;
    page.wait_for("the file", &format!("saved.length === {before} + 1"))?;
    page.eval("saved.at(-1).name")
}

#[test]
fn the_files_hold_what_the_stage_and_the_model_have() -> Outcome<()> {
    in_browser(&explore(""), |page| {
        opened(page)?;
        page.fill("textbox", "Sentence", "the big dog")?;
        shows(page, &json!({"read": "the␣big␣dog", "token": 10}))?;
        page.eval::<()>("void to('.scene', 'Softmax')")?;
        shows(page, &json!({"title": "Block 0 Softmax", "time": "1"}))?;
        page.eval::<()>("void document.querySelector('.export summary').click()")?;

        let name = export(page, "Picture (PNG)")?;
        assert_eq!(name, "glass-standard-block0-softmax-token10-head0.png");
        let (signature, size, stage): (Vec<u8>, [f64; 2], f64) = page.script(
            "const { blob } = saved.at(-1);
             const bytes = new Uint8Array(await blob.arrayBuffer());
             const image = await createImageBitmap(blob);
             const stage = document.querySelector('.stage canvas').clientWidth;
             return [[...bytes.slice(0, 8)], [image.width, image.height], stage];",
        )?;
        assert_eq!(signature, b"\x89PNG\r\n\x1a\n");
        // Twice the stage, and twelve pixels of ground on each side.
        assert_eq!(size[0], 2.0 * (stage + 24.0));
        assert!(size[1] > 100.0);

        let name = export(page, "Drawing (SVG)")?;
        assert_eq!(name, "glass-standard-block0-softmax-token10-head0.svg");
        let missing: Vec<String> = page.script(
            "const text = await saved.at(-1).blob.text();
             const file = new DOMParser().parseFromString(text, 'image/svg+xml');
             const broken = file.querySelector('parsererror');
             if (broken || file.documentElement.localName !== 'svg') return [text];
             const written = [...file.querySelectorAll('text')].map((t) => t.textContent);
             // A minus is a number's, and no name's.
             if (!written.some((words) => words.includes('glass-standard'))) return written;
             const { shape, data } = (await glassformer.trace('the big dog'))
                 .get('blocks.0.attn.hook_pattern');
             const row = [...data.slice((shape[1] - 1) * shape[2], shape[1] * shape[2])];
             return row.map((x) => x.toFixed(2)).filter((x) => !written.includes(x));",
        )?;
        assert_eq!(missing, [] as [String; 0]);
        let (cells, numbers): (usize, usize) = page.script(
            "const text = await saved.at(-1).blob.text();
             const file = new DOMParser().parseFromString(text, 'image/svg+xml');
             const numbers = [...document.querySelectorAll('#stage-table td')];
             return [
                 file.querySelectorAll('rect').length,
                 numbers.flatMap((td) => td.textContent.split(', ')).length,
             ];",
        )?;
        assert!(
            cells >= numbers && numbers >= 33,
            "{cells} rectangles for {numbers} numbers"
        );

        let name = export(page, "Its numbers (CSV)")?;
        assert_eq!(name, "glass-standard-block0-softmax-token10-head0.csv");
        let apart: f64 = page.script(
            "const lines = (await saved.at(-1).blob.text()).trim().split('\\r\\n');
             const row = lines.find((line) => line.startsWith('weights,'));
             const numbers = row.split(',').slice(1).map(Number);
             const shown = read('weights');
             if (numbers.length !== shown.length) throw new Error(row);
             return Math.max(...numbers.map((x, i) => Math.abs(x - shown[i])));",
        )?;
        assert!(apart <= 6e-5, "the file is {apart} off the table");

        for array in [
            "blocks.0.attn.hook_attn_scores",
            "blocks.0.attn.hook_z",
            "probabilities",
        ] {
            page.choose("Any array", array)?;
            let chosen = format!("document.querySelector('#export-array').value === '{array}'");
            page.wait_for("the array", &chosen)?;
            let name = export(page, "Save it")?;
            assert_eq!(name, format!("glass-standard-{array}.csv"));
            // No label of this sentence and this vocabulary has a comma of its own but in quotation
            // marks, which the numbers, counted from the end of a line, do not care about.
            let off: f64 = page.script(&format!(
                "const {{ shape, data }} = (await glassformer.trace('the big dog')).get('{array}');
                 const lines = (await saved.at(-1).blob.text()).trim().split('\\r\\n').slice(1);
                 const width = shape.at(-1);
                 const number = (field) => field === '-inf' ? -Infinity : Number(field);
                 const numbers = lines.flatMap((line) => line.split(',').slice(-width).map(number));
                 if (numbers.length !== data.length) throw new Error(`${{numbers.length}} of ${{data.length}}`);
                 const apart = (x, y) => x === y ? 0 : Math.abs(x - y);
                 return numbers.reduce((most, x, i) => Math.max(most, apart(x, data[i])), 0);"
            ))?;
            assert!(off <= 1e-6, "{array} is {off} off");
        }
        Ok(())
    })
}
