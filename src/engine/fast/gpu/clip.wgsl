// The gradient's global norm, in two dispatches: a share to each of GROUPS workgroups, then one
// workgroup adds up the shares, and the losses of the rows beside them.
//
//     norm = sqrt(sum g^2)       factor = min(1, clip / (norm + 1e-6))       loss = mean of losses
//
// The first norm that is not finite stays, in the report too: from then on adamw.wgsl moves nothing,
// until the host has put another number in its place.

struct Op {
    // [n]
    grads: u32,
    n: u32,
    // [GROUPS]
    shares: u32,
    // [rows]
    losses: u32,
    rows: u32,
    // [1] each
    norm: u32,
    factor: u32,
    loss: u32,
    // A ring of the latest steps' loss and norm: [.., 2]
    report: u32,
}

const GROUPS = 64u;

var<workgroup> sums: array<vec2<f32>, 64>;

// The sum over the workgroup, which thread 0 may use.
fn together(local: u32, share: vec2<f32>) -> vec2<f32> {
    sums[local] = share;
    workgroupBarrier();
    var sum = vec2(0.0);
    if local == 0u {
        for (var i = 0u; i < 64u; i++) {
            sum += sums[i];
        }
    }
    return sum;
}

@compute @workgroup_size(64)
fn shares(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var share = 0.0;
    for (var i = group.x * 64u + local; i < op.n; i += GROUPS * 64u) {
        let g = arena[op.grads + i];
        share += g * g;
    }
    let sum = together(local, vec2(share, 0.0));
    if local == 0u {
        arena[op.shares + group.x] = sum.x;
    }
}

@compute @workgroup_size(64)
fn total(@builtin(local_invocation_index) local: u32) {
    var loss = 0.0;
    for (var row = local; row < op.rows; row += 64u) {
        loss += arena[op.losses + row];
    }
    let sum = together(local, vec2(arena[op.shares + local], loss));
    if local == 0u {
        var norm = sqrt(sum.x);
        if finite(arena[op.norm]) {
            arena[op.norm] = norm;
        } else {
            norm = arena[op.norm];
        }
        let clip = given(CLIP);
        arena[op.factor] = select(1.0, min(1.0, clip / (norm + 1e-6)), clip > 0.0);
        let mean = sum.y / f32(op.rows);
        arena[op.loss] = mean;
        let place = op.report + 2u * step[REPORT];
        arena[place] = mean;
        arena[place + 1u] = norm;
    }
}
