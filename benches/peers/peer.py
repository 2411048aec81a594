"""Their side of the comparison: a worker on PyTorch that answers jobs, with plain.py or multimolecule.

One JSON object a line comes in on standard input, one goes out, with the seconds taken and the most memory held so
far. The driver (run.py) alternates these jobs with ours. Only multimolecule's public classes are used.
"""

import argparse
import gc
import json
import os
import sys
import time

import numpy
import torch

import plain
from official import StructureHead, pair_loss
from workers import sequences

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


class Worker:
    """Holds what was loaded last; each public method is a job."""

    def load(self, path, dtype="f32", attention="sdpa", compiled=False):
        """An encoder, of a folder written by save_pretrained: plain, or multimolecule's with one of its attentions."""
        import ernie_rna
        from multimolecule import RnaTokenizer
        from transformers import AutoModel

        self.tokenizer, self.plain = RnaTokenizer.from_pretrained(path), attention == "plain"
        if self.plain:
            self.model = plain.Encoder(path, DTYPES[dtype]).eval()
            return {}
        ernie_rna.mend()
        model = AutoModel.from_pretrained(path, attn_implementation=attention, add_pooling_layer=False)
        self.model = model.eval().to(DTYPES[dtype])
        if compiled:
            self.model = torch.compile(self.model)
        return {}

    def encode(self, count, length, seed=1, output=None):
        """Representations of random sequences of one length."""
        batch = self.tokenizer(sequences(count, length, seed), return_tensors="pt")
        with torch.inference_mode():
            started = time.perf_counter()
            hidden = self.model(batch["input_ids"]) if self.plain else self.model(**batch).last_hidden_state
            seconds = time.perf_counter() - started
        write(hidden, output)
        return {"seconds": seconds, "tokens": batch["input_ids"].numel()}

    def load_head(self, path, dtype="f32", way="official"):
        """The structure head alone, as released or plain."""
        self.head, self.dtype = StructureHead.open(path).eval().to(DTYPES[dtype]), DTYPES[dtype]
        self.dim = self.head.linear_in.in_features // 2
        if way == "plain":
            self.head = plain.StructureHead(self.head, self.dtype).eval()
        return {}

    def pair_logits(self, length, seed=1, output=None):
        """The structure head on random representations."""
        hidden = hidden_rows(length, self.dim, seed).to(self.dtype)
        with torch.inference_mode():
            started = time.perf_counter()
            logits = self.head(hidden[None])
            seconds = time.perf_counter() - started
        write(logits, output)
        return {"seconds": seconds}

    def load_training(self, path, dropout=0.1, way="plain"):
        """An encoder with its masked-language head, and AdamW over all of it."""
        import ernie_rna
        from multimolecule import RnaTokenizer
        from transformers import AutoModelForMaskedLM

        self.tokenizer, self.plain = RnaTokenizer.from_pretrained(path), way == "plain"
        if self.plain:
            self.model = plain.MaskedLanguageModel(path, dropout).train()
            self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
            return {}
        ernie_rna.mend()
        self.model = AutoModelForMaskedLM.from_pretrained(
            path, attn_implementation="sdpa", attention_dropout=dropout, hidden_dropout=dropout
        ).train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, weight_decay=0.01)
        return {}

    def train_encoder(self, count, length, dtype="f32", seed=1):
        """One step: forward, backward, AdamW; 15 % of the tokens are asked for. In bf16 by autocast, weights stay f32."""
        batch = self.tokenizer(sequences(count, length, seed), return_tensors="pt")
        chosen = torch.rand(batch["input_ids"].shape, generator=torch.Generator().manual_seed(seed)) < 0.15
        targets = batch["input_ids"][chosen]
        batch["labels"] = batch["input_ids"].masked_fill(~chosen, -100)
        batch["input_ids"] = batch["input_ids"].masked_fill(chosen, self.tokenizer.mask_token_id)
        started = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bf16"):
            loss = self.model(batch["input_ids"], chosen, targets) if self.plain else self.model(**batch).loss
        self.step(loss)
        return {"seconds": time.perf_counter() - started}

    def load_head_training(self, dim):
        """The structure head, random, and its optimiser."""
        self.head = StructureHead(dim).train()
        self.optimizer = torch.optim.AdamW(self.head.parameters(), lr=1e-4, weight_decay=0.01)
        return {}

    def train_head(self, length, seed=1):
        """One step of the structure head alone on fixed representations."""
        hidden = hidden_rows(length, self.head.linear_in.in_features // 2, seed)
        pairs = torch.zeros(length, length)
        started = time.perf_counter()
        self.step(pair_loss(self.head(hidden[None]), pairs))
        return {"seconds": time.perf_counter() - started}

    def step(self, loss):
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def compare(self, exact, other):
        """How far two files of numbers are apart; `relative` is the root mean square, over that of `exact`."""
        exact, other = (numpy.fromfile(path, dtype="<f4").astype(numpy.float64) for path in (exact, other))
        if exact.shape != other.shape:
            raise ValueError(f"{exact.size} numbers against {other.size}")
        difference = other - exact
        rms = [float(numpy.sqrt(numpy.mean(values**2))) for values in (difference, exact)]
        return {"largest": float(numpy.abs(difference).max()), "relative": rms[0] / rms[1]}


def hidden_rows(length, dim, seed):
    """Random representations of variance 1; the same rule as ours."""
    numbers = (numpy.arange(length * dim, dtype=numpy.uint64) + numpy.uint64(seed)) * numpy.uint64(0x9E3779B97F4A7C15)
    unit = (numbers >> numpy.uint64(40)).astype(numpy.float32) / numpy.float32(1 << 24)
    return torch.from_numpy((unit * 2 - 1) * numpy.float32(3**0.5)).reshape(length, dim)


def write(values, output):
    """Raw numbers in 32 bits, where asked for."""
    if output:
        values.float().contiguous().numpy().astype("<f4").tofile(output)


def peak_bytes():
    """The most memory this process has held at once."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed must not mix with the answers
    worker = Worker()
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = getattr(worker, job.pop("do"))(**job)
        except Exception as error:  # told, so that the driver can go on with the rest
            answer = {"error": f"{type(error).__name__}: {error}"}
        gc.collect()
        answers.write(json.dumps({**answer, "peak": peak_bytes()}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
