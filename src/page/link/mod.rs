//! What the address says of the Explore page: which model, which text, which place in its journey.
//!
//! `#/explore?model=glass-standard&text=the+big+dog&scene=softmax&layer=0&token=4&head=2&time=0.5`.
//! It stands behind the hash, so that any static host serves it and no host hears of it. A [`Link`]
//! is read from any text whatever: what it cannot make sense of it names, and uses the rest. `names`
//! has the words for scenes and numbers, `reader` decides which model is to read a link's text.

pub mod names;
pub mod reader;

use crate::config::{Kind, number};
use crate::json;
use crate::page::route::Route;
use crate::page::state::writing::Knob;
use crate::protocol::Sampling;
use crate::trace::Intervention;
use form_urlencoded::Serializer;
use std::collections::BTreeMap;

/// Characters of a part that is quoted to the reader.
const QUOTED: usize = 40;

/// Which model it was made with.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// One that comes with the page, by its name.
    ReadyMade(String),
    /// A run of the maker's own, by what its text is called: it went nowhere.
    Own(String),
}

/// A place on the Explore page. What is `None` is left as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub model: Option<Model>,
    /// Its kind of attention, which helps where the model itself is not to be had.
    pub kind: Option<Kind>,
    /// Of a run of one's own: how far it was trained.
    pub step: Option<u32>,
    pub text: Option<String>,
    /// What the pass was asked to do otherwise.
    pub changes: Vec<Intervention>,
    /// As [`names::of_scene`] calls it.
    pub scene: Option<String>,
    pub layer: Option<usize>,
    pub token: Option<usize>,
    pub head: Option<usize>,
    /// Whether the blocks are closed.
    pub overview: bool,
    /// From which weight on the overview draws lines.
    pub lines: Option<f64>,
    /// The number that was picked, as [`names::of_cell`] calls it.
    pub cell: Option<String>,
    /// Where the scene stands still; without it, it plays.
    pub time: Option<f64>,
    /// How the next character is drawn: what the fields say.
    pub draw: BTreeMap<Knob, String>,
    /// So many of the text's last characters were drawn, each with a seed of its own.
    pub drawn: Option<usize>,
}

/// The parts of a link, by their names in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Model,
    Own,
    Step,
    Kind,
    Text,
    Change,
    View,
    Lines,
    Scene,
    Layer,
    Token,
    Head,
    Cell,
    Time,
    Draw(Knob),
    Drawn,
}

impl Key {
    const ALL: [Key; 19] = [
        Key::Model,
        Key::Own,
        Key::Step,
        Key::Kind,
        Key::Text,
        Key::Change,
        Key::View,
        Key::Lines,
        Key::Scene,
        Key::Layer,
        Key::Token,
        Key::Head,
        Key::Cell,
        Key::Time,
        Key::Draw(Knob::Temperature),
        Key::Draw(Knob::TopK),
        Key::Draw(Knob::TopP),
        Key::Draw(Knob::Seed),
        Key::Drawn,
    ];

    fn name(self) -> &'static str {
        match self {
            Key::Model => "model",
            Key::Own => "own",
            Key::Step => "step",
            Key::Kind => "kind",
            Key::Text => "text",
            Key::Change => "change",
            Key::View => "view",
            Key::Lines => "lines",
            Key::Scene => "scene",
            Key::Layer => "layer",
            Key::Token => "token",
            Key::Head => "head",
            Key::Cell => "cell",
            Key::Time => "time",
            Key::Draw(knob) => knob.name(),
            Key::Drawn => "drawn",
        }
    }
}

/// The closed view, as the address calls it.
const OVERVIEW: &str = "overview";
const BLOCKS: &str = "blocks";

/// Times and weights in the address: a thousandth is less than anybody sees.
fn thousandths(number: f64) -> String {
    ((number * 1e3).round() / 1e3).to_string()
}

impl Link {
    /// The address's hash that opens it.
    pub fn hash(&self) -> String {
        let mut query = Serializer::new(String::new());
        for key in Key::ALL {
            match key {
                Key::Change => {
                    for change in &self.changes {
                        // Fails for no change that there is: its numbers were read from JSON too.
                        if let Ok(json) = serde_json::to_string(change) {
                            query.append_pair(key.name(), &json);
                        }
                    }
                }
                other => {
                    if let Some(value) = self.value(other) {
                        query.append_pair(other.name(), &value);
                    }
                }
            }
        }
        let query = query.finish();
        match query.is_empty() {
            true => Route::Explore.hash().into(),
            false => format!("{}?{query}", Route::Explore.hash()),
        }
    }

    /// What is written of a part; nothing of one that is not there, and nothing here of changes,
    /// which are many.
    fn value(&self, key: Key) -> Option<String> {
        let number = |number: Option<usize>| number.map(|n| n.to_string());
        match (key, &self.model) {
            (Key::Model, Some(Model::ReadyMade(name))) => Some(name.clone()),
            (Key::Own, Some(Model::Own(label))) => Some(label.clone()),
            (Key::Model | Key::Own, _) => None,
            (Key::Step, _) => self.step.map(|step| step.to_string()),
            (Key::Kind, _) => self.kind.map(|kind| kind.name().into()),
            (Key::Text, _) => self.text.clone(),
            (Key::Change, _) => None,
            (Key::View, _) => self.overview.then(|| OVERVIEW.into()),
            (Key::Lines, _) => self.lines.map(thousandths),
            (Key::Scene, _) => self.scene.clone(),
            (Key::Layer, _) => number(self.layer),
            (Key::Token, _) => number(self.token),
            (Key::Head, _) => number(self.head),
            (Key::Cell, _) => self.cell.clone(),
            (Key::Time, _) => self.time.map(thousandths),
            (Key::Draw(knob), _) => self.draw.get(&knob).cloned(),
            (Key::Drawn, _) => number(self.drawn),
        }
    }

    /// Reads a hash: what it says, and in words what of it cannot be understood.
    pub fn read(hash: &str) -> (Link, Vec<String>) {
        let (mut link, mut unread) = (Link::default(), Vec::new());
        let (path, query) = hash.split_once('?').unwrap_or((hash, ""));
        if Route::named(path).is_none() && !path.trim_matches(['#', '/']).is_empty() {
            unread.push(format!(
                "The address names a page {}, which there is not; this is the first one",
                quoted(path.trim_start_matches('#'))
            ));
        }
        if Route::from_hash(hash) != Route::Explore {
            return (link, unread);
        }
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let key = Key::ALL.into_iter().find(|key| key.name() == name);
            let words = match key {
                None => format!("what {} means", quoted(&name)),
                Some(key) => match link.take(key, &value) {
                    Some(()) => continue,
                    None => format!("{} as its {}", quoted(&value), key.name()),
                },
            };
            unread.push(format!(
                "This link has a part that is not understood: {words}. It is left out"
            ));
        }
        (link, unread)
    }

    /// Takes a part in; `None` when it is none.
    fn take(&mut self, key: Key, value: &str) -> Option<()> {
        let whole = || value.parse::<usize>().ok();
        let share = || number(value).filter(|share| (0.0..=1.0).contains(share));
        match key {
            Key::Model => self.model = Some(Model::ReadyMade(value.into())),
            Key::Own => self.model = Some(Model::Own(value.into())),
            Key::Step => self.step = Some(value.parse().ok()?),
            Key::Kind => {
                let mut kinds = Kind::ALL.into_iter();
                self.kind = Some(kinds.find(|kind| kind.name() == value)?);
            }
            Key::Text => self.text = Some(value.into()),
            Key::Change => self.changes.push(json::read(value).ok()?),
            Key::View => match value {
                OVERVIEW => self.overview = true,
                BLOCKS => self.overview = false,
                _ => return None,
            },
            Key::Lines => self.lines = Some(share()?),
            Key::Scene => self.scene = Some(value.into()),
            Key::Layer => self.layer = Some(whole()?),
            Key::Token => self.token = Some(whole()?),
            Key::Head => self.head = Some(whole()?),
            Key::Cell => self.cell = Some(value.into()),
            Key::Time => self.time = Some(share()?),
            Key::Draw(knob) => {
                let mut options = Sampling::default();
                knob.set(&mut options, value).ok()?;
                self.draw.insert(knob, knob.get(&options));
            }
            Key::Drawn => self.drawn = Some(whole()?),
        }
        Some(())
    }

    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Link::default()
    }
}

/// A part of a link as it is shown to the reader, who did not write it: not all of something long.
pub fn quoted(words: &str) -> String {
    let mut characters = words.chars();
    let shown: String = characters.by_ref().take(QUOTED).collect();
    match characters.next() {
        Some(_) => format!("“{shown}…”"),
        None => format!("“{shown}”"),
    }
}

#[cfg(test)]
mod tests;
