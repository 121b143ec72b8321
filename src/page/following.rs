//! The address bar: reads a link when the page opens or another one is put there, finds the model
//! that is to read it, and keeps the address at what is looked at.
//!
//! The address changes in place, so that the back button leaves the page and does not walk through
//! everything that was looked at. An entry of the browser's history that the page wrote itself
//! carries a mark, by which it is told from a link that somebody followed: going back to one's own
//! entry, from the Train page say, shows what one was looking at last, and opens nothing.

use super::deeds::Page;
use super::link::reader::{Kept, Present, Reader, reader};
use super::link::{Link, Model};
use super::route::Route;
use super::state::explore::Arrival;
use super::state::{Action, Tone};
use crate::protocol::Fault;
use gloo::events::EventListener;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// The address's hash as it is now.
pub fn hash() -> String {
    gloo::utils::window().location().hash().unwrap_or_default()
}

/// The mark of the present entry of the history; `None` when the page did not write it.
fn mark() -> Option<f64> {
    let history = gloo::utils::window().history();
    history.and_then(|history| history.state()).ok()?.as_f64()
}

impl Page {
    /// Writes a link into the address, in the place of what stood there.
    pub fn address(&self, link: &Link) {
        let (here, to) = (hash(), link.hash());
        // Who is just leaving, and whom the page has not heard of yet, is not to be held back.
        let leaving = Route::from_hash(&here) != Route::Explore;
        if leaving || (here == to && mark().is_some()) {
            return;
        }
        if let Ok(history) = gloo::utils::window().history() {
            let mark = self.entry.get().into();
            // Refused only to a page that writes hundreds of times in a moment: the next one counts.
            let _ = history.replace_state_with_url(&mark, "", Some(&to));
        }
    }

    /// The link with which the page was opened, if there is one.
    pub(super) fn arrive(&self) -> Option<Link> {
        self.entry.set(mark().unwrap_or_else(js_sys::Date::now));
        self.linked()
    }

    /// Reads the address; what is damaged in it is said.
    fn linked(&self) -> Option<Link> {
        let (link, unread) = Link::read(&hash());
        if !unread.is_empty() {
            self.dispatch(Action::Told(Tone::Notice, unread.join(". ")));
        }
        (!link.is_empty()).then(|| {
            self.await_reader(&link, Reader::Unknown);
            link
        })
    }

    fn await_reader(&self, link: &Link, reader: Reader) {
        self.dispatch(Action::Follow(Arrival::new(link.clone(), reader)));
    }

    /// The first model of a visit: the link's, else the first of those that come with the page.
    pub(super) async fn open_first(&self, link: Option<Link>) -> Result<(), Fault> {
        let reader = match link {
            Some(link) => self.choose_reader(&link).await,
            None => Reader::Any,
        };
        let wanted = match reader {
            Reader::Open(name) => Some(name),
            Reader::Kept(_) => match self.client.resume_saved().await {
                Ok(_) => return Ok(()),
                Err(fault) => {
                    self.dispatch(Action::Failed(fault));
                    None
                }
            },
            Reader::Unknown | Reader::Any | Reader::Called(_) => None,
        };
        let first = self.client.open_first(wanted.as_deref()).await;
        first.map(drop)
    }

    /// Another link was put into the address of the open page.
    fn follow(&self, link: Link) {
        let page = self.clone();
        spawn_local(async move {
            match page.choose_reader(&link).await {
                Reader::Open(name) => page.open_ready_made(name),
                Reader::Kept(_) => page.open_kept(),
                Reader::Unknown | Reader::Any | Reader::Called(_) => {}
            }
        });
    }

    /// Decides which model reads a link, and says so.
    async fn choose_reader(&self, link: &Link) -> Reader {
        // Without a list there is nothing to open, which the page says by itself.
        let models = self.client.pretrained().await.ok();
        let kept = match &link.model {
            Some(Model::Own(_)) => self.client.saved_run().await,
            Some(Model::ReadyMade(_)) | None => None,
        };
        let run = self.client.status().run;
        let present = run.map(|run| Present {
            label: run.label.clone(),
            kind: run.info.config.model.attention.kind(),
            step: self
                .live
                .with_history(|history| history.last_step())
                .max(run.info.step),
            own: run.ready_made.is_none(),
        });
        let kept = kept.as_ref().map(|kept| Kept {
            label: &kept.label,
            step: kept.step,
        });
        let (reader, words) = reader(link, present.as_ref(), models.as_deref(), kept);
        if let Some(words) = words {
            self.dispatch(match &reader {
                Reader::Called(name) | Reader::Kept(name) | Reader::Open(name) => {
                    Action::ToldOf(name.clone(), words)
                }
                Reader::Any | Reader::Unknown => Action::Told(Tone::Notice, words),
            });
        }
        self.await_reader(link, reader.clone());
        reader
    }
}

/// Follows every link that is put into the address while the page is open.
#[hook]
pub fn use_followed(page: &Page) {
    let page = page.clone();
    use_effect_with((), move |()| {
        let window = gloo::utils::window();
        let listener = EventListener::new(&window, "hashchange", move |_| {
            let mark = mark();
            if mark == Some(page.entry.get()) {
                return;
            }
            if let Some(link) = page.linked() {
                page.entry.set(mark.unwrap_or_else(js_sys::Date::now));
                page.follow(link);
            }
        });
        move || drop(listener)
    });
}
