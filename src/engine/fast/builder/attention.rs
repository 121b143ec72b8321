//! The kinds of attention, as operations.

use super::{Branch, Builder};
use crate::config::attention::{AdaptiveSpan, GateNorm, HeadGated, Normaliser};
use crate::config::{self, Activation, Norm};
use crate::engine::dropout::Site;
use crate::engine::fast::additive::Room;
use crate::engine::fast::arena::{Node, Slot, Write};
use crate::engine::fast::attention::{Attention, Heads, Scoring};
use crate::engine::fast::gate::{Gate, Stats};
use crate::engine::fast::norm::LayerNorm;
use crate::engine::fast::plan::{Op, Uncovered};
use crate::engine::fast::reach::{Gist, Reach};
use crate::engine::fast::span::Span;

/// What tells one pass of heads from another.
struct Kind {
    scoring: Scoring,
    normaliser: Normaliser,
    stats: Option<Stats>,
    span: Option<Span>,
    site: Site,
}

impl Kind {
    /// Dot products, and nothing else.
    fn plain(normaliser: Normaliser) -> Self {
        Kind {
            scoring: Scoring::Dot,
            normaliser,
            stats: None,
            span: None,
            site: Site::Pattern,
        }
    }
}

impl Builder<'_> {
    /// `[R, C]` to `[R, C]`.
    pub(super) fn attention(
        &mut self,
        branch: Branch,
        name: &str,
        layer: usize,
    ) -> Result<Node, Uncovered> {
        let c = self.config.n_embd;
        let z = match &self.config.attention {
            config::Attention::Standard(options) => {
                let qkv = self.qkv(branch.x, name, branch.write)?; // [R, 3C]
                self.heads(qkv, Kind::plain(options.normaliser), layer)
            }
            config::Attention::Additive(options) => {
                let qkv = self.qkv(branch.x, name, branch.write)?; // [R, 3C]
                let room = Room::numbers(self.tokens, c / self.config.n_head);
                let scoring = Scoring::Additive {
                    v: self.parameter(&format!("{name}.additive.v"))?,
                    room: self.layout.slot(room),
                };
                let kind = Kind {
                    scoring,
                    ..Kind::plain(options.normaliser)
                };
                self.heads(qkv, kind, layer)
            }
            config::Attention::HeadGated(options) => {
                let qkv = self.qkv(branch.x, name, branch.write)?; // [R, 3C]
                self.gated(qkv, name, options, layer)?
            }
            config::Attention::AdaptiveSpan(options) => {
                return self.two_passes(branch, name, options, layer);
            }
        }; // [R, C]
        let c_proj = format!("{name}.c_proj");
        self.linear(z, &c_proj, [c, c], branch.end, Write::Set)
    }

    /// `[R, C]` to `[R, 3C]`.
    fn qkv(&mut self, x: Node, name: &str, write: Write) -> Result<Node, Uncovered> {
        let c = self.config.n_embd;
        let c_attn = format!("{name}.c_attn");
        self.linear(x, &c_attn, [3 * c, c], self.shared.qkv, write)
    }

    /// What each head takes: `[R, 3C]` to `[R, C]`.
    fn heads(&mut self, qkv: Node, kind: Kind, layer: usize) -> Node {
        let z = self.activation(self.config.n_embd, self.shared.z); // [R, C]
        let attention = Attention {
            qkv,
            pattern: self.squares(),
            dropped: match self.config.dropout > 0.0 {
                true => self.squares(),
                false => Slot::NONE,
            },
            z,
            room: self.shared.square,
            sizes: self.sizes(),
            scoring: kind.scoring,
            normaliser: kind.normaliser,
            stats: kind.stats,
            span: kind.span,
            layer,
            site: kind.site,
            first: self.share.first * self.config.n_head * self.tokens * self.tokens,
        };
        self.ops.push(Op::Attention(attention));
        z
    }

    /// Both passes of `adaptive_span` and what joins them: `[R, C]` to `[R, C]`.
    fn two_passes(
        &mut self,
        branch: Branch,
        name: &str,
        options: &AdaptiveSpan,
        layer: usize,
    ) -> Result<Node, Uncovered> {
        let (c, rows) = (self.config.n_embd, self.rows);
        let both = self.node(2 * c); // [R, 2C]: L, then G
        let (local, global) = (both, both.part(c, (2 * rows - 1) * c));

        let (x, write) = match self.config.norm {
            Norm::Pre => {
                let grad = self.layout.slot(rows * c);
                let ln = format!("{name}.global.ln");
                let normed = self.norm(branch.raw, &ln, grad, branch.raw_write)?; // [R, C]
                (normed, Write::Set)
            }
            Norm::Post | Norm::None => (branch.raw, branch.raw_write),
        };
        let qkv = self.qkv(x, &format!("{name}.global"), write)?; // [R, 3C]
        let plain = Kind {
            site: Site::GlobalPattern,
            ..Kind::plain(options.normaliser)
        };
        let z = self.heads(qkv, plain, layer); // [R, C]
        let c_proj = format!("{name}.global.c_proj");
        self.linear_into(z, &c_proj, [c, c], (global, 2 * c), Write::Set)?;

        let reach = self.reach(global, name, options)?; // [R, 3]
        let longest = options.longest(self.config.block_size);
        let span = Span {
            reach,
            rel_bias: self.parameter(&format!("{name}.rel_bias"))?,
            scores: self.squares(),
            ramp: options.ramp,
            longest,
        };
        let qkv = self.qkv(branch.x, name, branch.write)?; // [R, 3C]
        let windowed = Kind {
            span: Some(span),
            ..Kind::plain(options.normaliser)
        };
        let z = self.heads(qkv, windowed, layer); // [R, C]
        let c_proj = format!("{name}.c_proj");
        self.linear_into(z, &c_proj, [c, c], (local, 2 * c), Write::Set)?;

        let combine = format!("{name}.combine");
        self.linear(both, &combine, [c, 2 * c], branch.end, Write::Set)
    }

    /// How far and how sharply each position looks, from G: rows of C, 2C apart, to `[R, 3]`.
    fn reach(
        &mut self,
        global: Node,
        name: &str,
        options: &AdaptiveSpan,
    ) -> Result<Node, Uncovered> {
        let c = self.config.n_embd;
        let gist = self.node(c); // [R, C]
        self.ops.push(Op::Gist(Gist {
            x: global,
            out: gist,
            room: self.shared.rows.part(0, c),
            tokens: self.tokens,
            n: c,
            stride: 2 * c,
            from: options.span_from,
        }));
        let grad = self.layout.slot(self.rows * c);
        let normed = self.norm(gist, &format!("{name}.span.ln"), grad, Write::Set)?; // [R, C]
        let grad = self.layout.slot(self.rows);
        let span = format!("{name}.span");
        let logits = self.linear(normed, &span, [1, c], grad, Write::Set)?; // [R, 1]
        let out = self.node(3); // [R, 3]
        let longest = options.longest(self.config.block_size);
        let rows = self.share.whole * self.tokens;
        let positions = (rows * self.config.n_layer * longest) as f32;
        self.ops.push(Op::Reach(Reach {
            logits,
            out,
            shares: self.layout.slot(self.rows),
            longest,
            options: *options,
            price: options.span_penalty / positions,
        }));
        Ok(out)
    }

    /// What each head takes, times its gate: `[R, 3C]` to `[R, C]`.
    fn gated(
        &mut self,
        qkv: Node,
        name: &str,
        options: &HeadGated,
        layer: usize,
    ) -> Result<Node, Uncovered> {
        let h = self.config.n_head;
        let stats = self.node(3 * h); // [R, 3H]
        let kept = Stats {
            out: stats,
            scores: self.squares(),
            block: self.config.block_size,
        };
        let seen = Kind {
            stats: Some(kept),
            ..Kind::plain(options.normaliser)
        };
        let z = self.heads(qkv, seen, layer); // [R, C]

        let compared = options.gate_norm == GateNorm::Heads && h > 2;
        let u = match compared {
            true => self.compared(stats, &format!("{name}.gate"))?,
            false => stats,
        }; // [R, 3H]
        let hidden = self.layout.slot(self.rows * 12 * h);
        let c_fc = format!("{name}.gate.c_fc");
        let pre = self.linear(u, &c_fc, [12 * h, 3 * h], hidden, Write::Set)?; // [R, 12H]
        let post = self.bend(pre, 12 * h, Activation::Gelu);
        let logits = self.layout.slot(self.rows * h);
        let c_proj = format!("{name}.gate.c_proj");
        let logits = self.linear(post, &c_proj, [h, 12 * h], logits, Write::Set)?; // [R, H]
        let logits = self.join(None, logits, h, layer, Site::Gate);
        let out = self.node(self.config.n_embd); // [R, C]
        let gate = Gate {
            logits,
            z,
            out,
            gates: self.layout.slot(2 * self.rows * h),
            sizes: self.sizes(),
            form: options.gate_form,
        };
        self.ops.push(Op::Gate(gate));
        Ok(out)
    }

    /// Each of the three statistics normed over the heads: `[R, 3H]` to the same.
    fn compared(&mut self, stats: Node, name: &str) -> Result<Node, Uncovered> {
        let h = self.config.n_head;
        let u = self.node(3 * h);
        for (which, ln) in ["ln_logit", "ln_offset", "ln_spread"].iter().enumerate() {
            let rest = (self.rows * 3 - which) * h;
            let norm = LayerNorm {
                x: stats.part(which * h, rest),
                weight: self.parameter(&format!("{name}.{ln}.weight"))?,
                bias: self.bias(&format!("{name}.{ln}"))?,
                out: u.part(which * h, rest),
                stats: self.layout.slot(2 * self.rows),
                room: self.shared.rows.part(0, 2 * h),
                n: h,
                stride: 3 * h,
                write: Write::Set,
            };
            self.ops.push(Op::LayerNorm(norm));
        }
        Ok(u)
    }

    fn sizes(&self) -> Heads {
        let h = self.config.n_head;
        Heads {
            batch: self.share.batch,
            heads: h,
            tokens: self.tokens,
            width: self.config.n_embd / h,
        }
    }

    /// A place for `[B, H, T, T]`.
    fn squares(&mut self) -> Slot {
        let h = self.config.n_head;
        let squares = self.share.batch * h * self.tokens * self.tokens;
        self.layout.slot(squares)
    }
}
