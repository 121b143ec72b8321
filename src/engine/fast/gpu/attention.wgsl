// Causal attention of every head (Vaswani and others 2017), and the way back.
//
//     S  = q k^T / sqrt(D)      A = weights of S, row by row      z = (m A) v
//     dA = m (dz v^T)           dv = (m A)^T dz
//     dS = slopes of A, dA      dq = dS k / sqrt(D)               dk = dS^T q / sqrt(D)
//
// m is dropout's mask. Three kernels, each with workgroup_id.x for a tile of TILE queries (the last
// one: keys) and workgroup_id.y for the head of a batch row:
//
//     forward   S, A and z of a tile of queries
//     queries   dA, dS and dq of a tile of queries
//     keys      dv and dk of a tile of keys, which need every later query's dS
//
// A tile's squares lie in the arena, where the way back wants them anyway; the workgroup's threads
// hand them to one another across a barrier. No query sees a later key: those are not computed, and
// beyond the diagonal only what lies in the same tile is written, as 0.
//
// stats.wgsl and span.wgsl follow this file where a kind has rows of its own; the rest is the same.

// Threads to a row.
const LANES = 8u;
const TILE = 8u;

struct Op {
    // [B, T, 3C]: q, k and v side by side
    qkv: u32,
    dqkv: u32,
    // A: [B, H, T, T]
    pattern: u32,
    // m A, or A again where nothing is dropped: [B, H, T, T]
    used: u32,
    // dA, then dS / sqrt(D): [B, H, T, T]
    ds: u32,
    // [B, T, C]
    z: u32,
    dz: u32,
    tokens: u32, // T
    heads: u32, // H
    width: u32, // D
    scale: f32, // 1 / sqrt(D); 1 where scores are additive
    normaliser: u32,
    keys: u32,
    // q k^T: [B, H, T, T]; A's place, where nobody asks for it again.
    scores: u32,

    // Of head_gated.
    // a, r and d: [B, T, 3, H]
    stats: u32,
    dstats: u32,
    // Tokens in a block.
    block: f32,

    // Of adaptive_span's local pass.
    // z, t and gain: [B, T, 3]
    reach: u32,
    // What each head gives of their gradients: [B, H, T, 3]
    dreach: u32,
    // c: [H, M]
    rel_bias: u32,
    drel_bias: u32,
    longest: u32, // M
    ramp: f32, // R

    // Of additive attention (additive.wgsl): v, [H, D], and the shares of its gradient, [B, 2 tiles, C]
    vectors: u32,
    shares: u32,
}

const SOFTMAX = 0u;
const OFF_BY_ONE = 1u;
const SIGMOID = 2u;

// Where the head of a batch row has its first number in [B, T, 3C], [B, T, C] and [B, H, T, T].
struct Place { qkv: u32, z: u32, square: u32 }

fn place(n: u32) -> Place {
    let channels = op.heads * op.width;
    let first = n / op.heads * op.tokens * channels;
    let within = n % op.heads * op.width;
    return Place(3u * first + within, first + within, n * op.tokens * op.tokens);
}

// Products of rows: square[i, j] = left[i] . right[j], for the tile's queries i and all j from `earliest`
// on that one of them sees. A thread takes four queries and a key at a time.
fn scores(local: u32, first: u32, earliest: u32, square: u32, left: u32, left_row: u32, right: u32, right_row: u32) {
    let seen = min(first + TILE, op.tokens) - earliest;
    for (var item = local; item < 2u * seen; item += 64u) {
        let j = earliest + item % seen;
        let i = first + item / seen * 4u + vec4(0u, 1u, 2u, 3u);
        var l = left + min(i, vec4(op.tokens - 1u)) * left_row;
        var r = right + j * right_row;
        var s = vec4(0.0);
        for (var d = 0u; d < op.width; d++) {
            s += vec4(arena[l.x], arena[l.y], arena[l.z], arena[l.w]) * arena[r];
            l += vec4(1u);
            r += 1u;
        }
        for (var n = 0u; n < 4u; n++) {
            if i[n] < op.tokens {
                arena[square + i[n] * op.tokens + j] = s[n];
            }
        }
    }
}

// Mixtures of rows: out[i] = sum_j square[i, j] right[j], for the tile's queries i and j from `earliest`
// on. A thread takes four queries and a channel at a time.
fn mix(local: u32, first: u32, earliest: u32, square: u32, right: u32, right_row: u32, out: u32, out_row: u32) {
    for (var item = local; item < 2u * op.width; item += 64u) {
        let d = item % op.width;
        let start = first + item / op.width * 4u;
        let i = start + vec4(0u, 1u, 2u, 3u);
        var l = square + min(i, vec4(op.tokens - 1u)) * op.tokens + earliest;
        var r = right + earliest * right_row + d;
        var s = vec4(0.0);
        let seen = min(start + 4u, op.tokens);
        for (var j = earliest; j < seen; j++) {
            s += vec4(arena[l.x], arena[l.y], arena[l.z], arena[l.w]) * arena[r];
            l += vec4(1u);
            r += right_row;
        }
        for (var n = 0u; n < 4u; n++) {
            if i[n] < op.tokens {
                arena[out + i[n] * out_row + d] = s[n];
            }
        }
    }
}

// What every kind does with a tile's queries before and after it has its own way with their rows, there
// and back. `n` counts heads of batch rows. (WGSL hands no function to another, so each entry point
// says these two and what comes between.)

// S = q k^T
fn products_with_keys(local: u32, first: u32, earliest: u32, n: u32) {
    let channels = op.heads * op.width;
    let at = place(n);
    let q = op.qkv + at.qkv;
    scores(local, first, earliest, op.scores + at.square, q, 3u * channels, q + channels, 3u * channels);
}

// z = (m A) v
fn mixtures_of_values(local: u32, first: u32, earliest: u32, n: u32) {
    let channels = op.heads * op.width;
    let at = place(n);
    let v = op.qkv + at.qkv + 2u * channels;
    mix(local, first, earliest, op.used + at.square, v, 3u * channels, op.z + at.z, channels);
}

// dz v^T
fn products_with_values(local: u32, first: u32, earliest: u32, n: u32) {
    let channels = op.heads * op.width;
    let at = place(n);
    let v = op.qkv + at.qkv + 2u * channels;
    scores(local, first, earliest, op.ds + at.square, op.dz + at.z, channels, v, 3u * channels);
}

// dq = dS k / sqrt(D)
fn mixtures_of_keys(local: u32, first: u32, earliest: u32, n: u32) {
    let channels = op.heads * op.width;
    let at = place(n);
    let k = op.qkv + at.qkv + channels;
    mix(local, first, earliest, op.ds + at.square, k, 3u * channels, op.dqkv + at.qkv, 3u * channels);
}

// From the tile's rows of S, rows of A and of m A. A row to LANES threads, each of which goes over
// the whole row for its sum, as in norm.wgsl.
fn weigh(local: u32, first: u32, square: u32) {
    let i = first + local / LANES;
    let lane = local % LANES;
    // Threads past the last row go along to the barrier, over the last row's numbers.
    let near = min(i, op.tokens - 1u);
    let row = square + near * op.tokens;
    // The 1 in off_by_one's sum is a key whose score is 0, which nobody uses.
    var most = select(-3.4e38, 0.0, op.normaliser == OFF_BY_ONE);
    for (var j = 0u; j <= near; j++) {
        most = max(most, arena[op.scores + row + j] * op.scale);
    }
    var all = 0.0;
    for (var j = 0u; j <= near; j++) {
        all += exp(arena[op.scores + row + j] * op.scale - most);
    }
    if op.normaliser == OFF_BY_ONE {
        all += exp(-most);
    }
    storageBarrier(); // S is read, and A may take its place.
    let shift = log(f32(near + 1u));
    if i >= op.tokens {
        return;
    }
    for (var j = lane; j < min(first + TILE, op.tokens); j += LANES) {
        var a = 0.0;
        if j <= i {
            let s = arena[op.scores + row + j] * op.scale;
            if op.normaliser == SIGMOID {
                a = 1.0 / (1.0 + exp(shift - s));
            } else {
                a = exp(s - most) / all;
            }
        }
        arena[op.pattern + row + j] = a;
        if op.keys != NONE {
            arena[op.used + row + j] = a * mask(op.keys, row + j);
        }
    }
}

// The tile's rows of dz v^T become rows of dS / sqrt(D).
//
//     softmax, off_by_one   dS_j = A_j (dA_j - sum_k A_k dA_k)
//     sigmoid               dS_j = A_j (1 - A_j) dA_j
fn slope(local: u32, first: u32, square: u32) {
    let i = first + local / LANES;
    let lane = local % LANES;
    // Threads past the last row go along to the barrier, over the last row's numbers.
    let near = min(i, op.tokens - 1u);
    let index = square + near * op.tokens;
    var mean = 0.0;
    for (var j = 0u; j <= near; j++) {
        mean += arena[op.pattern + index + j] * arena[op.ds + index + j] * mask(op.keys, index + j);
    }
    storageBarrier(); // dA is read, and dS takes its place.
    if i >= op.tokens {
        return;
    }
    for (var j = lane; j < min(first + TILE, op.tokens); j += LANES) {
        var ds = 0.0;
        if j <= i {
            let a = arena[op.pattern + index + j];
            let da = arena[op.ds + index + j] * mask(op.keys, index + j);
            ds = select(a * (da - mean), (a - a * a) * da, op.normaliser == SIGMOID) * op.scale;
        }
        arena[op.ds + index + j] = ds;
    }
}

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * TILE;
    products_with_keys(local, first, 0u, group.y);
    storageBarrier();
    weigh(local, first, place(group.y).square);
    storageBarrier();
    mixtures_of_values(local, first, 0u, group.y);
}

@compute @workgroup_size(64)
fn queries(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * TILE;
    products_with_values(local, first, 0u, group.y);
    storageBarrier();
    slope(local, first, place(group.y).square);
    storageBarrier();
    mixtures_of_keys(local, first, 0u, group.y);
}

@compute @workgroup_size(64)
fn keys(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let channels = op.heads * op.width;
    let at = place(group.y);
    let dk = op.dqkv + at.qkv + channels;
    // A thread takes four keys and a channel at a time.
    for (var item = local; item < 2u * op.width; item += 64u) {
        let d = item % op.width;
        let start = group.x * TILE + item / op.width * 4u;
        let j = start + vec4(0u, 1u, 2u, 3u);
        let near = min(j, vec4(op.tokens - 1u));
        var for_k = vec4(0.0);
        var for_v = vec4(0.0);
        for (var i = start; i < op.tokens; i++) {
            let row = at.square + i * op.tokens + near;
            let s = op.ds + row;
            let a = op.used + row;
            for_k += vec4(arena[s.x], arena[s.y], arena[s.z], arena[s.w])
                * arena[op.qkv + at.qkv + i * 3u * channels + d];
            for_v += vec4(arena[a.x], arena[a.y], arena[a.z], arena[a.w])
                * arena[op.dz + at.z + i * channels + d];
        }
        for (var n = 0u; n < 4u; n++) {
            if j[n] < op.tokens {
                let out = dk + j[n] * 3u * channels + d;
                arena[out] = for_k[n];
                arena[out + channels] = for_v[n];
            }
        }
    }
}
