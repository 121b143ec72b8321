// The job that every trainer here gets: a text as numbers, batches of it, and the shape of the first
// weights. Lengths as in the engine: L layers, H heads, C channels, T tokens, B batch, V characters.

/** Characters as numbers, and the batches of training. */
export class Text {
  constructor(text) {
    const characters = [...text];
    this.vocabulary = [...new Set(characters)].sort();
    const numbers = new Map(this.vocabulary.map((character, n) => [character, n]));
    this.tokens = Int32Array.from(characters, (character) => numbers.get(character));
    this.chance = 1;
  }

  /** Inputs and the character after each: [B, T] both. */
  batch({ batch_size, block_size }) {
    const inputs = new Int32Array(batch_size * block_size);
    const targets = new Int32Array(batch_size * block_size);
    for (let b = 0; b < batch_size; b++) {
      const start = this.below(this.tokens.length - block_size);
      inputs.set(this.tokens.subarray(start, start + block_size), b * block_size);
      targets.set(this.tokens.subarray(start + 1, start + block_size + 1), b * block_size);
    }
    return { inputs, targets };
  }

  /** A number from 0 to n - 1, the same ones in every run (Park and Miller's generator). */
  below(n) {
    this.chance = (this.chance * 48271) % 2147483647;
    return this.chance % n;
  }
}

/**
 * The parameters of a GPT as a tree, each leaf made by one of two functions of its shape: `normal`
 * (deviation 0.02, as ours but for the projections back into the stream) and `constant`.
 * Matrices are [in, out].
 */
export function parameters({ n_layer, n_embd: C, block_size }, V, { normal, constant }) {
  const linear = (from, to) => ({ weight: normal([from, to]), bias: constant([to], 0) });
  const norm = () => ({ weight: constant([C], 1), bias: constant([C], 0) });
  const block = () => ({
    ln_1: norm(),
    c_attn: linear(C, 3 * C),
    c_proj: linear(C, C),
    ln_2: norm(),
    c_fc: linear(C, 4 * C),
    mlp_proj: linear(4 * C, C),
  });
  return {
    wte: normal([V, C]),
    wpe: normal([block_size, C]),
    h: Array.from({ length: n_layer }, block),
    ln_f: norm(),
    lm_head: normal([C, V]),
  };
}

export const ADAM = { lr: 1e-3, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
