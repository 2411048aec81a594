"""Make the data of the tour (docs/tour.md), which are made up.

    python examples/tour/make.py

needs Python 3.9 and the program `rinalmo`, and always writes the same files.

A family is a random sequence that folds into a given shape. Its members differ in the stems, where both bases of a
pair change together, and a little in the loops. The structures are those of least free energy by the model of Turner
2004, and the label of a sequence is its share of G and C. So nothing here was measured in a laboratory.
"""

import csv
import random
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
SHAPES = [
    "....((((((((......))))))))....((((((.....))))))......",
    "..(((((((..((((......))))..((((.....))))..)))))))....",
    "(((((((..((((.......)))).(((((.......)))))....(((((.......))))))))))))....",
    "...(((((((...(((((((....)))))))...)))))))....((((((......))))))...",
]
FAMILIES = 16
MEMBERS = 50
CHANGED_PAIRS = 0.5  # share of the pairs that differ from the family's
CHANGED_LOOPS = 0.1  # share of the unpaired bases
PAIRS = ["GC", "CG", "GC", "CG", "AU", "UA", "GU", "UG"]  # a strong pair is as likely as all others


def partners(shape):
    """The pairs (i, j) of a dot-bracket structure."""
    open_, pairs = [], []
    for place, letter in enumerate(shape):
        if letter == "(":
            open_.append(place)
        elif letter == ")":
            pairs.append((open_.pop(), place))
    return pairs


def first_of_family(dice, shape):
    bases = [dice.choice("ACGU") if letter != "." else dice.choice("AACGUU") for letter in shape]
    for i, j in partners(shape):
        bases[i], bases[j] = dice.choice(PAIRS)
    return bases


def member(dice, shape, bases):
    bases = list(bases)
    for place, letter in enumerate(shape):
        if letter == "." and dice.random() < CHANGED_LOOPS:
            bases[place] = dice.choice("ACGU")
    for i, j in partners(shape):
        if dice.random() < CHANGED_PAIRS:
            bases[i], bases[j] = dice.choice(PAIRS)
    return "".join(bases)


def sequences():
    """Rows of id, sequence and family."""
    dice = random.Random(2026)
    for number in range(1, FAMILIES + 1):
        family, shape = f"family{number:02}", SHAPES[number % len(SHAPES)]
        first = first_of_family(dice, shape)
        for one in range(1, MEMBERS + 1):
            yield f"{family}_{one}", member(dice, shape, first), family


def write(name, header, rows, delimiter="\t"):
    with (FOLDER / name).open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def structures(rows):
    """The same rows with a structure each, by Turner 2004's energies."""
    fasta = "".join(f">{id_}\n{sequence}\n" for id_, sequence, _ in rows)
    run = ["rinalmo", "fold", "--model", "turner2004", "--format", "tsv", "-"]
    table = subprocess.run(run, input=fasta, capture_output=True, text=True, check=True).stdout
    folded = {row["id"]: row["structure"] for row in csv.DictReader(table.splitlines(), delimiter="\t")}
    return [(id_, sequence, folded[id_], family) for id_, sequence, family in rows]


def main():
    rows = list(sequences())
    with (FOLDER / "sequences.fa").open("w") as file:
        file.writelines(f">{id_}\n{sequence}\n" for id_, sequence, _ in rows)
    # Families are kept apart: a model is tested on families that it was not trained on.
    parts = {"train": range(1, 11), "validation": range(11, 14), "test": range(14, 17)}
    for name, numbers in parts.items():
        part = [row for row in rows if int(row[2][-2:]) in numbers][:: 2 if name == "train" else 3]
        write(f"{name}.tsv", ["id", "sequence", "structure", "family"], structures(part))
    labelled = [(id_, sequence, f"{sum(map(sequence.count, 'GC')) / len(sequence):.3f}") for id_, sequence, _ in rows]
    write("gc.csv", ["id", "sequence", "label"], labelled[::2], ",")


main()
