// Layer norm (Ba, Kiros and Hinton 2016) of each row.
//
//     h = (x - mean) / s,  s = sqrt(variance + 1e-5)        y = w h + b
//
// A row to LANES threads. Each adds up the whole row, which its neighbours read at the same time,
// and writes its share of it: rows are short, and a barrier takes longer than a few more reads from
// the nearest cache. Mean and 1 / s stay for the way back.

const LANES = 8u;

struct Op {
    // [rows, n], rows `stride` apart
    x: u32,
    // [n]
    weight: u32,
    // [n], or NONE
    bias: u32,
    // [rows, n], rows `stride` apart
    out: u32,
    // [rows, 2]
    stats: u32,
    rows: u32,
    n: u32,
    // n, or more where other numbers lie between the rows.
    stride: u32,
}

const EPS = 1e-5;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x / LANES;
    let lane = id.x % LANES;
    if row >= op.rows {
        return;
    }
    let x = op.x + row * op.stride;
    let n = f32(op.n);
    var mean = 0.0;
    for (var i = 0u; i < op.n; i++) {
        mean += arena[x + i];
    }
    mean /= n;
    var variance = 0.0;
    for (var i = 0u; i < op.n; i++) {
        let d = arena[x + i] - mean;
        variance += d * d;
    }
    let scale = inverseSqrt(variance / n + EPS);
    for (var i = lane; i < op.n; i += LANES) {
        var y = (arena[x + i] - mean) * scale * arena[op.weight + i];
        if op.bias != NONE {
            y += arena[op.bias + i];
        }
        arena[op.out + row * op.stride + i] = y;
    }
    if lane == 0u {
        arena[op.stats + 2u * row] = mean;
        arena[op.stats + 2u * row + 1u] = scale;
    }
}
