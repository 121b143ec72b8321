//! Texts from outside: a file of the person's, and Tiny Shakespeare.

use super::fault::{input, words};
use super::{Client, NamedText, Progress, address, download};
use crate::protocol::Fault;
use crate::text::{MAX_TEXT_BYTES, check_size, read_utf8};
use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;

/// Where Karpathy's char-rnn keeps the plays.
const SHAKESPEARE: &str =
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt";
/// Its bytes: a compressed transfer does not say how many come.
const SHAKESPEARE_SIZE: u64 = 1_115_394;
/// What people call it.
const SHAKESPEARE_NAME: &str = "Tiny Shakespeare";

/// Reads a file that the person chose.
pub(super) async fn file(file: &web_sys::File) -> Result<NamedText, Fault> {
    let label = file.name();
    let refused = |why: String| input(format!("{label}: {why}"));
    // Before it is read: a film dropped here must not fill the memory.
    check_size(file.size() as usize, MAX_TEXT_BYTES).map_err(|e| refused(e.to_string()))?;
    let unreadable = |e| {
        refused(format!(
            "the browser cannot read it ({}); was it moved or changed? Choose it again.",
            words(&e)
        ))
    };
    let buffer = JsFuture::from(file.array_buffer())
        .await
        .map_err(unreadable)?;
    let bytes = Uint8Array::new(&buffer).to_vec();
    let text = read_utf8(&bytes, MAX_TEXT_BYTES).map_err(|e| refused(e.to_string()))?;
    if text.is_empty() {
        return Err(refused(
            "the file is empty; choose one with some text".into(),
        ));
    }
    Ok(NamedText { label, text })
}

impl Client {
    pub(super) async fn shakespeare(&self, progress: Progress<'_>) -> Result<NamedText, Fault> {
        let named = |text| NamedText {
            label: SHAKESPEARE_NAME.into(),
            text,
        };
        let (url, size) = match address::shakespeare()? {
            Some(url) => (url, None),
            None => (SHAKESPEARE.to_string(), Some(SHAKESPEARE_SIZE)),
        };
        if let Some(text) = self.0.storage.text(&url).await {
            return Ok(named(text));
        }
        let refused = |fault: Fault| {
            let advice = "Take a built-in text meanwhile, or choose a file.";
            Fault::new(fault.kind, format!("{SHAKESPEARE_NAME}: {fault} {advice}"))
        };
        let bytes = download::bytes(&url, size, progress)
            .await
            .map_err(refused)?;
        let text = read_utf8(&bytes, MAX_TEXT_BYTES).map_err(|e| input(e.to_string()))?;
        if let Err(problem) = self.0.storage.keep_text(&url, &text).await {
            self.storage_problem(problem);
        }
        Ok(named(text))
    }
}
