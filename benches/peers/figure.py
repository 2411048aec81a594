"""Draws what `run.py --only growth` measured, and prints how fast each curve rises at its end.

    python figure.py .work/results.json ../../docs/speed-growth.svg

Needs matplotlib.
"""

import json
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plot

COLUMNS = [
    ("embed", "Embed one sequence", "length, nt"),
    ("embed many", "Embed many sequences of 100 nt", "sequences"),
    ("fold", "Fold one sequence", "length, nt"),
]
ROWS = [("seconds", lambda run: run["median"]), ("peak memory, MiB", lambda run: run["peak_bytes"] / 2**20)]
# Colours of Okabe and Ito, which colour-blind people can tell apart.
LOOKS = {
    "rinalmo bf16": ("rinalmo, bf16", "#0072b2", "o"),
    "PyTorch bf16": ("plain PyTorch, bf16", "#d55e00", "s"),
    "rinalmo nano": ("nano", "#0072b2", "o"),
    "rinalmo turner2004": ("turner2004, all pair probabilities", "#009e73", "^"),
    "ViennaRNA MFE": ("RNA.fold, one structure, one thread", "#d55e00", "s"),
}


def main(results, output):
    told = json.loads(Path(results).read_text())
    curves = curves_of(told["results"])
    plot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "rinalmo", "font.size": 9})
    figure, grid = plot.subplots(len(ROWS), len(COLUMNS), figsize=(11, 6), constrained_layout=True)
    for line, (quantity, value) in zip(grid, ROWS):
        for axes, (name, _, across) in zip(line, COLUMNS):
            for who, runs in curves[name].items():
                label, colour, marker = LOOKS[who]
                sizes, values = [size for size, _ in runs], [value(run) for _, run in runs]
                axes.loglog(sizes, values, label=label, color=colour, marker=marker, markersize=4)
            axes.set(xlabel=across, ylabel=quantity)
            axes.grid(alpha=0.3)
    for axes, (_, title, _) in zip(grid[0], COLUMNS):
        axes.set_title(title)
        axes.legend(fontsize=8, frameon=False)
    figure.savefig(output, metadata={"Date": None})
    exponents(curves)


def curves_of(results):
    """Runs by column and contestant, in the order of their sizes."""
    curves = {name: {} for name, *_ in COLUMNS}
    for result in results:
        if "grows" not in result:
            continue
        name, size = result["grows"]
        for run in result["contestants"]:
            curves[name].setdefault(f"{run['side']} {run['dtype']}", []).append((size, run))
    return curves


def exponents(curves):
    """The slope between the last two sizes, in the logarithms of both: 1 is linear, 2 quadratic."""
    print("| work | who | sizes | time grows with the power | memory |\n|---|---|---|---|---|")
    for name, title, _ in COLUMNS:
        for who, runs in curves[name].items():
            if len(runs) < 2:
                continue
            (x0, before), (x1, after) = runs[-2:]
            powers = [math.log(value(after) / value(before)) / math.log(x1 / x0) for _, value in ROWS]
            print(f"| {title} | {LOOKS[who][0]} | {x0:,} to {x1:,} | {powers[0]:.1f} | {powers[1]:.1f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
