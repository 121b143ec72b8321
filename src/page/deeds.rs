//! What the page asks of the client: the one place where buttons become requests.
//!
//! A deed answers by an [`Action`]; what happens on the way comes as notices through `live`.

use super::explore::tracing::Tracer;
use super::live::Live;
use super::saving::save;
use super::state::explore::{ExploreAction, Slot};
use super::state::setup::{Reading, Setup, SetupAction, Source, Text};
use super::state::shelf::{Opening, ShelfAction};
use super::state::{Action, State};
use super::survey::{self, Counter};
use crate::client::{Client, NamedText, RunSpec};
use crate::protocol::{Backend, Fault, FaultKind, Sampling};
use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::UseReducerDispatcher;

/// What every part of the page needs to act; clones share it.
#[derive(Clone, PartialEq)]
pub struct Page {
    pub client: Client,
    pub live: Live,
    pub(super) tracer: Tracer,
    dispatch: UseReducerDispatcher<State>,
    /// Counts the choices of a text.
    tickets: Rc<Cell<u32>>,
    /// By which the page knows its own entries in the browser's history (`following`).
    pub(super) entry: Rc<Cell<f64>>,
}

/// A text in the making: what was asked for.
pub enum Wanted {
    Source(Source),
    File(web_sys::File),
    /// Dropped on the page or typed into the paste box.
    Pasted(String),
}

impl Page {
    pub fn new(client: Client, live: Live, dispatch: UseReducerDispatcher<State>) -> Self {
        Page {
            client,
            live,
            tracer: Tracer::default(),
            dispatch,
            tickets: Rc::default(),
            entry: Rc::default(),
        }
    }

    pub fn dispatch(&self, action: Action) {
        self.dispatch.dispatch(action);
    }

    fn shelf(&self, action: ShelfAction) {
        self.dispatch(Action::Shelf(action));
    }

    pub fn setup(&self, action: SetupAction) {
        self.dispatch(Action::Setup(action));
    }

    /// Does something with the client, and says so when it fails.
    fn attempt<F>(&self, deed: impl FnOnce(Client) -> F)
    where
        F: Future<Output = Result<(), Fault>> + 'static,
    {
        let (page, deed) = (self.clone(), deed(self.client.clone()));
        spawn_local(async move {
            if let Err(fault) = deed.await {
                page.dispatch(Action::Failed(fault));
            }
        });
    }

    /// What is done when the page opens: looks for a kept run, reads the first text, makes the
    /// engine ready while the reader looks at a pass made beforehand, and then opens a ready-made
    /// model, the one that the address names or the first, if nothing else was asked for. A kept run
    /// is offered beside it.
    pub fn open(&self) {
        let link = self.arrive();
        let page = self.clone();
        spawn_local(async move {
            let kept = page.client.saved_run().await;
            page.dispatch(Action::Kept(kept));
        });
        self.choose(
            Wanted::Source(Source::Builtin(super::state::setup::FIRST)),
            1337,
        );
        let page = self.clone();
        spawn_local(async move {
            // A link names another picture than that of the first model's prompt.
            let look = link.is_none();
            let (works, listed) = futures::join!(page.make_ready(), page.list_models(look));
            let first = match works && listed {
                true => page.open_first(link).await,
                false => Ok(()),
            };
            page.shelf(ShelfAction::First(first.err()));
        });
    }

    /// Whether there is an engine.
    async fn make_ready(&self) -> bool {
        let engine = self.client.ready().await;
        let works = engine.is_ok();
        if let Err(fault) = engine {
            self.dispatch(Action::NoEngine(fault));
        }
        works
    }

    /// Lists the ready-made models, and where that is wished, shows what there is to see of the
    /// first before the engine is there; whether there is a list.
    async fn list_models(&self, look: bool) -> bool {
        let listed = self.client.pretrained().await;
        let there = listed.is_ok();
        self.shelf(ShelfAction::Listed(listed));
        // Without it the stage waits for the engine; what is wrong then, the engine's pass says.
        if there
            && look
            && let Ok(Some(look)) = self.client.first_look().await
        {
            let slot = Slot::new(&look.name, look.trace, Some(Rc::new(look.weights)));
            self.dispatch(Action::Explore(ExploreAction::FirstLook(slot)));
        }
        there
    }

    /// Opens a ready-made model where no run is left to look into, as after one was stopped: that one,
    /// or the first. What is kept of a run is offered.
    pub fn open_instead(&self, name: Option<String>) {
        self.shelf(ShelfAction::Expected);
        let page = self.clone();
        spawn_local(async move {
            page.dispatch(Action::Kept(page.client.saved_run().await));
            let opened = page.client.open_instead(name.as_deref()).await;
            page.shelf(ShelfAction::First(opened.err()));
        });
    }

    /// Opens a ready-made model by its name. A run of the person's that is open gives way to it, and
    /// what is kept of that run is offered.
    pub fn open_ready_made(&self, name: String) {
        let page = self.clone();
        let left = self.client.status().run;
        let left = left.is_some_and(|run| run.ready_made.is_none());
        spawn_local(async move {
            let coming = |received, total| {
                page.shelf(ShelfAction::Opening(Opening { received, total }));
            };
            coming(0, None);
            let opened = page.client.open(&name, &coming).await;
            page.shelf(ShelfAction::Opened);
            match opened {
                Ok(_) if left => page.dispatch(Action::Kept(page.client.saved_run().await)),
                Ok(_) => {}
                Err(fault) => page.dispatch(Action::Failed(fault)),
            }
        });
    }

    /// Makes a run of the setup and trains: to its end, or that many steps.
    pub fn start(&self, setup: &Setup, prefer: Option<Backend>, steps: Option<u32>) {
        let Some(text) = setup.text() else {
            return;
        };
        let NamedText { label, text } = text.named().clone();
        let spec = RunSpec {
            config: setup.config,
            text,
            label,
            backend: prefer,
        };
        self.begin(steps, |client| async move {
            client.new_run(spec).await.map(drop)
        });
    }

    /// The present run once more, from its first step.
    pub fn restart(&self) {
        self.begin(
            None,
            |client| async move { client.restart().await.map(drop) },
        );
    }

    /// Takes up the run that an earlier visit left, to look into it as it is.
    pub fn open_kept(&self) {
        self.dispatch(Action::Asked);
        let page = self.clone();
        self.attempt(move |client| async move {
            client.resume_saved().await?;
            page.dispatch(Action::Answered);
            Ok(())
        });
    }

    /// Takes up the run that an earlier visit left, and trains on.
    pub fn resume_kept(&self) {
        self.begin(None, |client| async move {
            client.resume_saved().await.map(drop)
        });
    }

    fn begin<F>(&self, steps: Option<u32>, make: impl FnOnce(Client) -> F + 'static)
    where
        F: Future<Output = Result<(), Fault>> + 'static,
    {
        self.dispatch(Action::Asked);
        let page = self.clone();
        self.attempt(move |client| async move {
            make(client.clone()).await?;
            page.dispatch(Action::Answered);
            client.train(steps).await.map(drop)
        });
    }

    /// Trains on: to the end, or that many steps.
    pub fn train(&self, steps: Option<u32>) {
        self.attempt(move |client| async move { client.train(steps).await.map(drop) });
    }

    pub fn pause(&self) {
        self.attempt(|client| async move { client.pause().await });
    }

    /// Drops the run, and offers what was kept of it.
    pub fn stop(&self) {
        let page = self.clone();
        self.attempt(|client| async move {
            client.stop().await?;
            page.dispatch(Action::Kept(client.saved_run().await));
            Ok(())
        });
    }

    pub fn forget_kept(&self) {
        let page = self.clone();
        self.attempt(|client| async move {
            client.forget_saved().await;
            // Not before it is gone: a reload would offer it again.
            page.dispatch(Action::Kept(None));
            Ok(())
        });
    }

    /// Moves the run to the other backend; training goes on there by itself.
    pub fn move_to(&self, backend: Backend) {
        self.dispatch(Action::Asked);
        let page = self.clone();
        self.attempt(move |client| async move {
            client.move_to(backend).await?;
            page.dispatch(Action::Answered);
            Ok(())
        });
    }

    pub fn write(&self, prompt: String, options: Sampling) {
        self.attempt(move |client| async move {
            // The pieces come as notices too, and are shown from there: a script's as well.
            client.generate(prompt, options, |_| ()).await.map(drop)
        });
    }

    pub fn stop_writing(&self) {
        self.attempt(|client| async move { client.stop_generating().await });
    }

    /// Hands the model to the reader as a file.
    pub fn save_model(&self, name: String) {
        let page = self.clone();
        self.attempt(move |client| async move {
            let bytes = client.checkpoint(true).await?;
            save(&name, gloo::file::Blob::new(bytes.as_slice()))?;
            page.dispatch(Action::Done(format!("the model was saved as {name}")));
            Ok(())
        });
    }

    /// Opens a model from a file: it writes, but has no text to train on.
    pub fn open_model(&self, file: web_sys::File) {
        self.dispatch(Action::Asked);
        let page = self.clone();
        self.attempt(move |client| async move {
            let file = gloo::file::File::from(file);
            let bytes = gloo::file::futures::read_as_bytes(&file).await;
            let bytes = bytes.map_err(|error| {
                let why = format!(
                    "The file {} could not be read ({error}); choose it again.",
                    file.name()
                );
                Fault::new(FaultKind::Input, why)
            })?;
            client.load(bytes, None).await?;
            page.dispatch(Action::Answered);
            Ok(())
        });
    }

    /// Gives the present model, which has no text, the one of the setup to train on.
    pub fn train_on(&self, text: &Text) {
        let text = text.named().clone();
        self.begin(None, |client| async move {
            let bytes = client.checkpoint(true).await?;
            client.load(bytes, Some(text)).await.map(drop)
        });
    }

    /// Fetches a text and looks at it; `seed` decides what a built-in one says.
    pub fn choose(&self, wanted: Wanted, seed: u32) {
        let ticket = self.tickets.get() + 1;
        self.tickets.set(ticket);
        let source = match &wanted {
            Wanted::Source(source) => *source,
            Wanted::File(_) => Source::File,
            Wanted::Pasted(_) => Source::Paste,
        };
        self.setup(SetupAction::Choose { source, ticket });

        let page = self.clone();
        spawn_local(async move {
            let read = |reading| page.setup(SetupAction::Read { ticket, reading });
            let coming = |received, total| read(Reading::Coming { received, total });
            let named = match wanted {
                Wanted::Source(Source::Builtin(corpus)) => Ok(NamedText {
                    label: corpus.name().into(),
                    text: corpus.generate(seed),
                }),
                Wanted::Source(Source::Shakespeare) => {
                    coming(0, None);
                    page.client.tiny_shakespeare(&coming).await
                }
                // The box for it opens; what comes out of it is another choice.
                Wanted::Source(Source::File | Source::Paste) => return,
                Wanted::File(file) => {
                    coming(0, None);
                    page.client.read_file(file).await
                }
                Wanted::Pasted(text) => Ok(NamedText {
                    label: "pasted text".into(),
                    text,
                }),
            };
            let current = || page.tickets.get() == ticket;
            match named {
                Ok(named) => {
                    if let Some(text) = looked_through(named, current).await {
                        read(Reading::Here(text));
                    }
                }
                Err(fault) => read(Reading::Refused(fault.message)),
            }
        });
    }
}

/// Surveys a text with a breath for the page between its pieces, as long as it is wanted.
async fn looked_through(named: NamedText, wanted: impl Fn() -> bool) -> Option<Text> {
    let mut counter = Counter::default();
    let mut rest = named.text.as_str();
    while !rest.is_empty() {
        let (piece, tail) = survey::piece(rest);
        counter.read(piece);
        rest = tail;
        if !rest.is_empty() {
            gloo::timers::future::TimeoutFuture::new(0).await;
        }
        if !wanted() {
            return None;
        }
    }
    let survey = counter.finish(&named.text);
    Some(Text::new(named, survey))
}
