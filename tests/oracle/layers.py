"""The two layers that everything else is made of, and the bend between them.

A model's parameters are one dictionary from name to tensor. A layer looks up its own by name; with
the option `bias` off the `.bias` tensors do not exist, and a layer then adds none.

Letters used in every file: B batch, T tokens, C channels, H heads, D = C/H head size, V vocabulary,
M the longest span.
"""

import math

import torch

LAYER_NORM_EPS = 1e-5


def linear(x, params, name):
    # Weights are stored [out, in], hence the transpose.
    y = x @ params[name + ".weight"].T  # [..., out]
    if name + ".bias" in params:
        y = y + params[name + ".bias"]  # [..., out]
    return y


def layer_norm(x, params, name):
    """The normalised values, and what they were divided by: both are observed in a trace."""
    centred = x - x.mean(-1, keepdim=True)  # [..., C]
    variance = centred.square().mean(-1, keepdim=True)  # [..., 1]
    scale = (variance + LAYER_NORM_EPS).sqrt()  # [..., 1]
    y = centred / scale * params[name + ".weight"]  # [..., C]
    if name + ".bias" in params:
        y = y + params[name + ".bias"]  # [..., C]
    return y, scale


def relu(x):
    return x.clamp(min=0.0)


def gelu(x):
    # The exact form: x times the share of a normal distribution that lies below x.
    return 0.5 * x * (1.0 + torch.erf(x / math.sqrt(2.0)))


ACTIVATIONS = {"relu": relu, "gelu": gelu}
