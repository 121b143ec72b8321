//! The ready-made models that lie beside the page: their list, and opening one by its name.
//!
//! Nothing is fetched before it is asked for, and a model that is still on its way gives way to
//! whatever is asked for later.

use super::fault::{input, state};
use super::notice::Started;
use super::{Client, NamedText, Progress, address, download};
use crate::json;
use crate::models::{MANIFEST, Manifest, Pretrained};
use crate::protocol::Fault;
use crate::trace::{Arrays, Trace, TraceError};
use futures::future::try_join;
use js_sys::Uint8Array;
use std::rc::Rc;

/// A pass made beforehand, and the weights that it was made with.
#[derive(Clone, Debug)]
pub struct FirstLook {
    /// Which model it is of.
    pub name: String,
    pub trace: Trace,
    pub weights: Arrays,
}

/// A model's file, fetched before there was an engine to load it.
pub(super) struct Ahead {
    name: String,
    bytes: Vec<u8>,
}

/// The folder beside the page.
const FOLDER: &str = "models";

impl Client {
    pub(super) async fn manifest(&self) -> Result<Rc<Manifest>, Fault> {
        let here = self.0.manifest.borrow().clone();
        if let Some(manifest) = here {
            return Ok(manifest);
        }
        let manifest = listed().await.map_err(|fault| {
            let words = "The list of ready-made models cannot be had, so there are none to open";
            let advice = "Training a model of your own works all the same.";
            Fault::new(fault.kind, format!("{words}: {}. {advice}", bare(&fault)))
        })?;
        let manifest = Rc::new(manifest);
        *self.0.manifest.borrow_mut() = Some(Rc::clone(&manifest));
        Ok(manifest)
    }

    pub(super) async fn open_named(
        &self,
        name: &str,
        progress: Progress<'_>,
    ) -> Result<Rc<Started>, Fault> {
        let ticket = self.ask();
        let manifest = self.manifest().await?;
        let Some(model) = manifest.named(name) else {
            let names: Vec<&str> = manifest.models.iter().map(|m| m.name.as_str()).collect();
            let names = names.join(", ");
            return Err(input(format!(
                "there is no ready-made model \"{name}\"; there are {names}"
            )));
        };
        let wanted = || self.asked() == ticket;
        let opened = self.open_model(model, wanted, progress).await?;
        opened.ok_or_else(|| {
            state(format!(
                "{name} was not opened, since something else was asked for meanwhile."
            ))
        })
    }

    pub(super) async fn open_unasked(
        &self,
        wanted: Option<&str>,
        ticket: u32,
    ) -> Result<Option<Rc<Started>>, Fault> {
        let Some(model) = self.first_unasked(wanted, ticket).await? else {
            return Ok(None);
        };
        let free = || self.is_free(ticket);
        self.open_model(&model, free, &|_, _| {}).await
    }

    /// Whether there is no run, and nothing was asked for since `ticket` was drawn. A run that was
    /// asked for before may still be in the making.
    fn is_free(&self, ticket: u32) -> bool {
        self.with(|state| state.asked == ticket && state.run.is_none())
    }

    /// The model that the page opens by itself, as long as nobody asks for anything else.
    async fn first_unasked(
        &self,
        wanted: Option<&str>,
        ticket: u32,
    ) -> Result<Option<Pretrained>, Fault> {
        if !self.is_free(ticket) {
            return Ok(None);
        }
        let manifest = self.manifest().await?;
        let first = match wanted {
            Some(name) => manifest.named(name),
            None => manifest.models.first(),
        };
        Ok(first.filter(|_| self.is_free(ticket)).cloned())
    }

    pub(super) async fn look_unasked(&self) -> Result<Option<FirstLook>, Fault> {
        let Some(first) = self.first_unasked(None, 0).await? else {
            return Ok(None);
        };
        let Some(file) = first.trace_file() else {
            return Ok(None);
        };
        let (trace, model) = try_join(fetched(&file), fetched(&first.file())).await?;
        let foreign = |e: TraceError| input(format!("{file} cannot be shown: {e}"));
        let look = FirstLook {
            name: first.name.clone(),
            trace: Trace::from_safetensors(&trace).map_err(foreign)?,
            weights: Arrays::from_safetensors(&model).map_err(foreign)?,
        };
        *self.0.ahead.borrow_mut() = Some(Ahead {
            name: first.name,
            bytes: model,
        });
        Ok(Some(look))
    }

    /// Fetches a model and makes it the present run; `None` when by then it is not wanted any more.
    async fn open_model(
        &self,
        model: &Pretrained,
        wanted: impl Fn() -> bool,
        progress: Progress<'_>,
    ) -> Result<Option<Rc<Started>>, Fault> {
        let refused = |fault: Fault| {
            let why = bare(&fault);
            Fault::new(
                fault.kind,
                format!(
                    "The ready-made model {} cannot be opened: {why}.",
                    model.name
                ),
            )
        };
        let ahead = self.0.ahead.take().filter(|ahead| ahead.name == model.name);
        let bytes = match ahead {
            Some(ahead) => ahead.bytes,
            None => {
                let url = beside(&model.file())?;
                let bytes = download::bytes(&url, None, progress).await;
                bytes.map_err(refused)?
            }
        };
        // Looked at only now, and with the turn taken: from here on nobody comes in between.
        let _turn = self.0.turn.lock().await;
        if !wanted() {
            return Ok(None);
        }
        let named = NamedText {
            label: model.name.clone(),
            text: String::new(),
        };
        let bytes = Uint8Array::from(bytes.as_slice());
        let opened = self
            .take_up_kept(&bytes, named, Some(Rc::new(model.clone())))
            .await;
        opened.map(Some).map_err(refused)
    }
}

async fn listed() -> Result<Manifest, Fault> {
    let bytes = fetched(MANIFEST).await?;
    json::read(&String::from_utf8_lossy(&bytes))
        .map_err(|e| input(format!("{MANIFEST} is no such list ({e})")))
}

/// A file of the folder, without telling how far it is.
async fn fetched(name: &str) -> Result<Vec<u8>, Fault> {
    download::bytes(&beside(name)?, None, &|_, _| {}).await
}

fn beside(name: &str) -> Result<String, Fault> {
    address::beside(&format!("{FOLDER}/{name}"))
}

/// The fault's words without a full stop, for a longer sentence.
fn bare(fault: &Fault) -> &str {
    fault.message.trim_end_matches('.')
}
