"""PyTorch at the same job, for `cargo xtask bench --native`: milliseconds per training step as JSON.

    python benches/peers/pytorch.py --text FILE [--json FILE] [--quick]

The model is the standard kind with the recipe `notes`: pre-norm, biases, ReLU, an untied head, no
dropout; a step is forwards, backwards, clipping by global norm, AdamW. Letters: B batch, T tokens,
C channels, H heads, V characters.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

FILE = pathlib.Path(__file__).parent.parent / "sizes.json"
SIZES = {name: both["model"] | both["train"] for name, both in json.loads(FILE.read_text()).items()}

# How attention and optimizer are computed, and whether the whole is compiled.
VARIANTS = {
    "eager": {"sdpa": False, "fused": False, "compiled": False},
    "eager, SDPA and fused AdamW": {"sdpa": True, "fused": True, "compiled": False},
    "compiled, SDPA and fused AdamW": {"sdpa": True, "fused": True, "compiled": True},
}

# A figure is the middle one of so many rounds, each about so many seconds long.
ROUNDS = 5
ROUND_SECONDS = 0.4


class Block(nn.Module):
    def __init__(self, C, H, sdpa):
        super().__init__()
        self.H, self.sdpa = H, sdpa
        self.ln_1, self.ln_2 = nn.LayerNorm(C), nn.LayerNorm(C)
        self.c_attn, self.c_proj = nn.Linear(C, 3 * C), nn.Linear(C, C)
        self.c_fc, self.mlp_proj = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)

    def attention(self, x):
        B, T, C = x.shape
        parts = self.c_attn(x).split(C, dim=-1)  # three times [B, T, C]
        q, k, v = (
            part.view(B, T, self.H, C // self.H).transpose(1, 2) for part in parts
        )  # [B, H, T, D]
        if self.sdpa:
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # [B, H, T, D]
        else:
            scores = q @ k.transpose(-2, -1) / math.sqrt(C // self.H)  # [B, H, T, T]
            future = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)  # [T, T]
            z = scores.masked_fill(future, float("-inf")).softmax(-1) @ v  # [B, H, T, D]
        return self.c_proj(z.transpose(1, 2).reshape(B, T, C))  # [B, T, C]

    def forward(self, x):
        x = x + self.attention(self.ln_1(x))  # [B, T, C]
        return x + self.mlp_proj(F.relu(self.c_fc(self.ln_2(x))))  # [B, T, C]


class Gpt(nn.Module):
    def __init__(self, size, V, sdpa):
        super().__init__()
        C = size["n_embd"]
        self.wte, self.wpe = nn.Embedding(V, C), nn.Embedding(size["block_size"], C)
        self.h = nn.ModuleList(Block(C, size["n_head"], sdpa) for _ in range(size["n_layer"]))
        self.ln_f, self.lm_head = nn.LayerNorm(C), nn.Linear(C, V, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, inputs, targets):
        T = inputs.shape[1]
        x = self.wte(inputs) + self.wpe.weight[:T]  # [B, T, C]
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))  # [B, T, V]
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Trainer:
    """A model, its optimizer and the text's batches, [B, T] each."""

    def __init__(self, tokens, V, size, device, variant):
        torch.manual_seed(1337)
        self.tokens, self.size, self.device = tokens, size, device
        self.model = Gpt(size, V, variant["sdpa"]).to(device)
        matrices = [p for p in self.model.parameters() if p.dim() == 2]
        vectors = [p for p in self.model.parameters() if p.dim() < 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
            lr=1e-3,
            betas=(0.9, 0.99),
            fused=variant["fused"],
        )
        self.loss = torch.compile(self.model) if variant["compiled"] else self.model

    def step(self):
        B, T = self.size["batch_size"], self.size["block_size"]
        starts = torch.randint(len(self.tokens) - T, (B,)).tolist()
        inputs = torch.stack([self.tokens[s : s + T] for s in starts]).to(self.device)
        targets = torch.stack([self.tokens[s + 1 : s + T + 1] for s in starts]).to(self.device)
        loss = self.loss(inputs, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def seconds(self, steps):
        """For so many steps, to where the device has done the last one."""
        start = time.perf_counter()
        for _ in range(steps):
            self.step()
        if self.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start


def measure(trainer, V, quick):
    """Milliseconds per step, and what shows that it is the same job."""
    first = trainer.step().item()
    if abs(first - math.log(V)) > 0.3:
        raise RuntimeError(f"its first loss is {first:.3f}, and ln V is {math.log(V):.3f}")
    trainer.seconds(3)
    seconds = 0.1 if quick else ROUND_SECONDS
    steps = max(1, min(400, round(seconds / (trainer.seconds(3) / 3))))
    rounds = [trainer.seconds(steps) * 1000 / steps for _ in range(ROUNDS)]
    return {"msPerStep": statistics.median(rounds), "steps": steps * ROUNDS, "firstLoss": first}


def places(quick):
    """Devices, each with its number of threads and the variants that are worth the time there."""
    plain = [name for name, variant in VARIANTS.items() if not variant["compiled"]]
    threads = sorted({1, min(2, torch.get_num_threads())})
    for count in threads:
        # Compiling takes half a minute a model: once for the most threads.
        worth = VARIANTS if count == threads[-1] and not quick else plain
        yield "cpu", count, worth
    if torch.cuda.is_available():
        yield "cuda", threads[-1], VARIANTS


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--text", required=True, help="what is trained on")
    arguments.add_argument("--json", help="where the figures go in place of the screen")
    arguments.add_argument("--quick", action="store_true", help="few steps, nothing compiled")
    options = arguments.parse_args()
    text = pathlib.Path(options.text).read_text(encoding="utf-8")
    vocabulary = {character: n for n, character in enumerate(sorted(set(text)))}
    tokens = torch.tensor([vocabulary[character] for character in text])  # [characters]
    V = len(vocabulary)
    runs = []
    for device, threads, variants in places(options.quick):
        torch.set_num_threads(threads)
        for name in variants:
            for config, size in SIZES.items():
                print(f"PyTorch, {config} on {device}, {threads} threads, {name} ...", file=sys.stderr)
                run = {"config": config, "device": device, "threads": threads, "variant": name}
                try:
                    torch.compiler.reset()
                    trainer = Trainer(tokens, V, size, device, VARIANTS[name])
                    run |= measure(trainer, V, options.quick)
                except Exception as error:  # Whatever a compiler says: the others go on.
                    run["error"] = (str(error).strip() or repr(error)).splitlines()[0]
                runs.append(run)
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    figures = json.dumps(
        {"version": torch.__version__, "cuda": cuda, "lnV": math.log(V), "runs": runs}, indent=2
    )
    if options.json:
        pathlib.Path(options.json).write_text(figures + "\n", encoding="utf-8")
    else:
        print(figures)


if __name__ == "__main__":
    main()
