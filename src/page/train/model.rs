//! The model as a thing to keep: saved to a file, opened from one.

use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::format;
use crate::page::icons::Icon;
use crate::page::letters::{dashed, lower};
use crate::page::state::run::Run;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct ModelCardProps {
    pub page: Page,
    pub run: Option<Run>,
    pub busy: bool,
}

#[component]
pub fn ModelCard(props: &ModelCardProps) -> Html {
    let ModelCardProps { page, run, busy } = props;
    let on_file = {
        let page = page.clone();
        move |e: Event| {
            let input: HtmlInputElement = e.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                page.open_model(file);
            }
            // Else the same file could not be opened again.
            input.set_value("");
        }
    };
    html! {
        <section class="model card" aria-label="The model">
            <p class="facts">
                { match run {
                    Some(run) => facts(run),
                    None => html! { "A model that was saved as a file can be opened again." },
                } }
            </p>
            <div class="transport">
                if let Some(run) = run {
                    <button
                        type="button"
                        disabled={*busy}
                        onclick={on_click(&(page.clone(), file_name(run)), |(page, name)| {
                            page.save_model(name.clone());
                        })}
                    >
                        { Icon::Save.draw() }{ "Save the model" }
                    </button>
                }
                <label class={classes!("button", busy.then_some("disabled"))}>
                    <input
                        type="file"
                        accept=".safetensors"
                        disabled={*busy}
                        onchange={on_file}
                    />
                    { Icon::Open.draw() }{ "Open a model" }
                </label>
            </div>
        </section>
    }
}

fn facts(run: &Run) -> Html {
    let info = &run.started.info;
    html! {
        <>
            <strong class="number">{ format::count(info.params as u64) }</strong>
            { " parameters, " }
            <strong class="number">{ format::count(info.vocab.len() as u64) }</strong>
            { format!(" characters, {} attention", lower(info.config.model.attention.kind().label())) }
            if let Some(kept) = run.kept {
                { format!(". Kept in this browser as of step {}", format::count(u64::from(kept))) }
            }
        </>
    }
}

/// A name that says what is in the file.
fn file_name(run: &Run) -> String {
    let label: String = lower(&run.started.label).chars().take(40).collect();
    let label = dashed(&label);
    format!(
        "glassformer-{}-step-{}.safetensors",
        label.trim_matches('-'),
        run.progress.step
    )
}
