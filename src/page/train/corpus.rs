//! The chooser of a text: built in, Tiny Shakespeare, a file, pasted; with a look at what came.

use crate::page::deeds::{Page, Wanted};
use crate::page::fetching::fetching;
use crate::page::format;
use crate::page::letters::capital;
use crate::page::state::setup::{Reading, Source, Text};
use crate::text::corpus::Corpus;
use serde_json::Value as Json;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct CorpusChooserProps {
    pub page: Page,
    pub source: Source,
    pub reading: Reading,
    pub error: Option<String>,
    /// Decides what a built-in text says.
    pub seed: u32,
}

#[component]
pub fn CorpusChooser(props: &CorpusChooserProps) -> Html {
    let on_file = {
        let (page, seed) = (props.page.clone(), props.seed);
        move |e: Event| {
            let input: HtmlInputElement = e.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                page.choose(Wanted::File(file), seed);
            }
            // Else the same file, mended, could not be chosen again.
            input.set_value("");
        }
    };
    html! {
        <>
            <fieldset class="choices">
                <legend class="for-ears">{ "Text" }</legend>
                <div class="chips">
                    for corpus in Corpus::ALL {
                        { chip(props, Source::Builtin(corpus), corpus.title()) }
                    }
                    { chip(props, Source::Shakespeare, "Tiny Shakespeare") }
                    <label class={classes!("chip", (props.source == Source::File).then_some("chosen"))}>
                        <input
                            type="file"
                            accept=".txt,.md,.csv,.json,text/*"
                            aria-label="A text file of yours"
                            onchange={on_file}
                        />
                        <span>{ "A file…" }</span>
                    </label>
                    { chip(props, Source::Paste, "Paste…") }
                </div>
                <p class="help">{ lesson(props.source) }</p>
            </fieldset>
            { options(props) }
            if props.source == Source::Paste {
                <PasteBox page={props.page.clone()} seed={props.seed} />
            }
            { outcome(props) }
        </>
    }
}

/// Whether two sources are the same chip, whatever their options.
fn same(a: Source, b: Source) -> bool {
    match (a, b) {
        (Source::Builtin(a), Source::Builtin(b)) => a.name() == b.name(),
        _ => a == b,
    }
}

fn chip(props: &CorpusChooserProps, source: Source, title: &'static str) -> Html {
    let (page, seed) = (props.page.clone(), props.seed);
    let chosen = same(source, props.source);
    html! {
        <label class={classes!("chip", chosen.then_some("chosen"))}>
            <input
                type="radio"
                name="source"
                checked={chosen}
                onchange={move |_| page.choose(Wanted::Source(source), seed)}
            />
            <span>{ title }</span>
        </label>
    }
}

/// What there is to learn from it.
fn lesson(source: Source) -> &'static str {
    match source {
        Source::Builtin(corpus) => corpus.help(),
        Source::Shakespeare => {
            "Forty thousand lines from the plays, the classic of small language models; fetched from its \
             public address, 1.1 MB, and kept in the browser"
        }
        Source::File => "Your own text; it stays in this browser",
        Source::Paste => {
            "Your own text; it stays in this browser. A few pages are enough to see something"
        }
    }
}

/// What can be chosen about a built-in text.
fn options(props: &CorpusChooserProps) -> Html {
    let Source::Builtin(corpus) = props.source else {
        return Html::default();
    };
    let present = serde_json::to_value(corpus).unwrap_or_default();
    corpus
        .options()
        .iter()
        .map(|option| {
            let chosen = present[option.name].as_str().unwrap_or_default();
            let on_change = {
                let (page, seed, present) = (props.page.clone(), props.seed, present.clone());
                move |e: Event| {
                    let select: HtmlSelectElement = e.target_unchecked_into();
                    let mut wanted = present.clone();
                    wanted[option.name] = Json::String(select.value());
                    if let Ok(corpus) = Corpus::from_json(&wanted) {
                        page.choose(Wanted::Source(Source::Builtin(corpus)), seed);
                    }
                }
            };
            html! {
                <div class="field">
                    <label for={option.name}>{ capital(option.name) }</label>
                    <div class="control">
                        <select id={option.name} onchange={on_change}>
                            for choice in option.choices {
                                <option value={*choice} selected={*choice == chosen}>
                                    { choice.replace('_', " ") }
                                </option>
                            }
                        </select>
                    </div>
                    <p class="help">{ capital(option.help) }</p>
                </div>
            }
        })
        .collect()
}

#[derive(PartialEq, Properties)]
struct PasteBoxProps {
    page: Page,
    seed: u32,
}

#[component]
fn PasteBox(props: &PasteBoxProps) -> Html {
    let (page, seed) = (props.page.clone(), props.seed);
    let on_input = move |e: InputEvent| {
        let area: HtmlTextAreaElement = e.target_unchecked_into();
        page.choose(Wanted::Pasted(area.value()), seed);
    };
    html! {
        <div class="field">
            <label for="paste">{ "Text to learn from" }</label>
            <textarea id="paste" rows="5" spellcheck="false" oninput={on_input} />
        </div>
    }
}

/// The text's beginning and size, how far it is, or what is wrong with it.
fn outcome(props: &CorpusChooserProps) -> Html {
    html! {
        <div class="reading-outcome" aria-live="polite">
            { match &props.reading {
                Reading::Here(text) => preview(text),
                Reading::Coming { received, total } => fetching("the text", *received, *total),
                Reading::Awaited | Reading::Refused(_) => Html::default(),
            } }
            if let Some(error) = &props.error {
                <p class="error">{ error }</p>
            }
        </div>
    }
}

fn preview(text: &Text) -> Html {
    let survey = text.survey();
    html! {
        <>
            if survey.chars > 0 {
                <pre class="preview" tabindex="0" aria-label="The text's first lines">
                    { &survey.preview }
                </pre>
            }
            <p class="facts">
                <strong class="number">{ format::count(survey.chars as u64) }</strong>
                { " characters, " }
                <strong class="number">{ format::count(survey.vocab.len() as u64) }</strong>
                { " different" }
            </p>
        </>
    }
}
