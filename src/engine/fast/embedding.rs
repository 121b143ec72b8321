//! The model's entrance: a row for the token, a row for its place, and their sum.
//!
//! ```text
//! x_bt = wte[token_bt] + wpe[t]
//! ```
//!
//! The way back adds each row's gradient to the rows that it was made of.

use super::arena::{Arena, Node};
use lanes::add;

#[derive(Clone, Debug)]
pub struct Embedding {
    /// `[V, C]`
    pub wte: Node,
    /// `[block_size, C]`
    pub wpe: Node,
    /// `[B, T, C]`
    pub out: Node,
    /// T
    pub tokens: usize,
    /// C
    pub channels: usize,
}

impl Embedding {
    /// `tokens` are `[B, T]`, each below V.
    pub fn forward(&self, arena: &mut Arena, tokens: &[u32]) {
        let (t, c) = (self.tokens, self.channels);
        let [wte, wpe, out] = arena.views([self.wte.value, self.wpe.value, self.out.value]);
        for (n, (row, token)) in out.chunks_exact_mut(c).zip(tokens).enumerate() {
            row.copy_from_slice(&wte[*token as usize * c..][..c]); // [C]
            add(row, &wpe[n % t * c..][..c]);
        }
    }

    pub fn backward(&self, arena: &mut Arena, tokens: &[u32]) {
        let (t, c) = (self.tokens, self.channels);
        let [wte, wpe, out] = arena.views([self.wte.grad, self.wpe.grad, self.out.grad]);
        for (n, (row, token)) in out.chunks_exact(c).zip(tokens).enumerate() {
            add(&mut wte[*token as usize * c..][..c], row); // [C]
            add(&mut wpe[n % t * c..][..c], row);
        }
    }
}
