//! Small and capital letters of every script. The browser knows them, so that the page asks it
//! instead of bringing tables of its own; elsewhere, for tests, the standard library has them.

#[cfg(target_arch = "wasm32")]
pub fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

#[cfg(target_arch = "wasm32")]
pub fn upper(text: &str) -> String {
    js_sys::JsString::from(text).to_upper_case().into()
}

#[cfg(not(target_arch = "wasm32"))]
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(not(target_arch = "wasm32"))]
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// With a capital letter in front.
pub fn capital(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => upper(&first.to_string()) + rest.as_str(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::capital;

    #[test]
    fn the_first_letter_becomes_a_capital() {
        for (text, capital_text) in [
            ("", ""),
            ("the dog", "The dog"),
            ("éa", "Éa"),
            ("ß", "SS"),
            ("1a", "1a"),
        ] {
            assert_eq!(capital(text), capital_text);
        }
    }
}
