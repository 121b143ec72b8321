use super::golden::{ALL, golden};
use super::*;
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

/// Explains every number of a pass, and answers with how many there were.
fn recompute(bytes: &[u8]) -> usize {
    let (trace, weights) = golden(bytes);
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
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
fn a_sum_is_open_term_by_term() {
    let (trace, weights) = golden(include_bytes!("../../tests/recomputed/standard.pass"));
    let source = Source {
        trace: &trace,
        weights: Some(&weights),
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
    };
    assert_eq!(explain(&blind, cell), Err(Unexplained::Weights));
    let nowhere = Cell::new(Quantity::Query(place), &[9, 2, 1]);
    assert_eq!(explain(&source, nowhere), Err(Unexplained::Absent));
}
