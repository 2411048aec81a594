"""Fold the sequences of a file, and draw the surest structure.

    python examples/fold_and_draw.py examples/rnas.fa surest.svg
"""

import sys

import rinalmo

path, picture = sys.argv[1:]
model = rinalmo.Model("nano")

folds = list(model.fold_iter(rinalmo.read(path)))
for fold in folds:
    sure = (fold.pair_probabilities > 0.9).sum()
    print(f"{fold.id}: F1 about {fold.expected_f1:.2f}, {sure} of {len(fold.pairs)} pairs above 0.9")

surest = max(folds, key=lambda fold: fold.expected_f1 or 0)
surest.draw(color_by="confidence").save(picture)
print(f"{picture}: {surest.id}")
