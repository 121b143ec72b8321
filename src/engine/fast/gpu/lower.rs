//! From the plan to a list of dispatches.
//!
//! What follows a product is done in the product's own kernel where the plan has it right behind:
//! the bias, the activation, the sum with the stream, and backwards the activation's slope. So a
//! block of standard attention takes seven dispatches forwards and eight back. What other kinds add
//! is in `additive.rs`, `gate.rs` and `span.rs`.

mod additive;
mod gate;
pub mod pass;
mod span;

use super::kernels::Kernel;
use super::step::StepLayout;
use crate::config::attention::Normaliser;
use crate::engine::dropout::Site;
use crate::engine::fast::activation::Activation;
use crate::engine::fast::arena::{Layout, Slot, Write};
use crate::engine::fast::attention::{Attention, Scoring};
use crate::engine::fast::embedding::Embedding;
use crate::engine::fast::linear::Linear;
use crate::engine::fast::norm::LayerNorm;
use crate::engine::fast::plan::{Op, Plan, Uncovered};

/// No place, in a kernel's uniforms.
const NONE: u32 = u32::MAX;
/// Threads of every workgroup.
const THREADS: usize = 64;
/// Workgroups of a kernel over many numbers, of which each thread then takes several.
const MOST_GROUPS: usize = 1024;
/// Rows to a workgroup of the kernels that give a row to 8 threads.
const ROWS: usize = 8;
/// Queries or keys to a workgroup of attention.
const TILE: usize = 8;
/// Rows and columns to a workgroup of a product.
const TALL: usize = 64;
const WIDE: usize = 32;
/// Shares of the global norm.
const SHARES: usize = 64;
/// Steps whose numbers have a place at the same time.
pub const RING: usize = 16;

/// One dispatch.
#[derive(Clone, Debug)]
pub struct Dispatch {
    pub kernel: Kernel,
    /// The kernel's `op`, word for word.
    pub op: Vec<u32>,
    /// Workgroups along x, y, z.
    pub groups: [u32; 3],
}

/// A step as dispatches, and where the host finds and puts things.
#[derive(Clone, Debug)]
pub struct Program {
    pub dispatches: Vec<Dispatch>,
    pub step: StepLayout,
    /// 1 where a parameter's number decays: `[n]`.
    pub decays: Slot,
    /// The latest step's norm, or the first that was not finite, after which no step is taken: `[1]`.
    pub norm: Slot,
    /// Loss and norm of the latest steps: `[RING, 2]`.
    pub report: Slot,
}

/// The plan as dispatches. `layout` grows by what only a GPU needs.
///
/// # Errors
/// [`Uncovered`], when there is no kernel for it.
pub fn lower(plan: &Plan, layout: &mut Layout, dropout: bool) -> Result<Program, Uncovered> {
    let mut lowering = Lowering::new(plan, layout, dropout)?;
    lowering.forward()?;
    lowering.backward();
    let n = plan.optimizer.values.len();
    let [shares, norm, factor, decays, report] =
        [SHARES, 1, 1, n, 2 * RING].map(|len| layout.slot(len));
    lowering.update(shares, norm, factor, decays, report);
    Ok(Program {
        dispatches: lowering.dispatches,
        step: lowering.step,
        norm,
        decays,
        report,
    })
}

/// Every mask of a step, and the numbers in the largest pattern.
fn masks(plan: &Plan) -> (Vec<(usize, Site)>, usize) {
    let (mut sites, mut squares) = (Vec::new(), 0);
    for op in &plan.ops {
        match op {
            Op::Attention(op) => {
                sites.push((op.layer, op.site));
                squares = squares.max(op.pattern.len());
            }
            Op::Join(op) => sites.push((op.layer, op.site)),
            Op::Embedding(_)
            | Op::LayerNorm(_)
            | Op::Linear(_)
            | Op::Gate(_)
            | Op::Gist(_)
            | Op::Reach(_)
            | Op::Activation(_)
            | Op::CrossEntropy(_) => {}
        }
    }
    (sites, squares)
}

struct Lowering<'a> {
    plan: &'a Plan,
    step: StepLayout,
    dispatches: Vec<Dispatch>,
    /// Gradients of parameters that a dispatch has written: the next one adds.
    written: Vec<Slot>,
    /// dS of all heads of one layer: `[B, H, T, T]`.
    ds: Slot,
    /// What each four queries bring to the gradient of additive v: `[B, 2 tiles, C]`.
    shares: Slot,
    /// What each head gives of the gradients of z, t and gain, of one layer: `[B, H, T, 3]`.
    found: Slot,
    /// `[R]`
    losses: Slot,
    rows: usize,
    vocab: usize,
}

/// What follows a product, in the words of `linear.wgsl`.
struct Then {
    then: u32,
    other: u32,
    keys: u32,
    out: Slot,
}

impl<'a> Lowering<'a> {
    fn new(plan: &'a Plan, layout: &mut Layout, dropout: bool) -> Result<Self, Uncovered> {
        let rows = plan.share.batch * plan.tokens;
        let vocab = plan.vocab();
        let (sites, squares) = masks(plan);
        let sites = if dropout { sites } else { Vec::new() };
        Ok(Lowering {
            plan,
            step: StepLayout::new(sites, rows, vocab),
            dispatches: Vec::new(),
            written: Vec::new(),
            ds: layout.slot(squares),
            shares: layout.slot(additive::shares(plan)),
            found: layout.slot(span::found(plan)),
            losses: layout.slot(rows),
            rows,
            vocab,
        })
    }

    fn forward(&mut self) -> Result<(), Uncovered> {
        let plan = self.plan;
        let mut ops = plan.ops.iter().peekable();
        while let Some(op) = ops.next() {
            match op {
                Op::Embedding(op) => self.embedding(op),
                Op::LayerNorm(op) => self.norm(op),
                Op::Linear(op) => {
                    let then = ops.peek().and_then(|next| self.then(op, next));
                    if then.is_some() {
                        ops.next();
                    }
                    self.linear(op, then);
                }
                Op::Attention(op) => self.attention(op),
                Op::Gate(op) => self.gate(op),
                Op::Gist(op) => self.gist(op),
                Op::Reach(op) => self.reach(op),
                Op::Activation(_) => {
                    return Err(Uncovered::Gpu("an activation that follows no linear layer"));
                }
                Op::Join(op) => {
                    let keys = self.keys(op.layer, op.site);
                    self.join(op.x, op.y.value, op.out.value, keys);
                }
                Op::CrossEntropy(op) => {
                    let words = vec![
                        at(op.logits.value),
                        at(op.logits.grad),
                        at(self.losses),
                        self.step.targets() as u32,
                        self.rows as u32,
                        op.vocab as u32,
                    ];
                    self.push(
                        Kernel::CrossEntropy,
                        words,
                        [self.rows.div_ceil(ROWS), 1, 1],
                    );
                }
            }
        }
        Ok(())
    }

    fn backward(&mut self) {
        let plan = self.plan;
        for (n, op) in plan.ops.iter().enumerate().rev() {
            match op {
                Op::Embedding(op) => self.embedding_back(op),
                Op::LayerNorm(op) => self.norm_back(op),
                Op::Linear(op) => {
                    let before = n.checked_sub(1).map(|n| &plan.ops[n]);
                    self.linear_back(op, before);
                }
                Op::Attention(op) => self.attention_back(op),
                Op::Join(op) => {
                    let keys = self.keys(op.layer, op.site);
                    if keys != NONE || op.y.grad != op.out.grad {
                        self.join(Slot::NONE, op.out.grad, op.y.grad, keys);
                    }
                }
                Op::Gate(op) => self.gate_back(op),
                Op::Gist(op) => self.gist_back(op),
                Op::Reach(op) => self.reach_back(op),
                // Done by the linear layer behind it, and with the loss.
                Op::Activation(_) | Op::CrossEntropy(_) => {}
            }
        }
    }

    /// What comes after a linear layer, if its kernel can do that too.
    fn then(&self, linear: &Linear, next: &Op) -> Option<Then> {
        let plain = |then, other, out| Then {
            then,
            other,
            keys: NONE,
            out,
        };
        match next {
            Op::Activation(Activation::Relu { value, .. }) if *value == linear.out.value => {
                Some(plain(1, NONE, *value))
            }
            Op::Activation(Activation::Gelu { x, y, .. }) if *x == linear.out.value => {
                Some(plain(2, at(*y), *x))
            }
            Op::Join(join) if join.y.value == linear.out.value => Some(Then {
                then: 3,
                other: at(join.x),
                keys: self.keys(join.layer, join.site),
                out: join.out.value,
            }),
            _ => None,
        }
    }

    /// y = x W^T + b, and what follows.
    fn linear(&mut self, op: &Linear, then: Option<Then>) {
        let [rows, n_in, n_out] = [op.rows, op.n_in, op.n_out].map(|n| n as u32);
        let then = then.unwrap_or(Then {
            then: 0,
            other: NONE,
            keys: NONE,
            out: op.out.value,
        });
        let product = [
            rows,
            n_out,
            n_in, //
            at(op.x.value),
            n_in,
            1, //
            at(op.weight.value),
            1,
            n_in, //
            at(then.out),
            op.stride as u32,
            0,
            at(op.bias.value), //
            then.then,
            then.other,
            then.keys,
            NONE,
        ];
        let groups = [op.n_out.div_ceil(WIDE), op.rows.div_ceil(TALL), 1];
        self.push(Kernel::Linear, products([product, [0; 17]]), groups);
    }

    /// dx = dy W, with the slope of the activation before it; dW = dy^T x and db beside it.
    fn linear_back(&mut self, op: &Linear, before: Option<&Op>) {
        let [rows, n_in, n_out, stride] = [op.rows, op.n_in, op.n_out, op.stride].map(|n| n as u32);
        let (then, other) = match before {
            Some(Op::Activation(Activation::Relu { value, grad })) if *grad == op.x.grad => {
                (5, at(*value))
            }
            Some(Op::Activation(Activation::Gelu { x, grad, .. })) if *grad == op.x.grad => {
                (4, at(*x))
            }
            _ => (0, NONE),
        };
        let dx = [
            rows,
            n_in,
            n_out, //
            at(op.out.grad),
            stride,
            1, //
            at(op.weight.value),
            n_in,
            1, //
            at(op.x.grad),
            n_in,
            adds(op.write),
            NONE, //
            then,
            other,
            NONE,
            NONE,
        ];
        let dw = [
            n_out,
            n_in,
            rows, //
            at(op.out.grad),
            1,
            stride, //
            at(op.x.value),
            n_in,
            1, //
            at(op.weight.grad),
            n_in,
            self.written_before(op.weight.grad),
            NONE, //
            0,
            NONE,
            NONE,
            at(op.bias.grad),
        ];
        let tall = op.rows.max(op.n_out).div_ceil(TALL);
        let groups = [op.n_in.div_ceil(WIDE), tall, 2];
        self.push(Kernel::Linear, products([dx, dw]), groups);
    }

    fn embedding(&mut self, op: &Embedding) {
        let words = vec![
            at(op.wte.value),
            at(op.wpe.value),
            at(op.out.value),
            self.step.tokens() as u32,
            self.rows as u32,
            op.tokens as u32,
            op.channels as u32,
        ];
        self.push(Kernel::Embedding, words, over(op.out.value.len()));
    }

    fn embedding_back(&mut self, op: &Embedding) {
        let words = vec![
            at(op.wte.grad),
            at(op.wpe.grad),
            at(op.out.grad),
            self.step.order() as u32,
            self.step.starts() as u32,
            self.rows as u32,
            op.tokens as u32,
            op.channels as u32,
            self.vocab as u32,
            self.written_before(op.wte.grad),
        ];
        let n = (self.vocab + op.tokens) * op.channels;
        self.push(Kernel::EmbeddingBack, words, over(n));
    }

    fn norm(&mut self, op: &LayerNorm) {
        let words = vec![
            at(op.x.value),
            at(op.weight.value),
            at(op.bias.value),
            at(op.out.value),
            at(op.stats),
            self.rows as u32,
            op.n as u32,
            op.stride as u32,
        ];
        self.push(Kernel::Norm, words, [self.rows.div_ceil(ROWS), 1, 1]);
    }

    fn norm_back(&mut self, op: &LayerNorm) {
        let words = vec![
            at(op.x.value),
            at(op.x.grad),
            at(op.out.grad),
            at(op.weight.value),
            at(op.weight.grad),
            at(op.bias.grad),
            at(op.stats),
            self.rows as u32,
            op.n as u32,
            op.stride as u32,
            adds(op.write),
        ];
        let groups = self.rows.div_ceil(ROWS).max(op.n.div_ceil(16));
        self.push(Kernel::NormBack, words, [groups, 1, 2]);
    }

    fn attention(&mut self, op: &Attention) {
        let groups = tiles(op);
        if let Scoring::Additive { v, .. } = op.scoring {
            return self.additive(op, v);
        }
        match (&op.stats, &op.span) {
            (Some(stats), _) => {
                let words = self.heads_with_stats(op, stats);
                self.push(Kernel::AttentionWithStats, words, groups);
            }
            (None, Some(span)) => {
                let words = self.heads_within(op, span);
                self.push(Kernel::AttentionWithin, words, groups);
            }
            (None, None) => {
                let words = self.heads(op, op.pattern);
                self.push(Kernel::Attention, words, groups);
            }
        }
    }

    fn attention_back(&mut self, op: &Attention) {
        let groups = tiles(op);
        if let Scoring::Additive { v, .. } = op.scoring {
            return self.additive_back(op, v);
        }
        match (&op.stats, &op.span) {
            (Some(stats), _) => {
                let words = self.heads_with_stats(op, stats);
                self.push(Kernel::AttentionQueriesWithStats, words.clone(), groups);
                self.push(Kernel::AttentionKeys, words, groups);
            }
            (None, Some(span)) => {
                let words = self.heads_within(op, span);
                self.push(Kernel::AttentionQueriesWithin, words.clone(), groups);
                let distances = span::tiles_and_distances(groups, span);
                self.push(Kernel::AttentionKeysWithin, words, distances);
            }
            (None, None) => {
                let words = self.heads(op, op.pattern);
                self.push(Kernel::AttentionQueries, words.clone(), groups);
                self.push(Kernel::AttentionKeys, words, groups);
            }
        }
    }

    /// Attention's uniforms as far as all kinds have them, the same there and back; S goes to `scores`.
    fn heads(&self, op: &Attention, scores: Slot) -> Vec<u32> {
        let keys = self.keys(op.layer, op.site);
        let used = if keys == NONE { op.pattern } else { op.dropped };
        let normaliser = match op.normaliser {
            Normaliser::Softmax => 0,
            Normaliser::OffByOne => 1,
            Normaliser::Sigmoid => 2,
        };
        let scale = match op.scoring {
            Scoring::Dot => (op.sizes.width as f32).sqrt().recip(),
            Scoring::Additive { .. } => 1.0,
        };
        vec![
            at(op.qkv.value),
            at(op.qkv.grad),
            at(op.pattern),
            at(used),
            at(self.ds),
            at(op.z.value),
            at(op.z.grad),
            op.sizes.tokens as u32,
            op.sizes.heads as u32,
            op.sizes.width as u32,
            scale.to_bits(),
            normaliser,
            keys,
            at(scores),
        ]
    }

    fn join(&mut self, x: Slot, y: Slot, out: Slot, keys: u32) {
        let words = vec![at(x), at(y), at(out), out.len() as u32, keys];
        self.push(Kernel::Join, words, over(out.len()));
    }

    /// Clipping, and a step along the gradients.
    fn update(&mut self, shares: Slot, norm: Slot, factor: Slot, decays: Slot, report: Slot) {
        let optimizer = &self.plan.optimizer;
        let n = optimizer.values.len();
        let words = vec![
            at(optimizer.grads),
            n as u32,
            at(shares),
            at(self.losses),
            self.rows as u32,
            at(norm),
            at(factor),
            at(self.plan.loss),
            at(report),
        ];
        let adamw = vec![
            at(optimizer.values),
            at(optimizer.grads),
            at(optimizer.m),
            at(optimizer.v),
            at(decays),
            n as u32,
            at(norm),
            at(factor),
        ];
        self.push(Kernel::ClipShares, words.clone(), [SHARES, 1, 1]);
        self.push(Kernel::ClipTotal, words, [1, 1, 1]);
        self.push(Kernel::AdamW, adamw, over(n));
    }

    fn keys(&self, layer: usize, site: Site) -> u32 {
        self.step.keys(layer, site).map_or(NONE, |keys| keys as u32)
    }

    /// 1 where that gradient has been written before, else 0.
    fn written_before(&mut self, grad: Slot) -> u32 {
        match self.written.contains(&grad) {
            true => 1,
            false => {
                self.written.push(grad);
                0
            }
        }
    }

    fn push(&mut self, kernel: Kernel, op: Vec<u32>, groups: [usize; 3]) {
        self.dispatches.push(Dispatch {
            kernel,
            op,
            groups: groups.map(|n| n as u32),
        });
    }
}

/// Two products' uniforms, each from a multiple of 16 bytes on.
fn products(two: [[u32; 17]; 2]) -> Vec<u32> {
    two.into_iter()
        .flat_map(|words| words.into_iter().chain([0; 3]))
        .collect()
}

fn at(slot: Slot) -> u32 {
    match slot.is_empty() {
        true => NONE,
        false => slot.start() as u32,
    }
}

fn adds(write: Write) -> u32 {
    match write {
        Write::Set => 0,
        Write::Add => 1,
    }
}

/// Workgroups over n numbers.
fn over(n: usize) -> [usize; 3] {
    [n.div_ceil(THREADS).min(MOST_GROUPS), 1, 1]
}

/// Workgroups over the tiles of all heads.
fn tiles(op: &Attention) -> [usize; 3] {
    let sizes = &op.sizes;
    [sizes.tokens.div_ceil(TILE), sizes.batch * sizes.heads, 1]
}
