"""How every verb runs over sequences: all in one call, or one batch after the other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, TypeVar, Union

from . import _rinalmo
from ._errors import InputError, InputWarning
from ._files import check_on_error
from ._inputs import Given, Sequences, given, warn
from ._results import Alternative, Fold

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._files import OnError

R = TypeVar("R")

Call = Callable[["list[tuple[str, bytes]]", int, str], "tuple[list[Any], list[str]]"]
"""A verb of the extension module: sequences, the number of the first, and what to do about errors."""

Constraint = Union[str, Sequence[Optional[str]], Mapping[str, str], None]
"""One constraint for every sequence, one for each, or by id."""

Numbers = Union[Sequence[Optional[float]], "npt.NDArray[Any]"]
"""A number for each base; `None` or NaN for bases that were not measured."""

Reactivities = Union[Numbers, Sequence[Optional[Numbers]], Mapping[str, Numbers], None]
"""Of one sequence, of each, or by id."""

BATCH_TOKENS = 16384
"""Tokens, bases and two more for each sequence, that a stream reads before their results are computed."""


def run(sequences: Sequences, call: Call, make: Callable[[Given, Any], R]) -> list[R]:
    """The results of all sequences, or the first error."""
    batch = list(given(sequences))
    results, remarks = call([(one.id, one.letters) for one in batch], 0, "raise")
    warn(remarks)
    return [make(one, result) for one, result in zip(batch, results)]


def stream(
    sequences: Sequences,
    call: Call,
    make: Callable[[Given, Any], R],
    on_error: OnError,
    tokens: int = BATCH_TOKENS,
) -> Iterator[R]:
    """The results of sequences as they come, one batch in memory at a time."""
    check_on_error(on_error)
    return _streamed(given(sequences), call, make, on_error, tokens)


def _streamed(
    records: Iterator[Given], call: Call, make: Callable[[Given, Any], R], on_error: OnError, tokens: int
) -> Iterator[R]:
    first = 0
    for batch in _batches(records, tokens):
        how = "stop" if on_error == "raise" else "give"
        results, remarks = call([(one.id, one.letters) for one in batch], first, how)
        warn(remarks, depth=2)
        for one, result in zip(batch, results):
            if not isinstance(result, Exception):
                yield make(one, result)
            elif on_error == "raise":
                raise result
            else:
                warnings.warn(f"left out: {result}", InputWarning, stacklevel=2)
        first += len(batch)


def _batches(records: Iterator[Given], tokens: int) -> Iterator[list[Given]]:
    batch: list[Given] = []
    filled = 0
    for record in records:
        size = len(record.letters) + 2
        if batch and filled + size > tokens:
            yield batch
            batch, filled = [], 0
        batch.append(record)
        filled += size
    if batch:
        yield batch


class Probing(NamedTuple):
    """Reactivities of bases, and what they count."""

    reactivities: Reactivities = None
    reagent: str = "shape"
    slope: float | None = None
    intercept: float | None = None


def folding(
    engine: _rinalmo.Engine | _rinalmo.EnergyEngine,
    constraint: Constraint,
    probing: Probing,
    settings: dict[str, Any],
) -> Call:
    """The verb `fold` of a model with its settings."""
    whole = {
        **settings,
        "reagent": probing.reagent,
        "reactivity_slope": probing.slope,
        "reactivity_intercept": probing.intercept,
    }

    def call(batch: list[tuple[str, bytes]], first: int, on_error: str) -> tuple[list[Any], list[str]]:
        names = [name for name, _ in batch]
        own = {
            "constraints": _of_each(constraint, names, first),
            "reactivities": _measured(probing.reactivities, names, first),
        }
        return engine.fold(batch, first, on_error, {**whole, **own})

    return call


def _measured(reactivities: Reactivities, names: list[str], first: int) -> list[list[float] | None]:
    """The reactivities of each sequence of a batch; NaN where nothing was measured."""
    if reactivities is None:
        return [None] * len(names)
    if isinstance(reactivities, Mapping):
        return [_numbers(reactivities.get(name)) for name in names]
    if not any(hasattr(one, "__len__") for one in reactivities):  # the numbers of one sequence
        if first > 0 or len(names) > 1:
            raise InputError(
                "reactivities: found those of one sequence, and several sequences\n"
                "hint: a list with those of each, None for none; or a mapping of ids"
            )
        return [_numbers(reactivities)]
    own = list(reactivities[first : first + len(names)])
    if len(own) < len(names):
        raise InputError(f"reactivities of {len(reactivities)} sequences, expected some for each; None is none")
    return [_numbers(one) for one in own]


def _numbers(values: Any) -> list[float] | None:
    if values is None:
        return None
    try:
        return [nan if value is None else float(value) for value in values]
    except (TypeError, ValueError):
        raise InputError("reactivities: expected numbers, None or NaN for bases that were not measured") from None


def _of_each(constraint: Constraint, names: list[str], first: int) -> list[str | None]:
    if constraint is None or isinstance(constraint, str):
        return [constraint] * len(names)
    if isinstance(constraint, Mapping):
        return [constraint.get(name) for name in names]
    own = list(constraint[first : first + len(names)])
    if len(own) < len(names):
        raise InputError(f"{len(constraint)} constraints, expected one for each sequence; None is none")
    return own


def folded(one: Given, fields: dict[str, Any]) -> Fold:
    """The result of a sequence."""
    left_out = fields.pop("left_out")
    if left_out:
        warnings.warn(
            f"record `{one.id}`: {left_out} pairs cross the others in more layers than there are brackets, and are only "
            "in .pairs",
            InputWarning,
            stacklevel=3,
        )
    others = fields.pop("alternatives", None)
    alternatives = None if others is None else [Alternative(*other) for other in others]
    return Fold(id=one.id, header=one.header, _bpp=fields.pop("bpp", None), alternatives=alternatives, **fields)


def settings(
    *,
    decode: str | None,
    threshold: float | None,
    f1_share: float | None,
    gamma: float | None,
    energy_share: float | None = None,
    min_loop: int | None = None,
    non_canonical: bool = False,
    pseudoknots: bool = False,
    bpp: bool,
    no_lonely_pairs: bool = False,
    max_span: int | None = None,
    alternatives: int | None = None,
    samples: int | None = None,
    band: float | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The settings of `fold` as the extension module takes them."""
    return {
        "decode": decode,
        "threshold": threshold,
        "f1_share": f1_share,
        "gamma": gamma,
        "energy_share": energy_share,
        "min_loop": min_loop,
        "non_canonical": non_canonical,
        "pseudoknots": pseudoknots,
        "bpp": bpp,
        "no_lonely_pairs": no_lonely_pairs,
        "max_span": max_span,
        "alternatives": alternatives,
        "samples": samples,
        "band": band,
        "seed": seed,
    }
