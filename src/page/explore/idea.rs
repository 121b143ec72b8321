//! What the words of the texts mean, in a line each: those that have numbers on the stage (`term`),
//! and those that have none.

use super::term::Term;

/// A word that stands for no numbers on the stage, and still wants to be said in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Idea {
    Head,
    Slope,
    Cosine,
    Entropy,
    LogitLens,
    Unembedding,
    Tempered,
    TopK,
    TopP,
}

/// A word whose meaning can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    Term(Term),
    Idea(Idea),
}

impl Word {
    /// What it means, begun with the word itself.
    pub fn meaning(self) -> &'static str {
        match self {
            Word::Term(term) => of_term(term),
            Word::Idea(idea) => of_idea(idea),
        }
    }

    /// What has numbers on the stage.
    pub fn term(self) -> Option<Term> {
        match self {
            Word::Term(term) => Some(term),
            Word::Idea(_) => None,
        }
    }
}

fn of_term(term: Term) -> &'static str {
    match term {
        Term::CharacterRow => {
            "The character's row: numbers that the model has learned for this character."
        }
        Term::PositionRow => "The position's row: numbers that it has learned for this place.",
        Term::Stream => {
            "The residual stream: the row of numbers that a token has by now. Every part of the model \
             reads it and adds to it."
        }
        Term::Normed => {
            "The normed row: the stream, its mean taken off, divided by its deviation, then stretched \
             and shifted by learned numbers."
        }
        Term::Deviation => {
            "Deviation: how far the numbers of a row lie from their mean, taken all together."
        }
        Term::Query => "Query: numbers that say what this token looks for.",
        Term::Key => "Key: numbers by which a token can be found.",
        Term::Value => "Value: numbers that a token hands over when it is looked at.",
        Term::Score => "Score: one number that says how well a query and a key fit.",
        Term::Distance => {
            "Bias of the distance: a learned number that is added to a score, one for each distance."
        }
        Term::Temperature => {
            "Temperature: scores are divided by it. Below 1 the large ones win more clearly."
        }
        Term::Weight => {
            "Attention weight: how much of a query's look a key gets. Those of a query sum to 1 unless \
             the text says otherwise."
        }
        Term::Mixed => "The sum: what a head takes along, each value times its weight.",
        Term::Measures => {
            "Three measures of a head's look: how well what it chose fits, how far back it lies, how \
             far it is spread."
        }
        Term::Gate => "Gate: the factor by which a head is turned up or down.",
        Term::Gist => "What was found so far: the mean of what the first pass took along.",
        Term::Span => "Span: how many tokens back the second pass sees in full.",
        Term::Window => "Window: how much of a key can be seen, from 0, nothing, to 1, all.",
        Term::HeadShare => "A head's share: what this head alone adds to the stream.",
        Term::AttentionOut => "What attention adds: the shares of all heads together.",
        Term::Neuron => {
            "Neuron: a weighted sum of the row, of which nothing, or hardly anything, is left below 0."
        }
        Term::FeedForwardOut => "What the feed forward adds: all neurons, each times its weights.",
        Term::Logit => {
            "Logit: how well the row fits a character. Any number, not yet a probability."
        }
        Term::Probability => {
            "Probability: how likely the model holds a character to be the next, from 0 to 1."
        }
        Term::Chance => {
            "Chance: how likely a character is to be drawn, after temperature, top k and top p."
        }
    }
}

fn of_idea(idea: Idea) -> &'static str {
    match idea {
        Idea::Head => {
            "Head: one of several small attentions side by side, each with a query, key and value of \
             its own, so that a token can look for several things at once."
        }
        Idea::Slope => {
            "Slope: which way, and how much, a weight has to move so that the guess gets better. \
             Learning follows it, step by step."
        }
        Idea::Cosine => {
            "Cosine: 1 where two rows point the same way, 0 where they have nothing in common, −1 where \
             they are opposed."
        }
        Idea::Entropy => {
            "Entropy: how widely a look is spread. 0 bits is one key; each bit more is twice as many \
             keys, were they looked at alike."
        }
        Idea::LogitLens => {
            "Logit lens: the last step of the model, tried on the stream before it is finished."
        }
        Idea::Unembedding => {
            "Unembedding: a learned row for each character. The more the stream is like it, the \
             likelier the character."
        }
        Idea::Tempered => "Temperature of the draw: below 1 the likely become likelier still.",
        Idea::TopK => "Top k: only the k likeliest characters can be drawn.",
        Idea::TopP => {
            "Top p: only the likeliest can be drawn, as many as it takes for their probabilities to \
             come to p."
        }
    }
}
