"""Predictions of a fine-tuned head."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional

from ._inputs import Given, Sequences
from ._options import perhaps, whole
from ._verbs import Call, run, stream

if TYPE_CHECKING:
    from . import _rinalmo
    from ._files import OnError


class Predicts:
    """What predicts."""

    _engine: _rinalmo.Engine

    def predict(self, sequences: Sequences, *, pad_to: Optional[int] = None) -> list[dict[str, Any]]:
        """Predict what the model was fine-tuned for: families, splice sites, ribosome load, or your own labels.

        Parameters
        ----------
        sequences
            As of `fold`.
        pad_to : int, optional
            For ribosome load, tokens to pad to: bases and two more. Other models pad no sequences, and refuse it.

        Returns
        -------
        list of dict
            id, and the columns of `rinalmo predict`: a number, a probability, or a class with its probability; of a model
            for bases a list. outputs, an ndarray of float32, has what the head gives before that.

        Examples
        --------
        >>> import rinalmo
        >>> trna = "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA"
        >>> rinalmo.Model("nano-family").predict(trna)[0]["family"]
        'tRNA'
        """
        return run(sequences, self._predictions(pad_to), _predicted)

    def predict_iter(
        self, sequences: Sequences, *, pad_to: Optional[int] = None, on_error: OnError = "raise"
    ) -> Iterator[dict[str, Any]]:
        """The same for sequences as they come, one batch in memory at a time.

        Parameters
        ----------
        sequences, pad_to
            As of `predict`.
        on_error : str
            "raise" the error of a sequence after the results before it, or "warn" and continue with the next.
        """
        return stream(sequences, self._predictions(pad_to), _predicted, on_error)

    def _predictions(self, pad_to: int | None) -> Call:
        tokens = perhaps(whole, "pad_to", pad_to)
        return lambda batch, first, on_error: self._engine.predict(batch, first, on_error, tokens)


def _predicted(one: Given, found: dict[str, Any]) -> dict[str, Any]:
    return {"id": one.id, **found}
