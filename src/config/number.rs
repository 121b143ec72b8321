//! Numbers as people type them.

/// The number that a text is: "0.5", ".5", "+5." and "5e-1" alike.
///
/// The standard library reads the same with tables of 10 KB, which every visitor would download for
/// a few fields (`docs/performance.md`). JSON's reader is on the page anyway; its numbers are only
/// written more strictly.
pub fn number(text: &str) -> Option<f64> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => ("-", size),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let shift = i32::try_from(part.len()).ok()?;
    let exponent = exponent.parse::<i32>().ok()?.checked_sub(shift)?;
    let json: serde_json::Number = format!("{sign}{digits}e{exponent}").parse().ok()?;
    json.as_f64()
}

#[cfg(test)]
mod tests {
    use super::number;
    use crate::random::Stream;

    #[test]
    fn what_people_type_is_read_as_the_standard_library_reads_it() {
        for text in [
            "0",
            "-0",
            "007",
            "5",
            "+5",
            "-5",
            "5.",
            ".5",
            "-.5",
            "0.2",
            "0.0003",
            "1e5",
            "1E-5",
            "2.5e+3",
            "1e-400",
            "123456789.125",
            "0.1",
            "12.75e1",
            "000.250",
        ] {
            assert_eq!(number(text), text.parse().ok(), "{text}");
        }
        for text in [
            "", ".", "-", "+-5", "e5", "5e", "1,5", "1.2.3", "0x10", "five", " 5", "1_000", "１",
        ] {
            assert_eq!(number(text), None, "{text}");
            assert!(text.parse::<f64>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_finite_number_is_none() {
        for text in ["inf", "NaN", "infinity", "1e999", "1e99999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn long_numbers_are_read_to_the_last_digit_but_one() {
        let mut stream = Stream::new(1, "numbers");
        for n in 0..2_000 {
            let exact = stream.normal() * 10f64.powi(n % 40 - 20);
            let read = number(&exact.to_string()).expect("a number");
            assert!(
                (read - exact).abs() <= 4.0 * f64::EPSILON * exact.abs(),
                "{exact}: {read}"
            );
        }
    }
}
