"""Writes every golden file anew, then checks the oracle itself.

python tests/oracle/golden.py
"""

import json
import os

import numpy as np
import torch
from safetensors.numpy import save_file

import checks
from cases import all_cases, make
from model import objective

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")


def evaluate(tokens, targets, params, config):
    """Everything a golden file holds, still in double precision."""
    for values in params.values():
        values.requires_grad_(True)
    total, loss, trace = objective(tokens, targets, params, config)
    total.backward()

    tensors = {"loss": loss.reshape(1), "objective": total.reshape(1)}
    for name, values in params.items():
        tensors["param:" + name] = values
        tensors["grad:" + name] = values.grad
    for name, values in trace.items():
        tensors["hook:" + name] = values
    return {name: values.detach() for name, values in tensors.items()}


def write(path, case, tokens, targets, tensors):
    arrays = {name: values.float().contiguous().numpy() for name, values in tensors.items()}
    arrays["tokens"] = np.ascontiguousarray(tokens.numpy().astype(np.int32))
    arrays["targets"] = np.ascontiguousarray(targets.numpy().astype(np.int32))
    # One entry only: the library writes several in no fixed order.
    save_file(
        arrays, path, metadata={"case": json.dumps({"config": case["config"], "vocab": case["V"]})}
    )


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    os.makedirs(FOLDER, exist_ok=True)
    for old in os.listdir(FOLDER):
        if old.endswith(".safetensors"):
            os.remove(os.path.join(FOLDER, old))

    total = 0
    for case in all_cases():
        tokens, targets, params = make(case)
        tensors = evaluate(tokens, targets, params, case["config"])
        path = os.path.join(FOLDER, case["name"] + ".safetensors")
        write(path, case, tokens, targets, tensors)
        total += os.path.getsize(path)
        print(f"{os.path.getsize(path):7}  {case['name']}")
    print(f"{total:7}  bytes in {len(all_cases())} files")

    checks.run()


if __name__ == "__main__":
    main()
