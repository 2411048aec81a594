"""RNA structures, embeddings and scores from the RiNALMo language model.

>>> import rinalmo
>>> model = rinalmo.Model("nano")
>>> fold = model.fold("GGGGAAAACCCC")[0]
>>> fold.structure
'((((....))))'
>>> fold.bpp.shape
(12, 12)

- `Model`: fold, embed, score, predict;
- `rinalmo.energy`: free energies, without a network;
- `rinalmo.vienna`: the same with the names and shapes of ViennaRNA's module;
- `rinalmo.evaluate`: how well structures agree;
- `read`, `read_structures`: files of every format that the command reads;
- `draw`: pictures of structures;
- `rinalmo.corpus`, `pretrain`, `finetune`, `resume`, `calibrate`: train models of your own;
- `place`: embeddings as a map in two dimensions;
- `to_frame`: results as a data frame of pandas.
"""

from . import corpus, energy, evaluate, training, vienna
from ._calibrate import calibrate
from ._drawing import Drawing, draw
from ._errors import Error, InputError, InputWarning
from ._files import read, read_structures
from ._frames import to_frame
from ._model import Model
from ._place import Placed, place
from ._results import Alternative, Fold, Record, Structure
from ._rinalmo import __version__, models as _models
from .training import finetune, pretrain, resume

__all__ = [
    "Alternative",
    "Drawing",
    "Error",
    "Fold",
    "InputError",
    "InputWarning",
    "Model",
    "Placed",
    "Record",
    "Structure",
    "__version__",
    "calibrate",
    "corpus",
    "draw",
    "energy",
    "evaluate",
    "finetune",
    "models",
    "place",
    "pretrain",
    "read",
    "read_structures",
    "resume",
    "to_frame",
    "training",
    "vienna",
]


def models() -> list[str]:
    """Name the bundled models.

    `rinalmo model list` also names those that can be downloaded.

    Returns
    -------
    list of str
        The default one first.
    """
    return list(_models)
