"""What the verbs return."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from . import _rinalmo
from ._errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._drawing import Drawing



@dataclass(frozen=True)
class Record:
    """A sequence of a file.

    Attributes
    ----------
    id : str
        The first word of its header.
    header : str
        All of its header.
    sequence : str
        Its letters.
    """

    id: str
    header: str
    sequence: str

    @property
    def seq(self) -> str:
        """Its letters, by Biopython's name."""
        return self.sequence

    def __len__(self) -> int:
        return len(self.sequence)


@dataclass(frozen=True, eq=False)
class Structure:
    """A structure of a file.

    Attributes
    ----------
    id : str
        Its name: the first word of its header, or the name of its file.
    header : str
        All of its header.
    sequence : str or None
        Its letters, if the file has them.
    pairs : ndarray of int64, shape (pairs, 2)
        Its pairs, `i < j`, counted from 0, sorted. A base may have several.
    length : int
        Number of bases.
    family : str or None
        Its family, if a table says.
    """

    id: str
    header: str
    sequence: Optional[str]
    pairs: npt.NDArray[np.int64] = field(repr=False)
    length: int
    family: Optional[str] = None

    @property
    def structure(self) -> str:
        """The structure in dot-bracket notation.

        Raises
        ------
        InputError
            A base has several partners, or pairs cross in more layers than there are brackets.
        """
        return _rinalmo.brackets(pair_list(self.pairs), self.length)

    def __len__(self) -> int:
        return self.length


@dataclass(frozen=True, eq=False)
class Alternative:
    """One of several structures of a sequence.

    Attributes
    ----------
    structure : str
        The structure in dot-bracket notation.
    energy : float
        Its free energy in kcal/mol; of a network, with what the network adds.
    share : float
        Its probability in the ensemble; if clusters were asked for, the share of the structures like it.
    """

    structure: str
    energy: float
    share: float


@dataclass(frozen=True, eq=False)
class Fold:
    """A folded sequence.

    Attributes
    ----------
    id : str
        The id of the sequence.
    header : str
        Its header: the id, if it has no other.
    sequence : str
        Its letters, as they were folded; two strands are joined by "&".
    structure : str
        The structure in dot-bracket notation, with further kinds of brackets for pseudoknots; two strands are joined by "&".
    pairs : ndarray of int64, shape (pairs, 2)
        Its pairs, `i < j`, counted from 0.
    pair_probabilities : ndarray of float32, shape (pairs,)
        Their probabilities: those in `bpp`. With `pseudoknots=True`, helices that cross the structure have theirs in
        the ensemble of the bases that the structure leaves unpaired, which `bpp` does not hold.
    score : float
        Mean of `pair_probabilities`, 0 if there are none.
    expected_f1 : float or None
        The F1 to expect of the structure, relaxed: a pair may be one position off. `None` if the model is not calibrated
        for how it was folded.
    threshold : float
        The threshold of probability that was used.
    crossing_left_out : int
        Pairs more probable than 0.5 that were left out because they cross others: a pseudoknot that
        `pseudoknots=True` or, with other models, `decode="greedy"` can return. Of a model with an ensemble, such as
        "nano", the probability is that among the bases that the structure leaves unpaired.
    energy : float or None
        Free energy of the structure in kcal/mol, if an energy model folded it and the structure has no pseudoknot.
    mfe, ensemble_energy, diversity : float or None
        Minimum free energy, free energy of the ensemble (kcal/mol), and expected distance of two structures of the
        ensemble (base pairs), if an energy model folded it.
    binding : float or None
        What two strands gain by binding, in kcal/mol at 1 mol/l; infinite if no bases of both can pair.
    alternatives : list of Alternative or None
        Other structures, if they were asked for.
    """

    id: str
    header: str = field(repr=False)
    sequence: str
    structure: str
    pairs: npt.NDArray[np.int64] = field(repr=False)
    pair_probabilities: npt.NDArray[np.float32] = field(repr=False)
    score: float
    expected_f1: Optional[float]
    threshold: float = field(repr=False)
    crossing_left_out: int = field(repr=False)
    remark: str = field(repr=False)
    energy: Optional[float] = None
    mfe: Optional[float] = field(default=None, repr=False)
    ensemble_energy: Optional[float] = field(default=None, repr=False)
    diversity: Optional[float] = field(default=None, repr=False)
    binding: Optional[float] = field(default=None, repr=False)
    alternatives: Optional[list[Alternative]] = field(default=None, repr=False)
    _bpp: Optional[npt.NDArray[np.float32]] = field(default=None, repr=False)

    @property
    def bpp(self) -> npt.NDArray[np.float32]:
        """The probabilities of all pairs.

        Returns
        -------
        ndarray of float32, shape (len, len)
            Symmetric, with zeros on the diagonal. The array is the memory that it was computed in, not a copy. Of a
            model with an ensemble these are of structures without pseudoknots, whatever `pseudoknots` says.

        Raises
        ------
        InputError
            The sequence was folded with `bpp=False`.
        """
        if self._bpp is None:
            raise InputError(f"record `{self.id}`: the probabilities of all pairs were not kept; fold with bpp=True")
        return self._bpp

    @property
    def unpaired(self) -> npt.NDArray[np.float32]:
        """The probability of each base to be unpaired.

        Returns
        -------
        ndarray of float32, shape (len,)
            One less the sum of the base's probabilities of pairs. A network's may sum to more than 1; 0 is given then.
        """
        paired = self.bpp.sum(axis=1, dtype=np.float64)
        unpaired: npt.NDArray[np.float32] = np.maximum(1.0 - paired, 0.0).astype(np.float32)
        return unpaired

    @property
    def nick(self) -> Optional[int]:
        """The first base of the second strand, counted from 0, if there are two."""
        return parted(self.sequence)[1]

    def __len__(self) -> int:
        """The number of bases."""
        return len(parted(self.sequence)[0])

    def to_dbn(self) -> str:
        """The record in dot-bracket format, as `rinalmo fold` prints it."""
        return self._written("dbn", self.remark)

    def to_ct(self) -> str:
        """The record as a connectivity table, as `rinalmo fold --format ct` prints it."""
        return self._written("ct", None)

    def to_bpseq(self) -> str:
        """The record in BPSEQ format, as `rinalmo fold --format bpseq` prints it."""
        return self._written("bpseq", None)

    def _written(self, format: str, remark: str | None) -> str:
        letters, nick = parted(self.sequence)
        return _rinalmo.write(format, self.header, letters.encode(), pair_list(self.pairs), nick, remark)

    def to_dict(self) -> dict[str, Any]:
        """The scalars and texts of the result, for a data frame. Energies only if there are any."""
        columns: dict[str, Any] = {
            "id": self.id,
            "length": len(self),
            "sequence": self.sequence,
            "structure": self.structure,
            "score": self.score,
            "expected_f1": self.expected_f1,
            "crossing_left_out": self.crossing_left_out,
        }
        if self.mfe is not None:
            columns |= {
                "energy": self.energy,
                "mfe": self.mfe,
                "ensemble_energy": self.ensemble_energy,
                "diversity": self.diversity,
            }
        if self.binding is not None:
            columns["binding"] = self.binding
        return columns

    def draw(self, layout: str = "straight", **options: Any) -> Drawing:
        """Draw the structure.

        Parameters
        ----------
        layout : str
            "straight", "radial", "arcs", "circular", "dot-plot" or "mountain".
        **options
            As of `rinalmo.draw`. The title is the header by default.

        Returns
        -------
        Drawing
            Shown by notebooks, and saved by `Drawing.save`.
        """
        from ._drawing import draw

        options.setdefault("title", self.header)
        return draw(self, layout=layout, **options)


def parted(text: str) -> tuple[str, Optional[int]]:
    """A sequence or structure without the "&" between two strands, and the first base of the second one."""
    first, mark, second = text.partition("&")
    if mark and not (first and second) or "&" in second:
        raise InputError("two strands: expected one `&` between letters")
    return first + second, len(first) if mark else None


def pair_list(pairs: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """An array of pairs as the extension module takes them."""
    return [(int(i), int(j)) for i, j in pairs.tolist()]


Path = Union[str, "os.PathLike[str]"]
"""A path of a file."""
