"""Sequences in every form that Python programs have them in."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, Union

from . import _rinalmo
from ._errors import InputError, InputWarning
from ._options import shown


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
    for position, item in enumerate(_each(sequences)):
        record = _one(item, position)
        if not record.id:
            unnamed += 1
            name = f"seq{unnamed}"
            record = Given(name, name, record.letters)
        yield record


def _each(sequences: Any) -> Iterator[Any]:
    if _text(sequences) is not None or _field(sequences) is not None:
        return iter([sequences])
    if isinstance(sequences, Mapping):
        named: Mapping[Any, Any] = sequences
        return iter(named.items())
    if hasattr(sequences, "columns"):
        raise InputError(
            f"expected sequences, found a {type(sequences).__name__}, which is a table\n"
            'hint: zip(table["id"], table["sequence"]) has an id and a sequence of each row'
        )
    if type(sequences) is tuple and _may_be_a_pair(sequences):
        raise InputError(
            "a tuple of two can be an id with its sequence or two sequences\n"
            "hint: [(id, sequence)] is the first, [sequence, sequence] the second"
        )
    try:
        return iter(sequences)
    except TypeError:
        raise InputError(f"expected sequences, found {shown(sequences)}") from None


def _may_be_a_pair(parts: tuple[Any, ...]) -> bool:
    if len(parts) != 2 or not (parts[0] is None or isinstance(parts[0], (str, int))):
        return False
    return _text(parts[1]) is not None or _field(parts[1]) is not None


def _one(item: Any, position: int) -> Given:
    """The sequence of an item, which is the one at this position, from 0."""
    is_pair = type(item) is tuple and len(item) == 2
    holder = item[1] if is_pair else item
    name = _name(item[0] if is_pair else getattr(item, "id", None))
    letters = _text(holder)
    if letters is None:
        field = _field(holder)
        if field is None:
            raise InputError(
                f"expected a sequence, `(id, sequence)` or a record with `.seq` and `.id`, found {shown(item)}"
            )
        inner = getattr(holder, field)
        letters = _text(inner)
        if letters is None:
            record = f"record `{name}`" if name else f"record {position + 1}"
            raise InputError(f"{record}: expected the letters of a sequence in `.{field}`, found {shown(inner)}")
    if is_pair:
        return Given(name, name, letters)
    headers = (getattr(item, key, None) for key in ("header", "description"))
    return Given(name, next((one for one in headers if one and isinstance(one, str)), name), letters)


def _name(id: Any) -> str:
    """An id as text; nothing if there is none: None, or the not-a-number of tables."""
    if id is None or callable(id) or (isinstance(id, float) and id != id):
        return ""
    return id.decode("utf-8", "replace") if isinstance(id, bytes) else str(id)


def _field(item: Any) -> str | None:
    """Where a record has its sequence, which may be missing there; `None` if this is no record."""
    if hasattr(item, "columns"):  # a table has the columns of all its rows as fields
        return None
    fields = [key for key in ("seq", "sequence") if hasattr(item, key) and not callable(getattr(item, key))]
    return next((key for key in fields if getattr(item, key) is not None), fields[0] if fields else None)


def _text(item: Any) -> bytes | None:
    """The letters of a text; `None` if this is none. Biopython's `Seq` is neither text nor bytes."""
    if isinstance(item, str):
        return item.encode("utf-8", "surrogatepass")
    if isinstance(item, (bytes, bytearray)):
        return bytes(item)
    is_of_biopython = type(item).__module__.partition(".")[0] == "Bio"
    return bytes(item) if is_of_biopython and hasattr(item, "__bytes__") and not hasattr(item, "seq") else None


def letters_of(sequence: Any, as_written: bool = False) -> tuple[bytes, int | None, list[str]]:
    """The letters of one text, a byte for each base and gap; the first base of a second strand; and what was changed.
    With `as_written`, letters without a code stay."""
    text = _text(sequence)
    if text is None:
        raise InputError(f"expected the letters of a sequence, found {shown(sequence)}")
    return _rinalmo.letters(text, as_written)


def warn(remarks: Iterable[str], depth: int = 3) -> None:
    """Pass on what was changed in the input, from the caller of the caller."""
    for remark in remarks:
        warnings.warn(remark, InputWarning, stacklevel=depth + 1)
