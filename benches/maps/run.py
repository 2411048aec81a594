"""Maps by `rinalmo map` beside those of scikit-learn and umap-learn, of the same vectors.

    python benches/maps/run.py EMBEDDINGS.npz LABELS.tsv --program target/release/rinalmo [--json FILE]

EMBEDDINGS is a file of `rinalmo embed --include mean`, LABELS a table with the columns `id` and `family`. All maps are
judged by scikit-learn's functions, whoever made them: trustworthiness of 15 neighbours, the share of a point's 10
nearest that are of its family, silhouette by family. Methods run in turn, one at a time, with each program's defaults.
Ours is timed as a whole command, judging and reading included; the others by `fit_transform` alone, after a small map
that lets numba compile. Needs scikit-learn and umap-learn in this Python (`requirements.txt`).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors
from umap import UMAP

Map = tuple[numpy.ndarray, float, float]  # places in the order of ids, seconds by the clock, seconds of processors


def ours(program: str, method: str, seed: int, embeddings: Path, threads: int) -> Map:
    """Places by the command."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "map.tsv"
        command = [program, "map", str(embeddings), "--method", method, "-o", str(table), "--threads", str(threads)]
        command += ["--seed", str(seed)] if method == "umap" else []
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        with table.open() as rows:
            places = {row["id"]: (float(row["x"]), float(row["y"])) for row in csv.DictReader(rows, delimiter="\t")}
    processors = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return numpy.array([places[name] for name in sorted(places)]), wall, processors


def theirs(method: str, seed: int, vectors: numpy.ndarray, threads: int) -> Map:
    """Places by scikit-learn or umap-learn."""
    make = {
        "pca": lambda: PCA(2),
        "tsne": lambda: TSNE(n_jobs=threads, random_state=seed),
        "umap": lambda: UMAP(n_jobs=threads, random_state=seed),
    }[method]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap-learn says that a seed leaves it one thread
        make().fit_transform(vectors[:200])
        cpu, begun = time.process_time(), time.perf_counter()
        places = make().fit_transform(vectors)
    return places, time.perf_counter() - begun, time.process_time() - cpu


def judge(vectors: numpy.ndarray, places: numpy.ndarray, families: numpy.ndarray) -> dict[str, float]:
    """How far to trust a map, by scikit-learn."""
    nearest = NearestNeighbors(n_neighbors=10).fit(places).kneighbors(return_distance=False)
    return {
        "trustworthiness": float(trustworthiness(vectors, places, n_neighbors=15)),
        "purity": float((families[nearest] == families[:, None]).mean()),
        "silhouette": float(silhouette_score(places, families)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("embeddings", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--program", default="target/release/rinalmo", help="our program")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seeds", type=int, default=3, help="seeds of UMAP, and rounds of the others")
    parser.add_argument("--json", type=Path, help="write every figure into this file")
    arguments = parser.parse_args()
    with numpy.load(arguments.embeddings) as file, arguments.labels.open() as table:
        vectors = {name.removesuffix("/mean"): file[name] for name in file.files if name.endswith("/mean")}
        family = {row["id"]: row["family"] for row in csv.DictReader(table, delimiter="\t")}
    order = sorted(vectors)
    families, vectors = numpy.array([family[name] for name in order]), numpy.array([vectors[name] for name in order])
    libraries = {"umap": f"umap-learn {version('umap-learn')}"}
    makers: dict[str, Callable[[str, int], Map]] = {
        "rinalmo": lambda method, seed: ours(
            arguments.program, method, seed, arguments.embeddings, arguments.threads
        ),
        "peer": lambda method, seed: theirs(method, seed, vectors, arguments.threads),
    }
    rows = []
    for seed in range(arguments.seeds):
        for method in ("pca", "tsne", "umap"):
            for maker, make in makers.items():
                places, wall, cpu = make(method, seed)
                name = maker if maker == "rinalmo" else libraries.get(method, f"scikit-learn {version('scikit-learn')}")
                rows.append({"method": method, "by": name, "seed": seed, "seconds": wall, "processors": cpu})
                rows[-1] |= judge(vectors, places, families)
                print(rows[-1], file=sys.stderr)
    print("method | by | trustworthiness (15) | purity (10) | silhouette | time | processor time")
    print("---|---|---|---|---|---|---")
    for method, name in dict.fromkeys((row["method"], row["by"]) for row in rows):
        of = [row for row in rows if (row["method"], row["by"]) == (method, name)]
        mean = {what: statistics.mean(row[what] for row in of) for what in ("trustworthiness", "purity", "silhouette")}
        wall, cpu = (statistics.median(row[what] for row in of) for what in ("seconds", "processors"))
        figures = f"{mean['trustworthiness']:.4f} | {mean['purity']:.4f} | {mean['silhouette']:.3f}"
        print(f"{method} | {name} | {figures} | {wall:.1f} s | {cpu:.1f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
