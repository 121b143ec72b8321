// The loss of each row, and where every gradient begins.
//
//     loss_r = ln(sum_v e^l_v) - l_target        dl_v = (softmax(l)_v - [v = target]) / rows
//
// A row to LANES threads, as in norm.wgsl.

const LANES = 8u;

struct Op {
    // [rows, V]
    logits: u32,
    grad: u32,
    // [rows]
    losses: u32,
    // Where step's targets begin: [rows], NONE where a row only fills up
    targets: u32,
    rows: u32,
    vocab: u32,
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x / LANES;
    let lane = id.x % LANES;
    if row >= op.rows {
        return;
    }
    let first = op.logits + row * op.vocab;
    var most = arena[first];
    for (var v = 1u; v < op.vocab; v++) {
        most = max(most, arena[first + v]);
    }
    var all = 0.0;
    for (var v = 0u; v < op.vocab; v++) {
        all += exp(arena[first + v] - most);
    }
    let rows = f32(op.rows);
    let answer = step[op.targets + row];
    for (var v = lane; v < op.vocab; v += LANES) {
        let weight = exp(arena[first + v] - most) / all;
        arena[op.grad + row * op.vocab + v] = select(weight, weight - 1.0, v == answer) / rows;
    }
    if lane == 0u {
        let loss = most - arena[first + min(answer, op.vocab - 1u)] + log(all);
        arena[op.losses + row] = select(0.0, loss, answer != NONE);
    }
}
