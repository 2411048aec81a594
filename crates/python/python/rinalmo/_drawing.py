"""Pictures of structures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Union

import numpy as np

from . import _rinalmo
from ._errors import InputError
from ._inputs import letters_of, warn
from ._options import flag, number, perhaps, shown, whole, word
from ._results import Fold, Structure, pair_list, parted

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._results import Path

StructureLike = Union[str, Fold, Structure]
"""A structure: dot-bracket text, a `Fold`, or a `Structure`."""


@dataclass(frozen=True)
class Drawing:
    """A picture, as SVG text. Notebooks show it.

    Attributes
    ----------
    svg : str
        The text of the SVG.
    """

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Drawing of {len(self.svg)} characters; .svg, .save(path)>"

    def save(self, path: Path) -> None:
        """Write the picture to a file: SVG, PNG or PDF, by the ending of its name.

        Parameters
        ----------
        path : str or path
            A name that ends in .svg, .png or .pdf.
        """
        name = os.fspath(path)
        ending = os.path.splitext(name)[1].lower()
        if ending == ".svg":
            content = self.svg.encode()
        elif ending == ".png":
            content = _rinalmo.png(self.svg)
        elif ending == ".pdf":
            content = _rinalmo.pdf(self.svg)
        else:
            raise InputError(f"{name}: expected a file that ends in .svg, .png or .pdf")
        with open(name, "wb") as file:
            file.write(content)


def pairs_and_length(structure: StructureLike) -> tuple[list[tuple[int, int]], int]:
    """The pairs of a structure, counted from 0, and its number of bases."""
    if isinstance(structure, str):
        pairs, length = _rinalmo.pairs_of(structure)
        return pair_list(pairs), length
    if isinstance(structure, (Fold, Structure)):
        return pair_list(structure.pairs), len(structure)
    raise InputError(f"expected a structure as text, Fold or Structure, found {type(structure).__name__}")


def draw(
    structure: StructureLike,
    sequence: Optional[str] = None,
    *,
    layout: str = "straight",
    color_by: Optional[str] = None,
    bpp: Optional[npt.NDArray[np.float32]] = None,
    values: Optional[Iterable[Optional[float]]] = None,
    reference: Optional[StructureLike] = None,
    highlight: Sequence[tuple[int, int]] = (),
    turn: Sequence[tuple[int, Union[float, str]]] = (),
    palette: str = "viridis",
    range: Optional[tuple[float, float]] = None,
    title: str = "",
    numbers: int = 10,
    circles: bool = True,
    legend: bool = True,
) -> Drawing:
    """Draw a structure, as `rinalmo draw` does.

    Parameters
    ----------
    structure : str, Fold or Structure
        What to draw; text may be two strands, joined by "&".
    sequence : str, optional
        Its letters, with "&" where the structure has it; a Fold and a Structure have their own. One letter for each
        base; of letters outside ASCII an X is drawn, with a warning.
    layout : str
        "straight" or "radial", in the plane without crossings; "arcs", "circular", "dot-plot" or "mountain".
    color_by : str, optional
        "letter", "part", "pair-probability", "paired", "confidence", "entropy", "value" or "none". By default "value" if
        there are values, else "letter".
    bpp : ndarray of float32, shape (len, len), optional
        Probabilities of all pairs; a Fold has its own. Those above 0.01 are used. Without this option, pairs of a Fold
        are coloured by its `pair_probabilities`.
    values : iterable of float or None, length len, optional
        A number for each base, such as its reactivity; None or NaN if there is none.
    reference : str, Fold or Structure, optional
        A structure to compare with: pairs are coloured as right, wrong or missed.
    highlight : sequence of (int, int)
        Ranges of positions to mark, counted from 0, the end not included.
    turn : sequence of (int, float or "flip")
        Stems to turn, one after the other, in a drawing in the plane: a position in the stem, counted from 0, with degrees
        clockwise, or with "flip" to draw it on the other side.
    palette : str
        "viridis", "cividis", "orange" or "grey", for numbers.
    range : (float, float), optional
        The ends of the colours.
    title : str
        A line above the drawing.
    numbers : int
        Number every so many bases, none for 0.
    circles, legend : bool
        Draw circles around letters; explain the colours.

    Returns
    -------
    Drawing
    """
    nick = structure.nick if isinstance(structure, Fold) else None
    if isinstance(structure, str):
        structure, nick = parted(structure)
    pairs, length = pairs_and_length(structure)
    own = structure.sequence if isinstance(structure, (Fold, Structure)) else None
    if sequence is None:
        text, other_nick = parted(own or "")
        letters = text.encode()
    else:
        letters, other_nick, remarks = letters_of(sequence, as_written=True)
        warn(() if sequence.isascii() else remarks, depth=2)
    if letters and nick != other_nick:
        raise InputError("two strands: expected one `&` in the structure and in the sequence, at the same place")
    if letters and len(letters) != length:
        raise InputError(f"the sequence has {len(letters)} letters, its structure {length} bases")
    known = None
    if isinstance(structure, Fold):
        # With other probabilities than its own, these are what its pairs are coloured by.
        known = [float(p) for p in structure.pair_probabilities] if bpp is None else None
        bpp = structure._bpp if bpp is None else bpp
    others = None
    if reference is not None:
        reference = parted(reference)[0] if isinstance(reference, str) else reference
        others, other_length = pairs_and_length(reference)
        if other_length != length:
            raise InputError(f"the reference has {other_length} bases, the structure {length}")
    settings = {
        "letters": letters,
        "len": length,
        "pairs": pairs,
        "nick": nick,
        "bpp": None if bpp is None else _map(bpp),
        "pair_probabilities": known,
        "reference": others,
        "values": None if values is None else [None if x is None or x != x else number("values", x) for x in values],
        "highlights": [(whole("highlight", start), whole("highlight", end)) for start, end in highlight],
        "turns": [(whole("turn", at), None if by == "flip" else number("turn", by)) for at, by in turn],
        "layout": word("layout", layout),
        "color_by": perhaps(word, "color_by", color_by),
        "palette": word("palette", palette),
        "range": None if range is None else (number("range", range[0]), number("range", range[1])),
        "title": word("title", title),
        "numbers": whole("numbers", numbers),
        "circles": flag("circles", circles),
        "legend": flag("legend", legend),
    }
    return Drawing(_rinalmo.draw(settings))


def _map(bpp: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Probabilities of all pairs as the extension module takes them."""
    try:
        found = np.asarray(bpp, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(f"bpp: expected an array of numbers, found {shown(bpp)}") from None
    if found.ndim != 2:
        raise InputError(f"bpp: expected an array [len, len], found one of {found.ndim} dimensions")
    return found
