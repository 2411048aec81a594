"""Structures of maximum expected accuracy and centroids of random sequences, with the probabilities they are made of, from
ViennaRNA. Pairs of a probability under 1e-5 are left out.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261129
GAMMAS = [0.3, 1.0, 4.0]


def case(sequence):
    fold = RNA.fold_compound(sequence)
    fold.pf()
    rows, length = fold.bpp(), len(sequence)
    pairs = [
        [i - 1, j - 1, float(f"{rows[i][j]:.7f}")]
        for i in range(1, length + 1)
        for j in range(i + 1, length + 1)
        if rows[i][j] >= 1e-5
    ]
    accuracies = [[gamma, *map(lambda x: round(x, 4) if isinstance(x, float) else x, fold.MEA(gamma))] for gamma in GAMMAS]
    return {"sequence": sequence, "pairs": pairs, "mea": accuracies, "centroid": fold.centroid()[0]}


def main():
    rng = random.Random(SEED)
    lengths = [5, 8, 12, 17, 25, 40, 60, 85, 120]
    sequences = ["".join(rng.choice(letters) for _ in range(length)) for length in lengths for letters in ("ACGU", "GGCCAU")]
    print("[" + ",\n".join(json.dumps(case(sequence), separators=(",", ":")) for sequence in sequences) + "]")


main()
