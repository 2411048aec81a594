"""Folds from ViennaRNA without lonely pairs, and with pairs of a limited span.

Without lonely pairs there are only minimum free energies: ViennaRNA's partition function leaves out only those pairs that
are lonely in every structure.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261201


def fold(sequence, no_lonely_pairs, span):
    details = RNA.md()
    details.noLP, details.max_bp_span = int(no_lonely_pairs), span
    fold = RNA.fold_compound(sequence, details)
    _, energy = fold.mfe()
    if no_lonely_pairs:
        return [round(energy, 2), None, None]
    fold.exp_params_rescale(energy)
    _, ensemble = fold.pf()
    return [round(energy, 2), round(ensemble, 5), round(fold.mean_bp_distance(), 4)]


def main():
    rng = random.Random(SEED)
    cases = []
    for length in [7, 12, 20, 33, 50, 75, 110, 160, 240, 400]:
        for choices in ("ACGU", "GGCCAU"):
            sequence = "".join(rng.choice(choices) for _ in range(length))
            for no_lonely_pairs, span in [(True, -1), (False, max(5, length // 4)), (False, max(6, 2 * length // 3)), (True, 30)]:
                found = fold(sequence, no_lonely_pairs, span)
                case = {"sequence": sequence, "no_lonely_pairs": no_lonely_pairs, "span": span, "found": found}
                cases.append(json.dumps(case, separators=(",", ":")))
    print("[" + ",\n".join(cases) + "]")


main()
