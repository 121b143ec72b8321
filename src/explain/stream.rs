//! The residual stream: embeddings, norms, sums, the feed-forward, logits.

use super::quantity::{NormSite, Quantity};
use super::source::{gelu, mean_and_scale};
use super::{Cell, Draft, Explained, Source, Unexplained, difference, figure, pokes};
use crate::config::{Activation, Norm};
use crate::text::visible;
use crate::trace::{Branch, Intervention};

pub fn token_row(source: &Source, t: usize, c: usize) -> Explained<Draft> {
    let mut draft = Draft::of("tok[c], c the character");
    let token = *source
        .trace
        .about
        .tokens
        .get(t)
        .ok_or(Unexplained::Absent)?;
    let row = source.weights_of("transformer.wte.weight", token as usize)?;
    let value = *row.get(c).ok_or(Unexplained::Absent)?;
    draft.term(
        format!("the table's row {token}, channel {c}"),
        &[value],
        None,
    );
    let given = pokes::last_set(source, |change| match change {
        Intervention::Embedding { position, values } if *position == t => values.get(c).copied(),
        _ => None,
    });
    pokes::set_by_hand(&mut draft, given);
    Ok(draft)
}

pub fn position_row(source: &Source, t: usize, c: usize) -> Explained<Draft> {
    let mut draft = Draft::of("pos[i], i the place");
    let position = source.trace.about.first + t;
    let row = source.weights_of("transformer.wpe.weight", position)?;
    let value = *row.get(c).ok_or(Unexplained::Absent)?;
    draft.term(
        format!("the table's row {position}, channel {c}"),
        &[value],
        None,
    );
    Ok(draft)
}

pub fn resid_pre(source: &Source, layer: usize, t: usize, c: usize) -> Explained<Draft> {
    let parts = match layer.checked_sub(1) {
        None => vec![
            ("the character's row", Quantity::TokenRow),
            ("the position's row", Quantity::PositionRow),
        ],
        Some(before) => vec![("out of the block before", Quantity::ResidPost(before))],
    };
    let mut draft = Draft::of(match layer {
        0 => "x = tok[c] + pos[i]",
        _ => "x, as it left the block before",
    });
    for (label, quantity) in parts {
        let cell = Cell::new(quantity, &[t, c]);
        draft.term(label, &[source.number(cell)?], Some(cell));
    }
    Ok(draft)
}

/// The stream and what a branch adds to it.
fn joined(source: &Source, layer: usize, branch: Branch, t: usize, c: usize) -> Explained<Draft> {
    let (before, added, label) = match branch {
        Branch::Attn => (
            Quantity::ResidPre(layer),
            Quantity::AttnOut(layer),
            "what attention adds",
        ),
        Branch::Mlp => (
            Quantity::ResidMid(layer),
            Quantity::MlpOut(layer),
            "what the feed-forward adds",
        ),
    };
    let mut draft = Draft::of(match branch {
        Branch::Attn => "x + E",
        Branch::Mlp => "x + F",
    });
    if pokes::road_is_open(source, layer, branch) {
        let cell = Cell::new(before, &[t, c]);
        draft.term("the stream", &[source.number(cell)?], Some(cell));
    } else {
        draft.formula = match branch {
            Branch::Attn => "E alone, the stream ends here",
            Branch::Mlp => "F alone, the stream ends here",
        };
    }
    let cell = Cell::new(added, &[t, c]);
    draft.term(label, &[source.number(cell)?], Some(cell));
    Ok(draft)
}

pub fn resid_mid(source: &Source, layer: usize, t: usize, c: usize) -> Explained<Draft> {
    match source.model().norm {
        Norm::Post => normalized(source, NormSite::Attention(layer), t, c),
        Norm::Pre | Norm::None => joined(source, layer, Branch::Attn, t, c),
    }
}

pub fn resid_post(source: &Source, layer: usize, t: usize, c: usize) -> Explained<Draft> {
    match source.model().norm {
        Norm::Post => normalized(source, NormSite::FeedForward(layer), t, c),
        Norm::Pre | Norm::None => joined(source, layer, Branch::Mlp, t, c),
    }
}

/// The row that a norm is given, and where its numbers stand, when they are recorded.
fn norm_input(
    source: &Source,
    site: NormSite,
    t: usize,
) -> Explained<(Vec<f64>, Option<Quantity>)> {
    let recorded = |quantity| Ok((source.numbers(quantity, &[t])?, Some(quantity)));
    let sum = |layer, branch| {
        let channels = 0..source.model().n_embd;
        let numbers = channels.map(|c| Ok(joined(source, layer, branch, t, c)?.value()));
        Ok((numbers.collect::<Explained<Vec<f64>>>()?, None))
    };
    match (source.model().norm, site) {
        (Norm::Post, NormSite::Attention(layer)) => sum(layer, Branch::Attn),
        (Norm::Post, NormSite::FeedForward(layer)) => sum(layer, Branch::Mlp),
        (_, NormSite::Attention(layer) | NormSite::Global(layer)) => {
            recorded(Quantity::ResidPre(layer))
        }
        (_, NormSite::FeedForward(layer)) => recorded(Quantity::ResidMid(layer)),
        (_, NormSite::Final) => recorded(source.stream(source.model().n_layer)),
    }
}

impl Source<'_> {
    /// The row that a norm is given, with its mean and deviation.
    pub fn before_norm(&self, site: NormSite, t: usize) -> Option<(Vec<f64>, f64, f64)> {
        let (x, _) = norm_input(self, site, t).ok()?;
        let (mean, scale) = mean_and_scale(&x);
        Some((x, mean, scale))
    }
}

pub fn norm_scale(source: &Source, site: NormSite, t: usize) -> Explained<Draft> {
    let mut draft = Draft::of("deviation = sqrt( mean of (x − mean)² + 0.00001 )");
    let (x, quantity) = norm_input(source, site, t)?;
    let (mean, scale) = mean_and_scale(&x);
    for (c, x) in x.iter().enumerate() {
        let from = quantity.map(|quantity| Cell::new(quantity, &[t, c]));
        let working = format!("({})²", difference(*x, mean, 4));
        draft.worked(format!("channel {c}"), working, &[x - mean, x - mean], from);
    }
    let variance = draft.value() / x.len().max(1) as f64;
    draft.step(format!("divided by {} channels", x.len()), variance);
    draft.step("plus 0.00001, and the root of it", scale);
    Ok(draft)
}

pub fn normalized(source: &Source, site: NormSite, t: usize, c: usize) -> Explained<Draft> {
    let mut draft = Draft::of("LN(x) = (x − mean) / deviation · stretch + shift");
    let (x, quantity) = norm_input(source, site, t)?;
    let (mean, scale) = mean_and_scale(&x);
    let number = *x.get(c).ok_or(Unexplained::Absent)?;
    let from = quantity.map(|quantity| Cell::new(quantity, &[t, c]));
    let working = difference(number, mean, 4);
    draft.worked(format!("channel {c}"), working, &[number - mean], from);
    let divided = (number - mean) / scale;
    draft.step(
        format!("divided by the deviation, {}", figure(scale)),
        divided,
    );
    let name = site.weights();
    let stretch = source.weight(&format!("{name}.weight"))?;
    let stretch = f64::from(stretch.at(&[c]).ok_or(Unexplained::Absent)?);
    draft.step(
        format!("times the learned stretch, {}", figure(stretch)),
        divided * stretch,
    );
    if let Some(shift) = source.bias(&format!("{name}.bias"), c)? {
        let value = draft.value() + shift;
        draft.step(format!("plus the learned shift, {}", figure(shift)), value);
    }
    Ok(draft)
}

/// Sum of the numbers of a token's row, each times a weight, and the bias.
pub(super) fn linear(
    source: &Source,
    draft: &mut Draft,
    (quantity, t): (Quantity, usize),
    name: &str,
    out: usize,
) -> Explained<()> {
    let x = source.numbers(quantity, &[t])?;
    let weights = source.weights_of(&format!("{name}.weight"), out)?;
    let counted = match quantity {
        Quantity::MlpPost(_) => "neuron",
        _ => "channel",
    };
    for (c, (x, w)) in x.iter().zip(&weights).enumerate() {
        let from = Cell::new(quantity, &[t, c]);
        draft.term(format!("{counted} {c}"), &[*x, *w], Some(from));
    }
    if let Some(bias) = source.bias(&format!("{name}.bias"), out)? {
        draft.term("bias", &[bias], None);
    }
    Ok(())
}

pub fn mlp_pre(source: &Source, layer: usize, t: usize, n: usize) -> Explained<Draft> {
    let mut draft = Draft::of(match source.model().norm {
        Norm::Pre => "LN(x) W1 + b1",
        Norm::Post | Norm::None => "x W1 + b1",
    });
    let input = (source.feed_forward_input(layer), t);
    let name = format!("transformer.h.{layer}.mlp.c_fc");
    linear(source, &mut draft, input, &name, n)?;
    Ok(draft)
}

pub fn mlp_post(source: &Source, layer: usize, t: usize, n: usize) -> Explained<Draft> {
    let cell = Cell::new(Quantity::MlpPre(layer), &[t, n]);
    let pre = source.number(cell)?;
    let (formula, words, post) = match source.model().activation {
        Activation::Relu => (
            "relu(what the neuron read)",
            "below 0 it stays silent",
            pre.max(0.0),
        ),
        Activation::Gelu => ("gelu(what the neuron read)", "through gelu", gelu(pre)),
    };
    let mut draft = Draft::of(formula);
    draft.term("what the neuron read", &[pre], Some(cell));
    draft.step(words, post);
    Ok(draft)
}

pub fn mlp_out(source: &Source, layer: usize, t: usize, c: usize) -> Explained<Draft> {
    let mut draft = Draft::of("F = all neurons W2 + b2");
    let input = (Quantity::MlpPost(layer), t);
    let name = format!("transformer.h.{layer}.mlp.c_proj");
    linear(source, &mut draft, input, &name, c)?;
    if pokes::branch_is_off(source, layer, Branch::Mlp) {
        draft.step("the branch is off", 0.0);
    }
    Ok(draft)
}

pub fn logits(source: &Source, t: usize, v: usize) -> Explained<Draft> {
    let mut draft = Draft::of(match source.model().norm {
        Norm::Pre => "LN(x) · the character's row of U",
        Norm::Post | Norm::None => "x · the character's row of U",
    });
    let name = source.unembedding().trim_end_matches(".weight");
    let input = (source.logits_input(), t);
    linear(source, &mut draft, input, name, v)?;
    Ok(draft)
}

pub fn probabilities(source: &Source, t: usize, v: usize) -> Explained<Draft> {
    let logits = source.numbers(Quantity::Logits, &[t])?;
    shares(source, &logits, Quantity::Logits, t, v)
}

pub fn lens_probability(source: &Source, depth: usize, t: usize, v: usize) -> Explained<Draft> {
    let logits = source.lens_logits(depth, t)?;
    shares(source, &logits, Quantity::LensLogit(depth), t, v)
}

/// Softmax over the characters.
fn shares(
    source: &Source,
    logits: &[f64],
    quantity: Quantity,
    t: usize,
    v: usize,
) -> Explained<Draft> {
    let mut draft = Draft::of("p = exp(logit − m) / sum of exp(logit − m), m the largest logit");
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for (n, logit) in logits.iter().enumerate() {
        let character = source.trace.about.vocab.get(n).copied().unwrap_or(' ');
        let working = format!("exp({})", difference(*logit, most, 3));
        let from = Cell::new(quantity, &[t, n]);
        let share = (logit - most).exp();
        draft.worked(visible(character), working, &[share], Some(from));
    }
    let own = (logits.get(v).ok_or(Unexplained::Absent)? - most).exp();
    let share = own / draft.value();
    draft.step(
        format!("its own, {}, divided by the sum", figure(own)),
        share,
    );
    Ok(draft)
}

pub fn lens_logit(source: &Source, depth: usize, t: usize, v: usize) -> Explained<Draft> {
    let mut draft = Draft::of(match source.model().norm {
        Norm::Pre => "LN(x) · the character's row of U, x the stream at this depth",
        Norm::Post | Norm::None => "x · the character's row of U, x the stream at this depth",
    });
    let x = source.lens_row(depth, t)?;
    let weights = source.weights_of(source.unembedding(), v)?;
    for (c, (x, w)) in x.iter().zip(&weights).enumerate() {
        let from = Cell::new(source.stream(depth), &[t, c]);
        draft.term(format!("channel {c}"), &[*x, *w], Some(from));
    }
    Ok(draft)
}
