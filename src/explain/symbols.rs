//! The letters and functions of all formulas, each with one meaning wherever it stands.

/// A sign that formulas, labels and cards use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    // Places.
    Character,
    Query,
    Key,
    QueryPlace,
    KeyPlace,
    AnyKey,
    HeadPlace,
    HeadSize,
    // The stream, and what is added to it.
    Stream,
    CharacterTable,
    PositionTable,
    Norm,
    Matrix,
    Bias,
    AttentionOut,
    FeedForwardOut,
    Relu,
    Gelu,
    // Attention.
    Value,
    Score,
    Largest,
    Weight,
    Mixed,
    ScoreVector,
    Tanh,
    Exponential,
    Euler,
    Logarithm,
    Root,
    LargerOf,
    // The gate.
    Strength,
    Offset,
    Width,
    GateInput,
    GateLogit,
    Gate,
    // The span.
    GlobalOut,
    Sigmoid,
    SpanShare,
    Span,
    LongestSpan,
    Window,
    Ramp,
    DistanceBias,
    RowTemperature,
    Sharpening,
    // The end.
    Unembedding,
    Probability,
    Softmax,
    SamplingTemperature,
}

use Symbol::*;

impl Symbol {
    pub const ALL: [Symbol; 50] = [
        Character,
        Query,
        Key,
        QueryPlace,
        KeyPlace,
        AnyKey,
        HeadPlace,
        HeadSize,
        Stream,
        CharacterTable,
        PositionTable,
        Norm,
        Matrix,
        Bias,
        AttentionOut,
        FeedForwardOut,
        Relu,
        Gelu,
        Value,
        Score,
        Largest,
        Weight,
        Mixed,
        ScoreVector,
        Tanh,
        Exponential,
        Euler,
        Logarithm,
        Root,
        LargerOf,
        Strength,
        Offset,
        Width,
        GateInput,
        GateLogit,
        Gate,
        GlobalOut,
        Sigmoid,
        SpanShare,
        Span,
        LongestSpan,
        Window,
        Ramp,
        DistanceBias,
        RowTemperature,
        Sharpening,
        Unembedding,
        Probability,
        Softmax,
        SamplingTemperature,
    ];

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Character => "c",
            Query => "q",
            Key => "k",
            QueryPlace => "i",
            KeyPlace => "j",
            AnyKey => "l",
            HeadPlace => "h",
            HeadSize => "D",
            Stream => "x",
            CharacterTable => "tok",
            PositionTable => "pos",
            Norm => "LN",
            Matrix => "W",
            Bias => "b",
            AttentionOut => "E",
            FeedForwardOut => "F",
            Relu => "relu",
            Gelu => "gelu",
            Value => "v",
            Score => "S",
            Largest => "m",
            Weight => "A",
            Mixed => "z",
            ScoreVector => "ω",
            Tanh => "tanh",
            Exponential => "exp",
            Euler => "e",
            Logarithm => "ln",
            Root => "sqrt",
            LargerOf => "max",
            Strength => "a",
            Offset => "r",
            Width => "d",
            GateInput => "u",
            GateLogit => "y",
            Gate => "g",
            GlobalOut => "G",
            Sigmoid => "sigmoid",
            SpanShare => "s",
            Span => "n",
            LongestSpan => "M",
            Window => "w",
            Ramp => "R",
            DistanceBias => "β",
            RowTemperature => "t",
            Sharpening => "α",
            Unembedding => "U",
            Probability => "p",
            Softmax => "softmax",
            SamplingTemperature => "T",
        }
    }

    /// What it stands for, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Character => "the character that stands at a token",
            Query => "the query: what a token looks for",
            Key => "a key: what a token offers to be found by",
            QueryPlace => "the place of the token that looks, counted from 0",
            KeyPlace => "the place of a token that is looked at",
            AnyKey => "any of those places, one after the other in a sum",
            HeadPlace => "which head, counted from 0",
            HeadSize => "how many numbers a query, a key or a value has",
            Stream => "the residual stream: the row of numbers that a token has by now",
            CharacterTable => "the table with a learned row for each character",
            PositionTable => "the table with a learned row for each place",
            Norm => "the layer norm: a row centred and brought to one size",
            Matrix => "a learned table of numbers, or a part of it; the small sign says which",
            Bias => "a learned number that is added whatever comes in",
            AttentionOut => "what attention adds to the stream",
            FeedForwardOut => "what the feed forward adds to the stream",
            Relu => "what is below 0 becomes 0, all else stays",
            Gelu => "what is far below 0 becomes 0, what is far above stays",
            Value => "the value: what a token hands over when it is looked at",
            Score => "the score: how well a query and a key fit",
            Largest => "the largest of the numbers, taken off all of them",
            Weight => "the attention weight: how much of its look a query gives a key",
            Mixed => "what a head took along: the values, each times its weight",
            ScoreVector => "numbers of the head, learned, that read the score off the bent sum",
            Tanh => "bends any number to one between −1 and 1",
            Exponential => "the exponential: e, 2.718..., to the power of what follows",
            Euler => "the number 2.718...",
            Logarithm => "the logarithm, which undoes the exponential",
            Root => "the square root",
            LargerOf => "the largest of what follows",
            Strength => "how strongly a head fires: the scores, each times its weight",
            Offset => "where a head looks, from the token on backwards",
            Width => "how widely a head looks",
            GateInput => "a, r and d of all heads, each compared across the heads",
            GateLogit => "what the gate's small network answers, before it is bent to a factor",
            Gate => "the gate: what a head is multiplied by",
            GlobalOut => "what the first pass over everything found",
            Sigmoid => "bends any number to one between 0 and 1",
            SpanShare => "the span as a share of the longest one",
            Span => "the span: how many tokens the second pass looks back over",
            LongestSpan => "the longest span there can be",
            Window => "the window: 1 where a key is seen in full, 0 where it is not seen",
            Ramp => "over how many tokens the window fades out",
            DistanceBias => "what a distance is worth to a head, learned",
            RowTemperature => "the row's temperature: below 1 it looks more sharply",
            Sharpening => "how much the span can sharpen at most",
            Unembedding => "the unembedding: a learned row for each character, to compare with",
            Probability => "the probability of a character to come next",
            Softmax => "makes shares of numbers: all positive, together 1",
            SamplingTemperature => "the temperature of the draw: below 1 favours the likeliest",
        }
    }

    fn of(sign: &str) -> Option<Symbol> {
        Symbol::ALL.into_iter().find(|symbol| symbol.sign() == sign)
    }
}

/// The signs in a text, of markup or in plain letters, each once; `Err` is a single letter that stands
/// for nothing in the table.
pub fn signs(text: &str) -> Vec<Result<Symbol, String>> {
    let mut found = Vec::new();
    let mut inside = false;
    let shown = text.chars().map(|c| {
        // What stands between the tags.
        match c {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => return other,
            _ => {}
        }
        ' '
    });
    let shown: String = shown.collect();
    for run in shown.split(|c: char| !c.is_alphanumeric() && c != '\'') {
        let mut letters = run.chars();
        let sign = match (letters.next(), letters.next(), letters.next()) {
            (Some(one), None, _) if one.is_alphabetic() => Symbol::of(run).ok_or(run.to_string()),
            // A letter with what it is of: Wq, b1.
            (Some('W'), Some(_), None) => Ok(Matrix),
            (Some('b'), Some(n), None) if n.is_ascii_digit() => Ok(Bias),
            _ => match Symbol::of(run) {
                Some(symbol) => Ok(symbol),
                None => continue,
            },
        };
        if !found.contains(&sign) {
            found.push(sign);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_has_two_meanings() {
        for (n, one) in Symbol::ALL.into_iter().enumerate() {
            for other in &Symbol::ALL[n + 1..] {
                assert_ne!(one.sign(), other.sign());
                assert_ne!(one.meaning(), other.meaning());
            }
            assert_eq!(Symbol::of(one.sign()), Some(one));
        }
    }

    #[test]
    fn signs_are_found_in_markup_and_in_plain_letters() {
        let markup =
            "<math alttext=\"q is x\"><mi class=\"of-query\">q</mi><mo>=</mo><mi>x</mi></math>";
        assert_eq!(signs(markup), [Ok(Query), Ok(Stream)]);
        assert_eq!(signs("x Wq + b1"), [Ok(Stream), Ok(Matrix), Ok(Bias)]);
        assert_eq!(signs("what is seen so far, Q"), [Err("Q".to_string())]);
    }
}
