//! The names under which a program asks its script for what only JavaScript can do.
//!
//! wasm-bindgen makes them of a word and sixteen random digits, which do not compress, and each stands
//! in both files.

use std::collections::HashMap;

/// wasm-bindgen's own names begin so.
const OURS: &str = "__wb";

/// The script with short names, and which name each has become. A name is only touched where the
/// script has it exactly once, as that of the function which the program asks for.
pub fn shortened(script: &str, imports: &[String]) -> (String, HashMap<String, String>) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for word in words(script) {
        *seen.entry(word).or_default() += 1;
    }
    let mut short = HashMap::new();
    for name in imports {
        let asked_for_once =
            seen.get(name.as_str()) == Some(&1) && script.contains(&format!(" {name}: "));
        if name.starts_with(OURS) && asked_for_once {
            let next = letters(short.len());
            short.entry(name.clone()).or_insert(next);
        }
    }
    let mut text = String::with_capacity(script.len());
    let mut rest = script;
    for word in words(script) {
        let Some(new) = short.get(word) else { continue };
        // Words are parts of the script, in its order.
        let (before, after) = rest.split_once(word).unwrap_or((rest, ""));
        text.push_str(before);
        text.push_str(new);
        rest = after;
    }
    text.push_str(rest);
    (text, short)
}

/// Names and keywords of a script, in their order.
fn words(script: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    script
        .split(move |c| !part(c))
        .filter(|word| !word.is_empty())
}

/// a, b, ... z, ba, bb, ...
fn letters(mut n: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'a' + (n % 26) as u8);
        n /= 26;
        if n == 0 {
            break;
        }
    }
    letters.into_iter().rev().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn only_what_the_script_has_once_as_a_function_gets_another_name() {
        let script = "const import0 = {\n    __wbg_now_12: function() { return now(); },\n    \
                      __wbg_used_34: function() {},\n    other: 1,\n};\n__wbg_used_34_;\nimport0.__wbg_used_34();";
        let imports = ["__wbg_now_12", "__wbg_used_34", "other", "__wbg_absent_56"];
        let (text, short) = shortened(script, &imports.map(String::from));
        assert_eq!(short, HashMap::from([("__wbg_now_12".into(), "a".into())]));
        assert_eq!(text, script.replace("__wbg_now_12", "a"));
    }

    #[test]
    fn a_name_that_begins_another_is_not_taken_for_it() {
        let script = "{ __wbg_set_1_2: f, __wbg_set_1: g, }";
        let imports = ["__wbg_set_1", "__wbg_set_1_2"];
        let (text, _) = shortened(script, &imports.map(String::from));
        assert_eq!(text, "{ b: f, a: g, }");
    }

    #[test]
    fn no_two_names_are_alike() {
        let made: HashSet<String> = (0..3000).map(letters).collect();
        assert_eq!(made.len(), 3000);
    }
}
