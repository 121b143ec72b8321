//! What workers say of their own accord, and what is kept of it.

use super::link::{Heard, Link};
use super::notice::Notice;
use super::state::Saved;
use super::{Client, SavedRun};
use crate::protocol::Event;
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

impl Client {
    /// Takes in what a worker says of its own accord.
    pub(super) fn hear(&self, link: &Link, heard: Heard) {
        let in_use = self.with(|state| {
            let engine = state.engine.as_ref();
            engine.is_some_and(|engine| std::ptr::eq(Rc::as_ptr(&engine.link), link))
        });
        match heard {
            Heard::Event(Event::Warming { done }, _) => self.tell(&Notice::Warming(done)),
            Heard::Event(event, payloads) if in_use => self.hear_event(event, payloads),
            Heard::Broken(fault) if in_use => {
                self.with(|state| {
                    state.broken = Some((link.build.backend(), fault));
                    state.engine = None;
                });
                let client = self.clone();
                // What it fails with is told by `bury`.
                spawn_local(async move {
                    let _ = client.live().await;
                });
            }
            // An engine on its way in or out: who waits for it hears of it.
            Heard::Event(..) | Heard::Broken(_) => {}
        }
    }

    fn hear_event(&self, event: Event, mut payloads: Vec<Vec<u8>>) {
        match event {
            Event::Steps(reports) => {
                self.with(|state| {
                    if let (Some(run), Some(last)) = (&mut state.run, reports.last()) {
                        run.step = last.step;
                        run.last = Some(*last);
                    }
                });
                self.tell(&Notice::Steps(reports));
            }
            Event::Wrote { id, text } => {
                let on_piece = self.with(|state| {
                    let writing = state.writing.as_ref().filter(|writing| writing.id == id);
                    writing.map(|writing| Rc::clone(&writing.on_piece))
                });
                if let Some(on_piece) = on_piece {
                    on_piece(&text);
                    self.tell(&Notice::Wrote(text));
                }
            }
            Event::Threads(threads) => self.tell(&Notice::Threads(threads)),
            Event::Saved { step } => {
                if let Some(bytes) = payloads.pop() {
                    let bytes = Uint8Array::from(bytes.as_slice());
                    self.keep(Saved { step, bytes });
                }
            }
            // The link answers the first and the last itself, `hear` the second.
            Event::Reply { .. } | Event::Warming { .. } | Event::Broken { .. } => {}
        }
    }

    /// Keeps a state, in memory for a worker that breaks, in the browser for the next visit.
    fn keep(&self, saved: Saved) {
        let kept = self.with(|state| {
            let run = state.run.as_mut()?;
            if run
                .saved
                .as_ref()
                .is_none_or(|before| before.step < saved.step)
            {
                run.failures = 0;
            }
            run.saved = Some(saved.clone());
            Some(run.kept(&saved))
        });
        // While one state is written the next may come; of those that wait the latest is enough.
        let busy = self.with(|state| std::mem::replace(&mut state.keeping, true));
        self.with(|state| state.to_keep = kept);
        if busy {
            return;
        }
        let client = self.clone();
        spawn_local(async move {
            while let Some(kept) = client.with(|state| state.to_keep.take()) {
                let step = kept.about.step;
                match client.0.storage.keep(&kept).await {
                    Ok(()) => {
                        client.with(|state| state.storage_problem = None);
                        client.tell(&Notice::Saved { step });
                    }
                    Err(problem) => client.storage_problem(problem),
                }
            }
            client.with(|state| state.keeping = false);
        });
    }

    /// Says once what is wrong with the storage, not with every state anew.
    pub(super) fn storage_problem(&self, problem: String) {
        let news = self.with(|state| {
            let before = state.storage_problem.replace(problem.clone());
            before.as_ref() != Some(&problem)
        });
        if news {
            self.tell(&Notice::Storage(problem));
        }
    }

    pub(super) async fn about_kept(&self) -> Option<SavedRun> {
        match self.0.storage.about().await {
            Ok(about) => about,
            Err(problem) => {
                self.storage_problem(problem);
                None
            }
        }
    }
}
