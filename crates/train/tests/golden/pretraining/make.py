"""Writes golden.safetensors: ten steps of masked-language pre-training of a tiny model, by PyTorch in f64.

The model has the architecture of RiNALMo (Figure 1 and Methods of the paper) in the sizes of the tiny fixture: width 80,
3 blocks, 4 heads. Its weights are no file but a formula of tensor number and element number, which the test knows too.
The optimiser is torch.optim.AdamW with clip_grad_norm_, the schedule LinearLR then CosineAnnealingLR; no dropout.

    python make.py            (PyTorch 2.11.0, NumPy, safetensors)

Gradients are kept as 16-bit integers, each tensor's in units of its largest divided by 32767, so that the file is small.
"""

import math
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

DIM, BLOCKS, HEADS, VOCABULARY = 80, 3, 4, 22
HIDDEN = 8 * DIM // 3
MASK = 4
RATE, STEPS = 1e-3, 10


def manifest():
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
    yield from linear("mlm.dense", DIM, DIM)
    yield from norm("mlm.norm")
    yield from linear("mlm.out", VOCABULARY, DIM)


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


def weights():
    made = {}
    for number, (name, shape) in enumerate(manifest()):
        values = even(number, math.prod(shape))
        if len(shape) > 1:
            values = values * np.float32(1 / 8)
        elif name.endswith(("norm.weight", "beta")):
            values = np.float32(1) + values * np.float32(1 / 4)
        else:
            values = values * np.float32(1 / 4)
        made[name] = torch.tensor(values.reshape(shape), dtype=torch.float64, requires_grad=True)
    return made


def batch():
    """Four sequences, every sixth letter a target, of which most are hidden."""
    rows = []
    for number, length in enumerate([39, 66, 7, 103]):
        draws = bits(np.arange(length, dtype=np.uint64) + np.uint64(1000 * (number + 1)))
        letters = [[5, 6, 7, 8, 8, 7, 6, 20][int(d) % 8] for d in draws]
        letters[0], letters[-1] = 0, 2
        tokens, targets = list(letters), [-1] * length
        for at in range(1 + number, length - 1, 6):
            targets[at] = letters[at]
            tokens[at] = {0: letters[at], 1: 5}.get(int(draws[at] >> np.uint64(20)) % 8, MASK)
        rows.append((tokens, targets))
    return rows


def rope(x):
    """x: [heads, len, head_dim], halves turned against each other."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[1], dtype=x.dtype)[:, None] / 10000 ** (torch.arange(half, dtype=x.dtype) / half)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()], -1)


def forward(w, tokens):
    def layer_norm(name, x):
        return torch.nn.functional.layer_norm(x, (DIM,), w[name + ".weight"], w[name + ".bias"], 1e-5)

    def affine(name, x):
        return torch.nn.functional.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    tokens = torch.tensor(tokens)
    hidden = tokens == MASK
    x = w["encoder.embedding"][tokens] * (~hidden)[:, None] * (1 - 0.15 * 0.8) / (1 - hidden.double().mean())
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
    x = torch.nn.functional.gelu(affine("mlm.dense", layer_norm("encoder.norm", x)))
    return affine("mlm.out", layer_norm("mlm.norm", x))


def loss_of(w, rows):
    logits = torch.cat([forward(w, tokens) for tokens, _ in rows])
    targets = torch.tensor([target for _, targets in rows for target in targets])
    return torch.nn.functional.cross_entropy(logits, targets, ignore_index=-1)


def main():
    w, rows = weights(), batch()
    optimizer = torch.optim.AdamW(w.values(), lr=RATE, weight_decay=0.01)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1e-3, total_iters=3)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10, eta_min=1e-4)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], milestones=[3])
    out, losses, norms, rates = {}, [], [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(w, rows)
        loss.backward()
        if step == 0:
            for name, tensor in w.items():
                grad = tensor.grad.numpy()
                unit = np.abs(grad).max() / 32767
                out["gradient." + name] = np.round(grad / unit).astype(np.int16)
                out["unit." + name] = np.array([unit], dtype=np.float32)
        losses.append(loss.item())
        rates.append(schedule.get_last_lr()[0])
        norms.append(torch.nn.utils.clip_grad_norm_(w.values(), 1.0).item())
        optimizer.step()
        schedule.step()
    losses.append(loss_of(w, rows).item())
    out["tokens"] = np.array([token for tokens, _ in rows for token in tokens], dtype=np.int32)
    out["targets"] = np.array([target for _, targets in rows for target in targets], dtype=np.int32)
    out["lengths"] = np.array([len(tokens) for tokens, _ in rows], dtype=np.int32)
    for name, values in [("losses", losses), ("norms", norms), ("rates", rates)]:
        out[name] = np.array(values, dtype=np.float64)
    save_file(out, Path(__file__).with_name("golden.safetensors"))
    print(f"torch {torch.__version__}, numpy {np.__version__}", "losses", losses, "norms", norms)


main()
