"""Ensemble free energies and pair probabilities of made-up sequences, from ViennaRNA with its default model.

Sequences are drawn at random with different shares of G and C, some from stems, special hairpins and small internal
loops put together, so that every table is asked. Pairs of a probability under 1e-5 are left out.

    pip install ViennaRNA==2.7.2
    python make.py > cases.json
"""

import json
import random

import RNA

SEED = 20261205
SMALLEST = 1e-5
HAIRPINS = (
    "CAACG GUUAC CAACGG CCAAGG CCACGG CCCAGG CCGAGG CCGCGG CCUAGG CCUCGG CUAAGG CUACGG CUCAGG CUCCGG CUGCGG CUUAGG "
    "CUUCGG CUUUGG ACAGUACU ACAGUGAU ACAGUGCU ACAGUGUU GAAAC GGAAAC GGGGAC UGAAAA GCAGUACC".split()
)
PAIRS = ["CG", "GC", "GU", "UG", "AU", "UA"]


def letters(rng, length, strong):
    return "".join(rng.choice("GC" if rng.random() < strong else "AU") for _ in range(length))


def stem(rng, inner, pairs):
    """`inner` within pairs, between which small loops lie now and then."""
    for _ in range(pairs):
        left, right = rng.choices(PAIRS, weights=[4, 4, 1, 1, 2, 2])[0]
        if rng.random() < 0.3:
            sizes = rng.choice([(0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (1, 3), (4, 1), (3, 3), (0, 3)])
            inner = letters(rng, sizes[0], 0.5) + inner + letters(rng, sizes[1], 0.5)
        inner = left + inner + right
    return inner


def structured(rng, length):
    """Stems side by side, and within each other, up to about `length`."""
    text = ""
    while len(text) < length:
        loop = rng.choice(HAIRPINS)
        if rng.random() < 0.3 and len(text) > 40:
            text = stem(rng, letters(rng, 2, 0.4) + text + letters(rng, 3, 0.4), 5)
        else:
            text += letters(rng, rng.randrange(4), 0.4) + stem(rng, loop, rng.randrange(3, 9))
    return text


def sequences(rng):
    for length in (5, 6, 8, 11, 15, 20, 27, 33, 40, 52, 64, 77, 90, 105, 130, 160, 210, 260):
        yield letters(rng, length, rng.choice([0.3, 0.5, 0.7]))
    for length, strong in ((60, 1.0), (120, 0.9), (100, 0.0), (150, 0.15), (330, 0.5), (400, 0.45)):
        yield letters(rng, length, strong)
    for length in (20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 110, 130, 170, 220, 300):
        yield structured(rng, length)
    for loop in HAIRPINS:
        yield stem(rng, loop, 4)
    yield "GGGGGGGGGGAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACCCCCCCCCC"  # a hairpin longer than the table
    yield "GGGGGGAAAAAAAAAAAAAAAAAAAAAAAAAAAGGGGGAAAACCCCCAAACCCCCC"  # the largest internal loop, 27 and 3
    yield "GGGGGGAAAAAAAAAAAAAAAAAAAAAAAAAAAGGGGGAAAACCCCCAAAACCCCCC"  # one base too large
    for end in "ACGU":  # one dangling end
        yield end + "GGGCAAAAGCCC"
        yield "GGGCAAAAGCCC" + end
        yield end + "UGGCAAAAGCCG"
        yield "AGGCAAAAGCCU" + end


def case(sequence):
    fold = RNA.fold_compound(sequence)
    _, energy = fold.pf()
    rows = fold.bpp()
    pairs = [
        [i - 1, j - 1, float(f"{rows[i][j]:.6f}")]
        for i in range(1, len(sequence) + 1)
        for j in range(i + 1, len(sequence) + 1)
        if rows[i][j] >= SMALLEST
    ]
    return {"sequence": sequence, "energy": round(energy, 5), "pairs": pairs}


def main():
    rng = random.Random(SEED)
    cases = [json.dumps(case(sequence), separators=(",", ":")) for sequence in sequences(rng)]
    print("[" + ",\n".join(cases) + "]")


main()
