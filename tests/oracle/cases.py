"""The list of cases: small models that between them visit every option and every edge.

A case is a dictionary: its name, the model's configuration, the sizes of its batch, a seed, and
what is done to the random parameters before they are used.
"""

import math

import torch

from adaptive_span import longest_span
from model import gpt
from parameters import as_float32, draw_parameters, seeded

STANDARD = {"kind": "standard", "normaliser": "softmax"}
GATED = {
    "kind": "head_gated",
    "normaliser": "softmax",
    "gate_norm": "heads",
    "gate_form": "two_sigmoid",
}
ADDITIVE = {"kind": "additive", "normaliser": "softmax"}
SPAN = {
    "kind": "adaptive_span",
    "normaliser": "softmax",
    "max_span": 8,
    "max_rel_dist": 8,
    "ramp": 4.0,
    "alpha": 0.5,
    "gain_max": 4.0,
    "span_from": "running_mean",
    "sharpen": "short",
    "inverse_gain": False,
    "span_penalty": 0.0,
}

MODEL = {
    "n_layer": 1,
    "n_head": 2,
    "n_embd": 8,
    "block_size": 8,
    "dropout": 0.0,
    "norm": "pre",
    "residual": True,
    "activation": "relu",
    "tied": False,
    "bias": True,
    "embd_dropout": False,
}
NANOGPT = {"tied": True, "activation": "gelu", "bias": False}


def case(name, seed, attention, B=1, T=8, V=9, adjust=(), **model):
    config = MODEL | model | {"attention": attention}
    return {"name": name, "seed": seed, "config": config, "B": B, "T": T, "V": V, "adjust": adjust}


# ---- What may be done to the parameters ----


def scores_times_100(params, config):
    for name, values in params.items():
        if name.endswith("additive.v"):
            values *= 100.0
        # Ten times q and ten times k; v, the last third, stays.
        if ".c_attn." in name and config["attention"]["kind"] != "additive":
            values[: 2 * config["n_embd"]] *= 10.0


def span_bias(value):
    def adjust(params, config):
        for name, values in params.items():
            if name.endswith("span.bias"):
                values.fill_(value)

    return adjust


def span_at_last(scale_of):
    """Moves `span.bias` of a one-layer model so that the last position of the first sequence
    predicts the span scale `scale_of(M)`: the way to stand just beside a kink."""

    def adjust(params, config, tokens):
        bias = params["transformer.h.0.attn.span.bias"]  # [1]
        bias.zero_()
        _, trace = gpt(tokens, params, config)
        now = trace["blocks.0.attn.hook_span_scale"][0, -1].item()
        wanted = scale_of(longest_span(config))
        bias.fill_(logit(wanted) - logit(now))

    adjust.needs_tokens = True
    return adjust


def logit(p):
    return math.log(p / (1.0 - p))


# ---- The cases ----


def shared_cases(kind, attention, seed):
    """What every kind goes through."""
    return [
        case(f"{kind}_plain", seed, attention, B=2, T=5, n_layer=2, n_embd=4),
        case(
            f"{kind}_four_heads",
            seed + 1,
            attention | {"normaliser": "off_by_one"},
            T=5,
            n_head=4,
            n_embd=12,
            norm="post",
            V=7,
        ),
        case(
            f"{kind}_sigmoid",
            seed + 2,
            attention | {"normaliser": "sigmoid"},
            n_head=1,
            norm="none",
            activation="gelu",
        ),
        case(f"{kind}_nanogpt", seed + 3, attention, n_head=4, V=11, **NANOGPT),
        case(
            f"{kind}_no_residual",
            seed + 4,
            attention | {"normaliser": "off_by_one"},
            T=5,
            residual=False,
            V=8,
        ),
        case(
            f"{kind}_one_token",
            seed + 5,
            attention | {"normaliser": "off_by_one"},
            B=2,
            T=1,
            n_head=1,
            norm="post",
            residual=False,
        ),
        case(f"{kind}_sharp", seed + 6, attention, n_head=4, n_embd=4, adjust=[scores_times_100]),
    ]


def gate_cases():
    log_symmetric = GATED | {"gate_form": "log_symmetric"}
    return [
        case("head_gated_raw", 210, GATED | {"gate_norm": "none"}, T=10, block_size=10, n_head=4),
        case("head_gated_log", 211, log_symmetric, B=2, T=6, n_head=4, n_embd=4),
        case(
            "head_gated_raw_log",
            212,
            log_symmetric | {"gate_norm": "none", "normaliser": "sigmoid"},
            n_head=4,
            norm="none",
        ),
        case(
            "head_gated_sharp_off_by_one",
            213,
            GATED | {"normaliser": "off_by_one"},
            n_head=4,
            n_embd=4,
            adjust=[scores_times_100],
        ),
    ]


def span_cases():
    long = SPAN | {"sharpen": "long"}
    off = SPAN | {"sharpen": "off"}
    position = {"span_from": "position"}
    gain = {"inverse_gain": True}
    small = {"n_embd": 4}
    return [
        case(
            "adaptive_span_long_position",
            310,
            long | position | {"ramp": 1.0, "span_penalty": 0.1},
            B=2,
            T=6,
            **small,
        ),
        case(
            "adaptive_span_gain",
            311,
            SPAN | gain | {"alpha": 1.0, "ramp": 2.5},
            norm="post",
            **small,
        ),
        case(
            "adaptive_span_gain_sigmoid",
            312,
            off | gain | position | {"normaliser": "sigmoid", "gain_max": 16.0},
            **small,
        ),
        case(
            "adaptive_span_small_span",
            313,
            off | {"max_span": 3, "ramp": 1.5, "span_penalty": 0.5},
            T=9,
            block_size=10,
            **small,
        ),
        case(
            "adaptive_span_small_distance",
            314,
            SPAN | {"max_span": 5, "max_rel_dist": 2, "alpha": 0.0, "ramp": 32.0},
            **small,
        ),
        case("adaptive_span_one_key", 315, SPAN | {"ramp": 1.0}, adjust=[span_bias(-8.0)], **small),
        case(
            "adaptive_span_near_zero",
            316,
            SPAN | gain | {"alpha": 1.0, "span_penalty": 0.1},
            adjust=[span_bias(-8.0)],
            **small,
        ),
        case(
            "adaptive_span_near_one",
            317,
            long | {"alpha": 1.0, "span_penalty": 0.1},
            adjust=[span_bias(8.0)],
            **small,
        ),
        case(
            "adaptive_span_near_one_gain",
            318,
            SPAN | gain | {"normaliser": "off_by_one"},
            adjust=[span_bias(8.0)],
            **small,
        ),
    ]


def beside(name, seed, attention, scale, step):
    """Two cases, the same but for the last position's span scale, a step below or above a kink."""
    below = span_at_last(lambda M: scale(M) - step)
    above = span_at_last(lambda M: scale(M) + step)
    return [
        case(f"{name}_below", seed, attention, T=7, n_embd=4, n_head=1, adjust=[below]),
        case(f"{name}_above", seed, attention, T=7, n_embd=4, n_head=1, adjust=[above]),
    ]


def kink_cases():
    # The running mean would bring all positions near the kink; from itself each differs.
    spread = SPAN | {"span_from": "position"}
    edge = spread | {"ramp": 2.5, "span_penalty": 0.1}
    return [
        # z = 3.5: the key five back is just reached by the ramp of 2.5.
        *beside("kink_window_foot", 330, edge, lambda M: 3.5 / M, 1e-3),
        # z = 4: the key three back has just its full weight.
        *beside("kink_window_shoulder", 331, edge, lambda M: 4.0 / M, 1e-3),
        *beside("kink_temperature", 332, spread | {"alpha": 1.0}, lambda M: 0.05, 1e-3),
        *beside("kink_one_token", 333, edge, lambda M: 1.0 / M, 1e-3),
        *beside("kink_gain", 334, spread | {"inverse_gain": True}, lambda M: 1.0 / 4.0, 1e-3),
    ]


def all_cases():
    return [
        *shared_cases("standard", STANDARD, 100),
        *shared_cases("head_gated", GATED, 200),
        *shared_cases("adaptive_span", SPAN | {"span_penalty": 0.1}, 300),
        *shared_cases("additive", ADDITIVE, 400),
        *gate_cases(),
        *span_cases(),
        *kink_cases(),
    ]


def make(case):
    """Tokens, targets and parameters: the same numbers on every machine."""
    random = seeded(case["seed"])
    text = torch.from_numpy(random.randint(0, case["V"], (case["B"], case["T"] + 1)))  # [B, T + 1]
    tokens, targets = text[:, :-1], text[:, 1:]  # [B, T]
    params = draw_parameters(case["config"], case["V"], random)
    for adjust in case["adjust"]:
        if hasattr(adjust, "needs_tokens"):
            adjust(params, case["config"], tokens)
        else:
            adjust(params, case["config"])
    return tokens, targets, {name: as_float32(values) for name, values in params.items()}
