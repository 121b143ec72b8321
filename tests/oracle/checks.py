"""What the oracle must itself hold to, before anything is measured against it.

The gradients are PyTorch's own; finite differences tell whether the function that PyTorch
differentiated is smooth where a case stands, and whether no gradient was cut on the way.
"""

import numpy as np
import torch

import adaptive_span
import nanogpt
import standard
from cases import MODEL, SPAN, all_cases, case, make, span_bias
from layers import layer_norm
from model import gpt, objective
from parameters import seeded

STEPS = [1e-4, 1e-5, 1e-6, 1e-3, 1e-7]


def error(a, b):
    """The measure used on the other side as well; equal infinities agree."""
    same = (a == b) | (a.isinf() & b.isinf())
    difference = torch.where(same, torch.zeros_like(a), (a - b).abs()).max().item()
    largest = torch.where(b.isinf(), torch.zeros_like(b), b.abs()).max().item()
    return difference / max(largest, 1e-3)


def gradients(tokens, targets, params, config):
    for values in params.values():
        values.requires_grad_(True)
        values.grad = None
    objective(tokens, targets, params, config)[0].backward()
    for values in params.values():
        values.requires_grad_(False)
    return {name: values.grad for name, values in params.items()}


def finite_differences(tokens, targets, params, config, random):
    """The worst disagreement over two random coordinates of every parameter."""
    worst = 0.0
    for name, gradient in gradients(tokens, targets, params, config).items():
        flat = params[name].view(-1)
        for index in random.randint(0, flat.numel(), 2):
            exact = gradient.reshape(-1)[index].item()
            best = 1.0
            for step in STEPS:
                value = flat[index].item()
                flat[index] = value + step
                above = objective(tokens, targets, params, config)[0].item()
                flat[index] = value - step
                below = objective(tokens, targets, params, config)[0].item()
                flat[index] = value
                slope = (above - below) / (2 * step)
                best = min(best, abs(slope - exact) / max(abs(exact), 1e-2))
                if best < 1e-7:
                    break
            worst = max(worst, best)
    return worst


def future_leaks(tokens, params, config, vocab):
    """How many logits change, even in the last bit, when every later token does."""
    before, _ = gpt(tokens, params, config)  # [B, T, V]
    changed = 0
    for i in range(tokens.shape[1] - 1):
        others = tokens.clone()  # [B, T]
        others[:, i + 1 :] = (others[:, i + 1 :] + 1 + i) % vocab
        after, _ = gpt(others, params, config)  # [B, T, V]
        changed += (after[:, : i + 1] != before[:, : i + 1]).sum().item()
    return changed


def contribution_error(trace, params, config):
    """Heads and biases against what the attention returned."""
    worst = 0.0
    for n in range(config["n_layer"]):
        name, hook = f"transformer.h.{n}.attn", f"blocks.{n}.attn."
        zero = torch.zeros(config["n_embd"])
        bias = params.get(name + ".c_proj.bias", zero)  # [C]
        if config["attention"]["kind"] == "adaptive_span":
            left, right = params[name + ".combine.weight"].chunk(2, dim=1)  # [C, C], [C, C]
            bias = bias @ left.T + params.get(name + ".global.c_proj.bias", zero) @ right.T  # [C]
            bias = bias + params.get(name + ".combine.bias", zero)  # [C]
            results = [trace[hook + side + ".hook_result"] for side in ["local", "global"]]
            heads = torch.cat(results, dim=2)  # [B, T, 2H, C]
        else:
            heads = trace[hook + "hook_result"]  # [B, T, H, C]
        worst = max(worst, error(heads.sum(2) + bias, trace[f"blocks.{n}.hook_attn_out"]))
    return worst


def row_sum_error(trace, config):
    """softmax: every row sums to 1; off_by_one: to less than 1; sigmoid: nothing to hold to."""
    sums = [
        trace[name].sum(-1) for name in trace if name.endswith("hook_pattern")
    ]  # each [B, H, T]
    normaliser = config["attention"]["normaliser"]
    if normaliser == "softmax":
        return max((row - 1.0).abs().max().item() for row in sums)
    if normaliser == "off_by_one":
        return max((row - 1.0).clamp(min=0.0).max().item() for row in sums)
    return 0.0


def float32_error(tokens, targets, params, config):
    """The same functions in single precision: how near another implementation can come at all."""
    single = {name: values.float() for name, values in params.items()}
    exact = objective(tokens, targets, params, config)[2]
    rounded = objective(tokens, targets, single, config)[2]
    hooks = max(error(rounded[name].double(), exact[name]) for name in exact)
    slopes = gradients(tokens, targets, params, config)
    near = gradients(tokens, targets, single, config)
    return hooks, max(error(near[name].double(), slopes[name]) for name in slopes)


def kink_distance(trace, config):
    """How far the case stands from the nearest place where a gradient jumps: single precision must
    fall on the same side."""
    distances = []
    if config["activation"] == "relu":
        distances += [trace[name].abs() for name in trace if name.endswith("mlp.hook_pre")]
    attention = config["attention"]
    if attention["kind"] == "adaptive_span":
        M = adaptive_span.longest_span(config)
        for n in range(config["n_layer"]):
            s = trace[f"blocks.{n}.attn.hook_span_scale"]  # [B, T]
            z = trace[f"blocks.{n}.attn.hook_span"]  # [B, T]
            T = s.shape[1]
            distances.append((s * M - 1.0).abs())
            distances.append((s - 1.0 / attention["gain_max"]).abs())
            distances.append((adaptive_span.raw_temperature(s, attention) - 0.05).abs())
            ramp = adaptive_span.window_ramp(z, attention["ramp"], T)  # [B, T, T]
            reachable = (adaptive_span.distances(T) >= 0) & (
                adaptive_span.distances(T) < M
            )  # [T, T]
            # A span that rests on its floor of one token moves no window.
            moving = ramp[reachable.expand_as(ramp) & (z > 1.0)[..., None]]  # [cells]
            distances += [moving.abs(), (moving - 1.0).abs()]
    return min((d.min().item() for d in distances if d.numel()), default=float("inf"))


def check_case(case):
    tokens, targets, params = make(case)
    config = case["config"]
    total, loss, trace = objective(tokens, targets, params, config)
    slopes = gradients(tokens, targets, params, config)

    for name, values in trace.items():
        bad = values.isnan() | (values.isinf() & (not name.endswith("scores")))
        assert not bad.any(), f"{case['name']}: {name} is not finite"
    for name, values in slopes.items():
        assert values.isfinite().all(), f"{case['name']}: the gradient of {name} is not finite"
    flat = [name for name, values in slopes.items() if not values.any()]

    difference = finite_differences(tokens, targets, params, config, seeded(case["seed"]))
    contribution = contribution_error(trace, params, config)
    rows = row_sum_error(trace, config)
    hooks32, slopes32 = float32_error(tokens, targets, params, config)
    distance = kink_distance(trace, config)
    print(
        f"{case['name']:30} {difference:9.1e} {contribution:9.1e} {rows:9.1e}"
        f" {hooks32:9.1e} {slopes32:9.1e} {distance:9.1e}  {' '.join(flat).replace('transformer.', '')}"
    )
    assert future_leaks(tokens, params, config, case["V"]) == 0, f"{case['name']} sees the future"
    assert difference < 1e-6 and contribution < 1e-12 and rows < 1e-12, case["name"]
    assert distance > 5e-5, f"{case['name']} stands on a kink: choose another seed"


def check_open_gates():
    """With W2 and b2 at 0 every gate is exactly 1, and nothing differs from `standard`."""
    for gated in [c for c in all_cases() if c["config"]["attention"]["kind"] == "head_gated"]:
        tokens, _, params = make(gated)
        for name, values in params.items():
            if ".gate.c_proj." in name:
                values.zero_()
        plain = {"kind": "standard", "normaliser": gated["config"]["attention"]["normaliser"]}
        with_gates, _ = gpt(tokens, params, gated["config"])  # [B, T, V]
        without, _ = gpt(tokens, params, gated["config"] | {"attention": plain})  # [B, T, V]
        assert torch.equal(with_gates, without), gated["name"]
    print("gates at 1 are standard attention, exactly")


def check_open_window():
    """A window over everything, at temperature 1 and without relative biases, is no window."""
    for normaliser in ["softmax", "off_by_one", "sigmoid"]:
        options = SPAN | {"sharpen": "off", "normaliser": normaliser}
        wide = case("wide", 900, options, B=2, T=7, adjust=[span_bias(60.0)])
        tokens, _, params = make(wide)
        params["transformer.h.0.attn.rel_bias"].zero_()
        _, trace = gpt(tokens, params, wide["config"])

        both = []  # L and G
        for name, ln, hook in [("", "ln_1", "local."), (".global", "attn.global.ln", "global.")]:
            x, _ = layer_norm(trace["blocks.0.hook_resid_pre"], params, f"transformer.h.0.{ln}")
            seen = {}
            out = standard.attention(
                x, params, "transformer.h.0.attn" + name, wide["config"], seen, ""
            )
            assert error(trace[f"blocks.0.attn.{hook}hook_pattern"], seen["hook_pattern"]) < 1e-12
            assert error(trace[f"blocks.0.attn.{hook}hook_out"], out) < 1e-12
            both.append(out)
        weight = params["transformer.h.0.attn.combine.weight"]  # [C, 2C]
        combined = torch.cat(both, dim=-1) @ weight.T + params["transformer.h.0.attn.combine.bias"]
        assert error(trace["blocks.0.hook_attn_out"], combined) < 1e-12
    print("an open window is two standard passes, combined")


def check_at_kinks():
    """Exactly on a kink there is no slope to agree on; all that is asked is a finite one."""
    on_the_floor = {"inverse_gain": True, "gain_max": 2.0}
    # With a flat predictor s is exactly 1/2: z = 4 on both edges of a ramp of 4, or z = 1.
    for options in [SPAN, SPAN | on_the_floor, SPAN | {"max_span": 2}]:
        tokens, targets, params = make(case("kink", 901, options, adjust=[span_bias(0.0)]))
        params["transformer.h.0.attn.span.weight"].zero_()
        config = MODEL | {"attention": options}
        slopes = gradients(tokens, targets, params, config)
        assert all(values.isfinite().all() for values in slopes.values())
    print("on a kink every gradient is finite")


def check_sides():
    """The two cases of a pair really lie on the two sides."""
    sides = [
        ("kink_window_foot", "hook_window", lambda w: w[0, -1, -6] == 0.0),
        ("kink_window_shoulder", "hook_window", lambda w: w[0, -1, -4] < 1.0),
        ("kink_temperature", "hook_temperature", lambda t: t[0, -1] == 0.05),
        ("kink_one_token", "hook_span", lambda z: z[0, -1] == 1.0),
        ("kink_gain", "hook_gain", lambda gain: gain[0, -1] == 4.0),
    ]
    by_name = {each["name"]: each for each in all_cases()}
    for name, hook, is_below in sides:
        for side in ["below", "above"]:
            tokens, _, params = make(by_name[f"{name}_{side}"])
            _, trace = gpt(tokens, params, by_name[f"{name}_{side}"]["config"])
            assert is_below(trace[f"blocks.0.attn.{hook}"]).item() == (side == "below"), name
    print("each pair has one case on either side of its kink")


def check_against_modules():
    """PyTorch's own layers, in nanoGPT's arrangement, say the same."""
    nanogpt_case = next(c for c in all_cases() if c["name"] == "standard_nanogpt")
    tokens, _, params = make(nanogpt_case)
    module = nanogpt.new_model(nanogpt_case["config"], nanogpt_case["V"])
    nanogpt.load_parameters(module, params)
    logits, _ = gpt(tokens, params, nanogpt_case["config"])  # [B, T, V]
    assert error(nanogpt.all_logits(module, tokens), logits) < 1e-12
    print("PyTorch's own layers agree")


def run():
    columns = ["fin. diff", "heads", "row sums", "hooks f32", "grads f32", "kink"]
    print(f"\n{'':30} {' '.join(f'{c[:9]:>9}' for c in columns)}  gradients that are all 0")
    for each in all_cases():
        check_case(each)
    print("no logit changes with a later token, exactly")
    check_open_gates()
    check_open_window()
    check_sides()
    check_at_kinks()
    check_against_modules()
