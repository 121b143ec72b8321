//! The prompt box: the model goes on from what the reader writes.

use crate::client::Started;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::icons::Icon;
use crate::page::knobs::knobs;
use crate::page::letters::lower;
use crate::page::route::Route;
use crate::page::state::Action;
use crate::page::state::shelf::task_title;
use crate::page::state::writing::{Knob, Writing, WritingAction, Written, unknown_characters};
use std::rc::Rc;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct PromptCardProps {
    pub page: Page,
    pub writing: Writing,
    pub started: Rc<Started>,
}

#[component]
pub fn PromptCard(props: &PromptCardProps) -> Html {
    let PromptCardProps {
        page,
        writing,
        started,
    } = props;
    let unknown = unknown_characters(&writing.prompt, &started.info.vocab);
    let ready = unknown.is_none() && writing.is_ready();
    let write = {
        let (page, prompt, options) = (page.clone(), writing.prompt.clone(), writing.options);
        move || page.write(prompt.clone(), options)
    };
    let on_input = {
        let page = page.clone();
        move |e: InputEvent| {
            let area: HtmlTextAreaElement = e.target_unchecked_into();
            page.dispatch(Action::Writing(WritingAction::Prompt(area.value())));
        }
    };
    // As in a chat: Enter writes, Shift and Enter begin a new line.
    let on_key = {
        let (write, may) = (write.clone(), ready && !writing.active);
        move |e: KeyboardEvent| {
            if e.key() == "Enter" && !e.shift_key() && !e.is_composing() {
                e.prevent_default();
                if may {
                    write();
                }
            }
        }
    };
    html! {
        <section class="writing card" aria-labelledby="writing-title">
            <h2 id="writing-title">{ "Let it write" }</h2>
            if let Some(model) = &started.ready_made {
                <p class="help">
                    { format!(
                        "A ready-made model, trained before you came: {}, with {} attention. It goes on from the prompt.",
                        lower(&task_title(model)),
                        lower(model.kind.label()),
                    ) }
                </p>
            }
            <div class="prompt-row">
                <div class="field">
                    <label for="prompt">{ "Prompt" }</label>
                    <textarea
                        id="prompt"
                        rows="2"
                        spellcheck="false"
                        value={writing.prompt.clone()}
                        placeholder="Nothing: it begins on its own"
                        aria-describedby="prompt-error"
                        aria-invalid={unknown.is_some().then_some("true")}
                        oninput={on_input}
                        onkeydown={on_key}
                    />
                </div>
                if writing.active {
                    <button key="stop" type="button" class="primary" onclick={on_click(page, Page::stop_writing)}>
                        { Icon::Stop.draw() }{ "Stop" }
                    </button>
                } else {
                    <button key="write" type="button" class="primary" disabled={!ready} onclick={move |_| write()}>
                        { Icon::Write.draw() }{ "Write" }
                    </button>
                }
            </div>
            <p class="error" id="prompt-error" aria-live="polite">{ unknown }</p>
            if started.ready_made.is_none() {
                <p class="help">
                    <a href={Route::Explore.hash()}>{ "Look into it" }</a>
                    { ": every number of it, as it stands now." }
                </p>
            }
            if let Some(written) = &writing.written {
                { paper(written, writing.active) }
            }
            <details class="knobs">
                <summary>{ "How it draws the next character" }</summary>
                <div class="fields">
                    { knobs(page, writing, &Knob::ALL) }
                </div>
            </details>
        </section>
    }
}

/// Keeps the prompt box's place while the first ready-made model is on its way.
#[component]
pub fn PromptAwaited() -> Html {
    html! {
        <section class="writing awaited card" aria-labelledby="writing-title">
            <h2 id="writing-title">{ "Let it write" }</h2>
            <p class="help">
                { "A ready-made model is on its way. In a moment you can let it write." }
            </p>
        </section>
    }
}

/// The prompt and what was written after it. It is read out when it is finished.
fn paper(written: &Written, active: bool) -> Html {
    html! {
        <div
            class="paper"
            tabindex="0"
            role="region"
            aria-label="What the model wrote"
            aria-live="polite"
            aria-busy={active.to_string()}
        >
            <span class="prompt">{ &written.prompt }</span>
            <span class="written">{ &written.text }</span>
            if active {
                <span class="caret" aria-hidden="true" />
            }
        </div>
    }
}
