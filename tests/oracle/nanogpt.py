"""Checkpoints across the border: Glassformer's recipe `nanogpt` is nanoGPT's model, name for name.

    python nanogpt.py check FILE.safetensors --tokens FILE.json --logits FILE.json
    python nanogpt.py make OUT.safetensors --tokens OUT.json --logits OUT.json

`check` loads a checkpoint that Glassformer wrote into a PyTorch module and compares its logits with
those that Glassformer gave for the same tokens. `make` goes the other way: a random model from
PyTorch, written as a checkpoint, with tokens and the logits that Glassformer should find.

The module below has the names and shapes of nanoGPT's; with `--model-py PATH` the classes of an
unmodified nanoGPT `model.py` take its place. Tokens are a JSON list [B][T], logits [B][T][V].
"""

import argparse
import importlib.util
import json
import math
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

TOLERANCE = 1e-4
CHARACTERS = list("\n !',.?abcdefghijklmnopqrstuvwxyz")


# ---- nanoGPT's layout ----


class GPTConfig:
    def __init__(self, block_size, vocab_size, n_layer, n_head, n_embd, dropout, bias):
        self.block_size = block_size
        self.vocab_size = vocab_size
        self.n_layer = n_layer
        self.n_head = n_head
        self.n_embd = n_embd
        self.dropout = dropout
        self.bias = bias


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)

    def forward(self, x):
        B, T, C = x.shape
        D = C // self.n_head
        parts = self.c_attn(x).chunk(3, dim=2)  # 3 times [B, T, C]
        q, k, v = [
            part.view(B, T, self.n_head, D).transpose(1, 2) for part in parts
        ]  # [B, H, T, D]
        future = torch.ones(T, T, dtype=torch.bool).triu(1)  # [T, T]
        scores = q @ k.transpose(2, 3) / math.sqrt(D)  # [B, H, T, T]
        pattern = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1)  # [B, H, T, T]
        heads = (pattern @ v).transpose(1, 2).reshape(B, T, C)  # [B, T, C]
        return self.c_proj(heads)  # [B, T, C]


class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(4 * config.n_embd, config.n_embd, bias=config.bias)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))  # [B, T, C]


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.mlp = MLP(config)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))  # [B, T, C]
        return x + self.mlp(self.ln_2(x))  # [B, T, C]


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        parts = {
            "wte": nn.Embedding(config.vocab_size, config.n_embd),
            "wpe": nn.Embedding(config.block_size, config.n_embd),
            "h": nn.ModuleList([Block(config) for _ in range(config.n_layer)]),
            "ln_f": nn.LayerNorm(config.n_embd, bias=config.bias),
        }
        self.transformer = nn.ModuleDict(parts)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.transformer.wte.weight = self.lm_head.weight

    def forward(self, tokens, targets=None):
        T = tokens.shape[1]
        x = self.transformer.wte(tokens) + self.transformer.wpe(torch.arange(T))  # [B, T, C]
        for block in self.transformer.h:
            x = block(x)  # [B, T, C]
        return self.lm_head(self.transformer.ln_f(x)), None  # [B, T, V]


def new_model(model, vocab_size, model_py=None):
    """The module for Glassformer's model options: our classes, or those of nanoGPT's own file."""
    needed = {"norm": "pre", "residual": True, "activation": "gelu", "tied": True}
    for option, value in needed.items():
        if model[option] != value:
            raise SystemExit(f"nanoGPT has no {option} = {model[option]}; it needs {value}")
    attention = model["attention"]
    if attention["kind"] != "standard" or attention.get("normaliser", "softmax") != "softmax":
        raise SystemExit("nanoGPT has only standard attention with softmax")

    gpt_class, config_class = GPT, GPTConfig
    if model_py:
        spec = importlib.util.spec_from_file_location("nanogpt_model", model_py)
        module = importlib.util.module_from_spec(spec)
        sys.modules["nanogpt_model"] = module
        spec.loader.exec_module(module)
        gpt_class, config_class = module.GPT, module.GPTConfig
    sizes = {name: model[name] for name in ["block_size", "n_layer", "n_head", "n_embd", "bias"]}
    return gpt_class(config_class(vocab_size=vocab_size, dropout=0.0, **sizes)).eval()


def load_parameters(module, params):
    # A tied head is stored once, under the embedding's name; nanoGPT's dictionary has it twice.
    module.load_state_dict(
        params | {"lm_head.weight": params["transformer.wte.weight"]}, strict=True
    )


@torch.no_grad()
def all_logits(module, tokens):
    # Without targets nanoGPT answers for the last position only.
    return module(tokens, tokens)[0]  # [B, T, V]


# ---- From Glassformer ----


def read_checkpoint(path):
    with safe_open(path, framework="pt") as file:
        header = {key: json.loads(value) for key, value in file.metadata().items()}
        names = [name for name in file.keys() if not name.startswith("optimizer.")]
        return header, {name: file.get_tensor(name) for name in names}


def check(arguments):
    header, params = read_checkpoint(arguments.checkpoint)
    module = new_model(header["config"]["model"], len(header["vocab"]), arguments.model_py)
    load_parameters(module, params)

    tokens = torch.tensor(read_json(arguments.tokens))
    tokens = tokens.reshape(-1, tokens.shape[-1])  # [B, T]; a single text may come as [T]
    ours = all_logits(module, tokens)  # [B, T, V]
    theirs = torch.tensor(read_json(arguments.logits)).reshape(ours.shape)  # [B, T, V]
    difference = (ours - theirs).abs().max().item()
    print(f"{len(params)} tensors loaded; the largest difference of a logit is {difference:.1e}")
    if not difference <= TOLERANCE:
        raise SystemExit(f"that is more than {TOLERANCE}")


# ---- To Glassformer ----


def run_config(seed):
    model = {
        "n_layer": 2,
        "n_head": 4,
        "n_embd": 32,
        "block_size": 16,
        "dropout": 0.0,
        "norm": "pre",
        "residual": True,
        "activation": "gelu",
        "tied": True,
        "bias": False,
        "embd_dropout": True,
        "attention": {"kind": "standard", "normaliser": "softmax"},
    }
    train = {
        "batch_size": 12,
        "lr": 1e-3,
        "min_lr": 1e-4,
        "warmup": 100,
        "max_steps": 2000,
        "weight_decay": 0.1,
        "beta1": 0.9,
        "beta2": 0.99,
        "clip": 1.0,
        "eval_every": 250,
        "checkpoint_every": 0,
    }
    return {"preset": "laptop", "recipe": "nanogpt", "model": model, "train": train, "seed": seed}


def make(arguments):
    torch.manual_seed(arguments.seed)
    config = run_config(arguments.seed)
    module = new_model(config["model"], len(CHARACTERS), arguments.model_py)
    with torch.no_grad():
        for values in module.parameters():
            # Far from nanoGPT's own start, whose logits are so small that a mistake would not show.
            values.normal_(mean=1.0 if values.dim() == 1 else 0.0, std=0.2)

    params = {name: values.contiguous() for name, values in module.state_dict().items()}
    del params["lm_head.weight"]
    header = {"format": 1, "config": config, "vocab": "".join(CHARACTERS), "step": 0, "seed": arguments.seed}
    metadata = {key: json.dumps(value) for key, value in header.items()}
    save_file(params, arguments.checkpoint, metadata=metadata)

    shape = (2, config["model"]["block_size"])
    tokens = torch.randint(0, len(CHARACTERS), shape)  # [B, T]
    write_json(arguments.tokens, tokens.tolist())
    write_json(arguments.logits, all_logits(module, tokens).tolist())
    print(f"{len(params)} tensors written")


def read_json(path):
    with open(path) as file:
        return json.load(file)


def write_json(path, value):
    with open(path, "w") as file:
        json.dump(value, file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True)
    for name, action in [("check", check), ("make", make)]:
        command = commands.add_parser(name)
        command.add_argument("checkpoint")
        command.add_argument("--tokens", required=True)
        command.add_argument("--logits", required=True)
        command.add_argument("--model-py", help="nanoGPT's own model.py, unmodified")
        command.add_argument("--seed", type=int, default=1337)
        command.set_defaults(action=action)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.action(arguments)


if __name__ == "__main__":
    main()
