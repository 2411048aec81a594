"""Files of sequences and structures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from . import _rinalmo
from ._errors import Error, InputError, InputWarning
from ._inputs import warn
from ._results import Record, Structure

if TYPE_CHECKING:
    from typing import Literal, Union

    from ._results import Path

    OnError = Literal["raise", "warn"]
    Paths = Union[Path, Iterable[Path]]


def check_on_error(on_error: str) -> None:
    """Refuse what is neither "raise" nor "warn"."""
    if on_error not in ("raise", "warn"):
        raise InputError(f'on_error: expected "raise" or "warn", found "{on_error}"')


def model_name(model: Path) -> str:
    """The name of a model, or its path in a form that means the same in every working folder."""
    name = os.fspath(model)
    is_bundled = name in _rinalmo.models and isinstance(model, str)
    if not is_bundled and (os.path.exists(name) or os.path.exists(name.rsplit("#", 1)[0])):
        return os.path.abspath(name)
    return name


def paths(files: Paths) -> list[str]:
    """The path of one file, or those of several."""
    if isinstance(files, (str, os.PathLike)):
        return [os.fspath(files)]
    return [os.fspath(path) for path in files]


def read(
    path: Path,
    *,
    on_invalid: Literal["replace", "error", "skip", "unk"] = "replace",
    gaps: Literal["drop", "keep", "error"] = "drop",
    on_error: OnError = "raise",
) -> Iterator[Record]:
    """Read the sequences of a file, one after the other.

    FASTA, FASTQ, one sequence a line, IG, GenBank, EMBL, Stockholm, CT, BPSEQ, dot-bracket, and tables with a column of
    sequences; plain or compressed by gzip, bgzip, zstd, xz or bzip2. The format is recognised by its content.

    Parameters
    ----------
    path : str or path
        The file; "-" is standard input.
    on_invalid : str
        What to do with letters that are no bases. "replace" reads letters that are no IUPAC code as N; any other
        character is an error of its record. "unk" reads any character as an unknown base, "skip" leaves such records
        out, "error" makes them errors.
    gaps : str
        What to do with the gaps of an alignment: "drop", "keep" as positions, or "error".
    on_error : str
        "raise" the error of a record that cannot be read, or "warn" and continue with the next.

    Yields
    ------
    Record

    Raises
    ------
    OSError
        The file cannot be opened or read; at once.
    InputError
        The file is of no known format, or a record cannot be used.

    Warns
    -----
    InputWarning
        After the last record, if letters were replaced or gaps left out.
    """
    check_on_error(on_error)
    name = os.fspath(path)
    if name != "-":
        os.stat(name)  # a missing file is an error now, not at the first record
    return _records(_rinalmo.Reader(name, on_invalid, gaps), on_error)


def _records(reader: _rinalmo.Reader, on_error: str) -> Iterator[Record]:
    while True:
        try:
            record = reader.next()
        except Error as error:
            if on_error == "raise" or not reader.goes_on():
                raise
            warnings.warn(f"left out: {error}", InputWarning, stacklevel=2)
            continue
        if record is None:
            break
        yield Record(*record)
    warn(reader.remarks(), depth=2)


def read_structures(path: Path, *, all: bool = False, on_error: OnError = "raise") -> list[Structure]:
    """Read structures, with their sequences if there are any.

    Dot-bracket, CT, BPSEQ, bpRNA's ST, Stockholm, JSON lines of `rinalmo fold -f json`, tables with a column of
    structures, and folders of such files.

    Parameters
    ----------
    path : str or path
        The file or folder.
    all : bool
        Give every structure of a sequence, suboptimal ones too, instead of the first.
    on_error : str
        "raise" the first error of a record that cannot be read, or "warn" and give the others.

    Returns
    -------
    list of Structure
    """
    check_on_error(on_error)
    found, wrong, notes = _rinalmo.read_structures(os.fspath(path), all)
    for error in wrong:
        if on_error == "raise":
            raise error
        warnings.warn(f"left out: {error}", InputWarning, stacklevel=2)
    warn(notes, depth=2)
    return [Structure(**fields) for fields in found]
