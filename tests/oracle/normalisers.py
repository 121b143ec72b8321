"""From scores to a pattern: three ways to say how much of each value a query takes.

`scores` is [B, H, T, T], queries in rows, minus infinity above the diagonal. `window` is
[B, 1, T, T], 0 above the diagonal and from 0 to 1 below; it multiplies each exp S (or each sigmoid),
so that a cell can fade out. The diagonal's window is always 1: no row is ever empty.
"""

import torch


def causal_window(scores):
    T = scores.shape[-1]
    return torch.ones(1, 1, T, T, dtype=scores.dtype).tril()  # [1, 1, T, T]


def hidden_to_minus_infinity(scores, window):
    # Before the row's maximum is taken: a large score outside the window would otherwise push
    # every visible exp down to 0.
    return scores.masked_fill(window == 0, float("-inf"))  # [B, H, T, T]


def softmax(scores, window):
    """Each row sums to 1."""
    scores = hidden_to_minus_infinity(scores, window)  # [B, H, T, T]
    # The shift cancels in the quotient, so no gradient needs to pass through it.
    shift = scores.amax(-1, keepdim=True).detach()  # [B, H, T, 1]
    weights = window * (scores - shift).exp()  # [B, H, T, T]
    return weights / weights.sum(-1, keepdim=True)  # [B, H, T, T]


def off_by_one(scores, window):
    """exp S / (1 + sum exp S): a head may look at nothing, since the 1 can take the whole row."""
    scores = hidden_to_minus_infinity(scores, window)  # [B, H, T, T]
    # The 1 in the denominator is a key with score 0, so the maximum counts it.
    shift = scores.amax(-1, keepdim=True).clamp(min=0.0).detach()  # [B, H, T, 1]
    weights = window * (scores - shift).exp()  # [B, H, T, T]
    return weights / ((-shift).exp() + weights.sum(-1, keepdim=True))  # [B, H, T, T]


def sigmoid(scores, window):
    """Each cell for itself; -ln(i + 1) keeps a row's sum near 1 however many keys there are."""
    T = scores.shape[-1]
    keys_seen = torch.arange(1, T + 1, dtype=scores.dtype)  # [T], i + 1 with i from 0
    shifted = scores - keys_seen.log()[:, None]  # [B, H, T, T]
    return window * torch.sigmoid(shifted)  # [B, H, T, T]


NORMALISERS = {"softmax": softmax, "off_by_one": off_by_one, "sigmoid": sigmoid}
