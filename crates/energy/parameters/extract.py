"""The Turner 2004 parameters at 37 °C as numbers in one text, from ViennaRNA's own table of them.

Kept are the energies (no enthalpies) of the six pairs CG GC GU UG AU UA and the letters A C G U, in this order; rows
for unknown letters are left out. Units are 0.01 kcal/mol. Source of the values: D. H. Turner and D. H. Mathews,
"NNDB: the nearest neighbor parameter database", Nucleic Acids Res. 38 (2010), D280-D282.

    pip install ViennaRNA==2.7.2
    python extract.py > turner2004.txt
"""

import itertools
import re
import tempfile

import RNA

PAIRS, LETTERS = 6, "ACGU"
DEFAULT = -50  # what the file writes as DEF

# section: (axes as they are stored, name here); p: 7 pairs of which 6 are kept, s: N and four letters, b: four letters
TABLES = {
    "stack": "pp",
    "mismatch_hairpin": "pss",
    "mismatch_internal": "pss",
    "mismatch_internal_1n": "pss",
    "mismatch_internal_23": "pss",
    "mismatch_multi": "pss",
    "mismatch_exterior": "pss",
    "dangle5": "ps",
    "dangle3": "ps",
    "int11": "ppss",
    "int21": "ppsss",
    "int22": "qqbbbb",
    "hairpin": "n",
    "bulge": "n",
    "internal": "n",
}
SIZES = {"p": 7, "q": 6, "s": 5, "b": 4, "n": 31}
KEPT = {"p": range(6), "q": range(6), "s": range(1, 5), "b": range(4), "n": range(31)}


def sections():
    with tempfile.NamedTemporaryFile(suffix=".par") as file:
        RNA.params_save(file.name)
        text = open(file.name).read()
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    for block in re.split(r"^# ", text, flags=re.MULTILINE)[1:]:
        name, _, body = block.partition("\n")
        yield name.strip(), body.split()


def value(word):
    return {"DEF": DEFAULT, "INF": 100000}.get(word) if word.isalpha() else int(word)


def main():
    words = dict(sections())
    for name, axes in TABLES.items():
        values = [value(word) for word in words[name]]
        sizes = [SIZES[axis] for axis in axes]
        strides = [1]
        for size in reversed(sizes[1:]):
            strides.insert(0, strides[0] * size)
        assert len(values) == sizes[0] * strides[0], (name, len(values))
        kept = [
            values[sum(i * stride for i, stride in zip(index, strides))]
            for index in itertools.product(*(KEPT[axis] for axis in axes))
        ]
        print(f"# {name}")
        width = {"pp": 6, "n": 31}.get(axes, 16 if len(axes) > 2 else 4)
        for start in range(0, len(kept), width):
            print(*kept[start : start + width])
    unpaired, _, closing, _, branch, _ = map(int, words["ML_params"])
    print("# multiloop: an unpaired base, closing, a branch", unpaired, closing, branch, sep="\n")
    slope, _, largest = map(int, words["NINIO"])
    print("# asymmetry: each base, at most", slope, largest, sep="\n")
    print("# terminal_au", words["Misc"][2], sep="\n")
    print("# logarithm: of long loops, 0.01 kcal/mol", words["Misc"][4], sep="\n")
    print("# hairpins")
    for name in ("Triloops", "Tetraloops", "Hexaloops"):
        for sequence, energy in zip(words[name][::3], words[name][1::3]):
            print(sequence, energy)


main()
