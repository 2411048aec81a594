"""The Turner 2004 parameters, energies at 37 °C and enthalpies, as ViennaRNA writes them, without comments.

The result is a parameter file of version 2.0 that ViennaRNA reads too. Units are 0.01 kcal/mol. Source of the values:
D. H. Turner and D. H. Mathews, "NNDB: the nearest neighbor parameter database", Nucleic Acids Res. 38 (2010),
D280-D282.

    pip install ViennaRNA==2.7.2
    python extract.py > turner2004.par
"""

import re
import tempfile

import RNA

with tempfile.NamedTemporaryFile(suffix=".par") as file:
    RNA.params_save(file.name)
    text = open(file.name).read()
for line in re.sub(r"/\*.*?\*/", "", text).splitlines():
    words = line.split()
    if words:
        print(*words)
