//! The table of options: each hyper-parameter's name, range, help and source, and how it is read and
//! set. The page's controls, `--set NAME=VALUE` and the scripting's list are drawn from it.

use super::attention::{Attention, GateForm, GateNorm, Kind, Normaliser, Sharpen, SpanFrom};
use super::{Activation, ConfigError, Norm, RunConfig, number};

/// One value of a field, as the page's controls and `--set` see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Integer(u64),
    Real(f64),
    Switch(bool),
    Choice(&'static str),
}

/// What a field may be set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    Integer {
        min: u64,
        max: u64,
    },
    /// A whole number, or a word that stands for what it is when nobody sets it.
    IntegerOr {
        min: u64,
        max: u64,
        word: &'static str,
    },
    Real {
        min: f64,
        max: f64,
    },
    Switch,
    Choice(&'static [&'static str]),
}

impl Range {
    pub(super) fn check(&self, field: &'static str, value: Value) -> Result<(), ConfigError> {
        let outside = |value: f64, min: f64, max: f64| ConfigError::OutOfRange {
            field,
            value,
            min,
            max,
        };
        match (*self, value) {
            (
                Range::Integer { min, max } | Range::IntegerOr { min, max, .. },
                Value::Integer(v),
            ) if v < min || v > max => Err(outside(v as f64, min as f64, max as f64)),
            // `contains` is false for NaN, as it should be.
            (Range::Real { min, max }, Value::Real(v)) if !(min..=max).contains(&v) => {
                Err(outside(v, min, max))
            }
            _ => Ok(()),
        }
    }

    /// Reads what a person typed.
    ///
    /// # Errors
    /// What the field takes, when `text` is not that.
    pub fn parse(&self, field: &'static str, text: &str) -> Result<Value, ConfigError> {
        let text = text.trim();
        let wrong = |expected| ConfigError::WrongType { field, expected };
        let value = match self {
            Range::Integer { .. } => text
                .parse()
                .map(Value::Integer)
                .map_err(|_| wrong("a whole number"))?,
            Range::IntegerOr { word, .. } if text == *word => Value::Choice(word),
            Range::IntegerOr { .. } => text
                .parse()
                .map(Value::Integer)
                .map_err(|_| wrong("a whole number, or the word block"))?,
            Range::Real { .. } => number(text)
                .map(Value::Real)
                .ok_or_else(|| wrong("a number"))?,
            Range::Switch => match text {
                "true" | "on" => Value::Switch(true),
                "false" | "off" => Value::Switch(false),
                _ => return Err(wrong("on or off")),
            },
            Range::Choice(choices) => match choices.iter().find(|c| **c == text) {
                Some(choice) => Value::Choice(choice),
                None => {
                    return Err(ConfigError::NoSuchChoice {
                        field,
                        value: text.into(),
                        choices: choices.join(", "),
                    });
                }
            },
        };
        self.check(field, value)?;
        Ok(value)
    }
}

/// Which object of the scripting a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Model,
    /// `model.attention`
    Attention,
    Train,
}

/// One option: all that a control, a help text or a parser needs to know of it.
pub struct Field {
    pub name: &'static str,
    pub group: Group,
    pub label: &'static str,
    pub help: &'static str,
    /// The seed file that it comes from, or the reference.
    pub source: &'static str,
    pub range: Range,
    /// The only kind of attention that has it.
    pub kind: Option<Kind>,
    /// `None` where the configuration's kind of attention has no such option.
    pub get: fn(&RunConfig) -> Option<Value>,
    /// Sets the value; a value of another type is left unset, which [`Range::parse`] rules out.
    set: fn(&mut RunConfig, Value),
}

impl Field {
    /// The option with that name.
    pub fn named(name: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Reads `text` into the configuration.
    ///
    /// # Errors
    /// What the field takes, when `text` is not that; whose option it is, when it is another
    /// kind's.
    pub fn assign(&self, config: &mut RunConfig, text: &str) -> Result<(), ConfigError> {
        let kind = config.model.attention.kind();
        if let Some(owner) = self.kind.filter(|owner| *owner != kind) {
            let field = self.name;
            return Err(ConfigError::OtherKind { field, owner, kind });
        }
        let value = self.range.parse(self.name, text)?;
        (self.set)(config, value);
        Ok(())
    }
}

/// A field that holds a number: how it is read and written differs only by its type.
macro_rules! number {
    ($variant:ident, $wide:ty, $group:ident . $field:ident) => {
        (
            |c: &RunConfig| Some(Value::$variant(c.$group.$field as $wide)),
            |c: &mut RunConfig, v: Value| {
                if let Value::$variant(v) = v {
                    c.$group.$field = v as _;
                }
            },
            None,
        )
    };
}

/// A field that is on or off.
macro_rules! switch {
    ($group:ident . $field:ident) => {
        (
            |c: &RunConfig| Some(Value::Switch(c.$group.$field)),
            |c: &mut RunConfig, v: Value| {
                if let Value::Switch(v) = v {
                    c.$group.$field = v;
                }
            },
            None,
        )
    };
}

/// A field that is one of an enum's variants, each under its name.
macro_rules! choice {
    ($group:ident . $field:ident, $($name:literal => $variant:path),+) => {
        (
            |c: &RunConfig| match c.$group.$field {
                $($variant => Some(Value::Choice($name)),)+
            },
            |c: &mut RunConfig, v: Value| match v {
                $(Value::Choice($name) => c.$group.$field = $variant,)+
                _ => {}
            },
            None,
        )
    };
}

/// An option of one kind of attention: `$o` stands for that kind's options in what reads it and in
/// what writes a value of the expected type.
macro_rules! of_kind {
    ($kind:ident, |$o:ident| $read:expr, $($value:pat => $write:expr),+) => {
        (
            |c: &RunConfig| match &c.model.attention {
                Attention::$kind($o) => Some($read),
                _ => None,
            },
            |c: &mut RunConfig, v: Value| {
                if let Attention::$kind($o) = &mut c.model.attention {
                    match v {
                        $($value => $write,)+
                        _ => {}
                    }
                }
            },
            Some(Kind::$kind),
        )
    };
}

/// A span of one kind of attention: a number of tokens, or the whole block.
macro_rules! span_of_kind {
    ($kind:ident . $field:ident) => {
        of_kind!($kind, |o| match o.$field {
                Some(tokens) => Value::Integer(tokens as u64),
                None => Value::Choice("block"),
            },
            Value::Integer(tokens) => o.$field = Some(tokens as usize),
            Value::Choice("block") => o.$field = None)
    };
}

macro_rules! real_of_kind {
    ($kind:ident . $field:ident) => {
        of_kind!($kind, |o| Value::Real(f64::from(o.$field)),
            Value::Real(v) => o.$field = v as f32)
    };
}

macro_rules! switch_of_kind {
    ($kind:ident . $field:ident) => {
        of_kind!($kind, |o| Value::Switch(o.$field), Value::Switch(v) => o.$field = v)
    };
}

/// An option of one kind that is one of an enum's variants, each under its name.
macro_rules! choice_of_kind {
    ($kind:ident . $field:ident, $($name:literal => $variant:path),+) => {
        of_kind!($kind, |o| match o.$field {
                $($variant => Value::Choice($name),)+
            },
            $(Value::Choice($name) => o.$field = $variant),+)
    };
}

macro_rules! field {
    ($name:literal, $group:ident, $label:literal, $source:literal, $range:expr, $access:expr, $help:literal) => {{
        let (get, set, kind): Access = $access;
        Field {
            name: $name,
            group: Group::$group,
            label: $label,
            help: $help,
            source: $source,
            range: $range,
            kind,
            get,
            set,
        }
    }};
}

const fn integer(min: u64, max: u64) -> Range {
    Range::Integer { min, max }
}

const fn real(min: f64, max: f64) -> Range {
    Range::Real { min, max }
}

const SPAN: Range = Range::IntegerOr {
    min: 1,
    max: 512,
    word: "block",
};

/// How a field is read, how it is set, and the only kind that has it.
type Access = (
    fn(&RunConfig) -> Option<Value>,
    fn(&mut RunConfig, Value),
    Option<Kind>,
);

const KINDS: [&str; 4] = [
    Kind::Standard.name(),
    Kind::HeadGated.name(),
    Kind::AdaptiveSpan.name(),
    Kind::Additive.name(),
];

/// The kind: another one brings its own defaults and keeps the normaliser, which all have.
const ATTENTION: Access = (
    |c| Some(Value::Choice(c.model.attention.kind().name())),
    |c, v| {
        let now = &mut c.model.attention;
        let chosen = Kind::ALL.into_iter().find(|k| v == Value::Choice(k.name()));
        if let Some(kind) = chosen.filter(|kind| *kind != now.kind()) {
            *now = Attention::of(kind, now.normaliser());
        }
    },
    None,
);

const NORMALISER: Access = (
    |c| {
        Some(Value::Choice(match c.model.attention.normaliser() {
            Normaliser::Softmax => "softmax",
            Normaliser::OffByOne => "off_by_one",
            Normaliser::Sigmoid => "sigmoid",
        }))
    },
    |c, v| {
        *c.model.attention.normaliser_mut() = match v {
            Value::Choice("softmax") => Normaliser::Softmax,
            Value::Choice("off_by_one") => Normaliser::OffByOne,
            Value::Choice("sigmoid") => Normaliser::Sigmoid,
            _ => return,
        }
    },
    None,
);

/// The table of every option, in the order in which the page shows them.
#[rustfmt::skip]
pub const FIELDS: &[Field] = &[
    field!("n_layer", Model, "Layers", "003", integer(1, 12), number!(Integer, u64, model.n_layer),
        "Blocks one after the other; each lets the tokens talk, then think."),
    field!("n_head", Model, "Heads", "003", integer(1, 16), number!(Integer, u64, model.n_head),
        "Channels of communication per block; each looks at the text in its own way."),
    field!("n_embd", Model, "Channels", "003", integer(4, 768), number!(Integer, u64, model.n_embd),
        "Width of the residual stream: how many numbers stand for one token. Heads must divide it."),
    field!("block_size", Model, "Context", "003", integer(1, 512), number!(Integer, u64, model.block_size),
        "The longest stretch of text, in characters, that one prediction can see."),
    field!("dropout", Model, "Dropout", "003", real(0.0, 0.9), number!(Real, f64, model.dropout),
        "Share of activations silenced at random in each training step, against learning by heart."),
    field!("norm", Model, "Layer norm", "003", Range::Choice(&["pre", "post", "none"]),
        choice!(model.norm, "pre" => Norm::Pre, "post" => Norm::Post, "none" => Norm::None),
        "Before each branch, after the sum as in the first Transformer, or nowhere."),
    field!("residual", Model, "Residual road", "003", Range::Switch, switch!(model.residual),
        "Whether each branch adds to the stream or replaces it."),
    field!("activation", Model, "Activation", "003", Range::Choice(&["relu", "gelu"]),
        choice!(model.activation, "relu" => Activation::Relu, "gelu" => Activation::Gelu),
        "The bend in the feed-forward layer."),
    field!("tied", Model, "Tied head", "nanoGPT", Range::Switch, switch!(model.tied),
        "Whether reading a token in and predicting one out share a matrix."),
    field!("bias", Model, "Biases", "003", Range::Switch, switch!(model.bias),
        "Constants added in linear layers and layer norms."),
    field!("embd_dropout", Model, "Dropout on embeddings", "nanoGPT", Range::Switch, switch!(model.embd_dropout),
        "Whether dropout also falls on the embeddings."),
    field!("attention", Model, "Attention", "000 to 004", Range::Choice(&KINDS), ATTENTION,
        "How one token looks at the others."),
    field!("normaliser", Attention, "Normaliser", "001", Range::Choice(&["softmax", "off_by_one", "sigmoid"]), NORMALISER,
        "What makes weights of scores: shares of one whole, shares with room for nothing, or each cell by itself."),
    field!("gate_norm", Attention, "Gate sees", "000", Range::Choice(&["heads", "none"]),
        choice_of_kind!(HeadGated.gate_norm, "heads" => GateNorm::Heads, "none" => GateNorm::None),
        "Each head's statistics compared with the other heads' (from three heads on), or as they are."),
    field!("gate_form", Attention, "Gate form", "000", Range::Choice(&["two_sigmoid", "log_symmetric"]),
        choice_of_kind!(HeadGated.gate_form, "two_sigmoid" => GateForm::TwoSigmoid, "log_symmetric" => GateForm::LogSymmetric),
        "A factor between 0 and 2, or between a quarter and four, as far down as up."),
    field!("max_span", Attention, "Longest span", "004", SPAN, span_of_kind!(AdaptiveSpan.max_span),
        "Tokens that the local pass may look back at most; block is the whole context."),
    field!("max_rel_dist", Attention, "Longest distance", "004", SPAN, span_of_kind!(AdaptiveSpan.max_rel_dist),
        "Distances with a learned bias of their own; no span is longer."),
    field!("ramp", Attention, "Ramp", "1905.07799", real(1.0, 32.0), real_of_kind!(AdaptiveSpan.ramp),
        "Tokens over which the window fades out; the fade is what lets a span be learned."),
    field!("sharpen", Attention, "Sharpen", "004", Range::Choice(&["short", "long", "off"]),
        choice_of_kind!(AdaptiveSpan.sharpen, "short" => Sharpen::Short, "long" => Sharpen::Long, "off" => Sharpen::Off),
        "Which spans look more sharply, by a lower temperature: short ones, long ones or none."),
    field!("alpha", Attention, "Sharpening", "004", real(0.0, 1.0), real_of_kind!(AdaptiveSpan.alpha),
        "How far the temperature falls: 1 - alpha at the far end, never below 0.05."),
    field!("span_from", Attention, "Span from", "004", Range::Choice(&["running_mean", "position"]),
        choice_of_kind!(AdaptiveSpan.span_from, "running_mean" => SpanFrom::RunningMean, "position" => SpanFrom::Position),
        "Whether a span is read from all that was seen so far or from the position alone."),
    field!("inverse_gain", Attention, "Inverse gain", "004", Range::Switch, switch_of_kind!(AdaptiveSpan.inverse_gain),
        "Whether a short span makes the local pass louder; its rows then no longer sum to 1."),
    field!("gain_max", Attention, "Largest gain", "ours", real(1.0, 16.0), real_of_kind!(AdaptiveSpan.gain_max),
        "The most that it is made louder."),
    field!("span_penalty", Attention, "Span penalty", "1905.07799", real(0.0, 10.0), real_of_kind!(AdaptiveSpan.span_penalty),
        "What a span costs while training: this times the mean span's share of the longest, on top of the loss."),
    field!("batch_size", Train, "Batch", "003", integer(1, 256), number!(Integer, u64, train.batch_size),
        "Windows of text that one step learns from."),
    field!("lr", Train, "Learning rate", "003", real(1e-6, 1.0), number!(Real, f64, train.lr),
        "How far one step goes, at its highest."),
    field!("min_lr", Train, "Last learning rate", "nanoGPT", real(0.0, 1.0), number!(Real, f64, train.min_lr),
        "Where the cosine ends."),
    field!("warmup", Train, "Warm-up steps", "nanoGPT", integer(0, 10_000), number!(Integer, u64, train.warmup),
        "Steps over which the learning rate rises from nothing."),
    field!("max_steps", Train, "Steps", "nanoGPT", integer(1, 1_000_000), number!(Integer, u64, train.max_steps),
        "Length of the run."),
    field!("weight_decay", Train, "Weight decay", "nanoGPT", real(0.0, 1.0), number!(Real, f64, train.weight_decay),
        "Pull of every matrix towards zero."),
    field!("beta1", Train, "Adam beta 1", "nanoGPT", real(0.0, 0.9999), number!(Real, f64, train.beta1),
        "Memory of the mean gradient."),
    field!("beta2", Train, "Adam beta 2", "nanoGPT", real(0.0, 0.99999), number!(Real, f64, train.beta2),
        "Memory of the squared gradient."),
    field!("clip", Train, "Clip", "nanoGPT", real(0.0, 100.0), number!(Real, f64, train.clip),
        "Largest length of the whole gradient; 0 lets any through."),
    field!("eval_every", Train, "Validate every", "nanoGPT", integer(1, 100_000), number!(Integer, u64, train.eval_every),
        "Steps between two looks at text that is never trained on."),
    field!("checkpoint_every", Train, "Save every", "ours", integer(0, 100_000), number!(Integer, u64, train.checkpoint_every),
        "Steps between two saved states; 0 saves every ten seconds."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::attention;

    #[test]
    fn what_a_person_types_is_read_or_refused() {
        let mut config = RunConfig::default();
        let mut assign = |name: &str, text: &str| {
            Field::named(name)
                .expect("a field")
                .assign(&mut config, text)
        };
        assign("n_embd", " 64 ").expect("a number");
        assign("norm", "post").expect("a choice");
        assert!(assign("alpha", "0.2").is_err(), "an option of another kind");
        assign("normaliser", "sigmoid").expect("a choice");
        assign("attention", "adaptive_span").expect("a kind");
        assign("alpha", "0.2").expect("now it is there");
        assign("max_span", "block").expect("the word");
        assign("max_rel_dist", "12").expect("a number");
        assert!(assign("max_span", "all").is_err());
        assign("tied", "on").expect("a switch");
        assert!(assign("norm", "both").is_err());
        assert!(assign("dropout", "NaN").is_err());
        assert!(assign("n_layer", "-1").is_err());
        assert_eq!(
            (config.model.n_embd, config.model.norm, config.model.tied),
            (64, Norm::Post, true)
        );
        let expected = attention::AdaptiveSpan {
            normaliser: Normaliser::Sigmoid,
            alpha: 0.2,
            max_rel_dist: Some(12),
            ..attention::AdaptiveSpan::default()
        };
        assert_eq!(config.model.attention, Attention::AdaptiveSpan(expected));
        assert_eq!(expected.longest(64), 12);
    }
}
