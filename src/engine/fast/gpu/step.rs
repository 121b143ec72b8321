//! What is new at each step, in the one buffer that the host writes: scalars, keys of dropout's
//! masks, the batch.

use crate::config::TrainConfig;
use crate::engine::dropout::{Dropout, ROUNDS, Site, threshold};
use crate::engine::fast::cpu::Lesson;
use crate::engine::optim::learning_rate;

/// Words of the head; `arena.wgsl` names them.
const HEAD: usize = 9;

/// Where what lies in the buffer: words from its beginning.
#[derive(Clone, Debug)]
pub struct StepLayout {
    /// The masks of a step, [`ROUNDS`] keys each.
    sites: Vec<(usize, Site)>,
    /// R = B T
    rows: usize,
    /// V
    vocab: usize,
}

impl StepLayout {
    pub fn new(sites: Vec<(usize, Site)>, rows: usize, vocab: usize) -> Self {
        StepLayout { sites, rows, vocab }
    }

    /// Where the keys of that site's mask begin.
    pub fn keys(&self, layer: usize, site: Site) -> Option<usize> {
        let n = self.sites.iter().position(|s| *s == (layer, site))?;
        Some(HEAD + n * ROUNDS as usize)
    }

    /// `[R]`
    pub fn tokens(&self) -> usize {
        HEAD + self.sites.len() * ROUNDS as usize
    }

    /// `[R]`
    pub fn targets(&self) -> usize {
        self.tokens() + self.rows
    }

    /// Rows sorted by their token: `[R]`.
    pub fn order(&self) -> usize {
        self.targets() + self.rows
    }

    /// Where each token's rows begin in that order, and where the last one's end: `[V + 1]`.
    pub fn starts(&self) -> usize {
        self.order() + self.rows
    }

    /// Words in all.
    pub fn size(&self) -> usize {
        self.starts() + self.vocab + 1
    }

    /// The buffer's words for one step, which counts from 0; `report` is the place of its numbers in
    /// the ring.
    pub fn write(
        &self,
        words: &mut Vec<u32>,
        lesson: &Lesson,
        train: &TrainConfig,
        step: u32,
        report: u32,
    ) {
        words.clear();
        words.extend(head(lesson.dropout.as_ref(), train, step));
        words.push(report);
        match &lesson.dropout {
            Some(dropout) => {
                for (layer, site) in &self.sites {
                    words.extend(dropout.keys(*layer, *site).map(|key| key as u32));
                }
            }
            // Without a mask nobody reads its keys.
            None => words.resize(self.tokens(), 0),
        }
        words.extend(lesson.tokens);
        words.extend(lesson.targets);
        self.sort(words, lesson.tokens);
    }

    /// The buffer's words for a pass that learns nothing, up to the targets; `report` is the place of its
    /// sum.
    pub fn write_pass(&self, words: &mut Vec<u32>, tokens: &[u32], targets: &[u32], report: usize) {
        words.clear();
        words.resize(HEAD - 1, 0);
        words.push(report as u32);
        // No site has a mask here, so no keys stand between.
        words.extend(tokens);
        words.extend(targets);
    }

    /// The rows by token, by counting (Knuth 1973, 5.2): rows of one token stay in their order.
    fn sort(&self, words: &mut Vec<u32>, tokens: &[u32]) {
        let (order, starts) = (self.order(), self.starts());
        words.resize(self.size(), 0);
        for token in tokens {
            words[starts + *token as usize + 1] += 1;
        }
        for token in 0..self.vocab {
            words[starts + token + 1] += words[starts + token];
        }
        // Backwards, so that each token's end moves down to its beginning.
        for (row, token) in tokens.iter().enumerate().rev() {
            let end = &mut words[starts + *token as usize + 1];
            *end -= 1;
            let place = *end as usize;
            words[order + place] = row as u32;
        }
        // Now each entry is where its token's rows begin, one place too far on.
        for token in 0..self.vocab {
            words[starts + token] = words[starts + token + 1];
        }
        words[starts + self.vocab] = tokens.len() as u32;
    }
}

/// All of the head but its last word.
fn head(dropout: Option<&Dropout>, train: &TrainConfig, step: u32) -> [u32; HEAD - 1] {
    let lr = learning_rate(train, step);
    let t = f64::from(step) + 1.0;
    let threshold = dropout.map_or(0, |dropout| threshold(dropout.rate) as u32);
    [
        ((lr / (1.0 - train.beta1.powf(t))) as f32).to_bits(),
        ((1.0 - train.beta2.powf(t)).recip() as f32).to_bits(),
        (train.clip as f32).to_bits(),
        (train.beta1 as f32).to_bits(),
        (train.beta2 as f32).to_bits(),
        (1.0 - (lr * train.weight_decay) as f32).to_bits(),
        threshold,
        (1.0 - threshold as f32 / 65536.0).recip().to_bits(),
    ]
}
