//! What each head adds (seed 001: "how and how much does each head contribute to the final
//! embedding?").
//!
//! Attention's output is a sum: E_i = sum_h E~_hi + biases, E~_hi what head h alone adds to token i
//! through its slice of Wo (`hook_result`; in `adaptive_span` H global and H local ones, each
//! through its half of Wp too). Below, E is the sum of the slices, without the biases.
//!
//! ```text
//! norm             |E~_h|                              in the stream's own unit
//! against stream   |E~_h| / |x|                        x the stream into the block: `hook_resid_pre`
//! cosine           E . E~_h / (|E| |E~_h|)             direction only, -1 to 1
//! closeness        1 - |d(E, E~_h)|, d = |E - E~_h| / |E|     1: the head is all of E; 0: as far off
//!                                                      as nothing at all; below: further
//! ```
//!
//! The seed's 1 - |d| with the cosine distance, d = 1 - cosine, is the cosine itself, since d is
//! never negative.
//!
//! **Share of a logit** (direct logit attribution; Elhage and others 2021, "A Mathematical Framework
//! for Transformer Circuits"). Under `norm: pre` character v's logit at token i is
//! `w_v . LN_f(x_i)`, x_i the sum of all that was ever added to the stream. With the norm's scale
//! held at what it was in this pass (`ln_final.hook_scale`), LN_f is linear but for its shift, and a
//! summand c has the share
//!
//! ```text
//! share_v(c) = w_v . (stretch * (c - mean c) / scale_i)
//! ```
//!
//! in logits. The shares of embedding, position, all heads, biases and feed-forwards, and
//! w_v . shift, add up to the logit. Under `post` each norm that stands between the head and the end
//! is held in the same way; under `none` there is nothing to hold. It is the *direct* share: what
//! later blocks make of the contribution is not in it. Where the stream does not go on (`residual`
//! off, or cut by an intervention) no direct road is left, and the share is 0.
//!
//! **Effect on a logit** (ours, beside the seed's): the logit of the pass less that of a pass in which
//! the head adds nothing ([`leave_out`]). All roads are in it, and what others make up for is not.

use super::head::{self, chosen, recorded, rows, weight};
use super::unembedding::{LayerNorm, Unembedding};
use super::vectors::{add_scaled, cosine, dot, largest, mean, minus, norm, product, wide};
use super::{AnalysisError, Head, Options};
use crate::config::{Kind, ModelConfig, Norm};
use crate::trace::{Arrays, Branch, Intervention, Trace};
use serde::Serialize;

/// One head's vector beside the sum of all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// |E~_h|
    pub norm: f64,
    /// `None` where E or E~_h is 0.
    pub cosine: Option<f64>,
    /// 1 - |E - E~_h| / |E|; `None` where E is 0.
    pub closeness: Option<f64>,
}

/// E: the sum of the slices, each `[C]`.
pub fn sum(slices: &[&[f32]]) -> Vec<f64> {
    let c = slices.first().map_or(0, |slice| slice.len());
    slices.iter().fold(vec![0.0; c], |mut sum, slice| {
        add_scaled(&mut sum, 1.0, &wide(slice));
        sum
    })
}

/// Each slice, `[C]`, beside the sum of all.
pub fn compare(slices: &[&[f32]]) -> Vec<Comparison> {
    let whole = sum(slices);
    let length = norm(&whole);
    let each = slices.iter().map(|slice| {
        let slice = wide(slice);
        let off = norm(&minus(&whole, &slice));
        Comparison {
            norm: norm(&slice),
            cosine: cosine(&whole, &slice),
            closeness: (length > 0.0).then(|| 1.0 - off / length),
        }
    });
    each.collect()
}

/// What a block's attention adds to every token whatever its heads do, `[C]`: bo, or in
/// `adaptive_span` bp and both passes' bo through their halves of Wp. `hook_attn_out` less it is E.
///
/// # Errors
/// A weight that is not there.
pub fn biases(
    model: &ModelConfig,
    weights: &Arrays,
    layer: usize,
) -> Result<Vec<f64>, AnalysisError> {
    let c = model.n_embd;
    if !model.bias {
        return Ok(vec![0.0; c]);
    }
    let named = |name: &str| {
        let array = weight(weights, &format!("transformer.h.{layer}.attn.{name}"))?;
        Ok(array.data)
    };
    match model.attention.kind() {
        Kind::Standard | Kind::HeadGated | Kind::Additive => Ok(wide(named("c_proj.bias")?)),
        Kind::AdaptiveSpan => {
            // Wp [L ; G] + bp: the local bias first.
            let both = [named("c_proj.bias")?, named("global.c_proj.bias")?].concat();
            let mut out = product(named("combine.weight")?, &wide(&both));
            add_scaled(&mut out, 1.0, &wide(named("combine.bias")?));
            Ok(out)
        }
    }
}

/// The direct road from a block's attention to the vector that meets the unembedding.
struct Road<'a> {
    /// Norms on the way, each with its scales, one a token.
    norms: Vec<(LayerNorm, &'a [f32])>,
    open: bool,
}

impl<'a> Road<'a> {
    fn new(trace: &'a Trace, weights: &Arrays, layer: usize) -> Result<Self, AnalysisError> {
        let model = &trace.about.model;
        let held = |weight: String, hook: String| {
            let norm = LayerNorm::named(weights, &weight)?;
            Ok((norm, recorded(trace, &format!("{hook}.hook_scale"))?.data))
        };
        let norms = match model.norm {
            Norm::None => Vec::new(),
            Norm::Pre => vec![held("transformer.ln_f".into(), "ln_final".into())?],
            Norm::Post => (layer..model.n_layer)
                .flat_map(|n| [(n, 1), (n, 2)])
                .map(|(n, m)| {
                    held(
                        format!("transformer.h.{n}.ln_{m}"),
                        format!("blocks.{n}.ln{m}"),
                    )
                })
                .collect::<Result<_, _>>()?,
        };
        let cut = trace.about.interventions.iter().any(|change| match change {
            Intervention::Residual { layer: n, branch } => {
                *n > layer || *n == layer && *branch == Branch::Mlp
            }
            Intervention::Branch { layer: n, branch } => *n == layer && *branch == Branch::Attn,
            _ => false,
        });
        Ok(Road {
            norms,
            open: model.residual && !cut,
        })
    }

    /// What a summand of that row has become at the end; `None` where it does not arrive.
    fn carry(&self, row: usize, summand: &[f64]) -> Option<Vec<f64>> {
        let norms = self.norms.iter();
        self.open.then(|| {
            norms.fold(summand.to_vec(), |x, (norm, scales)| {
                norm.part(&x, f64::from(scales[row]))
            })
        })
    }
}

/// What one head added to one token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contribution {
    #[serde(flatten)]
    pub head: Head,
    pub position: usize,
    #[serde(flatten)]
    pub comparison: Comparison,
    /// The norm against that of the stream into the block; `None` where that is 0.
    pub against_stream: Option<f64>,
    /// The character whose logit is shared out.
    pub character: char,
    /// Its direct share of that logit, in logits.
    pub logit_share: f64,
    /// The same less its mean share of all characters' logits: what sets this character apart. A
    /// softmax does not see the rest.
    pub logit_share_above_mean: f64,
    /// Its effect on that logit by all roads, once a pass without it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logit_effect: Option<f64>,
    /// The same less its mean effect on all characters' logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logit_effect_above_mean: Option<f64>,
}

/// Every head's contribution to the position asked about, or to all, and its share of the logit of
/// the character asked about, or of the likeliest at each position.
///
/// # Errors
/// A position, character, hook or weight that is not there.
pub fn contributions(
    trace: &Trace,
    weights: &Arrays,
    options: &Options,
) -> Result<Vec<Contribution>, AnalysisError> {
    let model = &trace.about.model;
    let unembedding = Unembedding::of(model, weights)?;
    let mean_direction = unembedding.mean_direction();
    let logits = rows(trace, "logits")?;
    let mut found = Vec::new();
    for layer in 0..model.n_layer {
        let heads = Head::of_layer(model, layer);
        let slices: Vec<Vec<&[f32]>> = heads
            .iter()
            .map(|head| head.contributions(trace))
            .collect::<Result<_, _>>()?;
        let stream = rows(trace, &format!("blocks.{layer}.hook_resid_pre"))?;
        let road = Road::new(trace, weights, layer)?;
        for position in chosen(trace, options.position)? {
            let row = position - trace.about.first;
            let token = match options.character {
                Some(character) => head::token(trace, character)?,
                None => largest(&wide(logits[row])),
            };
            let direction = unembedding.direction(token);
            let length = norm(&wide(stream[row]));
            let here: Vec<&[f32]> = slices.iter().map(|tokens| tokens[row]).collect();
            let compared = compare(&here);
            for ((head, slice), comparison) in heads.iter().zip(&here).zip(compared) {
                let arrived = road.carry(row, &wide(slice));
                let share = |direction: &[f64]| arrived.as_ref().map_or(0.0, |c| dot(direction, c));
                found.push(Contribution {
                    head: *head,
                    position,
                    comparison,
                    against_stream: (length > 0.0).then(|| comparison.norm / length),
                    character: head::character(trace, token),
                    logit_share: share(&direction),
                    logit_share_above_mean: share(&direction) - share(&mean_direction),
                    logit_effect: None,
                    logit_effect_above_mean: None,
                });
            }
        }
    }
    Ok(found)
}

/// Fills in the effects of one head, from a trace of the same text with that head off (`Part::off`)
/// and nothing else changed.
///
/// # Errors
/// A trace that has no `logits_change`, or lacks a position or character.
pub fn leave_out(
    found: &mut [Contribution],
    head: Head,
    without: &Trace,
) -> Result<(), AnalysisError> {
    let changes = rows(without, "logits_change")?;
    for contribution in found.iter_mut().filter(|c| c.head == head) {
        let position = contribution.position;
        let token = head::token(without, contribution.character)?;
        for position in chosen(without, Some(position))? {
            let change = wide(changes[position - without.about.first]);
            // What came by leaving it out is what it had kept away.
            contribution.logit_effect = Some(-change[token]);
            contribution.logit_effect_above_mean = Some(mean(&change) - change[token]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made::{KINDS, Made, model};

    #[test]
    fn two_heads_by_hand() {
        // E = (3, 4).
        let compared = compare(&[&[3.0, 0.0], &[0.0, 4.0]]);
        assert_eq!(compared[0].norm, 3.0);
        assert_eq!(compared[0].cosine, Some(0.6));
        assert!((compared[0].closeness.expect("E is not 0") - 0.2).abs() < 1e-12);
        assert!((compared[1].closeness.expect("E is not 0") - 0.4).abs() < 1e-12);
        // A head alone is all of E; two that cancel are E of nothing.
        assert_eq!(compare(&[&[1.0, 2.0]])[0].closeness, Some(1.0));
        let cancelled = compare(&[&[1.0, 0.0], &[-1.0, 0.0]]);
        assert_eq!((cancelled[0].cosine, cancelled[0].closeness), (None, None));
    }

    #[test]
    fn one_minus_the_cosine_distance_is_the_cosine() {
        let made = Made::new(&model(Kind::Standard), 6, 3);
        let found = contributions(&made.trace, &made.weights, &Options::default());
        for cosine in found
            .expect("whole")
            .iter()
            .filter_map(|c| c.comparison.cosine)
        {
            let distance: f64 = 1.0 - cosine;
            assert!((1.0 - distance.abs() - cosine).abs() < 1e-12);
        }
    }

    #[test]
    fn slices_sum_to_the_output_less_biases() {
        for (kind, seed) in KINDS.into_iter().zip(1..) {
            let made = Made::new(&model(kind), 6, seed);
            for layer in 0..2 {
                let heads = Head::of_layer(&made.trace.about.model, layer);
                let slices: Vec<_> = heads
                    .iter()
                    .map(|head| head.contributions(&made.trace).expect("recorded"))
                    .collect();
                let biases = biases(&made.trace.about.model, &made.weights, layer).expect("there");
                let out = rows(&made.trace, &format!("blocks.{layer}.hook_attn_out"));
                for (t, out) in out.expect("recorded").into_iter().enumerate() {
                    let here: Vec<&[f32]> = slices.iter().map(|tokens| tokens[t]).collect();
                    let off = minus(&minus(&wide(out), &sum(&here)), &biases);
                    assert!(norm(&off) < 1e-5, "{kind:?} block {layer} token {t}");
                }
            }
        }
    }

    #[test]
    fn shares_of_all_that_was_added_are_the_logit() {
        for (kind, seed) in KINDS.into_iter().zip(1..) {
            for norm in [Norm::Pre, Norm::Post, Norm::None] {
                let mut config = model(kind);
                // Under `post` the norms' shifts come in one by one: leave them out.
                (config.norm, config.bias) = (norm, norm != Norm::Post);
                // Later blocks' norms rescale what earlier blocks added, so one block is enough.
                config.n_layer = if norm == Norm::Post { 1 } else { 2 };
                let made = Made::new(&config, 5, seed);
                let (trace, weights) = (&made.trace, &made.weights);
                let options = Options {
                    character: Some('b'),
                    ..Options::default()
                };
                let heads = contributions(trace, weights, &options).expect("whole");
                let unembedding = Unembedding::of(&config, weights).expect("there");
                let direction = unembedding.direction(1);
                for row in 0..5 {
                    let mut logit: f64 = heads
                        .iter()
                        .filter(|c| c.position == row)
                        .map(|c| c.logit_share)
                        .sum();
                    let added = |layer: usize, summand: &[f64]| {
                        let road = Road::new(trace, weights, layer).expect("there");
                        dot(&direction, &road.carry(row, summand).expect("open"))
                    };
                    for (name, layer) in made.other_summands() {
                        let summand = wide(rows(trace, &name).expect("recorded")[row]);
                        let summand = match (norm, name.ends_with("mlp_out")) {
                            // It joins after ln1: undo what the road would do to it there.
                            (Norm::Post, true) => {
                                let (ln2, scales) = made.norm(layer, 2);
                                logit += dot(&direction, &ln2.part(&summand, scales[row]));
                                continue;
                            }
                            _ => summand,
                        };
                        logit += added(layer, &summand);
                    }
                    for layer in 0..config.n_layer {
                        let biases = biases(&config, weights, layer).expect("there");
                        logit += added(layer, &biases);
                    }
                    if norm == Norm::Pre {
                        let nothing = vec![0.0; config.n_embd];
                        let shift = unembedding.normed(&nothing);
                        logit += dot(&direction, &shift);
                    }
                    let expected = f64::from(rows(trace, "logits").expect("recorded")[row][1]);
                    assert!(
                        (logit - expected).abs() < 1e-4,
                        "{kind:?} {norm:?}: {logit} is not {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn where_there_is_only_the_direct_road_the_effect_is_the_share() {
        let mut config = model(Kind::AdaptiveSpan);
        config.norm = Norm::None;
        let Made { trace, weights } = Made::new(&config, 4, 7);
        let options = Options {
            character: Some('d'),
            ..Options::default()
        };
        let mut found = contributions(&trace, &weights, &options).expect("whole");
        let unembedding = Unembedding::of(&config, &weights).expect("there");
        for head in Head::all(&config) {
            // Drawn feed-forwards do not read the stream: nothing else changes without the head.
            let slices = head.contributions(&trace).expect("recorded");
            let changes = slices.into_iter().flat_map(|slice| {
                let logits = unembedding.logits(&wide(slice));
                logits.into_iter().map(|logit| -logit as f32)
            });
            let mut about = trace.about.clone();
            about.entries.push(crate::trace::Entry {
                name: "logits_change".into(),
                shape: vec![4, 5],
            });
            let data = trace.data().iter().copied().chain(changes).collect();
            let without = Trace::new(about, data).expect("adds up");
            leave_out(&mut found, head, &without).expect("whole");
        }
        for c in found {
            let effects = (c.logit_effect, c.logit_effect_above_mean);
            let (effect, above_mean) = (effects.0.expect("seen"), effects.1.expect("seen"));
            assert!((effect - c.logit_share).abs() < 1e-5);
            assert!((above_mean - c.logit_share_above_mean).abs() < 1e-5);
        }
    }

    #[test]
    fn a_contribution_that_does_not_arrive_has_no_share() {
        let config = model(Kind::Standard);
        let mut made = Made::new(&config, 4, 1);
        made.trace.about.interventions = vec![Intervention::Residual {
            layer: 1,
            branch: Branch::Attn,
        }];
        let found = contributions(&made.trace, &made.weights, &Options::default());
        for c in found.expect("whole") {
            assert_eq!(c.logit_share == 0.0, c.head.layer == 0);
        }
    }
}
