"""Kind `adaptive_span`: a pass over everything tells a second pass how far back to look.

The global pass is standard attention. From its output each position predicts one number in (0, 1),
which sets the length of its window, the temperature of its scores and, if switched on, a gain. The
local pass looks through that window. Both outputs are then combined.
"""

import torch

import standard
from layers import layer_norm, linear
from normalisers import NORMALISERS

COLDEST = 0.05


def longest_span(config):
    attention = config["attention"]
    return min(attention["max_span"], attention["max_rel_dist"], config["block_size"])


def running_mean(x):
    T = x.shape[1]
    count = torch.arange(1, T + 1, dtype=x.dtype)[:, None]  # [T, 1]
    return x.cumsum(1) / count  # [B, T, C]


def predict_span(G, params, name, config, trace, hook):
    context = (
        running_mean(G) if config["attention"]["span_from"] == "running_mean" else G
    )  # [B, T, C]
    normalised, _ = layer_norm(context, params, name + ".ln")  # [B, T, C]
    s = torch.sigmoid(linear(normalised, params, name)).squeeze(-1)  # [B, T]
    trace[hook + "hook_span_context"] = context  # [B, T, C]
    trace[hook + "hook_span_scale"] = s  # [B, T]
    return s


def raw_temperature(s, attention):
    """Before the floor."""
    if attention["sharpen"] == "short":
        return 1.0 - attention["alpha"] * (1.0 - s)  # [B, T]
    if attention["sharpen"] == "long":
        return 1.0 - attention["alpha"] * s  # [B, T]
    return torch.ones_like(s)  # [B, T]


def inverse_gain(s, attention):
    if not attention["inverse_gain"]:
        return torch.ones_like(s)  # [B, T]
    return 1.0 / s.clamp(min=1.0 / attention["gain_max"])  # [B, T]


def distances(T):
    return torch.arange(T)[:, None] - torch.arange(T)  # [T, T], i - j


def window_ramp(z, ramp, T):
    """Before the clamp: 1 or more inside the span, falling to 0 over `ramp` tokens beyond it."""
    return (ramp + z[..., None] - 1.0 - distances(T)) / ramp  # [B, T, T]


def soft_window(z, ramp, M):
    T = z.shape[1]
    reachable = (distances(T) >= 0) & (distances(T) < M)  # [T, T]
    return window_ramp(z, ramp, T).clamp(0.0, 1.0) * reachable  # [B, T, T]


def bias_by_distance(rel_bias, T):
    M = rel_bias.shape[1]
    # Cells at M or further have no bias of their own, and no weight either: there it counts as 0.
    has_bias = (distances(T) >= 0) & (distances(T) < M)  # [T, T]
    return rel_bias[:, distances(T).clamp(0, M - 1)] * has_bias  # [H, T, T]


def local_pass(x, temperature, window, gain, params, name, config, trace, hook):
    q, k, v = standard.queries_keys_values(x, params, name, config["n_head"])  # [B, T, H, D]
    biased = standard.dot_products(q, k) + bias_by_distance(
        params[name + ".rel_bias"], x.shape[1]
    )  # [B, H, T, T]
    scores = standard.hide_future(biased / temperature[:, None, :, None])  # [B, H, T, T]
    pattern = NORMALISERS[config["attention"]["normaliser"]](
        scores, window[:, None]
    )  # [B, H, T, T]
    amplified = pattern * gain[:, None, :, None]  # [B, H, T, T]
    z = standard.mix_values(amplified, v)  # [B, T, H, D]
    standard.record(trace, hook, q, k, v, scores, pattern, z)
    return z


def global_pass(stream, params, name, config, trace, hook):
    x = stream
    if config["norm"] == "pre":
        x, scale = layer_norm(stream, params, name + ".ln")  # [B, T, C], [B, T, 1]
        trace[hook + "ln.hook_normalized"] = x
        trace[hook + "ln.hook_scale"] = scale
    return standard.attention(x, params, name, config, trace, hook)  # [B, T, C]


def attention(x, stream, params, name, config, trace, hook):
    """`x` went through the local pass's norm; `stream` did not, the global pass has its own."""
    options, M = config["attention"], longest_span(config)
    G = global_pass(stream, params, name + ".global", config, trace, hook + "global.")  # [B, T, C]

    s = predict_span(G, params, name + ".span", config, trace, hook)  # [B, T]
    z = (s * M).clamp(min=1.0)  # [B, T]
    temperature = raw_temperature(s, options).clamp(min=COLDEST)  # [B, T]
    gain = inverse_gain(s, options)  # [B, T]
    window = soft_window(z, options["ramp"], M)  # [B, T, T]

    heads = local_pass(
        x, temperature, window, gain, params, name, config, trace, hook + "local."
    )  # [B, T, H, D]
    L = standard.project(heads, params, name)  # [B, T, C]

    trace[hook + "hook_span"] = z
    trace[hook + "hook_temperature"] = temperature
    trace[hook + "hook_gain"] = gain
    trace[hook + "hook_window"] = window
    # A parameter has no batch axis; it is repeated so that every hook has one.
    rel_bias = params[name + ".rel_bias"]  # [H, M]
    trace[hook + "hook_rel_bias"] = rel_bias.expand(x.shape[0], -1, -1)  # [B, H, M]
    trace[hook + "local.hook_out"] = L
    trace[hook + "global.hook_out"] = G

    # Wp [C, 2C] reads L with its left half and G with its right half.
    left, right = params[name + ".combine.weight"].chunk(2, dim=1)  # [C, C], [C, C]
    local_results = standard.contributions(heads, params, name)  # [B, T, H, C]
    trace[hook + "local.hook_result"] = local_results @ left.T  # [B, T, H, C]
    trace[hook + "global.hook_result"] = (
        trace[hook + "global.hook_result"] @ right.T
    )  # [B, T, H, C]
    return linear(torch.cat([L, G], dim=-1), params, name + ".combine")  # [B, T, C]
