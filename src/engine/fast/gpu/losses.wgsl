// The end of an evaluation's pass: the sum of its rows' losses, by one workgroup.

struct Op {
    // [rows]
    losses: u32,
    rows: u32,
    // A place for each pass whose sum has not been read
    sums: u32,
}

var<workgroup> shares: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
    var share = 0.0;
    for (var row = local; row < op.rows; row += 64u) {
        share += arena[op.losses + row];
    }
    shares[local] = share;
    workgroupBarrier();
    if local == 0u {
        var sum = 0.0;
        for (var i = 0u; i < 64u; i++) {
            sum += shares[i];
        }
        arena[op.sums + step[REPORT]] = sum;
    }
}
