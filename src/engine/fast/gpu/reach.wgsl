// How far and how sharply each position of adaptive_span looks, and the way back.
//
//     s = sigmoid(u)      z = max(1, s M)      t = max(0.05, base + slope s)
//     gain = 1 / max(s, 1 / gain_max), or 1
//
// The way back begins with what each head has found (span.wgsl), and adds the objective's price of a
// token of span. A position to a thread.

struct Op {
    // u: [B T]
    logits: u32,
    dlogits: u32,
    // z, t and gain: [B T, 3]
    out: u32,
    // Their gradients, head by head: [B, H, T, 3]
    dout: u32,
    // s: [B T]
    shares: u32,
    rows: u32, // B T
    tokens: u32, // T
    heads: u32, // H
    longest: f32, // M
    // t, before it is kept from going too low
    base: f32,
    slope: f32,
    // 1 / gain_max, or 0 where there is no gain
    least: f32,
    price: f32,
}

const COLDEST = 0.05;

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if row >= op.rows {
        return;
    }
    let s = 1.0 / (1.0 + exp(min(-arena[op.logits + row], 88.0)));
    arena[op.shares + row] = s;
    let out = op.out + 3u * row;
    arena[out] = max(1.0, s * op.longest);
    arena[out + 1u] = max(COLDEST, op.base + op.slope * s);
    arena[out + 2u] = select(1.0, 1.0 / max(s, op.least), op.least > 0.0);
}

@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if row >= op.rows {
        return;
    }
    var d = vec3(0.0); // of z, t and gain
    for (var head = 0u; head < op.heads; head++) {
        let n = row / op.tokens * op.heads + head;
        let found = op.dout + 3u * (n * op.tokens + row % op.tokens);
        d += vec3(arena[found], arena[found + 1u], arena[found + 2u]);
    }
    let s = arena[op.shares + row];
    var ds = 0.0;
    if s * op.longest > 1.0 {
        ds += (d.x + op.price) * op.longest;
    }
    if op.base + op.slope * s > COLDEST {
        ds += d.y * op.slope;
    }
    if op.least > 0.0 && s > op.least {
        ds -= d.z / (s * s);
    }
    arena[op.dlogits + row] = ds * s * (1.0 - s);
}
