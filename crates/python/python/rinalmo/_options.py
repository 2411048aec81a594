"""Options of calls: numbers, words and flags, each refused by its own name."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from ._errors import InputError

if TYPE_CHECKING:
    T = TypeVar("T")

LARGEST = 2**63 - 1
"""No option has a larger number."""

MOST_THREADS = 1024
"""More than any machine has cores."""


def shown(value: object) -> str:
    """The type of a value, and the value if it is short."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def whole(name: str, value: Any, least: int = 0, most: int = LARGEST) -> int:
    """A whole number, NumPy's too, within bounds."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, found {shown(value)}") from None
    if not least <= number <= most:
        bounds = f"{least} to {most}" if most < LARGEST else f"a whole number from {least} to below 2^63"
        raise InputError(f"{name}: expected {bounds}, found {number}")
    return number


def number(name: str, value: Any) -> float:
    """A number, NumPy's too. Its range is for others to check."""
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        return float(value)
    except OverflowError:
        raise InputError(f"{name}: expected a number, found one that is too large") from None
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, found {shown(value)}") from None


def word(name: str, value: Any) -> str:
    """A text."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{name}: expected a text, found {shown(value)}")


def flag(name: str, value: Any) -> bool:
    """True or False, NumPy's too."""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise TypeError(f"{name}: expected True or False, found {shown(value)}")


def perhaps(read: Callable[[str, Any], T], name: str, value: Any) -> Optional[T]:
    """The same, or None."""
    return None if value is None else read(name, value)


def thread_count(threads: Any) -> Optional[int]:
    """The option `threads`."""
    return None if threads is None else whole("threads", threads, 1, MOST_THREADS)


def seconds_of(seconds: Any) -> Optional[float]:
    """The option `seconds`."""
    found = perhaps(number, "seconds", seconds)
    if found is not None and (math.isnan(found) or found < 0):
        raise InputError(f"seconds: expected 0 or more, found {found:g}")
    return found


def goes_on(answer: Any) -> bool:
    """Whether the work goes on after this answer of a callback: None means that it has nothing to say."""
    return answer is None or bool(answer)
