// The job in jax-js: one function for the whole step, compiled by `jit`, with Adam inside it.
//
// jax-js counts references: a function uses up the arrays it is given, and `.ref` asks for one use
// more.

import * as jax from "./node_modules/@jax-js/jax/dist/index.js";
import { ADAM, parameters } from "./job.mjs";

const { jit, nn, numpy: np, random, tree, valueAndGrad } = jax;

const linear = (x, { weight, bias }) => np.matmul(x, weight).add(bias);

const layerNorm = (x, { weight, bias }) => nn.standardize(x, -1).mul(weight).add(bias);

/** [B, T, C] to [B, T, C]. */
function block(x, p, H) {
  const [B, T, C] = x.shape;
  const qkv = linear(layerNorm(x.ref, p.ln_1), p.c_attn); // [B, T, 3C]
  const [q, k, v] = np.split(qkv, 3, -1).map((part) => part.reshape([B, T, H, C / H]));
  const z = nn.dotProductAttention(q, k, v, { isCausal: true }).reshape([B, T, C]);
  const mid = x.add(linear(z, p.c_proj)); // [B, T, C]
  const hidden = nn.relu(linear(layerNorm(mid.ref, p.ln_2), p.c_fc)); // [B, T, 4C]
  return mid.add(linear(hidden, p.mlp_proj));
}

/** Mean cross-entropy of targets, [B, T], after inputs, [B, T]. */
function loss(p, inputs, targets, H) {
  const V = p.wte.shape[0];
  let x = np.take(p.wte, inputs, 0).add(p.wpe); // [B, T, C]
  for (const layer of p.h) x = block(x, layer, H);
  const logits = np.matmul(layerNorm(x, p.ln_f), p.lm_head); // [B, T, V]
  const chosen = nn.logSoftmax(logits, -1).mul(nn.oneHot(targets, V)); // [B, T, V]
  return np.sum(chosen, -1).mean().neg();
}

/** One leaf, one step: parameter, gradient, both moments; `rate` has the bias corrections in it. */
function adam(p, g, m, v, rate) {
  const { beta1, beta2, epsilon } = ADAM;
  m = m.mul(beta1).add(g.ref.mul(1 - beta1));
  v = v.mul(beta2).add(np.square(g).mul(1 - beta2));
  p = p.sub(m.ref.mul(rate).div(np.sqrt(v.ref).add(epsilon)));
  return [p, m, v];
}

export async function start({ device, size, text }) {
  const available = await jax.init(device);
  if (!available.includes(device)) throw new Error(`jax-js does not find the device ${device}`);
  jax.defaultDevice(device);
  const { n_head, batch_size, block_size } = size;
  let key = random.key(1);
  const normal = (shape) => {
    const [next, own] = random.split(key);
    key = next;
    return random.normal(own, shape).mul(0.02);
  };
  const constant = (shape, value) => np.full(shape, value);
  let p = parameters(size, text.vocabulary.length, { normal, constant });
  const zeros = () => tree.map((leaf) => np.zerosLike(leaf), tree.ref(p));
  let [m, v, t] = [zeros(), zeros(), 0];

  const step = jit((p, m, v, rate, inputs, targets) => {
    const objective = (p) => loss(p, inputs.ref, targets.ref, n_head);
    const [value, gradients] = valueAndGrad(objective)(tree.ref(p));
    inputs.dispose();
    targets.dispose();
    const [leaves, structure] = tree.flatten(p);
    const [gs, ms, vs] = [gradients, m, v].map((all) => tree.leaves(all));
    const moved = leaves.map((leaf, n) => adam(leaf, gs[n], ms[n], vs[n], rate.ref));
    rate.dispose();
    const whole = (n) => tree.unflatten(structure, moved.map((all) => all[n]));
    return [value, whole(0), whole(1), whole(2)];
  });

  /** One step; its loss, the wait for which also has jax-js carry out what it has put off. */
  return async () => {
    t += 1;
    const { lr, beta1, beta2 } = ADAM;
    const rate = (lr * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    const { inputs, targets } = text.batch(size);
    const array = (numbers) =>
      np.array(numbers, { dtype: np.int32 }).reshape([batch_size, block_size]);
    let value;
    [value, p, m, v] = step(p, m, v, np.array(rate), array(inputs), array(targets));
    return (await value.data())[0];
  };
}
