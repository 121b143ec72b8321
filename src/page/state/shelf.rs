//! The ready-made models: which there are, which is chosen, and whether one is on its way.

use super::setup::sentence;
use crate::config::Kind;
use crate::models::{Manifest, Pretrained};
use crate::protocol::Fault;
use crate::text::corpus::Corpus;
use std::rc::Rc;

/// What a model was trained for: its texts, in one word for a control's value.
pub fn task(model: &Pretrained) -> String {
    model.corpora.join("+")
}

/// The same for a reader.
pub fn task_title(model: &Pretrained) -> String {
    match model.corpora.as_slice() {
        [corpus] => text_title(corpus),
        _ => "Words and brackets".into(),
    }
}

/// A built-in text as its chooser calls it.
pub fn text_title(corpus: &str) -> String {
    let named = Corpus::ALL.into_iter().find(|c| c.name() == corpus);
    named.map_or_else(|| corpus.into(), |c| c.title().into())
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Models {
    #[default]
    Coming,
    Here(Rc<Manifest>),
    /// It cannot be had: why.
    Missing(String),
}

/// A model that is on its way: bytes, and of how many where that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    pub received: u64,
    pub total: Option<u64>,
}

/// What happens to the ready-made models.
#[derive(Clone, Debug)]
pub enum ShelfAction {
    Listed(Result<Rc<Manifest>, Fault>),
    /// As [`task`] names it.
    Task(String),
    Kind(Kind),
    /// The person's choice is on its way.
    Opening(Opening),
    /// It is there, or will not come.
    Opened,
    /// The page is about to open one by itself.
    Expected,
    /// The page opened one by itself, or will not; and why not, when that is an error.
    First(Option<Fault>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shelf {
    pub models: Models,
    task: String,
    kind: Kind,
    /// The kind that was chosen last: a task that lacks it does not make it forgotten.
    wished: Kind,
    pub opening: Option<Opening>,
    /// Whether the page may still open one by itself.
    pub first: bool,
    /// What was wrong with the one that the page wanted to open.
    pub problem: Option<String>,
}

impl Default for Shelf {
    fn default() -> Self {
        Shelf {
            models: Models::Coming,
            task: String::new(),
            kind: Kind::Standard,
            wished: Kind::Standard,
            opening: None,
            first: true,
            problem: None,
        }
    }
}

impl Shelf {
    pub fn reduce(&mut self, action: ShelfAction) {
        match action {
            ShelfAction::Listed(Ok(manifest)) => {
                self.models = Models::Here(Rc::clone(&manifest));
                let first = manifest.models.first();
                // A script may have opened another by now.
                if let Some(first) = first.filter(|_| self.chosen().is_none()) {
                    self.choose(first);
                }
            }
            ShelfAction::Listed(Err(fault)) => {
                self.models = Models::Missing(sentence(&fault.message));
            }
            ShelfAction::Task(task) => {
                self.task = task;
                self.kind = self.wished;
                // A kind that this task has not been trained with gives way to one that it has.
                let first = self.of_task().next().map(|model| model.kind);
                if self.chosen().is_none() {
                    self.kind = first.unwrap_or(self.kind);
                }
            }
            ShelfAction::Kind(kind) => {
                self.kind = kind;
                self.wished = kind;
            }
            ShelfAction::Opening(opening) => self.opening = Some(opening),
            ShelfAction::Opened => self.opening = None,
            ShelfAction::Expected => {
                self.first = true;
                self.problem = None;
            }
            ShelfAction::First(fault) => {
                self.first = false;
                self.problem = fault.map(|fault| sentence(&fault.message));
            }
        }
    }

    /// Shows a model's record, as when it was opened.
    pub fn choose(&mut self, model: &Pretrained) {
        // Else it was chosen here, and the kind perhaps only for want of the wished one.
        if self.chosen().is_none_or(|chosen| chosen.name != model.name) {
            self.wished = model.kind;
        }
        self.task = task(model);
        self.kind = model.kind;
    }

    /// The first model of each task, in the list's order.
    pub fn tasks(&self) -> impl Iterator<Item = &Pretrained> {
        let all = self.all();
        let first = |(i, model): &(usize, &Pretrained)| {
            let before = &all[..*i];
            before.iter().all(|other| other.corpora != model.corpora)
        };
        let firsts = all.iter().enumerate().filter(first);
        firsts.map(|(_, model)| model)
    }

    /// The chosen task's models.
    pub fn of_task(&self) -> impl Iterator<Item = &Pretrained> {
        let fits = |model: &&Pretrained| task(model) == self.task;
        self.all().iter().filter(fits)
    }

    pub fn chosen(&self) -> Option<&Pretrained> {
        self.of_task().find(|model| model.kind == self.kind)
    }

    fn all(&self) -> &[Pretrained] {
        match &self.models {
            Models::Here(manifest) => &manifest.models,
            Models::Coming | Models::Missing(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::state::tests::ready_made;

    fn shelf(names: &[(&str, Kind)]) -> Shelf {
        let models = names.iter().map(|(corpus, kind)| ready_made(corpus, *kind));
        let models = models.collect();
        let mut shelf = Shelf::default();
        shelf.reduce(ShelfAction::Listed(Ok(Rc::new(Manifest { models }))));
        shelf
    }

    #[test]
    fn the_first_of_the_list_is_chosen_and_a_task_keeps_the_kind_where_it_has_it() {
        let mut shelf = shelf(&[
            ("copy", Kind::Standard),
            ("copy", Kind::Additive),
            ("addition", Kind::Standard),
        ]);
        let chosen = |shelf: &Shelf| shelf.chosen().map(|m| (task(m), m.kind));
        let is = |task: &str, kind| Some((task.to_string(), kind));
        assert_eq!(chosen(&shelf), is("copy", Kind::Standard));
        shelf.reduce(ShelfAction::Task("addition".into()));
        assert_eq!(chosen(&shelf), is("addition", Kind::Standard));
        shelf.reduce(ShelfAction::Task("copy".into()));
        shelf.reduce(ShelfAction::Kind(Kind::Additive));
        assert_eq!(chosen(&shelf), is("copy", Kind::Additive));
        shelf.reduce(ShelfAction::Task("addition".into()));
        assert_eq!(chosen(&shelf), is("addition", Kind::Standard));
        // The kind that was wished comes back where there is one, also when the other was opened.
        shelf.choose(&ready_made("addition", Kind::Standard));
        shelf.reduce(ShelfAction::Task("copy".into()));
        assert_eq!(chosen(&shelf), is("copy", Kind::Additive));
        // A model that somebody else opened is a new wish.
        shelf.choose(&ready_made("copy", Kind::Standard));
        shelf.reduce(ShelfAction::Task("addition".into()));
        shelf.reduce(ShelfAction::Task("copy".into()));
        assert_eq!(chosen(&shelf), is("copy", Kind::Standard));
        let tasks: Vec<String> = shelf.tasks().map(task_title).collect();
        assert_eq!(tasks, ["Copy and reverse", "Addition"]);
    }

    #[test]
    fn an_empty_list_has_nothing_to_choose() {
        assert!(shelf(&[]).chosen().is_none() && Shelf::default().chosen().is_none());
        assert!(shelf(&[("facts", Kind::HeadGated)]).chosen().is_some());
    }
}
