//! The sentence: a field to write it in, and its tokens one under the other.

use super::characters::visible;
use super::replacing::{Offer, offers, replaced};
use super::sight::{use_in_sight, use_one_stop};
use super::stage::Same;
use crate::client::Started;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Slot};
use crate::trace::About;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Unknown characters that have an offer each; all have one together, and those for which nothing is
/// known have only that one.
const OFFERED: usize = 8;
/// Characters by which the beginning of what is read is known.
const QUOTED: usize = 12;

#[derive(PartialEq, Properties)]
pub struct SentenceProps {
    pub page: Page,
    pub explore: Explore,
    /// The model that is to read it.
    pub run: Option<Same<Started>>,
    /// What is to be said of it and this model: that it is of another form than what it learned, or that
    /// it is wrong there.
    pub remark: Option<String>,
}

#[component]
pub fn Sentence(props: &SentenceProps) -> Html {
    let SentenceProps {
        page,
        explore,
        run,
        remark,
    } = props;
    let line = use_node_ref();
    // A longer sentence moves it too.
    let length = explore
        .shown
        .as_ref()
        .map_or(0, |slot| slot.source().tokens());
    use_in_sight(&line, "[aria-pressed=true]", explore.token + 1_000 * length);
    use_one_stop(&line, "[aria-pressed=true]", explore.token);
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
                if let Some(own) = &explore.own {
                    { take_back(page, own) }
                }
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
            <p class="error" id="sentence-error" aria-live="polite">
                if let Some(problem) = &explore.problem {
                    { problem }
                    { explore.shown.as_ref().and_then(|slot| behind(explore, slot)) }
                }
            </p>
            { notes(explore, remark.as_deref()) }
            if let Some(Same(started)) = run {
                { replacements(page, &explore.text, &started.info.vocab) }
            }
            if let Some(slot) = &explore.shown {
                { tokens(page, explore, slot, &line) }
            }
        </section>
    }
}

/// Takes away what the model wrote.
fn take_back(page: &Page, own: &str) -> Html {
    let words = format!("Back to “{}”", own.replace('\n', "↵"));
    html! {
        <button
            type="button"
            class="small take-back"
            aria-label={words.clone()}
            title={words}
            onclick={on_click(page, |page| {
                page.dispatch(Action::Explore(ExploreAction::TakeBack));
            })}
        >
            { "Take back" }
        </button>
    }
}

/// What could stand in the place of unknown characters, side by side: there may be many.
fn replacements(page: &Page, text: &str, vocab: &[char]) -> Html {
    let all = offers(text, vocab);
    if all.is_empty() {
        return Html::default();
    }
    let button = |words: Html, offers: &[Offer], name: Option<String>| {
        let text = replaced(text, offers);
        html! {
            <button
                type="button"
                class="small"
                aria-label={name}
                onclick={on_click(&(page.clone(), text), |(page, text)| {
                    page.dispatch(Action::Explore(ExploreAction::Text(text.clone())));
                })}
            >
                { words }
            </button>
        }
    };
    let (dropped, known): (Vec<&Offer>, Vec<&Offer>) =
        all.iter().partition(|offer| offer.instead.is_empty());
    html! {
        <div class="replacements" role="group" aria-label="Replace what is unknown">
            if !known.is_empty() {
                <p class="help">{ "What it knows instead:" }</p>
            }
            <ul>
                for offer in known.into_iter().take(OFFERED) {
                    <li>
                        { button(
                            html! {
                                <>
                                    <b class="character">{ visible(offer.unknown) }</b>
                                    { " → " }
                                    <b class="character">
                                        { offer.instead.chars().map(visible).collect::<String>() }
                                    </b>
                                </>
                            },
                            std::slice::from_ref(offer),
                            Some(format!("Replace {} by {}", spoken(offer.unknown), offer.instead)),
                        ) }
                    </li>
                }
            </ul>
            { button(
                html! { { match dropped.is_empty() {
                    true => "Replace all",
                    false => "Replace all, leave out the rest",
                } } },
                &all,
                None,
            ) }
        </div>
    }
}

/// Which sentence the stage still shows, where the one in the field cannot be read.
fn behind(explore: &Explore, slot: &Slot) -> Option<String> {
    let text = || {
        slot.characters()
            .into_iter()
            .map(visible)
            .collect::<String>()
    };
    (!explore.is_read()).then(|| format!(" The stage still shows “{}”.", text()))
}

/// What there is to know of a sentence that can be read.
fn notes(explore: &Explore, remark: Option<&str>) -> Html {
    let remark = remark.filter(|_| explore.problem.is_none());
    let shown = explore.shown.as_ref().filter(|_| explore.is_read());
    let about = shown.map(|slot| &slot.trace.about);
    let cut = about.filter(|about| about.cut > 0);
    if remark.is_none() && cut.is_none() {
        return Html::default();
    }
    html! {
        <div class="notes">
            if let Some(words) = remark {
                <p class="help remark" role="status">{ words }</p>
            }
            { cut.map(window) }
        </div>
    }
}

/// Which part of a sentence that is longer than a block is read.
fn window(about: &About) -> Html {
    let quoted = |part: String| format!("“{}”", part.replace('\n', "↵"));
    let first: String = about.text.chars().take(QUOTED).collect();
    html! {
        <p class="help window">
            { format!(
                "This model reads {} characters at once. Your sentence has {}: the last {} are read, \
                 from {} to its end, and the first {} are not seen at all.",
                about.model.block_size,
                about.cut + about.tokens.len(),
                about.tokens.len(),
                quoted(first + "…"),
                about.cut,
            ) }
        </p>
    }
}

fn tokens(page: &Page, explore: &Explore, slot: &Slot, line: &NodeRef) -> Html {
    let about = &slot.trace.about;
    let next = slot.last().and_then(|last| slot.likeliest(last));
    html! {
        <>
            // What the columns are; a screen reader hears it with each token.
            <p class="token-columns" aria-hidden="true">
                <span>{ "place" }</span>
                <span>{ "token" }</span>
                <span>{ "id" }</span>
            </p>
            <ol ref={line} class="tokens" aria-label="Tokens">
                for (n, character) in slot.characters().into_iter().enumerate() {
                    <li key={n}>
                        <button
                            type="button"
                            class="token"
                            aria-pressed={(n == explore.token).to_string()}
                            tabindex={if n == explore.token { "0" } else { "-1" }}
                            onclick={on_click(&(page.clone(), n), |(page, n)| {
                                page.dispatch(Action::Explore(ExploreAction::Token(*n)));
                            })}
                        >
                            <span class="for-ears">{ "Token " }</span>
                            <span class="place number">{ n }</span>
                            <span class="for-ears">{ format!(": {}, id ", spoken(character)) }</span>
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
                        { match p {
                            // Nothing is certain.
                            p if p >= 0.995 => " > 99 %".to_string(),
                            p => format!(" {:.0} %", 100.0 * p),
                        } }
                    </span>
                </button>
            }
        </>
    }
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
