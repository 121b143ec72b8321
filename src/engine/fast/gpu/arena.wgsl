// What every kernel begins with: the three buffers, and dropout's masks.

// All numbers of a run: parameters, gradients, moments, activations. Places in it are in `op`.
@group(0) @binding(0) var<storage, read_write> arena: array<f32>;
// What is new at each step, in the order of step.rs: a head of scalars, keys, tokens.
@group(0) @binding(1) var<storage, read> step: array<u32>;
// Sizes and places of this one operation.
@group(0) @binding(2) var<uniform> op: Op;

// No place: a bias, a mask or a term that is not there.
const NONE = 0xffffffffu;

// The head of `step`.
const RATE = 0u; // lr / (1 - b1^t)
const CORRECTION = 1u; // 1 / (1 - b2^t)
const CLIP = 2u; // largest norm, or 0
const BETA_1 = 3u;
const BETA_2 = 4u;
const DECAY = 5u; // 1 - lr decay
const THRESHOLD = 6u; // draws below it are dropped
const KEPT = 7u; // 1 / (1 - rate)
const REPORT = 8u; // where in the ring this step's loss and norm go

fn given(scalar: u32) -> f32 {
    return bitcast<f32>(step[scalar]);
}

// Whether a number that was read from the arena is finite. By its bits, since compilers may take for
// granted that what they compute with is; what another dispatch has written, they cannot know.
fn finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// The factor of number `index` in the tensor of a site whose keys begin at step[keys]: 0 or
// 1 / (1 - rate). A Feistel network over two halves of 16 bits; src/engine/dropout.rs has it first.
fn mask(keys: u32, index: u32) -> f32 {
    if keys == NONE {
        return 1.0;
    }
    var left = index >> 16u;
    var right = index & 0xffffu;
    for (var round = 0u; round < 6u; round++) {
        let mixed = (((right ^ step[keys + round]) * 0x6b2du) >> 7u) & 0xffffu;
        let next = left ^ mixed;
        left = right;
        right = next;
    }
    return select(given(KEPT), 0.0, right < step[THRESHOLD]);
}
