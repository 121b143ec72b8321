//! What the reader's changes did to the next character: beside the stage in a line, by the sliders in
//! a table. Both are of the changed pass itself, in which its own logits and their change stand.

use super::characters::{of_vocabulary, visible};
use crate::analysis::{ranked, softmax};
use crate::explain::{Quantity, Source, minus};
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::format::percent;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Slot, token_of};
use crate::trace::Intervention;
use yew::prelude::*;

/// Characters whose change is listed.
const LISTED: usize = 4;
/// A change of a probability that no figure shows.
const UNSEEN: f64 = 5e-4;

/// The probabilities after a token without the changes and with them, character by character.
struct Outcome<'a> {
    source: Source<'a>,
    change: &'a [f32],
    before: Vec<f64>,
    now: Vec<f64>,
}

impl<'a> Outcome<'a> {
    /// Of a pass in which something was changed; of another there is none.
    fn of(slot: &'a Slot, token: usize) -> Option<Outcome<'a>> {
        let source = slot.source();
        let change = source.row(Quantity::LogitsChange, &[token])?;
        let logits = source.row(Quantity::Logits, &[token])?;
        let now: Vec<f64> = logits.iter().map(|logit| f64::from(*logit)).collect();
        let before: Vec<f64> = now
            .iter()
            .zip(change)
            .map(|(now, change)| now - f64::from(*change))
            .collect();
        Some(Outcome {
            source,
            change,
            before: softmax(&before),
            now: softmax(&now),
        })
    }

    fn name(&self, v: usize) -> String {
        of_vocabulary(&self.source, v)
    }

    /// The token at which the last change is made, where none is made at the chosen one and all is as
    /// without them: a sentence that grows keeps its changes where they are.
    fn elsewhere(&self, looking: &Explore) -> Option<usize> {
        let mut tokens = looking.pokes.iter().map(token_of);
        let others = tokens.all(|token| token.is_some_and(|token| token != looking.token));
        let mut both = self.before.iter().zip(&self.now);
        let alike = both.all(|(before, now)| (before - now).abs() < UNSEEN);
        let last = looking.pokes.last().and_then(token_of);
        last.filter(|_| others && alike)
    }
}

fn likeliest(probabilities: &[f64]) -> Option<usize> {
    ranked(probabilities).first().map(|(v, _)| *v)
}

/// What became of the character that was the likeliest. Its place is there before anything is changed,
/// and nothing moves for it.
pub fn line(page: &Page, looking: &Explore, slot: &Slot) -> Html {
    let last = looking.pokes.last();
    let outcome = last.and_then(|_| Outcome::of(slot, looking.token));
    html! {
        <div class="upshot" role="status">
            if looking.pokes.is_empty() && looking.presenting {
                { guess(slot, looking.token) }
            }
            if let Some(outcome) = outcome {
                { match outcome.elsewhere(looking) {
                    Some(token) => lead(page, token),
                    None => fall(&outcome, looking.token),
                } }
            }
            if let Some(last) = last {
                { undo(page, last) }
            }
        </div>
    }
}

/// To the token whose next character another is.
fn lead(page: &Page, token: usize) -> Html {
    html! {
        <>
            <p>{ "no effect here" }</p>
            <button
                type="button"
                class="small to-change"
                title={format!("Your change is made at token {token}")}
                onclick={on_click(&(page.clone(), token), |(page, token)| {
                    page.dispatch(Action::Explore(ExploreAction::Token(*token)));
                })}
            >
                { format!("see token {token}") }
            </button>
        </>
    }
}

/// What all of it leads to, for a room: elsewhere the button that adds it says so.
fn guess(slot: &Slot, token: usize) -> Html {
    let Some((character, p)) = slot.likeliest(token) else {
        return Html::default();
    };
    html! {
        <span class="next number">
            { "next: " }
            <b class="character">{ visible(character) }</b>
            { " " }
            { percent(p.into()) }
        </span>
    }
}

fn fall(outcome: &Outcome, token: usize) -> Html {
    let (Some(was), Some(is)) = (likeliest(&outcome.before), likeliest(&outcome.now)) else {
        return Html::default();
    };
    html! {
        <p class="number">
            <span class="for-ears">
                { format!("After token {token} the likeliest character was ") }
            </span>
            <b class="character">{ outcome.name(was) }</b>
            { " " }
            { percent(outcome.before[was]) }
            { " → " }
            <b class="share">{ percent(outcome.now[was]) }</b>
            if is != was {
                <span class="new-guess">
                    { ", now " }
                    <b class="character">{ outcome.name(is) }</b>
                    { " " }
                    { percent(outcome.now[is]) }
                </span>
            }
        </p>
    }
}

fn undo(page: &Page, last: &Intervention) -> Html {
    html! {
        <button
            type="button"
            class="small"
            aria-label="Undo the last change"
            onclick={on_click(&(page.clone(), last.clone()), |(page, last)| {
                page.dispatch(Action::Explore(ExploreAction::Unpoke(last.clone())));
            })}
        >
            { "undo" }
        </button>
    }
}

/// What the changes did to the next character after a token: those whose probability they moved most,
/// without the changes and with them.
pub fn table(looking: &Explore, slot: &Slot) -> Html {
    let token = looking.token;
    let Some(outcome) = Outcome::of(slot, token) else {
        return html! { <p class="help" aria-live="polite">{ "The changed pass is on its way." }</p> };
    };
    if let Some(changed) = outcome.elsewhere(looking) {
        let words = format!(
            "Your change is made at token {changed}. After token {token} all is as without it."
        );
        return html! { <p class="help" aria-live="polite">{ words }</p> };
    }
    let (before, now) = (&outcome.before, &outcome.now);
    let moved: Vec<f64> = before.iter().zip(now).map(|(b, n)| (n - b).abs()).collect();
    html! {
        <table class="effect">
            <caption class="for-ears">
                { format!("What may follow token {token}, changed most") }
            </caption>
            <thead>
                <tr>
                    <th scope="col">{ format!("After token {token}") }</th>
                    <th scope="col">{ "Before" }</th>
                    <th scope="col">{ "Now" }</th>
                    <th
                        scope="col"
                        title="By how much its logit moved. Only differences between logits count: what moves \
                               all alike changes no chance."
                    >
                        { "Δ logit" }
                    </th>
                </tr>
            </thead>
            <tbody class="number">
                for (v, _) in ranked(&moved).into_iter().take(LISTED) {
                    <tr>
                        <th scope="row">{ outcome.name(v) }</th>
                        <td>{ percent(before[v]) }</td>
                        <td>{ percent(now[v]) }</td>
                        <td>{ minus(&format!("{:+.3}", outcome.change[v])) }</td>
                    </tr>
                }
            </tbody>
        </table>
    }
}
