"""Two strands from ViennaRNA: the minimum free energy of both, the free energies of each alone and of both bound to each
other, and the expected number of pairs of both strands if they are bound.

No strand equals the other one: of such ViennaRNA halves the weight.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261128


def fold(first, second, temperature, dangles):
    details = RNA.md()
    details.temperature, details.dangles = temperature, dangles
    fold = RNA.fold_compound(f"{first}&{second}", details)
    structure, energy = fold.mfe_dimer()
    fold.exp_params_rescale(energy)
    _, _, _, bound, both = fold.pf_dimer()
    pairs = fold.bpp()
    last = len(first) + len(second)
    between = sum(pairs[i][j] for i in range(1, len(first) + 1) for j in range(len(first) + 1, last + 1))
    return {"structure": structure, "found": [round(energy, 2), round(bound, 5), round(both, 5), round(between, 5)]}


def main():
    rng = random.Random(SEED)
    cases = []
    for lengths in [(1, 22), (5, 7), (9, 9), (21, 21), (22, 60), (40, 12), (70, 50), (120, 90), (21, 400), (300, 250)]:
        for choices in ("ACGU", "GGCCAU"):
            strands = ["".join(rng.choice(choices) for _ in range(length)) for length in lengths]
            for temperature, dangles in [(37.0, 2), (37.0, 0), (61.0, 2), (12.5, 0)]:
                case = {"strands": strands, "temperature": temperature, "dangles": dangles}
                cases.append(json.dumps({**case, **fold(*strands, temperature, dangles)}, separators=(",", ":")))
    print("[" + ",\n".join(cases) + "]")


main()
