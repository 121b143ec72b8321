// The product of two matrices, and what follows it.
//
//     forwards    y  = x W^T + b     then: relu, gelu, or the sum with the stream
//     backwards   dx = dy W          then: times the activation's slope
//                 dW = dy^T x        and db = sum over rows of dy
//
// One kernel for all three: a matrix is a place and two strides. Backwards both products go in one
// dispatch, dx where workgroup_id.z is 0 and dW where it is 1, since neither waits for the other.
//
// A workgroup makes 64 x 32 of the result, a thread 8 x 4: 32 sums in registers, so that each step
// along the inner axis loads 12 numbers for 32 products (Goto and van de Geijn 2008, "Anatomy of
// high-performance matrix multiplication"). There is no shared memory and no barrier: matrices here
// are so small that the caches hold what neighbours read again. Neighbouring threads have
// neighbouring columns. The inner axis is walked in one order by one thread, so that each run gives
// the same numbers: no atomics.

struct Product {
    // The result's rows and columns, and the inner axis.
    @align(16) rows: u32, cols: u32, deep: u32,
    // A: [rows, deep]; from one row to the next, from one step along the inner axis to the next.
    a: u32, a_row: u32, a_deep: u32,
    // B: [deep, cols]
    b: u32, b_deep: u32, b_col: u32,
    // [rows, cols], and from one row to the next: cols, or more where other numbers lie between
    out: u32, out_row: u32,
    // 1 where the result is added to what is there.
    add: u32,
    // [cols], or NONE
    bias: u32,
    // What follows, as below.
    then: u32,
    other: u32,
    keys: u32,
    // Where the sums of A's rows go, [rows], or NONE: db.
    sums: u32,
}

struct Op { products: array<Product, 2> }

const PLAIN = 0u;
// out = max(s, 0)
const RELU = 1u;
// other = s Phi(s), and out = its slope, which the way back needs
const GELU = 2u;
// out = other + m s; other may be NONE
const JOIN = 3u;
// out = s other: gelu's way back
const SLOPE = 4u;
// out = s where other > 0: relu's way back
const POSITIVE = 5u;

const TALL = 8u;
const WIDE = 4u;

// Phi(-|x|) = e^(-x^2/2) t R(t), t = 1 / (1 + 0.35 |x|), as in functions.rs: Phi and its density.
fn normal(x: f32) -> vec2<f32> {
    let e = exp(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.35 * abs(x));
    var r = -0.029125964;
    r = r * t + 0.1438727;
    r = r * t - 0.255505480;
    r = r * t + 0.158930290;
    r = r * t - 0.022937782;
    r = r * t + 0.105433190;
    r = r * t + 0.119852380;
    r = r * t + 0.139859090;
    r = r * t + 0.139621570;
    let tail = e * t * r;
    return vec2(select(1.0 - tail, tail, x < 0.0), e * 0.3989423);
}

fn put(p: u32, row: u32, col: u32, sum: f32) {
    if row >= op.products[p].rows || col >= op.products[p].cols {
        return;
    }
    let index = row * op.products[p].cols + col;
    let place = op.products[p].out + row * op.products[p].out_row + col;
    let other = op.products[p].other;
    var s = sum;
    if op.products[p].bias != NONE {
        s += arena[op.products[p].bias + col];
    }
    switch op.products[p].then {
        case RELU: { s = max(s, 0.0); }
        case GELU: {
            let phi = normal(s); // share, density
            arena[other + index] = s * phi.x;
            s = phi.x + s * phi.y;
        }
        case JOIN: {
            s *= mask(op.products[p].keys, index);
            if other != NONE {
                s += arena[other + index];
            }
        }
        case SLOPE: { s *= arena[other + index]; }
        case POSITIVE: { s = select(0.0, s, arena[other + index] > 0.0); }
        default: {}
    }
    if op.products[p].add == 1u {
        s += arena[place];
    }
    arena[place] = s;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let p = group.z;
    let last_row = op.products[p].rows - 1u;
    let last_col = op.products[p].cols - 1u;
    let first = group.y * 8u * TALL;
    let left = group.x * 8u * WIDE;
    if first > last_row || left > last_col {
        return;
    }
    // Whoever lies beyond the edge computes the edge again, and writes nothing.
    let above = first + local.y * TALL + vec4(0u, 1u, 2u, 3u); // four rows
    let below = above + 4u; // four more
    let cols = left + local.x + 8u * vec4(0u, 1u, 2u, 3u);
    let a_row = op.products[p].a_row;
    let a_deep = op.products[p].a_deep;
    let b_deep = op.products[p].b_deep;
    var a = op.products[p].a + min(above, vec4(last_row)) * a_row;
    var c = op.products[p].a + min(below, vec4(last_row)) * a_row;
    var b = op.products[p].b + min(cols, vec4(last_col)) * op.products[p].b_col;
    var s0 = vec4(0.0); var s1 = vec4(0.0); var s2 = vec4(0.0); var s3 = vec4(0.0);
    var s4 = vec4(0.0); var s5 = vec4(0.0); var s6 = vec4(0.0); var s7 = vec4(0.0);
    var over_a = vec4(0.0); // sums of A's rows
    var over_c = vec4(0.0);
    let deep = op.products[p].deep;
    for (var k = 0u; k < deep; k++) {
        let x = vec4(arena[a.x], arena[a.y], arena[a.z], arena[a.w]);
        let y = vec4(arena[c.x], arena[c.y], arena[c.z], arena[c.w]);
        let w = vec4(arena[b.x], arena[b.y], arena[b.z], arena[b.w]);
        s0 += x.x * w; s1 += x.y * w; s2 += x.z * w; s3 += x.w * w;
        s4 += y.x * w; s5 += y.y * w; s6 += y.z * w; s7 += y.w * w;
        over_a += x;
        over_c += y;
        a += a_deep;
        c += a_deep;
        b += b_deep;
    }
    // Through memory, so that what follows the product is there once and not 32 times.
    var tile = array(s0, s1, s2, s3, s4, s5, s6, s7);
    for (var i = 0u; i < TALL; i++) {
        for (var j = 0u; j < WIDE; j++) {
            put(p, above.x + i, cols[j], tile[i][j]);
        }
    }
    let sums = op.products[p].sums;
    // One column of threads writes what each has.
    if sums != NONE && group.x == 0u && local.x == 0u {
        for (var i = 0u; i < 4u; i++) {
            if above[i] <= last_row { arena[sums + above[i]] = over_a[i]; }
            if below[i] <= last_row { arena[sums + below[i]] = over_c[i]; }
        }
    }
}
