"""Helpers with the names and shapes of ViennaRNA's Python module, computed here.

Energies are those of Turner 2004, as ViennaRNA's default. Positions count from 1, as there.

>>> from rinalmo import vienna
>>> vienna.fold("GGGGAAAACCCC")
('((((....))))', -5.4)
>>> float(vienna.bpp("GGGGAAAACCCC")[1, 12].round(2))
0.85
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import energy

if TYPE_CHECKING:
    from typing import Literal

    import numpy.typing as npt

__all__ = ["bpp", "cofold", "eval_structure", "fold"]


def fold(sequence: str, temperature: float = 37.0, *, dangles: Literal[0, 2] = 2) -> tuple[str, float]:
    """The structure of minimum free energy, as `RNA.fold`.

    Parameters
    ----------
    sequence : str
        Its letters.
    temperature : float
        In °C.
    dangles : int
        2 or 0, as of `RNAfold -d`.

    Returns
    -------
    (str, float)
        The structure in dot-bracket notation and its free energy in kcal/mol.
    """
    found = energy.fold(sequence, temperature=temperature, dangles=dangles, bpp=False)[0]
    assert found.mfe is not None
    return found.structure, found.mfe


def cofold(sequence: str, temperature: float = 37.0, *, dangles: Literal[0, 2] = 2) -> tuple[str, float]:
    """The structure of minimum free energy of two strands, as `RNA.cofold`.

    Parameters
    ----------
    sequence : str
        The letters of both, joined by "&".
    temperature, dangles
        As of `fold`.

    Returns
    -------
    (str, float)
        The structure in dot-bracket notation, without a mark between the strands, and its free energy in kcal/mol.
    """
    structure, least = fold(sequence, temperature, dangles=dangles)
    return structure.replace("&", ""), least


def bpp(sequence: str, temperature: float = 37.0, *, dangles: Literal[0, 2] = 2) -> npt.NDArray[np.float64]:
    """The probabilities of base pairs, as `fold_compound.bpp`.

    Parameters
    ----------
    sequence, temperature, dangles
        As of `fold`.

    Returns
    -------
    ndarray of float64, shape (len + 1, len + 1)
        The probability of the pair (i, j), i < j, is at [i, j], counted from 1; everything else is 0.
    """
    found = energy.fold(sequence, temperature=temperature, dangles=dangles)[0].bpp
    table = np.zeros((len(found) + 1, len(found) + 1))
    table[1:, 1:] = np.triu(found)
    return table


def eval_structure(
    sequence: str, structure: str, temperature: float = 37.0, *, dangles: Literal[0, 2] = 2
) -> float:
    """The free energy of a structure in kcal/mol, as `fold_compound.eval_structure`.

    Parameters
    ----------
    sequence : str
        Its letters; two strands are joined by "&".
    structure : str
        The structure in dot-bracket notation, with "&" where the sequence has it.
    temperature, dangles
        As of `fold`.
    """
    return energy.eval(sequence, structure, temperature=temperature, dangles=dangles).energy
