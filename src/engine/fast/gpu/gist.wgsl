// What adaptive_span reads a span from, and the way back.
//
//     running mean  y_i = sum_{j <= i} x_j / (i + 1)        dx_j += sum_{i >= j} dy_i / (i + 1)
//     position      y_i = x_i                               dx_i += dy_i
//
// A thread goes along all positions of one channel of one batch row, since each mean goes on from
// the one before it.

struct Op {
    // [B, T, n], rows `stride` apart
    x: u32,
    dx: u32,
    // [B, T, n]
    out: u32,
    dout: u32,
    batch: u32, // B
    tokens: u32, // T
    n: u32,
    stride: u32,
    // 1 for the running mean, 0 for the position.
    mean: u32,
}

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= op.batch * op.n {
        return;
    }
    let c = id.x % op.n;
    var sum = 0.0;
    for (var i = 0u; i < op.tokens; i++) {
        let row = id.x / op.n * op.tokens + i;
        let x = arena[op.x + row * op.stride + c];
        sum += x;
        arena[op.out + row * op.n + c] = select(x, sum / f32(i + 1u), op.mean == 1u);
    }
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= op.batch * op.n {
        return;
    }
    let c = id.x % op.n;
    var sum = 0.0;
    for (var i = op.tokens; i > 0u; i--) {
        let row = id.x / op.n * op.tokens + i - 1u;
        let dy = arena[op.dout + row * op.n + c];
        sum += dy / f32(i);
        arena[op.dx + row * op.stride + c] += select(dy, sum, op.mean == 1u);
    }
}
