use super::golden::{ALL, golden};
use super::*;
use crate::config::Norm;
use crate::config::attention::Normaliser;
use crate::protocol::Sampling;
use crate::trace::Pass;

/// Every quantity that such a model can have.
fn quantities(source: &Source) -> Vec<Quantity> {
    use Quantity::*;
    let mut all = vec![
        TokenRow,
        PositionRow,
        Logits,
        Probabilities,
        NormScale(NormSite::Final),
        Normalized(NormSite::Final),
    ];
    for layer in 0..source.model().n_layer {
        all.extend([
            ResidPre(layer),
            AttnOut(layer),
            ResidMid(layer),
            MlpOut(layer),
            ResidPost(layer),
            GateStats(layer),
            Gate(layer),
            SpanContext(layer),
            SpanScale(layer),
            Span(layer),
            Temperature(layer),
            Gain(layer),
            Window(layer),
            RelBias(layer),
            MlpPre(layer),
            MlpPost(layer),
        ]);
        all.extend([Pass::Global, Pass::Local].map(|pass| PassOut(layer, pass)));
        for site in [
            NormSite::Attention(layer),
            NormSite::Global(layer),
            NormSite::FeedForward(layer),
        ] {
            all.extend([NormScale(site), Normalized(site)]);
        }
        for place in source.places(layer) {
            all.extend([
                Query(place),
                Key(place),
                Value(place),
                Scores(place),
                Pattern(place),
                Mixed(place),
                HeadResult(place),
            ]);
        }
    }
    all
}

/// The two numbers of "1.2345 − (−0.1234)" in the working of a term.
fn difference_in(working: &str) -> Option<(f64, f64)> {
    let (before, after) = working.split_once(" − ")?;
    let number = |text: &str| {
        let sign = |c: char| c.is_ascii_digit() || c == '.' || c == '−';
        let kept: String = text.chars().filter(|c| sign(*c)).collect();
        kept.replace('−', "-").parse::<f64>().ok()
    };
    let start = before.rfind(['(', ' ']).map_or(0, |at| at + 1);
    Some((number(&before[start..])?, number(after)?))
}

/// What a card says of a term must be what the term is: the parts of a product, what is taken off, and
/// the window. The rows are read here anew, and what is made of them is made here anew.
fn check_words(source: &Source, explanation: &Explanation) {
    let Cell { quantity, index } = explanation.cell;
    let row = |quantity, places: &[usize]| source.numbers(quantity, places).expect("recorded");
    // As far as three digits behind the point can say.
    let close = |a: f64, b: f64| (a - b).abs() <= 2e-3 * a.abs().max(b.abs()).max(1.0);
    for sign in symbols::signs(explanation.formula) {
        assert!(sign.is_ok(), "{sign:?} in {}", explanation.formula);
    }
    let is_of_a_norm = match quantity {
        Quantity::Normalized(_) | Quantity::NormScale(_) => true,
        // Where the norm stands behind the sum, the stream is what it answers.
        Quantity::ResidMid(_) | Quantity::ResidPost(_) => source.model().norm == Norm::Post,
        _ => false,
    };
    for (n, term) in explanation.terms.iter().enumerate() {
        let product: f64 = term.factors.iter().product();
        assert_eq!(product, term.value, "{}", term.label);
        let working = term.working.as_deref().unwrap_or_default();
        let said = difference_in(working);
        match quantity {
            Quantity::Pattern(place) => {
                let [head, query, _] = index;
                let scores = row(Quantity::Scores(place), &[head, query]);
                let window = (place.pass == Some(Pass::Local))
                    .then(|| row(Quantity::Window(place.layer), &[query]));
                let normaliser = source.model().attention.normaliser();
                if normaliser == Normaliser::Sigmoid {
                    continue;
                }
                let open = |j: &usize| window.as_ref().is_none_or(|w| w[*j] > 0.0);
                let seen = (0..=query).filter(open).map(|j| scores[j]);
                let off_by_one = normaliser == Normaliser::OffByOne;
                let least = if off_by_one { 0.0 } else { f64::NEG_INFINITY };
                let largest = seen.fold(least, f64::max);
                if n > query {
                    assert!(close(term.value, (-largest).exp()), "{}", term.label);
                    continue;
                }
                let w = window.as_ref().map_or(1.0, |w| w[n]);
                if w == 0.0 {
                    assert!(working == "w shut" && term.value == 0.0);
                    continue;
                }
                let (score, off) = said.expect("both are said");
                assert!(
                    close(score, scores[n]) && close(off, largest),
                    "{}",
                    term.label
                );
                let factors: Vec<f64> = match window {
                    Some(_) => vec![w, (scores[n] - largest).exp()],
                    None => vec![(scores[n] - largest).exp()],
                };
                assert_eq!(term.factors, factors, "{}", term.label);
                let factor = match window {
                    Some(_) => format!("{w:.3} × exp("),
                    None => "exp(".to_string(),
                };
                assert!(working.starts_with(&factor), "{working}");
            }
            _ if is_of_a_norm => {
                let (x, mean) = said.expect("both are said");
                assert!(close(x - mean, term.factors[0]), "{}", term.label);
                if let Some(x_there) = term.from.and_then(|from| source.at(from)) {
                    assert!(close(x, f64::from(x_there)), "{}", term.label);
                }
            }
            Quantity::Probabilities | Quantity::LensProbability(_) => {
                let (logit, largest) = said.expect("both are said");
                assert!(logit <= largest);
                assert!(close((logit - largest).exp(), term.value), "{}", term.label);
                let own = term.from.and_then(|from| source.at(from));
                assert!(own.is_some_and(|own| close(logit, f64::from(own))));
            }
            // Their labels name a place and no number.
            _ => assert_eq!(said, None, "{}", term.label),
        }
    }
}

/// Explains every number of a pass, and answers with how many there were.
fn recompute(bytes: &[u8]) -> usize {
    let (trace, weights) = golden(bytes);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let mut names = std::collections::HashSet::new();
    let mut count = 0;
    for quantity in quantities(&source) {
        let Some(array) = source.array(quantity) else {
            continue;
        };
        names.insert(quantity.name());
        assert_eq!(array.shape.len(), quantity.shape().rank(), "{quantity:?}");
        for n in 0..array.data.len() {
            let mut rest = n;
            let mut places: Vec<usize> = array
                .shape
                .iter()
                .rev()
                .map(|axis| {
                    let place = rest % axis;
                    rest /= axis;
                    place
                })
                .collect();
            places.reverse();
            let cell = Cell::new(quantity, &places);
            let explanation = explain(&source, cell).unwrap_or_else(|e| panic!("{cell:?}: {e}"));
            assert_eq!(explanation.value, array.data[n], "{cell:?}");
            assert!(
                explanation.agrees(),
                "{}: {} and recomputed {}",
                cell.name(),
                explanation.value,
                explanation.recomputed
            );
            check_words(&source, &explanation);
            count += 1;
        }
    }
    // Nothing in a trace may be left without an explanation, but for the difference of two passes.
    for name in trace.names() {
        assert!(
            names.contains(name) || name == "logits_change",
            "{name} is not explained"
        );
    }
    count
}

macro_rules! passes {
    ($($test:ident: $file:literal,)*) => {
        $(
            #[test]
            fn $test() {
                let bytes = include_bytes!(concat!("../../tests/recomputed/", $file, ".pass"));
                assert!(recompute(bytes) > 2_000);
            }
        )*
    };
}

passes! {
    every_number_of_standard_attention: "standard",
    every_number_with_the_norm_after_the_sum: "off-by-one",
    every_number_without_norm_and_residual: "bare",
    every_number_of_head_gated_attention: "head-gated",
    every_number_of_adaptive_span_attention: "adaptive-span",
    every_number_of_additive_attention: "additive",
    every_number_of_a_changed_pass: "poked",
    every_number_of_a_changed_span: "poked-span",
    every_number_of_a_changed_gate: "poked-gate",
}

#[test]
fn the_lens_at_the_end_is_the_model_itself() {
    for bytes in ALL {
        let (trace, weights) = golden(bytes);
        let source = Source {
            trace: &trace,
            weights: Some(&weights),
            sampling: Sampling::default(),
        };
        for t in 0..source.tokens() {
            let lens = source.lens(source.model().n_layer, t).expect("weights");
            let row = source.row(Quantity::Probabilities, &[t]).expect("there");
            for (lens, p) in lens.probabilities.iter().zip(row) {
                assert!((lens - f64::from(*p)).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn a_number_that_was_set_says_what_the_formula_gives() {
    let mut set = 0;
    for bytes in ALL {
        let before = set;
        let (trace, weights) = golden(bytes);
        let source = Source {
            trace: &trace,
            weights: Some(&weights),
            sampling: Sampling::default(),
        };
        for quantity in quantities(&source) {
            let Quantity::Pattern(place) = quantity else {
                continue;
            };
            for (h, i, j) in (0..source.model().n_head)
                .flat_map(|h| (0..source.tokens()).map(move |i| (h, i)))
                .flat_map(|(h, i)| (0..=i).map(move |j| (h, i, j)))
            {
                let explanation = explain(&source, Cell::new(quantity, &[h, i, j])).expect("made");
                let Some((step, unchanged)) = explanation.by_hand() else {
                    continue;
                };
                let is_set = trace
                    .about
                    .interventions
                    .iter()
                    .any(|change| match *change {
                        Intervention::Cell {
                            layer,
                            head,
                            query,
                            key,
                            ..
                        } => (layer, head, query, key) == (place.layer, h, i, j),
                        Intervention::Row {
                            layer, head, query, ..
                        } => (layer, head, query) == (place.layer, h, i),
                        _ => false,
                    });
                let words = if is_set {
                    "set by you"
                } else {
                    "scaled to fit"
                };
                assert_eq!(step.words, words);
                let shares = source.exponentials(place, h, i).expect("a softmax");
                assert!((unchanged - shares.shares[j] / shares.sum).abs() < 1e-9);
                assert!((unchanged - explanation.recomputed).abs() > 1e-6);
                set += 1;
            }
            if trace.about.interventions.is_empty() {
                assert_eq!(set, before, "only a changed pass has changed numbers");
            }
        }
    }
    assert!(set > 0, "no pass has a weight that was set");
}

#[test]
fn a_sum_is_open_term_by_term() {
    let (trace, weights) = golden(include_bytes!("../../tests/recomputed/standard.pass"));
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
        sampling: Sampling::default(),
    };
    let place = Place {
        layer: 1,
        pass: None,
    };
    let cell = Cell::new(Quantity::Query(place), &[3, 2, 1]);
    assert_eq!(cell.name(), "blocks.1.attn.hook_q[3, 2, 1]");
    let explanation = explain(&source, cell).expect("explained");
    // Eight channels and the bias.
    assert_eq!(explanation.terms.len(), 9);
    let input = explanation.terms[4].from.expect("from the norm");
    assert_eq!(input.name(), "blocks.1.ln1.hook_normalized[3, 4]");
    assert_eq!(
        Some(explanation.terms[4].factors[0] as f32),
        source.at(input)
    );

    let blind = Source {
        trace: &trace,
        weights: None,
        sampling: Sampling::default(),
    };
    assert_eq!(explain(&blind, cell), Err(Unexplained::Weights));
    let nowhere = Cell::new(Quantity::Query(place), &[9, 2, 1]);
    assert_eq!(explain(&source, nowhere), Err(Unexplained::Absent));
}
