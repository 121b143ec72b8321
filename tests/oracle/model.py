"""The whole: embeddings, blocks, head, and what training makes small."""

import torch

import adaptive_span
import additive
import head_gated
import standard
from layers import ACTIVATIONS, layer_norm, linear

KINDS = {"standard": standard, "head_gated": head_gated, "additive": additive}


def attend(x, stream, params, name, config, trace, hook):
    kind = config["attention"]["kind"]
    if kind == "adaptive_span":
        return adaptive_span.attention(x, stream, params, name, config, trace, hook)
    return KINDS[kind].attention(x, params, name, config, trace, hook)


def feed_forward(x, params, name, config, trace, hook):
    pre = linear(x, params, name + ".c_fc")  # [B, T, 4C]
    post = ACTIVATIONS[config["activation"]](pre)  # [B, T, 4C]
    trace[hook + "hook_pre"] = pre
    trace[hook + "hook_post"] = post
    return linear(post, params, name + ".c_proj")  # [B, T, C]


def traced_norm(x, params, name, trace, hook):
    y, scale = layer_norm(x, params, name)  # [B, T, C], [B, T, 1]
    trace[hook + "hook_normalized"] = y
    trace[hook + "hook_scale"] = scale
    return y


def before(stream, params, name, config, trace, hook):
    return (
        traced_norm(stream, params, name, trace, hook) if config["norm"] == "pre" else stream
    )  # [B, T, C]


def after(stream, branch, params, name, config, trace, hook):
    total = stream + branch if config["residual"] else branch  # [B, T, C]
    return (
        traced_norm(total, params, name, trace, hook) if config["norm"] == "post" else total
    )  # [B, T, C]


def block(stream, params, name, config, trace, hook):
    ln_1 = (params, name + ".ln_1", config, trace, hook + "ln1.")
    ln_2 = (params, name + ".ln_2", config, trace, hook + "ln2.")

    attn_in = before(stream, *ln_1)  # [B, T, C]
    attn_out = attend(
        attn_in, stream, params, name + ".attn", config, trace, hook + "attn."
    )  # [B, T, C]
    mid = after(stream, attn_out, *ln_1)  # [B, T, C]

    mlp_in = before(mid, *ln_2)  # [B, T, C]
    mlp_out = feed_forward(mlp_in, params, name + ".mlp", config, trace, hook + "mlp.")  # [B, T, C]
    post = after(mid, mlp_out, *ln_2)  # [B, T, C]

    trace[hook + "hook_resid_pre"] = stream
    trace[hook + "hook_attn_out"] = attn_out
    trace[hook + "hook_resid_mid"] = mid
    trace[hook + "hook_mlp_out"] = mlp_out
    trace[hook + "hook_resid_post"] = post
    return post


def gpt(tokens, params, config):
    """The logits, and the trace of everything on the way."""
    trace = {}
    B, T = tokens.shape
    embed = params["transformer.wte.weight"][tokens]  # [B, T, C]
    pos_embed = params["transformer.wpe.weight"][:T].expand(B, -1, -1)  # [B, T, C]
    trace["hook_embed"] = embed
    trace["hook_pos_embed"] = pos_embed

    stream = embed + pos_embed  # [B, T, C]
    for n in range(config["n_layer"]):
        stream = block(
            stream, params, f"transformer.h.{n}", config, trace, f"blocks.{n}."
        )  # [B, T, C]
    if config["norm"] == "pre":
        stream = traced_norm(stream, params, "transformer.ln_f", trace, "ln_final.")  # [B, T, C]

    head = params["transformer.wte.weight" if config["tied"] else "lm_head.weight"]  # [V, C]
    logits = stream @ head.T  # [B, T, V]
    trace["logits"] = logits
    return logits, trace


def cross_entropy(logits, targets):
    log_probability = logits - logits.logsumexp(-1, keepdim=True)  # [B, T, V]
    return -log_probability.gather(-1, targets[..., None]).mean()  # []


def span_cost(trace, config):
    """The mean of z/M over layers, batch and positions."""
    M = adaptive_span.longest_span(config)
    spans = [
        trace[f"blocks.{n}.attn.hook_span"] for n in range(config["n_layer"])
    ]  # L times [B, T]
    return torch.stack(spans).mean() / M  # []


def objective(tokens, targets, params, config):
    """What training makes small, the cross-entropy within it, and the trace."""
    logits, trace = gpt(tokens, params, config)  # [B, T, V]
    loss = cross_entropy(logits, targets)  # []
    total = loss
    if config["attention"]["kind"] == "adaptive_span":
        total = loss + config["attention"]["span_penalty"] * span_cost(trace, config)  # []
    return total, loss, trace
