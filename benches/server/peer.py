"""The peer of `rinalmo serve`: the same encoder in plain PyTorch behind FastAPI.

    PEER_MODEL=FOLDER PEER_DTYPE=bf16 PEER_BATCH=32 uvicorn peer:app

FOLDER is one that `rinalmo model convert nano-mlm FOLDER --to multimolecule` writes. With PEER_BATCH=1 each request is
computed by itself, as such servers are usually written; with more, requests of one length that wait are computed
together, at most so many.
"""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import torch
from fastapi import FastAPI
from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
import plain  # noqa: E402

DTYPE = {"f32": torch.float32, "bf16": torch.bfloat16}[os.environ.get("PEER_DTYPE", "f32")]
BATCH = int(os.environ.get("PEER_BATCH", "1"))
FOLDER = Path(os.environ["PEER_MODEL"])
torch.set_num_threads(int(os.environ.get("PEER_THREADS", str(torch.get_num_threads()))))


class Request(BaseModel):
    inputs: str
    normalize: bool = True


encoder = plain.Encoder(str(FOLDER), DTYPE).eval()
ids = {token: number for number, token in enumerate((FOLDER / "vocab.txt").read_text().split())}


def tokens(sequence):
    return [ids["<cls>"], *(ids[letter] for letter in sequence.upper().replace("T", "U")), ids["<eos>"]]


def vectors(sequences, normalize):
    """Mean vectors of sequences of one length, as lists."""
    with torch.inference_mode():
        means = encoder(torch.tensor([tokens(one) for one in sequences]))[:, 1:-1].float().mean(1)
        scaled = torch.nn.functional.normalize(means)
        return [(one if asked else plain_one).tolist() for one, plain_one, asked in zip(scaled, means, normalize)]


async def gather(queue):
    """Computes what waits, in batches of one length."""
    while True:
        first = await queue.get()
        batch, others = [first], []
        while len(batch) < BATCH and not queue.empty():
            one = queue.get_nowait()
            (batch if len(one[0].inputs) == len(first[0].inputs) else others).append(one)
        for one in others:
            queue.put_nowait(one)
        asked = [request for request, _ in batch]
        done = await asyncio.to_thread(vectors, [one.inputs for one in asked], [one.normalize for one in asked])
        for (_, waiting), vector in zip(batch, done):
            waiting.set_result(vector)


@asynccontextmanager
async def lifespan(app):
    app.state.queue = asyncio.Queue()
    worker = asyncio.create_task(gather(app.state.queue))
    yield
    worker.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/health")
def health():
    return {}


@app.post("/v1/embed")
async def embed(request: Request):
    waiting = asyncio.get_running_loop().create_future()
    app.state.queue.put_nowait((request, waiting))
    return [await waiting]
