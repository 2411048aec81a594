"""Scores of a model: pseudo-perplexity, and effects of variants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Union

from ._each import Same, by_id, entries_of
from ._errors import InputError
from ._inputs import Given, Sequences
from ._options import flag, shown
from ._verbs import Call, run, stream

if TYPE_CHECKING:
    from . import _rinalmo
    from ._files import OnError

Variants = Union[Sequence[str], Mapping[Any, Sequence[str]]]
"""Variants of every sequence, or by id."""


class Scores:
    """What scores."""

    _engine: _rinalmo.Engine

    def score(self, sequences: Sequences, *, unmasked: bool = False) -> list[dict[str, Any]]:
        """Pseudo-perplexity of sequences.

        Parameters
        ----------
        sequences
            As of `fold`.
        unmasked : bool
            Predict all bases in one pass over the unmasked sequence, instead of masking each: much faster, less accurate.

        Returns
        -------
        list of dict
            id, length, loss (mean negative log-likelihood of a base, in nats), perplexity (`exp(loss)`), marginal
            ("masked" or "unmasked"), and log_likelihoods, an ndarray of float32, shape (len,).
        """
        call = self._scores(unmasked)
        return run(sequences, call, _scored(unmasked))

    def score_iter(
        self, sequences: Sequences, *, unmasked: bool = False, on_error: OnError = "raise"
    ) -> Iterator[dict[str, Any]]:
        """The same for sequences as they come, one batch in memory at a time.

        Parameters
        ----------
        sequences, unmasked
            As of `score`.
        on_error : str
            "raise" the error of a sequence after the results before it, or "warn" and continue with the next.
        """
        return stream(sequences, self._scores(unmasked), _scored(unmasked), on_error)

    def _scores(self, unmasked: bool) -> Call:
        unmasked = flag("unmasked", unmasked)
        return lambda batch, first, on_error: self._engine.score(batch, first, on_error, unmasked)

    def variants(
        self, sequences: Sequences, variants: Variants, *, unmasked: bool = False
    ) -> list[dict[str, Any]]:
        """Score variants: how much more probable the model finds the new base than the old one.

        Parameters
        ----------
        sequences
            As of `fold`.
        variants : sequence of str, or mapping of ids to such
            Variants of every sequence, or of each by its id: "A23G", "A23G+C40U" (both together), or HGVS. Positions
            count from 1.
        unmasked : bool
            As of `score`.

        Returns
        -------
        list of dict
            For each variant id, variant (its normal form), llr (log-likelihood ratio in nats, below 0 if the variant is
            less probable), marginal.

        Raises
        ------
        InputError
            A variant cannot be read, is no substitution, or does not fit its sequence.
        """
        if isinstance(variants, Mapping):
            own: Same = by_id("variants", variants, _texts, usual=[])
        else:
            own = Same(_texts(variants))
        unmasked = flag("unmasked", unmasked)

        def call(batch: list[tuple[str, bytes]], first: int, on_error: str) -> tuple[list[Any], list[str]]:
            of_each = own.of([name for name, _ in batch], True)
            own.check()
            return self._engine.variants(batch, first, on_error, of_each, unmasked)

        def rows(one: Given, found: list[tuple[str, float]]) -> list[dict[str, Any]]:
            marginal = _marginal(unmasked)
            return [{"id": one.id, "variant": name, "llr": llr, "marginal": marginal} for name, llr in found]

        return [row for of_one in run(sequences, call, rows) for row in of_one]


def _texts(variants: Any) -> list[str]:
    if isinstance(variants, str):
        raise InputError("variants: expected a list of texts, found a text")
    texts = entries_of("variants", "a list of texts", variants)
    for text in texts:
        if not isinstance(text, str):
            raise InputError(f"variants: expected a list of texts, found {shown(text)} in it")
    return texts


def _marginal(unmasked: bool) -> str:
    return "unmasked" if unmasked else "masked"


def _scored(unmasked: bool) -> Callable[[Given, dict[str, Any]], dict[str, Any]]:
    def row(one: Given, found: dict[str, Any]) -> dict[str, Any]:
        likelihoods = found.pop("log_likelihoods")
        return {"id": one.id, **found, "marginal": _marginal(unmasked), "log_likelihoods": likelihoods}

    return row
