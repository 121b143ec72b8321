//! The text that is trained on.

use harness::{Outcome, Setup, Trouble, in_browser, trouble};
use std::{fs, path::Path};

/// Tiny Shakespeare, 1.1 MB of plays with 65 distinct characters.
const ADDRESS: &str =
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt";

/// The text of the file, of the one that GLASSFORMER_TEXT names, of an earlier download, or of its
/// public address.
///
/// # Errors
/// When the file cannot be read, or nothing can be fetched.
pub fn load(file: Option<&Path>) -> Outcome<String> {
    let named = std::env::var_os("GLASSFORMER_TEXT").map(Into::into);
    if let Some(file) = file.map(Path::to_owned).or(named) {
        return fs::read_to_string(&file)
            .map_err(|e| Trouble::Other(format!("cannot read {} as text: {e}", file.display())));
    }
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tinyshakespeare.txt");
    if let Ok(text) = fs::read_to_string(&cache) {
        return Ok(text);
    }
    eprintln!("fetching {ADDRESS} ...");
    let text = fetch()?;
    if let Err(error) = fs::write(&cache, &text) {
        eprintln!("not kept for the next time, {}: {error}", cache.display());
    }
    Ok(text)
}

/// The browser that the benchmark needs anyway can fetch as well.
fn fetch() -> Outcome<String> {
    let setup = Setup {
        network: true,
        ..Setup::cpu()
    };
    let fetched = in_browser(&setup, |page| {
        let text = page.script::<String>(&format!(
            "const answer = await fetch('{ADDRESS}');
             if (!answer.ok) throw new Error('the server answered ' + answer.status);
             return await answer.text();"
        ));
        // The page's own conduct is the tests' affair.
        page.forget_requests();
        text
    });
    fetched.or_else(|error| {
        let why = error.to_string();
        let why = why.lines().next().unwrap_or_default();
        trouble(format!(
            "no text to train on: {ADDRESS} cannot be fetched ({why}). Give a text with \
             `--text FILE` or in the environment variable GLASSFORMER_TEXT."
        ))
    })
}
