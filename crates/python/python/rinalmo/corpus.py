"""Corpora for pre-training.

>>> from rinalmo import corpus
>>> report = corpus.build("rnas.fa", "corpus.lmdb", exclude="test.tsv")  # doctest: +SKIP
>>> report["clusters"]["clusters"]  # doctest: +SKIP
1042
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Callable, Literal, Optional

from . import _rinalmo
from ._files import paths
from ._options import flag, goes_on, number, thread_count, whole, word

if TYPE_CHECKING:
    from ._files import Paths
    from ._results import Path

__all__ = ["build"]


def build(
    files: Paths,
    out: Path,
    *,
    exclude: Paths = (),
    exclude_identity: float = 0.8,
    min_length: int = 16,
    max_length: int = 8192,
    odd_letters: Literal["keep", "replace", "drop"] = "keep",
    ambiguous: float = 1.0,
    single_base: float = 1.0,
    both_strands: bool = False,
    identity: float = 0.7,
    coverage: float = 0.8,
    hold_out: float = 0.01,
    seed: int = 0,
    memory: int = 2048,
    callback: Optional[Callable[[str, Optional[float]], object]] = None,
    threads: Optional[int] = None,
) -> dict[str, Any]:
    """Build a store from sequence files, as `rinalmo corpus build` does.

    Reads, cleans, removes duplicates, clusters similar sequences, holds out a share of the clusters and writes one
    file. After Ctrl-C the same call continues after the last finished stage.

    Parameters
    ----------
    files : path or several
        FASTA, FASTQ, one sequence a line, or tables with a column `sequence`; plain or compressed.
    out : str or path
        The store. An existing one is replaced when the new one is complete.
    exclude : path or several
        Keep out sequences that are similar to one in these files, such as test sets.
    exclude_identity : float
        Sequences are similar from this identity, over 80 % of the sequence in the test set.
    min_length, max_length : int
        Drop sequences that are shorter or longer.
    odd_letters : str
        "keep" IUPAC letters other than ACGU, "replace" them by N, or "drop" the record.
    ambiguous, single_base : float
        Drop sequences with at least this share of letters other than ACGU, or of one base; above 1 drops none.
    both_strands : bool
        Treat a sequence and its reverse complement as one.
    identity, coverage : float
        What members of a cluster have in common with its representative.
    hold_out : float
        The share of clusters that is kept for validation.
    seed : int
        Chooses these clusters.
    memory : int
        MiB that the search for duplicates and that for clusters may take each; larger data use the disk.
    callback : function, optional
        Called with the name of each stage and None, and again with its seconds when it is done. If it returns something
        false other than None, such as False, the build stops.
    threads : int, optional
        Threads to compute with; by default as many as there are cores, or as RAYON_NUM_THREADS says.

    Returns
    -------
    dict
        What was read, dropped, kept out, clustered and held out.

    Raises
    ------
    InputError
        A file or an option cannot be used, or nothing is left to store.
    Error
        The callback stopped the build.
    """
    settings = {
        "inputs": paths(files),
        "out": os.fspath(out),
        "exclude": paths(exclude),
        "exclude_identity": number("exclude_identity", exclude_identity),
        "min_length": whole("min_length", min_length),
        "max_length": whole("max_length", max_length),
        "odd_letters": word("odd_letters", odd_letters),
        "ambiguous": number("ambiguous", ambiguous),
        "single_base": number("single_base", single_base),
        "both_strands": flag("both_strands", both_strands),
        "identity": number("identity", identity),
        "coverage": number("coverage", coverage),
        "hold_out": number("hold_out", hold_out),
        "seed": whole("seed", seed),
        "memory": whole("memory", memory),
        "threads": thread_count(threads),
    }

    def tell(stage: str, seconds: Optional[float]) -> bool:
        return callback is None or goes_on(callback(stage, seconds))

    found: dict[str, Any] = json.loads(_rinalmo.build_corpus(settings, None if callback is None else tell))
    return found
