//! All that the GPU is to be able to do with one model: the dispatches of a training step, and of the
//! passes that only ask.

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
    /// The logits of one window.
    pub writing: Pass,
}

impl Lists {
    /// For the training step of that job; `layout` grows by what only a GPU needs.
    ///
    /// # Errors
    /// [`Uncovered`], when there is no kernel for it.
    pub fn new(job: &Job, plan: &Plan, layout: &mut Layout) -> Result<Self, Uncovered> {
        let training = lower::lower(plan, layout, job.config.dropout > 0.0)?;
        // Fewer rows need no more room than the step's, which theirs may lie over.
        let rows = |n: usize| {
            let job = Job {
                shape: [n, plan.tokens],
                ..job.clone()
            };
            Plan::new(&job, Share::all(n))
        };
        let (some, _) = rows(plan.share.batch.min(EVALUATED))?;
        let (one, _) = rows(1)?;
        let sums = layout.slot(EVALUATED);
        Ok(Lists {
            training,
            evaluation: Pass::losses(&some, layout, sums)?,
            sums,
            writing: Pass::logits(one, layout)?,
        })
    }

    /// Of the step, of the evaluation, of the writing.
    pub fn dispatches(&self) -> [&[Dispatch]; 3] {
        [
            &self.training.dispatches,
            &self.evaluation.dispatches,
            &self.writing.dispatches,
        ]
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
