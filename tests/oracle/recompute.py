"""What is read off a trace, recomputed with NumPy alone from the files that anyone can have.

A trace, the model it is of, and reports of three analyses of the same pass; each number of each
report is computed here again, from the definitions at the head of the files in `src/analysis/`, and
must agree to 1e-4. From the repository's root, where `engine` stands for
`cargo run --profile native --bin engine --`:

    M=www/models/glass-standard.safetensors; T="the big old fluffy dog runs."
    engine trace --model $M --text "$T" --out run.npz
    for kind in contributions lens entropy; do
        engine analyse --model $M --text "$T" --kind $kind --out $kind.json
    done
    python tests/oracle/recompute.py run.npz $M contributions.json lens.json entropy.json

It needs `numpy` and nothing else.
"""

import argparse
import json

import numpy as np

TOLERANCE = 1e-4
EPS = 1e-5  # under the root of every LayerNorm


def read_trace(path):
    with np.load(path) as file:
        about = json.loads(file["trace"].tobytes())
        return about, {name: file[name].astype(np.float64) for name in file if name != "trace"}


def read_checkpoint(path):
    """A safetensors file: the length of a JSON header, the header, the numbers."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        numbers = file.read()
    weights = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = entry["data_offsets"]
            flat = np.frombuffer(numbers[start:end], "<f4").astype(np.float64)
            weights[name] = flat.reshape(entry["shape"])
    return weights


class Model:
    """The end of the model: the last norm and the unembedding."""

    def __init__(self, about, weights):
        self.config = about["model"]
        self.vocab = about["vocab"]
        tied = self.config["tied"]
        self.unembedding = weights["transformer.wte.weight" if tied else "lm_head.weight"]  # [V, C]
        self.stretch = weights.get("transformer.ln_f.weight")  # [C], only under norm `pre`
        self.shift = weights.get("transformer.ln_f.bias", 0.0)  # [C]

    def logits(self, x):
        """What the stream `x`, [C], reads as: [V]."""
        if self.stretch is not None:
            centred = x - x.mean()
            x = self.stretch * centred / np.sqrt((centred**2).mean() + EPS) + self.shift
        return self.unembedding @ x

    def share(self, direction, contribution, scale):
        """A summand's direct share of w . LN(x), the scale held at what it was."""
        if self.stretch is not None:
            contribution = self.stretch * (contribution - contribution.mean()) / scale
        return direction @ contribution


def softmax(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum()


def bits(shares):
    """Entropy in bits of shares that sum to 1."""
    some = shares[shares > 0]
    return -(some * np.log2(some)).sum()


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def hook(trace, head, name):
    """A head's array, of its pass where the kind has two."""
    within = head["pass"] + "." if "pass" in head else ""
    return trace[f"blocks.{head['layer']}.attn.{within}{name}"]


def slices_of_block(trace, layer, position):
    """Every head's contribution to one token: [heads, C]."""
    prefix = f"blocks.{layer}.attn."
    results = [
        array[position]
        for name, array in trace.items()
        if name.startswith(prefix) and name.endswith("hook_result")
    ]
    return np.concatenate(results)


def contributions(report, model, trace):
    norm = model.config["norm"]
    mean_direction = model.unembedding.mean(0)
    for found in report["contributions"]:
        layer, position = found["layer"], found["position"]
        own = hook(trace, found, "hook_result")[position, found["head"]]  # [C]
        whole = slices_of_block(trace, layer, position).sum(0)  # [C]
        stream = trace[f"blocks.{layer}.hook_resid_pre"][position]  # [C]
        yield found, "norm", np.linalg.norm(own)
        yield found, "cosine", cosine(own, whole)
        yield found, "closeness", 1 - np.linalg.norm(whole - own) / np.linalg.norm(whole)
        yield found, "against_stream", np.linalg.norm(own) / np.linalg.norm(stream)
        # Under `post` a norm follows every branch; that road is not walked again here.
        if norm != "post" and model.config["residual"]:
            scale = trace["ln_final.hook_scale"][position, 0] if norm == "pre" else 1.0
            direction = model.unembedding[model.vocab.index(found["character"])]
            share = model.share(direction, own, scale)
            yield found, "logit_share", share
            common = model.share(mean_direction, own, scale)
            yield found, "logit_share_above_mean", share - common


def lens(report, model, trace):
    for reading in report["readings"]:
        logits = model.logits(trace[reading["point"]][reading["position"]])
        probabilities = softmax(logits)
        yield reading, "entropy_bits", bits(probabilities)
        for standing in [reading["followed"], *reading["likeliest"]]:
            token = model.vocab.index(standing["character"])
            yield standing, "logit", logits[token]
            yield standing, "probability", probabilities[token]
            yield standing, "rank", 1 + (logits > logits[token]).sum()


def entropy(report, model, trace):
    for found in report["heads"]:
        pattern = hook(trace, found, "hook_pattern")[found["head"]]  # [T, T]
        T = len(pattern)
        shares = pattern / pattern.sum(1, keepdims=True)
        distance = np.arange(T)[:, None] - np.arange(T)
        entropies = np.array([bits(row) for row in shares])
        for name, values in [
            ("entropy_bits", entropies),
            ("effective_span", 2**entropies),
            ("mean_distance", (shares * distance).sum(1)),
        ]:
            yield found[name], "mean", values.mean()
            yield found[name], "deviation", values.std()
            yield found[name], "least", values.min()
            yield found[name], "most", values.max()
        yield found, "rows", T


ANALYSES = {"contributions": contributions, "lens": lens, "entropy": entropy}


def check(path, model, trace):
    """The largest difference between a report and what is computed here."""
    with open(path) as file:
        report = json.load(file)
    worst, count = 0.0, 0
    for found, name, expected in ANALYSES[report["kind"]](report, model, trace):
        # A null would be a number that is not defined; of these passes every one is.
        difference = abs(found[name] - expected)
        assert difference <= TOLERANCE, f"{path}: {name} is {found[name]}, not {expected}: {found}"
        worst, count = max(worst, difference), count + 1
    assert count > 0, f"{path}: nothing in it"
    print(f"{report['kind']}: {count} numbers agree, the worst to {worst:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("trace", help="the pass, .npz")
    parser.add_argument("model", help="its checkpoint, .safetensors")
    parser.add_argument("reports", nargs="+", help="reports of contributions, lens or entropy, .json")
    arguments = parser.parse_args()
    about, trace = read_trace(arguments.trace)
    model = Model(about, read_checkpoint(arguments.model))
    for report in arguments.reports:
        check(report, model, trace)


if __name__ == "__main__":
    main()
