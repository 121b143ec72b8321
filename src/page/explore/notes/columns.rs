//! Rows or columns: the same weights, turned over.

use super::super::characters::of_text;
use crate::explain::{Cell, Place, Quantity};
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Slot};
use yew::prelude::*;

pub fn columns(page: &Page, explore: &Explore, slot: &Slot, place: Place) -> Html {
    let source = slot.source();
    let (token, head) = (explore.token, explore.head);
    let weight = |query: usize, key: usize| {
        let cell = Cell::new(Quantity::Pattern(place), &[head, query, key]);
        source.at(cell).map_or(0.0, f64::from)
    };
    let gives: f64 = (0..=token).map(|key| weight(token, key)).sum();
    let gets: f64 = (token..source.tokens())
        .map(|query| weight(query, token))
        .sum();
    let character = of_text(&source, token);
    let choice = |flipped: bool, label: &str| {
        let act = on_click(&(page.clone(), flipped), |(page, flipped)| {
            page.dispatch(Action::Explore(ExploreAction::Flip(*flipped)));
        });
        html! {
            <button
                type="button"
                class="chip"
                aria-pressed={(explore.flipped == flipped).to_string()}
                onclick={act}
            >
                { label }
            </button>
        }
    };
    html! {
        <>
            <p>
                { "Some texts draw a query as a column and have softmax share out each column. Here a query is a row, and softmax goes along the row. It is one \
                   picture, turned over: what matters is that softmax goes over the keys of one \
                   query, whichever way they are drawn." }
            </p>
            <dl class="facts-of">
                <dt>{ format!("{character} as a query gives, in head {head}") }</dt>
                <dd class="number">{ format!("{gives:.4}") }</dd>
                <dt>{ format!("{character} as a key gets from all queries") }</dt>
                <dd class="number">{ format!("{gets:.4}") }</dd>
            </dl>
            <div class="trials" role="group" aria-label="How the picture is drawn">
                { choice(false, "Queries as rows") }
                { choice(true, "Queries as columns") }
            </div>
        </>
    }
}
