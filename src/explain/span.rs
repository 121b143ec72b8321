//! `adaptive_span`: from the global pass to the window of the local one.

use super::quantity::Quantity;
use super::{Cell, Draft, Explained, Source, Unexplained, pokes};
use crate::config::Attention;
use crate::config::attention::{AdaptiveSpan, Sharpen, SpanFrom};
use crate::trace::{Intervention, Pass};

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
    let mut draft = Draft::of("s = sigmoid( w · LN(what was seen so far) + b )");
    let gist = source.numbers(Quantity::SpanContext(layer), &[t])?;
    let normed = source.normed(&gist, &format!("{name}.ln"))?;
    let weights = source.weights_of(&format!("{name}.weight"), 0)?;
    for (c, (x, w)) in normed.iter().zip(&weights).enumerate() {
        let from = Cell::new(Quantity::SpanContext(layer), &[t, c]);
        draft.term(c.to_string(), &[*x, *w], Some(from));
    }
    if let Some(bias) = source.bias(&format!("{name}.bias"), 0)? {
        draft.term("bias", &[bias], None);
    }
    let value = 1.0 / (1.0 + (-draft.value()).exp());
    draft.step("through the sigmoid", value);
    Ok(draft)
}

pub fn span(source: &Source, layer: usize, t: usize) -> Explained<Draft> {
    let mut draft = Draft::of("z = max(1, s M)");
    let (cell, longest) = (of(Quantity::SpanScale(layer), t), longest(source)? as f64);
    let label = format!("s, of the longest span, {longest} tokens");
    draft.term(label, &[source.number(cell)?, longest], Some(cell));
    let value = draft.value().max(1.0);
    draft.step("one token at least", value);
    let given = pokes::last_set(source, |change| match change {
        Intervention::Span {
            layer: l,
            position,
            tokens,
        } if *l == layer && pokes::is_at(*position, t) => Some(*tokens),
        _ => None,
    });
    pokes::set_by_hand(&mut draft, given);
    Ok(draft)
}

pub fn temperature(source: &Source, layer: usize, t: usize) -> Explained<Draft> {
    let options = options(source)?;
    let cell = of(Quantity::SpanScale(layer), t);
    let (s, alpha) = (source.number(cell)?, f64::from(options.alpha));
    let mut draft = Draft::of(match options.sharpen {
        Sharpen::Short => "t = 1 - alpha (1 - s)",
        Sharpen::Long => "t = 1 - alpha s",
        Sharpen::Off => "t = 1",
    });
    draft.term("1", &[1.0], None);
    match options.sharpen {
        Sharpen::Short => draft.term("less alpha (1 - s)", &[-alpha, 1.0 - s], Some(cell)),
        Sharpen::Long => draft.term("less alpha s", &[-alpha, s], Some(cell)),
        Sharpen::Off => {}
    }
    let value = draft.value().max(MIN_TEMPERATURE);
    draft.step(format!("{MIN_TEMPERATURE} at least"), value);
    let given = pokes::last_set(source, |change| match change {
        Intervention::Temperature {
            layer: l,
            position,
            value,
        } if *l == layer && pokes::is_at(*position, t) => Some(*value),
        _ => None,
    });
    pokes::set_by_hand(&mut draft, given);
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
    draft.step(format!("1 divided by it, by {least:.4} at least"), value);
    Ok(draft)
}

pub fn window(source: &Source, layer: usize, i: usize, j: usize) -> Explained<Draft> {
    let mut draft = Draft::of("w = (R + z - 1 - distance) / R, between 0 and 1");
    let (ramp, longest) = (f64::from(options(source)?.ramp), longest(source)?);
    if j > i || i - j >= longest {
        draft.step("out of reach", 0.0);
        return Ok(draft);
    }
    let cell = of(Quantity::Span(layer), i);
    draft.term("the ramp R", &[ramp], None);
    draft.term("the span z", &[source.number(cell)?], Some(cell));
    draft.term("less 1", &[-1.0], None);
    draft.term("less the distance", &[-((i - j) as f64)], None);
    let value = draft.value() / ramp;
    draft.step("divided by the ramp", value);
    draft.step("between 0 and 1", value.clamp(0.0, 1.0));
    Ok(draft)
}

pub fn rel_bias(source: &Source, layer: usize, h: usize, n: usize) -> Explained<Draft> {
    let mut draft = Draft::of("c[distance], learned");
    let row = source.weights_of(&format!("transformer.h.{layer}.attn.rel_bias"), h)?;
    let value = *row.get(n).ok_or(Unexplained::Absent)?;
    draft.term(format!("distance {n}"), &[value], None);
    Ok(draft)
}
