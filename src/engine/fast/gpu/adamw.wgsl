// AdamW (Loshchilov and Hutter 2019) over all parameters.
//
//     g'    = g factor                        (clip.wgsl)
//     m     = b1 m + (1 - b1) g'
//     v     = b2 v + (1 - b2) g'^2
//     theta = theta (1 - lr decay) - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + 1e-8)
//
// Where the norm is not finite nothing moves, in this step and in those that are queued behind it.

struct Op {
    // [n] each
    values: u32,
    grads: u32,
    m: u32,
    v: u32,
    // 1 where the number decays.
    decays: u32,
    n: u32,
    // [1] each
    norm: u32,
    factor: u32,
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    if !finite(arena[op.norm]) {
        return;
    }
    let b1 = given(BETA_1);
    let b2 = given(BETA_2);
    let factor = arena[op.factor];
    for (var i = id.x; i < op.n; i += groups.x * 64u) {
        let g = arena[op.grads + i] * factor;
        let m = arena[op.m + i] * b1 + g * (1.0 - b1);
        let v = arena[op.v + i] * b2 + g * g * (1.0 - b2);
        let decay = select(1.0, given(DECAY), arena[op.decays + i] > 0.0);
        let deviation = sqrt(v * given(CORRECTION)) + 1e-8;
        arena[op.values + i] = arena[op.values + i] * decay - given(RATE) * m / deviation;
        arena[op.m + i] = m;
        arena[op.v + i] = v;
    }
}
