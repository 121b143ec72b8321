//! The offer to go on with what an earlier visit left.

use crate::client::SavedRun;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::format;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct ResumeCardProps {
    pub page: Page,
    pub kept: SavedRun,
    pub busy: bool,
}

#[component]
pub fn ResumeCard(props: &ResumeCardProps) -> Html {
    let SavedRun {
        step,
        max_steps,
        label,
        when,
        ..
    } = &props.kept;
    let seconds = (js_sys::Date::now() - when) / 1e3;
    html! {
        <section class="resume card" aria-label="A run to go on with">
            <p>
                { "A run on " }<strong>{ label }</strong>
                { format!(
                    " stopped at step {} of {}, {}. A new run takes its place.",
                    format::count(u64::from(*step)),
                    format::count(u64::from(*max_steps)),
                    format::ago(seconds),
                ) }
            </p>
            <button
                type="button"
                class="primary"
                disabled={props.busy}
                onclick={on_click(&props.page, Page::resume_kept)}
            >
                { "Resume" }
            </button>
            <button type="button" disabled={props.busy} onclick={on_click(&props.page, Page::forget_kept)}>
                { "Discard" }
            </button>
        </section>
    }
}
