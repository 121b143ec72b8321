//! What stands beside the stage: the card and what can be changed, or in their place what somebody
//! asked for. There the picture stays as it is, and one thing at a time scrolls.

use super::journey::Stop;
use crate::page::field::on_click;
use yew::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beside {
    Card,
    /// What the scene is for and what its words mean.
    Plain,
    /// What the notes say otherwise, in that scene; it ends with it.
    Notes(Stop),
}

/// A button that puts something beside the stage, and takes it away again.
pub fn switch(
    beside: &UseStateHandle<Beside>,
    to: Beside,
    class: &'static str,
    words: Html,
) -> Html {
    let open = **beside == to;
    let next = if open { Beside::Card } else { to };
    html! {
        <button
            type="button"
            {class}
            aria-expanded={open.to_string()}
            onclick={on_click(beside, move |beside| beside.set(next))}
        >
            { words }
        </button>
    }
}

/// What was asked for, with its name, and a way back to the card.
pub fn panel(
    beside: &UseStateHandle<Beside>,
    class: &'static str,
    title: &'static str,
    content: Html,
) -> Html {
    html! {
        <section class={classes!("instead", "card", class)} tabindex="0" aria-labelledby="instead-title">
            <header>
                <h2 id="instead-title">{ title }</h2>
                <button
                    type="button"
                    class="small"
                    onclick={on_click(beside, |beside| beside.set(Beside::Card))}
                >
                    { "Close" }
                </button>
            </header>
            { content }
        </section>
    }
}
