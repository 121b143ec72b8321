//! What is looked at on the Explore page: a sentence, a place in its journey, a number.

mod action;
mod arrival;
mod changes;
mod picking;
mod searched;
mod slot;
pub mod write_on;

pub use action::ExploreAction;
pub use arrival::Arrival;
pub use changes::{same_number, token_of, unset};
pub use picking::each_key;
pub use searched::Searched;
pub use slot::{Shown, Slot};

use super::writing::unknown_characters;
use crate::client::Started;
use crate::explain::Cell;
use crate::models::telling::{Telling, telling};
use crate::page::explore::journey::{Scene, Stop, nearest};
use crate::page::letters::letter_or_digit;
use crate::text::corpus::Corpus;
use crate::trace::Intervention;
use write_on::{Next, Pace, WriteOn};

/// The slowest and the fastest that the scenes play.
pub const SPEEDS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// Characters that the text field takes, the last of what is written there; the engine looks at the
/// last block of them.
pub const LONGEST: usize = 2_000;

/// Where the scene stands. `moved` counts whatever moves it but the clock itself, so that a clock
/// knows when to start from `time` again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playhead {
    pub time: f64,
    pub playing: bool,
    pub speed: f64,
    /// Whether scenes are not read, but only seen to happen.
    pub brisk: bool,
    pub moved: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Explore {
    pub text: String,
    /// Whether the person wrote the text; until then the page proposes one.
    touched: bool,
    /// The text as the person left it, while the model's characters stand behind it.
    pub own: Option<String>,
    pub shown: Option<Slot>,
    /// While a changed pass is shown, the same one without the changes, where it is at hand.
    pub unchanged: Option<Slot>,
    /// What is known of the heads of the latest sentence that was searched.
    searched: Option<Searched>,
    /// Why there is no pass of the present text.
    pub problem: Option<String>,
    pub token: usize,
    pub head: usize,
    /// The place in the journey.
    pub stop: usize,
    pub playhead: Playhead,
    /// The number that the card explains; `None` is the scene's own choice.
    pub picked: Option<Cell>,
    /// The numbers by which one came to it on the card.
    pub trail: Vec<Cell>,
    /// Whether the scenes are shown, and not the overview.
    pub open: bool,
    pub frozen: bool,
    /// Whether the keys are listed.
    pub help: bool,
    /// Whether it is shown large, to a room. That is of this screen, and no part of a link.
    pub presenting: bool,
    pub pokes: Vec<Intervention>,
    pub threshold: f64,
    /// Whether grids show queries as columns.
    pub flipped: bool,
    /// The block whose kept keys and values are shown.
    kept: usize,
    pub write_on: WriteOn,
    /// Whether a token was chosen by the person; until then it is the last one.
    token_chosen: bool,
    /// The same of a head; until then it is the one that an example's pass is told by.
    head_chosen: bool,
    /// The link that was followed, until its picture stands there.
    pub arrival: Option<Arrival>,
    /// What of a link could not be done, until it was said.
    pub remarks: Vec<String>,
}

impl Default for Explore {
    fn default() -> Self {
        Explore {
            text: String::new(),
            touched: false,
            own: None,
            shown: None,
            unchanged: None,
            searched: None,
            problem: None,
            token: 0,
            head: 0,
            stop: 0,
            playhead: Playhead {
                time: 0.0,
                playing: true,
                speed: 1.0,
                brisk: false,
                moved: 0,
            },
            picked: None,
            trail: Vec::new(),
            open: true,
            frozen: false,
            help: false,
            presenting: false,
            pokes: Vec::new(),
            threshold: 0.3,
            flipped: false,
            kept: 0,
            write_on: WriteOn::default(),
            token_chosen: false,
            head_chosen: false,
            arrival: None,
            remarks: Vec::new(),
        }
    }
}

impl Explore {
    /// Another model is there, which learned from those built-in texts: proposes a text that it knows,
    /// and forgets what was changed in the one before.
    pub fn begin(&mut self, started: &Started, proposal: &str, corpora: &[Corpus]) {
        let vocab = &started.info.vocab;
        let unknown = self.text.is_empty() || unknown_characters(&self.text, vocab).is_some();
        // The page's own words for another task are nothing that the person wanted read.
        let of_others = Corpus::of_example(&self.text).is_some_and(|of| !corpora.contains(&of));
        if unknown || of_others || !self.touched {
            self.touched = false;
            self.text = match unknown_characters(proposal, vocab) {
                None if !proposal.is_empty() => proposal.into(),
                _ => vocab
                    .iter()
                    .filter(|c| letter_or_digit(**c))
                    .take(8)
                    .collect(),
            };
            self.token_chosen = false;
            self.head_chosen = false;
            self.head = 0;
        }
        self.own = None;
        self.pokes.clear();
        self.picked = None;
        self.problem = None;
        self.searched = None;
        self.frozen = false;
        self.forget_others(&started.label);
        self.write_on.forget();
    }

    /// There is no model any more.
    pub fn end(&mut self) {
        self.shown = None;
        self.unchanged = None;
        self.problem = None;
        self.pokes.clear();
        self.frozen = false;
        self.write_on.forget();
    }

    pub fn reduce(&mut self, action: ExploreAction) {
        if action.changes_the_pass() {
            // Who goes on from here does not want to be taken to where a link would have led.
            self.arrival = None;
        }
        match action {
            ExploreAction::Text(text) => {
                self.own = None;
                self.rewrite(ending(&text).into());
                self.write_on.forget();
            }
            ExploreAction::Append(character) => {
                self.append(character);
                self.write_on.forget();
            }
            ExploreAction::TakeBack => {
                if let Some(own) = self.own.take() {
                    self.rewrite(own);
                    self.write_on.on = false;
                    self.write_on.forget();
                }
            }
            ExploreAction::FirstLook(slot) => {
                if self.shown.is_none() && self.text.is_empty() {
                    self.text = slot.trace.about.text.clone();
                    self.show(slot);
                }
            }
            ExploreAction::Beside(slot) => self.unchanged = Some(slot),
            ExploreAction::Traced(Ok(slot)) => self.show(slot),
            ExploreAction::Searched(found) => self.searched = Some(found),
            ExploreAction::Traced(Err(problem)) => self.halt(problem),
            ExploreAction::Token(token) => self.choose_token(token),
            ExploreAction::StepToken(by) => self.choose_token(self.token.saturating_add_signed(by)),
            ExploreAction::StepLayer(by) => {
                self.choose_layer(self.layer().saturating_add_signed(by));
            }
            ExploreAction::Head(head) => self.choose_head(head),
            ExploreAction::NextHead => self.choose_head(self.head + 1),
            ExploreAction::Stop(stop) => self.go(stop),
            ExploreAction::StepScene(by) => self.go(self.stop.saturating_add_signed(by)),
            ExploreAction::Ended => match self.playing_from(self.stop + 1) {
                Some(stop) => self.go(stop),
                None if self.write_on.on => self.draw(),
                None => {
                    self.move_to(1.0);
                    self.playhead.playing = false;
                }
            },
            // The overview stands still: from there the scene opens, and plays.
            ExploreAction::TogglePlay if !self.open => {
                self.reduce(ExploreAction::Open(true));
                self.play();
            }
            ExploreAction::TogglePlay if self.playhead.playing => self.playhead.playing = false,
            ExploreAction::TogglePlay => self.play(),
            ExploreAction::Time(time) => {
                self.playhead.playing = false;
                self.move_to(time);
            }
            ExploreAction::Speed(speed) => self.playhead.speed = speed,
            ExploreAction::Pick(cell) => {
                self.trail.clear();
                self.pick(cell);
            }
            ExploreAction::LookAt(weight) => self.look_at(weight),
            ExploreAction::Into(from, to) => {
                self.trail.push(from);
                self.picked = Some(to);
            }
            ExploreAction::Back => self.picked = self.trail.pop().or(self.picked),
            ExploreAction::Open(open) => {
                self.open = open;
                self.picked = None;
            }
            ExploreAction::ToggleOpen => {
                self.open = !self.open;
                self.picked = None;
            }
            ExploreAction::Freeze(frozen) => self.frozen = frozen,
            ExploreAction::Help => self.help = !self.help,
            ExploreAction::Leave if self.help => self.help = false,
            ExploreAction::Leave if self.picked.is_none() => self.presenting = false,
            ExploreAction::Leave => self.reduce(ExploreAction::Pick(None)),
            ExploreAction::Present => self.presenting = !self.presenting,
            ExploreAction::Poke(change) => {
                self.poke(change);
                self.finish();
            }
            ExploreAction::Unpoke(change) => {
                self.unpoke(&change);
                self.finish();
            }
            ExploreAction::UnpokeAll => {
                self.pokes.clear();
                self.finish();
            }
            ExploreAction::Threshold(threshold) => self.threshold = threshold,
            ExploreAction::Flip(flipped) => self.flipped = flipped,
            ExploreAction::Kept(layer) => {
                self.kept = layer;
                self.picked = None;
            }
            ExploreAction::WriteOn(action) => self.write(action),
        }
    }

    /// Another sentence: what was said of places in the one before holds as far as both are the same.
    fn rewrite(&mut self, text: String) {
        let before = std::mem::replace(&mut self.text, text);
        self.touched = true;
        self.token_chosen = false;
        self.keep_places(&before);
    }

    /// Whether that pass is of the present text.
    fn is_of_text(&self, shown: &Shown) -> bool {
        let about = &shown.trace.about;
        // The count too: `aa` ends with what `aaa` ends with.
        self.text.ends_with(&about.text)
            && about.cut + about.tokens.len() == self.text.chars().count()
    }

    /// Whether it is the pass that the page asks for: the present text with the present changes.
    pub fn is_shown(&self, shown: &Shown) -> bool {
        self.is_of_text(shown) && shown.trace.about.interventions == self.pokes
    }

    /// Whether the pass that is asked for has changes, and the one without them, whose scale its bars
    /// keep, is not at hand: a link brings one into a page that has never seen the other.
    pub fn lacks_unchanged(&self, label: &str, step: u32) -> bool {
        let at_hand = |slot: &Slot| {
            !slot.is_changed()
                && (slot.label.as_str(), slot.trace.about.step) == (label, step)
                && self.is_of_text(slot)
        };
        let passes = [&self.shown, &self.unchanged];
        !self.pokes.is_empty() && !passes.into_iter().flatten().any(at_hand)
    }

    /// The playhead as the clock is to run by it: who has the model write sees it write, letter by
    /// letter.
    pub fn running(&self) -> Playhead {
        Playhead {
            brisk: self.write_on.on && self.write_on.pace == Pace::Draw,
            ..self.playhead
        }
    }

    /// The scene that is open.
    pub fn at(&self) -> Option<Stop> {
        let shown = self.shown.as_ref()?;
        let stop = shown.journey.get(self.stop).copied()?;
        // It comes after the blocks, and looks into any of them.
        let layer = match stop.scene == Scene::Cache {
            true => self.kept.min(stop.layer),
            false => stop.layer,
        };
        Some(Stop { layer, ..stop })
    }

    /// The block that is open.
    pub fn layer(&self) -> usize {
        self.at().map_or(0, |stop| stop.layer)
    }

    fn stops(&self) -> usize {
        self.shown.as_ref().map_or(0, |shown| shown.journey.len())
    }

    /// A new pass in the place of the old one; what is looked at stays, as far as it is there.
    fn show(&mut self, slot: Slot) {
        let tokens = slot.trace.about.tokens.len();
        let same = self
            .shown
            .as_ref()
            .is_some_and(|before| before.journey == slot.journey);
        if !same {
            let before = self.shown.as_ref().map(|before| &before.journey);
            let at = before.and_then(|journey| journey.get(self.stop));
            let place = at.map(|at| nearest(&slot.journey, *at));
            self.stop = place.unwrap_or(0);
            self.picked = None;
            if place.is_none() {
                // What does not play is seen whole.
                self.move_to(if self.playhead.playing { 0.0 } else { 1.0 });
            }
        }
        self.token = match self.token_chosen {
            true => self.token.min(tokens.saturating_sub(1)),
            false => tokens.saturating_sub(1),
        };
        self.head = self
            .head
            .min(slot.trace.about.model.n_head.saturating_sub(1));
        if self
            .picked
            .is_some_and(|cell| slot.source().at(cell).is_none())
        {
            self.picked = None;
        }
        self.problem = None;
        let joined = self.write_on.next == Next::Joined && self.is_of_text(&slot);
        let before = [self.shown.take(), self.unchanged.take()];
        self.unchanged = before
            .into_iter()
            .flatten()
            .find(|before| slot.is_changed() && !before.is_changed() && before.is_beside(&slot));
        self.shown = Some(slot);
        self.face();
        self.settle();
        if joined {
            self.write_on.next = Next::NotAsked;
            if let Some(first) = self.playing_from(0).filter(|_| self.write_on.on) {
                self.go(first);
            }
        }
    }

    fn choose_token(&mut self, token: usize) {
        let tokens = self
            .shown
            .as_ref()
            .map_or(0, |shown| shown.trace.about.tokens.len());
        self.token = token.min(tokens.saturating_sub(1));
        self.token_chosen = true;
        self.picked = None;
    }

    fn choose_head(&mut self, head: usize) {
        let heads = self
            .shown
            .as_ref()
            .map_or(1, |shown| shown.trace.about.model.n_head);
        self.head = head % heads.max(1);
        self.head_chosen = true;
        self.picked = None;
    }

    /// Where the pass that is shown tells what its sentence promises.
    pub fn telling(&self) -> Option<Telling> {
        let shown = self.shown.as_ref()?;
        telling(&shown.label, &shown.trace.about.text)
    }

    /// Takes the head by which this block's pass is told, unless the person chose one. Of a sentence by
    /// which none is told the head stays that stands there.
    fn face(&mut self) {
        if let Some(telling) = self.telling().filter(|_| !self.head_chosen) {
            self.head = match telling.layer == self.layer() {
                true => telling.head,
                false => 0,
            };
        }
    }

    /// The same scene of another block, or the block's first.
    fn choose_layer(&mut self, layer: usize) {
        let Some(shown) = self.shown.clone() else {
            return;
        };
        let layer = layer.min(shown.trace.about.model.n_layer.saturating_sub(1));
        if self.at().is_some_and(|at| at.scene == Scene::Cache) {
            self.reduce(ExploreAction::Kept(layer));
            return;
        }
        let scene = self.at().map(|at| at.scene.in_layer(layer));
        let within = |stop: &Stop| stop.layer == layer && stop.scene.is_in_block();
        let same = |stop: &Stop| within(stop) && Some(stop.scene) == scene;
        let place = shown.journey.iter().position(same);
        if let Some(place) = place.or_else(|| shown.journey.iter().position(within)) {
            self.go(place);
        }
    }

    fn go(&mut self, stop: usize) {
        let key = self.picked_key();
        self.stop = stop.min(self.stops().saturating_sub(1));
        self.face();
        self.trail.clear();
        self.picked = key.and_then(|key| self.of_key(key));
        self.open = true;
        self.move_to(0.0);
        if !self.playhead.playing {
            // A scene that does not play is seen whole.
            self.move_to(1.0);
        }
    }

    /// From here on it plays; what had come to its end plays again.
    fn play(&mut self) {
        if self.playhead.time >= 1.0 {
            self.move_to(0.0);
        }
        self.playhead.playing = true;
    }

    /// What a change did is seen in the whole scene, which does not go on under the hand. A model that
    /// is writing writes on: there the next draw shows it.
    fn finish(&mut self) {
        let writing = self.write_on.on && self.at().is_some_and(|at| at.scene == Scene::Sample);
        let done = !self.playhead.playing && self.playhead.time >= 1.0;
        if self.open && !writing && !done {
            self.playhead.playing = false;
            self.move_to(1.0);
        }
    }

    fn move_to(&mut self, time: f64) {
        self.playhead.time = time.clamp(0.0, 1.0);
        self.playhead.moved = self.playhead.moved.wrapping_add(1);
    }
}

/// The last characters of a text, as many as the field takes.
fn ending(text: &str) -> &str {
    let first = text.char_indices().rev().nth(LONGEST - 1);
    first.map_or(text, |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests;
