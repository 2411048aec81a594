"""Folds with reactivities from ViennaRNA: minimum free energies, ensemble free energies, pair probabilities' diversity.

Sequences and reactivities are drawn at random; a third of the bases is not measured.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261130
METHODS = [(1.8, -0.6), (2.6, -0.8), (0.7, 0.3)]


def main():
    rng = random.Random(SEED)
    cases = []
    for length in [5, 12, 20, 33, 50, 75, 110, 160, 240, 330]:
        for slope, intercept in METHODS:
            sequence = "".join(rng.choice("ACGU") for _ in range(length))
            drawn = [None if rng.random() < 0.33 else round(rng.expovariate(2.0), 3) for _ in sequence]
            fold = RNA.fold_compound(sequence)
            fold.sc_add_SHAPE_deigan([-999.0] + [-999.0 if one is None else one for one in drawn], slope, intercept)
            _, energy = fold.mfe()
            fold.exp_params_rescale(energy)
            _, ensemble = fold.pf()
            found = [round(energy, 2), round(ensemble, 5), round(fold.mean_bp_distance(), 4)]
            case = {"sequence": sequence, "reactivities": drawn, "slope": slope, "intercept": intercept, "found": found}
            cases.append(json.dumps(case, separators=(",", ":")))
    print("[" + ",\n".join(cases) + "]")


main()
