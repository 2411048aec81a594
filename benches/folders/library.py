"""Folds with a library of Python that has no command of its own: reads FASTA from standard input, prints dot-bracket.

    python library.py vienna-mfe < my.fa             # also: vienna-mea, vienna-centroid, linearpartition-eterna,
                                                     # linearpartition-vienna, contrafold-mea
"""

import sys


def vienna(sequence, choose):
    import RNA

    compound = RNA.fold_compound(sequence)
    if choose == "mfe":
        return compound.mfe()[0]
    _, energy = compound.mfe()
    compound.exp_params_rescale(energy)
    compound.pf()
    return compound.MEA()[0] if choose == "mea" else compound.centroid()[0]


def linearpartition(sequence, mode):
    import linearpartition as library

    return library.partition(sequence, mode=mode)["structure"]


def contrafold(sequence):
    from gpu_contrafold import cpu

    return cpu.mea(sequence, cpu.load())


FOLDERS = {
    "vienna-mfe": lambda sequence: vienna(sequence, "mfe"),
    "vienna-mea": lambda sequence: vienna(sequence, "mea"),
    "vienna-centroid": lambda sequence: vienna(sequence, "centroid"),
    "linearpartition-eterna": lambda sequence: linearpartition(sequence, "eterna"),
    "linearpartition-vienna": lambda sequence: linearpartition(sequence, "vienna"),
    "contrafold-mea": contrafold,
}


def records(lines):
    """The name and the letters of each record."""
    name, letters = None, []
    for line in [*lines, ">"]:
        if not line.startswith(">"):
            letters.append(line.strip())
            continue
        if name is not None:
            yield name, "".join(letters)
        name, letters = line[1:].strip(), []


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in FOLDERS:
        sys.exit(f"expected one of {', '.join(FOLDERS)}")
    for name, sequence in records(sys.stdin):
        print(f">{name}\n{sequence}\n{FOLDERS[sys.argv[1]](sequence)}", flush=True)


main()
