//! What the next run will be made of: a text and a configuration, with what is being typed.

use crate::client::NamedText;
use crate::config::attention::Normaliser;
use crate::config::{
    Attention, ConfigError, FIELDS, Field, Kind, Preset, Recipe, RunConfig, Value,
};
use crate::page::letters::capital;
use crate::page::survey::Survey;
use crate::text::corpus::Corpus;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The text that a first visit finds: quick to learn, and there is something to see in it.
pub const FIRST: Corpus = Corpus::Adjectives {};

/// Where the text comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    Builtin(Corpus),
    Shakespeare,
    File,
    Paste,
}

/// A text with its survey. Compared by identity: it is large, and never changes.
#[derive(Clone, Debug)]
pub struct Text(Rc<(NamedText, Survey)>);

impl Text {
    pub fn new(named: NamedText, survey: Survey) -> Self {
        Text(Rc::new((named, survey)))
    }

    pub fn label(&self) -> &str {
        &self.0.0.label
    }

    pub fn named(&self) -> &NamedText {
        &self.0.0
    }

    pub fn survey(&self) -> &Survey {
        &self.0.1
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// How far the text is.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// It is still to be chosen or typed; the box for it is open.
    Awaited,
    /// It is on its way: bytes, and of how many where that is known.
    Coming {
        received: u64,
        total: Option<u64>,
    },
    Here(Text),
    /// It cannot be had: why, and what to do.
    Refused(String),
}

/// What the person does in the setup.
#[derive(Clone, Debug)]
pub enum SetupAction {
    /// Takes another source. `ticket` numbers the choice, so that a slow answer to an earlier one
    /// is known as such.
    Choose {
        source: Source,
        ticket: u32,
    },
    Read {
        ticket: u32,
        reading: Reading,
    },
    Preset(Preset),
    Recipe(Recipe),
    /// Another kind of attention, with its default options.
    Kind(Kind),
    /// A field's control has another value, right or wrong.
    Edit(&'static str, String),
    /// The field's control was left: what is right is shown as the configuration has it.
    Leave(&'static str),
    /// Back to the preset's and recipe's value.
    Reset(&'static str),
    ResetAll,
    Seed(String),
}

/// The name under which the seed's draft is kept; the seed is no [`Field`].
const SEED: &str = "seed";

#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    pub source: Source,
    pub reading: Reading,
    ticket: u32,
    pub config: RunConfig,
    /// What stands in controls that are being edited, right or wrong.
    drafts: BTreeMap<&'static str, String>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            source: Source::Builtin(FIRST),
            reading: Reading::Awaited,
            ticket: 0,
            config: RunConfig::default(),
            drafts: BTreeMap::new(),
        }
    }
}

impl Setup {
    pub fn reduce(&mut self, action: SetupAction) {
        match action {
            SetupAction::Choose { source, ticket } => {
                self.source = source;
                self.ticket = ticket;
                self.reading = Reading::Awaited;
            }
            SetupAction::Read { ticket, reading } if ticket == self.ticket => {
                self.reading = reading;
            }
            // The answer to a choice that was changed since.
            SetupAction::Read { .. } => {}
            SetupAction::Preset(preset) => self.rebase(preset, self.config.recipe),
            SetupAction::Recipe(recipe) => self.rebase(self.config.preset, recipe),
            SetupAction::Kind(kind) => {
                let attention = &mut self.config.model.attention;
                *attention = Attention::of(kind, attention.normaliser());
                let of_others = |name: &str| {
                    let owner = Field::named(name).and_then(|field| field.kind);
                    owner.is_some_and(|owner| owner != kind)
                };
                self.drafts.retain(|name, _| !of_others(name));
            }
            SetupAction::Edit(name, text) => {
                if let Some(field) = Field::named(name) {
                    // A mistake stays in the draft, from which `error` reads it again.
                    let _ = field.assign(&mut self.config, &text);
                }
                self.drafts.insert(name, text);
            }
            SetupAction::Seed(text) => {
                if let Ok(seed) = text.trim().parse() {
                    self.config.seed = seed;
                }
                self.drafts.insert(SEED, text);
            }
            SetupAction::Leave(name) => {
                if self.own_error(name).is_none() {
                    self.drafts.remove(name);
                }
            }
            SetupAction::Reset(name) => {
                self.drafts.remove(name);
                if let Some(field) = Field::named(name)
                    && let Some(value) = (field.get)(&self.base(field))
                {
                    // The preset's own value: it is in its range.
                    let _ = field.assign(&mut self.config, &shown(value));
                }
            }
            SetupAction::ResetAll => {
                let kind = self.config.model.attention.kind();
                self.config.model.attention = Attention::of(kind, Normaliser::default());
                self.rebase(self.config.preset, self.config.recipe);
            }
        }
    }

    /// Takes over the configuration of a run that was begun elsewhere (resumed, scripted, loaded).
    pub fn adopt(&mut self, config: RunConfig) {
        self.config = config;
        self.drafts.clear();
    }

    /// Another preset's or recipe's options, under the seed and the attention that were chosen.
    fn rebase(&mut self, preset: Preset, recipe: Recipe) {
        let (seed, attention) = (self.config.seed, self.config.model.attention);
        let mut config = RunConfig {
            seed,
            ..RunConfig::new(preset, recipe)
        };
        config.model.attention = attention;
        self.adopt(config);
    }

    /// The preset's and recipe's own configuration; for an option of one kind of attention, with
    /// that kind's defaults.
    fn base(&self, field: &Field) -> RunConfig {
        let mut base = RunConfig::new(self.config.preset, self.config.recipe);
        if let Some(kind) = field.kind {
            base.model.attention = Attention::of(kind, Normaliser::default());
        }
        base
    }

    /// The text, when it is there.
    pub fn text(&self) -> Option<&Text> {
        match &self.reading {
            Reading::Here(text) => Some(text),
            Reading::Awaited | Reading::Coming { .. } | Reading::Refused(_) => None,
        }
    }

    /// What a field's control shows.
    pub fn shown(&self, field: &Field) -> String {
        match self.drafts.get(field.name) {
            Some(draft) => draft.clone(),
            None => (field.get)(&self.config).map(shown).unwrap_or_default(),
        }
    }

    /// Whether the chosen kind of attention has the option.
    pub fn has(&self, field: &Field) -> bool {
        (field.get)(&self.config).is_some()
    }

    pub fn shown_seed(&self) -> String {
        match self.drafts.get(SEED) {
            Some(draft) => draft.clone(),
            None => self.config.seed.to_string(),
        }
    }

    /// The preset's value of a field that was changed.
    pub fn changed_from(&self, field: &Field) -> Option<String> {
        let base = shown((field.get)(&self.base(field))?);
        (self.has(field) && self.shown(field) != base).then_some(base)
    }

    /// How many options differ from the preset's and recipe's.
    pub fn changes(&self) -> usize {
        // The kind of attention is no option among others: it is chosen and seen above them.
        let changed =
            |field: &&Field| field.name != "attention" && self.changed_from(field).is_some();
        FIELDS.iter().filter(changed).count()
    }

    /// What is wrong with a field: its own range, or how it fits another's.
    pub fn error(&self, field: &Field) -> Option<String> {
        self.own_error(field.name).or_else(|| {
            let error = self.config.check().err()?;
            (blamed(&error) == Some(field.name)).then(|| error.to_string())
        })
    }

    /// What is wrong with the seed.
    pub fn seed_error(&self) -> Option<String> {
        self.own_error(SEED)
    }

    fn own_error(&self, name: &str) -> Option<String> {
        let draft = self.drafts.get(name)?;
        match Field::named(name) {
            Some(field) => {
                let error = field.range.parse(field.name, draft).err()?;
                Some(error.to_string())
            }
            None => {
                let wrong = draft.trim().parse::<u32>().is_err();
                wrong.then(|| format!("the seed is a whole number from 0 to {}", u32::MAX))
            }
        }
    }

    /// What is wrong with the text.
    pub fn text_error(&self) -> Option<String> {
        match &self.reading {
            Reading::Here(text) => {
                let checked = text.survey().check(self.config.model.block_size);
                checked.err().map(|error| sentence(&error.to_string()))
            }
            // As it is: it may begin with the name of a file.
            Reading::Refused(why) => Some(why.clone()),
            Reading::Awaited | Reading::Coming { .. } => None,
        }
    }

    /// The first thing wrong with the options.
    pub fn options_error(&self) -> Option<String> {
        let own = self.drafts.keys().find_map(|name| self.own_error(name));
        own.or_else(|| self.config.check().err().map(|error| error.to_string()))
    }

    /// Whether a run can be made of it.
    pub fn is_ready(&self) -> bool {
        self.text().is_some() && self.text_error().is_none() && self.options_error().is_none()
    }
}

/// The field at which an error is shown; an error of one field alone names it itself.
fn blamed(error: &ConfigError) -> Option<&'static str> {
    match error {
        ConfigError::Indivisible { .. } => Some("n_head"),
        ConfigError::Schedule { .. } => Some("min_lr"),
        ConfigError::OutOfRange { field, .. }
        | ConfigError::NoSuchChoice { field, .. }
        | ConfigError::WrongType { field, .. } => Some(field),
        ConfigError::SpanTooLong { field, .. } | ConfigError::OtherKind { field, .. } => {
            Some(field)
        }
        ConfigError::TooLarge { .. } => Some("attention"),
        ConfigError::Malformed { .. } => None,
    }
}

/// A value as a control shows it.
fn shown(value: Value) -> String {
    match value {
        Value::Integer(n) => n.to_string(),
        // Half of the fields are `f32`: in `f64` 0.2 would read 0.20000000298.
        Value::Real(x) => (x as f32).to_string(),
        Value::Switch(true) => "on".into(),
        Value::Switch(false) => "off".into(),
        Value::Choice(name) => name.into(),
    }
}

/// Messages begin in lower case, for being put into others; alone they are sentences.
pub fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next();
    let rest = chars.as_str();
    let end = if rest.ends_with(['.', '!', '?']) || rest.is_empty() {
        ""
    } else {
        "."
    };
    capital(message) + end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_text(text: &str) -> Setup {
        let mut setup = Setup::default();
        let named = NamedText {
            label: "test".into(),
            text: text.into(),
        };
        setup.reading = Reading::Here(Text::new(named, Survey::of(text)));
        setup
    }

    fn field(name: &str) -> &'static Field {
        Field::named(name).expect("a field")
    }

    fn edit(setup: &mut Setup, name: &'static str, text: &str) {
        setup.reduce(SetupAction::Edit(name, text.into()));
    }

    #[test]
    fn what_is_typed_stays_as_typed_until_the_field_is_left() {
        let mut setup = Setup::default();
        edit(&mut setup, "dropout", "0.10");
        assert_eq!(setup.shown(field("dropout")), "0.10");
        assert_eq!(setup.config.model.dropout, 0.1);
        setup.reduce(SetupAction::Leave("dropout"));
        assert_eq!(setup.shown(field("dropout")), "0.1");
        assert_eq!(setup.changes(), 1);
        setup.reduce(SetupAction::Reset("dropout"));
        assert_eq!((setup.changes(), setup.config), (0, RunConfig::default()));
    }

    #[test]
    fn a_mistake_stays_visible_and_keeps_the_run_from_starting() {
        let mut setup = with_text(&"ab".repeat(100));
        assert!(setup.is_ready());
        edit(&mut setup, "block_size", "0");
        setup.reduce(SetupAction::Leave("block_size"));
        assert_eq!(setup.shown(field("block_size")), "0");
        let error = setup.error(field("block_size")).expect("out of range");
        assert!(error.contains("block_size is 0"), "{error}");
        assert!(!setup.is_ready());
        setup.reduce(SetupAction::ResetAll);
        assert!(setup.is_ready());

        setup.reduce(SetupAction::Seed("minus one".into()));
        assert!(setup.seed_error().is_some() && !setup.is_ready());
        setup.reduce(SetupAction::Seed("7".into()));
        assert!(setup.is_ready());
        assert_eq!(setup.config.seed, 7);
    }

    #[test]
    fn fields_that_do_not_fit_one_another_are_blamed_once() {
        let mut setup = Setup::default();
        edit(&mut setup, "n_head", "3");
        let blamed: Vec<&str> = FIELDS
            .iter()
            .filter(|field| setup.error(field).is_some())
            .map(|field| field.name)
            .collect();
        assert_eq!(blamed, ["n_head"]);
        assert!(setup.options_error().is_some());
    }

    #[test]
    fn texts_are_refused_for_their_block() {
        assert!(
            with_text("")
                .text_error()
                .is_some_and(|e| e.contains("empty"))
        );
        let one = with_text("aaaa").text_error().expect("one character");
        assert!(one.contains("only one distinct character") && one.ends_with('.'));
        let mut setup = with_text("abcabcab");
        assert!(
            setup
                .text_error()
                .is_some_and(|e| e.contains("8 characters"))
        );
        edit(&mut setup, "block_size", "7");
        assert_eq!(setup.text_error(), None);
    }

    #[test]
    fn a_late_answer_to_an_earlier_choice_is_left_out() {
        let mut setup = Setup::default();
        let choose = |source, ticket| SetupAction::Choose { source, ticket };
        setup.reduce(choose(Source::Shakespeare, 1));
        setup.reduce(choose(Source::Paste, 2));
        let reading = Reading::Refused("offline".into());
        setup.reduce(SetupAction::Read { ticket: 1, reading });
        assert_eq!(setup.reading, Reading::Awaited);
    }

    #[test]
    fn a_preset_sets_every_option_and_keeps_the_seed() {
        let mut setup = Setup::default();
        setup.reduce(SetupAction::Seed("7".into()));
        edit(&mut setup, "n_layer", "5");
        setup.reduce(SetupAction::Recipe(Recipe::Nanogpt));
        setup.reduce(SetupAction::Preset(Preset::Laptop));
        let expected = RunConfig {
            seed: 7,
            ..RunConfig::new(Preset::Laptop, Recipe::Nanogpt)
        };
        assert_eq!((setup.config, setup.changes()), (expected, 0));
    }

    #[test]
    fn a_kind_brings_its_options_and_stays_under_another_preset() {
        let mut setup = Setup::default();
        assert!(!setup.has(field("alpha")));
        setup.reduce(SetupAction::Kind(Kind::AdaptiveSpan));
        edit(&mut setup, "alpha", "7");
        assert!(setup.error(field("alpha")).is_some());
        edit(&mut setup, "alpha", "0.25");
        assert_eq!(setup.changed_from(field("alpha")), Some("0.5".into()));
        assert_eq!(
            (setup.shown(field("max_span")).as_str(), setup.changes()),
            ("block", 1)
        );
        edit(&mut setup, "max_span", "65");
        let error = setup
            .error(field("max_span"))
            .expect("longer than the block");
        assert!(error.contains("at most 64"), "{error}");
        edit(&mut setup, "max_span", "block");
        setup.reduce(SetupAction::Preset(Preset::Laptop));
        assert_eq!(setup.shown(field("alpha")), "0.25");
        setup.reduce(SetupAction::ResetAll);
        assert_eq!(setup.shown(field("alpha")), "0.5");

        setup.reduce(SetupAction::Preset(Preset::Shakespeare));
        setup.reduce(SetupAction::Kind(Kind::Additive));
        let error = setup.error(field("attention")).expect("too large");
        assert!(error.contains("6144 MiB"), "{error}");
        setup.reduce(SetupAction::Preset(Preset::Glass));
        setup.reduce(SetupAction::Kind(Kind::AdaptiveSpan));

        // What was typed for a kind that is gone is gone with it.
        edit(&mut setup, "alpha", "wrong");
        setup.reduce(SetupAction::Kind(Kind::HeadGated));
        assert!(setup.options_error().is_none() && !setup.has(field("alpha")));
        assert!(setup.has(field("gate_form")));
    }
}
