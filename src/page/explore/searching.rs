//! Asks the engine, while it has nothing else to do, which head the guesses of a sentence hang on: a
//! pass without each of them.

use super::tracing::LARGEST;
use crate::analysis::Head;
use crate::analysis::ablation::Part;
use crate::analysis::falls::{Fall, chances, falls, guesses};
use crate::page::deeds::Page;
use crate::page::state::explore::{ExploreAction, Searched, Slot};
use crate::page::state::{Action, State};
use gloo::timers::future::TimeoutFuture;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Milliseconds that a pass has stood before: who types on is not to wait.
const PAUSE: u32 = 300;

/// Milliseconds that all passes may take together. One of a model beyond [`LARGEST`] would already be
/// long to wait for.
const MOST: f64 = 2_000.0;

/// Has the passes made that the present sentence asks for.
#[hook]
pub fn use_searched(page: &Page, state: &State) {
    let run = state.run.as_ref().filter(|run| !run.training);
    let asked = run.and_then(|run| {
        let (started, step) = (&run.started, run.progress.step);
        let slot = state.explore.unsearched(&started.label, step)?;
        Some((slot, started.info.params <= LARGEST))
    });
    let page = page.clone();
    use_effect_with(asked, move |asked| {
        let wanted = Rc::new(Cell::new(true));
        if let Some((slot, small)) = asked.clone() {
            let wanted = Rc::clone(&wanted);
            spawn_local(async move {
                let falls = match small {
                    true => page.searched(&slot, &wanted).await,
                    false => Some(Vec::new()),
                };
                if let Some(falls) = falls {
                    let found = Searched::new(&slot, falls);
                    page.dispatch(Action::Explore(ExploreAction::Searched(found)));
                }
            });
        }
        move || wanted.set(false)
    });
}

impl Page {
    /// What each guess of the pass hangs on; nothing of it where that takes too long. `None` where it
    /// was not wanted to the end.
    async fn searched(&self, slot: &Slot, wanted: &Cell<bool>) -> Option<Vec<Fall>> {
        let about = &slot.trace.about;
        let guesses = guesses(&slot.trace).ok()?;
        let heads: Vec<Head> = (0..about.model.n_layer)
            .flat_map(|layer| (0..about.model.n_head).map(move |head| (layer, head)))
            // Both passes of it, as by its slider.
            .map(|(layer, head)| Head {
                layer,
                pass: None,
                head,
            })
            .collect();
        TimeoutFuture::new(PAUSE).await;
        let (mut off, mut quickest) = (Vec::new(), f64::INFINITY);
        for head in &heads {
            while wanted.get() && self.is_busy() {
                TimeoutFuture::new(PAUSE).await;
            }
            if !wanted.get() {
                return None;
            }
            let began = js_sys::Date::now();
            let change = Part::Head(*head).off();
            let pass = self.client.trace(about.text.clone(), vec![change]).await;
            let pass = pass.ok().filter(|pass| pass.about.step == about.step)?;
            quickest = quickest.min(js_sys::Date::now() - began);
            off.push((*head, chances(&guesses, &pass).ok()?));
            // One may have waited for something else.
            if off.len() > 1 && quickest * heads.len() as f64 > MOST {
                return Some(Vec::new());
            }
        }
        Some(falls(&guesses, &off))
    }

    /// Whether the engine has something to do that somebody waits for.
    fn is_busy(&self) -> bool {
        let status = self.client.status();
        status.training || status.writing || self.tracer.is_busy()
    }
}
