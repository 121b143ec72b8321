// The model's entrance: x_bt = wte[token_bt] + wpe[t].

struct Op {
    // [V, C]
    wte: u32,
    // [T, C]
    wpe: u32,
    // [B T, C]
    out: u32,
    // Where step's tokens begin: [B T]
    tokens: u32,
    rows: u32,
    block: u32, // T
    channels: u32, // C
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let n = op.rows * op.channels;
    for (var i = id.x; i < n; i += groups.x * 64u) {
        let row = i / op.channels;
        let c = i % op.channels;
        arena[op.out + i] = arena[op.wte + step[op.tokens + row] * op.channels + c]
            + arena[op.wpe + row % op.block * op.channels + c];
    }
}
