"""Kind `standard`: scaled dot products, and the pieces that the other kinds share.

Every kind is a function of the normalised stream that returns what the attention adds to it, and
writes what it saw into `trace`, a dictionary from hook name to tensor.
"""

import math

import torch

from layers import linear
from normalisers import NORMALISERS, causal_window


def queries_keys_values(x, params, name, n_head):
    B, T, C = x.shape
    # One matrix holds q, k and v, one under the other; within each, head h owns D rows in a row.
    stacked = linear(x, params, name + ".c_attn")  # [B, T, 3C]
    return [
        part.view(B, T, n_head, C // n_head) for part in stacked.split(C, dim=-1)
    ]  # [B, T, H, D]


def hide_future(scores):
    T = scores.shape[-1]
    future = torch.ones(T, T, dtype=torch.bool).triu(1)  # [T, T]
    return scores.masked_fill(future, float("-inf"))  # [B, H, T, T]


def dot_products(q, k):
    D = q.shape[-1]
    return torch.einsum("bihd,bjhd->bhij", q, k) / math.sqrt(D)  # [B, H, T, T]


def mix_values(pattern, v):
    mixed = torch.einsum("bhij,bjhd->bihd", pattern, v)  # [B, T, H, D]
    # Products round differently when numbers lie differently in memory; one layout for all kinds
    # lets a gate of exactly 1 be compared bit for bit.
    return mixed.contiguous()


def project(heads, params, name):
    B, T, H, D = heads.shape
    return linear(heads.reshape(B, T, H * D), params, name + ".c_proj")  # [B, T, C]


def contributions(heads, params, name):
    """Each head through its own D columns of Wo: their sum, plus the bias, is `project`."""
    B, T, H, D = heads.shape
    slices = params[name + ".c_proj.weight"].view(-1, H, D)  # [C, H, D]
    return torch.einsum("bthd,chd->bthc", heads, slices)  # [B, T, H, C]


def record(trace, hook, q, k, v, scores, pattern, z):
    trace[hook + "hook_q"] = q  # [B, T, H, D]
    trace[hook + "hook_k"] = k  # [B, T, H, D]
    trace[hook + "hook_v"] = v  # [B, T, H, D]
    trace[hook + "hook_attn_scores"] = scores  # [B, H, T, T]
    trace[hook + "hook_pattern"] = pattern  # [B, H, T, T]
    trace[hook + "hook_z"] = z  # [B, T, H, D]


def attention(x, params, name, config, trace, hook):
    q, k, v = queries_keys_values(x, params, name, config["n_head"])  # [B, T, H, D]
    scores = hide_future(dot_products(q, k))  # [B, H, T, T]
    normalise = NORMALISERS[config["attention"]["normaliser"]]
    pattern = normalise(scores, causal_window(scores))  # [B, H, T, T]
    z = mix_values(pattern, v)  # [B, T, H, D]
    record(trace, hook, q, k, v, scores, pattern, z)
    trace[hook + "hook_result"] = contributions(z, params, name)  # [B, T, H, C]
    return project(z, params, name)  # [B, T, C]
