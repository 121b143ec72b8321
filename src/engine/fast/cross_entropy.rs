//! The loss, and where every gradient begins.
//!
//! ```text
//! loss    = mean over rows of  ln(sum_v e^l_v) - l_target
//! dl_v    = (softmax(l)_v - [v = target]) / rows
//! ```
//!
//! Both come out of the same exponentials, so the forward pass makes both. Of a share of a batch the
//! loss is that share's part of the mean, so that the parts' losses and gradients need only be added.

use super::arena::{Arena, Node, Slot};
use super::evaluate::UNASKED;
use super::pattern::exponentials;
use lanes::{F32x4, largest, map};

#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// `[rows here, V]`
    pub logits: Node,
    /// Mean loss in nats: `[1]`.
    pub loss: Slot,
    /// V
    pub vocab: usize,
    /// Of the whole batch, over which the mean is taken.
    pub rows: usize,
}

impl CrossEntropy {
    /// `targets` are `[rows here]`, each below V.
    pub fn forward(&self, arena: &mut Arena, targets: &[u32]) {
        let [logits, grad, loss] = arena.views([self.logits.value, self.logits.grad, self.loss]);
        let share = 1.0 / self.rows as f32;
        let v = self.vocab;
        let mut total = 0.0;
        let rows = logits.chunks_exact(v).zip(grad.chunks_exact_mut(v));
        for ((logits, grad), target) in rows.zip(targets) {
            let target = *target as usize;
            let most = largest(logits);
            grad.copy_from_slice(logits);
            let all = exponentials(grad, most); // of [V]
            let factor = F32x4::splat(share / all);
            map(grad, |e| e * factor);
            grad[target] -= share;
            total += f64::from(most - logits[target] + libm::logf(all));
        }
        loss[0] = (total / self.rows as f64) as f32;
    }

    /// The sum of the rows' losses, of those that are asked for; nothing is written.
    pub fn sum(&self, arena: &Arena, targets: &[u32]) -> f64 {
        let rows = arena.get(self.logits.value).chunks_exact(self.vocab);
        let mut e = vec![0.0; self.vocab];
        let asked = rows.zip(targets).filter(|(_, target)| **target != UNASKED);
        let losses = asked.map(|(logits, target)| {
            let most = largest(logits);
            e.copy_from_slice(logits);
            let all = exponentials(&mut e, most);
            f64::from(most - logits[*target as usize] + libm::logf(all))
        });
        losses.sum()
    }
}
