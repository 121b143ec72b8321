//! A link that was followed, from the address to its picture. First comes the model that is to read
//! it, then the pass of its text; only then its place can be looked up. What is not there by then is
//! said, and the rest is used.

use super::{Explore, LONGEST, unknown_characters};
use crate::client::Started;
use crate::page::link::reader::Reader;
use crate::page::link::{Link, names, quoted};
use crate::page::state::writing::Knob;
use std::collections::BTreeMap;

/// A link on its way to its picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    link: Box<Link>,
    reader: Reader,
    /// Whether its text is in the field, and its pass is what is waited for.
    received: bool,
}

impl Arrival {
    pub fn new(link: Link, reader: Reader) -> Self {
        Arrival {
            link: Box::new(link),
            reader,
            received: false,
        }
    }

    /// Whether the model of that label is the one to read it; `None` while nobody knows.
    fn is_for(&self, label: &str) -> Option<bool> {
        match &self.reader {
            Reader::Unknown => None,
            Reader::Any => Some(true),
            Reader::Called(name) | Reader::Kept(name) | Reader::Open(name) => Some(name == label),
        }
    }
}

impl Explore {
    /// A link was followed. One that asks only for a place in the pass that stands here needs no model.
    pub fn follow(&mut self, mut arrival: Arrival) {
        let Link {
            text,
            changes,
            draw,
            drawn,
            ..
        } = &*arrival.link;
        let drawing = drawn.is_some() || !draw.is_empty();
        let changed = !changes.is_empty() || !self.pokes.is_empty();
        arrival.received = !drawing && !changed && text.as_ref() == Some(&self.text);
        self.arrival = Some(arrival);
        // Who goes to see something there would be taken away from it.
        self.write_on.on = false;
        self.settle();
    }

    /// Another model than the one that is waited for: somebody asked for something else meanwhile.
    pub(super) fn forget_others(&mut self, label: &str) {
        if let Some(arrival) = &self.arrival
            && arrival.is_for(label) == Some(false)
        {
            self.arrival = None;
        }
    }

    /// With this model open, the link's text and changes can be read, if it is the one. Answers with
    /// how the link has characters drawn.
    pub fn receive(&mut self, started: &Started) -> BTreeMap<Knob, String> {
        let mut draw = BTreeMap::new();
        let Some(mut arrival) = self.arrival.take() else {
            return draw;
        };
        if arrival.is_for(&started.label) == Some(true) {
            let vocab = &started.info.vocab;
            if let Some(text) = &arrival.link.text {
                match unknown_characters(text, vocab) {
                    None if !text.is_empty() => {
                        self.text = text.chars().take(LONGEST).collect();
                        self.touched = true;
                        self.own = None;
                        self.problem = None;
                        let drawn = arrival.link.drawn.unwrap_or(0);
                        self.write_on.resume(drawn.min(text.chars().count()));
                    }
                    None => self.remarks.push("The text of this link is empty".into()),
                    Some(why) => self.remarks.push(format!(
                        "The text of this link is {}, which {} cannot read; another stands here. {why}",
                        quoted(text),
                        started.label
                    )),
                }
            }
            let model = &started.info.config.model;
            let tokens = self.text.chars().count().min(model.block_size);
            self.pokes.clear();
            for change in &arrival.link.changes {
                match change.check(model, tokens) {
                    Ok(()) => self.pokes.push(change.clone()),
                    Err(why) => self
                        .remarks
                        .push(format!("A change of this link cannot be made here: {why}")),
                }
            }
            draw = arrival.link.draw.clone();
            arrival.received = true;
        }
        self.arrival = Some(arrival);
        self.settle();
        draw
    }

    /// Whether the pass that is shown is of the text in the field: of all of it, or of its end where
    /// the model left out the beginning.
    pub fn is_read(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            let about = &shown.trace.about;
            let characters = about.cut + about.tokens.len();
            self.text.ends_with(&about.text) && self.text.chars().count() == characters
        })
    }

    /// Goes to the link's place, when the pass that it is of stands there.
    pub(super) fn settle(&mut self) {
        let (Some(arrival), Some(shown)) = (&self.arrival, &self.shown) else {
            return;
        };
        let read = self.is_read() && shown.trace.about.interventions == self.pokes;
        if !arrival.received || arrival.is_for(&shown.label) != Some(true) || !read {
            return;
        }
        let (link, shown) = (arrival.link.clone(), shown.clone());
        self.arrival = None;
        let model = &shown.trace.about.model;
        let (tokens, heads) = (shown.trace.about.tokens.len(), model.n_head);

        let layer = self.there("block", link.layer, model.n_layer);
        match &link.scene {
            Some(name) => {
                let layer = layer.unwrap_or(0);
                let stop = names::find_scene(&shown.journey, name, layer);
                let like = || names::find_like(&shown.journey, name, layer);
                match stop.or_else(like) {
                    Some(stop) => self.go(stop),
                    None => self.remarks.push(format!(
                        "This model has no scene {}: its journey begins with another",
                        quoted(name)
                    )),
                }
                self.playhead.playing = link.time.is_none();
            }
            None => {
                if let Some(layer) = layer {
                    self.choose_layer(layer);
                }
            }
        }
        match link.time {
            Some(time) => {
                self.playhead.playing = false;
                self.move_to(time);
            }
            None if self.playhead.playing => self.move_to(0.0),
            None => {}
        }
        if let Some(token) = self.there("token", link.token, tokens) {
            self.choose_token(token);
        }
        if let Some(head) = self.there("head", link.head, heads) {
            self.choose_head(head);
        }
        self.picked = None;
        if let Some(name) = &link.cell {
            let cell = names::find_cell(name, model.n_layer);
            self.picked = cell.filter(|cell| shown.source().at(*cell).is_some());
            if self.picked.is_none() {
                let words = format!("The number {} is not in this pass", quoted(name));
                self.remarks.push(words);
            }
        }
        self.threshold = link.lines.unwrap_or(self.threshold);
        self.open = !link.overview;
    }

    /// One of `count`; the last where the link wants one beyond it, which is said.
    fn there(&mut self, what: &str, wanted: Option<usize>, count: usize) -> Option<usize> {
        let (wanted, last) = (wanted?, count.checked_sub(1)?);
        if wanted > last {
            self.remarks.push(format!(
                "There is no {what} {wanted} here: {what} {last} is the last and is shown"
            ));
        }
        Some(wanted.min(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::EngineInfo;
    use crate::config::RunConfig;
    use crate::explain::golden::{ALL, golden};
    use crate::explain::{Cell, Quantity};
    use crate::page::state::explore::{ExploreAction, Slot};
    use crate::protocol::{Backend, RunInfo};
    use crate::trace::{Branch, Intervention};
    use std::rc::Rc;

    /// A pass that the engine made, and the model that it is of under that name.
    fn pass(label: &str, bytes: &[u8]) -> (Slot, Started) {
        let (trace, weights) = golden(bytes);
        let config = RunConfig {
            model: trace.about.model,
            ..RunConfig::default()
        };
        let started = Started {
            info: RunInfo {
                config,
                params: 1,
                vocab: trace.about.vocab.clone(),
                step: trace.about.step,
                train_chars: 0,
                val_chars: 0,
                unigram_entropy: 0.0,
            },
            engine: EngineInfo {
                backend: Backend::Cpu,
                adapter: None,
                reason: "a test".into(),
                version: 1,
            },
            label: label.into(),
            ready_made: None,
        };
        (Slot::new(label, trace, Some(Rc::new(weights))), started)
    }

    fn place(text: &str) -> Link {
        Link {
            text: Some(text.into()),
            scene: Some("softmax".into()),
            layer: Some(1),
            token: Some(2),
            head: Some(1),
            cell: Some("blocks.1.attn.hook_z-2-1-0".into()),
            time: Some(0.25),
            ..Link::default()
        }
    }

    fn named(label: &str) -> Reader {
        Reader::Called(label.into())
    }

    #[test]
    fn a_link_waits_for_its_model_and_its_pass_and_then_stands_still_there() {
        let (slot, started) = pass("a", ALL[0]);
        let mut explore = Explore::default();
        explore.follow(Arrival::new(place(&slot.trace.about.text), Reader::Unknown));
        explore.begin(&started, "", &[]);
        explore.receive(&started);
        assert_ne!(
            explore.text, slot.trace.about.text,
            "nobody knows yet who reads it"
        );
        explore.follow(Arrival::new(place(&slot.trace.about.text), named("a")));
        explore.receive(&started);
        assert_eq!(explore.text, slot.trace.about.text);
        assert!(explore.arrival.is_some());
        explore.reduce(ExploreAction::Traced(Ok(slot.clone())));
        let stop = explore.at().expect("a scene");
        assert_eq!(
            (names::of_scene(stop.scene), stop.layer),
            ("softmax".into(), 1)
        );
        assert_eq!((explore.token, explore.head, explore.open), (2, 1, true));
        assert_eq!(
            (explore.playhead.time, explore.playhead.playing),
            (0.25, false)
        );
        let z = Quantity::Mixed(crate::explain::Place {
            layer: 1,
            pass: None,
        });
        assert_eq!(explore.picked, Some(Cell::new(z, &[2, 1, 0])));
        assert!(explore.arrival.is_none() && explore.remarks.is_empty());
        // Where everything is there already, nothing is waited for.
        let mut link = place(&slot.trace.about.text);
        (link.time, link.overview, link.head) = (None, true, Some(0));
        explore.follow(Arrival::new(link, Reader::Any));
        explore.receive(&started);
        assert!(explore.arrival.is_none() && explore.playhead.playing);
        assert_eq!((explore.head, explore.open), (0, false));
    }

    #[test]
    fn what_this_model_does_not_have_is_said_and_the_rest_is_used() {
        let (slot, started) = pass("a", ALL[0]);
        let mut link = place("語");
        (link.layer, link.head, link.token) = (Some(70), Some(1), Some(900));
        link.scene = Some("gate".into());
        link.cell = Some("blocks.0.attn.hook_gate-0-0".into());
        let off = |layer| Intervention::Branch {
            layer,
            branch: Branch::Mlp,
        };
        link.changes = vec![off(70)];
        let mut explore = Explore::default();
        explore.begin(&started, &slot.trace.about.text, &[]);
        explore.follow(Arrival::new(link, named("a")));
        explore.receive(&started);
        explore.reduce(ExploreAction::Traced(Ok(slot.clone())));
        let said = explore.remarks.join(" ");
        for part in [
            "語",
            "change",
            "block 70",
            "“gate”",
            "token 900",
            "hook_gate",
        ] {
            assert!(said.contains(part), "{said} does not say {part}");
        }
        assert_eq!(explore.text, slot.trace.about.text);
        assert_eq!((explore.head, explore.pokes.len()), (1, 0));
        assert_eq!(explore.token, slot.source().tokens() - 1);
        assert_eq!(explore.playhead.time, 0.25);
    }

    #[test]
    fn a_links_draw_is_taken_over_and_one_without_it_begins_anew() {
        let (slot, started) = pass("a", ALL[0]);
        let mut link = place(&slot.trace.about.text);
        link.draw.insert(Knob::Seed, "40".into());
        link.drawn = Some(2);
        let mut explore = Explore::default();
        explore.follow(Arrival::new(link.clone(), Reader::Unknown));
        assert!(explore.receive(&started).is_empty(), "not its model yet");
        explore.follow(Arrival::new(link.clone(), named("a")));
        assert_eq!(explore.receive(&started), link.draw);
        explore.reduce(ExploreAction::Traced(Ok(slot.clone())));
        assert_eq!(explore.write_on.shown(), 2);
        // No more than the text has.
        link.drawn = Some(900);
        explore.follow(Arrival::new(link.clone(), named("a")));
        explore.receive(&started);
        let characters = slot.trace.about.text.chars().count();
        assert_eq!(explore.write_on.shown(), characters);
        link.drawn = None;
        explore.follow(Arrival::new(link, named("a")));
        explore.receive(&started);
        assert_eq!(explore.write_on.shown(), 0);
    }

    #[test]
    fn who_opens_or_writes_something_else_meanwhile_is_not_taken_away() {
        let (slot, started) = pass("a", ALL[0]);
        let text = &slot.trace.about.text;
        let mut explore = Explore::default();
        explore.follow(Arrival::new(place(text), named("b")));
        explore.begin(&started, text, &[]);
        explore.receive(&started);
        assert_eq!(explore.arrival, None);
        explore.follow(Arrival::new(place(text), named("a")));
        explore.receive(&started);
        explore.reduce(ExploreAction::Text(text.clone()));
        explore.reduce(ExploreAction::Traced(Ok(slot)));
        assert!(explore.arrival.is_none() && explore.playhead.playing);
    }

    #[test]
    fn a_pass_of_the_texts_end_alone_is_not_the_links() {
        let (slot, started) = pass("a", ALL[0]);
        let text = &slot.trace.about.text;
        let mut explore = Explore::default();
        explore.reduce(ExploreAction::Traced(Ok(slot.clone())));
        explore.follow(Arrival::new(place(&text.repeat(2)), named("a")));
        explore.receive(&started);
        assert!(explore.text.ends_with(text.as_str()));
        assert!(explore.arrival.is_some() && !explore.is_read());
    }

    #[test]
    fn a_changed_pass_is_waited_for() {
        let (clean, started) = pass("a", ALL[0]);
        let (poked, _) = pass("a", ALL[6]);
        let about = &poked.trace.about;
        let mut link = place(&about.text);
        link.changes = about.interventions.clone();
        let mut explore = Explore::default();
        explore.reduce(ExploreAction::Traced(Ok(clean)));
        explore.follow(Arrival::new(link, named("a")));
        explore.receive(&started);
        assert_eq!(explore.pokes, about.interventions, "{:?}", explore.remarks);
        assert!(
            explore.arrival.is_some(),
            "the clean pass is not the link's"
        );
        explore.reduce(ExploreAction::Traced(Ok(poked.clone())));
        assert!(explore.arrival.is_none());
        assert_eq!(explore.token, 2);
    }
}
