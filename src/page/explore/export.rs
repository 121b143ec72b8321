//! What one can take home from the stage: the picture, and the numbers in it and behind it.

use super::clock::{Clock, OnStage};
use super::scene::{Picture, caption};
use super::stage::Same;
use super::{csv, paint, svg};
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::letters::dashed;
use crate::page::link::names;
use crate::page::saving::save;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, Slot};
use crate::protocol::{Fault, FaultKind};
use crate::trace::Array;
use gloo::file::Blob;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{HtmlCanvasElement, HtmlSelectElement};
use yew::prelude::*;

/// Pixels of a saved picture for each of the stage: enough for print.
const SHARPNESS: f64 = 2.0;
/// Around it, in CSS pixels.
const MARGIN: f64 = 12.0;

#[derive(Clone, PartialEq, Properties)]
pub struct ExportProps {
    pub page: Page,
    pub explore: Explore,
    pub slot: Slot,
    pub clock: Same<Clock>,
    /// The array that the card's number is of.
    pub array: Option<String>,
    /// What else one can take: the link.
    pub children: Html,
}

/// What is saved of the stage.
#[derive(Clone, Copy, PartialEq)]
enum File {
    Png,
    Svg,
    Csv,
}

impl File {
    const ALL: [File; 3] = [File::Png, File::Svg, File::Csv];

    fn label(self) -> &'static str {
        match self {
            File::Png => "Picture (PNG)",
            File::Svg => "Drawing (SVG)",
            File::Csv => "Its numbers (CSV)",
        }
    }
}

/// A menu that stays out of the way until it is opened.
#[component]
pub fn Export(props: &ExportProps) -> Html {
    let chosen = use_state(|| None::<String>);
    let groups = groups(props);
    let listed = |name: &String| groups.iter().any(|(_, names)| names.contains(name));
    let first = || groups.first().and_then(|(_, names)| names.first()).cloned();
    let wanted = (*chosen).clone().filter(listed);
    let present = wanted
        .or_else(|| props.array.clone().filter(listed))
        .or_else(first);
    let on_choose = {
        let chosen = chosen.clone();
        move |e: Event| {
            let select: HtmlSelectElement = e.target_unchecked_into();
            chosen.set(Some(select.value()));
        }
    };
    html! {
        <details class="export">
            <summary>{ "Share" }</summary>
            <div class="export-menu">
                { props.children.clone() }
                for file in File::ALL {
                    <button type="button" onclick={on_click(&(props.clone(), file), |(props, file)| {
                        told(&props.page, props.save(*file));
                    })}>
                        { file.label() }
                    </button>
                }
                if let Some(present) = present {
                    <span class="export-array">
                        <label for="export-array">{ "Any array" }</label>
                        <select id="export-array" onchange={on_choose}>
                            for (title, names) in &groups {
                                <optgroup label={title.clone()}>
                                    for name in names {
                                        <option
                                            key={name.clone()}
                                            value={name.clone()}
                                            selected={*name == present}
                                        >
                                            { name }
                                        </option>
                                    }
                                </optgroup>
                            }
                        </select>
                        <button type="button" onclick={on_click(&(props.clone(), present), |(props, name)| {
                            told(&props.page, props.save_array(name));
                        })}>
                            { "Save it (CSV)" }
                        </button>
                    </span>
                }
            </div>
        </details>
    }
}

/// The arrays that there are, of the block that is open and of the whole model.
fn groups(props: &ExportProps) -> Vec<(String, Vec<String>)> {
    let layer = props.explore.layer();
    let of_pass = format!("blocks.{layer}.");
    let of_weights = format!("transformer.h.{layer}.");
    let pass: Vec<&str> = props.slot.trace.names().collect();
    let weights = props.slot.weights.as_deref();
    let weights: Vec<&str> = weights.map(|w| w.names().collect()).unwrap_or_default();
    let pick = |names: &[&str], fits: &dyn Fn(&str) -> bool| -> Vec<String> {
        let fitting = names.iter().filter(|name| fits(name));
        fitting.map(|name| name.to_string()).collect()
    };
    let groups = [
        (
            format!("This pass, block {layer}"),
            pick(&pass, &|name| name.starts_with(&of_pass)),
        ),
        (
            "This pass, before and after the blocks".into(),
            pick(&pass, &|name| !name.starts_with("blocks.")),
        ),
        (
            format!("Weights, block {layer}"),
            pick(&weights, &|name| name.starts_with(&of_weights)),
        ),
        (
            "Weights, before and after the blocks".into(),
            pick(&weights, &|name| !name.starts_with("transformer.h.")),
        ),
    ];
    let there = groups.into_iter().filter(|(_, names)| !names.is_empty());
    there.collect()
}

impl ExportProps {
    fn save(&self, file: File) -> Result<(), Fault> {
        match file {
            File::Png => self.save_png(),
            File::Svg => self.save_svg(),
            File::Csv => self.save_text(&self.name("csv"), "text/csv", |clock| {
                clock.look(|picture| csv::of_rows(&picture.rows, self.slot.is_changed()))
            }),
        }
    }

    fn save_text(
        &self,
        name: &str,
        kind: &str,
        make: impl FnOnce(&Clock) -> String,
    ) -> Result<(), Fault> {
        let text = make(&self.clock.0);
        save(name, Blob::new_with_options(text.as_str(), Some(kind)))
    }

    fn save_array(&self, name: &str) -> Result<(), Fault> {
        let weights = self.slot.weights.as_deref();
        let array: Option<Array> = self.slot.trace.get(name);
        // A change is of the pass; the weights are the same.
        let changed = match array.is_some() {
            true => self.changed(),
            false => "",
        };
        let array = array.or_else(|| weights.and_then(|weights| weights.get(name)));
        let array = array.ok_or_else(|| not_saved("this pass does not have it any more"))?;
        let file = format!("{}-{name}{changed}.csv", self.model());
        self.save_text(&file, "text/csv", |_| {
            csv::of_array(&self.slot.source(), name, array)
        })
    }

    fn save_svg(&self) -> Result<(), Fault> {
        let title = self.title();
        let text = self.clock.0.with_stage(|stage| {
            let sheet = svg::Sheet {
                title: &title,
                width: stage.width,
                margin: MARGIN,
                ground: &stage.style.card,
                family: &stage.style.family,
                colour: &|role| stage.style.colour(role),
            };
            svg::svg(&sheet, &self.captioned(&stage), &stage.marked)
        });
        let text = text.ok_or_else(|| not_saved("the stage is not there"))?;
        self.save_text(&self.name("svg"), "image/svg+xml", |_| text)
    }

    fn save_png(&self) -> Result<(), Fault> {
        let refused = || not_saved("the browser gives no canvas for it");
        let canvas = gloo::utils::document().create_element("canvas");
        let canvas = canvas.ok().and_then(|canvas| canvas.dyn_into().ok());
        let canvas: HtmlCanvasElement = canvas.ok_or_else(refused)?;
        let painted = self.clock.0.with_stage(|stage| {
            let sheet = paint::Sheet {
                width: stage.width,
                ratio: SHARPNESS,
                scale: 1.0,
                margin: Some(MARGIN),
            };
            let picture = self.captioned(&stage);
            paint::paint(&canvas, &sheet, &stage.style, &picture, &stage.marked);
        });
        painted.ok_or_else(refused)?;
        let (page, name) = (self.page.clone(), self.name("png"));
        let done = Closure::once_into_js(move |blob: Option<web_sys::Blob>| {
            let saved = match blob {
                Some(blob) => save(&name, blob.into()),
                None => Err(not_saved("the browser made no picture of it")),
            };
            told(&page, saved);
        });
        let begun = canvas.to_blob(done.unchecked_ref());
        begun.map_err(|_| refused())
    }

    /// What is on the stage, in words.
    fn title(&self) -> String {
        let about = &self.slot.trace.about;
        let scene = match (self.explore.at(), self.explore.open) {
            (Some(stop), true) if stop.scene.is_in_block() => {
                format!("{}, block {}", stop.scene.title(&about.model), stop.layer)
            }
            (Some(stop), true) => stop.scene.title(&about.model),
            (_, false) | (None, true) => "The residual stream".into(),
        };
        let head = match self.of_head() {
            true => format!(", head {}", self.explore.head),
            false => String::new(),
        };
        format!(
            "{scene}{head}: token {} of “{}”, in {}, as of step {}",
            self.explore.token, about.text, self.slot.label, about.step
        )
    }

    /// The picture with what it shows written under it, since a file is looked at without the page.
    fn captioned(&self, stage: &OnStage) -> Picture {
        let mut picture = stage.picture.clone();
        let mut words = vec![self.title()];
        words.extend(match self.slot.trace.about.interventions.len() {
            0 => None,
            1 => Some("A pass that was changed by hand.".to_string()),
            n => Some(format!("A pass with {n} changes made by hand.")),
        });
        caption(&mut picture, stage.width, &words);
        picture
    }

    /// Whether one head is shown, and not the others.
    fn of_head(&self) -> bool {
        let at = self.explore.at();
        self.explore.open && at.is_some_and(|stop| stop.scene.is_of_a_head())
    }

    /// A file's name that says model, scene, token, and that something was changed.
    fn name(&self, ending: &str) -> String {
        let place = match (self.explore.at(), self.explore.open) {
            (Some(stop), true) if stop.scene.is_in_block() => {
                format!("block{}-{}", stop.layer, names::of_scene(stop.scene))
            }
            (Some(stop), true) => names::of_scene(stop.scene),
            (_, false) | (None, true) => "overview".into(),
        };
        let head = match self.of_head() {
            true => format!("-head{}", self.explore.head),
            false => String::new(),
        };
        let token = self.explore.token;
        let changed = self.changed();
        format!(
            "{}-{place}-token{token}{head}{changed}.{ending}",
            self.model()
        )
    }

    /// What a file's name has at its end where the numbers are not the model's own.
    fn changed(&self) -> &'static str {
        match self.slot.is_changed() {
            true => "-changed",
            false => "",
        }
    }

    /// The model's name as a part of a file's.
    fn model(&self) -> String {
        dashed(&self.slot.label)
    }
}

fn told(page: &Page, saved: Result<(), Fault>) {
    if let Err(fault) = saved {
        page.dispatch(Action::Failed(fault));
    }
}

fn not_saved(why: &str) -> Fault {
    Fault::new(FaultKind::Input, format!("nothing was saved: {why}"))
}
