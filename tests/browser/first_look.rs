//! What is seen before the engine is there: a pass made beforehand, which gives way to the engine's
//! own, and is the same.

use crate::explore::TOOLS;
use harness::{Outcome, Page, Setup, in_browser};

/// Holds every engine back until it is let go.
const HELD: &str = "
    const real = window.fetch.bind(window);
    const gate = new Promise((open) => { window.letTheEngineCome = open; });
    window.fetch = async (what, ...rest) => {
        if (/engine_/.test(String(what?.url ?? what))) await gate;
        return real(what, ...rest);
    };";

/// The file's arrays, read as the format's own description says.
const FILE: &str = "
    window.arrays = async (address) => {
        const bytes = await (await fetch(address)).arrayBuffer();
        const length = Number(new DataView(bytes).getBigUint64(0, true));
        const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
        const found = {};
        for (const [name, { data_offsets: [from, to] }] of Object.entries(header)
            .filter(([name]) => name !== '__metadata__')) {
            found[name] = new Float32Array(bytes.slice(8 + length + from, 8 + length + to));
        }
        return found;
    };";

fn held() -> Setup {
    Setup {
        hash: "",
        page_script: format!("{TOOLS}{HELD}{FILE}"),
        ..Setup::cpu()
    }
}

/// Stands still before the last token's softmax.
fn stands(page: &mut Page) -> Outcome<()> {
    page.wait_for("the stage", "!!document.querySelector('.stage canvas')")?;
    page.click("button", "Pause")?;
    page.find("button", "Play")?;
    page.eval::<()>("void scene('Softmax')")?;
    page.wait_for(
        "its numbers",
        "present() === 'Softmax' && !!read('weights')",
    )
}

#[test]
fn a_pass_stands_there_before_the_engine_and_is_the_engines() -> Outcome<()> {
    in_browser(&held(), |page| {
        stands(page)?;
        assert_eq!(
            page.eval::<Option<bool>>("(await glassformer.status()).run")?,
            None
        );
        page.shows("it waits for the engine")?;
        assert!(page.eval::<bool>("document.querySelector('.pokes').disabled")?);
        let verdict: String = page.eval("document.querySelector('.verdict').textContent")?;
        assert!(verdict.contains("✓ the same"), "{verdict}");
        let apart: f64 = page.script(
            "const file = await arrays('models/glass-standard.trace.safetensors');
             const pattern = file['blocks.0.attn.hook_pattern'];
             const shown = read('weights');
             return apart(shown, [...pattern.slice(0, shown.length ** 2)].slice(-shown.length));",
        )?;
        assert!(apart <= 1e-4, "the stage is {apart} off the file");

        page.eval::<()>("void letTheEngineCome()")?;
        page.wait_for(
            "the engine's own pass",
            "!document.querySelector('.pokes').disabled",
        )?;
        let apart: f64 = page.script(
            "const file = await arrays('models/glass-standard.trace.safetensors');
             const trace = await glassformer.trace(document.querySelector('#sentence').value);
             const names = Object.keys(file);
             if (names.length < 42) throw new Error(`only ${names}`);
             const distance = (name) => {
                 const made = trace.get(name).data;
                 if (made.length !== file[name].length) throw new Error(name);
                 const scale = Math.max(1e-3, ...made.filter(Number.isFinite).map(Math.abs));
                 const off = (x, n) => (x === file[name][n] ? 0 : Math.abs(x - file[name][n]));
                 return Math.max(...Array.from(made, off)) / scale;
             };
             return Math.max(...names.map(distance));",
        )?;
        assert!(
            apart <= 1e-5,
            "the pass made beforehand is {apart} off the engine's"
        );
        let fetched: usize = page.eval(
            "performance.getEntriesByType('resource')
                .filter((entry) => entry.name.endsWith('/glass-standard.safetensors')).length",
        )?;
        assert_eq!(fetched, 1, "the model was fetched more than once");
        Ok(())
    })
}

#[test]
fn without_an_engine_the_pass_can_still_be_stepped_through() -> Outcome<()> {
    let without = Setup {
        files: vec![("engine_cpu_bg.wasm", None)],
        hash: "",
        page_script: TOOLS.into(),
        ..Setup::cpu()
    };
    in_browser(&without, |page| {
        stands(page)?;
        page.shows("there is no engine here to run it")?;
        page.eval::<()>("press('ArrowRight')")?;
        page.wait_for("the next scene", "present() === 'Mix values'")?;
        let verdict: String = page.eval("document.querySelector('.verdict').textContent")?;
        assert!(verdict.contains("✓ the same"), "{verdict}");
        Ok(())
    })
}
