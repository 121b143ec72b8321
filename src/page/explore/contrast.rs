//! Whether light or dark words are read better on a colour.

/// Whether white is read better than black on so much of a colour over a ground, both as `#rrggbb`;
/// not where one of them is written otherwise. The better of the two has always a contrast of 4.5.
pub fn wants_light(colour: &str, ground: &str, alpha: f64) -> bool {
    let (Some(colour), Some(ground)) = (channels(colour), channels(ground)) else {
        return false;
    };
    let mixed = [0, 1, 2].map(|n| ground[n] + (colour[n] - ground[n]) * alpha);
    let light = luminance(mixed);
    ratio(1.0, light) > ratio(light, 0.0)
}

/// Red, green and blue, 0 to 1.
fn channels(colour: &str) -> Option<[f64; 3]> {
    let digits = colour.trim().strip_prefix('#')?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let channel = |shift: u32| f64::from((number >> shift) & 0xff) / 255.0;
    (digits.len() == 6).then(|| [channel(16), channel(8), channel(0)])
}

/// As WCAG defines it.
fn luminance(channels: [f64; 3]) -> f64 {
    let [red, green, blue] = channels.map(|x| match x <= 0.04045 {
        true => x / 12.92,
        false => ((x + 0.055) / 1.055).powf(2.4),
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn ratio(lighter: f64, darker: f64) -> f64 {
    (lighter + 0.05) / (darker + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURS: &str = include_str!("../../../www/style/colours.css");

    /// The colours of that name, of the light theme and of the dark one.
    fn of(name: &str) -> Vec<&'static str> {
        let lines = COLOURS.lines().map(str::trim);
        let of_name = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        of_name
            .filter_map(|value| value.strip_suffix(';'))
            .collect()
    }

    #[test]
    fn a_number_is_read_on_every_shade_in_both_themes() {
        let grounds = of("--card");
        assert!(grounds.len() >= 2);
        for name in ["--attention", "--span", "--gate"] {
            let colours = of(name);
            assert_eq!(colours.len(), grounds.len());
            for (colour, ground) in colours.iter().zip(&grounds) {
                let mut turns = 0;
                let mut last = None;
                for step in 0..=100 {
                    let alpha = f64::from(step) / 100.0;
                    let light = wants_light(colour, ground, alpha);
                    let (over, under) = (channels(colour), channels(ground));
                    let (over, under) = (over.expect("a colour"), under.expect("a ground"));
                    let mixed = [0, 1, 2].map(|n| under[n] + (over[n] - under[n]) * alpha);
                    let contrast = match light {
                        true => ratio(1.0, luminance(mixed)),
                        false => ratio(luminance(mixed), 0.0),
                    };
                    assert!(contrast >= 4.5, "{name} {alpha} on {ground}: {contrast}");
                    turns += usize::from(last.is_some_and(|last| last != light));
                    last = Some(light);
                }
                assert!(turns <= 1, "{name} on {ground}");
            }
        }
    }

    #[test]
    fn what_is_no_colour_takes_dark_words() {
        assert!(!wants_light("blue", "#ffffff", 1.0));
        assert!(!wants_light("#000", "#ffffff", 1.0));
        assert!(wants_light("#000000", "#ffffff", 1.0));
        assert!(!wants_light("#000000", "#ffffff", 0.1));
    }
}
