//! The sentence: a field to write it in, and its tokens one under the other.

use super::characters::visible;
use super::sight::use_in_sight;
use crate::explain::Quantity;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Slot};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct SentenceProps {
    pub page: Page,
    pub explore: Explore,
}

#[component]
pub fn Sentence(props: &SentenceProps) -> Html {
    let SentenceProps { page, explore } = props;
    let line = use_node_ref();
    // A longer sentence moves it too.
    let length = explore
        .shown
        .as_ref()
        .map_or(0, |slot| slot.source().tokens());
    use_in_sight(&line, "[aria-pressed=true]", explore.token + 1_000 * length);
    let on_input = {
        let page = page.clone();
        move |e: InputEvent| {
            let area: HtmlTextAreaElement = e.target_unchecked_into();
            page.dispatch(Action::Explore(ExploreAction::Text(area.value())));
        }
    };
    let invalid = explore.problem.is_some().then_some("true");
    html! {
        <section class="sentence card" aria-labelledby="sentence-title">
            <div class="field">
                <label id="sentence-title" for="sentence">{ "Sentence" }</label>
                <textarea
                    id="sentence"
                    rows="2"
                    spellcheck="false"
                    autocomplete="off"
                    value={explore.text.clone()}
                    aria-describedby="sentence-error"
                    aria-invalid={invalid}
                    oninput={on_input}
                />
            </div>
            <p class="error" id="sentence-error" aria-live="polite">{ explore.problem.clone() }</p>
            if let Some(slot) = &explore.shown {
                { tokens(page, explore, slot, &line) }
            }
        </section>
    }
}

fn tokens(page: &Page, explore: &Explore, slot: &Slot, line: &NodeRef) -> Html {
    let about = &slot.trace.about;
    let next = likeliest(slot);
    html! {
        <>
            if about.cut > 0 {
                <p class="help">
                    { format!(
                        "The model sees {} characters at once: the first {} are left out.",
                        about.model.block_size, about.cut
                    ) }
                </p>
            }
            <ol ref={line} class="tokens" aria-label="Tokens">
                for (n, character) in slot.characters().into_iter().enumerate() {
                    <li key={n}>
                        <button
                            type="button"
                            class="token"
                            aria-pressed={(n == explore.token).to_string()}
                            onclick={on_click(&(page.clone(), n), |(page, n)| {
                                page.dispatch(Action::Explore(ExploreAction::Token(*n)));
                            })}
                        >
                            <span class="for-ears">{ "Token " }</span>
                            <span class="place number">{ n }</span>
                            <span class="for-ears">{ format!(": {}, number ", spoken(character)) }</span>
                            <span class="character" aria-hidden="true">{ visible(character) }</span>
                            <span class="id number">{ about.tokens.get(n).copied().unwrap_or(0) }</span>
                        </button>
                    </li>
                }
            </ol>
            if let Some((character, p)) = next {
                <button
                    type="button"
                    class="append"
                    onclick={on_click(&(page.clone(), character), |(page, character)| {
                        page.dispatch(Action::Explore(ExploreAction::Append(*character)));
                    })}
                >
                    { "Add the likeliest " }
                    <span class="guess number">
                        <b class="character">{ visible(character) }</b>
                        { format!(" {:.0} %", 100.0 * p) }
                    </span>
                </button>
            }
        </>
    }
}

/// What the model would most likely write after the sentence.
fn likeliest(slot: &Slot) -> Option<(char, f32)> {
    let source = slot.source();
    let last = source.tokens().checked_sub(1)?;
    let row = source.row(Quantity::Probabilities, &[last])?;
    let (v, p) = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    Some((source.trace.about.vocab.get(v).copied()?, *p))
}

/// A character by a name that can be read out.
fn spoken(character: char) -> String {
    match character {
        ' ' => "space".into(),
        '\n' => "new line".into(),
        '\t' => "tab".into(),
        other => other.to_string(),
    }
}
