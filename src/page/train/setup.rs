//! The setup card: which text, which sizes, and every option.

use super::corpus::CorpusChooser;
use super::options::Options;
use crate::config::{Field, Kind, Preset, Recipe};
use crate::page::deeds::{Page, Wanted};
use crate::page::field::on_click;
use crate::page::format;
use crate::page::state::setup::{Setup, SetupAction, sentence};
use crate::protocol::Backend;
use web_sys::DragEvent;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct SetupCardProps {
    pub page: Page,
    pub setup: Setup,
    /// Whether it would make another run than the present one.
    pub differs: bool,
    pub busy: bool,
    pub prefer: Option<Backend>,
}

#[component]
pub fn SetupCard(props: &SetupCardProps) -> Html {
    let SetupCardProps { page, setup, .. } = props;
    let over = use_state(|| false);
    let on_drag = |to: bool| {
        let over = over.clone();
        move |e: DragEvent| {
            e.prevent_default();
            over.set(to);
        }
    };
    let on_drop = {
        let (over, page, seed) = (over.clone(), page.clone(), setup.config.seed);
        move |e: DragEvent| {
            e.prevent_default();
            over.set(false);
            if let Some(wanted) = dropped(&e) {
                page.choose(wanted, seed);
            }
        }
    };

    html! {
        <section
            class={classes!("setup", "card", over.then_some("over"))}
            aria-label="Setup"
            ondragover={on_drag(true)}
            ondragleave={on_drag(false)}
            ondrop={on_drop}
        >
            <h2>{ "What it reads" }</h2>
            <CorpusChooser
                page={page.clone()}
                source={setup.source}
                reading={setup.reading.clone()}
                error={setup.text_error()}
                seed={setup.config.seed}
            />

            <h2>{ "What it is" }</h2>
            <Choice<Preset>
                legend="Size"
                name="preset"
                choices={Preset::ALL.map(|p| (p, p.name(), p.help())).to_vec()}
                chosen={setup.config.preset}
                on_choose={page_callback(page, SetupAction::Preset)}
            />
            <Choice<Recipe>
                legend="Recipe"
                name="recipe"
                choices={Recipe::ALL.map(|r| (r, r.name(), r.help())).to_vec()}
                chosen={setup.config.recipe}
                on_choose={page_callback(page, SetupAction::Recipe)}
            />
            <Choice<Kind>
                legend="Attention"
                name="attention"
                choices={Kind::ALL.map(|k| (k, k.label(), k.help())).to_vec()}
                chosen={setup.config.model.attention.kind()}
                on_choose={page_callback(page, SetupAction::Kind)}
            />
            // The kind has no row among the options, where its error would stand.
            <p class="error" aria-live="polite">{ kind_error(setup) }</p>
            { bill(setup) }
            <Options page={page.clone()} setup={setup.clone()} />

            if props.differs {
                <div class="next-run">
                    <p>{ "This setup differs from the run that is open." }</p>
                    <button
                        type="button"
                        disabled={props.busy || !setup.is_ready()}
                        onclick={on_click(
                            &(page.clone(), setup.clone(), props.prefer),
                            |(page, setup, prefer)| page.start(setup, *prefer, None),
                        )}
                    >
                        { "Start a new run with it" }
                    </button>
                </div>
            }
        </section>
    }
}

/// A file or a text that was dropped.
fn dropped(e: &DragEvent) -> Option<Wanted> {
    let data = e.data_transfer()?;
    if let Some(file) = data.files().and_then(|files| files.get(0)) {
        return Some(Wanted::File(file));
    }
    let text = data.get_data("text/plain").ok()?;
    (!text.is_empty()).then_some(Wanted::Pasted(text))
}

/// What keeps a run with this kind of attention from being made, such as its memory.
fn kind_error(setup: &Setup) -> Option<String> {
    let error = setup.error(Field::named("attention")?)?;
    Some(sentence(&error))
}

fn page_callback<T: 'static>(page: &Page, action: fn(T) -> SetupAction) -> Callback<T> {
    let page = page.clone();
    Callback::from(move |value| page.setup(action(value)))
}

#[derive(PartialEq, Properties)]
struct ChoiceProps<T: PartialEq + Copy + 'static> {
    legend: &'static str,
    name: &'static str,
    /// Each with its name and what it is.
    choices: Vec<(T, &'static str, &'static str)>,
    chosen: T,
    on_choose: Callback<T>,
}

/// One of a few, side by side, with a line on the chosen one.
#[component]
fn Choice<T: PartialEq + Copy + 'static>(props: &ChoiceProps<T>) -> Html {
    let chosen = props
        .choices
        .iter()
        .find(|(value, ..)| *value == props.chosen);
    html! {
        <fieldset class="choices">
            <legend>{ props.legend }</legend>
            <div class="segments">
                for (value, name, _) in props.choices.iter().copied() {
                    <label>
                        <input
                            type="radio"
                            name={props.name}
                            checked={value == props.chosen}
                            onchange={props.on_choose.reform(move |_: Event| value)}
                        />
                        <span>{ capital(name) }</span>
                    </label>
                }
            </div>
            <p class="help">{ chosen.map(|(.., help)| *help) }</p>
        </fieldset>
    }
}

fn capital(name: &str) -> String {
    sentence(name)
        .trim_end_matches('.')
        .replace("Nanogpt", "nanoGPT")
}

/// How many numbers the model would be made of, and of what.
fn bill(setup: &Setup) -> Html {
    let Some(text) = setup.text() else {
        return Html::default();
    };
    let vocab = text.survey().vocab.len();
    let model = &setup.config.model;
    let sum = model.param_count(vocab);
    html! {
        <details class="bill">
            <summary>
                <strong class="number">{ format::count(sum as u64) }</strong>{ " parameters" }
            </summary>
            <table>
                <thead class="for-ears">
                    <tr><th>{ "Part" }</th><th>{ "Numbers" }</th></tr>
                </thead>
                <tbody>
                    for item in model.items(vocab) {
                        <tr title={item.name}>
                            <th scope="row">
                                { item.label }
                                <span class="working">{ item.working }</span>
                            </th>
                            <td class="number">{ format::count(item.count as u64) }</td>
                            <td aria-hidden="true" class="share">
                                <div style={format!("width: {:.1}%", item.count as f64 / sum as f64 * 100.0)} />
                            </td>
                        </tr>
                    }
                </tbody>
            </table>
            <p class="help">
                { "The same count for a head of GPT-3, whose stream is 12,288 wide and whose heads are 128: \
                   12,288 x 128 x 4 = 6,291,456 numbers, for what it asks, what it offers, what it \
                   hands over and the way back into the stream." }
            </p>
        </details>
    }
}
