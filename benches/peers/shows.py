"""The comparisons: each yields results, a piece of work with its contestants at a time."""

import contextlib
import csv
import gzip
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from workers import Contestant, Worker, alternate, divan_medians, sequences, whole_process

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHAPES = [("giga", 2, 512), ("giga", 1, 1022), ("mega", 4, 256), ("micro", 8, 128), ("nano", 32, 100)]
OTHERS = ("rna-fm", "splice-bert", "ernie-rna")
WIDTHS = {"nano": (320, 6), "micro": (480, 12), "mega": (640, 30), "giga": (1280, 33)}
OURS, THEIRS = "rinalmo", "PyTorch"


def encoder(args):
    """Representations of random sequences, the same weights on both sides."""
    for size, count, length in SHAPES:
        if args.quick and size == "giga" or args.only_size and size not in args.only_size:
            continue
        model = model_folder(args, size)
        with contextlib.ExitStack() as stack:
            rival, ours = opener(stack, args)
            job = {"do": "encode", "count": count, "length": length, "seed": 1}
            contestants = []
            for dtype in ("f32", "bf16", "int8"):
                mine = ours()
                mine.ask(do="load", path=str(model), dtype=dtype)
                contestants.append(Contestant.at(mine, job, OURS, dtype))
            ceilings = [mine.ask(do="ceiling")]
            for dtype in ("f32", "bf16"):
                ways = ("plain", "sdpa", "eager")
                contestants.append(best_attention(stack, rival, model, dtype, job, ways))
            alternate(contestants, args.rounds or (2 if args.quick else 5))
            work = {"work": f"{size}, {count} × {length} nt", "unit": "tokens/s", "contestants": contestants}
            work["operations"] = operations(*WIDTHS[size], count, length + 2)
            ceilings += [mine.ask(do="ceiling") for _ in range(4)]  # a short look can be disturbed, so the best counts
            work["ceiling"] = {dtype: max(ceiling[dtype] for ceiling in ceilings) for dtype in ("f32", "bf16")}
            yield finish(work, args, job, rival)


def head(args):
    """The structure head alone, 1280 wide."""
    model = model_folder(args, "wide")
    for length in (200, 500) if args.quick else (200, 500, 1000, 2900):
        with contextlib.ExitStack() as stack:
            rival, ours = opener(stack, args)
            job = {"do": "pair_logits", "length": length, "seed": 1}
            contestants = []
            for dtype in ("f32", "bf16"):
                worker = ours()
                worker.ask(do="load", path=str(model), dtype=dtype)
                contestants.append(Contestant.at(worker, job, OURS, dtype))
            for dtype in ("f32", "bf16"):
                for way in ("plain", "official"):
                    if way == "official" and length > 1000:
                        continue  # the concatenation alone takes 8 * 1280 * length^2 bytes in f32: 86 GB
                    worker = stack.enter_context(rival())
                    worker.ask(do="load_head", path=str(model), dtype=dtype, way=way)
                    contestants.append(Contestant.at(worker, job, THEIRS, dtype, way))
            alternate(contestants, args.rounds or (2 if args.quick or length >= 1000 else 5))
            work = {"work": f"structure head, 1280 wide, {length} nt", "unit": "s", "contestants": contestants}
            yield finish(work, args, job, rival)


def whole(args):
    """All of ArchiveII with a micro-sized model, from the start of the process to its end."""
    model, fasta = model_folder(args, "micro"), archive(args)
    batching = {dtype: best_batching(args, model, fasta, dtype) for dtype in ("f32", "bf16")}
    part = "a twentieth of ArchiveII" if args.quick else "ArchiveII"
    for verb, ending, options, rounds in (("embed", "npz", ["--include", "mean"], 2), ("fold", "txt", [], 1)):
        contestants = []
        if verb == "fold" and args.fold_every > 1:
            records = every(fasta, args.fold_every)
            fasta, part = args.work / "archive-part.fa", f"every {args.fold_every}th of {part}"
            fasta.write_text("".join(records))
        for dtype in ("f32", "bf16", "int8"):
            output = args.work / f"ours-{verb}-{dtype}.{ending}"
            command = [args.bin / "rinalmo", "-q", "-j", str(args.threads), verb, fasta, "-o", output]
            command += ["--model", model, "--dtype", dtype, *options]
            contestants.append(process(args, OURS, dtype, command, output))
        for dtype, choice in batching.items():
            output = args.work / f"theirs-{verb}-{dtype}.{ending}"
            command = peer_process(args, verb, model, fasta, output, dtype, *choice)
            note = f"{choice[0]}, {choice[1]} tokens a batch"
            contestants.append(process(args, THEIRS, dtype, command, output, note))
        alternate(contestants, args.rounds or rounds, warm=False)
        yield {"work": f"{verb} {part}, micro, whole process", "unit": "s", "contestants": contestants}


def process(args, side, dtype, command, output, note=""):
    """A contestant that runs a whole process, anew each round."""

    def run():
        output.unlink(missing_ok=True)
        return whole_process(command, args.threads)

    return Contestant(side, dtype, run, note)


def peer_process(args, verb, model, fasta, output, dtype, attention, budget):
    command = [args.python, HERE / "whole.py", verb, model, fasta, output, "--dtype", dtype]
    return [*command, "--attention", attention, "--batch-tokens", str(budget), "--threads", str(args.threads)]


def best_batching(args, model, fasta, dtype):
    """Attention and tokens a batch with which theirs embeds a twentieth of the records fastest."""
    sample = args.work / "sample.fa"
    sample.write_text("".join(every(fasta, 20)))
    tries = []
    for attention in ("sdpa", "eager"):
        for budget in (1024, 4096, 16384):
            output = args.work / "sample.npz"
            command = peer_process(args, "embed", model, sample, output, dtype, attention, budget)
            tries.append((whole_process(command, args.threads)["seconds"], attention, budget))
    return min(tries)[1:]


def training(args):
    """A step: forward, backward, AdamW."""
    with kept_buffers():
        yield from steps(args)


def kept_buffers():
    """Processes begun within keep freed buffers for the next step, as our program does for itself: else a quarter of a
    small step is spent on fresh pages."""
    most = str(2**31 - 1)
    kept = {"MALLOC_MMAP_THRESHOLD_": most, "MALLOC_TRIM_THRESHOLD_": most, "MALLOC_TOP_PAD_": str(2**28)}
    return mock.patch.dict(os.environ, kept)


def steps(args):
    """The comparison itself, of the encoder and of the structure head."""
    bench = bench_program(args)
    works = [("micro", 4, 256, 0.0), ("micro", 4, 256, 0.1), ("nano", 16, 128, 0.0), ("nano", 16, 128, 0.1)]
    for size, count, tokens, dropout in works:
        with contextlib.ExitStack() as stack:
            rival, ours = opener(stack, args)
            mine, theirs = ours(), stack.enter_context(rival())
            theirs.ask(do="load_training", path=str(model_folder(args, size)), dropout=dropout)
            job = {"do": "train_encoder", "count": count, "length": tokens - 2}
            chosen = f"step {size}_{count}_x_{tokens}" + ("_dropout" if dropout else "")
            contestants = stepping(args, bench, chosen, theirs, job)
            with_dropout = f", dropout {dropout}" if dropout else ""
            work = {"work": f"training step, {size}, {count} × {tokens}{with_dropout}", "unit": "s"}
            work["operations"] = 3 * operations(*WIDTHS[size], count, tokens)  # forward, and twice that backward
            ceilings = [mine.ask(do="ceiling") for _ in range(5)]
            work["ceiling"] = {dtype: max(ceiling[dtype] for ceiling in ceilings) for dtype in ("f32", "bf16")}
            yield {**work, "contestants": contestants}
    with contextlib.ExitStack() as stack:
        rival, _ = opener(stack, args)
        theirs = stack.enter_context(rival())
        theirs.ask(do="load_head_training", dim=480)
        contestants = [
            Contestant(OURS, "f32", lambda: bench_round(args, bench, "structure_head_150 480")),
            Contestant.at(theirs, {"do": "train_head", "length": 150}, THEIRS, "f32"),
        ]
        alternate(contestants, args.rounds or (2 if args.quick else 5))
        yield {"work": "training step, structure head, 480 wide, 150 nt", "unit": "s", "contestants": contestants}


def others(args):
    """Encoders of other papers with random weights: representations, and a training step."""
    bench = bench_program(args)
    for name in OTHERS:
        if args.only_size and name not in args.only_size:
            continue
        model = model_folder(args, name)
        with contextlib.ExitStack() as stack:
            rival, ours = opener(stack, args)
            job = {"do": "encode", "count": 8, "length": 254, "seed": 1}
            contestants = []
            for dtype in ("f32", "bf16"):
                mine = ours()
                mine.ask(do="load", path=str(model), dtype=dtype)
                contestants.append(Contestant.at(mine, job, OURS, dtype))
            for dtype in ("f32", "bf16"):
                contestants.append(best_attention(stack, rival, model, dtype, job))
            alternate(contestants, args.rounds or (2 if args.quick else 5))
            yield finish({"work": f"{name}, 8 × 254 nt", "unit": "tokens/s", "contestants": contestants}, args, job, rival)
        with contextlib.ExitStack() as stack, kept_buffers():
            rival, _ = opener(stack, args)
            theirs = stack.enter_context(rival())
            theirs.ask(do="load_training", path=str(model), dropout=0.1, way="library")
            job = {"do": "train_encoder", "count": 4, "length": 254}
            contestants = stepping(args, bench, f"step {name}_4_x_256_dropout", theirs, job)
            yield {"work": f"training step, {name}, 4 × 256, dropout 0.1", "unit": "s", "contestants": contestants}


def best_attention(stack, rival, model, dtype, job, ways=("sdpa", "eager")):
    """Their encoder in the fastest of these ways."""
    tries = []
    for attention in ways:
        with contextlib.ExitStack() as trial:
            worker = trial.enter_context(rival())
            worker.ask(do="load", path=str(model), dtype=dtype, attention=attention)
            run = Contestant.at(worker, job, THEIRS, dtype, attention)
            run.round(keep=False)
            tries.append((min(run.round(keep=False) for _ in range(2)), run, trial.pop_all()))
    tries.sort(key=lambda trial: trial[0])
    stack.enter_context(tries[0][2])
    for _, _, loser in tries[1:]:
        loser.close()
    return tries[0][1]


def stepping(args, bench, chosen, theirs, job):
    """Both sides' steps of one encoder in turn, in both precisions."""
    contestants = [
        Contestant(OURS, "f32", lambda: bench_round(args, bench, chosen)),
        Contestant(OURS, "bf16", lambda: bench_round(args, bench, chosen + "_bf16")),
        Contestant.at(theirs, job, THEIRS, "f32"),
        Contestant.at(theirs, {**job, "dtype": "bf16"}, THEIRS, "bf16"),
    ]
    alternate(contestants, args.rounds or (2 if args.quick else 5))
    return contestants


def accuracy(args):
    """What bf16 and int8 change, over TS0; told in words by a program of ours."""
    command = [args.bin / "examples" / "dtype_accuracy", args.model, data(args, "TS0.tsv.gz")]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    yield {"work": f"accuracy over TS0, {Path(args.model).name}", "text": told, "contestants": []}


def growth(args):
    """How time and memory grow with the length of a sequence and with the number of sequences; see figure.py."""
    model = model_folder(args, "nano")
    lengths, counts = [50, 100, 200, 500, 1000, 2000, 5000, 10000], [1, 4, 16, 64, 256, 1024]
    folded = [50, 100, 200, 500, 1000, 2000, 3000]
    if args.quick:
        lengths, counts, folded = lengths[:5], counts[:4], folded[:5]
    embeds = [("embed", 1, length) for length in lengths] + [("embed many", count, 100) for count in counts]
    for name, count, length in embeds:
        with contextlib.ExitStack() as stack:  # new processes each time, for their peak memory
            rival, ours = opener(stack, args)
            job = {"do": "encode", "count": count, "length": length, "seed": 1}
            mine, theirs = ours(), stack.enter_context(rival())
            mine.ask(do="load", path=str(model), dtype="bf16")
            theirs.ask(do="load", path=str(model), dtype="bf16", attention="plain")
            contestants = [
                Contestant.at(mine, job, OURS, "bf16"),
                Contestant.at(theirs, job, THEIRS, "bf16", "plain"),
            ]
            yield grown(args, name, count, length, contestants)
    for length in folded:
        (letters,) = sequences(1, length, seed=1)
        fasta = args.work / f"one-{length}.fa"
        fasta.write_text(f">one\n{letters}\n")
        output = args.work / "one.dbn"
        base = [args.bin / "rinalmo", "-q", "-j", str(args.threads), "fold", fasta, "-o", output]
        contestants = [process(args, OURS, name, [*base, "--model", name], output) for name in ("nano", "turner2004")]
        if args.vienna:
            command = [args.vienna, "-c", f"import RNA; RNA.fold('{letters}')"]
            contestants.append(process(args, "ViennaRNA", "MFE", command, output))
        yield grown(args, "fold", 1, length, contestants)


def grown(args, name, count, length, contestants):
    alternate(contestants, args.rounds or (2 if args.quick else 3))
    work = f"{name}, nano, {count:,} × {length:,} nt"
    size = count if name == "embed many" else length
    return {"work": work, "unit": "s", "grows": [name, size], "contestants": contestants}


def opener(stack, args):
    """How to start a worker of theirs, and of ours."""
    threads = str(args.threads)

    def rival():
        return Worker([args.python, HERE / "peer.py", "--threads", threads], args.threads)

    def ours():
        return stack.enter_context(Worker([args.bin / "examples" / "workload"], args.threads))

    return rival, ours


def finish(work, args, job, rival):
    """Shows that all contestants compute the same: differences from PyTorch's f32, or from ours where it cannot."""
    contestants = work["contestants"]
    paths = {}
    for number, contestant in enumerate(contestants):  # two may be of one side and precision
        path = args.work / f"{number}-{contestant.side}-{contestant.dtype}.f32"
        contestant.worker.ask(**job, output=str(path))
        paths[contestant] = path
    exact = next((c for c in contestants if (c.side, c.dtype) == (THEIRS, "f32")), contestants[0])
    with rival() as judge:
        for contestant in contestants:
            if contestant is not exact:
                told = judge.ask(do="compare", exact=str(paths[exact]), other=str(paths[contestant]))
                contestant.facts["largest_difference"] = told["largest"]
                contestant.facts["relative_difference"] = told["relative"]
    for path in paths.values():
        path.unlink()
    return work


def operations(width, blocks, sequences, tokens):
    """Floating-point operations of an encoder: its matrices, and attention's two products."""
    matrices = 4 * width * width + 3 * width * (8 * width // 3)
    return sequences * tokens * blocks * (2 * matrices + 4 * tokens * width)


def model_folder(args, size):
    folder = args.work / size
    if not (folder / "vocab.txt").exists():
        subprocess.run([args.python, HERE / "models.py", size, folder], check=True, capture_output=True)
    return folder


def data(args, name):
    if args.data is None or not (args.data / name).exists():
        raise OSError(f"{name} is not at hand\nhint: give its folder as --data")
    return args.data / name


def archive(args):
    """ArchiveII as FASTA."""
    fasta = args.work / ("archive-twentieth.fa" if args.quick else "archive.fa")
    with gzip.open(data(args, "ArchiveII.csv.gz"), "rt") as table:
        records = [f">{i}_{row['id']}\n{row['sequence']}\n" for i, row in enumerate(csv.DictReader(table))]
    fasta.write_text("".join(records[:: 20 if args.quick else 1]))
    return fasta


def every(fasta, step):
    return [f">{record}" for record in fasta.read_text().split(">")[1:]][::step]


def bench_program(args):
    """The training bench, built."""
    command = ["cargo", "bench", "--no-run", "--manifest-path", ROOT / "Cargo.toml", "--target-dir", args.target]
    command += ["-p", "rinalmo-model", "--bench", "train_step"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    print(told.splitlines()[-1], file=sys.stderr)
    return told.rpartition("(")[2].partition(")")[0]


def bench_round(args, program, name):
    """The median step of one run of the bench."""
    pattern = f"::{name.replace(' ', '::')}$"
    path = program if Path(program).is_absolute() else ROOT / program
    log = args.work / "train_step.txt"
    with open(log, "w") as output:
        cost = whole_process([path, "--bench", pattern, "--sample-count", "7"], args.threads, output)
    told = log.read_text()
    medians = divan_medians(told)
    if name not in medians:
        raise RuntimeError(f"the training bench told nothing of `{name}`\n{told}")
    return {"seconds": medians[name], "processor_seconds": cost["processor_seconds"], "peak": cost["peak"]}


SHOWS = {
    "encoder": encoder,
    "whole": whole,
    "head": head,
    "accuracy": accuracy,
    "training": training,
    "others": others,
    "growth": growth,
}
