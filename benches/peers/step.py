"""A pre-training step of RiNALMo in PyTorch on any device: tokens a second, and the share of a peak.

    python benches/peers/step.py --device cuda --dtype bf16 --size micro --sequences 192 --tokens 256 --peak 989

Random weights and sequences of one length, multimolecule's RiNALMo with PyTorch's scaled-dot-product attention, AdamW
over all parameters (fused where the device has it). What `rinalmo pretrain --dry-run` prints is the other side.
"""

import argparse
import statistics
import time

import torch
from multimolecule import RiNALMoConfig, RiNALMoForMaskedLM

from shows import WIDTHS, operations

MASK, LETTERS = 4, (6, 10)  # of multimolecule's vocabulary


def main():
    args = arguments()
    device = torch.device(args.device)
    width, blocks = WIDTHS[args.size]
    config = RiNALMoConfig(
        hidden_size=width, num_hidden_layers=blocks, num_attention_heads=20, intermediate_size=8 * width // 3,
        attention_dropout=args.dropout, hidden_dropout=args.dropout, attn_implementation="sdpa",
    )
    model = RiNALMoForMaskedLM(config).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=device.type == "cuda")
    tokens = torch.randint(*LETTERS, (args.sequences, args.tokens), device=device)
    chosen = torch.rand(tokens.shape, device=device) < 0.15
    batch = {"input_ids": tokens.masked_fill(chosen, MASK), "labels": tokens.masked_fill(~chosen, -100)}
    times = [step(model, optimizer, batch, args.dtype, device) for _ in range(args.warm_up + args.steps)]
    seconds = statistics.median(times[args.warm_up :])
    rate = 3 * operations(width, blocks, args.sequences, args.tokens) / seconds
    share = f", {rate / args.peak / 1e12:.1%} of the peak" if args.peak else ""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"{name}, PyTorch {torch.__version__}, {args.size}, {args.sequences} × {args.tokens}, {args.dtype}")
    print(f"{seconds:.4f} s, {tokens.numel() / seconds:,.0f} tokens a second, {rate / 1e12:.2f} TFLOP/s{share}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--size", choices=WIDTHS, default="micro")
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=256, help="of each sequence")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warm-up", type=int, default=5, help="steps that are not counted")
    parser.add_argument("--peak", type=float, help="what the device can do, in TFLOP/s")
    return parser.parse_args()


def step(model, optimizer, batch, dtype, device):
    """Seconds of one step."""
    finish(device)
    started = time.perf_counter()
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == "bf16"):
        loss = model(**batch).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    finish(device)
    return time.perf_counter() - started


def finish(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
