"""Sequences in every form that Python programs have them in."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, Union

from ._errors import InputError, InputWarning


class HasSequence(Protocol):
    """A record with a sequence, such as Biopython's `SeqRecord`."""

    @property
    def id(self) -> Any: ...
    @property
    def seq(self) -> Any: ...


SequenceLike = Union[str, bytes, HasSequence]
"""One sequence: text, bytes, a `Record`, or a record of Biopython."""

Sequences = Union[
    SequenceLike, Iterable[Union[SequenceLike, "tuple[str, SequenceLike]"]], Mapping[str, SequenceLike]
]
"""One sequence; or several, each alone or as `(id, sequence)`; or a mapping of ids to sequences."""


class Given(NamedTuple):
    """A sequence as the extension module takes it."""

    id: str
    header: str
    letters: bytes


def given(sequences: Sequences) -> Iterator[Given]:
    """Name each sequence. Those without an id are called seq1, seq2, ..."""
    unnamed = 0
    for item in _each(sequences):
        record = _one(item)
        if record is None:
            raise InputError(
                f"expected a sequence, `(id, sequence)` or a record with `.seq` and `.id`, found {_shown(item)}"
            )
        if not record.id:
            unnamed += 1
            name = f"seq{unnamed}"
            record = Given(name, name, record.letters)
        yield record


def _each(sequences: Any) -> Iterator[Any]:
    if _letters(sequences) is not None:
        return iter([sequences])
    if isinstance(sequences, Mapping):
        named: Mapping[Any, Any] = sequences
        return iter(named.items())
    if type(sequences) is tuple and [type(part) for part in sequences] == [str, str]:
        raise InputError(
            "a tuple of two texts can be an id with its sequence or two sequences\n"
            "hint: [(id, sequence)] is the first, [sequence, sequence] the second"
        )
    try:
        return iter(sequences)
    except TypeError:
        raise InputError(f"expected sequences, found {_shown(sequences)}") from None


def _one(item: Any) -> Given | None:
    if type(item) is tuple:
        letters = _letters(item[1]) if len(item) == 2 else None
        return None if letters is None else Given(str(item[0]), str(item[0]), letters)
    letters = _letters(item)
    if letters is None:
        return None
    name = getattr(item, "id", None) or ""
    header = getattr(item, "header", None) or getattr(item, "description", None) or name
    return Given(str(name), str(header), letters)


def _letters(item: Any) -> bytes | None:
    """The letters of one sequence; `None` if this is none."""
    if isinstance(item, str):
        return item.encode("utf-8", "surrogatepass")
    if isinstance(item, (bytes, bytearray)):
        return bytes(item)
    inner = getattr(item, "seq", None)
    if inner is None:
        inner = getattr(item, "sequence", None)
    # Biopython's `Seq` is neither text nor bytes, and gives its letters as text.
    if inner is not None and not callable(inner):
        return str(inner).encode("utf-8", "surrogatepass") if not isinstance(inner, bytes) else inner
    if type(item).__module__.partition(".")[0] == "Bio" and hasattr(item, "__bytes__"):
        return bytes(item)
    return None


def _shown(item: object) -> str:
    shown = repr(item)
    return f"{type(item).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"


def warn(remarks: Iterable[str], depth: int = 3) -> None:
    """Pass on what was changed in the input, from the caller of the caller."""
    for remark in remarks:
        warnings.warn(remark, InputWarning, stacklevel=depth + 1)
