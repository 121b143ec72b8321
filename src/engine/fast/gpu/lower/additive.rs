//! `additive` attention as dispatches: one forwards, three back.

use super::attention::{TILE, tiles};
use super::{Kernel, Lowering, NONE, at};
use crate::engine::fast::arena::Node;
use crate::engine::fast::attention::{Attention, Heads, Scoring};
use crate::engine::fast::plan::{Op, Plan};

/// Numbers for what each four queries of a layer bring to the gradient of v: `[B, 2 tiles, C]`.
pub(super) fn shares(plan: &Plan) -> usize {
    let additive = |op: &Op| {
        if let Op::Attention(Attention { scoring, sizes, .. }) = op
            && let Scoring::Additive { .. } = scoring
        {
            return rows(sizes) * sizes.channels();
        }
        0
    };
    plan.ops.iter().map(additive).max().unwrap_or(0)
}

/// Two fours of queries in each tile, whether they are there or not.
fn rows(sizes: &Heads) -> usize {
    sizes.batch * 2 * sizes.tokens.div_ceil(TILE)
}

impl Lowering<'_> {
    /// `v` is `[H, D]`.
    pub(super) fn additive(&mut self, op: &Attention, v: Node) {
        let words = self.additive_words(op, v);
        self.push(Kernel::Additive, words, tiles(op));
    }

    /// `v` is `[H, D]`.
    pub(super) fn additive_back(&mut self, op: &Attention, v: Node) {
        let words = self.additive_words(op, v);
        self.push(Kernel::AdditiveQueries, words.clone(), tiles(op));
        self.push(Kernel::AdditiveKeys, words, tiles(op));
        let n = op.sizes.channels();
        let sums = vec![
            at(self.shares),
            at(v.grad),
            rows(&op.sizes) as u32,
            n as u32,
        ];
        self.push(Kernel::Columns, sums, [n.div_ceil(16), 1, 1]);
    }

    fn additive_words(&self, op: &Attention, v: Node) -> Vec<u32> {
        let mut words = self.heads(op, op.pattern);
        // Nothing of a gate or a span.
        words.extend([NONE; 9]);
        words.extend([at(v.value), at(self.shares)]);
        words
    }
}
