// head_gated's factor for what each head took, and the way back.
//
//     g = 1 + tanh(u / 2), or 4^(tanh u)      y = g z      dz = g dy      du = g'(u) dy . z
//
// A head of a row has one u and D neighbouring numbers of z. Forwards each number has a thread;
// backwards each head has LANES threads, of which the first adds up its sum.

const LANES = 8u;

struct Op {
    // [B T H]
    logits: u32,
    dlogits: u32,
    // [B T H, D]
    z: u32,
    dz: u32,
    out: u32,
    dout: u32,
    // g, then its slope in u: [2, B T H]
    gates: u32,
    n: u32, // B T H
    width: u32, // D
    form: u32,
}

const TWO_SIGMOID = 0u;

const LN_4 = 1.3862944;

// g and its slope.
fn gate(u: f32) -> vec2<f32> {
    // Beyond 10 a tanh is 1 to the last bit; some devices make infinities there on the way.
    if op.form == TWO_SIGMOID {
        let t = tanh(clamp(0.5 * u, -10.0, 10.0));
        return vec2(1.0 + t, 0.5 * (1.0 - t * t));
    }
    let t = tanh(clamp(u, -10.0, 10.0));
    let g = exp(LN_4 * t);
    return vec2(g, LN_4 * (1.0 - t * t) * g);
}

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < op.n * op.width; i += groups.x * 64u) {
        let head = i / op.width;
        let g = gate(arena[op.logits + head]);
        arena[op.out + i] = g.x * arena[op.z + i];
        if i % op.width == 0u {
            arena[op.gates + head] = g.x;
            arena[op.gates + op.n + head] = g.y;
        }
    }
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
    let head = id.x / LANES;
    let lane = id.x % LANES;
    if head >= op.n {
        return;
    }
    let first = head * op.width;
    if lane == 0u {
        var along = 0.0; // dy . z
        for (var d = 0u; d < op.width; d++) {
            along += arena[op.dout + first + d] * arena[op.z + first + d];
        }
        arena[op.dlogits + head] = arena[op.gates + op.n + head] * along;
    }
    let g = arena[op.gates + head];
    for (var d = lane; d < op.width; d += LANES) {
        arena[op.dz + first + d] = g * arena[op.dout + first + d];
    }
}
