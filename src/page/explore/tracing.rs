//! Asks the engine for passes: one at a time, and of those that wait only the latest.

use crate::client::Started;
use crate::page::deeds::Page;
use crate::page::state::Action;
use crate::page::state::explore::{ExploreAction, Slot};
use crate::page::state::setup::sentence;
use crate::protocol::Fault;
use crate::trace::{Arrays, Intervention, Trace};
use gloo::timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Milliseconds between two passes of a model that trains: the training is not to be held up.
const PAUSE: u32 = 250;

/// Numbers of a model whose weights are fetched: beyond it a page would carry them about in vain,
/// since nobody reads a sum of so many terms.
pub const LARGEST: usize = 3_000_000;

/// What is to be looked at.
#[derive(Clone)]
pub struct Wish {
    pub started: Rc<Started>,
    pub text: String,
    pub pokes: Vec<Intervention>,
    pub training: bool,
    /// Whether the same pass without the changes is to come with it.
    pub beside: bool,
}

impl Wish {
    fn without_changes(&self) -> Wish {
        Wish {
            pokes: Vec::new(),
            ..self.clone()
        }
    }
}

#[derive(Default)]
struct Inner {
    wanted: RefCell<Option<Wish>>,
    busy: Cell<bool>,
    /// The weights fetched last.
    weights: RefCell<Option<Known>>,
}

/// Weights, and of which run and step they are.
struct Known {
    run: Rc<Started>,
    step: u32,
    weights: Rc<Arrays>,
}

/// The passes on their way; clones share them.
#[derive(Clone, Default)]
pub struct Tracer(Rc<Inner>);

impl PartialEq for Tracer {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Tracer {
    /// Whether a pass is on its way.
    pub fn is_busy(&self) -> bool {
        self.0.busy.get()
    }
}

impl Page {
    /// Has the engine run the text through the model; the answer comes as an action.
    pub fn trace(&self, wish: Wish) {
        let inner = &self.tracer.0;
        *inner.wanted.borrow_mut() = Some(wish);
        if inner.busy.replace(true) {
            return;
        }
        let page = self.clone();
        spawn_local(async move {
            while let Some(wish) = page.take_wish() {
                let unchanged = match wish.beside {
                    // Without it the changed pass still says all that there is to say.
                    true => page.traced(&wish.without_changes()).await.ok(),
                    false => None,
                };
                let answer = page.traced(&wish).await;
                // What was asked for meanwhile takes its place, also the place of an error.
                if page.tracer.0.wanted.borrow().is_none() || answer.is_ok() {
                    if let (Some(unchanged), Ok(_)) = (unchanged, &answer) {
                        page.dispatch(Action::Explore(ExploreAction::Beside(unchanged)));
                    }
                    let answer = answer.map_err(|fault| sentence(&fault.message));
                    page.dispatch(Action::Explore(ExploreAction::Traced(answer)));
                }
                if wish.training {
                    TimeoutFuture::new(PAUSE).await;
                }
            }
            page.tracer.0.busy.set(false);
        });
    }

    fn take_wish(&self) -> Option<Wish> {
        self.tracer.0.wanted.borrow_mut().take()
    }

    async fn traced(&self, wish: &Wish) -> Result<Slot, Fault> {
        let Wish {
            started,
            text,
            pokes,
            ..
        } = wish;
        let trace = self.client.trace(text.clone(), pokes.clone());
        if started.info.params > LARGEST {
            return Ok(Slot::new(&started.label, trace.await?, None));
        }
        if !wish.training {
            let trace = trace.await?;
            let weights = match self.known_weights(started, trace.about.step) {
                Some(weights) => Some(weights),
                None => self.fetched(started, &trace).await?,
            };
            return Ok(Slot::new(&started.label, trace, weights));
        }
        // Both questions at once, so that no step of the training comes between them.
        let (trace, weights) = futures::join!(trace, self.client.weights_at_step());
        let (trace, (step, weights)) = (trace?, weights?);
        let same = step == trace.about.step;
        Ok(Slot::new(
            &started.label,
            trace,
            same.then(|| Rc::new(weights)),
        ))
    }

    fn known_weights(&self, started: &Rc<Started>, step: u32) -> Option<Rc<Arrays>> {
        let known = self.tracer.0.weights.borrow();
        let known = known.as_ref()?;
        let same = Rc::ptr_eq(&known.run, started) && known.step == step;
        same.then(|| Rc::clone(&known.weights))
    }

    async fn fetched(
        &self,
        started: &Rc<Started>,
        trace: &Trace,
    ) -> Result<Option<Rc<Arrays>>, Fault> {
        let (step, weights) = self.client.weights_at_step().await?;
        if step != trace.about.step {
            return Ok(None);
        }
        let weights = Rc::new(weights);
        let known = Known {
            run: Rc::clone(started),
            step,
            weights: Rc::clone(&weights),
        };
        *self.tracer.0.weights.borrow_mut() = Some(known);
        Ok(Some(weights))
    }
}
