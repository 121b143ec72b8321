// The job in TensorFlow.js: eager operations, gradients by its tape, its own Adam. `tf` is global:
// the backends come as scripts that find it there.

import { ADAM, parameters } from "./job.mjs";

/** [R, in] to [R, out]. */
const linear = (x, { weight, bias }) => tf.add(tf.matMul(x, weight), bias);

function layerNorm(x, { weight, bias }) {
  const { mean, variance } = tf.moments(x, -1, true); // [R, 1]
  const normed = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))); // [R, C]
  return tf.add(tf.mul(normed, weight), bias);
}

/** [R, C] to [R, C], R = B T; `future` is [T, T], large and negative above the diagonal. */
function block(x, p, { n_head: H, block_size: T, batch_size: B }, future) {
  const C = x.shape[1];
  const qkv = linear(layerNorm(x, p.ln_1), p.c_attn); // [R, 3C]
  const [q, k, v] = tf
    .split(qkv, 3, 1)
    .map((part) => tf.transpose(tf.reshape(part, [B, T, H, C / H]), [0, 2, 1, 3])); // [B, H, T, D]
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(C / H)); // [B, H, T, T]
  const pattern = tf.softmax(tf.add(scores, future)); // [B, H, T, T]
  const z = tf.transpose(tf.matMul(pattern, v), [0, 2, 1, 3]); // [B, T, H, D]
  const mid = tf.add(x, linear(tf.reshape(z, [B * T, C]), p.c_proj)); // [R, C]
  const hidden = tf.relu(linear(layerNorm(mid, p.ln_2), p.c_fc)); // [R, 4C]
  return tf.add(mid, linear(hidden, p.mlp_proj));
}

/** Mean cross-entropy of targets, [R], after inputs, [R]. */
function loss(p, inputs, targets, size, future) {
  const { batch_size: B, block_size: T, n_embd: C } = size;
  const V = p.wte.shape[0];
  // A product with a one-hot matrix: the WebAssembly backend lacks the sums by segments with which a
  // gather goes back.
  const embedded = tf.matMul(tf.oneHot(inputs, V).toFloat(), p.wte); // [R, C]
  let x = tf.reshape(tf.add(tf.reshape(embedded, [B, T, C]), p.wpe), [B * T, C]); // [R, C]
  for (const layer of p.h) x = block(x, layer, size, future);
  const logits = tf.matMul(layerNorm(x, p.ln_f), p.lm_head); // [R, V]
  return tf.losses.softmaxCrossEntropy(tf.oneHot(targets, V), logits);
}

function load(file) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `./node_modules/@tensorflow/${file}`;
    script.onload = done;
    script.onerror = () => failed(new Error(`${file} cannot be loaded`));
    document.head.append(script);
  });
}

export async function start({ device, threads, size, text }) {
  await load("tfjs/dist/tf.min.js");
  await load(`tfjs-backend-${device}/dist/tf-backend-${device}.min.js`);
  if (device === "wasm") {
    tf.wasm.setWasmPaths("./node_modules/@tensorflow/tfjs-backend-wasm/dist/");
    if (threads > 1) tf.wasm.setThreadsCount(threads);
  }
  if (!(await tf.setBackend(device))) throw new Error(`TensorFlow.js has no backend ${device}`);
  await tf.ready();
  const normal = (shape) => tf.variable(tf.randomNormal(shape, 0, 0.02, "float32", 1));
  const constant = (shape, value) => tf.variable(tf.fill(shape, value));
  const p = parameters(size, text.vocabulary.length, { normal, constant });
  const { block_size: T } = size;
  const future = tf.tensor2d(
    Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => (j > i ? -1e9 : 0))),
  );
  const adam = tf.train.adam(ADAM.lr, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  /** One step; its loss. */
  return async () => {
    const { inputs, targets } = text.batch(size);
    const value = tf.tidy(() => {
      const [x, y] = [inputs, targets].map((numbers) => tf.tensor1d(numbers, "int32"));
      return adam.minimize(() => loss(p, x, y, size, future), true);
    });
    const [number] = await value.data();
    value.dispose();
    return number;
  };
}
