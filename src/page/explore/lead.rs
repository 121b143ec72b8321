//! What stands in front of a scene's text, or behind it: where to look, what to do there, or the way to it.

use super::beside::Beside;
use super::sight;
use crate::page::deeds::Page;
use crate::page::state::Action;
use crate::page::state::explore::Arrival;
use yew::prelude::*;

/// What stands in front of a scene's text, or behind it.
#[derive(Clone, Debug, PartialEq)]
pub enum Lead {
    /// What there is to see, or to do, in the scene that is open.
    Here(String),
    /// How a head looks there.
    Seen(String),
    /// What there is to do with a slider, and its id: it may be out of sight.
    Slide(String, String),
    /// Where there is more to see of this sentence, and the way there.
    There(String, Box<Arrival>),
}

impl Lead {
    pub fn letters(&self) -> usize {
        let (Lead::Here(words) | Lead::Seen(words) | Lead::Slide(words, _) | Lead::There(words, _)) =
            self;
        words.chars().count()
    }
}

/// A lead as it is written; what stands before the sliders makes way for the one that it asks for.
pub fn written(page: &Page, beside: &UseStateHandle<Beside>, lead: Lead) -> Html {
    let (words, follow): (String, Callback<()>) = match lead {
        Lead::Here(words) | Lead::Seen(words) => {
            return html! { <><strong>{ words }</strong>{ " " }</> };
        }
        Lead::Slide(words, slider) => {
            let beside = beside.clone();
            let follow = move |()| {
                beside.set(Beside::Card);
                sight::focus_on(slider.clone());
            };
            (words, follow.into())
        }
        Lead::There(words, way) => {
            let page = page.clone();
            let follow = move |()| page.dispatch(Action::Follow((*way).clone()));
            (words, follow.into())
        }
    };
    let on_click = follow.reform(|_: MouseEvent| ());
    let on_key = move |e: KeyboardEvent| {
        if matches!(e.key().as_str(), "Enter" | " ") {
            e.prevent_default();
            follow.emit(());
        }
    };
    // The words of a button that is one would not break with the text's lines.
    html! {
        <>
            <span role="button" tabindex="0" class="lead" onclick={on_click} onkeydown={on_key}>
                { words }
            </span>
            { " " }
        </>
    }
}
