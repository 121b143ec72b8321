//! Words find room.

use super::*;

/// The words of a picture, with where they stand.
pub fn said(picture: &Picture) -> Vec<(&str, Point, Align)> {
    let words = picture.marks.iter().filter_map(|mark| match mark {
        Mark::Text {
            at,
            words,
            align,
            alpha,
            ..
        } if *alpha > 0.2 => Some((words.as_str(), *at, *align)),
        _ => None,
    });
    words.collect()
}

/// Words that stand one under the other have a line each.
pub fn each_has_its_line(view: &View, picture: &Picture) {
    let said = said(picture);
    for (n, (words, at, align)) in said.iter().enumerate() {
        for (other, under, along) in &said[n + 1..] {
            let same = align == along && (at.0 - under.0).abs() < 1.0;
            assert!(
                !same || (at.1 - under.1).abs() > 12.5,
                "{words:?} and {other:?} in {:?} at {}",
                view.stop,
                view.width
            );
        }
    }
}

#[test]
fn labels_do_not_lie_upon_one_another_on_a_low_stage() {
    for bytes in ALL {
        let pass = golden(bytes);
        let source = source(&pass);
        for stop in journey(source.model()) {
            for width in WIDTHS {
                let view = View {
                    stop,
                    width,
                    stretch: 0.4,
                    ..first_scene(source, source.tokens() - 1)
                };
                each_has_its_line(&view, &picture(&view));
            }
        }
    }
}
