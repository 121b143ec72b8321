//! From the plan to a list of dispatches.
//!
//! What follows a product is done in the product's own kernel where the plan has it right behind:
//! the bias, the activation, the sum with the stream, and backwards the activation's slope. So a
//! block of standard attention takes seven dispatches forwards and eight back. Products are in
//! `product.rs`, attention in `attention.rs`, and what other kinds add in `additive.rs`, `gate.rs` and
//! `span.rs`.

mod additive;
mod attention;
mod gate;
pub mod pass;
mod product;
mod span;

use super::kernels::Kernel;
use super::step::StepLayout;
use crate::engine::dropout::Site;
use crate::engine::fast::arena::{Layout, Slot, Write};
use crate::engine::fast::embedding::Embedding;
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
