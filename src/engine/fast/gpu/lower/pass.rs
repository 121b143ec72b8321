//! The pass that learns nothing, dropout off, for the losses of some windows. Its plan has no more rows
//! than the training step's and lies in the same memory, with the parameters in the same places; what
//! it writes over, a step makes anew.

use super::{Dispatch, Kernel, Lowering, StepLayout, at};
use crate::engine::fast::arena::{Layout, Slot};
use crate::engine::fast::plan::{Plan, Uncovered};

/// A forward pass as dispatches.
#[derive(Clone, Debug)]
pub struct Pass {
    pub dispatches: Vec<Dispatch>,
    pub step: StepLayout,
    /// B and T.
    pub shape: [usize; 2],
}

impl Pass {
    /// The pass that adds up its losses, in one of those places.
    ///
    /// # Errors
    /// As [`super::lower`].
    pub fn new(plan: &Plan, layout: &mut Layout, sums: Slot) -> Result<Self, Uncovered> {
        let mut lowering = Lowering::new(plan, layout, false)?;
        lowering.forward()?;
        let words = vec![at(lowering.losses), lowering.rows as u32, at(sums)];
        lowering.push(Kernel::Losses, words, [1, 1, 1]);
        Ok(Pass {
            dispatches: lowering.dispatches,
            step: lowering.step,
            shape: [plan.share.batch, plan.tokens],
        })
    }
}
