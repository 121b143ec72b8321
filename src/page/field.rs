//! One option of a form: name, control, what it means, what is wrong with it, and the way back.

use super::icons::Icon;
use crate::config::Range;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// What the control looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control {
    Number,
    /// One of a few names.
    Choice(&'static [&'static str]),
}

impl From<&Range> for Control {
    fn from(range: &Range) -> Self {
        match range {
            Range::Integer { .. } | Range::IntegerOr { .. } | Range::Real { .. } => Control::Number,
            Range::Switch => Control::Choice(&["on", "off"]),
            Range::Choice(names) => Control::Choice(names),
        }
    }
}

#[derive(PartialEq, Properties)]
pub struct FieldRowProps {
    /// Distinguishes it within the page.
    pub id: AttrValue,
    pub label: AttrValue,
    /// What scripts and messages call it, when that is another name.
    #[prop_or_default]
    pub code: Option<&'static str>,
    pub help: AttrValue,
    pub control: Control,
    pub value: AttrValue,
    #[prop_or_default]
    pub error: Option<String>,
    /// The value that reset goes back to, when the present one is another.
    #[prop_or_default]
    pub base: Option<String>,
    pub on_edit: Callback<String>,
    pub on_leave: Callback<()>,
    #[prop_or_default]
    pub on_reset: Callback<()>,
}

#[component]
pub fn FieldRow(props: &FieldRowProps) -> Html {
    let FieldRowProps {
        id,
        label,
        help,
        value,
        error,
        base,
        ..
    } = props;
    let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
    let described = match error {
        Some(_) => format!("{error_id} {help_id}"),
        None => help_id.clone(),
    };
    let invalid = error.is_some().then_some("true");
    let leave = {
        let leave = props.on_leave.clone();
        move || leave.emit(())
    };

    let control = match props.control {
        Control::Number => html! {
            <input
                id={id.clone()}
                type="text"
                inputmode="decimal"
                autocomplete="off"
                spellcheck="false"
                value={value.clone()}
                aria-describedby={described}
                aria-invalid={invalid}
                oninput={props.on_edit.reform(|e: InputEvent| {
                    e.target_unchecked_into::<HtmlInputElement>().value()
                })}
                onchange={move |_| leave()}
            />
        },
        Control::Choice(names) => html! {
            <select
                id={id.clone()}
                aria-describedby={described}
                aria-invalid={invalid}
                onchange={props.on_edit.reform(|e: Event| {
                    e.target_unchecked_into::<HtmlSelectElement>().value()
                })}
                onblur={move |_| leave()}
            >
                for name in names {
                    <option value={*name} selected={value == *name}>{ *name }</option>
                }
            </select>
        },
    };

    html! {
        <div class={classes!("field", base.is_some().then_some("changed"))}>
            <label for={id.clone()}>{ label.clone() }</label>
            <div class="control">
                { control }
                if let Some(base) = base {
                    <button
                        type="button"
                        class="quiet small"
                        title={format!("Back to {base}")}
                        aria-label={format!("{label}: back to {base}")}
                        onclick={props.on_reset.reform(|_| ())}
                    >
                        { Icon::Reset.draw() }
                    </button>
                }
            </div>
            if let Some(error) = error {
                <p class="error" id={error_id}>{ error.clone() }</p>
            }
            <p class="help" id={help_id}>
                { help.clone() }
                if let Some(code) = props.code {
                    { " " }<code>{ code }</code>
                }
            </p>
        </div>
    }
}

/// A click that acts on the page.
pub fn on_click<T: Clone + 'static>(with: &T, deed: impl Fn(&T) + 'static) -> Callback<MouseEvent> {
    let with = with.clone();
    Callback::from(move |_| deed(&with))
}

/// A slider that is moved: hears of every finite number that it comes to.
pub fn on_number(deed: impl Fn(f64) + 'static) -> Callback<InputEvent> {
    Callback::from(move |e: InputEvent| {
        let number = e
            .target_unchecked_into::<HtmlInputElement>()
            .value_as_number();
        if number.is_finite() {
            deed(number);
        }
    })
}
