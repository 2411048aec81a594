"""What an option says of several sequences: the same of all, an entry for each, or by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ._errors import InputError
from ._options import shown

NAMED = 5
"""So many ids are in a hint."""


class Same:
    """The same of all sequences."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def of(self, names: list[str], is_all: bool) -> list[Any]:
        """What is said of the next sequences; `is_all` says that there are no others."""
        return [self._value] * len(names)

    def check(self) -> None:
        """Refuse what was said of sequences that did not come."""


class Listed(Same):
    """An entry for each sequence, in their order; `what` is counted."""

    def __init__(self, what: str, entries: list[Any]) -> None:
        self._what, self._entries = what, entries
        self._count = 0

    def of(self, names: list[str], is_all: bool) -> list[Any]:
        first = self._count
        self._count += len(names)
        own = self._entries[first : self._count]
        if len(own) < len(names):
            raise self._wrong(is_all)
        return own

    def check(self) -> None:
        if self._count != len(self._entries):
            raise self._wrong(True)

    def _wrong(self, is_all: bool) -> InputError:
        count = f"there are {self._count}" if is_all else "there are more"
        return InputError(
            f"{len(self._entries)} {self._what}, expected one for each sequence, of which {count}; None is none"
        )


class ById(Same):
    """Entries by the ids of sequences; those without one have `usual`."""

    def __init__(self, option: str, entries: dict[str, Any], usual: Any = None) -> None:
        self._option, self._entries, self._usual = option, entries, usual
        self._unused = dict.fromkeys(entries)
        self._seen: list[str] = []
        self._count = 0

    def of(self, names: list[str], is_all: bool) -> list[Any]:
        self._seen.extend(names[: NAMED - len(self._seen)])
        self._count += len(names)
        for name in names:
            self._unused.pop(name, None)
        return [self._entries.get(name, self._usual) for name in names]

    def check(self) -> None:
        if not self._unused:
            return
        lost, *others = self._unused
        more = f" and {len(others)} more" if others else ""
        ids = ", ".join(f"`{name}`" for name in self._seen)
        left = self._count - len(self._seen)
        known = "there are no sequences" if not ids else f"ids are {ids}" + (f" and {left} more" if left else "")
        raise InputError(f"{self._option}: no sequence for `{lost}`{more}\nhint: {known}")


def by_id(option: str, entries: Mapping[Any, Any], read: Callable[[Any], Any], usual: Any = None) -> ById:
    """The entries of a mapping, whose keys are compared as text, as ids are."""
    found = {str(key): read(value) for key, value in entries.items()}
    if len(found) < len(entries):
        raise InputError(f"{option}: two keys are the same id; ids are compared as text")
    return ById(option, found, usual)


def refuse_table(option: str, given: Any) -> None:
    """Refuse data frames: what they iterate over are the names of their columns."""
    if hasattr(given, "columns"):
        raise InputError(
            f"{option}: found a {type(given).__name__}, which is a table\nhint: give one of its columns, as a list"
        )


def entries_of(option: str, expected: str, given: Any) -> list[Any]:
    """The entries of a list, or of anything else that has some."""
    refuse_table(option, given)
    if isinstance(given, Iterable):
        entries: Iterable[Any] = given
        return list(entries)
    raise InputError(f"{option}: expected {expected}, found {shown(given)}")
