//! The card: one number, the sum that makes it, and the same number made again here.

use super::characters::{counts_characters, of_text, of_vocabulary};
use super::stage::Same;
use crate::analysis::ranked;
use crate::explain::{Cell, Explanation, Quantity, Source, Step, Term, figure, minus};
use crate::page::deeds::Page;
use crate::page::letters::capital;
use crate::page::state::Action;
use crate::page::state::explore::ExploreAction;
use yew::prelude::*;

/// Terms that are listed; of a longer sum the largest.
const LISTED: usize = 24;
/// Terms up to which a sum is read in the order in which it is written; of more one looks for the
/// largest.
const IN_ORDER: usize = 8;

#[derive(PartialEq, Properties)]
pub struct CardProps {
    pub page: Page,
    pub about: String,
    pub explained: Result<Same<Explanation>, String>,
    /// Whether the reader picked it, and the scene did not choose it.
    pub picked: bool,
    /// The number one came from, on the card.
    pub before: Option<Cell>,
}

#[component]
pub fn Card(props: &CardProps) -> Html {
    let explanation = match &props.explained {
        Ok(explanation) => &explanation.0,
        Err(why) => {
            return html! {
                <section class="number-card card" aria-labelledby="number-title">
                    <h2 id="number-title">{ "One number" }</h2>
                    <p class="help">{ why }</p>
                </section>
            };
        }
    };
    let value = f64::from(explanation.value);
    let name = explanation.cell.name();
    html! {
        <section class="number-card card" aria-labelledby="number-title">
            <h2 id="number-title">{ capital(explanation.cell.quantity.title()) }</h2>
            <p class="help">{ &props.about }</p>
            <p class="cell-name">
                <code>{ &name }</code>
                if let Some(before) = props.before {
                    <button type="button" class="quiet small" onclick={back(&props.page)}>
                        { format!("← back to the {}", before.quantity.title().trim_start_matches("the ")) }
                    </button>
                }
            </p>
            <div class="values-of">
                <p class="cell-value number" aria-live={if props.picked { "polite" } else { "off" }}>
                    { figure(value) }
                </p>
                { verdict(explanation, &name) }
            </div>
            <p class="formula">{ explanation.formula }</p>
            { terms(&props.page, explanation) }
        </section>
    }
}

/// The sum: as it is written where it is short, else with its largest parts first; of a long one
/// those, and what the others come to.
fn terms(page: &Page, explanation: &Explanation) -> Html {
    let all = &explanation.terms;
    let whole = all.len() <= LISTED;
    let shown: Vec<&Term> = match all.len() <= IN_ORDER {
        true => all.iter().collect(),
        false => {
            let sizes: Vec<f64> = all.iter().map(|term| term.value.abs()).collect();
            let largest = ranked(&sizes).into_iter().take(LISTED);
            largest.map(|(n, _)| &all[n]).collect()
        }
    };
    let rest = explanation.sum() - shown.iter().map(|term| term.value).sum::<f64>();
    let most = all
        .iter()
        .map(|term| term.value.abs())
        .fold(1e-12, f64::max);
    // The reader's own step stands above, beside the number.
    let steps = || explanation.steps.iter().filter(|step| !step.by_hand);
    let small = small(&shown, steps());
    // While the stage is at work one number follows the other sixty times a second: a table of the same
    // form is filled anew, one of another form takes its place, and nothing moves.
    let form = format!(
        "{} {} {} {}",
        explanation.cell.quantity.name(),
        all.len(),
        steps().count(),
        small.is_some(),
    );
    html! {
        <div class="terms" tabindex="0" role="region" aria-label="The sum, term by term">
            if !all.is_empty() {
                <table key={form} class={all.iter().any(|term| term.working.is_some()).then_some("worked")}>
                    // In every sum, so that none begins lower than the one before.
                    <caption>
                        { match all.len() {
                            1 => "1 part".to_string(),
                            n if n <= IN_ORDER => format!("{n} parts"),
                            n => format!("{n} parts, the largest first"),
                        } }
                        if all.iter().any(|term| term.value < 0.0) {
                            { "; hollow: below 0" }
                        }
                    </caption>
                    <colgroup><col /><col /><col /></colgroup>
                    <thead class="for-ears">
                        <tr>
                            <th scope="col">{ "Part" }</th>
                            <th scope="col">{ "How it is made" }</th>
                            <th scope="col">{ "Value" }</th>
                        </tr>
                    </thead>
                    <tbody>
                        for term in shown {
                            { row(page, explanation.cell, term, most) }
                        }
                        if !whole {
                            <tr>
                                <th scope="row" colspan="2">
                                    { format!("the other {}", all.len() - LISTED) }
                                </th>
                                <td class="number">{ figure(rest) }</td>
                            </tr>
                        }
                        if let Some(small) = small {
                            <tr>
                                <th scope="row" colspan="3" class="factors">
                                    { format!("{} is {}", figure(small), spelled(small)) }
                                </th>
                            </tr>
                        }
                    </tbody>
                    // What it all comes to stays in sight, however many parts there are.
                    <tfoot>
                        if all.len() > 1 {
                            <tr class="sum">
                                <th scope="row" colspan="2">{ "sum, before any rounding" }</th>
                                <td class="number">{ figure(explanation.sum()) }</td>
                            </tr>
                        }
                        for step in steps() {
                            <tr class="step">
                                <th scope="row" colspan="2">{ &step.words }</th>
                                <td class="number">{ figure(step.value) }</td>
                            </tr>
                        }
                    </tfoot>
                </table>
            } else {
                <ul>
                    for step in steps() {
                        <li>{ &step.words }</li>
                    }
                </ul>
            }
        </div>
    }
}

fn row(page: &Page, own: Cell, term: &Term, most: f64) -> Html {
    let share = format!("transform: scaleX({:.3})", term.value.abs() / most);
    let factors = match (&term.working, term.factors.len()) {
        (Some(working), _) => working.clone(),
        (None, 0 | 1) => String::new(),
        (None, _) => {
            // Beside a large factor the digits of a small one count for more.
            let large = term.factors.iter().any(|x| x.abs() >= 10.0);
            let written = term.factors.iter().map(|x| match x.abs() {
                1e-3..0.1 if large => minus(&format!("{x:.5}")),
                _ => figure(*x),
            });
            written.collect::<Vec<_>>().join(" × ")
        }
    };
    let name = match term.from {
        Some(cell) => html! {
            <button
                type="button"
                class="quiet small"
                title={format!("Go to {}", cell.name())}
                onclick={go_into(page, own, cell)}
            >
                { &term.label }
            </button>
        },
        None => html! { { &term.label } },
    };
    html! {
        <tr>
            if factors.is_empty() {
                <th scope="row" colspan="2">{ name }</th>
            } else {
                <th scope="row">{ name }</th>
                <td class="number factors">{ factors }</td>
            }
            <td class="number">
                { figure(term.value) }
                <span
                    class={classes!("length", "scaled", (term.value < 0.0).then_some("negative"))}
                    style={share}
                    aria-hidden="true"
                />
            </td>
        </tr>
    }
}

fn go_into(page: &Page, from: Cell, to: Cell) -> Callback<MouseEvent> {
    let page = page.clone();
    Callback::from(move |_| page.dispatch(Action::Explore(ExploreAction::Into(from, to))))
}

fn back(page: &Page) -> Callback<MouseEvent> {
    let page = page.clone();
    Callback::from(move |_| page.dispatch(Action::Explore(ExploreAction::Back)))
}

fn verdict(explanation: &Explanation, name: &str) -> Html {
    let agrees = explanation.agrees();
    // Two that lie beside each other may be written with two last digits.
    let rounded = figure(explanation.value.into()) != figure(explanation.recomputed);
    let words = match (agrees, explanation.by_hand()) {
        (true, None) if rounded => "✓ but for rounding",
        (true, None) => "✓ the same",
        (true, Some(_)) => "✓ with your change",
        (false, _) => "✗ not the same",
    };
    html! {
        <p key={name} class={classes!("verdict", (!agrees).then_some("wrong"))}>
            { match explanation.by_hand() {
                Some((step, before)) => html! {
                    <em class="by-hand">{ format!("{}, from {}:", step.words, figure(before)) }</em>
                },
                None => html! { { "computed again:" } },
            } }
            <br />
            <b class="number recomputed" data-value={explanation.recomputed.to_string()}>
                { figure(explanation.recomputed) }
            </b>
            { " " }
            <span>{ words }</span>
        </p>
    }
}

/// The first number of a sum that is so small that it is written with its power of ten.
fn small<'a>(shown: &[&Term], steps: impl Iterator<Item = &'a Step>) -> Option<f64> {
    let read = |term: &&Term| match term.working {
        // It is read in the place of the factors.
        Some(_) => vec![term.value],
        None => [&term.factors[..], &[term.value]].concat(),
    };
    let all = shown
        .iter()
        .flat_map(read)
        .chain(steps.map(|step| step.value));
    all.map(f64::abs).find(|x| (1e-12..1e-3).contains(x))
}

/// The same number without it: 0.00084.
fn spelled(small: f64) -> String {
    let digits = 1.0 - small.log10().floor();
    format!("{small:.0$}", digits as usize)
}

/// Of what the number is, in words: its token, head, channel.
pub fn about(source: &Source, cell: Cell) -> String {
    use crate::explain::Shape;
    let [a, b, c] = cell.index;
    let character = |position: usize| format!("token {position} ({})", of_text(source, position));
    match cell.quantity.shape() {
        Shape::T => format!("of {}", character(a)),
        Shape::TC if counts_characters(cell.quantity) => {
            let shown = of_vocabulary(source, b);
            format!("of the character {shown}, after {}", character(a))
        }
        Shape::TC => match cell.quantity {
            Quantity::MlpPre(_) | Quantity::MlpPost(_) => {
                format!("of {}, neuron {b}", character(a))
            }
            _ => format!("of {}, channel {b}", character(a)),
        },
        Shape::TH => format!("of {}, head {b}", character(a)),
        Shape::THD => {
            let counted = match cell.quantity {
                Quantity::HeadResult(_) => "channel",
                Quantity::GateStats(_) => "measure",
                _ => "number",
            };
            format!("of {}, head {b}, {counted} {c}", character(a))
        }
        Shape::HTT => format!("head {a}: {} looks at {}", character(b), character(c)),
        Shape::TT => format!("{} and {}", character(a), character(b)),
        Shape::HM => format!("head {a}, {b} tokens back"),
    }
}
