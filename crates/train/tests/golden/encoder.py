"""RiNALMo's encoder (Figure 1 and Methods of the paper) for golden files, in the sizes of the tiny fixture, by PyTorch.

Weights are no file but a formula of tensor number and element number, which the tests know too.
"""

import math

import numpy as np
import torch

DIM, BLOCKS, HEADS, VOCABULARY = 80, 3, 4, 22
HIDDEN = 8 * DIM // 3
MASK = 4


def encoder():
    """Names and shapes, in the order of our files."""
    yield "encoder.embedding", (VOCABULARY, DIM)
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


def norm(name):
    yield name + ".weight", (DIM,)
    yield name + ".bias", (DIM,)


def linear(name, rows, columns):
    yield name + ".weight", (rows, columns)
    yield name + ".bias", (rows,)


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


def formula(manifest):
    """Weights of these names and shapes."""
    made = {}
    for number, (name, shape) in enumerate(manifest):
        values = even(number, math.prod(shape))
        if len(shape) > 1:
            values = values * np.float32(1 / 8)
        elif name.endswith(("norm.weight", "beta")):
            values = np.float32(1) + values * np.float32(1 / 4)
        else:
            values = values * np.float32(1 / 4)
        made[name] = torch.tensor(values.reshape(shape), dtype=torch.float64, requires_grad=True)
    return made


def rope(x):
    """x: [heads, len, head_dim], halves turned against each other."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[1], dtype=x.dtype)[:, None] / 10000 ** (torch.arange(half, dtype=x.dtype) / half)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()], -1)


def layer_norm(w, name, x):
    return torch.nn.functional.layer_norm(x, (DIM,), w[name + ".weight"], w[name + ".bias"], 1e-5)


def affine(w, name, x):
    return torch.nn.functional.linear(x, w[name + ".weight"], w.get(name + ".bias"))


def encode(w, tokens):
    """The representation of one sequence, [len, DIM]."""
    tokens = torch.tensor(tokens)
    hidden = tokens == MASK
    x = w["encoder.embedding"][tokens] * (~hidden)[:, None] * (1 - 0.15 * 0.8) / (1 - hidden.double().mean())
    for i in range(BLOCKS):
        block = f"encoder.blocks.{i}."
        h = layer_norm(w, block + "attention_norm", x)
        q, k, v = affine(w, block + "attention.qkv", h).reshape(-1, 3, HEADS, DIM // HEADS).permute(1, 2, 0, 3)
        scores = rope(q) @ rope(k).transpose(1, 2) / math.sqrt(DIM // HEADS)
        mixed = (scores.softmax(-1) @ v).transpose(0, 1).reshape(-1, DIM)
        h = h + affine(w, block + "attention.out", mixed)  # the residual is taken behind the norm
        normed = layer_norm(w, block + "feed_forward_norm", h)
        up = affine(w, block + "feed_forward.up", normed)
        up = up * torch.sigmoid(w[block + "feed_forward.beta"] * up)
        x = h + affine(w, block + "feed_forward.down", up * affine(w, block + "feed_forward.gate", normed))
    return layer_norm(w, "encoder.norm", x)
