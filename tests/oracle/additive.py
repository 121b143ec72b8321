"""Kind `additive`: a query and a key are compared by a small network in place of a product."""

import torch

from normalisers import NORMALISERS, causal_window
from standard import contributions, hide_future, mix_values, project, queries_keys_values, record


def additive_scores(q, k, v):
    pairs = torch.tanh(q[:, :, None] + k[:, None])  # [B, T, T, H, D], query then key
    return torch.einsum("bijhd,hd->bhij", pairs, v)  # [B, H, T, T]


def attention(x, params, name, config, trace, hook):
    q, k, v = queries_keys_values(x, params, name, config["n_head"])  # [B, T, H, D]
    scores = hide_future(additive_scores(q, k, params[name + ".additive.v"]))  # [B, H, T, T]
    normalise = NORMALISERS[config["attention"]["normaliser"]]
    pattern = normalise(scores, causal_window(scores))  # [B, H, T, T]
    z = mix_values(pattern, v)  # [B, T, H, D]
    record(trace, hook, q, k, v, scores, pattern, z)
    trace[hook + "hook_result"] = contributions(z, params, name)  # [B, T, H, C]
    return project(z, params, name)  # [B, T, C]
