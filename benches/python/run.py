"""Times the Python package beside the command that comes with it, and beside other packages that are installed.

    python benches/python/run.py FASTA [--rounds 3] [--json FILE]

Every measurement is a process of its own, start and loading of the model included, one after the other in each round.
Prints seconds (medians), each row over the command's, and the largest memory. ViennaRNA's module (`pip install
viennarna`) and multimolecule (`pip install multimolecule torch`) are measured if they can be imported by this Python.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLD = """
import sys, rinalmo
model = rinalmo.Model("nano")
with open(sys.argv[2], "w") as out:
    for fold in model.fold_iter(rinalmo.read(sys.argv[1])):
        out.write(fold.to_dbn())
"""

FOLD_NO_MAPS = """
import sys, rinalmo
model = rinalmo.Model("nano")
with open(sys.argv[2], "w") as out:
    for fold in model.fold_iter(rinalmo.read(sys.argv[1]), bpp=False):
        out.write(fold.to_dbn())
"""

EMBED = """
import sys, numpy, rinalmo
model = rinalmo.Model("nano-mlm")
numpy.save(sys.argv[2], model.embed(rinalmo.read(sys.argv[1])))
"""

TURNER = """
import sys, rinalmo
with open(sys.argv[2], "w") as out:
    for fold in rinalmo.energy.fold_iter(rinalmo.read(sys.argv[1]), bpp=False, threads=1):
        out.write(f"{fold.structure} {fold.energy:.2f}\\n")
"""

VIENNA = """
import sys, RNA, rinalmo
with open(sys.argv[2], "w") as out:
    for record in rinalmo.read(sys.argv[1]):
        compound = RNA.fold_compound(record.sequence)
        structure, energy = compound.mfe()
        compound.exp_params_rescale(energy)
        compound.pf()
        out.write(f"{structure} {energy:.2f}\\n")
"""

# The same encoder, converted for multimolecule; sequences of like length in batches, as `rinalmo` makes them.
MULTIMOLECULE = """
import os, sys, numpy, torch, rinalmo
from multimolecule import RiNALMoModel, RnaTokenizer
torch.set_num_threads(os.cpu_count())
folder = sys.argv[3]
tokenizer, model = RnaTokenizer(), RiNALMoModel.from_pretrained(folder).eval()
records = [record.sequence for record in rinalmo.read(sys.argv[1])]
order = sorted(range(len(records)), key=lambda number: len(records[number]))
found = [None] * len(records)
with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
    at = 0
    while at < len(order):
        batch, longest = [], 0
        while at < len(order) and max(longest, len(records[order[at]])) * (len(batch) + 1) <= 4096 or not batch:
            batch.append(order[at]); longest = max(longest, len(records[order[at]])); at += 1
        given = tokenizer([records[number] for number in batch], return_tensors="pt", padding=True)
        states = model(**given).last_hidden_state.float()
        for row, number in enumerate(batch):
            found[number] = states[row, 1 : len(records[number]) + 1].mean(0).numpy()
numpy.save(sys.argv[2], numpy.stack(found))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fasta", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report(measure(str(options.fasta), options.rounds, Path(folder)), options)


def measure(fasta: str, rounds: int, folder: Path) -> dict[str, dict[str, list[tuple[float, float, int]]]]:
    """Seconds, processor seconds and KiB of every run, by what it does and by what."""
    program, python = str(Path(sys.executable).parent / "rinalmo"), sys.executable
    script = lambda text, out, *more: [python, "-c", text, fasta, str(folder / out), *more]  # noqa: E731
    rows = {
        "fold": {
            "command": [program, "fold", "-q", fasta, "-o", str(folder / "a.dbn")],
            "Python": script(FOLD, "b.dbn"),
            "Python, bpp=False": script(FOLD_NO_MAPS, "c.dbn"),
        },
        "embed": {
            "command": [program, "embed", "-q", "--include", "mean", fasta, "-o", str(folder / "a.npz"), "--force"],
            "Python": script(EMBED, "b.npy"),
        },
        "energies, one thread": {
            "command": [program, "fold", "-q", "--model", "turner2004", "--threads", "1", fasta, "-o",
                        str(folder / "d.dbn")],
            "Python": script(TURNER, "e.txt"),
        },
    }
    if importlib.util.find_spec("RNA"):
        rows["energies, one thread"]["ViennaRNA's module"] = script(VIENNA, "f.txt")
    if importlib.util.find_spec("multimolecule"):
        converted = folder / "multimolecule"
        words = [program, "model", "convert", "nano-mlm", str(converted), "--to", "multimolecule"]
        subprocess.run(words, check=True, capture_output=True)
        rows["embed"]["multimolecule, autocast bf16"] = script(MULTIMOLECULE, "g.npy", str(converted))
    found = {work: {name: [] for name in ways} for work, ways in rows.items()}
    for _ in range(rounds):
        for work, ways in rows.items():
            for name, words in ways.items():
                found[work][name].append(once(words))
    return found


def once(words: list[str]) -> tuple[float, float, int]:
    begun = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        sys.exit(f"{' '.join(words[:3])} failed:\n{errors.decode()}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def report(found: dict[str, dict[str, list[tuple[float, float, int]]]], options: argparse.Namespace) -> None:
    print(f"{options.fasta}, {options.rounds} rounds, {os.cpu_count()} cores, Python {platform.python_version()}")
    for work, ways in found.items():
        first = statistics.median(run[0] for run in ways["command"])
        for name, runs in ways.items():
            seconds = statistics.median(run[0] for run in runs)
            memory = max(run[2] for run in runs) >> 10
            print(f"{work:<22}{name:<32}{seconds:8.2f} s  {seconds / first:5.2f}  {memory:6} MiB")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
