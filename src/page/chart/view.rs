//! The chart as a component. The canvas is drawn on its own, at most once a frame; what Yew draws
//! is the line of values above it and the table below.

use super::Reference;
use super::history::Validation;
use super::paint::{Picture, axes, paint};
use super::table::table;
use crate::page::format;
use crate::page::live::{Draw, Live, Progress};
use crate::page::theme::Theme;
use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlCanvasElement, KeyboardEvent, PointerEvent, ResizeObserver};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct LossChartProps {
    pub live: Live,
    pub reference: Option<Reference>,
    pub max_steps: u32,
    /// Where the run is; `None` without one.
    pub progress: Option<Progress>,
    /// Another theme has other colours to draw with.
    pub theme: Theme,
    /// What the chosen text is called, for the invitation.
    pub text: Option<String>,
}

/// What a drawing needs, outside of Yew's state: it changes more often than that is compared.
struct Drawing {
    canvas: NodeRef,
    live: Live,
    reference: Cell<Option<Reference>>,
    max_steps: Cell<u32>,
    cursor: Cell<Option<u32>>,
    frame: RefCell<Option<AnimationFrame>>,
}

impl Drawing {
    /// Draws in the next frame.
    fn request(self: &Rc<Self>) {
        let mut frame = self.frame.borrow_mut();
        if frame.is_none() {
            let drawing = Rc::clone(self);
            *frame = Some(request_animation_frame(move |_| {
                drawing.frame.take();
                drawing.draw();
            }));
        }
    }

    fn draw(&self) {
        if let Some(canvas) = self.canvas.cast::<HtmlCanvasElement>() {
            self.look(|picture| paint(&canvas, picture));
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Picture) -> T) -> T {
        self.live.with_history(|history| {
            look(&Picture {
                history,
                reference: self.reference.get(),
                max_steps: self.max_steps.get(),
                cursor: self.cursor.get(),
            })
        })
    }

    /// The step under a place of the canvas, in CSS pixels from its left.
    fn step_at(&self, pixel: f64) -> Option<u32> {
        let canvas = self.canvas.cast::<HtmlCanvasElement>()?;
        let size = (canvas.client_width(), canvas.client_height());
        self.look(|picture| {
            let (_, x, _) = axes(picture, size.0.into(), size.1.into());
            let step = x.invert(pixel).round() as u32;
            picture.history.nearest(step).map(|bucket| bucket.last)
        })
    }

    /// Moves the crosshair by that many hundredths of the axis, at least by one bucket.
    fn nudge(&self, hundredths: i32) -> Option<u32> {
        self.look(|picture| {
            let buckets = picture.history.buckets();
            let from = picture.cursor.unwrap_or(picture.history.last_step());
            let here = buckets.partition_point(|bucket| bucket.last < from);
            let stride = (buckets.len() / 100).max(1) as i64;
            let to = here as i64 + i64::from(hundredths) * stride;
            let to = to.clamp(0, buckets.len() as i64 - 1);
            let bucket = usize::try_from(to).ok().and_then(|to| buckets.get(to));
            bucket.map(|bucket| bucket.last)
        })
    }
}

#[component]
pub fn LossChart(props: &LossChartProps) -> Html {
    let canvas = use_node_ref();
    let cursor = use_state_eq(|| None::<u32>);
    let drawing = {
        let (canvas, live) = (canvas.clone(), props.live.clone());
        use_memo((), move |()| Drawing {
            canvas,
            live,
            reference: Cell::default(),
            max_steps: Cell::new(1),
            cursor: Cell::default(),
            frame: RefCell::default(),
        })
    };
    use_canvas_redrawn(&drawing, &canvas);
    {
        let drawing = Rc::clone(&drawing);
        let drawn = (props.reference, props.max_steps, props.theme, *cursor);
        use_effect_with(drawn, move |(reference, max_steps, _, cursor)| {
            drawing.reference.set(*reference);
            drawing.max_steps.set(*max_steps);
            drawing.cursor.set(*cursor);
            drawing.request();
        });
    }

    let begun = props.progress.is_some_and(|p| p.train_loss.is_some());
    // A run that was stopped leaves its curve.
    let blank = props
        .live
        .with_history(|history| history.buckets().is_empty());
    html! {
        <figure class="losses card">
            <figcaption>
                <h2>{ "Loss" }</h2>
                <p class="help">
                    { "How far off the guesses of the next character are, in nats: 0 is sure and right, 0.69 as \
                       unsure as between two, 2.3 as between ten" }
                </p>
                <p class="values">{ values(props, *cursor) }</p>
            </figcaption>
            <div class="canvas">
                <canvas
                    ref={canvas}
                    role="slider"
                    tabindex="0"
                    aria-label="Loss by step; the arrow keys move the crosshair"
                    aria-valuemin="0"
                    aria-valuemax={props.max_steps.to_string()}
                    aria-valuenow={cursor.or(props.progress.map(|p| p.step)).unwrap_or(0).to_string()}
                    aria-valuetext={spoken(props, *cursor)}
                    onpointermove={on_pointer(&drawing, &cursor)}
                    onpointerdown={on_pointer(&drawing, &cursor)}
                    onpointerleave={leave(&cursor)}
                    onblur={leave(&cursor)}
                    onkeydown={on_key(&drawing, &cursor)}
                />
                if !begun && blank {
                    <p class="invitation">{ invitation(props) }</p>
                }
            </div>
            if begun {
                <Numbers live={props.live.clone()} step={props.progress.map_or(0, |p| p.step)} />
            }
        </figure>
    }
}

/// Draws again when there are new losses, another size, or other colours of the system.
#[hook]
fn use_canvas_redrawn(drawing: &Rc<Drawing>, canvas: &NodeRef) {
    let (drawing, canvas) = (Rc::clone(drawing), canvas.clone());
    use_effect_with((), move |()| {
        let request: Draw = {
            let drawing = Rc::clone(&drawing);
            Rc::new(move || drawing.request())
        };
        drawing.live.draw_with(Some(Rc::clone(&request)));

        let on_change = {
            let request = Rc::clone(&request);
            Closure::<dyn Fn(JsValue)>::new(move |_| request())
        };
        let listener = on_change.as_ref().unchecked_ref();
        let observer = ResizeObserver::new(listener).ok();
        if let (Some(observer), Some(canvas)) = (&observer, canvas.cast::<web_sys::Element>()) {
            observer.observe(&canvas);
        }
        let scheme = gloo::utils::window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten();
        let colours = scheme
            .map(|scheme| gloo::events::EventListener::new(&scheme, "change", move |_| request()));
        drawing.request();

        move || {
            drawing.live.draw_with(None);
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop((on_change, colours));
        }
    });
}

type Cursor = UseStateHandle<Option<u32>>;

fn on_pointer(drawing: &Rc<Drawing>, cursor: &Cursor) -> Callback<PointerEvent> {
    let (drawing, cursor) = (Rc::clone(drawing), cursor.clone());
    Callback::from(move |e: PointerEvent| cursor.set(drawing.step_at(f64::from(e.offset_x()))))
}

fn leave<E>(cursor: &Cursor) -> Callback<E> {
    let cursor = cursor.clone();
    Callback::from(move |_| cursor.set(None))
}

fn on_key(drawing: &Rc<Drawing>, cursor: &Cursor) -> Callback<KeyboardEvent> {
    let (drawing, cursor) = (Rc::clone(drawing), cursor.clone());
    Callback::from(move |e: KeyboardEvent| {
        let hundredths = match e.key().as_str() {
            "ArrowLeft" | "ArrowDown" => -1,
            "ArrowRight" | "ArrowUp" => 1,
            "PageDown" => -10,
            "PageUp" => 10,
            "Home" => i32::MIN / 2,
            "End" => i32::MAX / 2,
            "Escape" => return cursor.set(None),
            _ => return,
        };
        e.prevent_default();
        cursor.set(drawing.nudge(hundredths));
    })
}

/// Step, training and validation loss under the crosshair, or of now.
fn at(props: &LossChartProps, cursor: Option<u32>) -> Option<(u32, f32, Option<Validation>)> {
    let now = props.progress?;
    let Some(step) = cursor else {
        let validation = props
            .live
            .with_history(|history| history.validated(now.step));
        return Some((now.step, now.train_loss?, validation));
    };
    props.live.with_history(|history| {
        let bucket = history.nearest(step)?;
        let validation = history.validated(bucket.last);
        Some((bucket.last, bucket.smooth, validation))
    })
}

fn values(props: &LossChartProps, cursor: Option<u32>) -> Html {
    let Some((step, train, validation)) = at(props, cursor) else {
        return Html::default();
    };
    html! {
        <>
            <span>{ format!("step {}", format::count(u64::from(step))) }</span>
            <span class="training">{ "training, smoothed " }<b class="number">{ format::loss(train) }</b></span>
            if let Some(validation) = validation {
                <span class="validation">
                    { "validation " }<b class="number">{ format::loss(validation.loss) }</b>
                    // It is taken now and then, while the training loss goes on falling.
                    { format!(" at step {}", format::count(u64::from(validation.step))) }
                </span>
            }
        </>
    }
}

fn spoken(props: &LossChartProps, cursor: Option<u32>) -> String {
    let Some((step, train, validation)) = at(props, cursor) else {
        return "no losses yet".into();
    };
    let validation = validation.map(|validation| {
        let (loss, step) = (format::loss(validation.loss), validation.step);
        format!(", validation {loss} at step {step}")
    });
    format!(
        "step {step}, training, smoothed {}{}",
        format::loss(train),
        validation.unwrap_or_default()
    )
}

/// What an empty chart says.
fn invitation(props: &LossChartProps) -> String {
    match (&props.progress, &props.text) {
        (None, Some(text)) => format!(
            "The curve of a model that learns {text} will appear here. It starts at the upper line, where \
             every guess is blind; below the second it has begun to see what stands before."
        ),
        (None, None) => "The curve will appear here.".into(),
        (Some(_), _) => "The first losses will appear here in a moment.".into(),
    }
}

#[derive(PartialEq, Properties)]
struct NumbersProps {
    live: Live,
    /// Draws the table again as training goes.
    step: u32,
}

/// The table, made only while it is open.
#[component]
fn Numbers(props: &NumbersProps) -> Html {
    let open = use_state(|| false);
    let on_toggle = {
        let open = open.clone();
        move |e: Event| {
            let details: web_sys::Element = e.target_unchecked_into();
            open.set(details.has_attribute("open"));
        }
    };
    html! {
        <details ontoggle={on_toggle}>
            <summary>{ "As a table" }</summary>
            if *open {
                { props.live.with_history(table) }
            }
        </details>
    }
}
