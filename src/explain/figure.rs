//! A number in the one form that it has in every text: on the card, in tables, in the words of a sum.

/// A number in as many digits as one reads: whole where it is whole, else five digits, four of them
/// behind the point at most. What is below a thousandth keeps two, with its power of ten: "8.4e−4".
pub fn figure(x: f64) -> String {
    let behind = match x.abs() {
        _ if x == f64::INFINITY => return "∞".into(),
        _ if x == f64::NEG_INFINITY => return "−∞".into(),
        // Also what is only a rounding's rest, and the zero that has a sign.
        size if size < 1e-12 => return "0".into(),
        size if size < 1e-3 => return minus(&format!("{x:.1e}")),
        _ if x.fract() == 0.0 => 0,
        size if size < 10.0 => 4,
        size if size < 100.0 => 3,
        size if size < 1e3 => 2,
        _ => 1,
    };
    minus(&format!("{x:.behind$}"))
}

/// A number or a formula with its minus signs as long as its plus signs. No name goes through here: in
/// it a hyphen is a hyphen.
pub fn minus(written: &str) -> String {
    written.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_digits_that_one_reads() {
        let numbers = [
            1.0, -64.0, 0.56006, -0.25061, 12.34567, -123.456, 4096.25, 0.0010001,
        ];
        let written = [
            "1",
            "−64",
            "0.5601",
            "−0.2506",
            "12.346",
            "−123.46",
            "4096.2",
            "0.0010",
        ];
        assert_eq!(numbers.map(figure), written);
    }

    #[test]
    fn a_small_number_keeps_two_digits_and_nothing_has_no_sign() {
        let numbers = [0.0008369, -0.000_000_204, 1e-13, -0.0, f64::NEG_INFINITY];
        let written = ["8.4e−4", "−2.0e−7", "0", "0", "−∞"];
        assert_eq!(numbers.map(figure), written);
    }
}
