"""Energies of structures from ViennaRNA, at several temperatures, without and with dangling ends.

Sequences are drawn at random, some with unknown letters. Structures are drawn from their ensembles, so that every kind of
loop occurs; some are given to another sequence, so that pairs of any letters occur.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261127
CONDITIONS = [(37.0, 2), (37.0, 0), (20.0, 2), (10.0, 0), (61.5, 2), (85.0, 2)]
LARGE = "GGGGAGGG" + "A" * 34 + "CCACC" + "A" * 40 + "GGCCCACCC" + "ACGU" * 9 + "CC"  # loops larger than the tables


def letters(rng, length, choices="ACGU"):
    return "".join(rng.choice(choices) for _ in range(length))


def structures():
    rng = random.Random(SEED)
    RNA.init_rand(SEED)
    for length in [5, 9, 14, 20, 26, 33, 41, 50, 60, 75, 90, 110, 140, 180, 240]:
        for choices in ("ACGU", "GGCCAU", "ACGUACGUACGUN"):
            sequence = letters(rng, length, choices)
            details = RNA.md()
            details.uniq_ML = 1  # for sampling
            fold = RNA.fold_compound(sequence, details)
            fold.exp_params_rescale(fold.mfe()[1])
            fold.pf()
            structure = fold.pbacktrack()
            yield sequence, structure
            if length < 80:
                yield letters(rng, length), structure
    bracket = ["."] * len(LARGE)
    for i, j in [(0, len(LARGE) - 1), (1, len(LARGE) - 2), (4, 129), (5, 128), (6, 95), (7, 94), (40, 55), (41, 54)]:
        bracket[i], bracket[j] = "(", ")"
    yield LARGE, "".join(bracket)


def energy(sequence, structure, temperature, dangles):
    details = RNA.md()
    details.temperature, details.dangles = temperature, dangles
    return round(RNA.fold_compound(sequence, details).eval_structure(structure), 2)


def main():
    cases = []
    for sequence, structure in structures():
        energies = [[*condition, energy(sequence, structure, *condition)] for condition in CONDITIONS]
        cases.append(json.dumps({"sequence": sequence, "structure": structure, "energies": energies}))
    print("[" + ",\n".join(cases) + "]")


main()
