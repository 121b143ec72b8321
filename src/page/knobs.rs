//! The options of a draw, as fields: the same wherever a character is drawn.

use super::deeds::Page;
use super::field::{Control, FieldRow};
use super::state::Action;
use super::state::writing::{Knob, Writing, WritingAction};
use yew::prelude::*;

pub fn knobs(page: &Page, writing: &Writing, which: &[Knob]) -> Html {
    html! {
        for knob in which {
            { row(page, writing, *knob) }
        }
    }
}

fn row(page: &Page, writing: &Writing, knob: Knob) -> Html {
    let on_edit = {
        let page = page.clone();
        move |text| page.dispatch(Action::Writing(WritingAction::Turn(knob, text)))
    };
    let on_leave = {
        let page = page.clone();
        move |()| page.dispatch(Action::Writing(WritingAction::Leave(knob)))
    };
    html! {
        <FieldRow
            key={knob.name()}
            id={format!("knob-{}", knob.name())}
            label={knob.label()}
            help={knob.help()}
            control={Control::Number}
            value={writing.shown(knob)}
            error={writing.error(knob)}
            on_edit={on_edit}
            on_leave={on_leave}
        />
    }
}
