"""How every verb runs over sequences: all in one call, or one batch after the other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, TypeVar, Union

from . import _rinalmo
from ._each import Listed, Same, by_id, entries_of, refuse_table
from ._errors import InputError, InputWarning
from ._files import check_on_error
from ._inputs import Given, Sequences, given, warn
from ._options import flag, number, perhaps, shown, whole, word
from ._results import Alternative, Fold

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._files import OnError

R = TypeVar("R")

Call = Callable[["list[tuple[str, bytes]]", int, str], "tuple[list[Any], list[str]]"]
"""A verb of the extension module: sequences, the number of the first, and what to do about errors."""

Constraint = Union[str, Sequence[Optional[str]], Mapping[Any, str], None]
"""One constraint for every sequence, one for each, or by id."""

Numbers = Union[Sequence[Optional[float]], "npt.NDArray[Any]"]
"""A number for each base; `None` or NaN for bases that were not measured."""

Reactivities = Union[Numbers, Sequence[Optional[Numbers]], Mapping[Any, Numbers], None]
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
    own: Sequence[Same] = (),
) -> Iterator[R]:
    """The results of sequences as they come, one batch in memory at a time. `own` are the options of single sequences:
    only after the last one it is known which were for none."""
    check_on_error(on_error)
    return _streamed(given(sequences), call, make, on_error, own)


def _streamed(
    records: Iterator[Given], call: Call, make: Callable[[Given, Any], R], on_error: OnError, own: Sequence[Same]
) -> Iterator[R]:
    first = 0
    for batch in _batches(records, BATCH_TOKENS):
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
    for option in own:
        try:
            option.check()
        except InputError as error:
            if on_error == "raise":
                raise
            warnings.warn(str(error), InputWarning, stacklevel=2)


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

    def check(self) -> None:
        """Refuse what changes nothing without reactivities."""
        if self.reactivities is not None:
            return
        reagent = None if self.reagent == "shape" else self.reagent
        options = {"reagent": reagent, "reactivity_slope": self.slope, "reactivity_intercept": self.intercept}
        for option, given in options.items():
            if given is not None:
                raise InputError(f"{option}: there are no reactivities; give reactivities too")


def folding(
    engine: _rinalmo.Engine | _rinalmo.EnergyEngine,
    constraint: Constraint,
    probing: Probing,
    settings: dict[str, Any],
) -> tuple[Call, tuple[Same, Same]]:
    """The verb `fold` of a model with its settings, and the options of single sequences."""
    probing.check()
    all_of_them = {
        **settings,
        "reagent": word("reagent", probing.reagent),
        "reactivity_slope": perhaps(number, "reactivity_slope", probing.slope),
        "reactivity_intercept": perhaps(number, "reactivity_intercept", probing.intercept),
    }
    constraints, reactivities = _constraints(constraint), _reactivities(probing.reactivities)

    def call(batch: list[tuple[str, bytes]], first: int, on_error: str) -> tuple[list[Any], list[str]]:
        names, is_all = [name for name, _ in batch], on_error == "raise"
        own = {"constraints": constraints.of(names, is_all), "reactivities": reactivities.of(names, is_all)}
        if is_all:
            constraints.check()
            reactivities.check()
        return engine.fold(batch, first, on_error, {**all_of_them, **own})

    return call, (constraints, reactivities)


def _constraints(constraint: Constraint) -> Same:
    if constraint is None or isinstance(constraint, str):
        return Same(constraint)
    if isinstance(constraint, Mapping):
        return by_id("constraint", constraint, _constraint)
    entries = entries_of("constraint", "a text, one for each sequence, or a mapping of ids", constraint)
    return Listed("constraints", [_constraint(one) for one in entries])


def _constraint(text: Any) -> str | None:
    if text is None or isinstance(text, str):
        return text
    raise InputError(f"constraint: expected a text or None, found {shown(text)}")


def _reactivities(reactivities: Reactivities) -> Same:
    """The reactivities of each sequence; NaN where nothing was measured."""
    if reactivities is None:
        return Same(None)
    if isinstance(reactivities, Mapping):
        return by_id("reactivities", reactivities, _numbers)
    entries = entries_of("reactivities", "numbers, a list of them for each sequence, or a mapping of ids", reactivities)
    if all(one is None for one in entries):
        return Unmeasured("lists of reactivities", entries)
    if not any(hasattr(one, "__len__") and getattr(one, "ndim", 1) != 0 for one in entries):
        return OfOne("reactivities", [_numbers(entries)])
    return Listed("lists of reactivities", [_numbers(one) for one in entries])


class OfOne(Listed):
    """The reactivities of a single sequence."""

    def of(self, names: list[str], is_all: bool) -> list[Any]:
        if self._count + len(names) > 1:
            raise InputError(
                "reactivities: found those of one sequence, and several sequences\n"
                "hint: a list with those of each, None for none; or a mapping of ids"
            )
        return super().of(names, is_all)

    def check(self) -> None:
        """Numbers for one sequence are for none, if none came."""


class Unmeasured(Listed):
    """A list of nothing but None: none for each sequence, or for each base of a single one."""

    def of(self, names: list[str], is_all: bool) -> list[Any]:
        self._count += len(names)
        if is_all and len(names) == 1 and len(self._entries) != 1:
            return [[nan] * len(self._entries)]  # folding says whether there are as many bases
        return [None] * len(names)

    def check(self) -> None:
        if self._count != 1:
            super().check()


def _numbers(values: Any) -> list[float] | None:
    if values is None:
        return None
    expected = "reactivities: expected numbers, None or NaN for bases that were not measured"
    refuse_table("reactivities", values)
    if isinstance(values, (str, bytes, Mapping)) or getattr(values, "ndim", 1) != 1:
        raise InputError(f"{expected}; found {shown(values)}")
    try:
        return [nan if value is None else float(value) for value in values]
    except (TypeError, ValueError):
        raise InputError(expected) from None


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
    beam: int | None = None,
    alternatives: int | None = None,
    samples: int | None = None,
    band: float | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The settings of `fold` as the extension module takes them."""
    return {
        "decode": perhaps(word, "decode", decode),
        "threshold": perhaps(number, "threshold", threshold),
        "f1_share": perhaps(number, "f1_share", f1_share),
        "gamma": perhaps(number, "gamma", gamma),
        "energy_share": perhaps(number, "energy_share", energy_share),
        "min_loop": perhaps(whole, "min_loop", min_loop),
        "non_canonical": flag("non_canonical", non_canonical),
        "pseudoknots": flag("pseudoknots", pseudoknots),
        "bpp": flag("bpp", bpp),
        "no_lonely_pairs": flag("no_lonely_pairs", no_lonely_pairs),
        "max_span": perhaps(whole, "max_span", max_span),
        "beam": perhaps(whole, "beam", beam),
        "alternatives": perhaps(whole, "alternatives", alternatives),
        "samples": perhaps(whole, "samples", samples),
        "band": perhaps(number, "band", band),
        "seed": perhaps(whole, "seed", seed),
    }
