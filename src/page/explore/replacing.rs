//! What could stand for characters that a model does not know: the other case, the letter without its
//! accent, a plain quote or dash, a space; and where nothing fits, nothing.

use crate::page::letters::{lower, upper};

/// An unknown character, and what the model knows in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub unknown: char,
    /// Empty: it is left out.
    pub instead: String,
}

/// Plain forms of characters that texts are printed with. Both of a pair stand side by side.
const PLAIN: &[(&str, &str)] = &[
    ("\u{2018}\u{2019}\u{201a}\u{201b}\u{2032}`´", "'"),
    ("\u{201c}\u{201d}\u{201e}\u{201f}\u{2033}«»", "\""),
    (
        "\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}",
        "-",
    ),
    ("\u{2026}", "..."),
    ("×", "*"),
    ("÷", "/"),
    ("æ", "ae"),
    ("Æ", "Ae"),
    ("œ", "oe"),
    ("Œ", "Oe"),
    ("ß", "ss"),
];

/// Letters with an accent, by the letter that is left without it.
const ACCENTED: &[(char, &str)] = &[
    ('a', "àáâãäåāăąǎ"),
    ('c', "çćĉċč"),
    ('d', "ďđð"),
    ('e', "èéêëēĕėęě"),
    ('g', "ĝğġģ"),
    ('h', "ĥħ"),
    ('i', "ìíîïĩīĭįıǐ"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺļľŀł"),
    ('n', "ñńņňŉ"),
    ('o', "òóôõöøōŏőǒ"),
    ('r', "ŕŗř"),
    ('s', "śŝşšș"),
    ('t', "ţťŧț"),
    ('u', "ùúûüũūŭůűųǔ"),
    ('w', "ŵ"),
    ('y', "ýÿŷ"),
    ('z', "źżž"),
];

/// An offer for each unknown character of a text, in the order in which they first come.
pub fn offers(text: &str, vocab: &[char]) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for unknown in text.chars().filter(|c| !vocab.contains(c)) {
        if offers.iter().all(|offer| offer.unknown != unknown) {
            let instead = instead(unknown, vocab);
            offers.push(Offer { unknown, instead });
        }
    }
    offers
}

/// The text with what is offered in the place of what is unknown.
pub fn replaced(text: &str, offers: &[Offer]) -> String {
    let each = text.chars().map(|c| {
        let offer = offers.iter().find(|offer| offer.unknown == c);
        offer.map_or_else(|| c.to_string(), |offer| offer.instead.clone())
    });
    each.collect()
}

fn instead(unknown: char, vocab: &[char]) -> String {
    let bare = without_accent(unknown);
    let plain = PLAIN.iter().find(|(forms, _)| forms.contains(unknown));
    let space = unknown.is_whitespace().then(|| " ".to_string());
    // The nearest first: only the case, only the accent, both.
    let mut choices = other_cases(&unknown.to_string());
    for nearer in bare
        .into_iter()
        .chain(plain.map(|(_, to)| (*to).into()))
        .chain(space)
    {
        choices.push(nearer.clone());
        choices.extend(other_cases(&nearer));
    }
    let known = |choice: &String| choice.chars().all(|c| vocab.contains(&c));
    choices.into_iter().find(known).unwrap_or_default()
}

fn without_accent(c: char) -> Option<String> {
    let small = lower(&c.to_string()).chars().next()?;
    let (letter, _) = ACCENTED.iter().find(|(_, forms)| forms.contains(small))?;
    Some(match c == small {
        true => letter.to_string(),
        false => upper(&letter.to_string()),
    })
}

fn other_cases(text: &str) -> Vec<String> {
    let cases = [lower(text), upper(text)];
    cases.into_iter().filter(|case| case != text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocab(characters: &str) -> Vec<char> {
        characters.chars().collect()
    }

    #[test]
    fn what_is_offered_is_the_nearest_that_the_model_knows() {
        let lower = vocab("abcdefghijklmnopqrstuvwxyz .,'-\"");
        for (unknown, expected) in [
            ('A', "a"),
            ('É', "e"),
            ('é', "e"),
            ('ø', "o"),
            ('\u{2019}', "'"),
            ('\u{201c}', "\""),
            ('\u{2014}', "-"),
            ('\u{2026}', "..."),
            ('\n', " "),
            ('\t', " "),
            ('\u{a0}', " "),
            ('ß', "ss"),
            ('Æ', "ae"),
            ('7', ""),
            ('漢', ""),
            ('\u{301}', ""),
        ] {
            assert_eq!(instead(unknown, &lower), expected, "{unknown:?}");
        }
        // The accent is kept where the model knows it, and the case where it knows only that.
        assert_eq!(instead('É', &vocab("eEé")), "é");
        assert_eq!(instead('É', &vocab("eE")), "E");
        assert_eq!(instead('x', &vocab("XY")), "X");
        // No space, no room.
        assert_eq!(instead('\n', &vocab("ab")), "");
    }

    #[test]
    fn every_offer_is_in_the_vocabulary_or_leaves_out() {
        let known = [
            "ab",
            "0123456789+=\n",
            "abcdefghijklmnopqrstuvwxyz ",
            "AEIOU'",
        ];
        let all: String = ('\0'..='\u{2fff}').collect();
        for known in known.map(vocab) {
            let offers = offers(&all, &known);
            assert_eq!(offers.len() + known.len(), all.chars().count());
            for offer in &offers {
                assert!(!known.contains(&offer.unknown), "{offer:?}");
                assert!(
                    offer.instead.chars().all(|c| known.contains(&c)),
                    "{offer:?}"
                );
            }
            let replaced = replaced(&all, &offers);
            assert!(replaced.chars().all(|c| known.contains(&c)));
        }
    }

    #[test]
    fn one_or_all_are_replaced() {
        let known = vocab("abcdefghijklmnopqrstuvwxyz ");
        let text = "Thé big\nDog, THE";
        let all = offers(text, &known);
        let unknown: String = all.iter().map(|offer| offer.unknown).collect();
        assert_eq!(unknown, "Té\nD,HE");
        assert_eq!(replaced(text, &all), "the big dog the");
        assert_eq!(replaced(text, &all[1..2]), "The big\nDog, THE");
        assert_eq!(offers("the dog", &known), []);
    }
}
