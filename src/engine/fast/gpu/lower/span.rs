//! What `adaptive_span` adds: a second pass of attention within a window, and what the window is made
//! from.

use super::{Lowering, NONE, THREADS, at};
use crate::config::attention::{Sharpen, SpanFrom};
use crate::engine::fast::attention::Attention;
use crate::engine::fast::gpu::kernels::Kernel;
use crate::engine::fast::plan::{Op, Plan};
use crate::engine::fast::reach::{Gist, Reach};
use crate::engine::fast::span::Span;

/// Distances to a workgroup of the bias's gradient.
const DISTANCES: usize = 8;

/// Numbers of a layer that heads find of the gradients of z, t and gain; 0 where there is no span.
pub(super) fn found(plan: &Plan) -> usize {
    let of = |op: &Op| match op {
        Op::Attention(Attention {
            span: Some(span),
            sizes,
            ..
        }) => sizes.heads * span.reach.value.len(),
        _ => 0,
    };
    plan.ops.iter().map(of).max().unwrap_or(0)
}

/// Workgroups over the tiles of all heads, and beside them over each head's distances.
pub(super) fn tiles_and_distances([tiles, heads, _]: [usize; 3], span: &Span) -> [usize; 3] {
    [tiles.max(span.longest.div_ceil(DISTANCES)), heads, 2]
}

impl Lowering<'_> {
    /// The uniforms of `span.wgsl`.
    pub(super) fn heads_within(&self, op: &Attention, span: &Span) -> Vec<u32> {
        let mut words = self.heads(op, span.scores);
        // Nothing of a gate.
        words.extend([NONE; 3]);
        words.extend([
            at(span.reach.value),
            at(self.found),
            at(span.rel_bias.value),
            at(span.rel_bias.grad),
            span.longest as u32,
            span.ramp.to_bits(),
        ]);
        words
    }

    pub(super) fn gist(&mut self, op: &Gist) {
        let (words, groups) = self.gist_words(op);
        self.push(Kernel::Gist, words, groups);
    }

    pub(super) fn gist_back(&mut self, op: &Gist) {
        let (words, groups) = self.gist_words(op);
        self.push(Kernel::GistBack, words, groups);
    }

    /// The uniforms of `gist.wgsl` and its workgroups, the same there and back.
    fn gist_words(&self, op: &Gist) -> (Vec<u32>, [usize; 3]) {
        let batch = self.plan.share.batch;
        let words = vec![
            at(op.x.value),
            at(op.x.grad),
            at(op.out.value),
            at(op.out.grad),
            batch as u32,
            op.tokens as u32,
            op.n as u32,
            op.stride as u32,
            match op.from {
                SpanFrom::RunningMean => 1,
                SpanFrom::Position => 0,
            },
        ];
        (words, [(batch * op.n).div_ceil(THREADS), 1, 1])
    }

    pub(super) fn reach(&mut self, op: &Reach) {
        let (words, groups) = self.reach_words(op);
        self.push(Kernel::Reach, words, groups);
    }

    pub(super) fn reach_back(&mut self, op: &Reach) {
        let (words, groups) = self.reach_words(op);
        self.push(Kernel::ReachBack, words, groups);
    }

    /// The uniforms of `reach.wgsl` and its workgroups, the same there and back.
    fn reach_words(&self, op: &Reach) -> (Vec<u32>, [usize; 3]) {
        let options = &op.options;
        let (base, slope) = match options.sharpen {
            Sharpen::Short => (1.0 - options.alpha, options.alpha),
            Sharpen::Long => (1.0, -options.alpha),
            Sharpen::Off => (1.0, 0.0),
        };
        let least = match options.inverse_gain {
            true => options.gain_max.recip(),
            false => 0.0,
        };
        let heads = self.found.len() / op.out.value.len();
        let words = vec![
            at(op.logits.value),
            at(op.logits.grad),
            at(op.out.value),
            at(self.found),
            at(op.shares),
            self.rows as u32,
            self.plan.tokens as u32,
            heads as u32,
            (op.longest as f32).to_bits(),
            base.to_bits(),
            slope.to_bits(),
            least.to_bits(),
            op.price.to_bits(),
        ];
        (words, [self.rows.div_ceil(THREADS), 1, 1])
    }
}
