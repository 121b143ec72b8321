//! Everything the page knows, in one [`State`], and the one function that changes it.
//!
//! The reducer is pure: what talks to the client is in `deeds`, and the losses, which come too
//! often to be copied with the state, are in `live`.

pub mod explore;
pub mod run;
pub mod setup;
pub mod shelf;
pub mod writing;

use crate::client::{Notice, SavedRun, Started};
use crate::models::Pretrained;
use crate::page::link::quoted;
use crate::page::live::Progress;
use crate::page::theme::Theme;
use crate::protocol::{Backend, Fault};
use crate::text::corpus::Corpus;
use explore::{Arrival, Explore, ExploreAction};
use run::{Engine, Phase, Run};
use setup::{Setup, SetupAction, Source, sentence};
use shelf::{Models, Shelf, ShelfAction};
use std::rc::Rc;
use writing::{Writing, WritingAction, unknown_characters};
use yew::Reducible;

/// The texts of the model that the page opens with.
const FIRST_CORPORA: [Corpus; 3] = [Corpus::Adjectives {}, Corpus::Copy {}, Corpus::Brackets {}];

/// Alerts shown at once; an older one makes room.
const ALERTS: usize = 4;

/// How much an alert matters: decides its colour and whether it interrupts a screen reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something went well.
    Good,
    /// Something the person should know; work goes on.
    Notice,
    /// Something that was asked for was not done.
    Wrong,
}

/// A message that stays until it is dismissed.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub id: u32,
    pub tone: Tone,
    pub message: String,
    /// The model that it speaks of, by its label: gone when another one is open.
    of_model: Option<String>,
}

/// What can happen to the page.
#[derive(Clone, Debug)]
pub enum Action {
    /// The client told something.
    Heard(Notice),
    /// The client has a run: a new one, or the present one elsewhere.
    Began {
        started: Rc<Started>,
        training: bool,
    },
    /// Where training is by now, a few times a second.
    Progressed(Progress),
    /// What the model wrote since the last frame.
    Wrote(String),
    /// A run was asked for: from now on the run bar shows how far it is.
    Asked,
    /// The run asked for is there, or will not come.
    Answered,
    /// Something asked for was not done.
    Failed(Fault),
    /// No engine can be had, as far as the page asked of itself.
    NoEngine(Fault),
    /// Something asked for was done, and nothing else on the page shows it.
    Done(String),
    /// Something else that the person should know.
    Told(Tone, String),
    /// What is to be said of the model of that label, as long as no other one is chosen.
    ToldOf(String, String),
    /// A link was followed, or it is known by now which model reads it.
    Follow(Arrival),
    Setup(SetupAction),
    Writing(WritingAction),
    Explore(ExploreAction),
    Shelf(ShelfAction),
    /// The run kept in the browser, looked up.
    Kept(Option<SavedRun>),
    /// The backend of the next run; `None` takes the best there is.
    Prefer(Option<Backend>),
    Theme(Theme),
    Dismiss(u32),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub engine: Engine,
    pub setup: Setup,
    pub run: Option<Run>,
    /// Whether a run was asked for and is not there yet.
    pub asked: bool,
    pub writing: Writing,
    pub explore: Explore,
    pub shelf: Shelf,
    /// The run kept in the browser by an earlier visit, while it is offered.
    pub kept: Option<SavedRun>,
    pub prefer: Option<Backend>,
    pub alerts: Vec<Alert>,
    pub theme: Theme,
    last_alert: u32,
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        state.apply(action);
        Rc::new(state)
    }
}

impl State {
    pub fn new(theme: Theme) -> Self {
        State {
            theme,
            ..State::default()
        }
    }

    pub fn phase(&self) -> Phase {
        run::phase(&self.engine, self.run.as_ref(), self.asked)
    }

    /// The open run, unless it is a ready-made model: that one is only looked at, and what is asked
    /// of the page is then as without a run.
    pub fn own_run(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| !run.is_ready_made())
    }

    /// Whether a ready-made model is open for writing, or comes by itself.
    pub fn is_exhibiting(&self) -> bool {
        let awaited = self.run.is_none() && self.shelf.first;
        let shown = self.run.as_ref().is_some_and(Run::is_ready_made);
        self.phase() == Phase::Idle && (awaited || shown)
    }

    /// Whether there is nothing to look into and nothing on its way, though there could be: then the
    /// page opens a ready-made model.
    pub fn is_bare(&self) -> bool {
        let (engine, models) = (&self.engine, &self.shelf.models);
        let able = !matches!(engine, Engine::Failed(_)) && matches!(models, Models::Here(_));
        let coming = self.asked || self.shelf.first || self.shelf.opening.is_some();
        // What was wrong once is not tried again and again.
        able && self.run.is_none() && !coming && self.shelf.problem.is_none()
    }

    /// Whether what begins is the person's present run, moved elsewhere, and not another one.
    fn goes_on(&self, started: &Started) -> bool {
        let same = |run: &Run| {
            run.started.label == started.label && run.started.info.config == started.info.config
        };
        started.ready_made.is_none() && started.info.step > 0 && self.own_run().is_some_and(same)
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::Heard(notice) => self.hear(notice),
            Action::Began { started, training } => {
                self.engine = Engine::Ready(started.engine.clone());
                self.shelf.first = false;
                match started.ready_made.clone() {
                    Some(model) => {
                        self.shelf.choose(&model);
                        if !self.run.as_ref().is_some_and(|run| run.is(&model)) {
                            self.writing.offer(&model.prompt, &started.info.vocab);
                        }
                    }
                    // A ready-made model is no run of the person's: the setup and what is kept of
                    // an earlier one stay.
                    None => {
                        self.kept = None;
                        let config = started.info.config;
                        let before = self.own_run().map(|run| run.started.info.config);
                        if before != Some(config) {
                            self.setup.adopt(config);
                        }
                        self.keep_prompt(&started);
                    }
                }
                let other = |label: &String| *label != started.label;
                self.alerts
                    .retain(|alert| !alert.of_model.as_ref().is_some_and(other));
                let proposal = self.beginning(&started);
                let corpora = self.corpora_of(&started);
                let held = self.explore.frozen && self.goes_on(&started);
                self.explore.begin(&started, &proposal, &corpora);
                self.explore.frozen = held;
                self.run = Some(Run::new(started, training));
                self.propose_prompt();
                self.receive();
            }
            Action::Progressed(progress) => {
                if let Some(run) = &mut self.run {
                    run.progress = progress;
                    run.warming = None;
                }
            }
            Action::Wrote(text) => self.writing.write(&text),
            Action::Asked => {
                self.asked = true;
                self.alerts.retain(|alert| alert.tone != Tone::Wrong);
            }
            Action::Answered => self.asked = false,
            Action::Failed(fault) => {
                self.asked = false;
                if let Some(run) = &mut self.run {
                    run.warming = None;
                }
                self.alert(Tone::Wrong, &fault.message);
            }
            Action::NoEngine(fault) => {
                self.engine = Engine::Failed(sentence(&fault.message));
                self.alert(Tone::Wrong, &fault.message);
            }
            Action::Done(message) => self.alert(Tone::Good, &message),
            Action::Told(tone, message) => self.alert(tone, &message),
            Action::ToldOf(label, message) => {
                self.alerts.retain(|alert| alert.of_model.is_none());
                self.alert(Tone::Notice, &message);
                if let Some(alert) = self.alerts.last_mut() {
                    alert.of_model = Some(label);
                }
            }
            Action::Follow(arrival) => {
                self.explore.follow(arrival);
                self.receive();
            }
            Action::Setup(action) => {
                self.setup.reduce(action);
                self.propose_prompt();
            }
            Action::Writing(action) => self.writing.reduce(action),
            Action::Explore(action) => {
                self.explore.reduce(action);
                self.remark();
            }
            Action::Shelf(action) => self.shelf.reduce(action),
            // While one is open, what is kept is its own.
            Action::Kept(kept) => self.kept = kept.filter(|_| self.own_run().is_none()),
            Action::Prefer(backend) => self.prefer = backend,
            Action::Theme(theme) => self.theme = theme,
            Action::Dismiss(id) => self.alerts.retain(|alert| alert.id != id),
        }
    }

    fn hear(&mut self, notice: Notice) {
        match notice {
            Notice::Download {
                backend,
                received,
                total,
            } => {
                self.engine = Engine::Downloading {
                    backend,
                    received,
                    total,
                };
            }
            Notice::Starting(backend) => self.engine = Engine::Starting(backend),
            Notice::Ready(info) => self.engine = Engine::Ready(info),
            Notice::Warming(done) => {
                if let Some(run) = &mut self.run {
                    run.warming = (done < 1.0).then_some(done);
                }
            }
            Notice::Training(training) => {
                if let Some(run) = &mut self.run {
                    run.training = training;
                    run.warming = None;
                }
            }
            Notice::Threads(threads) => {
                if let Some(run) = &mut self.run {
                    run.threads = Some(threads);
                }
            }
            Notice::Trained(summary) => {
                if let Some(run) = &mut self.run {
                    run.progress.step = summary.step;
                    run.progress.val_loss = summary.val_loss.or(run.progress.val_loss);
                }
            }
            Notice::Writing { prompt } => self.writing.begin(prompt),
            Notice::Written => self.writing.active = false,
            Notice::Saved { step } => {
                if let Some(run) = &mut self.run {
                    run.kept = Some(step);
                }
            }
            Notice::Storage(message) => self.alert(Tone::Notice, &message),
            Notice::Replaced {
                reason,
                backend,
                step,
            } => {
                let on = match backend {
                    Backend::Webgpu => "WebGPU",
                    Backend::Cpu => "the CPU",
                };
                let message = format!(
                    "{} It goes on after step {step}, on {on}.",
                    sentence(&reason)
                );
                self.alert(Tone::Notice, &message);
            }
            Notice::Stopped => {
                self.run = None;
                self.explore.end();
                self.asked = false;
                self.writing.active = false;
            }
            Notice::Failed(fault) => {
                self.apply(Action::Failed(fault));
                self.writing.active = false;
            }
            // A question of the scripting; the page does not ask it.
            Notice::Evaluated { .. } => {}
            // `live` makes actions of their own of these.
            Notice::Run(_) | Notice::Steps(_) | Notice::Wrote(_) => {}
        }
    }

    /// A text to look into a model with, after which there is something to guess: an example of what
    /// it learned first; of a run, the prompt that the person wrote, an example of its text, or a part of its first line.
    fn beginning(&self, started: &Started) -> String {
        let vocab = &started.info.vocab;
        if let Some(model) = &started.ready_made {
            let corpus = model.corpora.first().map(|name| Corpus::named(name));
            let example = corpus.and_then(Result::ok).and_then(Corpus::example);
            let read = example.filter(|example| unknown_characters(example, vocab).is_none());
            return read.unwrap_or(&model.prompt).into();
        }
        if let Some(prompt) = self.writing.own_prompt()
            && unknown_characters(prompt, vocab).is_none()
        {
            return prompt.into();
        }
        if let Some(example) = self.corpus_of(started).and_then(Corpus::example) {
            return example.into();
        }
        let text = self.setup.text().filter(|t| t.label() == started.label);
        let line = text.and_then(|text| text.survey().preview.lines().next());
        beginning_of(line.unwrap_or_default()).into()
    }

    /// The built-in texts that the model which is looked into learned from, or the one that comes.
    pub fn corpora(&self) -> Vec<Corpus> {
        match (&self.run, self.shelf.chosen()) {
            (Some(run), _) => self.corpora_of(&run.started),
            (None, Some(model)) => named(model),
            // As the first of the list: what comes in a moment is not to move the page.
            (None, None) => FIRST_CORPORA.to_vec(),
        }
    }

    fn corpora_of(&self, started: &Started) -> Vec<Corpus> {
        match &started.ready_made {
            Some(model) => named(model),
            None => self.corpus_of(started).into_iter().collect(),
        }
    }

    /// The built-in text that a run learns from, with the options of the setup, if it is one.
    fn corpus_of(&self, started: &Started) -> Option<Corpus> {
        match self.setup.source {
            Source::Builtin(corpus) if corpus.name() == started.label => Some(corpus),
            Source::Builtin(_) | Source::Shakespeare | Source::File | Source::Paste => {
                Corpus::named(&started.label).ok()
            }
        }
    }

    /// The person's prompt stays for a new run, unless it cannot be read there, which is said.
    fn keep_prompt(&mut self, started: &Started) {
        let same = |run: &Run| run.started.label == started.label;
        if self.own_run().is_some_and(same) {
            return;
        }
        if let Some(prompt) = self.writing.give_up(&started.info.vocab) {
            let words = format!(
                "Your prompt {} has characters that this run does not know: it was taken out of the \
                 prompt box",
                quoted(&prompt)
            );
            self.alert(Tone::Notice, &words);
        }
    }

    /// The present run's text begins the prompt, as long as it is the one in the setup.
    fn propose_prompt(&mut self) {
        let Some(text) = self.setup.text() else {
            return;
        };
        let other = |run: &Run| run.started.label != text.label();
        if !self.run.as_ref().is_some_and(other) {
            self.writing.propose(&text.survey().first_word);
        }
    }

    /// The link that was followed meets the model that is open.
    fn receive(&mut self) {
        if let Some(run) = &self.run {
            for (knob, text) in self.explore.receive(&run.started) {
                self.writing.reduce(WritingAction::Turn(knob, text));
                self.writing.reduce(WritingAction::Leave(knob));
            }
        }
        self.remark();
    }

    /// Says what of a link could not be done.
    fn remark(&mut self) {
        let remarks = std::mem::take(&mut self.explore.remarks);
        if !remarks.is_empty() {
            let sentences: Vec<String> = remarks.iter().map(|words| sentence(words)).collect();
            self.alert(Tone::Notice, &sentences.join(" "));
        }
    }

    fn alert(&mut self, tone: Tone, message: &str) {
        let message = sentence(message);
        // What went well before is no news any more.
        self.alerts
            .retain(|alert| alert.message != message && alert.tone != Tone::Good);
        if self.alerts.len() >= ALERTS {
            self.alerts.remove(0);
        }
        self.last_alert += 1;
        self.alerts.push(Alert {
            id: self.last_alert,
            tone,
            message,
            of_model: None,
        });
    }
}

/// The built-in texts that a ready-made model learned from.
fn named(model: &Pretrained) -> Vec<Corpus> {
    let names = model.corpora.iter();
    names.filter_map(|name| Corpus::named(name).ok()).collect()
}

/// The longest part of a line that is taken as a text to look at, in characters.
const LONGEST_BEGINNING: usize = 40;

/// The part of a line up to its last word or number, or the first half of it where it has only one:
/// what follows is left to be guessed.
fn beginning_of(line: &str) -> &str {
    let line = line.trim_end_matches('…');
    let end = line.char_indices().nth(LONGEST_BEGINNING);
    let line = end.map_or(line, |(at, _)| &line[..at]);
    let words = line.trim_end_matches(|c: char| !c.is_alphanumeric());
    let last = words.trim_end_matches(char::is_alphanumeric);
    if last.is_empty() {
        let half = line.chars().count().div_ceil(2);
        let end = line.char_indices().nth(half);
        return end.map_or(line, |(at, _)| &line[..at]);
    }
    last
}

#[cfg(test)]
pub(super) mod tests;
