//! Which model reads a link's text: the one that it was made with, where that can be had, else the
//! nearest; and what the reader of the page is told then.

use super::{Link, Model, quoted};
use crate::config::Kind;
use crate::models::{Manifest, Pretrained};
use crate::page::letters::lower;

/// The model that is to read it.
#[derive(Clone, Debug, PartialEq)]
pub enum Reader {
    /// Not known yet: the list of models is on its way.
    Unknown,
    /// Whichever is there, or comes first.
    Any,
    /// The one that the page calls so; it is open.
    Called(String),
    /// The run of that name which is kept in the browser, and must be taken up again.
    Kept(String),
    /// A ready-made model of that name, which must be opened.
    Open(String),
}

/// The run that is kept in the browser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept<'a> {
    pub label: &'a str,
    pub step: u32,
}

/// The model that is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Present {
    pub label: String,
    pub kind: Kind,
    pub step: u32,
    /// Whether it is the person's own run, and not a model that came with the page.
    pub own: bool,
}

/// Decides, with what is open, what there is to open, and which run is kept.
pub fn reader(
    link: &Link,
    present: Option<&Present>,
    models: Option<&Manifest>,
    kept: Option<Kept<'_>>,
) -> (Reader, Option<String>) {
    let own = present.filter(|present| present.own);
    match &link.model {
        Some(Model::ReadyMade(name)) => match (present, own) {
            (Some(present), _) if !present.own && present.label == *name => {
                (Reader::Called(name.clone()), None)
            }
            (_, Some(own)) => {
                let words = format!(
                    "This link was made with the model {}. A run of yours is open, and opening \
                     another model would end it: here {} reads the link's text. Stop the run on the \
                     Train page and open the link again to see what it shows",
                    quoted(name),
                    own.label
                );
                (Reader::Called(own.label.clone()), Some(words))
            }
            (..) => match models.and_then(|models| models.named(name)) {
                Some(model) => (Reader::Open(model.name.clone()), None),
                None => {
                    let missing = format!("There is no ready-made model {} here", quoted(name));
                    instead(link, present, models, missing)
                }
            },
        },
        Some(Model::Own(label)) => match (own, kept) {
            (Some(own), _) if own.label == *label && link.kind.is_none_or(|k| k == own.kind) => {
                let other = link.step.filter(|step| *step != own.step);
                let words = other.map(|step| {
                    format!(
                        "This link was made at step {step} of the run, which is at step {} now: its \
                         numbers are others",
                        own.step
                    )
                });
                (Reader::Called(label.clone()), words)
            }
            (None, Some(kept)) if kept.label == label => {
                let other = link.step.filter(|step| *step != kept.step);
                let words = other.map(|step| {
                    format!(
                        "This link was made at step {step} of the run, which is kept here as it was \
                         at step {}: its numbers are others",
                        kept.step
                    )
                });
                (Reader::Kept(label.clone()), words)
            }
            (..) => {
                let missing = format!(
                    "This link was made while looking into a run of its maker's own ({}): that \
                     model is not in this browser",
                    facts(link, label)
                );
                instead(link, present, models, missing)
            }
        },
        None => match (present, link.kind) {
            (Some(present), kind) if present.own || kind.is_none_or(|k| k == present.kind) => {
                (Reader::Called(present.label.clone()), None)
            }
            (_, None) => (Reader::Any, None),
            (_, Some(kind)) => match models.and_then(|models| of_kind(models, kind)) {
                Some(model) => (Reader::Open(model.name.clone()), None),
                None => (Reader::Any, None),
            },
        },
    }
}

/// The nearest model that can be had, and that it is not the one that was meant.
fn instead(
    link: &Link,
    present: Option<&Present>,
    models: Option<&Manifest>,
    missing: String,
) -> (Reader, Option<String>) {
    let stays = present.filter(|present| present.own || link.kind == Some(present.kind));
    let like = models.and_then(|models| link.kind.and_then(|kind| of_kind(models, kind)));
    let first = models.and_then(|models| models.models.first());
    let reader = match (stays, like.or(first)) {
        (Some(present), _) => Reader::Called(present.label.clone()),
        (None, Some(model)) if present.is_some_and(|present| present.label == model.name) => {
            Reader::Called(model.name.clone())
        }
        (None, Some(model)) => Reader::Open(model.name.clone()),
        (None, None) => Reader::Any,
    };
    let words = match &reader {
        Reader::Called(name) | Reader::Kept(name) | Reader::Open(name) => {
            format!("{missing}. The text and the place are kept; here they are read by {name}")
        }
        Reader::Any | Reader::Unknown => missing,
    };
    (reader, Some(words))
}

fn of_kind(models: &Manifest, kind: Kind) -> Option<&Pretrained> {
    models.models.iter().find(|model| model.kind == kind)
}

/// What the link knows of a run that is not here.
fn facts(link: &Link, label: &str) -> String {
    let mut facts = vec![quoted(label)];
    if let Some(kind) = link.kind {
        facts.push(format!("{} attention", lower(kind.label())));
    }
    if let Some(step) = link.step {
        facts.push(format!("step {step}"));
    }
    facts.join(", ")
}
