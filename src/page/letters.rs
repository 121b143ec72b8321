//! Letters of every script, small and capital, and what is none. The browser knows them, so that
//! the page asks it instead of bringing tables of its own; elsewhere, for tests, the standard library
//! has them.

#[cfg(target_arch = "wasm32")]
pub fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

#[cfg(target_arch = "wasm32")]
pub fn upper(text: &str) -> String {
    js_sys::JsString::from(text).to_upper_case().into()
}

#[cfg(target_arch = "wasm32")]
pub fn letter_or_digit(c: char) -> bool {
    let pattern = js_sys::RegExp::new(r"[\p{Alphabetic}\p{N}]", "u");
    pattern.test(c.encode_utf8(&mut [0; 4]))
}

#[cfg(not(target_arch = "wasm32"))]
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(not(target_arch = "wasm32"))]
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

#[cfg(not(target_arch = "wasm32"))]
pub fn letter_or_digit(c: char) -> bool {
    c.is_alphanumeric()
}

/// As a part of a file's name: whatever is no letter or digit becomes a dash.
pub fn dashed(text: &str) -> String {
    let dashed = |c| if letter_or_digit(c) { c } else { '-' };
    text.chars().map(dashed).collect()
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
    use super::{capital, dashed};

    #[test]
    fn only_letters_and_digits_stay_in_a_file_s_name() {
        for (text, name) in [
            ("glass-standard", "glass-standard"),
            ("a/b: c.txt", "a-b--c-txt"),
            ("été 2026", "été-2026"),
            ("杜甫。", "杜甫-"),
        ] {
            assert_eq!(dashed(text), name);
        }
    }

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
