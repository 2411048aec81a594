"""Suboptimal structures from ViennaRNA under several conditions.

Sequences are drawn at random; every third has unknown letters. Bands are in 0.01 kcal/mol, as wide as gives at most MOST
structures.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261129
CONDITIONS = [(37.0, 2), (37.0, 0), (22.0, 2), (65.0, 2)]
BANDS = [0, 40, 80, 120, 200, 300, 400, 500, 700, 900, 1200, 1500]
MOST = 150


def sequences():
    rng = random.Random(SEED)
    for length in [6, 9, 14, 20, 28, 37, 48, 61, 90, 140]:
        for choices in ("ACGU", "GGCCAU", "ACGUACGUACGUNR"):
            yield "".join(rng.choice(choices) for _ in range(length))


def structures(sequence, band, temperature, dangles):
    details = RNA.md()
    details.temperature, details.dangles, details.uniq_ML = temperature, dangles, 1
    found = RNA.fold_compound(sequence, details).subopt(band, 0)
    return sorted((round(one.energy, 2), one.structure) for one in found)


def main():
    cases = []
    for number, sequence in enumerate(sequences()):
        temperature, dangles = CONDITIONS[number % len(CONDITIONS)]
        found, widest = [], 0
        for band in BANDS:
            wider = structures(sequence, band, temperature, dangles)
            if len(wider) > MOST:
                break
            found, widest = wider, band
        case = {"sequence": sequence, "temperature": temperature, "dangles": dangles, "band": widest, "structures": found}
        cases.append(json.dumps(case, separators=(",", ":")))
    print("[" + ",\n".join(cases) + "]")


main()
