"""Golden values of base-pair scores, from the formulas of the RiNALMo paper's evaluation.

Structures are drawn at random: hairpins, multiloops, crossing helices, bases with several partners, empty ones;
predictions are the reference with pairs lost, added and slipped. Maps are symmetric [L, L] arrays; the strict upper
triangle counts. Precision relaxes the target, recall relaxes the prediction: (i±1, j) and (i, j±1) count as well. F1
is their harmonic mean, 0 where they add up to less than 1e-5. Precision, recall and Matthews' coefficient of strict
agreement are scikit-learn's own; relaxed ones are checked against its functions too.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python make.py > cases.json
"""

import json
import random
import warnings

import numpy as np
from sklearn.metrics import f1_score, matthews_corrcoef, precision_score, recall_score

SEED = 20261123
warnings.simplefilter("ignore", UserWarning)  # structures without pairs on both sides


def draw(rng, length):
    """A random structure: helices within free stretches, some of them crossing."""
    pairs, free = set(), set(range(length))
    for _ in range(rng.randrange(0, 1 + length // 8)):
        i, j = sorted(rng.sample(range(length), 2))
        for step in range(rng.randrange(1, 9)):
            a, b = i + step, j - step
            if b - a > 3 and a in free and b in free:
                pairs.add((a, b))
                free -= {a, b}
    if rng.random() < 0.3 and pairs:  # a base with a second partner
        a, b = rng.choice(sorted(pairs))
        c = rng.randrange(length)
        if c not in (a, b):
            pairs.add((min(a, c), max(a, c)))
    return pairs


def disturb(rng, pairs, length):
    """A prediction: some pairs lost, some slipped by one or two positions, some made up."""
    found = set()
    for i, j in pairs:
        if rng.random() < 0.25:
            continue
        i += rng.choice([0, 0, 0, 0, 1, -1, 2])
        j += rng.choice([0, 0, 0, 0, 1, -1, -2])
        if 0 <= i < length and 0 <= j < length and i != j:
            found.add((min(i, j), max(i, j)))
    return found | (draw(rng, length) if rng.random() < 0.5 else set())


def matrix(pairs, length):
    matrix = np.zeros((length, length), dtype=int)
    for i, j in pairs:
        matrix[i, j] = matrix[j, i] = 1
    return matrix


def relax(matrix):
    padded = np.pad(matrix, 1)
    near = padded[1:-1, 1:-1] + padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return (near > 0).astype(int)


def upper(matrix):
    return matrix[np.triu_indices(len(matrix), k=1)]


def scores(target, prediction):
    strict_target, strict_prediction = upper(target), upper(prediction)
    near_target, near_prediction = upper(relax(target)), upper(relax(prediction))
    precision = precision_score(near_target, strict_prediction, zero_division=0)
    recall = recall_score(strict_target, near_prediction, zero_division=0)
    predicted, known = max(strict_prediction.sum(), 1), max(strict_target.sum(), 1)
    assert np.isclose(precision, (near_target * strict_prediction).sum() / predicted)
    assert np.isclose(recall, (near_prediction * strict_target).sum() / known)
    relaxed = {"precision": precision, "recall": recall}
    relaxed["f1"] = 0.0 if precision + recall < 1e-5 else 2 * precision * recall / (precision + recall)
    strict = {
        "precision": precision_score(strict_target, strict_prediction, zero_division=0),
        "recall": recall_score(strict_target, strict_prediction, zero_division=0),
        "f1": f1_score(strict_target, strict_prediction, zero_division=0),
        "mcc": matthews_corrcoef(strict_target, strict_prediction),
    }
    return {name: {key: float(value) for key, value in of.items()} for name, of in
            [("strict", strict), ("relaxed", relaxed)]}


def main():
    rng = random.Random(SEED)
    lines = []
    for length in [5, 8, 12, 20] * 5 + [35, 60, 76, 90] * 8 + [120, 160] * 4:
        reference = draw(rng, length)
        predicted = disturb(rng, reference, length)
        case = {"len": length, "reference": sorted(reference), "predicted": sorted(predicted)}
        case |= scores(matrix(reference, length), matrix(predicted, length))
        lines.append(json.dumps(case))
    print("[\n" + ",\n".join(lines) + "\n]")


main()
