"""Tokens a second of plain PyTorch on a GPU: inference and training steps of the encoder with random weights.

    torch_step.py SIZE BATCH LENGTH [compile]

The model is `benches/peers/plain.py`; training has fused AdamW, autocast to bf16 and no dropout. Twenty steps, the
median after five.
"""

import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
import plain

# width, blocks, hidden
SIZES = {"nano": (320, 6, 853), "micro": (480, 12, 1280), "mega": (640, 30, 1706), "giga": (1280, 33, 3413)}
VOCABULARY = 26


def weights(width, blocks, hidden):
    """Random weights under multimolecule's names."""
    normal = lambda *shape: torch.randn(*shape) * 0.02
    found = {"embeddings.word_embeddings.weight": normal(VOCABULARY, width)}
    norms = ["encoder.layer_norm"]
    for i in range(blocks):
        at = f"encoder.layer.{i}."
        norms += [at + "attention.layer_norm", at + "layer_norm"]
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            found[f"{at}{name}.weight"] = normal(width, width)
        for name, out, into in (("intermediate.linear", hidden, width), ("intermediate.linear_gate", hidden, width), ("output.dense", width, hidden)):
            found[f"{at}{name}.weight"], found[f"{at}{name}.bias"] = normal(out, into), torch.zeros(out)
        found[f"{at}intermediate.bias"] = torch.ones(1)
    for name in norms:
        found[f"{name}.weight"], found[f"{name}.bias"] = torch.ones(width), torch.zeros(width)
    return found


def timed(step, tokens):
    times = []
    for _ in range(20):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        step()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begun)
    return tokens / statistics.median(times[5:])


def main(size, batch, length, compiled):
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(0)
    plain.load_file = lambda _: weights(*SIZES[size])
    model = plain.MaskedLanguageModel("", 0.0).cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    tokens = torch.randint(5, 9, (batch, length), device="cuda")
    chosen = torch.rand(batch, length, device="cuda") < 0.15
    where, targets = chosen.nonzero(as_tuple=True), tokens[chosen]
    run = torch.compile(model) if compiled else model

    def train():
        with torch.autocast("cuda", torch.bfloat16):
            loss = run(tokens, where, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    name = f"PyTorch {torch.__version__} {size} {batch} x {length}" + (", compiled" if compiled else "")
    print(f"{name}, training, bf16 autocast: {timed(train, batch * length):,.0f} tokens/s", flush=True)
    encoder = plain.Encoder("", torch.bfloat16).cuda().eval()
    encoder = torch.compile(encoder) if compiled else encoder
    with torch.inference_mode():
        print(f"{name}, inference, bf16: {timed(lambda: encoder(tokens), batch * length):,.0f} tokens/s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), "compile" in sys.argv[4:])
