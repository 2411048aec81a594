"""Writes golden.safetensors: loss and gradients of one structure fine-tuning step of a tiny model, by PyTorch in f64.

Encoder and head are the architecture of RiNALMo (Methods, "Secondary structure prediction") in the sizes of the tiny
fixture: width 80, 3 blocks, 4 heads; 64 channels. The loss is the mean binary cross-entropy over the strict upper triangle
of one structure with a pseudoknot and a base that pairs twice; no dropout. There are two sets of weights:

- `made`: a formula of tensor number and element number, which the test knows too;
- `fixture`: those of tiny_ss_ft.pt, given on the command line, which is no part of this repository.

    python make.py ../shared/fixtures/official/tiny_ss_ft.pt      (PyTorch 2.11.0, NumPy, safetensors)

Of each gradient up to 256 numbers are kept, evenly spaced, and the largest of all.
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

DIM, BLOCKS, HEADS, CHANNELS = 80, 3, 4, 64
HIDDEN = 8 * DIM // 3
KEPT = 256
SEQUENCE = "GGCAUCGGAUCCUUAGCGAAAGCUACCGUUGGAUACCAUGCACU"
#           stem, hairpin inside, pseudoknot, and base 4 with two partners
PAIRS = [(0, 41), (1, 40), (2, 39), (3, 38), (4, 37), (4, 30), (13, 24), (14, 23), (15, 22), (9, 33), (10, 32)]


def manifest():
    """Names and shapes, in the order of our files."""

    def norm(name):
        yield name + ".weight", (DIM,)
        yield name + ".bias", (DIM,)

    def linear(name, rows, columns):
        yield name + ".weight", (rows, columns)
        yield name + ".bias", (rows,)

    yield "encoder.embedding", (22, DIM)
    for i in range(BLOCKS):
        block = f"encoder.blocks.{i}."
        yield from norm(block + "attention_norm")
        yield block + "attention.qkv.weight", (3 * DIM, DIM)
        yield block + "attention.out.weight", (DIM, DIM)
        yield from norm(block + "feed_forward_norm")
        yield from linear(block + "feed_forward.up", HIDDEN, DIM)
        yield from linear(block + "feed_forward.gate", HIDDEN, DIM)
        yield block + "feed_forward.beta", (1,)
        yield from linear(block + "feed_forward.down", DIM, HIDDEN)
    yield from norm("encoder.norm")
    yield from linear("structure.project", CHANNELS, 2 * DIM)
    for i in range(2):
        for name, side in [("squeeze", 1), ("spread", 3), ("expand", 1)]:
            yield f"structure.blocks.{i}.{name}.weight", (CHANNELS, CHANNELS, side, side)
    yield "structure.out.weight", (1, CHANNELS, 3, 3)
    yield "structure.out.bias", (1,)


def bits(keys):
    """SplitMix64's finaliser."""
    x = keys.astype(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def even(number, count):
    """Numbers in [-1, 1), exact in f32, told by tensor number and element number."""
    keys = (np.uint64(number + 1) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)
    return (bits(keys) >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)


def made():
    weights = {}
    for number, (name, shape) in enumerate(manifest()):
        values = even(number, math.prod(shape))
        if len(shape) > 1:
            values = values * np.float32(1 / 8)
        elif name.endswith(("norm.weight", "beta")):
            values = np.float32(1) + values * np.float32(1 / 4)
        else:
            values = values * np.float32(1 / 4)
        weights[name] = torch.tensor(values.reshape(shape), dtype=torch.float64, requires_grad=True)
    return weights


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


def rope(x):
    """x: [heads, len, head_dim], halves turned against each other."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[1], dtype=x.dtype)[:, None] / 10000 ** (torch.arange(half, dtype=x.dtype) / half)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()], -1)


def encode(w, tokens):
    def layer_norm(name, x):
        return torch.nn.functional.layer_norm(x, (DIM,), w[name + ".weight"], w[name + ".bias"], 1e-5)

    def affine(name, x):
        return torch.nn.functional.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    x = w["encoder.embedding"][torch.tensor(tokens)] * (1 - 0.15 * 0.8)
    for i in range(BLOCKS):
        block = f"encoder.blocks.{i}."
        h = layer_norm(block + "attention_norm", x)
        q, k, v = affine(block + "attention.qkv", h).reshape(-1, 3, HEADS, DIM // HEADS).permute(1, 2, 0, 3)
        scores = rope(q) @ rope(k).transpose(1, 2) / math.sqrt(DIM // HEADS)
        mixed = (scores.softmax(-1) @ v).transpose(0, 1).reshape(-1, DIM)
        h = h + affine(block + "attention.out", mixed)  # the residual is taken behind the norm
        normed = layer_norm(block + "feed_forward_norm", h)
        up = affine(block + "feed_forward.up", normed)
        up = up * torch.sigmoid(w[block + "feed_forward.beta"] * up)
        x = h + affine(block + "feed_forward.down", up * affine(block + "feed_forward.gate", normed))
    return layer_norm("encoder.norm", x)


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
    sets = {"made": made(), "fixture": fixture(sys.argv[1])}
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
