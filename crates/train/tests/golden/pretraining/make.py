"""Writes golden.safetensors: ten steps of masked-language pre-training of a tiny model, by PyTorch in f64.

Its encoder is ../encoder.py's; the optimiser is torch.optim.AdamW with clip_grad_norm_, the schedule LinearLR then CosineAnnealingLR; no dropout.

    python make.py            (PyTorch 2.11.0, NumPy, safetensors)

Gradients are kept as 16-bit integers, each tensor's in units of its largest divided by 32767, so that the file is small.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).parents[1]))
from encoder import DIM, MASK, VOCABULARY, affine, bits, encode, encoder, formula, layer_norm, linear, norm  # noqa: E402

RATE, STEPS = 1e-3, 10


def manifest():
    """Names and shapes, in the order of our files."""
    yield from encoder()
    yield from linear("mlm.dense", DIM, DIM)
    yield from norm("mlm.norm")
    yield from linear("mlm.out", VOCABULARY, DIM)


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


def forward(w, tokens):
    x = torch.nn.functional.gelu(affine(w, "mlm.dense", encode(w, tokens)))
    return affine(w, "mlm.out", layer_norm(w, "mlm.norm", x))


def loss_of(w, rows):
    logits = torch.cat([forward(w, tokens) for tokens, _ in rows])
    targets = torch.tensor([target for _, targets in rows for target in targets])
    return torch.nn.functional.cross_entropy(logits, targets, ignore_index=-1)


def main():
    w, rows = formula(manifest()), batch()
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
