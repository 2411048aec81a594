"""The largest difference between two runs of the same work on two devices.

    parity.py arrays ONE.npz OTHER.npz
    parity.py losses ONE/metrics.jsonl OTHER/metrics.jsonl
    parity.py structures ONE.dbn OTHER.dbn
"""

import json
import sys

import numpy


def arrays(one, other):
    one, other = numpy.load(one), numpy.load(other)
    names = [name for name in one.files if one[name].dtype.kind == "f"]
    worst = max(numpy.abs(one[name].astype(float) - other[name]).max() for name in names)
    print(f"{len(names)} arrays differ by at most {worst:.2e}")


def losses(one, other):
    steps = [[(line["loss"], line["norm"]) for line in lines(path) if line["kind"] == "step"] for path in (one, other)]
    for name, at in (("loss", 0), ("norm of the gradients", 1)):
        worst = max(abs(a[at] / b[at] - 1) for a, b in zip(*steps))
        print(f"{name}: {len(steps[0])} steps differ by at most {worst:.2e} of it; the last {steps[0][-1][at]:.6f}, {steps[1][-1][at]:.6f}")


def structures(one, other):
    pairs = list(zip(open(one).read().split("\n"), open(other).read().split("\n")))
    print(f"{sum(a == b for a, b in pairs)} of {len(pairs)} lines are equal")


def lines(path):
    return map(json.loads, open(path))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
