//! All that the GPU is to be able to do with one model: the dispatches of a training step, and of a
//! pass that only asks.

use super::UNIFORMS;
use super::lower::pass::Pass;
use super::lower::{self, Dispatch, Program};
use crate::engine::fast::arena::{Layout, Slot};
use crate::engine::fast::plan::{Job, Plan, Uncovered};
use crate::engine::fast::threads::share::Share;

/// Windows that one pass of an evaluation takes at most, and passes whose sums are read together.
const EVALUATED: usize = 32;

#[derive(Debug)]
pub struct Lists {
    pub training: Program,
    /// The losses of some windows.
    pub evaluation: Pass,
    /// Where the sums of those losses go, each pass's in its own place.
    pub sums: Slot,
}

impl Lists {
    /// For the training step of that job; `layout` grows by what only a GPU needs.
    ///
    /// # Errors
    /// [`Uncovered`], when there is no kernel for it.
    pub fn new(job: &Job, plan: &Plan, layout: &mut Layout) -> Result<Self, Uncovered> {
        let training = lower::lower(plan, layout, job.config.dropout > 0.0)?;
        // Fewer rows need no more room than the step's, which theirs may lie over.
        let rows = plan.share.batch.min(EVALUATED);
        let fewer = Job {
            shape: [rows, plan.tokens],
            ..job.clone()
        };
        let (some, _) = Plan::new(&fewer, Share::all(rows))?;
        let sums = layout.slot(EVALUATED);
        Ok(Lists {
            training,
            evaluation: Pass::new(&some, layout, sums)?,
            sums,
        })
    }

    /// Of the step, of the evaluation.
    pub fn dispatches(&self) -> [&[Dispatch]; 2] {
        [&self.training.dispatches, &self.evaluation.dispatches]
    }

    /// Whether the device takes so many workgroups.
    ///
    /// # Errors
    /// [`Uncovered`], when it does not.
    pub fn within(&self, limits: &wgpu::Limits) -> Result<(), Uncovered> {
        let most = limits.max_compute_workgroups_per_dimension;
        let lists = self.dispatches();
        let mut groups = lists.into_iter().flatten().flat_map(|d| d.groups);
        match groups.any(|n| n > most) {
            true => Err(Uncovered::Gpu("batches of so many rows")),
            false => Ok(()),
        }
    }

    /// Every operation's uniforms, list after list, as far apart as the bind group's offset asks.
    pub fn uniforms(&self) -> Vec<u8> {
        let lists = self.dispatches();
        let mut bytes = Vec::new();
        for dispatch in lists.into_iter().flatten() {
            let end = bytes.len() + UNIFORMS;
            bytes.extend(dispatch.op.iter().flat_map(|word| word.to_le_bytes()));
            bytes.resize(end, 0);
        }
        bytes
    }
}
