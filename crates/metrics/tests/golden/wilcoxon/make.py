"""Golden values of Wilcoxon's signed-rank test, from scipy.

Without ties scipy counts the distribution out; with ties, where it does not, all choices of signs are tried here for
few items, and its normal approximation is taken for many.

    pip install numpy==2.4.6 scipy==1.17.1
    python make.py > cases.json
"""

import itertools
import json

import numpy as np
from scipy.stats import rankdata, wilcoxon

SEED = 20261123


def by_all_signs(differences):
    left = differences[differences != 0]
    ranks = rankdata(np.abs(left))
    found = ranks[left > 0].sum()
    far = abs(found - ranks.sum() / 2) - 1e-9
    sums = [np.dot(signs, ranks) for signs in itertools.product([0, 1], repeat=len(left))]
    return float(np.mean([abs(value - ranks.sum() / 2) >= far for value in sums]))


def main():
    rng = np.random.default_rng(SEED)
    lines = []
    for items, shift in [(6, 0.1), (12, 0.3), (25, 0.2), (30, 0.05)]:
        differences = rng.normal(shift, 0.4, items)
        lines.append((differences, wilcoxon(differences, method="exact").pvalue))
    for items, shift in [(7, 0.1), (12, 0.2), (14, -0.2)]:
        differences = np.round(rng.normal(shift, 0.4, items), 1)
        lines.append((differences, by_all_signs(differences)))
    for items, shift, digits in [(80, 0.05, 8), (80, 0.1, 1), (400, 0.02, 2)]:
        differences = np.round(rng.normal(shift, 0.4, items), digits)
        lines.append((differences, wilcoxon(differences, correction=False, method="asymptotic").pvalue))
    text = [json.dumps({"differences": differences.tolist(), "p": float(p)}) for differences, p in lines]
    print("[\n" + ",\n".join(text) + "\n]")


main()
