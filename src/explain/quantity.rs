//! The quantities of a forward pass by their kind, with the names that a trace gives them.

use crate::trace::Pass;

/// Where a pattern stands: in which block, and in which of the passes of `adaptive_span`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub layer: usize,
    pub pass: Option<Pass>,
}

impl Place {
    /// The prefix of its arrays in a trace.
    fn path(self) -> String {
        match self.pass {
            Some(pass) => format!("blocks.{}.attn.{}", self.layer, pass.name()),
            None => format!("blocks.{}.attn", self.layer),
        }
    }

    /// The prefix of its weights in a checkpoint.
    pub(super) fn weights(self) -> String {
        match self.pass {
            Some(Pass::Global) => format!("transformer.h.{}.attn.global", self.layer),
            Some(Pass::Local) | None => format!("transformer.h.{}.attn", self.layer),
        }
    }
}

/// A layer norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NormSite {
    /// At a block's attention; in `adaptive_span` at the local pass.
    Attention(usize),
    /// `adaptive_span`: at the global pass.
    Global(usize),
    FeedForward(usize),
    /// Before the logits.
    Final,
}

impl NormSite {
    fn path(self) -> String {
        match self {
            NormSite::Attention(layer) => format!("blocks.{layer}.ln1"),
            NormSite::Global(layer) => format!("blocks.{layer}.attn.global.ln"),
            NormSite::FeedForward(layer) => format!("blocks.{layer}.ln2"),
            NormSite::Final => "ln_final".into(),
        }
    }

    /// The prefix of its weights in a checkpoint.
    pub(super) fn weights(self) -> String {
        match self {
            NormSite::Attention(layer) => format!("transformer.h.{layer}.ln_1"),
            NormSite::Global(layer) => format!("transformer.h.{layer}.attn.global.ln"),
            NormSite::FeedForward(layer) => format!("transformer.h.{layer}.ln_2"),
            NormSite::Final => "transformer.ln_f".into(),
        }
    }
}

/// What the axes of a quantity count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Token.
    T,
    /// Token, then channel, neuron or character.
    TC,
    /// Token, head, number.
    THD,
    /// Token, head.
    TH,
    /// Head, query, key.
    HTT,
    /// Query, key.
    TT,
    /// Head, distance.
    HM,
}

impl Shape {
    pub fn rank(self) -> usize {
        match self {
            Shape::T => 1,
            Shape::TC | Shape::TH | Shape::TT | Shape::HM => 2,
            Shape::THD | Shape::HTT => 3,
        }
    }
}

/// A kind of number on the way from characters to logits, as [`crate::trace`] lists them. `Dot`,
/// `ScaledDot`, `Chance` and what the lens reads are in no trace: they are made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    TokenRow,
    PositionRow,
    ResidPre(usize),
    AttnOut(usize),
    ResidMid(usize),
    MlpOut(usize),
    ResidPost(usize),
    NormScale(NormSite),
    Normalized(NormSite),
    Query(Place),
    Key(Place),
    Value(Place),
    /// q . k, before anything is done to it.
    Dot(Place),
    /// q . k / sqrt(D), before a distance or a temperature has its say.
    ScaledDot(Place),
    Scores(Place),
    Pattern(Place),
    Mixed(Place),
    HeadResult(Place),
    PassOut(usize, Pass),
    GateStats(usize),
    Gate(usize),
    SpanContext(usize),
    SpanScale(usize),
    Span(usize),
    Temperature(usize),
    Gain(usize),
    Window(usize),
    RelBias(usize),
    MlpPre(usize),
    MlpPost(usize),
    Logits,
    Probabilities,
    /// How likely each character is to be drawn.
    Chance,
    LogitsChange,
    /// What the logits would be if the stream ended after that many blocks.
    LensLogit(usize),
    /// How likely each character would then be.
    LensProbability(usize),
}

impl Quantity {
    /// The name under which a trace has it, or would have it.
    pub fn name(self) -> String {
        let block = |layer: usize, name: &str| format!("blocks.{layer}.{name}");
        let attn = |layer: usize, name: &str| format!("blocks.{layer}.attn.{name}");
        let head = |place: Place, name: &str| format!("{}.{name}", place.path());
        match self {
            Quantity::TokenRow => "hook_embed".into(),
            Quantity::PositionRow => "hook_pos_embed".into(),
            Quantity::ResidPre(layer) => block(layer, "hook_resid_pre"),
            Quantity::AttnOut(layer) => block(layer, "hook_attn_out"),
            Quantity::ResidMid(layer) => block(layer, "hook_resid_mid"),
            Quantity::MlpOut(layer) => block(layer, "hook_mlp_out"),
            Quantity::ResidPost(layer) => block(layer, "hook_resid_post"),
            Quantity::NormScale(site) => format!("{}.hook_scale", site.path()),
            Quantity::Normalized(site) => format!("{}.hook_normalized", site.path()),
            Quantity::Query(place) => head(place, "hook_q"),
            Quantity::Key(place) => head(place, "hook_k"),
            Quantity::Value(place) => head(place, "hook_v"),
            Quantity::Dot(place) => head(place, "q_dot_k"),
            Quantity::ScaledDot(place) => head(place, "q_dot_k_scaled"),
            Quantity::Scores(place) => head(place, "hook_attn_scores"),
            Quantity::Pattern(place) => head(place, "hook_pattern"),
            Quantity::Mixed(place) => head(place, "hook_z"),
            Quantity::HeadResult(place) => head(place, "hook_result"),
            Quantity::PassOut(layer, pass) => attn(layer, &format!("{}.hook_out", pass.name())),
            Quantity::GateStats(layer) => attn(layer, "hook_gate_stats"),
            Quantity::Gate(layer) => attn(layer, "hook_gate"),
            Quantity::SpanContext(layer) => attn(layer, "hook_span_context"),
            Quantity::SpanScale(layer) => attn(layer, "hook_span_scale"),
            Quantity::Span(layer) => attn(layer, "hook_span"),
            Quantity::Temperature(layer) => attn(layer, "hook_temperature"),
            Quantity::Gain(layer) => attn(layer, "hook_gain"),
            Quantity::Window(layer) => attn(layer, "hook_window"),
            Quantity::RelBias(layer) => attn(layer, "hook_rel_bias"),
            Quantity::MlpPre(layer) => block(layer, "mlp.hook_pre"),
            Quantity::MlpPost(layer) => block(layer, "mlp.hook_post"),
            Quantity::Logits => "logits".into(),
            Quantity::Probabilities => "probabilities".into(),
            Quantity::Chance => "chances".into(),
            Quantity::LogitsChange => "logits_change".into(),
            Quantity::LensLogit(depth) => format!("lens.{depth}.logits"),
            Quantity::LensProbability(depth) => format!("lens.{depth}.probabilities"),
        }
    }

    pub fn shape(self) -> Shape {
        match self {
            Quantity::TokenRow
            | Quantity::PositionRow
            | Quantity::ResidPre(_)
            | Quantity::AttnOut(_)
            | Quantity::ResidMid(_)
            | Quantity::MlpOut(_)
            | Quantity::ResidPost(_)
            | Quantity::NormScale(_)
            | Quantity::Normalized(_)
            | Quantity::PassOut(..)
            | Quantity::SpanContext(_)
            | Quantity::MlpPre(_)
            | Quantity::MlpPost(_)
            | Quantity::Logits
            | Quantity::Probabilities
            | Quantity::Chance
            | Quantity::LogitsChange
            | Quantity::LensLogit(_)
            | Quantity::LensProbability(_) => Shape::TC,
            Quantity::Query(_)
            | Quantity::Key(_)
            | Quantity::Value(_)
            | Quantity::Mixed(_)
            | Quantity::HeadResult(_)
            | Quantity::GateStats(_) => Shape::THD,
            Quantity::Dot(_)
            | Quantity::ScaledDot(_)
            | Quantity::Scores(_)
            | Quantity::Pattern(_) => Shape::HTT,
            Quantity::Gate(_) => Shape::TH,
            Quantity::SpanScale(_)
            | Quantity::Span(_)
            | Quantity::Temperature(_)
            | Quantity::Gain(_) => Shape::T,
            Quantity::Window(_) => Shape::TT,
            Quantity::RelBias(_) => Shape::HM,
        }
    }

    /// What it is, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Quantity::TokenRow => "the character's row",
            Quantity::PositionRow => "the position's row",
            Quantity::ResidPre(_) => "the stream into the block",
            Quantity::AttnOut(_) => "what attention adds",
            Quantity::ResidMid(_) => "the stream after attention",
            Quantity::MlpOut(_) => "what the feed-forward adds",
            Quantity::ResidPost(_) => "the stream out of the block",
            Quantity::NormScale(_) => "deviation of the row",
            Quantity::Normalized(_) => "the normed row",
            Quantity::Query(_) => "query",
            Quantity::Key(_) => "key",
            Quantity::Value(_) => "value",
            Quantity::Dot(_) => "dot product of query and key",
            Quantity::ScaledDot(_) => "dot product, scaled",
            Quantity::Scores(_) => "score",
            Quantity::Pattern(_) => "attention weight",
            Quantity::Mixed(_) => "what the head took from the values",
            Quantity::HeadResult(_) => "the head's own share",
            Quantity::PassOut(_, Pass::Global) => "what the global pass found",
            Quantity::PassOut(_, Pass::Local) => "what the local pass found",
            Quantity::GateStats(_) => "what the gate sees of the head",
            Quantity::Gate(_) => "the head's gate",
            Quantity::SpanContext(_) => "what the span is read from",
            Quantity::SpanScale(_) => "the span's share of the longest",
            Quantity::Span(_) => "the span in tokens",
            Quantity::Temperature(_) => "temperature of the row",
            Quantity::Gain(_) => "gain of the row",
            Quantity::Window(_) => "the window",
            Quantity::RelBias(_) => "what the distance is worth",
            Quantity::MlpPre(_) => "what a neuron read",
            Quantity::MlpPost(_) => "a neuron",
            Quantity::Logits => "logit",
            Quantity::Probabilities => "probability",
            Quantity::Chance => "chance to be drawn",
            Quantity::LogitsChange => "change of the logit",
            Quantity::LensLogit(_) => "logit read early",
            Quantity::LensProbability(_) => "probability read early",
        }
    }
}
