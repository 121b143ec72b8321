"""Kind `head_gated`: a standard head that is turned up or down by the shape of its own pattern.

Three numbers describe a row of the pattern: how strongly the head fires, where it looks, and how
widely. A small network sees the three of all heads at once and gives one gate per head.
"""

import math

import torch

from layers import gelu, layer_norm, linear
from normalisers import NORMALISERS, causal_window
from standard import (
    contributions,
    dot_products,
    hide_future,
    mix_values,
    project,
    queries_keys_values,
    record,
)

SPREAD_EPS = 1e-8


def row_statistics(pattern, scores, block_size):
    T = scores.shape[-1]
    # 0 times minus infinity is NaN: the future is made 0 before it is multiplied.
    past = torch.ones(T, T, dtype=torch.bool).tril()  # [T, T]
    finite = torch.where(past, scores, torch.zeros_like(scores))  # [B, H, T, T]
    mean_logit = (pattern * finite).sum(-1)  # [B, H, T]

    position = torch.arange(T, dtype=scores.dtype) / block_size  # [T]
    centre = (pattern * position).sum(-1)  # [B, H, T]
    offset = centre - position  # [B, H, T]

    # Two passes: E[p^2] - E[p]^2 would lose every digit where a row is narrow.
    squared_distance = (position - centre[..., None]).square()  # [B, H, T, T]
    spread = ((pattern * squared_distance).sum(-1) + SPREAD_EPS).sqrt()  # [B, H, T]

    return torch.stack([mean_logit, offset, spread], dim=-1).transpose(1, 2)  # [B, T, H, 3]


def has_norms(config):
    # Over two heads a LayerNorm leaves only a sign, over one nothing.
    return config["attention"]["gate_norm"] == "heads" and config["n_head"] > 2


def two_sigmoid(z):
    return 2.0 / (1.0 + (-z).exp())


def log_symmetric(z):
    # A factor and its inverse are equally far: from 1/4 to 4, with 1 in the middle.
    return (math.log(4.0) * torch.tanh(z)).exp()


GATE_FORMS = {"two_sigmoid": two_sigmoid, "log_symmetric": log_symmetric}


def gates(stats, params, name, config):
    parts = stats.unbind(-1)  # 3 times [B, T, H]
    if has_norms(config):
        norms = ["ln_logit", "ln_offset", "ln_spread"]
        parts = [layer_norm(part, params, f"{name}.{ln}")[0] for part, ln in zip(parts, norms)]
    u = torch.cat(parts, dim=-1)  # [B, T, 3H]
    hidden = gelu(linear(u, params, name + ".c_fc"))  # [B, T, 12H]
    z = linear(hidden, params, name + ".c_proj")  # [B, T, H]
    return GATE_FORMS[config["attention"]["gate_form"]](z)  # [B, T, H]


def attention(x, params, name, config, trace, hook):
    q, k, v = queries_keys_values(x, params, name, config["n_head"])  # [B, T, H, D]
    scores = hide_future(dot_products(q, k))  # [B, H, T, T]
    normalise = NORMALISERS[config["attention"]["normaliser"]]
    pattern = normalise(scores, causal_window(scores))  # [B, H, T, T]
    z = mix_values(pattern, v)  # [B, T, H, D]
    record(trace, hook, q, k, v, scores, pattern, z)

    stats = row_statistics(pattern, scores, config["block_size"])  # [B, T, H, 3]
    gate = gates(stats, params, name + ".gate", config)  # [B, T, H]
    trace[hook + "hook_gate_stats"] = stats  # [B, T, H, 3]
    trace[hook + "hook_gate"] = gate  # [B, T, H]

    gated = gate[..., None] * z  # [B, T, H, D]
    trace[hook + "hook_result"] = contributions(gated, params, name)  # [B, T, H, C]
    return project(gated, params, name)  # [B, T, C]
