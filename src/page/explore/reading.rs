//! What a row of the stream reads as. Follow: how one character stands at every depth. Peel: the
//! likeliest character is taken out of the row, then the next, and what is left each time.

use super::characters::visible;
use crate::analysis::lens::{Point, Reading as Read, lens};
use crate::analysis::peel::{End, PeeledPoint, peels};
use crate::analysis::{AnalysisError, Options};
use crate::explain::{Cell, NormSite, Quantity, figure};
use crate::page::field::on_click;
use crate::page::format::percent;
use crate::page::state::explore::Slot;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The point of the stream that a number belongs to, and its token.
pub fn place_of(cell: Cell, layers: usize) -> Option<(Point, usize)> {
    let after = |depth: usize| match depth.checked_sub(1) {
        None => Point::Start,
        Some(layer) => Point::Post(layer),
    };
    let point = match cell.quantity {
        Quantity::TokenRow => Point::Embed,
        Quantity::ResidPre(layer) => after(layer),
        Quantity::ResidMid(layer) => Point::Mid(layer),
        Quantity::ResidPost(layer) => Point::Post(layer),
        Quantity::LensLogit(depth) | Quantity::LensProbability(depth) => after(depth),
        Quantity::Normalized(NormSite::Final)
        | Quantity::Logits
        | Quantity::Probabilities
        | Quantity::LogitsChange => after(layers),
        _ => return None,
    };
    Some((point, cell.index[0]))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Follow,
    Peel,
}

#[derive(PartialEq, Properties)]
pub struct ReadingProps {
    pub slot: Slot,
    pub point: Point,
    pub token: usize,
}

#[component]
pub fn Reading(props: &ReadingProps) -> Html {
    let ReadingProps { slot, point, token } = props;
    let look = use_state_eq(|| Look::Follow);
    let chosen = use_state_eq(|| None::<char>);
    let tab = |own: Look, words: &'static str| {
        html! {
            <button
                type="button"
                class="chip"
                aria-pressed={(*look == own).to_string()}
                onclick={on_click(&look, move |look| look.set(own))}
            >
                { words }
            </button>
        }
    };
    let shown = match *look {
        Look::Follow => follow(slot, *point, *token, &chosen),
        Look::Peel => peel(slot, *point, *token),
    };
    html! {
        <section class="reading card" aria-labelledby="reading-title">
            <h2 id="reading-title">{ "The row as characters" }</h2>
            <p class="help">
                { format!(
                    "Token {token} ({}), {}.",
                    super::characters::of_text(&slot.source(), *token),
                    title(*point),
                ) }
            </p>
            <div class="heads" role="group" aria-label="Ways to read the row">
                { tab(Look::Follow, "Follow") }
                { tab(Look::Peel, "Peel") }
            </div>
            { match shown {
                Ok(shown) => shown,
                Err(why) => html! { <p class="help">{ why }</p> },
            } }
        </section>
    }
}

/// A point of the stream in words.
fn title(point: Point) -> String {
    match point {
        Point::Embed => "character alone".into(),
        Point::Start => "embedding".into(),
        Point::Mid(n) => format!("in block {n}, after attention"),
        Point::Post(n) => format!("after block {n}"),
    }
}

/// What an analysis of this pass answers, or why it cannot.
fn asked<T>(
    slot: &Slot,
    options: &Options,
    analysis: fn(&crate::trace::Trace, &crate::trace::Arrays, &Options) -> Result<T, AnalysisError>,
) -> Result<T, String> {
    let weights = slot.weights.as_deref();
    let weights =
        weights.ok_or("The weights are not here yet; while a model learns they change.")?;
    analysis(&slot.trace, weights, options)
        .map_err(|error| crate::page::state::setup::sentence(&error.to_string()))
}

/// One character's rank, logit and probability at every point of one token's stream.
fn follow(
    slot: &Slot,
    point: Point,
    token: usize,
    chosen: &UseStateHandle<Option<char>>,
) -> Result<Html, String> {
    let vocab = &slot.trace.about.vocab;
    let character = chosen.filter(|c| vocab.contains(c));
    let options = Options {
        position: Some(token),
        character,
        top: 1,
        ..Options::default()
    };
    let readings = asked(slot, &options, lens)?;
    let end = readings.last().ok_or("There is nothing to follow.")?;
    let likeliest = end.likeliest.first().map(|one| one.character);
    let follows = slot.characters().get(token + 1).copied();
    let most = readings
        .iter()
        .map(|read| read.followed.logit.abs())
        .fold(1e-12, f64::max);
    let on_change = {
        let (chosen, vocab) = (chosen.clone(), vocab.clone());
        move |e: Event| {
            let select: HtmlSelectElement = e.target_unchecked_into();
            let number = select.value().parse::<usize>().ok();
            chosen.set(number.and_then(|n| vocab.get(n).copied()));
        }
    };
    let seen = |c: Option<char>| c.map_or_else(String::new, visible);
    Ok(html! {
        <>
            <label class="followed">
                <span>{ "Character" }</span>
                <select onchange={on_change}>
                    <option value="likeliest" selected={character.is_none()}>
                        { format!("{} the likeliest in the end", seen(likeliest)) }
                    </option>
                    for (n, c) in vocab.iter().enumerate() {
                        <option value={n.to_string()} selected={character == Some(*c)}>
                            { match follows == Some(*c) {
                                true => format!("{} what follows here", visible(*c)),
                                false => visible(*c),
                            } }
                        </option>
                    }
                </select>
            </label>
            <table class="follow">
                <caption>
                    { format!("How {} stands, read off by the lens", visible(end.followed.character)) }
                </caption>
                <thead>
                    <tr>
                        <th scope="col">{ "Depth" }</th>
                        <th scope="col">{ "Rank" }</th>
                        <th scope="col">{ "Logit" }</th>
                        <th scope="col">{ "Share" }</th>
                    </tr>
                </thead>
                <tbody class="number">
                    for read in &readings {
                        { depth(read, point, vocab.len(), most) }
                    }
                </tbody>
            </table>
        </>
    })
}

/// A row of the chart: a bar that is full at the first rank, and one for the logit.
fn depth(read: &Read, point: Point, characters: usize, most: f64) -> Html {
    let one = &read.followed;
    let below = characters.saturating_sub(one.rank) as f64;
    let rank = below / characters.saturating_sub(1).max(1) as f64;
    let bar = |share: f64, class: &'static str| {
        let style = format!("width: {:.1}%", 100.0 * share);
        html! { <span class={classes!("length", class)} {style} aria-hidden="true" /> }
    };
    let sign = if one.logit < 0.0 { "negative" } else { "" };
    html! {
        <tr aria-current={(read.point == point).then_some("true")}>
            <th scope="row">{ title(read.point) }</th>
            <td data-value={one.rank.to_string()}>
                { format!("{} of {characters}", one.rank) }{ bar(rank, "") }
            </td>
            <td data-value={one.logit.to_string()}>
                { figure(one.logit) }{ bar(one.logit.abs() / most, sign) }
            </td>
            <td>{ percent(one.probability) }</td>
        </tr>
    }
}

/// The characters that the row is made of.
fn peel(slot: &Slot, point: Point, token: usize) -> Result<Html, String> {
    let options = Options {
        position: Some(token),
        point: Some(point.to_string()),
        ..Options::default()
    };
    let peeled: PeeledPoint = asked(slot, &options, peels)?
        .pop()
        .ok_or("There is no such row.")?;
    let why = match peeled.end {
        End::Floor => "Less than a tenth of its length is left: here it ends.",
        End::Count => "It goes no further here, though there would be more to take.",
        End::NothingLeft => {
            "No character's row points that way any more: every logit is 0 or below."
        }
    };
    Ok(html! {
        <>
            <p class="help">
                { "What is the row made of? The likeliest character is taken out of it: its row of the \
                   unembedding, as often as the row holds it. What is left is read again." }
            </p>
            <table class="peel">
                <caption>{ "Times: how often its row is in it. Left: the length of the rest." }</caption>
                <thead>
                    <tr>
                        <th scope="col">{ "Taken" }</th>
                        <th scope="col">{ "Share" }</th>
                        <th scope="col">{ "Logit" }</th>
                        <th scope="col">{ "Times" }</th>
                        <th scope="col">{ "Left" }</th>
                    </tr>
                </thead>
                <tbody class="number">
                    <tr>
                        <th scope="row">{ "at first" }</th>
                        <td /><td /><td />
                        <td data-value={peeled.norm.to_string()}>{ figure(peeled.norm) }</td>
                    </tr>
                    for one in &peeled.characters {
                        <tr>
                            <th scope="row" class="character">{ visible(one.character) }</th>
                            <td>{ percent(one.round.probability) }</td>
                            <td data-value={one.round.logit.to_string()}>
                                { figure(one.round.logit) }
                            </td>
                            <td data-value={one.round.coefficient.to_string()}>
                                { figure(one.round.coefficient) }
                            </td>
                            <td data-value={one.round.left.to_string()}>
                                { figure(one.round.left * peeled.norm) }
                                <span
                                    class="length"
                                    style={format!("width: {:.1}%", 100.0 * one.round.left)}
                                    aria-hidden="true"
                                />
                            </td>
                        </tr>
                    }
                </tbody>
            </table>
            <p class="help">{ why }</p>
        </>
    })
}
