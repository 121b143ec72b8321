//! From a configuration to its plan.
//!
//! Gradients of activations are needed only from the operation that makes them to the one that uses
//! them, so that blocks share places for them. Along the residual stream it is one place from end to
//! start: x + f(x) hands its gradient to both terms, and what f's way back brings is added to it.

mod attention;

use super::activation::Activation;
use super::adamw::AdamW;
use super::arena::{Layout, Node, Slot, Write};
use super::cross_entropy::CrossEntropy;
use super::embedding::Embedding;
use super::join::Join;
use super::linear::Linear;
use super::norm::LayerNorm;
use super::plan::{Op, Parameter, Plan, Uncovered};
use super::threads::share::Share;
use crate::config::{self, ModelConfig, Norm};
use crate::engine::dropout::Site;

/// Places for gradients that blocks share.
struct Shared {
    /// Along the stream, `[R, C]`; the second where the first cannot be written while it is read.
    stream: [Slot; 2],
    /// Of what a norm gives: `[R, C]`.
    normed: Slot,
    /// Of a branch's end before dropout: `[R, C]`.
    branch: Slot,
    /// `[R, 3C]`
    qkv: Slot,
    /// `[R, C]`
    z: Slot,
    /// `[R, 4C]`
    hidden: Slot,
    /// `[T, T]`
    square: Slot,
    /// `[2, C]`
    rows: Slot,
}

/// What a branch off the stream is given.
#[derive(Clone, Copy)]
struct Branch {
    /// The stream, normed where a norm stands before: `[R, C]`.
    x: Node,
    /// How its gradient is handed back.
    write: Write,
    /// The stream itself: `[R, C]`.
    raw: Node,
    /// How its gradient is handed back, once that of `x` is.
    raw_write: Write,
    /// The place for the gradient of the branch's end.
    end: Slot,
}

/// A plan in the making.
pub struct Builder<'a> {
    config: &'a ModelConfig,
    vocab: usize,
    share: Share,
    /// T
    tokens: usize,
    /// R = B T, B the share's own sequences
    rows: usize,
    layout: Layout,
    ops: Vec<Op>,
    optimizer: AdamW,
    parameters: Vec<(&'a str, Node)>,
    shared: Shared,
    logits: Node,
    loss: Slot,
}

impl<'a> Builder<'a> {
    pub fn new(
        config: &'a ModelConfig,
        vocab: usize,
        (share, tokens): (Share, usize),
        parameters: &'a [Parameter],
    ) -> Self {
        let mut layout = Layout::default();
        let n = parameters.iter().map(|p| p.len).sum();
        let moments = if share.moves_weights() { n } else { 0 };
        let optimizer = AdamW {
            values: layout.slot(n),
            grads: layout.slot(n),
            m: layout.slot(moments),
            v: layout.slot(moments),
            runs: runs(parameters),
        };
        let all = Node {
            value: optimizer.values,
            grad: optimizer.grads,
        };
        let mut start = 0;
        let named = parameters.iter().map(|p| {
            let node = all.part(start, p.len);
            start += p.len;
            (p.name.as_str(), node)
        });
        let parameters = named.collect();
        let c = config.n_embd;
        let rows = share.batch * tokens;
        let shared = Shared {
            stream: [layout.slot(rows * c), layout.slot(rows * c)],
            normed: layout.slot(rows * c),
            branch: layout.slot(rows * c),
            qkv: layout.slot(rows * 3 * c),
            z: layout.slot(rows * c),
            hidden: layout.slot(rows * 4 * c),
            square: layout.slot(tokens * tokens),
            rows: layout.slot(2 * c),
        };
        let logits = Node {
            value: layout.slot(rows * vocab),
            grad: layout.slot(rows * vocab),
        };
        Builder {
            config,
            vocab,
            share,
            tokens,
            rows,
            loss: layout.slot(1),
            layout,
            ops: Vec::new(),
            optimizer,
            parameters,
            shared,
            logits,
        }
    }

    pub fn finish(self) -> (Plan, Layout) {
        let plan = Plan {
            ops: self.ops,
            optimizer: self.optimizer,
            loss: self.loss,
            logits: self.logits,
            share: self.share,
            tokens: self.tokens,
        };
        (plan, self.layout)
    }

    pub fn model(&mut self) -> Result<(), Uncovered> {
        let config = self.config;
        let c = config.n_embd;
        let wte = self.parameter("transformer.wte.weight")?; // [V, C]
        let mut x = self.activation(c, self.shared.stream[0]); // [R, C]
        self.ops.push(Op::Embedding(Embedding {
            wte,
            wpe: self.parameter("transformer.wpe.weight")?,
            out: x,
            tokens: self.tokens,
            channels: c,
        }));
        if config.embd_dropout {
            x = self.join(None, x, c, 0, Site::Embedding);
        }
        for layer in 0..config.n_layer {
            x = self.block(x, layer)?;
        }
        if config.norm == Norm::Pre {
            x = self.norm(x, "transformer.ln_f", self.shared.normed, Write::Set)?;
        }
        let head = match config.tied {
            true => wte,
            false => self.parameter("lm_head.weight")?,
        }; // [V, C]
        self.ops.push(Op::Linear(Linear {
            x,
            weight: head,
            bias: Node::NONE,
            out: self.logits,
            rows: self.rows,
            n_in: c,
            n_out: self.vocab,
            stride: self.vocab,
            write: Write::Set,
        }));
        self.ops.push(Op::CrossEntropy(CrossEntropy {
            logits: self.logits,
            loss: self.loss,
            vocab: self.vocab,
            rows: self.share.whole * self.tokens,
        }));
        Ok(())
    }

    /// The stream, `[R, C]`, one block further.
    fn block(&mut self, x: Node, layer: usize) -> Result<Node, Uncovered> {
        let at = |name: &str| format!("transformer.h.{layer}.{name}");
        let x = self.branch(x, &at("ln_1"), layer, Site::AttnOut, |plan, branch| {
            plan.attention(branch, &at("attn"), layer)
        })?;
        self.branch(x, &at("ln_2"), layer, Site::MlpOut, |plan, branch| {
            plan.feed_forward(branch, &at("mlp"))
        })
    }

    /// One branch off the stream, with the norm before it, after the sum, or nowhere, as
    /// [`crate::engine::block`] has it.
    fn branch(
        &mut self,
        x: Node,
        ln: &str,
        layer: usize,
        site: Site,
        f: impl FnOnce(&mut Self, Branch) -> Result<Node, Uncovered>,
    ) -> Result<Node, Uncovered> {
        let n = self.config.n_embd;
        let road = self.config.residual.then_some(x);
        let back = match road {
            Some(_) => Write::Add,
            None => Write::Set,
        };
        // The gradient of the branch's end is that of the sum, unless dropout stands between.
        let end = match road.is_some() && self.config.dropout > 0.0 {
            true => self.shared.branch,
            false => x.grad,
        };
        // What is not normed for the branch is the stream itself, and has been handed back once.
        let whole = Branch {
            x,
            write: back,
            raw: x,
            raw_write: Write::Add,
            end,
        };
        match self.config.norm {
            Norm::Pre => {
                let twice = self.reads_stream() && site == Site::AttnOut;
                let write = if twice { Write::Add } else { back };
                let normed = Branch {
                    x: self.norm(x, ln, self.shared.normed, write)?,
                    write: Write::Set,
                    raw_write: back,
                    ..whole
                };
                let y = f(self, normed)?;
                Ok(self.join(road, y, n, layer, site))
            }
            Norm::Post => {
                let y = f(self, whole)?;
                let sum = self.join(road, y, n, layer, site);
                let [one, other] = self.shared.stream;
                let grad = if sum.grad == one { other } else { one };
                self.norm(sum, ln, grad, Write::Set)
            }
            Norm::None => {
                let y = f(self, whole)?;
                Ok(self.join(road, y, n, layer, site))
            }
        }
    }

    /// Whether the attention reads the stream beside what the block's norm makes of it.
    fn reads_stream(&self) -> bool {
        match self.config.attention {
            config::Attention::AdaptiveSpan(_) => true,
            config::Attention::Standard(_)
            | config::Attention::HeadGated(_)
            | config::Attention::Additive(_) => false,
        }
    }

    /// x + dropout(y); y itself where there is neither. `[R, n]`
    fn join(&mut self, x: Option<Node>, y: Node, n: usize, layer: usize, site: Site) -> Node {
        if x.is_none() && self.config.dropout <= 0.0 {
            return y;
        }
        let out = self.activation(n, x.map_or(y.grad, |x| x.grad));
        self.ops.push(Op::Join(Join {
            x: x.map_or(Slot::NONE, |x| x.value),
            y,
            out,
            layer,
            site,
            first: self.share.first * self.tokens * n,
        }));
        out
    }

    fn norm(&mut self, x: Node, name: &str, grad: Slot, write: Write) -> Result<Node, Uncovered> {
        let n = self.config.n_embd;
        let out = self.activation(n, grad);
        let norm = LayerNorm {
            x,
            weight: self.parameter(&format!("{name}.weight"))?,
            bias: self.bias(name)?,
            out,
            stats: self.layout.slot(2 * self.rows),
            room: self.shared.rows,
            n,
            stride: n,
            write,
        };
        self.ops.push(Op::LayerNorm(norm));
        Ok(out)
    }

    /// `[R, n_in]` to `[R, n_out]`, the result's gradient in that place.
    fn linear(
        &mut self,
        x: Node,
        name: &str,
        [n_out, n_in]: [usize; 2],
        grad: Slot,
        write: Write,
    ) -> Result<Node, Uncovered> {
        let out = self.activation(n_out, grad);
        self.linear_into(x, name, [n_out, n_in], (out, n_out), write)?;
        Ok(out)
    }

    /// `[R, n_in]` to `[R, n_out]`, in a place that is there, rows that far apart.
    fn linear_into(
        &mut self,
        x: Node,
        name: &str,
        [n_out, n_in]: [usize; 2],
        (out, stride): (Node, usize),
        write: Write,
    ) -> Result<(), Uncovered> {
        let linear = Linear {
            x,
            weight: self.parameter(&format!("{name}.weight"))?,
            bias: self.bias(name)?,
            out,
            rows: self.rows,
            n_in,
            n_out,
            stride,
            write,
        };
        self.ops.push(Op::Linear(linear));
        Ok(())
    }

    /// `[R, C]` to `[R, C]`.
    fn feed_forward(&mut self, branch: Branch, name: &str) -> Result<Node, Uncovered> {
        let c = self.config.n_embd;
        let hidden = self.shared.hidden;
        let c_fc = format!("{name}.c_fc");
        let pre = self.linear(branch.x, &c_fc, [4 * c, c], hidden, branch.write)?; // [R, 4C]
        let post = self.bend(pre, 4 * c, self.config.activation);
        self.linear(
            post,
            &format!("{name}.c_proj"),
            [c, 4 * c],
            branch.end,
            Write::Set,
        )
    }

    /// `[R, n]` to `[R, n]`.
    fn bend(&mut self, pre: Node, n: usize, activation: config::Activation) -> Node {
        let (bend, post) = match activation {
            config::Activation::Relu => {
                let relu = Activation::Relu {
                    value: pre.value,
                    grad: pre.grad,
                };
                (relu, pre)
            }
            config::Activation::Gelu => {
                let post = self.activation(n, pre.grad);
                let gelu = Activation::Gelu {
                    x: pre.value,
                    y: post.value,
                    grad: pre.grad,
                };
                (gelu, post)
            }
        };
        self.ops.push(Op::Activation(bend));
        post
    }

    /// Places of its own for `[R, n]` numbers and their gradient.
    fn node(&mut self, n: usize) -> Node {
        let grad = self.layout.slot(self.rows * n);
        self.activation(n, grad)
    }

    /// A place for `[R, n]` numbers, their gradient in a place that is there.
    fn activation(&mut self, n: usize, grad: Slot) -> Node {
        Node {
            value: self.layout.slot(self.rows * n),
            grad,
        }
    }

    fn parameter(&self, name: &str) -> Result<Node, Uncovered> {
        let found = self.parameters.iter().find(|(found, _)| *found == name);
        let found = found.map(|(_, node)| *node);
        found.ok_or_else(|| Uncovered::Parameter(name.into()))
    }

    fn bias(&self, name: &str) -> Result<Node, Uncovered> {
        match self.config.bias {
            true => self.parameter(&format!("{name}.bias")),
            false => Ok(Node::NONE),
        }
    }
}

/// Neighbours that decay alike, together.
fn runs(parameters: &[Parameter]) -> Vec<(usize, bool)> {
    let mut runs: Vec<(usize, bool)> = Vec::new();
    for Parameter { len, decays, .. } in parameters {
        match runs.last_mut() {
            Some((n, alike)) if alike == decays => *n += len,
            _ => runs.push((*len, *decays)),
        }
    }
    runs
}
