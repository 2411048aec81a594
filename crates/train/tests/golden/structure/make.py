"""Writes golden.safetensors: loss and gradients of one structure fine-tuning step of a tiny model, by PyTorch in f64.

The encoder is ../encoder.py's, the head that of RiNALMo (Methods, "Secondary structure prediction") with 64 channels. The
loss is the mean binary cross-entropy over the strict upper triangle of one structure with a pseudoknot and a base that
pairs twice; no dropout. There are two sets of weights:

- `made`: a formula of tensor number and element number, which the test knows too;
- `fixture`: those of tiny_ss_ft.pt, given on the command line, which is no part of this repository.

    python make.py ../shared/fixtures/official/tiny_ss_ft.pt      (PyTorch 2.11.0, NumPy, safetensors)

Of each gradient up to 256 numbers are kept, evenly spaced, and the largest of all.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).parents[1]))
from encoder import BLOCKS, DIM, encode, encoder, formula, linear  # noqa: E402

CHANNELS = 64
KEPT = 256
SEQUENCE = "GGCAUCGGAUCCUUAGCGAAAGCUACCGUUGGAUACCAUGCACU"
#           stem, hairpin inside, pseudoknot, and base 4 with two partners
PAIRS = [(0, 41), (1, 40), (2, 39), (3, 38), (4, 37), (4, 30), (13, 24), (14, 23), (15, 22), (9, 33), (10, 32)]


def manifest():
    """Names and shapes, in the order of our files."""
    yield from encoder()
    yield from linear("structure.project", CHANNELS, 2 * DIM)
    for i in range(2):
        for name, side in [("squeeze", 1), ("spread", 3), ("expand", 1)]:
            yield f"structure.blocks.{i}.{name}.weight", (CHANNELS, CHANNELS, side, side)
    yield "structure.out.weight", (1, CHANNELS, 3, 3)
    yield "structure.out.bias", (1,)


def fixture(path):
    """The released code's names under ours."""
    theirs = torch.load(path, map_location="cpu", weights_only=False)
    names = {"encoder.embedding": "lm.embedding.weight"}
    for end in ("weight", "bias"):
        names[f"encoder.norm.{end}"] = f"lm.transformer.final_layer_norm.{end}"
        names[f"structure.project.{end}"] = f"pred_head.linear_in.{end}"
        names[f"structure.out.{end}"] = f"pred_head.conv_out.{end}"
    for i in range(BLOCKS):
        ours, block = f"encoder.blocks.{i}.", f"lm.transformer.blocks.{i}."
        names[ours + "attention.qkv.weight"] = block + "mh_attn.Wqkv.weight"
        names[ours + "attention.out.weight"] = block + "mh_attn.out_proj.weight"
        names[ours + "feed_forward.beta"] = block + "transition.0.beta"
        for end in ("weight", "bias"):
            names[f"{ours}attention_norm.{end}"] = f"{block}attn_layer_norm.{end}"
            names[f"{ours}feed_forward_norm.{end}"] = f"{block}out_layer_norm.{end}"
            names[f"{ours}feed_forward.up.{end}"] = f"{block}transition.0.linear.{end}"
            names[f"{ours}feed_forward.gate.{end}"] = f"{block}transition.0.linear_gate.{end}"
            names[f"{ours}feed_forward.down.{end}"] = f"{block}transition.2.{end}"
    for i in range(2):
        for number, name in [(0, "squeeze"), (3, "spread"), (6, "expand")]:
            names[f"structure.blocks.{i}.{name}.weight"] = f"pred_head.resnet.blocks.{i}.conv_net.{number}.weight"
    weights = {}
    for name, shape in manifest():
        tensor = theirs[names[name]].double().reshape(shape).clone()
        weights[name] = tensor.requires_grad_()
    return weights


def logits(w, bases):
    """bases: [len, DIM]. The concatenation of every pair, projected; two bottleneck blocks; mirrored."""
    length = bases.shape[0]
    pairs = torch.cat([bases[:, None].expand(-1, length, -1), bases[None].expand(length, -1, -1)], -1)
    x = torch.nn.functional.linear(pairs, w["structure.project.weight"], w["structure.project.bias"])
    x = x.permute(2, 0, 1)[None]
    for i in range(2):
        inner = x
        for name, border in [("squeeze", 0), ("spread", 1), ("expand", 0)]:
            inner = torch.nn.functional.conv2d(inner, w[f"structure.blocks.{i}.{name}.weight"], padding=border)
            inner = torch.relu(torch.nn.functional.instance_norm(inner, eps=1e-5))
        x = x + inner
    out = torch.nn.functional.conv2d(x, w["structure.out.weight"], w["structure.out.bias"], padding=1)[0, 0]
    upper = out.triu(1)
    return upper + upper.T


def step(w):
    ids = {"A": 5, "C": 6, "G": 7, "U": 8}
    hidden = encode(w, [0] + [ids[base] for base in SEQUENCE] + [2])
    scores = logits(w, hidden[1:-1])
    target = torch.zeros_like(scores)
    for i, j in PAIRS:
        target[i, j] = 1
    i, j = torch.triu_indices(len(SEQUENCE), len(SEQUENCE), offset=1)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores[i, j], target[i, j])
    loss.backward()
    return loss.item()


def main():
    out = {}
    sets = {"made": formula(manifest()), "fixture": fixture(sys.argv[1])}
    for kind, weights in sets.items():
        loss = step(weights)
        out[f"{kind}.loss"] = np.array([loss], dtype=np.float64)
        for name, tensor in weights.items():
            grad = tensor.grad.numpy().reshape(-1)
            every = max(1, grad.size // KEPT)
            out[f"{kind}.gradient.{name}"] = grad[::every].astype(np.float32)
            out[f"{kind}.largest.{name}"] = np.array([np.abs(grad).max()], dtype=np.float32)
        print(f"torch {torch.__version__}, {kind}: loss {loss}")
    out["pairs"] = np.array(PAIRS, dtype=np.int32)
    save_file(out, Path(__file__).with_name("golden.safetensors"), {"sequence": SEQUENCE})


main()
