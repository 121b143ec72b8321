//! Passes that learn nothing, dropout off: for the losses of some windows, and for the logits after a
//! text. Their plans have fewer rows than the training step's and lie in the same memory, with the
//! parameters in the same places; what they write over, a step makes anew.

use super::{Dispatch, Kernel, Lowering, StepLayout, at};
use crate::engine::fast::arena::{Layout, Slot};
use crate::engine::fast::plan::{Op, Plan, Uncovered};

/// A forward pass as dispatches.
#[derive(Clone, Debug)]
pub struct Pass {
    pub dispatches: Vec<Dispatch>,
    pub step: StepLayout,
    /// `[B, T, V]`
    pub logits: Slot,
    /// B and T.
    pub shape: [usize; 2],
}

impl Pass {
    /// The pass that leaves logits.
    ///
    /// # Errors
    /// As [`super::lower`].
    pub fn logits(mut plan: Plan, layout: &mut Layout) -> Result<Self, Uncovered> {
        plan.ops.retain(|op| !matches!(op, Op::CrossEntropy(_)));
        Pass::new(&plan, layout, None)
    }

    /// The pass that adds up its losses, in one of those places.
    ///
    /// # Errors
    /// As [`super::lower`].
    pub fn losses(plan: &Plan, layout: &mut Layout, sums: Slot) -> Result<Self, Uncovered> {
        Pass::new(plan, layout, Some(sums))
    }

    fn new(plan: &Plan, layout: &mut Layout, sums: Option<Slot>) -> Result<Self, Uncovered> {
        let mut lowering = Lowering::new(plan, layout, false)?;
        lowering.forward()?;
        if let Some(sums) = sums {
            let words = vec![at(lowering.losses), lowering.rows as u32, at(sums)];
            lowering.push(Kernel::Losses, words, [1, 1, 1]);
        }
        Ok(Pass {
            dispatches: lowering.dispatches,
            step: lowering.step,
            logits: plan.logits.value,
            shape: [plan.share.batch, plan.tokens],
        })
    }
}
