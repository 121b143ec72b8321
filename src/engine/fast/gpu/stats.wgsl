// What head_gated is told of each row of attention, taken with the row itself, and the way back.
// Follows attention.wgsl, whose functions it uses and whose `keys` it needs unchanged.
//
//     a = sum_j A_j S_j      m = sum_j A_j p_j,  r = m - p_i      d = sqrt(sum_j A_j (p_j - m)^2 + eps)
//     dA_j += da S_j + dr p_j + dd / 2d ((p_j - m)^2 - 2 p_j sum_k A_k (p_k - m))      dS_j += da A_j
//
// p_j = j / block. The last sum is 0 where a row of A sums to 1, and not under the other normalisers.
// The spread is summed about the mean that was found first: the difference of the squares' mean and
// the mean's square would be all rounding where a head looks at one key.

const EPS = 1e-8;

// Where a of query i stands in [B, T, 3, H]; r and d are H and 2H further on. `n` counts heads of
// batch rows.
fn stats_of(n: u32, i: u32) -> u32 {
    return (n / op.heads * op.tokens + i) * 3u * op.heads + n % op.heads;
}

fn position(j: u32) -> f32 {
    return f32(j) / op.block;
}

// The statistics of the tile's rows: the first of a row's threads takes them.
fn describe(local: u32, first: u32, n: u32, square: u32) {
    let i = first + local / LANES;
    if i >= op.tokens || local % LANES != 0u {
        return;
    }
    let row = square + i * op.tokens;
    var fires = 0.0;
    var mean = 0.0;
    for (var j = 0u; j <= i; j++) {
        let a = arena[op.pattern + row + j];
        fires += a * arena[op.scores + row + j] * op.scale;
        mean += a * position(j);
    }
    var variance = 0.0;
    for (var j = 0u; j <= i; j++) {
        let off = position(j) - mean;
        variance += arena[op.pattern + row + j] * off * off;
    }
    let out = op.stats + stats_of(n, i);
    arena[out] = fires;
    arena[out + op.heads] = mean - position(i);
    arena[out + 2u * op.heads] = sqrt(variance + EPS);
}

// What a row's way back needs of the statistics.
struct Told {
    fires: f32, // da
    offset: f32, // dr
    spread: f32, // dd / 2d
    mean: f32, // m
    off: f32, // sum_k A_k (p_k - m)
}

// dA_j: what came through dropout, and what comes by way of the statistics.
fn all_of(told: Told, cell: u32, j: u32) -> f32 {
    let p = position(j);
    let off = p - told.mean;
    return arena[op.ds + cell] * mask(op.keys, cell)
        + told.fires * arena[op.scores + cell] * op.scale
        + told.offset * p
        + told.spread * (off * off - 2.0 * p * told.off);
}

// As `slope`, with the statistics' share.
fn slope_with_stats(local: u32, first: u32, n: u32, square: u32) {
    let i = first + local / LANES;
    let lane = local % LANES;
    // Threads past the last row go along to the barrier, over the last row's numbers.
    let near = min(i, op.tokens - 1u);
    let row = square + near * op.tokens;
    let back = op.dstats + stats_of(n, near);
    let there = op.stats + stats_of(n, near);
    var told = Told(
        arena[back],
        arena[back + op.heads],
        arena[back + 2u * op.heads] / (2.0 * arena[there + 2u * op.heads]),
        arena[there + op.heads] + position(near),
        0.0,
    );
    for (var j = 0u; j <= near; j++) {
        told.off += arena[op.pattern + row + j] * (position(j) - told.mean);
    }
    var mean = 0.0;
    for (var j = 0u; j <= near; j++) {
        mean += arena[op.pattern + row + j] * all_of(told, row + j, j);
    }
    storageBarrier(); // dA is read, and dS takes its place.
    if i >= op.tokens {
        return;
    }
    for (var j = lane; j < min(first + TILE, op.tokens); j += LANES) {
        var ds = 0.0;
        if j <= i {
            let a = arena[op.pattern + row + j];
            let da = all_of(told, row + j, j);
            ds = select(a * (da - mean), (a - a * a) * da, op.normaliser == SIGMOID);
            ds = (ds + told.fires * a) * op.scale;
        }
        arena[op.ds + row + j] = ds;
    }
}

@compute @workgroup_size(64)
fn forward_with_stats(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * TILE;
    let square = place(group.y).square;
    products_with_keys(local, first, 0u, group.y);
    storageBarrier();
    weigh(local, first, square);
    storageBarrier();
    describe(local, first, group.y, square);
    mixtures_of_values(local, first, 0u, group.y);
}

@compute @workgroup_size(64)
fn queries_with_stats(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * TILE;
    products_with_values(local, first, 0u, group.y);
    storageBarrier();
    slope_with_stats(local, first, group.y, place(group.y).square);
    storageBarrier();
    mixtures_of_keys(local, first, 0u, group.y);
}
