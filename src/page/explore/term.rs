//! The words of a scene's text that point: each stands for some of the numbers on the stage.

use super::scene::Role;
use crate::explain::Quantity;

/// What a word in the text of a scene can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    CharacterRow,
    PositionRow,
    Stream,
    Normed,
    Deviation,
    Query,
    Key,
    Value,
    Score,
    Distance,
    Temperature,
    Weight,
    /// What a head took from the values.
    Mixed,
    Measures,
    Gate,
    /// What the global pass found so far.
    Gist,
    Span,
    Window,
    /// What one head adds.
    HeadShare,
    AttentionOut,
    Neuron,
    FeedForwardOut,
    Logit,
    Probability,
    /// How likely a character is to be drawn.
    Chance,
}

impl Term {
    /// Whether numbers of that kind are meant by it.
    pub fn covers(self, quantity: Quantity) -> bool {
        Term::of(quantity) == Some(self)
    }

    /// The word for numbers of that kind; `None` for those that no scene shows.
    pub fn of(quantity: Quantity) -> Option<Term> {
        Some(match quantity {
            Quantity::TokenRow => Term::CharacterRow,
            Quantity::PositionRow => Term::PositionRow,
            Quantity::ResidPre(_) | Quantity::ResidMid(_) | Quantity::ResidPost(_) => Term::Stream,
            Quantity::Normalized(_) => Term::Normed,
            Quantity::NormScale(_) => Term::Deviation,
            Quantity::Query(_) => Term::Query,
            Quantity::Key(_) => Term::Key,
            Quantity::Value(_) => Term::Value,
            Quantity::Dot(_) | Quantity::ScaledDot(_) | Quantity::Scores(_) => Term::Score,
            Quantity::RelBias(_) => Term::Distance,
            Quantity::Temperature(_) => Term::Temperature,
            Quantity::Pattern(_) => Term::Weight,
            Quantity::Mixed(_) => Term::Mixed,
            Quantity::GateStats(_) => Term::Measures,
            Quantity::Gate(_) => Term::Gate,
            Quantity::SpanContext(_) => Term::Gist,
            Quantity::SpanScale(_) | Quantity::Span(_) => Term::Span,
            Quantity::Window(_) => Term::Window,
            Quantity::HeadResult(_) => Term::HeadShare,
            Quantity::AttnOut(_) => Term::AttentionOut,
            Quantity::MlpPre(_) | Quantity::MlpPost(_) => Term::Neuron,
            Quantity::MlpOut(_) => Term::FeedForwardOut,
            Quantity::Logits | Quantity::LogitsChange | Quantity::LensLogit(_) => Term::Logit,
            Quantity::Probabilities | Quantity::LensProbability(_) => Term::Probability,
            Quantity::Chance => Term::Chance,
            Quantity::PassOut(..) | Quantity::Gain(_) => return None,
        })
    }

    /// The colour of its numbers on the stage.
    pub fn role(self) -> Role {
        match self {
            Term::Query => Role::Query,
            Term::Key => Role::Key,
            Term::Value
            | Term::Mixed
            | Term::HeadShare
            | Term::AttentionOut
            | Term::FeedForwardOut => Role::Value,
            Term::Score | Term::Weight | Term::Measures | Term::Probability | Term::Chance => {
                Role::Attention
            }
            Term::CharacterRow
            | Term::PositionRow
            | Term::Stream
            | Term::Normed
            | Term::Deviation
            | Term::Gist
            | Term::Neuron
            | Term::Logit => Role::Residual,
            Term::Temperature | Term::Gate => Role::Gate,
            Term::Distance | Term::Span | Term::Window => Role::Span,
        }
    }
}
