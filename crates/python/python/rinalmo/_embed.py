"""Vectors of a model: embeddings, logits, attention weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional, overload

import numpy as np

from ._errors import InputError
from ._inputs import Given, Sequences
from ._options import perhaps, shown, whole
from ._verbs import Call, run, stream

if TYPE_CHECKING:
    from typing import Literal

    import numpy.typing as npt

    from . import _rinalmo
    from ._files import OnError

    Vector = npt.NDArray[np.float32]


class Embeds:
    """What embeds."""

    _engine: _rinalmo.Engine
    dim: int
    """Numbers in the vector of a base."""

    @overload
    def embed(
        self, sequences: Sequences, pool: Literal["mean", "cls"] = "mean", *,
        window: Optional[int] = None, overlap: Optional[int] = None,
    ) -> Vector: ...
    @overload
    def embed(
        self, sequences: Sequences, pool: None, *, window: Optional[int] = None, overlap: Optional[int] = None
    ) -> list[Vector]: ...

    def embed(
        self,
        sequences: Sequences,
        pool: Optional[Literal["mean", "cls"]] = "mean",
        *,
        window: Optional[int] = None,
        overlap: Optional[int] = None,
    ) -> Vector | list[Vector]:
        """Embed sequences.

        Parameters
        ----------
        sequences
            As of `fold`.
        pool : str or None
            "mean" of the vectors of the bases, the vector of "cls", or `None` for the vectors of all bases.
        window : int, optional
            Cut sequences that are longer into windows of so many bases, and average where they overlap.
        overlap : int, optional
            Bases that neighbouring windows share; by default half a window.

        Returns
        -------
        ndarray of float32, shape (n, dim)
            With `pool`; a row for each sequence, in their order.
        list of ndarray of float32, shape (len, dim)
            With `pool=None`; without the special tokens.

        Raises
        ------
        InputError
            The first that any sequence meets: `embed_iter` can continue with the others.
        """
        found = run(sequences, self._pooled(pool, window, overlap), _second)
        if pool is None:
            return found
        return np.stack(found) if found else np.empty((0, self.dim), dtype=np.float32)

    def embed_iter(
        self,
        sequences: Sequences,
        pool: Optional[Literal["mean", "cls"]] = "mean",
        *,
        window: Optional[int] = None,
        overlap: Optional[int] = None,
        on_error: OnError = "raise",
    ) -> Iterator[tuple[str, Vector]]:
        """Embed sequences as they come, one batch in memory at a time.

        Parameters
        ----------
        sequences, pool, window, overlap
            As of `embed`.
        on_error : str
            "raise" the error of a sequence after the results before it, or "warn" and continue with the next.

        Yields
        ------
        (str, ndarray of float32)
            The id and the array: shape (dim,), or (len, dim) with `pool=None`.
        """
        return stream(sequences, self._pooled(pool, window, overlap), _with_id, on_error)

    def logits(self, sequences: Sequences) -> list[Vector]:
        """The logits of the masked-language head.

        Returns
        -------
        list of ndarray of float32, shape (len, 22)
            For each base those of all tokens: `<cls> <pad> <eos> <unk> <mask> A C G T I R Y K M S W B D H V N -`.
        """
        return run(sequences, self._vectors("logits", None, None), _second)

    def attentions(self, sequences: Sequences) -> list[Vector]:
        """The attention weights of every block and head.

        Returns
        -------
        list of ndarray of float32, shape (blocks, heads, len + 2, len + 2)
            The first and the last token are `<cls>` and `<eos>`.
        """
        return run(sequences, self._vectors("attentions", None, None), _second)

    def _pooled(self, pool: str | None, window: int | None, overlap: int | None) -> Call:
        if not (pool is None or isinstance(pool, str) and pool in ("mean", "cls")):
            found = f'"{pool}"' if isinstance(pool, str) else shown(pool)
            raise InputError(f'pool: expected "mean", "cls" or None, found {found}')
        return self._vectors(pool or "tokens", window, overlap)

    def _vectors(self, kind: str, window: int | None, overlap: int | None) -> Call:
        window, overlap = perhaps(whole, "window", window), perhaps(whole, "overlap", overlap)
        if window is None and overlap is not None:
            raise InputError("overlap: there are no windows; give window too")
        if window is not None and window < 1:
            raise InputError(f"window: expected at least 1 base, found {window}")
        windows = None if window is None else (window, window // 2 if overlap is None else overlap)
        return lambda batch, first, on_error: self._engine.embed(batch, first, on_error, kind, windows)


def _second(_one: Given, found: Any) -> Any:
    return found


def _with_id(one: Given, found: Any) -> tuple[str, Any]:
    return one.id, found
