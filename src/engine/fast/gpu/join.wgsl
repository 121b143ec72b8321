// A mask on numbers where no product could take it along: out = x + m y, x or none.
//
// Forwards after the embedding; backwards dy = m dout at the end of each branch.

struct Op {
    // [n] each; x may be NONE
    x: u32,
    y: u32,
    out: u32,
    n: u32,
    keys: u32,
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < op.n; i += groups.x * 64u) {
        var s = arena[op.y + i] * mask(op.keys, i);
        if op.x != NONE {
            s += arena[op.x + i];
        }
        arena[op.out + i] = s;
    }
}
