// The scores of additive attention (Bahdanau, Cho and Bengio 2014), and the way back. It stands
// behind attention.wgsl, whose tiles, weights and mixtures it uses.
//
//     S_ij = v . t_ij,  t_ij = tanh(q_i + k_j)
//     dq_i = sum_j dS_ij v (1 - t_ij^2)      dk_j likewise over i      dv = sum_ij dS_ij t_ij
//
// t has D numbers for each query and key, D times a pattern: for four layers of 128 channels and
// batches of 8 x 64 tokens that would be 67 MB to write and to read twice. None of it is kept. A
// tanh is one exponential and one division of numbers that are in registers already, so each is
// made three times: for S, for dq and dv together, and for dk. The last two could share theirs, but
// one sums over keys and the other over queries: different workgroups would have to add to the same
// place, or leave as many partial sums as there are tiles.
//
//     additive_forward   S, A and z of a tile of queries
//     additive_queries   dA, dS and dq of a tile of queries, and its share of dv
//     additive_keys      dv of the values and dk, of a tile of keys

// tanh x = 1 - 2 / (e^2x + 1). Beyond x = 40 it is 1 to the last bit, and e^2x stays finite.
fn bent(x: vec4<f32>) -> vec4<f32> {
    return 1.0 - 2.0 / (exp(min(2.0 * x, vec4(80.0))) + 1.0);
}

// v's first number for the head of a batch row.
fn vector(n: u32) -> u32 {
    return op.vectors + n % op.heads * op.width;
}

// square[i, j] = v . t_ij, for the tile's queries i and all j that one of them sees. A thread takes
// four queries and a key at a time, as in `scores`.
fn bent_scores(local: u32, first: u32, square: u32, q: u32, v: u32) {
    let channels = op.heads * op.width;
    let seen = min(first + TILE, op.tokens);
    for (var item = local; item < 2u * seen; item += 64u) {
        let j = item % seen;
        let i = first + item / seen * 4u + vec4(0u, 1u, 2u, 3u);
        var l = q + min(i, vec4(op.tokens - 1u)) * 3u * channels;
        var r = q + channels + j * 3u * channels;
        var s = vec4(0.0);
        for (var d = 0u; d < op.width; d++) {
            let t = bent(vec4(arena[l.x], arena[l.y], arena[l.z], arena[l.w]) + arena[r]);
            s += arena[v + d] * t;
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

@compute @workgroup_size(64)
fn additive_forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = group.x * TILE;
    let at = place(group.y);
    bent_scores(local, first, op.pattern + at.square, op.qkv + at.qkv, vector(group.y));
    storageBarrier();
    weigh(local, first, at.square);
    storageBarrier();
    mixtures_of_values(local, first, 0u, group.y);
}

@compute @workgroup_size(64)
fn additive_queries(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = group.x * TILE;
    let channels = op.heads * op.width;
    let at = place(group.y);
    let q = op.qkv + at.qkv;
    products_with_values(local, first, 0u, group.y);
    storageBarrier();
    slope(local, first, at.square);
    storageBarrier();
    // A thread takes four queries and a channel at a time, and leaves their sum for dv.
    for (var item = local; item < 2u * op.width; item += 64u) {
        let d = item % op.width;
        let four = 2u * group.x + item / op.width;
        let i = 4u * four + vec4(0u, 1u, 2u, 3u);
        let near = min(i, vec4(op.tokens - 1u));
        let asks = q + near * 3u * channels + d;
        let asked = vec4(arena[asks.x], arena[asks.y], arena[asks.z], arena[asks.w]);
        var k = q + channels + d;
        var s = op.ds + at.square + near * op.tokens;
        var for_q = vec4(0.0);
        var for_v = vec4(0.0);
        let seen = min(4u * four + 4u, op.tokens);
        for (var j = 0u; j < seen; j++) {
            let t = bent(asked + arena[k]);
            let ds = vec4(arena[s.x], arena[s.y], arena[s.z], arena[s.w]);
            for_q += ds * (1.0 - t * t);
            for_v += ds * t;
            s += vec4(1u);
            k += 3u * channels;
        }
        let v = arena[vector(group.y) + d];
        var share = 0.0;
        for (var n = 0u; n < 4u; n++) {
            if i[n] < op.tokens {
                arena[op.dqkv + at.qkv + i[n] * 3u * channels + d] = for_q[n] * v;
                share += for_v[n];
            }
        }
        let row = group.y / op.heads * 2u * groups.x + four;
        arena[op.shares + row * channels + group.y % op.heads * op.width + d] = share;
    }
}

@compute @workgroup_size(64)
fn additive_keys(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let channels = op.heads * op.width;
    let at = place(group.y);
    let k = op.qkv + at.qkv + channels;
    // A thread takes four keys and a channel at a time.
    for (var item = local; item < 2u * op.width; item += 64u) {
        let d = item % op.width;
        let start = group.x * TILE + item / op.width * 4u;
        let j = start + vec4(0u, 1u, 2u, 3u);
        let near = min(j, vec4(op.tokens - 1u));
        let offers = k + near * 3u * channels + d;
        let offered = vec4(arena[offers.x], arena[offers.y], arena[offers.z], arena[offers.w]);
        var for_k = vec4(0.0);
        var for_values = vec4(0.0);
        for (var i = start; i < op.tokens; i++) {
            let row = at.square + i * op.tokens + near;
            let s = op.ds + row;
            let a = op.used + row;
            let t = bent(offered + arena[op.qkv + at.qkv + i * 3u * channels + d]);
            for_k += vec4(arena[s.x], arena[s.y], arena[s.z], arena[s.w]) * (1.0 - t * t);
            for_values += vec4(arena[a.x], arena[a.y], arena[a.z], arena[a.w])
                * arena[op.dz + at.z + i * channels + d];
        }
        let v = arena[vector(group.y) + d];
        for (var n = 0u; n < 4u; n++) {
            if j[n] < op.tokens {
                let out = op.dqkv + at.qkv + channels + j[n] * 3u * channels + d;
                arena[out] = for_k[n] * v;
                arena[out + channels] = for_values[n];
            }
        }
    }
}
