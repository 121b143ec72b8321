// Layer norm's way back (norm.wgsl has the way there).
//
//     g  = w dy
//     dx = (g - mean(g) - h mean(g h)) / s     dw = sum over rows of dy h     db = sum over rows of dy
//
// In one dispatch: where workgroup_id.z is 0, dx, a row to LANES threads as in norm.wgsl; where it is
// 1, dw and db, 16 columns to a workgroup: four threads share a column, each takes every fourth row,
// and one of them adds up the four sums.

// Threads to a row.
const LANES = 8u;

struct Op {
    // [rows, n], rows `stride` apart
    x: u32,
    dx: u32,
    dy: u32,
    // [n]
    weight: u32,
    dw: u32,
    // [n], or NONE
    db: u32,
    // [rows, 2]
    stats: u32,
    rows: u32,
    n: u32,
    stride: u32,
    // 1 where dx is added to what is there.
    add: u32,
}

fn along_rows(thread: u32) {
    let row = thread / LANES;
    let lane = thread % LANES;
    if row >= op.rows {
        return;
    }
    let first = row * op.stride;
    let mean = arena[op.stats + 2u * row];
    let scale = arena[op.stats + 2u * row + 1u];
    var shift = 0.0; // mean of g
    var stretch = 0.0; // mean of g h
    for (var i = 0u; i < op.n; i++) {
        let g = arena[op.dy + first + i] * arena[op.weight + i];
        shift += g;
        stretch += g * (arena[op.x + first + i] - mean) * scale;
    }
    shift /= f32(op.n);
    stretch /= f32(op.n);
    for (var i = lane; i < op.n; i += LANES) {
        let g = arena[op.dy + first + i] * arena[op.weight + i];
        let h = (arena[op.x + first + i] - mean) * scale;
        var dx = (g - shift - h * stretch) * scale;
        if op.add == 1u {
            dx += arena[op.dx + first + i];
        }
        arena[op.dx + first + i] = dx;
    }
}

var<workgroup> columns: array<vec2<f32>, 64>;

fn down_columns(group: u32, local: u32) {
    if group * 16u >= op.n {
        return;
    }
    let column = group * 16u + local % 16u;
    let near = min(column, op.n - 1u);
    var sums = vec2(0.0); // dw, db
    for (var row = local / 16u; row < op.rows; row += 4u) {
        let dy = arena[op.dy + row * op.stride + near];
        let h = (arena[op.x + row * op.stride + near] - arena[op.stats + 2u * row])
            * arena[op.stats + 2u * row + 1u];
        sums += vec2(dy * h, dy);
    }
    columns[local] = sums;
    workgroupBarrier();
    if local < 16u && column < op.n {
        let all = columns[local] + columns[local + 16u] + columns[local + 32u] + columns[local + 48u];
        arena[op.dw + column] = all.x;
        if op.db != NONE {
            arena[op.db + column] = all.y;
        }
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    if group.z == 0u {
        along_rows(group.x * 64u + local);
    } else {
        down_columns(group.x, local);
    }
}
