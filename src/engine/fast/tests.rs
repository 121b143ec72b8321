//! Every operation's way back against finite differences of its way forward.

use super::activation::Activation;
use super::additive::Room;
use super::arena::{Arena, Layout, Node, Slot, Write};
use super::attention::{Attention, Heads, Scoring};
use super::cpu::{Lesson, backward, forward};
use super::cross_entropy::CrossEntropy;
use super::embedding::Embedding;
use super::gate::{Gate, Stats};
use super::join::Join;
use super::linear::Linear;
use super::norm::LayerNorm;
use super::plan::Op;
use super::reach::{Gist, Reach};
use super::span::Span;
use crate::config::attention::{AdaptiveSpan, GateForm, Normaliser, Sharpen, SpanFrom};
use crate::engine::dropout::{Dropout, Site};
use crate::random::Stream;
use lanes::matmul::Scratch;

const B: usize = 2;
const T: usize = 5;
const R: usize = B * T;
const H: usize = 2;
const D: usize = 3;
const C: usize = H * D;

const SIZES: Heads = Heads {
    batch: B,
    heads: H,
    tokens: T,
    width: D,
};

fn node(layout: &mut Layout, n: usize) -> Node {
    Node {
        value: layout.slot(n),
        grad: layout.slot(n),
    }
}

/// The operation's gradients of a random sum of its outputs, against differences. `inputs` and
/// `outputs` are all that it reads and makes; `center` moves the inputs to where it is smooth.
fn check(what: &str, layout: &Layout, op: &Op, inputs: &[Node], outputs: &[Node], center: f32) {
    let mut arena = Arena::new(layout).expect("room");
    let mut scratch = Scratch::default();
    let mut stream = Stream::new(1, what);
    let tokens: Vec<u32> = (0..R).map(|_| stream.below(4) as u32).collect();
    let targets: Vec<u32> = (0..R).map(|_| stream.below(4) as u32).collect();
    let dropout = (what.contains("dropout")).then_some(Dropout {
        seed: 1,
        step: 2,
        rate: 0.3,
    });
    let lesson = Lesson {
        tokens: &tokens,
        targets: &targets,
        dropout,
    };
    for (n, input) in inputs.iter().enumerate() {
        let reach = what.starts_with("span") && n > 0;
        for x in arena.get_mut(input.value) {
            *x = stream.normal() as f32;
            // A window's slope changes where the span is a whole number of tokens.
            if reach {
                *x = x.floor() + 0.5;
            }
            // Scores far from 0 would leave a sigmoid no slope to measure.
            if reach || inputs.len() == 1 {
                *x += center;
            }
        }
    }
    // In-place operations write over what they read.
    let begin: Vec<Vec<f32>> = inputs.iter().map(|i| arena.get(i.value).to_vec()).collect();
    let weights: Vec<Vec<f32>> = outputs
        .iter()
        .map(|o| (0..o.value.len()).map(|_| stream.normal() as f32).collect())
        .collect();
    let mut total = |arena: &mut Arena, begin: &[Vec<f32>]| -> f64 {
        for (input, numbers) in inputs.iter().zip(begin) {
            arena.get_mut(input.value).copy_from_slice(numbers);
        }
        forward(op, arena, &mut scratch, &lesson);
        let of = |(o, w): (&Node, &Vec<f32>)| -> f64 {
            let terms = arena.get(o.value).iter().zip(w);
            terms.map(|(x, w)| f64::from(*x) * f64::from(*w)).sum()
        };
        outputs.iter().zip(&weights).map(of).sum()
    };
    total(&mut arena, &begin);
    let loss = matches!(op, Op::CrossEntropy(_));
    for input in inputs.iter().filter(|_| !loss) {
        arena.get_mut(input.grad).fill(0.0);
    }
    for (output, weights) in outputs.iter().zip(&weights).filter(|_| !loss) {
        arena.get_mut(output.grad).copy_from_slice(weights);
    }
    backward(op, &mut arena, &mut Scratch::default(), &lesson);
    let ours: Vec<Vec<f32>> = inputs.iter().map(|i| arena.get(i.grad).to_vec()).collect();
    for (n, ours) in ours.iter().enumerate() {
        let scale = ours
            .iter()
            .fold(0.1f64, |most, x| most.max(f64::from(x.abs())));
        for (place, ours) in ours.iter().enumerate() {
            let step = 1e-2;
            let mut at = |by: f32| {
                let mut moved = begin.clone();
                moved[n][place] += by;
                let there = total(&mut arena, &moved);
                match loss {
                    true => there / f64::from(weights[0][0]),
                    false => there,
                }
            };
            // Four points, so that the error falls with the fourth power of the step.
            let near = at(step) - at(-step);
            let far = at(2.0 * step) - at(-2.0 * step);
            let slope = (8.0 * near - far) / (12.0 * f64::from(step));
            let error = (f64::from(*ours) - slope).abs() / scale;
            assert!(
                error < 3e-3,
                "{what}: input {n}, place {place}: {ours} is not {slope}"
            );
        }
    }
}

#[test]
fn simple_operations() {
    let mut layout = Layout::default();
    let [wte, wpe, x, y] = [4 * C, T * C, R * C, R * C].map(|n| node(&mut layout, n));
    let op = Op::Embedding(Embedding {
        wte,
        wpe,
        out: x,
        tokens: T,
        channels: C,
    });
    check("embedding", &layout, &op, &[wte, wpe], &[x], 0.0);

    let (weight, bias) = (node(&mut layout, C), node(&mut layout, C));
    let op = Op::LayerNorm(LayerNorm {
        x,
        weight,
        bias,
        out: y,
        stats: layout.slot(2 * R),
        room: layout.slot(2 * C),
        n: C,
        stride: C,
        write: Write::Set,
    });
    check("norm", &layout, &op, &[x, weight, bias], &[y], 0.0);

    let (weight, bias, out) = (
        node(&mut layout, 3 * C),
        node(&mut layout, 3),
        node(&mut layout, 3 * R),
    );
    let op = Op::Linear(Linear {
        x,
        weight,
        bias,
        out,
        rows: R,
        n_in: C,
        n_out: 3,
        stride: 3,
        write: Write::Set,
    });
    check("linear", &layout, &op, &[x, weight, bias], &[out], 0.0);

    let op = Op::Activation(Activation::Gelu {
        x: x.value,
        y: y.value,
        grad: x.grad,
    });
    let y_here = Node {
        value: y.value,
        grad: x.grad,
    };
    check("gelu", &layout, &op, &[x], &[y_here], 0.0);
    let op = Op::Activation(Activation::Relu {
        value: x.value,
        grad: x.grad,
    });
    // Away from the bend, where there is no slope.
    check("relu", &layout, &op, &[x], &[x], 6.0);
    check("relu", &layout, &op, &[x], &[x], -6.0);

    let op = Op::Join(Join {
        x: Slot::NONE,
        y: x,
        out: y,
        layer: 1,
        site: Site::MlpOut,
        first: 0,
    });
    check("join with dropout", &layout, &op, &[x], &[y], 0.0);

    let (logits, loss) = (node(&mut layout, 4 * R), node(&mut layout, 1));
    let op = Op::CrossEntropy(CrossEntropy {
        logits,
        loss: loss.value,
        vocab: 4,
        rows: R,
    });
    check("cross entropy", &layout, &op, &[logits], &[loss], 0.0);
}

#[test]
fn attention_in_every_form() {
    let normalisers = [
        Normaliser::Softmax,
        Normaliser::OffByOne,
        Normaliser::Sigmoid,
    ];
    for normaliser in normalisers {
        for what in ["plain", "dropout", "additive", "stats", "span"] {
            let mut layout = Layout::default();
            let squares = B * H * T * T;
            let (qkv, z) = (node(&mut layout, 3 * R * C), node(&mut layout, R * C));
            let (v, stats) = (node(&mut layout, C), node(&mut layout, 3 * R * H));
            let (reach, rel_bias) = (node(&mut layout, 3 * R), node(&mut layout, H * 4));
            let (mut inputs, mut outputs) = (vec![qkv], vec![z]);
            let mut op = Attention {
                qkv,
                pattern: layout.slot(squares),
                dropped: layout.slot(squares),
                z,
                room: layout.slot(T * T),
                sizes: SIZES,
                scoring: Scoring::Dot,
                normaliser,
                stats: None,
                span: None,
                layer: 0,
                site: Site::Pattern,
                first: 0,
            };
            let mut center = 0.0;
            match what {
                "additive" => {
                    let room = layout.slot(Room::numbers(T, D));
                    op.scoring = Scoring::Additive { v, room };
                    inputs.push(v);
                }
                "stats" => {
                    op.stats = Some(Stats {
                        out: stats,
                        scores: layout.slot(squares),
                        block: 7,
                    });
                    outputs.push(stats);
                }
                "span" => {
                    op.span = Some(Span {
                        reach,
                        rel_bias,
                        scores: layout.slot(squares),
                        ramp: 40.0,
                        longest: 4,
                    });
                    inputs.extend([reach, rel_bias]);
                    // Spans, temperatures and gains are far above 0.
                    center = 4.0;
                }
                _ => {}
            }
            let name = format!("{what} {normaliser:?}");
            check(
                &name,
                &layout,
                &Op::Attention(op),
                &inputs,
                &outputs,
                center,
            );
        }
    }
}

#[test]
fn gates_and_spans() {
    for form in [GateForm::TwoSigmoid, GateForm::LogSymmetric] {
        let mut layout = Layout::default();
        let [logits, z, out] = [R * H, R * C, R * C].map(|n| node(&mut layout, n));
        let op = Op::Gate(Gate {
            logits,
            z,
            out,
            gates: layout.slot(2 * R * H),
            sizes: SIZES,
            form,
        });
        check("gate", &layout, &op, &[logits, z], &[out], 0.0);
    }
    for from in [SpanFrom::RunningMean, SpanFrom::Position] {
        let mut layout = Layout::default();
        let (x, out) = (node(&mut layout, R * C), node(&mut layout, R * C));
        let op = Op::Gist(Gist {
            x,
            out,
            room: layout.slot(C),
            tokens: T,
            n: C,
            stride: C,
            from,
        });
        check("gist", &layout, &op, &[x], &[out], 0.0);
    }
    for (sharpen, inverse_gain) in [(Sharpen::Short, false), (Sharpen::Long, true)] {
        let mut layout = Layout::default();
        let (logits, out) = (node(&mut layout, R), node(&mut layout, 3 * R));
        let op = Op::Reach(Reach {
            logits,
            out,
            shares: layout.slot(R),
            longest: 60,
            options: AdaptiveSpan {
                sharpen,
                inverse_gain,
                gain_max: 16.0,
                ..AdaptiveSpan::default()
            },
            price: 0.0,
        });
        check("reach", &layout, &op, &[logits], &[out], 0.0);
    }
}
