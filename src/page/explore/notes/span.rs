//! `adaptive_span`: which formula makes the temperature, and which mean the span is read from.

use super::super::characters::of_text;
use super::{paper, trial};
use crate::config::Attention;
use crate::config::attention::{AdaptiveSpan, Sharpen, SpanFrom};
use crate::explain::{
    Cell, Place, Predicted, Quantity, figure, predicted, predicted_from_mean, temperature_of,
};
use crate::page::deeds::Page;
use crate::page::state::explore::{Explore, Slot};
use crate::page::state::setup::sentence;
use crate::trace::Intervention;
use yew::prelude::*;

fn options(slot: &Slot) -> Option<AdaptiveSpan> {
    match slot.trace.about.model.attention {
        Attention::AdaptiveSpan(options) => Some(options),
        Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => None,
    }
}

/// The words of the notes against their listing.
pub fn temperature(page: &Page, explore: &Explore, slot: &Slot, place: Place) -> Html {
    let Some(options) = options(slot) else {
        return html! {};
    };
    let (source, layer, token) = (slot.source(), place.layer, explore.token);
    let share = |t| predicted(&source, layer, t).map_or(f64::NAN, |span| span.share);
    let set = |formula, t| Intervention::Temperature {
        layer,
        position: Some(t),
        value: temperature_of(&options, formula, share(t)) as f32,
    };
    let number = |cell| source.at(cell).map_or(f64::NAN, f64::from);
    let now = number(Cell::new(Quantity::Temperature(layer), &[token]));
    let weight = |key| {
        number(Cell::new(
            Quantity::Pattern(place),
            &[explore.head, token, key],
        ))
    };
    let strongest = (0..=token).map(weight).fold(0.0, f64::max);
    let formulas = [
        ("their words", "1 − α (1 − s)", Sharpen::Short),
        ("their listing", "1 − α s", Sharpen::Long),
    ];
    html! {
        <>
            <p>
                { "A span that is learned, with a window that fades out, is " }
                { paper("adaptive attention span (Sukhbaatar and others, 2019)", "1905.07799") }
                { ". The temperature is from the notes this project began with, which are not \
                   published. In words, they let a shorter span look more sharply. Their listing \
                   computes the opposite: there a longer span is the sharper one. A model is trained \
                   with one of them; try on it what the other would do." }
            </p>
            <table class="both">
                <caption>
                    { format!(
                        "Temperature of {}, with s = {} and α = {}",
                        of_text(&source, token), figure(share(token)), options.alpha,
                    ) }
                </caption>
                <tbody>
                    for (who, formula, sharpen) in formulas {
                        <tr>
                            <th scope="row">{ who }</th>
                            <td>{ formula }</td>
                            <td class="number">
                                { figure(temperature_of(&options, sharpen, share(token))) }
                            </td>
                            <td>{ if sharpen == options.sharpen { "as trained" } else { "" } }</td>
                        </tr>
                    }
                </tbody>
            </table>
            <div class="trials">
                for (who, _, sharpen) in formulas.into_iter().filter(|(_, _, s)| *s != options.sharpen) {
                    { trial(page, explore, &format!("Try {who} here"), vec![set(sharpen, token)]) }
                    { trial(
                        page,
                        explore,
                        &format!("Try {who} at every token"),
                        (0..source.tokens()).map(|t| set(sharpen, t)).collect(),
                    ) }
                }
            </div>
            <p class="help" aria-live="polite">
                { format!(
                    "In the pass that is shown the row is divided by {}, and its largest weight is {}.",
                    figure(now), figure(strongest),
                ) }
            </p>
        </>
    }
}

/// The mean over the whole sentence against the mean over what was seen so far.
pub fn mean(page: &Page, explore: &Explore, slot: &Slot, layer: usize) -> Html {
    let Some(options) = options(slot) else {
        return html! {};
    };
    let (source, token) = (slot.source(), explore.token);
    let both = predicted(&source, layer, token).and_then(|own| {
        let whole = predicted_from_mean(&source, layer, source.tokens())?;
        Ok((own, whole))
    });
    let (own, whole) = match both {
        Ok(both) => both,
        Err(why) => return html! { <p class="help">{ sentence(&why.to_string()) }</p> },
    };
    let from = match options.span_from {
        SpanFrom::RunningMean => "the mean up to this token",
        SpanFrom::Position => "this token alone",
    };
    let row = |label: &'static str, of: Predicted| {
        html! {
            <tr>
                <th scope="row">{ label }</th>
                <td class="number">{ format!("s = {}", figure(of.share)) }</td>
                <td class="number">{ format!("n = {}", figure(of.tokens)) }</td>
            </tr>
        }
    };
    let set = |position| Intervention::Span {
        layer,
        position,
        tokens: whole.tokens as f32,
    };
    let last = token + 1 == source.tokens();
    let all = (0..source.tokens()).filter_map(|t| predicted(&source, layer, t).ok());
    let (least, most) = all.fold((f64::INFINITY, 0.0_f64), |(least, most), span| {
        (least.min(span.tokens), most.max(span.tokens))
    });
    html! {
        <>
            <p>
                { "The notes this project began with read the span from the mean over the whole \
                   sentence. In it stand tokens that come later, which this one must not see while \
                   the model learns to guess them. Add a character to the sentence: the second row \
                   changes, though the token stands before it; the first does not." }
            </p>
            <table class="both">
                <caption>{ format!("Span of {}, from", of_text(&source, token)) }</caption>
                <tbody>
                    { row(from, own) }
                    { row("the mean over the whole sentence", whole) }
                </tbody>
            </table>
            if last && options.span_from == SpanFrom::RunningMean {
                <p class="help">
                    { "At the last token both are the same: choose an earlier one." }
                </p>
            }
            <div class="trials">
                { trial(page, explore, "Run with it here", vec![set(Some(token))]) }
                { trial(page, explore, "Run with it at every token", vec![set(None)]) }
            </div>
            <p class="help">
                { format!(
                    "Only the span is set; temperature and gain stay those of the model. Over this \
                     sentence its spans run from {least:.2} to {most:.2} tokens: where they hardly \
                     differ, little leaks."
                ) }
            </p>
        </>
    }
}
