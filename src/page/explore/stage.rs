//! The stage: one canvas, the keys that move over it, and a table for those who do not see it.

use super::clock::{Clock, Wanted};
use super::scene::Picture;
use super::term::Term;
use crate::explain::Cell;
use crate::page::deeds::Page;
use crate::page::state::Action;
use crate::page::state::explore::{ExploreAction, Playhead};
use crate::page::theme::Theme;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{KeyboardEvent, PointerEvent, ResizeObserver};
use yew::prelude::*;

/// Numbers of a line that are read out; the rest is counted.
const READ: usize = 64;

#[derive(PartialEq, Properties)]
pub struct StageProps {
    pub page: Page,
    pub clock: Same<Clock>,
    pub wanted: Wanted,
    pub playhead: Playhead,
    /// The term whose numbers stand out.
    pub lit: Option<Term>,
    /// Hears which number is under the pointer.
    pub hovered: UseStateSetter<Option<Cell>>,
    pub theme: Theme,
    /// What is over the canvas, for a screen reader.
    pub label: String,
}

/// Something that is shared and never compared by its content.
pub struct Same<T>(pub Rc<T>);

impl<T> Clone for Same<T> {
    fn clone(&self) -> Self {
        Same(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[component]
pub fn Stage(props: &StageProps) -> Html {
    let clock = Rc::clone(&props.clock.0);
    use_redrawn(&clock, props.theme);
    {
        let clock = Rc::clone(&clock);
        let drawn = (props.wanted.clone(), props.playhead);
        use_effect_with(drawn, move |(wanted, playhead)| {
            clock.show(Some(wanted.clone()), *playhead);
        });
    }
    {
        let clock = Rc::clone(&clock);
        use_effect_with(props.lit, move |lit| clock.light(*lit));
    }
    let on_move = {
        let (clock, hovered) = (Rc::clone(&clock), props.hovered.clone());
        move |e: PointerEvent| {
            let at = (f64::from(e.offset_x()), f64::from(e.offset_y()));
            hovered.set(clock.look(|picture| picture.cell_at(at)));
        }
    };
    let on_leave = {
        let hovered = props.hovered.clone();
        move |_: PointerEvent| hovered.set(None)
    };
    {
        // What was under the pointer stood in another scene.
        let hovered = props.hovered.clone();
        use_effect_with(props.wanted.stop, move |_| hovered.set(None));
    }
    let on_pointer = {
        let (clock, page) = (Rc::clone(&clock), props.page.clone());
        move |e: PointerEvent| {
            let at = (f64::from(e.offset_x()), f64::from(e.offset_y()));
            if let Some(cell) = clock.look(|picture| picture.cell_at(at)) {
                page.dispatch(Action::Explore(ExploreAction::Pick(Some(cell))));
            }
        }
    };
    let on_key = {
        let (clock, page) = (Rc::clone(&clock), props.page.clone());
        let hovered = props.hovered.clone();
        let chosen = props.wanted.chosen;
        move |e: KeyboardEvent| {
            let direction = match e.key().as_str() {
                "ArrowLeft" => (-1.0, 0.0),
                "ArrowRight" => (1.0, 0.0),
                "ArrowUp" => (0.0, -1.0),
                "ArrowDown" => (0.0, 1.0),
                _ => return,
            };
            e.prevent_default();
            // Here the arrows go from number to number, and not from scene to scene.
            e.stop_propagation();
            let next = clock.look(|picture| match chosen {
                Some(cell) if picture.place_of(cell).is_some() => picture.beside(cell, direction),
                _ => picture.marks.iter().find_map(|mark| mark.cell()),
            });
            if next.is_some() {
                hovered.set(None);
                page.dispatch(Action::Explore(ExploreAction::Pick(next)));
            }
        }
    };
    let at_rest = {
        let wanted = props.wanted.clone();
        use_memo(wanted, |wanted| wanted.picture(800.0, 1.0))
    };
    html! {
        <div class="stage">
            <canvas
                ref={clock.canvas.clone()}
                tabindex="0"
                role="application"
                aria-label={props.label.clone()}
                aria-describedby="stage-table"
                onpointerdown={on_pointer}
                onpointermove={on_move}
                onpointerleave={on_leave}
                onkeydown={on_key}
            />
            { table(&at_rest) }
            <p class="for-ears" aria-live="polite">
                if let Some(term) = props.lit {
                    { format!("{} numbers stand out", at_rest.of(term).count()) }
                }
            </p>
        </div>
    }
}

/// The numbers of the scene, read out and not seen.
fn table(picture: &Picture) -> Html {
    html! {
        <div class="for-ears" id="stage-table">
            <table>
                <caption>{ "The numbers on the stage" }</caption>
                <tbody>
                    for row in &picture.rows {
                        <tr>
                            <th scope="row">{ &row.label }</th>
                            <td>{ numbers(&row.numbers) }</td>
                        </tr>
                    }
                </tbody>
            </table>
        </div>
    }
}

fn numbers(numbers: &[f64]) -> String {
    let shown = numbers.iter().take(READ).map(|x| format!("{x:.4}"));
    let mut words = shown.collect::<Vec<_>>().join(", ");
    if numbers.len() > READ {
        words += &format!(" and {} more", numbers.len() - READ);
    }
    words
}

/// Draws again when there are other colours or another size.
#[hook]
fn use_redrawn(clock: &Rc<Clock>, theme: Theme) {
    {
        let clock = Rc::clone(clock);
        use_effect_with(theme, move |_| clock.restyle());
    }
    let clock = Rc::clone(clock);
    use_effect_with((), move |()| {
        let leaving = Rc::clone(&clock);
        let on_change = {
            let clock = Rc::clone(&clock);
            Closure::<dyn Fn(JsValue)>::new(move |_| clock.restyle())
        };
        let observer = ResizeObserver::new(on_change.as_ref().unchecked_ref()).ok();
        let canvas = clock.canvas.cast::<web_sys::Element>();
        if let (Some(observer), Some(parent)) =
            (&observer, canvas.and_then(|canvas| canvas.parent_element()))
        {
            observer.observe(&parent);
        }
        let scheme = gloo::utils::window().match_media("(prefers-color-scheme: dark)");
        let colours = scheme.ok().flatten().map(|scheme| {
            gloo::events::EventListener::new(&scheme, "change", move |_| clock.restyle())
        });
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop((on_change, colours));
            leaving.leave();
        }
    });
}
