//! What `head_gated` adds: rows of attention that are described on the way, and the gate itself. The
//! network between them is linear layers like others.

use super::{Lowering, NONE, ROWS, at, over};
use crate::config::attention::GateForm;
use crate::engine::fast::attention::Attention;
use crate::engine::fast::gate::{Gate, Stats};
use crate::engine::fast::gpu::kernels::Kernel;

impl Lowering<'_> {
    /// The uniforms of `stats.wgsl`.
    pub(super) fn heads_with_stats(&self, op: &Attention, stats: &Stats) -> Vec<u32> {
        let mut words = self.heads(op, stats.scores);
        words.extend([
            at(stats.out.value),
            at(stats.out.grad),
            (stats.block as f32).to_bits(),
        ]);
        // Nothing of a span.
        words.extend([NONE; 6]);
        words
    }

    pub(super) fn gate(&mut self, op: &Gate) {
        self.push(Kernel::Gate, gate(op), over(op.z.value.len()));
    }

    pub(super) fn gate_back(&mut self, op: &Gate) {
        let groups = op.logits.value.len().div_ceil(ROWS);
        self.push(Kernel::GateBack, gate(op), [groups, 1, 1]);
    }
}

/// The uniforms of `gate.wgsl`, the same there and back.
fn gate(op: &Gate) -> Vec<u32> {
    vec![
        at(op.logits.value),
        at(op.logits.grad),
        at(op.z.value),
        at(op.z.grad),
        at(op.out.value),
        at(op.out.grad),
        at(op.gates),
        op.logits.value.len() as u32,
        op.sizes.width as u32,
        match op.form {
            GateForm::TwoSigmoid => 0,
            GateForm::LogSymmetric => 1,
        },
    ]
}
