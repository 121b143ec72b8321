//! Forward passes as scripts get them: named, whole, in files, changed; and, on either engine in the
//! browser, the oracle's own numbers (`tests/oracle/`, `tests/golden/`).

use crate::runs;
use glassformer::config::RunConfig;
use harness::{Outcome, Page, Setup, in_browser, trouble};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Characters of the golden files' tokens.
const ALPHABET: &str = "abcdefghijklmnop";

/// An array as a script reads it, minus infinity as `None`.
type Read = (String, Vec<usize>, Vec<Option<f64>>);

/// Every array of the pass over `text`.
fn arrays(page: &mut Page, text: &str) -> Outcome<Vec<Read>> {
    page.script(&format!(
        "const trace = await glassformer.trace({});
         return trace.names.map(name => {{
             const {{ shape, data }} = trace.get(name);
             return [name, shape, Array.from(data)];
         }});",
        json!(text)
    ))
}

/// A golden file: parameters and the intermediates of its first text.
struct Golden {
    name: String,
    checkpoint: Vec<u8>,
    text: String,
    hooks: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
}

fn golden_paths() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = std::fs::read_dir(folder).expect("the golden files");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "safetensors"));
    paths.sort();
    paths
}

impl Golden {
    fn read(path: &Path) -> Golden {
        let bytes = std::fs::read(path).expect("readable");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("safetensors");
        let metadata = header.metadata().clone().expect("metadata");
        let case: Json = serde_json::from_str(&metadata["case"]).expect("a case");
        let file = SafeTensors::deserialize(&bytes).expect("safetensors");
        let words = |view: &TensorView| -> Vec<[u8; 4]> {
            let words = view.data().chunks_exact(4);
            words.map(|b| [b[0], b[1], b[2], b[3]]).collect()
        };
        let characters: Vec<char> = ALPHABET.chars().collect();
        let tokens = file.tensor("tokens").expect("tokens");
        let t = tokens.shape()[1];
        let tokens = words(&tokens).into_iter().take(t).map(i32::from_le_bytes);
        let text = tokens.map(|t| characters[t as usize]).collect();

        let (mut parameters, mut hooks) = (Vec::new(), BTreeMap::new());
        for (name, view) in file.iter() {
            if let Some(name) = name.strip_prefix("param:") {
                parameters.push((name.to_string(), view));
            } else if let Some(name) = name.strip_prefix("hook:") {
                let shape = view.shape()[1..].to_vec();
                let numbers = words(&view).into_iter();
                let numbers = numbers.map(|b| f64::from(f32::from_le_bytes(b)));
                let first = numbers.take(shape.iter().product()).collect();
                hooks.insert(name.to_string(), (shape, first));
            }
        }
        let vocab = case["vocab"].as_u64().expect("a count") as usize;
        let model = serde_json::from_value(case["config"].clone()).expect("a configuration");
        let config = RunConfig {
            model,
            ..RunConfig::default()
        };
        let metadata = HashMap::from([
            ("format".to_string(), "1".to_string()),
            ("config".to_string(), json!(config).to_string()),
            ("vocab".to_string(), json!(ALPHABET[..vocab]).to_string()),
            ("step".to_string(), "0".to_string()),
            ("seed".to_string(), "1".to_string()),
        ]);
        assert!(
            parameters
                .iter()
                .all(|(_, view)| view.dtype() == Dtype::F32)
        );
        Golden {
            name: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            checkpoint: safetensors::serialize(parameters, Some(metadata)).expect("safetensors"),
            text,
            hooks,
        }
    }
}

/// Largest difference over the array, divided by its largest number, or by 1e-3 if that is more.
fn error(ours: &[Option<f64>], theirs: &[f64]) -> f64 {
    let finite = theirs.iter().filter(|x| x.is_finite());
    let scale = finite.fold(1e-3f64, |most, x| most.max(x.abs()));
    let pairs = ours.iter().zip(theirs);
    let differences = pairs.map(|(ours, theirs)| match ours {
        Some(ours) => (ours - theirs).abs() / scale,
        None if *theirs == f64::NEG_INFINITY => 0.0,
        None => f64::NAN,
    });
    // A NaN is an error, not nothing.
    differences.fold(
        0.0,
        |most: f64, d| if d.is_nan() || d > most { d } else { most },
    )
}

/// Every intermediate of every golden file, on that engine.
fn gives_the_oracles_numbers(setup: Setup, path: &str, bound: f64) -> Outcome<()> {
    let all: Vec<Golden> = golden_paths().iter().map(|p| Golden::read(p)).collect();
    assert!(all.len() >= 20, "{} golden files are too few", all.len());
    let files = all.iter().map(|golden| {
        let path: &'static str = Box::leak(format!("golden/{}", golden.name).into_boxed_str());
        (path, Some(golden.checkpoint.clone()))
    });
    let setup = Setup {
        files: files.collect(),
        ..setup
    };
    in_browser(&setup, |page| {
        let mut complaints = Vec::new();
        for golden in &all {
            page.script::<()>(&format!(
                "const file = await fetch('golden/{}');
                 await glassformer.load(new Uint8Array(await file.arrayBuffer()));",
                golden.name
            ))?;
            page.eval::<()>(&format!("await glassformer.debug.trainBy({path:?})"))?;
            let ours = arrays(page, &golden.text)?;
            let names: Vec<&String> = ours.iter().map(|(name, ..)| name).collect();
            let missing = golden.hooks.keys().find(|name| !names.contains(name));
            assert_eq!(missing, None, "{} of {}", golden.name, names.len());
            for (name, shape, numbers) in &ours {
                let Some((expected, theirs)) = golden.hooks.get(name) else {
                    assert_eq!(name, "probabilities", "{}", golden.name);
                    continue;
                };
                assert_eq!(shape, expected, "{name} of {}", golden.name);
                let error = error(numbers, theirs);
                if error.is_nan() || error > bound {
                    complaints.push(format!("{} {name}: {error:.2e}", golden.name));
                }
            }
        }
        match complaints.is_empty() {
            true => Ok(()),
            false => trouble(format!("{complaints:#?}")),
        }
    })
}

#[test]
fn the_cpu_engine_gives_the_oracles_numbers() -> Outcome<()> {
    gives_the_oracles_numbers(Setup::cpu(), "fast", 1e-5)
}

#[test]
fn the_webgpu_engine_gives_the_oracles_numbers() -> Outcome<()> {
    gives_the_oracles_numbers(Setup::webgpu(), "fast", 1e-5)
}

#[test]
fn burns_operations_on_webgpu_give_the_oracles_numbers() -> Outcome<()> {
    gives_the_oracles_numbers(Setup::webgpu(), "readable", 1e-4)
}

#[test]
fn a_pass_is_whole_says_what_it_is_of_and_goes_into_files() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        let about: Json = page.eval("await glassformer.trace('the big dog')")?;
        assert_eq!(about["text"], "the big dog");
        assert_eq!(about["tokens"].as_array().map(Vec::len), Some(11));
        assert_eq!([&about["path"], &about["backend"]], ["readable", "cpu"]);
        assert_eq!([&about["step"], &about["cut"]], [&json!(2), &json!(0)]);

        let read = arrays(page, "the big dog")?;
        let all: BTreeMap<_, _> = read.into_iter().map(|(n, s, d)| (n, (s, d))).collect();
        let (shape, pattern) = &all["blocks.0.attn.hook_pattern"];
        assert_eq!(shape, &[4, 11, 11]);
        for row in pattern.chunks_exact(11) {
            let sum: f64 = row.iter().flatten().sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
        let number = |name: &str, n: usize| all[name].1[n].unwrap_or(f64::NAN);
        for n in 0..11 * 32 {
            let sum = number("blocks.0.hook_resid_pre", n) + number("blocks.0.hook_attn_out", n);
            assert!((sum - number("blocks.0.hook_resid_mid", n)).abs() < 1e-5);
        }
        // The score of one query and key from its inputs.
        let (_, q) = &all["blocks.0.attn.hook_q"];
        let (_, k) = &all["blocks.0.attn.hook_k"];
        let (i, j, h) = (7, 3, 2);
        let at = |x: &[Option<f64>], t: usize, d: usize| x[(t * 4 + h) * 8 + d].unwrap_or(f64::NAN);
        let product: f64 = (0..8).map(|d| at(q, i, d) * at(k, j, d)).sum();
        let score = number("blocks.0.attn.hook_attn_scores", (h * 11 + i) * 11 + j);
        assert!((product / 8f64.sqrt() - score).abs() < 1e-5, "{score}");

        // The weights turn the normed stream into the query.
        let weight: Vec<f64> = page.script(
            "const weights = await glassformer.weights();
             return Array.from(weights.get('transformer.h.0.attn.c_attn.weight').data);",
        )?;
        let x = |c: usize| number("blocks.0.ln1.hook_normalized", i * 32 + c);
        let sum: f64 = (0..32).map(|c| weight[(h * 8) * 32 + c] * x(c)).sum();
        // A new model's bias is near 0 after two steps, and is no part of the weight.
        assert!((sum - at(q, i, 0)).abs() < 0.01, "{sum}");

        for (format, start) in [("npz", "PK"), ("json", "{"), ("safetensors", "")] {
            let head: String = page.script(&format!(
                "const file = await glassformer.exportTrace('the big dog', '{format}');
                 return file.length > 1000 ? String.fromCharCode(...file.slice(0, 2)) : '';"
            ))?;
            assert!(
                !head.is_empty() && head.starts_with(start),
                "{format}: {head}"
            );
        }
        Ok(())
    })
}

#[test]
fn a_changed_pass_shows_what_it_changed() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        let changes = json!([
            {"change": "head", "layer": 0, "head": 1, "scale": 0},
            {"change": "cell", "layer": 0, "head": 2, "query": 5, "key": 0, "weight": 1, "renormalise": true},
        ]);
        let (shares, row, moved): (Vec<f64>, Vec<f64>, Vec<f64>) = page.script(&format!(
            "const trace = await glassformer.trace('the big', {{ interventions: {changes} }});
             const of = name => Array.from(trace.get(name).data);
             return [of('blocks.0.attn.hook_result'),
                     of('blocks.0.attn.hook_pattern').slice((2 * 7 + 5) * 7, (2 * 7 + 6) * 7),
                     of('logits_change')];"
        ))?;
        for (n, share) in shares.iter().enumerate() {
            assert_eq!(*share == 0.0, n / 32 % 4 == 1, "{n}");
        }
        assert_eq!(row, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert!(moved.iter().any(|x| x.abs() > 1e-4));

        for (call, word) in [
            ("trace('the QXZ')", "Q"),
            ("trace('')", "nothing to trace"),
            ("trace(7)", "text"),
            (
                "trace('the', { interventions: [{ change: 'head', layer: 9, head: 0, scale: 0 }] })",
                "layer 9",
            ),
            (
                "trace('the', { interventions: [{ change: 'cell', layer: 0, head: 0, query: 0, key: 1, weight: 1 }] })",
                "query 0 does not see key 1",
            ),
            (
                "trace('the', { interventions: [{ change: 'span', layer: 0, tokens: 3 }] })",
                "adaptive_span",
            ),
            (
                "trace('the', { interventions: [{ change: 'nonsense' }] })",
                "nonsense",
            ),
            ("trace('the', { interventons: [] })", "interventons"),
            ("exportTrace('the', 'xls')", "xls"),
        ] {
            let message = page.rejection(&format!("await glassformer.{call}"))?;
            assert!(message.contains(word), "{call}: {message}");
        }
        let message = page.rejection("(await glassformer.trace('the')).get('hook_nothing')")?;
        assert!(message.contains("hook_nothing"), "{message}");
        // More than a block: the last block is read, and the pass says so.
        let long = "the big dog the small cat the old house ";
        let about: Json = page.eval(&format!("await glassformer.trace('{long}')"))?;
        assert_eq!(about["cut"], json!(long.len() - 32));
        assert_eq!(about["text"].as_str(), Some(&long[long.len() - 32..]));
        Ok(())
    })
}

#[test]
fn a_text_is_read_on_at_the_price_of_its_new_rows() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        let text = "the big fluffy dog the old cat the q";
        let read: Vec<(usize, bool, usize, Vec<f64>)> = page.script(&format!(
            "const all = [];
             const add = async (text, options) => {{
                 const read = await glassformer.readOn(text, options);
                 const logits = read.get('logits');
                 all.push([read.first, read.rebuilt, logits.shape[0],
                           Array.from(logits.data.slice(-logits.shape[1]))]);
             }};
             await add('old ', {{ fresh: true }});
             await add({}, {{ fresh: true }});
             for (const c of {}) await add(c);
             return all;",
            json!(text[..5]),
            json!(text[5..])
        ))?;
        for (n, (first, rebuilt, rows, logits)) in read.iter().enumerate().skip(1) {
            let upto = 4 + n;
            let slid = upto > 32;
            assert_eq!(*rebuilt, slid, "{n}");
            let expected = if slid {
                (0, 32)
            } else if n == 1 {
                (0, 5)
            } else {
                (upto - 1, 1)
            };
            assert_eq!((*first, *rows), expected, "{n}");
            let fresh: Vec<f64> = page.script(&format!(
                "const {{ shape, data }} = (await glassformer.trace({})).get('logits');
                 return Array.from(data.slice(-shape[1]));",
                json!(text[..upto])
            ))?;
            runs::agree(logits, &fresh, 1e-5)?;
        }
        let message = page.rejection("await glassformer.readOn('')")?;
        assert!(message.contains("nothing to read"), "{message}");
        Ok(())
    })
}

#[test]
fn a_model_is_analysed() -> Outcome<()> {
    in_browser(&Setup::cpu(), |page| {
        runs::new_run(page, &runs::small())?;
        runs::losses(page, 2)?;
        let listed: Vec<Json> = page.eval("glassformer.analyses")?;
        assert!(listed.iter().any(|analysis| analysis["name"] == "lens"));
        // The lens at the end of the stream is the model's own probability.
        let (report, probability): (Json, f64) = page.script(
            "const text = 'the big';
             const report = await glassformer.analyse('lens', { text, position: 6, top: 1 });
             const { shape, data } = (await glassformer.trace(text)).get('probabilities');
             return [report, Math.max(...data.slice(-shape[1]))];",
        )?;
        assert_eq!(report["kind"], "lens");
        let last = report["readings"].as_array().and_then(|all| all.last());
        let read = last.and_then(|last| last["likeliest"][0]["probability"].as_f64());
        assert!(
            read.is_some_and(|p| (p - probability).abs() < 1e-5),
            "{report}"
        );
        for (call, word) in [
            ("analyse('horoscope')", "horoscope"),
            ("analyse('lens')", "give a text"),
            ("analyse('lens', { corpus: 'copy' })", "no corpus"),
            (
                "analyse('lens', { text: 'the big', position: 7 })",
                "0 to 6",
            ),
            ("analyse('lens', { txt: 'the' })", "txt"),
            ("analyse('carry')", "+"),
        ] {
            let message = page.rejection(&format!("await glassformer.{call}"))?;
            assert!(message.contains(word), "{call}: {message}");
        }
        // What the ready-made model of sums makes of its carries.
        page.eval::<Json>("await glassformer.open('addition-standard')")?;
        let carry: Json = page.eval("await glassformer.analyse('carry', { questions: 20 })")?;
        let effects = carry["effects"].as_array().map_or(0, Vec::len);
        // Two blocks of four heads, attention and feed-forward; four places, three with a carry or
        // without one.
        assert!(effects >= 12 * 4, "{effects}");
        Ok(())
    })
}
