// The sum of each column: out_c = sum_r x_rc.
//
// 16 columns to a workgroup: four threads share a column, each takes every fourth row, and one of
// them adds up the four sums, as in norm_back.wgsl.

struct Op {
    // [rows, n]
    x: u32,
    // [n]
    out: u32,
    rows: u32,
    n: u32,
}

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let column = group.x * 16u + local % 16u;
    let near = min(column, op.n - 1u);
    var sum = 0.0;
    for (var row = local / 16u; row < op.rows; row += 4u) {
        sum += arena[op.x + row * op.n + near];
    }
    sums[local] = sum;
    workgroupBarrier();
    if local < 16u && column < op.n {
        arena[op.out + column] =
            sums[local] + sums[local + 16u] + sums[local + 32u] + sums[local + 48u];
    }
}
