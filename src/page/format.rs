//! Numbers as people read them.

pub use crate::config::grouped as count;

/// A rate or a size in at most three figures: "0.62", "31", "12.4 k", "3.1 M".
pub fn short(n: f64) -> String {
    match n {
        n if !n.is_finite() => "–".into(),
        n if n >= 999_500.0 => format!("{} M", figures(n / 1e6)),
        n if n >= 9_999.5 => format!("{} k", figures(n / 1e3)),
        n if n >= 99.5 => count(n.round() as u64),
        n => figures(n),
    }
}

fn figures(n: f64) -> String {
    match n {
        n if n >= 99.5 => format!("{n:.0}"),
        n if n >= 9.95 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// A loss in nats.
pub fn loss(nats: f32) -> String {
    format!("{nats:.3}")
}

/// A probability: never all or nothing where it is not.
pub fn percent(p: f64) -> String {
    match p {
        0.9995..1.0 => "> 99.9 %".into(),
        p if p > 0.0 && p < 0.0005 => "< 0.1 %".into(),
        p => format!("{:.1} %", 100.0 * p),
    }
}

/// Bytes as "512 kB", "1.9 MB".
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.0} kB", n as f64 / 1e3),
        _ => format!("{:.1} MB", n as f64 / 1e6),
    }
}

/// A span of time that is still to come, roughly: "8 s", "2 min 5 s", "1 h 12 min".
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".into();
    }
    match seconds.ceil() as u64 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..600 => format!("{} min {} s", s / 60, s % 60),
        s @ 600..3_600 => format!("{} min", s / 60),
        s @ 3_600..86_400 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        s => format!("{} days", s / 86_400),
    }
}

/// How long ago something was: "just now", "5 minutes ago", "yesterday".
pub fn ago(seconds: f64) -> String {
    let many = |n: u64, unit: &str| match n {
        1 => format!("1 {unit} ago"),
        n => format!("{n} {unit}s ago"),
    };
    match seconds.max(0.0) as u64 {
        0..60 => "just now".into(),
        s @ 60..3_600 => many(s / 60, "minute"),
        s @ 3_600..86_400 => many(s / 3_600, "hour"),
        86_400..172_800 => "yesterday".into(),
        s => many(s / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_115_394), "1,115,394");
    }

    #[test]
    fn rates_have_three_figures() {
        let all = [0.617, 31.26, 99.7, 1_234.0, 12_345.0, 3_100_000.0, f64::NAN];
        let shown = all.map(short);
        assert_eq!(
            shown,
            ["0.62", "31.3", "100", "1,234", "12.3 k", "3.10 M", "–"]
        );
    }

    #[test]
    fn what_is_nearly_certain_is_not_called_certain() {
        let shares = [1.0, 0.9998, 0.9617, 0.0003, 0.0];
        let said = ["100.0 %", "> 99.9 %", "96.2 %", "< 0.1 %", "0.0 %"];
        assert_eq!(shares.map(percent), said);
    }

    #[test]
    fn sizes_and_times_are_said_roughly() {
        assert_eq!(
            (bytes(999).as_str(), bytes(1_950_000).as_str()),
            ("999 B", "1.9 MB")
        );
        assert_eq!(duration(0.4), "1 s");
        assert_eq!(duration(125.0), "2 min 5 s");
        assert_eq!(duration(4_400.0), "1 h 13 min");
        assert_eq!(duration(f64::INFINITY), "–");
        assert_eq!(
            (ago(5.0).as_str(), ago(61.0).as_str()),
            ("just now", "1 minute ago")
        );
        assert_eq!(
            (ago(90_000.0).as_str(), ago(-3.0).as_str()),
            ("yesterday", "just now")
        );
    }
}
