"""Embeddings as points in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Optional

import numpy as np

from . import _rinalmo
from ._errors import InputError
from ._options import number, perhaps, thread_count, whole, word

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Placed:
    """Points on a map.

    Attributes
    ----------
    places : ndarray [n, 2]
        A place for each vector.
    axes : list of str
        The names of the axes.
    trust : float or None
        Trustworthiness, from 0 to 1: how many of the neighbours on the map are neighbours; None of too few vectors.
    neighbours : int
        Of so many neighbours.
    """

    places: npt.NDArray[np.float64]
    axes: list[str]
    trust: Optional[float]
    neighbours: int


def place(
    vectors: npt.ArrayLike,
    method: Literal["umap", "tsne", "pca"] = "umap",
    *,
    perplexity: Optional[float] = None,
    neighbours: Optional[int] = None,
    min_dist: Optional[float] = None,
    seed: int = 0,
    threads: Optional[int] = None,
) -> Placed:
    """Place vectors in two dimensions, so that similar ones are near each other.

    The places are those of the command `rinalmo map`, to the bit, for any number of threads.

    Parameters
    ----------
    vectors : array [n, dims]
        Such as those of `Model.embed`.
    method : str
        "umap", "tsne" or "pca".
    perplexity : float, optional
        t-SNE: about how many neighbours each point is drawn to; by default 30, or a third of the vectors if that is less.
    neighbours : int, optional
        UMAP: how many neighbours of each point are looked at, itself counted; by default 15.
    min_dist : float, optional
        UMAP: how close neighbours may be, from 0 to 1; by default 0.1.
    seed : int
        UMAP: seed of its random numbers.
    threads : int, optional
        Threads to compute with; by default as many as there are cores, or as RAYON_NUM_THREADS says.

    Returns
    -------
    Placed

    Raises
    ------
    InputError
        There are too few vectors, a number is not finite, or an option is of another method.

    Examples
    --------
    >>> import numpy as np
    >>> import rinalmo
    >>> rinalmo.place(np.eye(5), "pca").places.shape
    (5, 2)
    """
    array = np.asarray(vectors, dtype=np.float32)
    if array.ndim != 2:
        raise InputError(f"vectors: expected an array [n, dims], found one of {array.ndim} dimensions")
    fields: dict[str, Any] = _rinalmo.place(
        array,
        word("method", method),
        perhaps(number, "perplexity", perplexity),
        perhaps(whole, "neighbours", neighbours),
        perhaps(number, "min_dist", min_dist),
        whole("seed", seed),
        thread_count(threads),
    )
    return Placed(**fields)
