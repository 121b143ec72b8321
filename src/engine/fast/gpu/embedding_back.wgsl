// The entrance's way back: each row of wte and wpe gets the sum of what was made of it.
//
// The host has sorted the batch's rows by their token (step.rs), so that a thread finds the rows of
// its token side by side and adds them up in one order: no atomics, and work for each row once.

struct Op {
    // [V, C]
    dwte: u32,
    // [T, C]
    dwpe: u32,
    // [B T, C]
    dout: u32,
    // Where step's sorted rows begin, [B T], and where each token's do among them, [V + 1].
    order: u32,
    starts: u32,
    rows: u32,
    block: u32, // T
    channels: u32, // C
    vocab: u32, // V
    // 1 where the embedding is the head too, whose gradient is there already.
    add: u32,
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let tokens = op.vocab * op.channels;
    let n = tokens + op.block * op.channels;
    for (var i = id.x; i < n; i += groups.x * 64u) {
        let c = i % op.channels;
        var sum = 0.0;
        if i < tokens {
            let token = i / op.channels;
            let end = step[op.starts + token + 1u];
            for (var j = step[op.starts + token]; j < end; j++) {
                sum += arena[op.dout + step[op.order + j] * op.channels + c];
            }
            if op.add == 1u {
                sum += arena[op.dwte + i];
            }
            arena[op.dwte + i] = sum;
        } else {
            let t = i / op.channels - op.vocab;
            for (var row = t; row < op.rows; row += op.block) {
                sum += arena[op.dout + row * op.channels + c];
            }
            arena[op.dwpe + i - tokens] = sum;
        }
    }
}
