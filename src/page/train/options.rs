//! Every option of the configuration under a fold, drawn from the table in `config`.

use crate::config::{FIELDS, Field, Group, Range};
use crate::page::deeds::{Page, Wanted};
use crate::page::field::{Control, FieldRow, on_click};
use crate::page::state::setup::{Setup, SetupAction, Source};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct OptionsProps {
    pub page: Page,
    pub setup: Setup,
}

#[component]
pub fn Options(props: &OptionsProps) -> Html {
    let OptionsProps { page, setup } = props;
    let open = use_state(|| false);
    let on_toggle = {
        let open = open.clone();
        move |e: Event| {
            let details: web_sys::Element = e.target_unchecked_into();
            open.set(details.has_attribute("open"));
        }
    };
    let changes = setup.changes();
    html! {
        <details class="options" ontoggle={on_toggle}>
            <summary>
                { "All options" }
                if changes > 0 {
                    <span class="changes">{ format!("{changes} changed") }</span>
                }
                if setup.options_error().is_some() {
                    <span class="changes wrong">{ "out of range" }</span>
                }
            </summary>
            // Two dozen rows that nobody sees would be compared at every change.
            if *open {
                <h3>{ "Model" }</h3>
                <div class="fields">{ rows(props, Group::Model) }</div>
                <h3>{ "Attention" }</h3>
                <div class="fields">{ rows(props, Group::Attention) }</div>
                <h3>{ "Training" }</h3>
                <div class="fields">
                    { rows(props, Group::Train) }
                    { seed(props) }
                </div>
                if changes > 0 {
                    <button
                        type="button"
                        onclick={on_click(page, |page| page.setup(SetupAction::ResetAll))}
                    >
                        { "Reset all options" }
                    </button>
                }
            }
        </details>
    }
}

fn rows(props: &OptionsProps, group: Group) -> Html {
    let of_group = FIELDS
        .iter()
        // The kind of attention has a chooser of its own.
        .filter(|field| field.group == group && field.name != "attention")
        .filter(|field| props.setup.has(field));
    of_group.map(|field| row(props, field)).collect()
}

fn row(props: &OptionsProps, field: &'static Field) -> Html {
    let OptionsProps { page, setup } = props;
    let act = |action: fn(&'static str) -> SetupAction| {
        let page = page.clone();
        Callback::from(move |()| page.setup(action(field.name)))
    };
    let on_edit = {
        let page = page.clone();
        move |text| page.setup(SetupAction::Edit(field.name, text))
    };
    html! {
        <FieldRow
            key={field.name}
            id={field.name}
            label={field.label}
            code={field.name}
            help={help(field)}
            control={Control::from(&field.range)}
            value={setup.shown(field)}
            error={setup.error(field)}
            base={setup.changed_from(field)}
            on_edit={on_edit}
            on_leave={act(SetupAction::Leave)}
            on_reset={act(SetupAction::Reset)}
        />
    }
}

/// What the option means, its range and its source.
fn help(field: &Field) -> String {
    let range = match field.range {
        Range::Integer { min, max } => format!(" {min} to {max}."),
        Range::IntegerOr { min, max, word } => format!(" {min} to {max}, or {word}."),
        Range::Real { min, max } => format!(" {min} to {max}."),
        Range::Switch | Range::Choice(_) => String::new(),
    };
    format!("{}{range}", field.help)
}

/// The seed stands beside both groups; a built-in text is made from it too.
fn seed(props: &OptionsProps) -> Html {
    let OptionsProps { page, setup } = props;
    let on_edit = {
        let page = page.clone();
        move |text| page.setup(SetupAction::Seed(text))
    };
    let on_leave = {
        let (page, source, seed) = (page.clone(), setup.source, setup.config.seed);
        move |()| {
            page.setup(SetupAction::Leave("seed"));
            if let Source::Builtin(_) = source {
                page.choose(Wanted::Source(source), seed);
            }
        }
    };
    html! {
        <FieldRow
            key="seed"
            id="seed"
            label="Seed"
            help="Decides weights, batches, dropout and what a built-in text says: the same seed gives the same run."
            control={Control::Number}
            value={setup.shown_seed()}
            error={setup.seed_error()}
            on_edit={on_edit}
            on_leave={on_leave}
        />
    }
}
