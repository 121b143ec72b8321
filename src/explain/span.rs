//! `adaptive_span`: from the global pass to the window of the local one.

use super::quantity::Quantity;
use super::{Cell, Draft, Explained, Source, Unexplained, figure, pokes};
use crate::config::Attention;
use crate::config::attention::{AdaptiveSpan, Sharpen, SpanFrom};
use crate::trace::Pass;

/// The coldest that a row may get, as the engine has it.
const MIN_TEMPERATURE: f64 = 0.05;

fn options(source: &Source) -> Explained<AdaptiveSpan> {
    match source.model().attention {
        Attention::AdaptiveSpan(options) => Ok(options),
        Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => {
            Err(Unexplained::Absent)
        }
    }
}

fn longest(source: &Source) -> Explained<usize> {
    Ok(options(source)?.longest(source.model().block_size))
}

fn of(quantity: Quantity, t: usize) -> Cell {
    Cell::new(quantity, &[t])
}

pub fn context(source: &Source, layer: usize, t: usize, c: usize) -> Explained<Draft> {
    let cell = |j| Cell::new(Quantity::PassOut(layer, Pass::Global), &[j, c]);
    match options(source)?.span_from {
        SpanFrom::Position => {
            let mut draft = Draft::of("G, at this token");
            draft.term(
                "the global pass here",
                &[source.number(cell(t))?],
                Some(cell(t)),
            );
            Ok(draft)
        }
        SpanFrom::RunningMean => {
            let mut draft = Draft::of("mean of G over all tokens so far");
            for j in 0..=t {
                let share = ((t + 1) as f64).recip();
                let factors = [share, source.number(cell(j))?];
                draft.term(format!("token {j}"), &factors, Some(cell(j)));
            }
            Ok(draft)
        }
    }
}

pub fn scale(source: &Source, layer: usize, t: usize) -> Explained<Draft> {
    let name = format!("transformer.h.{layer}.attn.span");
    let mut draft = Draft::of("s = sigmoid( Ws · LN(what was seen so far) + b )");
    let gist = source.numbers(Quantity::SpanContext(layer), &[t])?;
    let normed = source.normed(&gist, &format!("{name}.ln"))?;
    let weights = source.weights_of(&format!("{name}.weight"), 0)?;
    for (c, (x, w)) in normed.iter().zip(&weights).enumerate() {
        let from = Cell::new(Quantity::SpanContext(layer), &[t, c]);
        draft.term(format!("channel {c}"), &[*x, *w], Some(from));
    }
    if let Some(bias) = source.bias(&format!("{name}.bias"), 0)? {
        draft.term("bias", &[bias], None);
    }
    let value = 1.0 / (1.0 + (-draft.value()).exp());
    draft.step("through the sigmoid", value);
    Ok(draft)
}

/// A span that the predictor gives, or would give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// s, the share of the longest span.
    pub share: f64,
    /// z.
    pub tokens: f64,
}

impl Predicted {
    fn of(share: f64, longest: usize) -> Self {
        Predicted {
            share,
            tokens: (share * longest as f64).max(1.0),
        }
    }
}

/// The span that was predicted at a token, also where another was set by hand.
///
/// # Errors
/// Another kind of attention.
pub fn predicted(source: &Source, layer: usize, t: usize) -> Explained<Predicted> {
    let share = source.number(of(Quantity::SpanScale(layer), t))?;
    Ok(Predicted::of(share, longest(source)?))
}

/// The span that the predictor would give if it read the mean of the global pass over the first
/// `tokens` tokens: over all of them it is what the notes' listing computes.
///
/// # Errors
/// Another kind of attention, or weights that are not at hand.
pub fn predicted_from_mean(source: &Source, layer: usize, tokens: usize) -> Explained<Predicted> {
    let mut mean = vec![0.0; source.model().n_embd];
    for t in 0..tokens {
        let found = source.numbers(Quantity::PassOut(layer, Pass::Global), &[t])?;
        for (sum, x) in mean.iter_mut().zip(found) {
            *sum += x / tokens as f64;
        }
    }
    let name = format!("transformer.h.{layer}.attn.span");
    let normed = source.normed(&mean, &format!("{name}.ln"))?;
    let weights = source.weights_of(&format!("{name}.weight"), 0)?;
    let sum: f64 = normed.iter().zip(&weights).map(|(x, w)| x * w).sum();
    let bias = source.bias(&format!("{name}.bias"), 0)?.unwrap_or(0.0);
    let share = 1.0 / (1.0 + (-sum - bias).exp());
    Ok(Predicted::of(share, longest(source)?))
}

/// The temperature that a formula makes of a span's share.
pub fn temperature_of(options: &AdaptiveSpan, formula: Sharpen, share: f64) -> f64 {
    let alpha = f64::from(options.alpha);
    let t = match formula {
        Sharpen::Short => 1.0 - alpha * (1.0 - share),
        Sharpen::Long => 1.0 - alpha * share,
        Sharpen::Off => 1.0,
    };
    t.max(MIN_TEMPERATURE)
}

pub fn span(source: &Source, layer: usize, t: usize) -> Explained<Draft> {
    let mut draft = Draft::of("n = max(1, s M)");
    let (cell, longest) = (of(Quantity::SpanScale(layer), t), longest(source)? as f64);
    draft.term("s × M", &[source.number(cell)?, longest], Some(cell));
    let value = draft.value().max(1.0);
    draft.step("one token at least", value);
    pokes::set_by_hand(&mut draft, source.set_to(of(Quantity::Span(layer), t)));
    Ok(draft)
}

pub fn temperature(source: &Source, layer: usize, t: usize) -> Explained<Draft> {
    let options = options(source)?;
    let cell = of(Quantity::SpanScale(layer), t);
    let (s, alpha) = (source.number(cell)?, f64::from(options.alpha));
    let mut draft = Draft::of(match options.sharpen {
        Sharpen::Short => "t = 1 − α (1 − s)",
        Sharpen::Long => "t = 1 − α s",
        Sharpen::Off => "t = 1",
    });
    draft.term("1", &[1.0], None);
    match options.sharpen {
        Sharpen::Short => draft.term("−α (1 − s)", &[-alpha, 1.0 - s], Some(cell)),
        Sharpen::Long => draft.term("−α s", &[-alpha, s], Some(cell)),
        Sharpen::Off => {}
    }
    let value = draft.value().max(MIN_TEMPERATURE);
    draft.step(format!("{MIN_TEMPERATURE} at least"), value);
    let own = of(Quantity::Temperature(layer), t);
    pokes::set_by_hand(&mut draft, source.set_to(own));
    Ok(draft)
}

pub fn gain(source: &Source, layer: usize, t: usize) -> Explained<Draft> {
    let options = options(source)?;
    if !options.inverse_gain {
        let mut draft = Draft::of("1: the gain is off");
        draft.step("off", 1.0);
        return Ok(draft);
    }
    let mut draft = Draft::of("1 / max(s, 1 / largest gain)");
    let cell = of(Quantity::SpanScale(layer), t);
    draft.term("s", &[source.number(cell)?], Some(cell));
    let least = f64::from(options.gain_max).recip();
    let value = draft.value().max(least).recip();
    draft.step(
        format!("1 divided by it, by {} at least", figure(least)),
        value,
    );
    Ok(draft)
}

pub fn window(source: &Source, layer: usize, i: usize, j: usize) -> Explained<Draft> {
    let mut draft = Draft::of("w = (R + n − 1 − distance) / R, between 0 and 1");
    let (ramp, longest) = (f64::from(options(source)?.ramp), longest(source)?);
    if j > i || i - j >= longest {
        draft.step("out of reach", 0.0);
        return Ok(draft);
    }
    let cell = of(Quantity::Span(layer), i);
    draft.term("the ramp R", &[ramp], None);
    draft.term("the span n", &[source.number(cell)?], Some(cell));
    draft.term("minus 1", &[-1.0], None);
    draft.term("minus the distance", &[-((i - j) as f64)], None);
    let value = draft.value() / ramp;
    draft.step("divided by the ramp", value);
    draft.step("between 0 and 1", value.clamp(0.0, 1.0));
    Ok(draft)
}

pub fn rel_bias(source: &Source, layer: usize, h: usize, n: usize) -> Explained<Draft> {
    let mut draft = Draft::of("β[distance], learned");
    let row = source.weights_of(&format!("transformer.h.{layer}.attn.rel_bias"), h)?;
    let value = *row.get(n).ok_or(Unexplained::Absent)?;
    draft.term(format!("distance {n}"), &[value], None);
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::golden::{ALL, golden};
    use crate::protocol::Sampling;
    use crate::trace::Intervention;

    /// Passes of adaptive-span models whose predictor reads the running mean.
    fn each(mut look: impl FnMut(&Source, AdaptiveSpan)) {
        let mut seen = 0;
        for bytes in ALL {
            let (trace, weights) = golden(bytes);
            let source = Source {
                trace: &trace,
                weights: Some(&weights),
                sampling: Sampling::default(),
            };
            if let Ok(options) = options(&source)
                && options.span_from == SpanFrom::RunningMean
            {
                seen += 1;
                look(&source, options);
            }
        }
        assert!(seen > 0, "no such pass");
    }

    #[test]
    fn the_mean_up_to_a_token_gives_the_span_that_the_engine_predicted() {
        each(|source, _| {
            for layer in 0..source.model().n_layer {
                for t in 0..source.tokens() {
                    let engine = predicted(source, layer, t).expect("recorded");
                    let made = predicted_from_mean(source, layer, t + 1).expect("its weights");
                    assert!(
                        (engine.share - made.share).abs() < 1e-5,
                        "{engine:?} {made:?}"
                    );
                }
            }
        });
    }

    #[test]
    fn the_mean_over_the_whole_sentence_is_another_one_before_its_end() {
        each(|source, _| {
            let last = source.tokens() - 1;
            let whole = predicted_from_mean(source, 0, last + 1).expect("its weights");
            let differs =
                |t| (predicted(source, 0, t).expect("recorded").share - whole.share).abs();
            assert!((0..last).any(|t| differs(t) > 1e-4));
            assert!(differs(last) < 1e-5);
        });
    }

    #[test]
    fn the_models_own_formula_gives_the_temperature_that_the_engine_used() {
        let mut seen = 0;
        each(|source, options| {
            for t in 0..source.tokens() {
                let by_hand = super::super::changes(source)
                    .iter()
                    .any(|change| matches!(change, Intervention::Temperature { .. }));
                if by_hand {
                    continue;
                }
                let share = predicted(source, 0, t).expect("recorded").share;
                let engine = source.number(of(Quantity::Temperature(0), t));
                let made = temperature_of(&options, options.sharpen, share);
                assert!((engine.expect("recorded") - made).abs() < 1e-5);
                seen += 1;
            }
        });
        assert!(seen > 0, "every pass has a temperature of its own");
    }
}
