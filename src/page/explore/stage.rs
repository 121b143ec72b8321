//! The stage: one canvas, the keys that move over it, and a table for those who do not see it.

use super::clock::{Clock, Wanted};
use super::hand::Held;
use super::scene::Picture;
use super::term::Term;
use crate::explain::{Cell, Quantity, figure};
use crate::page::deeds::Page;
use crate::page::state::Action;
use crate::page::state::explore::{ExploreAction, Playhead};
use crate::page::theme::Theme;
use gloo::events::{EventListener, EventListenerOptions};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, KeyboardEvent, PointerEvent, ResizeObserver};
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
    let on_leave = {
        let hovered = props.hovered.clone();
        move |_: PointerEvent| hovered.set(None)
    };
    {
        // What was under the pointer stood in another scene.
        let hovered = props.hovered.clone();
        use_effect_with(props.wanted.stop, move |_| hovered.set(None));
    }
    let held = use_mut_ref(|| None::<Held>);
    use_held_still(&clock, &held);
    let on_down = {
        let (clock, page, held) = (Rc::clone(&clock), props.page.clone(), Rc::clone(&held));
        let (wanted, playing) = (props.wanted.clone(), props.playhead.playing);
        move |e: PointerEvent| {
            let at = place_of(&clock, &e);
            let cell = clock.look(|picture| picture.cell_at(at));
            // A finger that only scrolls changes nothing: it holds what it has tapped before.
            if by_touch(&e) && (cell.is_none() || cell != wanted.picked) {
                return;
            }
            if pick(&clock, &page, at).is_none() {
                return;
            }
            // Only the mouse's first button holds.
            let scene = (wanted.open && e.button() == 0).then_some(wanted.stop.scene);
            let source = wanted.slot.source();
            let weight = |cell| source.at(cell).map_or(0.0, f64::from);
            let taken = scene
                .and_then(|scene| clock.look(|picture| Held::taken(picture, scene, at, weight)));
            if taken.is_some() {
                held.replace(taken);
                // Outside of the canvas it goes on; where it cannot, it ends there.
                if let Some(canvas) = clock.canvas.cast::<web_sys::Element>() {
                    let _ = canvas.set_pointer_capture(e.pointer_id());
                }
                if playing {
                    // What one holds is not to move by itself.
                    page.dispatch(Action::Explore(ExploreAction::Time(clock.time())));
                }
            }
        }
    };
    let on_move = {
        let (page, held) = (props.page.clone(), Rc::clone(&held));
        let (clock, hovered) = (Rc::clone(&clock), props.hovered.clone());
        move |e: PointerEvent| {
            hovered.set(clock.look(|picture| picture.cell_at(place_of(&clock, &e))));
            if e.buttons() == 0 {
                // It was let go where nobody heard it.
                held.take();
            }
            let change = held
                .borrow_mut()
                .as_mut()
                .and_then(|held| held.dragged(place_of(&clock, &e)));
            if let Some(change) = change {
                page.dispatch(Action::Explore(ExploreAction::Poke(change)));
            }
        }
    };
    let on_up = {
        let (clock, page, held) = (Rc::clone(&clock), props.page.clone(), Rc::clone(&held));
        move |e: PointerEvent| {
            if held.take().is_none() && by_touch(&e) {
                pick(&clock, &page, place_of(&clock, &e));
            }
        }
    };
    let on_cancel = move |_: PointerEvent| {
        held.take();
    };
    let on_key = {
        let (clock, page) = (Rc::clone(&clock), props.page.clone());
        let hovered = props.hovered.clone();
        let (chosen, open) = (props.wanted.chosen, props.wanted.open);
        move |e: KeyboardEvent| {
            if let (Some(cell), "Enter", false) = (chosen, e.key().as_str(), open)
                && matches!(cell.quantity, Quantity::Pattern(_))
            {
                e.prevent_default();
                page.dispatch(Action::Explore(ExploreAction::LookAt(cell)));
                return;
            }
            if e.key() == "Escape" {
                // From here on the arrows are the page's again. One that cannot be left keeps them.
                let canvas = clock.canvas.cast::<HtmlElement>();
                let _ = canvas.map(|canvas| canvas.blur());
                return;
            }
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
                onpointerdown={on_down}
                onpointermove={on_move}
                onpointerleave={on_leave}
                onpointerup={on_up}
                onpointercancel={on_cancel}
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

/// Where a pointer is on the picture.
fn place_of(clock: &Clock, e: &PointerEvent) -> (f64, f64) {
    clock.place((f64::from(e.offset_x()), f64::from(e.offset_y())))
}

fn by_touch(e: &PointerEvent) -> bool {
    e.pointer_type() == "touch"
}

/// Picks the number at a place, or goes to the weight that a line there stands for.
fn pick(clock: &Clock, page: &Page, at: (f64, f64)) -> Option<Cell> {
    let cell = clock.look(|picture| picture.cell_at(at));
    let action = match cell {
        Some(_) => ExploreAction::Pick(cell),
        None => ExploreAction::LookAt(clock.look(|picture| picture.link_at(at))?),
    };
    page.dispatch(Action::Explore(action));
    cell
}

/// A finger that holds a weight does not scroll the page. Yew's own listeners could not say so.
#[hook]
fn use_held_still(clock: &Rc<Clock>, held: &Rc<RefCell<Option<Held>>>) {
    let (clock, held) = (Rc::clone(clock), Rc::clone(held));
    use_effect_with((), move |()| {
        let options = EventListenerOptions::enable_prevent_default();
        let listener = clock.canvas.cast::<web_sys::Element>().map(|canvas| {
            EventListener::new_with_options(&canvas, "touchstart", options, move |event| {
                if held.borrow().is_some() {
                    event.prevent_default();
                }
            })
        });
        move || drop(listener)
    });
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
    let shown = numbers.iter().take(READ).map(|x| figure(*x));
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
