"""Golden values of areas under curves and of classification, from scikit-learn.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python make.py > cases.json
"""

import json

import numpy as np
from sklearn import metrics

SEED = 20261123


def main():
    rng = np.random.default_rng(SEED)
    lines = []
    for items, digits in [(10, 1), (40, 1), (40, 6), (300, 2), (300, 6)]:
        actual = rng.random(items) < 0.35
        scores = np.round(np.clip(rng.normal(0.4 + 0.2 * actual, 0.2), 0, 1), digits)
        chosen = scores > 0.5
        lines.append(json.dumps({
            "scores": scores.tolist(),
            "actual": actual.tolist(),
            "auroc": metrics.roc_auc_score(actual, scores),
            "auprc": metrics.average_precision_score(actual, scores),
            "f1": metrics.f1_score(actual, chosen, zero_division=0),
            "precision": metrics.precision_score(actual, chosen, zero_division=0),
            "recall": metrics.recall_score(actual, chosen, zero_division=0),
            "specificity": metrics.recall_score(~actual, ~chosen, zero_division=0),
            "accuracy": metrics.accuracy_score(actual, chosen),
            "mcc": metrics.matthews_corrcoef(actual, chosen),
        }))
    print("[\n" + ",\n".join(lines) + "\n]")


main()
