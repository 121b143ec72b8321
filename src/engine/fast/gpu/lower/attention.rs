//! Attention as dispatches, whatever its kind: one forwards, two back. What a kind adds to the uniforms
//! is beside this file: `additive.rs`, `gate.rs`, `span.rs`.

use super::{Kernel, Lowering, NONE, at, span};
use crate::config::attention::Normaliser;
use crate::engine::fast::arena::Slot;
use crate::engine::fast::attention::{Attention, Scoring};

/// Queries or keys to a workgroup.
pub(super) const TILE: usize = 8;

impl Lowering<'_> {
    pub(super) fn attention(&mut self, op: &Attention) {
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

    pub(super) fn attention_back(&mut self, op: &Attention) {
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
    pub(super) fn heads(&self, op: &Attention, scores: Slot) -> Vec<u32> {
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
}

/// Workgroups over the tiles of all heads.
pub(super) fn tiles(op: &Attention) -> [usize; 3] {
    let sizes = &op.sizes;
    [sizes.tokens.div_ceil(TILE), sizes.batch * sizes.heads, 1]
}
