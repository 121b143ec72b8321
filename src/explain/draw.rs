//! What the next character is drawn with: what temperature, top k and top p make of the logits.

use super::quantity::Quantity;
use super::{Cell, Draft, Explained, Source, Unexplained, difference, figure};
use crate::analysis::ranked;
use crate::protocol::Sampling;
use crate::text::visible;

/// What a draw would be made from.
#[derive(Debug, PartialEq)]
pub struct Candidate {
    pub character: usize,
    /// Its share after the temperature, of those that top k leaves.
    pub tempered: f64,
    /// The chance that it is drawn; 0 for one that is left out.
    pub chance: f64,
}

/// The engine's own steps: temperature, then the k likeliest, then the likeliest that reach `top_p`
/// together. The likeliest comes first.
pub fn candidates(logits: &[f64], options: &Sampling) -> Vec<Candidate> {
    let order = ranked(logits);
    let highest = order.first().map_or(0.0, |(_, logit)| *logit);
    let left = match (options.temperature <= 0.0, options.top_k) {
        (true, _) => 1,
        (false, 0) => order.len(),
        (false, k) => k as usize,
    };
    let temperature = f64::from(options.temperature).max(f64::MIN_POSITIVE);
    let weights: Vec<f64> = order
        .iter()
        .enumerate()
        .map(|(n, (_, logit))| match (n < left, n) {
            (true, 0) => 1.0,
            (true, _) => libm::exp((logit - highest) / temperature),
            (false, _) => 0.0,
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let mut reach = 0.0;
    let kept = weights.iter().take(left).take_while(|weight| {
        let before = reach;
        reach += **weight / total;
        before < f64::from(options.top_p)
    });
    let kept = kept.count();
    let sum: f64 = weights.iter().take(kept).sum();
    let each = order.iter().zip(&weights).enumerate();
    each.map(|(n, ((character, _), weight))| Candidate {
        character: *character,
        tempered: weight / total,
        chance: if n < kept { weight / sum } else { 0.0 },
    })
    .collect()
}

/// The chance of a character, from the logits of all that are kept.
pub fn chance(source: &Source, t: usize, v: usize) -> Explained<Draft> {
    let options = source.sampling;
    let logits = source.numbers(Quantity::Logits, &[t])?;
    let own = *logits.get(v).ok_or(Unexplained::Absent)?;
    let all = candidates(&logits, &options);
    let likeliest = all.first().ok_or(Unexplained::Absent)?.character;
    if options.temperature <= 0.0 {
        let mut draft = Draft::of("1 for the largest logit, 0 for all others: T = 0");
        let value = f64::from(u8::from(v == likeliest));
        draft.step("at temperature 0 nothing is left to chance", value);
        return Ok(draft);
    }
    let mut draft =
        Draft::of("p = exp((logit − m) / T) / sum of those that are kept, m the largest logit");
    let (most, temperature) = (logits[likeliest], f64::from(options.temperature));
    let share = |logit: f64| libm::exp((logit - most) / temperature);
    let kept: Vec<&Candidate> = all.iter().filter(|one| one.chance > 0.0).collect();
    for one in &kept {
        let logit = logits[one.character];
        let vocab = &source.trace.about.vocab;
        let character = vocab.get(one.character).copied().unwrap_or(' ');
        let working = format!(
            "exp(({}) / {})",
            difference(logit, most, 3),
            options.temperature
        );
        let from = Cell::new(Quantity::Logits, &[t, one.character]);
        let value = [share(logit)];
        draft.worked(visible(character), working, &value, Some(from));
    }
    if kept.iter().any(|one| one.character == v) {
        let value = share(own) / draft.value();
        let words = format!("its own, {}, divided by the sum", figure(share(own)));
        draft.step(words, value);
    } else {
        draft.step("its own is left out, by top k or top p", 0.0);
    }
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::explain;
    use crate::explain::golden::{ALL, golden};

    /// Probabilities 0.25, 0.1, 0.5, 0.15 at temperature 1.
    fn logits() -> [f64; 4] {
        [0.25f64, 0.1, 0.5, 0.15].map(f64::ln)
    }

    fn chances(options: Sampling) -> [f64; 4] {
        let mut chances = [0.0; 4];
        for candidate in candidates(&logits(), &options) {
            chances[candidate.character] = candidate.chance;
        }
        chances
    }

    #[test]
    fn chances_follow_temperature_top_k_and_top_p() {
        let plain = Sampling {
            temperature: 1.0,
            ..Sampling::default()
        };
        let third = 1.0 / 3.0;
        let sum = 0.0625 + 0.01 + 0.25 + 0.0225;
        let with = |temperature, top_k, top_p| Sampling {
            temperature,
            top_k,
            top_p,
            ..plain
        };
        for (options, expected) in [
            (plain, [0.25, 0.1, 0.5, 0.15]),
            (with(1.0, 2, 1.0), [third, 0.0, 2.0 * third, 0.0]),
            (with(1.0, 0, 0.6), [third, 0.0, 2.0 * third, 0.0]),
            (with(1.0, 0, 0.01), [0.0, 0.0, 1.0, 0.0]),
            (with(0.0, 0, 1.0), [0.0, 0.0, 1.0, 0.0]),
            (
                with(0.5, 0, 1.0),
                [0.0625, 0.01, 0.25, 0.0225].map(|p| p / sum),
            ),
        ] {
            let got = chances(options);
            for (got, expected) in got.iter().zip(expected) {
                assert!(
                    (got - expected).abs() < 1e-6,
                    "{options:?}: {got} is not {expected}"
                );
            }
        }
    }

    /// The probabilities that the engine recorded, each to the power of 1 / T, are in proportion what
    /// the tempered logits give.
    #[test]
    fn the_card_works_out_what_is_drawn_with() {
        let (trace, _) = golden(ALL[0]);
        for (temperature, top_k, top_p) in [
            (1.0, 0, 1.0),
            (0.5, 0, 1.0),
            (2.0, 3, 1.0),
            (0.8, 0, 0.5),
            (0.0, 0, 1.0),
        ] {
            let source = Source {
                trace: &trace,
                weights: None,
                sampling: Sampling {
                    temperature,
                    top_k,
                    top_p,
                    ..Sampling::default()
                },
            };
            for t in 0..source.tokens() {
                let own = source
                    .numbers(Quantity::Probabilities, &[t])
                    .expect("recorded");
                let cell = |v| Cell::new(Quantity::Chance, &[t, v]);
                let explained = |v| explain(&source, cell(v)).expect("explained");
                let chances: Vec<f64> = (0..own.len()).map(|v| explained(v).recomputed).collect();
                assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                let (best, _) = ranked(&own)[0];
                for (v, chance) in chances.iter().enumerate() {
                    assert!(explained(v).agrees(), "{:?}", explained(v));
                    if temperature == 0.0 {
                        assert_eq!(*chance, f64::from(u8::from(v == best)));
                    } else if *chance > 0.0 {
                        let ratio = (own[v] / own[best]).powf(1.0 / f64::from(temperature));
                        assert!((chance / chances[best] - ratio).abs() < 1e-4, "{v} of {t}");
                    }
                }
                let left = chances.iter().filter(|chance| **chance > 0.0).count();
                assert!(top_k == 0 || left == top_k as usize);
            }
        }
    }
}
