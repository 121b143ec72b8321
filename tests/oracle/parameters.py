"""Every parameter of a model by name and shape, and random values for them.

The values are not the start of training: there biases, gates and relative biases are 0, and a wrong
gradient could hide behind them. Here every number is random and the deviations keep attention rows
between flat and one-hot, and spans spread between 0 and 1.
"""

import numpy as np
import torch

from adaptive_span import longest_span
from head_gated import has_norms


def block_shapes(config, name):
    C, H, norm = config["n_embd"], config["n_head"], config["norm"]
    attention = config["attention"]
    shapes = {}
    if norm != "none":
        shapes |= norm_shapes(name + ".ln_1", C) | norm_shapes(name + ".ln_2", C)
    shapes |= linear_shapes(name + ".attn.c_attn", 3 * C, C)
    shapes |= linear_shapes(name + ".attn.c_proj", C, C)
    shapes |= linear_shapes(name + ".mlp.c_fc", 4 * C, C)
    shapes |= linear_shapes(name + ".mlp.c_proj", C, 4 * C)
    if attention["kind"] == "head_gated":
        if has_norms(config):
            for ln in ["ln_logit", "ln_offset", "ln_spread"]:
                shapes |= norm_shapes(f"{name}.attn.gate.{ln}", H)
        shapes |= linear_shapes(name + ".attn.gate.c_fc", 12 * H, 3 * H)
        shapes |= linear_shapes(name + ".attn.gate.c_proj", H, 12 * H)
    if attention["kind"] == "adaptive_span":
        if norm == "pre":
            shapes |= norm_shapes(name + ".attn.global.ln", C)
        shapes |= linear_shapes(name + ".attn.global.c_attn", 3 * C, C)
        shapes |= linear_shapes(name + ".attn.global.c_proj", C, C)
        shapes |= norm_shapes(name + ".attn.span.ln", C)
        shapes |= linear_shapes(name + ".attn.span", 1, C)
        shapes[name + ".attn.rel_bias"] = (H, longest_span(config))
        shapes |= linear_shapes(name + ".attn.combine", C, 2 * C)
    if attention["kind"] == "additive":
        shapes[name + ".attn.additive.v"] = (H, C // H)
    return shapes


def linear_shapes(name, n_out, n_in):
    return {name + ".weight": (n_out, n_in), name + ".bias": (n_out,)}


def norm_shapes(name, width):
    return {name + ".weight": (width,), name + ".bias": (width,)}


def parameter_shapes(config, vocab):
    C = config["n_embd"]
    shapes = {"transformer.wte.weight": (vocab, C)}
    shapes["transformer.wpe.weight"] = (config["block_size"], C)
    if not config["tied"]:
        shapes["lm_head.weight"] = (vocab, C)
    for n in range(config["n_layer"]):
        shapes |= block_shapes(config, f"transformer.h.{n}")
    if config["norm"] == "pre":
        shapes |= norm_shapes("transformer.ln_f", C)
    if not config["bias"]:
        # `rel_bias` is a table over distances and stays.
        shapes = {name: shape for name, shape in shapes.items() if not name.endswith(".bias")}
    return shapes


def mean_and_deviation(name, shape):
    if name.endswith(".bias"):
        return 0.0, 0.2
    if len(shape) == 1:
        return 1.0, 0.2  # a LayerNorm's weight
    if name.endswith(("wte.weight", "wpe.weight")):
        return 0.0, 0.7
    if name.endswith("rel_bias"):
        return 0.0, 0.5
    gain = 1.5 if name.endswith("span.weight") else 1.0
    return 0.0, gain / shape[-1] ** 0.5


def draw_parameters(config, vocab, random):
    params = {}
    for name, shape in parameter_shapes(config, vocab).items():
        mean, deviation = mean_and_deviation(name, shape)
        params[name] = as_float32(
            torch.from_numpy(mean + deviation * random.standard_normal(shape))
        )
    return params


def as_float32(values):
    """Double precision, but only numbers that single precision holds exactly: both sides then
    start from the very same parameters."""
    return values.float().double()


def seeded(seed):
    # NumPy promises never to change this generator's numbers, unlike its newer ones.
    return np.random.RandomState(seed)
