"""How well predicted structures agree with known ones.

>>> from rinalmo import evaluate
>>> scores = evaluate.structure("((........))", "((((....))))")
>>> scores["precision"], scores["recall"]
(1.0, 0.5)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Union

from . import _rinalmo
from ._drawing import StructureLike, pairs_and_length
from ._errors import InputError

if TYPE_CHECKING:
    Scores = dict[str, Union[float, int]]

__all__ = ["structure", "structures"]


def structure(predicted: StructureLike, reference: StructureLike) -> Scores:
    """Score a predicted structure against the known one.

    A pair counts as right if it is exact; in the figures that begin with "relaxed", also if one end is off by one
    position, as in the RiNALMo paper.

    Parameters
    ----------
    predicted, reference : str, Fold or Structure
        Two structures of the same sequence.

    Returns
    -------
    dict
        precision, recall, f1, mcc, relaxed_precision, relaxed_recall, relaxed_f1, relaxed_mcc, predicted_pairs,
        reference_pairs. Figures are 0 to 1, mcc from -1. Without pairs on a side, f1 is 0, as in the paper.

    Raises
    ------
    InputError
        The structures are not of one length.
    """
    found, length = pairs_and_length(predicted)
    known, known_length = pairs_and_length(reference)
    if length != known_length:
        raise InputError(f"the prediction has {length} bases, the reference {known_length}")
    return _rinalmo.compare(found, known, length)


def structures(
    predicted: Iterable[StructureLike], reference: Iterable[StructureLike]
) -> list[Scores]:
    """Score several predictions, each against its own reference.

    Parameters
    ----------
    predicted, reference : iterable of str, Fold or Structure
        As many of one as of the other, in the same order.

    Returns
    -------
    list of dict
        As of `structure`; `rinalmo.to_frame(scores).mean()` has the means.
    """
    predictions, references = list(predicted), list(reference)
    if len(predictions) != len(references):
        raise InputError(f"{len(predictions)} predictions, {len(references)} references; expected as many of both")
    return [structure(found, known) for found, known in zip(predictions, references)]
