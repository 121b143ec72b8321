//! How words find room: in lines, and as labels beside many small things.

use super::Picture;
use super::marks::{Align, Mark, Role};

/// Width of a letter, with room to spare: nothing measures words before they are drawn.
pub const LETTER: f64 = 6.8;
/// Height of a line of words.
pub const LINE: f64 = 18.0;
/// Room that a character needs beside its neighbours, and under the one above it.
pub const LETTERS: f64 = 10.0;
pub const LINES: f64 = 13.0;

/// Words under a picture of that width, each paragraph in lines of its own.
pub fn caption(picture: &mut Picture, width: f64, words: &[String]) {
    let most = (width / LETTER) as usize;
    for line in words.iter().flat_map(|words| lines(words, most)) {
        picture.marks.push(Mark::Text {
            at: (0.0, picture.height + LINE / 2.0),
            words: line,
            align: Align::Left,
            role: Role::Faint,
            strong: false,
            alpha: 1.0,
        });
        picture.height += LINE;
    }
}

/// Words in lines of so many characters at most, unless one word alone is longer.
pub fn lines(words: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// Whether the n-th of many labels is written, where each has so much room and needs so much: the
/// chosen one always is, and of the others as many as do not lie upon one another or upon that.
pub fn written(n: usize, chosen: usize, room: f64, needed: f64) -> bool {
    let apart = (needed / room.max(1.0)).ceil().max(1.0) as usize;
    n == chosen || n.is_multiple_of(apart) && n.abs_diff(chosen) >= apart
}

/// A size in three figures or so.
pub fn brief(size: f64) -> String {
    match size {
        x if x >= 100.0 => format!("{x:.0}"),
        x if x >= 10.0 => format!("{x:.1}"),
        x if x >= 0.1 => format!("{x:.2}"),
        x => format!("{x:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_lies_under_its_picture() {
        let mut picture = Picture {
            height: 40.0,
            ..Picture::default()
        };
        caption(
            &mut picture,
            100.0,
            &["the big fluffy dog".into(), "runs".into()],
        );
        let at = |mark: &Mark| match mark {
            Mark::Text { at, words, .. } => Some((at.1, words.clone())),
            _ => None,
        };
        let written: Vec<_> = picture.marks.iter().filter_map(at).collect();
        let below = |n: f64| 40.0 + LINE * n;
        let expected = [
            (below(0.5), "the big fluffy".to_string()),
            (below(1.5), "dog".to_string()),
            (below(2.5), "runs".to_string()),
        ];
        assert_eq!(written, expected);
        assert_eq!(picture.height, below(3.0));
    }

    #[test]
    fn labels_keep_their_distance_and_the_chosen_one_is_among_them() {
        for (count, chosen, room) in [(15, 14, 10.0), (15, 4, 6.0), (31, 30, 7.4), (64, 9, 3.0)] {
            let all = (0..count).filter(|n| written(*n, chosen, room, 13.0));
            let all: Vec<usize> = all.collect();
            assert!(all.contains(&chosen) && all.len() > 3);
            let apart = |pair: &[usize]| (pair[1] - pair[0]) as f64 * room >= 13.0;
            assert!(all.windows(2).all(apart), "{all:?}");
        }
        assert!((0..9).all(|n| written(n, 3, 13.0, 13.0)));
    }

    #[test]
    fn a_scale_is_short_and_never_nothing() {
        let sizes = [123.4, 12.34, 3.568, 0.291, 0.0042];
        assert_eq!(sizes.map(brief), ["123", "12.3", "3.57", "0.29", "0.0042"]);
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(lines("the big dog", 80), ["the big dog"]);
        assert_eq!(lines("the big dog", 7), ["the big", "dog"]);
        assert_eq!(lines("a fluffiest dog", 5), ["a", "fluffiest", "dog"]);
    }
}
