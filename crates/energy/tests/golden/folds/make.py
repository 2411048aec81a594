"""Minimum free energies, ensemble free energies and diversities from ViennaRNA under several conditions.

Sequences are drawn at random; every third has unknown letters.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261128
CONDITIONS = [(37.0, 2), (37.0, 0), (22.0, 2), (65.0, 2), (50.0, 0)]


def sequences():
    rng = random.Random(SEED)
    for length in [0, 1, 4, 5, 7, 10, 16, 23, 31, 40, 52, 66, 83, 104, 130, 165, 210, 280, 370]:
        for choices in ("ACGU", "GGCCAU", "ACGUACGUACGUNR"):
            yield "".join(rng.choice(choices) for _ in range(length))


def fold(sequence, temperature, dangles):
    if not sequence:
        return [temperature, dangles, 0.0, 0.0, 0.0]
    details = RNA.md()
    details.temperature, details.dangles = temperature, dangles
    fold = RNA.fold_compound(sequence, details)
    _, energy = fold.mfe()
    fold.exp_params_rescale(energy)
    _, ensemble = fold.pf()
    return [temperature, dangles, round(energy, 2), round(ensemble, 5), round(fold.mean_bp_distance(), 4)]


def main():
    cases = []
    for sequence in sequences():
        folds = [fold(sequence, *condition) for condition in CONDITIONS]
        cases.append(json.dumps({"sequence": sequence, "folds": folds}, separators=(",", ":")))
    print("[" + ",\n".join(cases) + "]")


main()
