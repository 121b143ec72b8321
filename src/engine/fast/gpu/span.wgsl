// The local pass of adaptive_span (formulas and sources in src/engine/attention/adaptive_span.rs), and
// the way back. Follows attention.wgsl, whose functions it uses.
//
//     S_j  = (q . k_j / sqrt(D) + c[n]) / t,  n = i - j        w_j = clamp((R + z - 1 - n) / R, 0, 1)
//     A_j  = gain w_j e^S_j / sum_k w_k e^S_k, or gain w_j sigmoid(S_j - ln(i + 1))
//
//     mean = sum_j A_j dA_j                                    dgain = mean / gain
//     dS_j = A_j (dA_j - mean / gain), or A_j (1 - A_j / (gain w_j)) dA_j
//     dw_j = dS_j / w_j, or A_j dA_j / w_j                     dz = sum_j dw_j / R on the ramp
//     dt   = -sum_j dS_j S_j / t      dc[n] += dS_j / t        d(q . k_j / sqrt(D)) = dS_j / t
//
// The gain is in A here, so that no other line needs to know of it. A query reads z, t and gain of
// its position. Keys beyond its window are not computed: a tile begins at the first key that one of
// its queries sees, and a tile of keys passes over the queries that see none of it.

// Where z, t and gain of query i begin. `n` counts heads of batch rows.
fn look(n: u32, i: u32) -> u32 {
    return op.reach + 3u * (n / op.heads * op.tokens + i);
}

// w times R, not clamped, so many tokens back.
fn height(span: f32, back: u32) -> f32 {
    return span + (op.ramp - 1.0) - f32(back);
}

fn window(span: f32, back: u32) -> f32 {
    return clamp(height(span, back) / op.ramp, 0.0, 1.0);
}

// The first key that query i sees: its window is open from there to itself.
fn opens(n: u32, i: u32) -> u32 {
    let tokens = ceil(height(arena[look(n, i)], 0u));
    let most = min(op.longest, i + 1u);
    return i + 1u - u32(clamp(tokens, 1.0, f32(most)));
}

// The first key that the tile's queries see, moved back so that no four keys side by side, which
// are taken together, are written in part.
fn opens_for_tile(n: u32, first: u32) -> u32 {
    var earliest = first;
    for (var i = first; i < min(first + TILE, op.tokens); i++) {
        earliest = min(earliest, opens(n, i));
    }
    return earliest / 4u * 4u;
}

// S_j, from a cell's product.
fn sharpened(cell: u32, bias: f32, temperature: f32) -> f32 {
    return (arena[op.scores + cell] * op.scale + bias) / temperature;
}

// As `weigh`, within the window.
fn weigh_within(local: u32, first: u32, earliest: u32, n: u32, square: u32) {
    let i = first + local / LANES;
    if i >= op.tokens {
        return;
    }
    let row = square + i * op.tokens;
    let span = arena[look(n, i)];
    let temperature = arena[look(n, i) + 1u];
    let gain = arena[look(n, i) + 2u];
    let bias = op.rel_bias + n % op.heads * op.longest; // [M]
    let begin = opens(n, i);
    // The 1 in off_by_one's sum is a key whose score is 0, which nobody uses.
    var most = select(-3.4e38, 0.0, op.normaliser == OFF_BY_ONE);
    for (var j = begin; j <= i; j++) {
        most = max(most, sharpened(row + j, arena[bias + i - j], temperature));
    }
    var all = 0.0;
    for (var j = begin; j <= i; j++) {
        all += window(span, i - j) * exp(sharpened(row + j, arena[bias + i - j], temperature) - most);
    }
    if op.normaliser == OFF_BY_ONE {
        all += exp(-most);
    }
    let shift = log(f32(i + 1u));
    for (var j = earliest + local % LANES; j < min(first + TILE, op.tokens); j += LANES) {
        var a = 0.0;
        if j >= begin && j <= i {
            let s = sharpened(row + j, arena[bias + i - j], temperature);
            a = gain * window(span, i - j);
            if op.normaliser == SIGMOID {
                a /= 1.0 + exp(shift - s);
            } else {
                a *= exp(s - most) / all;
            }
        }
        arena[op.pattern + row + j] = a;
        if op.keys != NONE {
            arena[op.used + row + j] = a * mask(op.keys, row + j);
        }
    }
}

var<workgroup> shares: array<vec2<f32>, 64>;

// As `slope`, within the window; and the gradients of z, t and gain.
fn slope_within(local: u32, first: u32, earliest: u32, n: u32, square: u32) {
    let i = first + local / LANES;
    let lane = local % LANES;
    // Threads past the last row go along to the barriers, over the last row's numbers.
    let near = min(i, op.tokens - 1u);
    let row = square + near * op.tokens;
    let span = arena[look(n, near)];
    let temperature = arena[look(n, near) + 1u];
    let gain = arena[look(n, near) + 2u];
    let bias = op.rel_bias + n % op.heads * op.longest; // [M]
    let begin = opens(n, near);
    var mean = 0.0;
    for (var j = begin; j <= near; j++) {
        mean += arena[op.pattern + row + j] * arena[op.ds + row + j] * mask(op.keys, row + j);
    }
    let dgain = mean / gain;
    storageBarrier(); // dA is read, and dS takes its place.
    var share = vec2(0.0); // dz, dt
    for (var j = earliest + lane; j < min(first + TILE, op.tokens) && i < op.tokens; j += LANES) {
        var ds = 0.0;
        if j >= begin && j <= i {
            let w = window(span, i - j);
            let a = arena[op.pattern + row + j];
            let da = arena[op.ds + row + j] * mask(op.keys, row + j);
            ds = a * (da - dgain);
            var dw = ds / w;
            if op.normaliser == SIGMOID {
                ds = a * (1.0 - a / (gain * w)) * da;
                dw = a * da / w;
            }
            if height(span, i - j) < op.ramp {
                share.x += dw / op.ramp;
            }
            ds /= temperature;
            share.y -= ds * sharpened(row + j, arena[bias + i - j], temperature);
        }
        arena[op.ds + row + j] = ds * op.scale;
    }
    shares[local] = share;
    workgroupBarrier();
    if lane == 0u && i < op.tokens {
        var sum = vec2(0.0);
        for (var other = 0u; other < LANES; other++) {
            sum += shares[local + other];
        }
        let out = op.dreach + 3u * (n * op.tokens + i);
        arena[out] = sum.x;
        arena[out + 1u] = sum.y;
        arena[out + 2u] = dgain;
    }
}

@compute @workgroup_size(64)
fn forward_within(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * TILE;
    let earliest = opens_for_tile(group.y, first);
    products_with_keys(local, first, earliest, group.y);
    storageBarrier();
    weigh_within(local, first, earliest, group.y, place(group.y).square);
    storageBarrier();
    mixtures_of_values(local, first, earliest, group.y);
}

@compute @workgroup_size(64)
fn queries_within(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * TILE;
    let earliest = opens_for_tile(group.y, first);
    products_with_values(local, first, earliest, group.y);
    storageBarrier();
    slope_within(local, first, earliest, group.y, place(group.y).square);
    storageBarrier();
    mixtures_of_keys(local, first, earliest, group.y);
}

// dk and dv of a tile of keys, as `keys`.
fn along_keys(group: vec3<u32>, local: u32) {
    let channels = op.heads * op.width;
    let at = place(group.y);
    let dk = op.dqkv + at.qkv + channels;
    for (var item = local; item < 2u * op.width; item += 64u) {
        let d = item % op.width;
        let start = group.x * TILE + item / op.width * 4u;
        let j = start + vec4(0u, 1u, 2u, 3u);
        let near = min(j, vec4(op.tokens - 1u));
        var for_k = vec4(0.0);
        var for_v = vec4(0.0);
        for (var i = start; i < min(start + 3u + op.longest, op.tokens); i++) {
            if opens(group.y, i) > j.w {
                continue;
            }
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

var<workgroup> sums: array<f32, 64>;

// dc of eight distances of one head: eight threads share a distance, each takes every eighth row.
fn along_distances(group: vec3<u32>, local: u32, batch: u32) {
    if group.y >= op.heads || group.x * 8u >= op.longest {
        return;
    }
    let back = group.x * 8u + local % 8u;
    var sum = 0.0;
    for (var row = local / 8u; row < batch * op.tokens; row += 8u) {
        let n = row / op.tokens * op.heads + group.y;
        let i = row % op.tokens;
        if opens(n, i) + back <= i {
            sum += arena[op.ds + (n * op.tokens + i) * op.tokens + i - back];
        }
    }
    sums[local] = sum;
    workgroupBarrier();
    if local < 8u && back < op.longest {
        var all = 0.0;
        for (var other = 0u; other < 64u; other += 8u) {
            all += sums[local + other];
        }
        // What lies in ds is scaled for the products already.
        arena[op.drel_bias + group.y * op.longest + back] = all / op.scale;
    }
}

// Where workgroup_id.z is 0, dv and dk; where it is 1, dc, since neither waits for the other.
@compute @workgroup_size(64)
fn keys_within(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    if group.z == 0u {
        along_keys(group, local);
    } else {
        along_distances(group, local, groups.y / op.heads);
    }
}
