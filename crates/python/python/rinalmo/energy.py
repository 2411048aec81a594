"""Free energies: structures by a nearest-neighbour model, without a network.

>>> import rinalmo
>>> fold = rinalmo.energy.fold("GGGGAAAACCCC")[0]
>>> fold.structure, fold.mfe
('((((....))))', -5.4)
>>> rinalmo.energy.eval("GGGGAAAACCCC", "((((....))))").energy
-5.4
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Optional

from . import _rinalmo
from ._drawing import StructureLike, pairs_and_length
from ._errors import InputError
from ._inputs import Sequences, letters_of, warn
from ._options import number, perhaps, thread_count, whole
from ._results import Fold, parted
from ._verbs import Constraint, Probing, Reactivities, folded, folding, run, settings, stream

if TYPE_CHECKING:
    from typing import Literal

    from ._files import OnError
    from ._results import Path

    Reagent = Literal["shape", "dms"]
    Decode = Literal["mfe", "greedy", "nested", "f1", "mea", "centroid"]

__all__ = ["Evaluation", "eval", "fold", "fold_iter"]

BUILT_IN = ("turner2004", "rinalmo2026")
GAPS = b"-.~_"


@dataclass(frozen=True)
class Evaluation:
    """The free energy of a structure.

    Attributes
    ----------
    energy : float
        In kcal/mol.
    loops : list of dict
        For each loop: loop (its kind), closing (the pair that closes it, or None), branches (its other pairs), unpaired
        (number of bases), energy. Positions count from 0.
    """

    energy: float
    loops: list[dict[str, Any]] = field(repr=False)

    def __float__(self) -> float:
        return self.energy


def fold(
    sequences: Sequences,
    parameters: Path = "turner2004",
    temperature: float = 37.0,
    *,
    dangles: Literal[0, 2] = 2,
    constraint: Constraint = None,
    decode: Optional[Decode] = None,
    threshold: Optional[float] = None,
    f1_share: Optional[float] = None,
    gamma: Optional[float] = None,
    bpp: bool = True,
    no_lonely_pairs: bool = False,
    max_span: Optional[int] = None,
    beam: Optional[int] = None,
    alternatives: Optional[int] = None,
    samples: Optional[int] = None,
    band: Optional[float] = None,
    seed: Optional[int] = None,
    reactivities: Reactivities = None,
    reagent: Reagent = "shape",
    reactivity_slope: Optional[float] = None,
    reactivity_intercept: Optional[float] = None,
    threads: Optional[int] = None,
    max_memory: Optional[int] = None,
) -> list[Fold]:
    """Fold by free energies.

    Results are those of `rinalmo fold --model turner2004`, to the bit.

    Parameters
    ----------
    sequences, constraint, threshold, f1_share, gamma, bpp
        As of `Model.fold`. A sequence may be two strands, joined by "&", which may pair with each other; so is a constraint
        of them. A threshold needs "greedy", "nested" or "f1".
    no_lonely_pairs : bool
        Leave out structures with a pair that stacks on no other.
    max_span : int, optional
        Leave out pairs that span more bases, both ends included. Memory and time grow only with the length then, if
        `bpp` is False.
    beam : int, optional
        For long sequences: keep only so many stretches that end at each base, those that weigh most, such as 200. Memory
        and time grow only with the length then, if `bpp` is False, and pairs may span everything; but the minimum of
        energy can be missed.
    alternatives, samples, band, seed
        As of `Model.fold`.
    reactivities, reagent, reactivity_slope, reactivity_intercept
        As of `Model.fold`. All energies are with those of the reactivities.
    parameters : str or path
        "turner2004", which were measured; "rinalmo2026", which were learned from structures; or a parameter file of
        ViennaRNA.
    temperature : float
        In °C, -100 to 200.
    dangles : int
        2 counts unpaired bases next to branches on both sides, 0 does not.
    decode : str, optional
        "mfe" (the default, the structure of minimum free energy), or a choice from the ensemble: "mea", "centroid",
        "f1", "nested" or "greedy".
    threads, max_memory : int, optional
        As of `Model`.

    Returns
    -------
    list of Fold
        With `energy`, `mfe`, `ensemble_energy` and `diversity`; of two strands also `binding`.
    """
    probing = Probing(reactivities, reagent, reactivity_slope, reactivity_intercept)
    engine = _engine_of(parameters, temperature, dangles, threads, max_memory)
    own = settings(
        decode=None if decode == "mfe" else decode, threshold=threshold, f1_share=f1_share, gamma=gamma, bpp=bpp,
        no_lonely_pairs=no_lonely_pairs, max_span=max_span, beam=beam, alternatives=alternatives, samples=samples,
        band=band, seed=seed,
    )
    call, _ = folding(engine, constraint, probing, own)
    return run(sequences, call, folded)


def fold_iter(
    sequences: Sequences,
    parameters: Path = "turner2004",
    temperature: float = 37.0,
    *,
    dangles: Literal[0, 2] = 2,
    constraint: Constraint = None,
    decode: Optional[Decode] = None,
    threshold: Optional[float] = None,
    f1_share: Optional[float] = None,
    gamma: Optional[float] = None,
    bpp: bool = True,
    no_lonely_pairs: bool = False,
    max_span: Optional[int] = None,
    beam: Optional[int] = None,
    alternatives: Optional[int] = None,
    samples: Optional[int] = None,
    band: Optional[float] = None,
    seed: Optional[int] = None,
    reactivities: Reactivities = None,
    reagent: Reagent = "shape",
    reactivity_slope: Optional[float] = None,
    reactivity_intercept: Optional[float] = None,
    threads: Optional[int] = None,
    max_memory: Optional[int] = None,
    on_error: OnError = "raise",
) -> Iterator[Fold]:
    """The same for sequences as they come, one batch in memory at a time.

    Parameters
    ----------
    sequences, parameters, temperature, dangles, constraint, decode, threshold, f1_share, gamma, bpp, threads, max_memory
        As of `fold`.
    no_lonely_pairs, max_span, beam, alternatives, samples, band, seed
        As of `fold`.
    reactivities, reagent, reactivity_slope, reactivity_intercept
        As of `fold`.
    on_error : str
        "raise" the error of a sequence after the results before it, or "warn" and continue with the next.

    Yields
    ------
    Fold
    """
    probing = Probing(reactivities, reagent, reactivity_slope, reactivity_intercept)
    engine = _engine_of(parameters, temperature, dangles, threads, max_memory)
    own = settings(
        decode=None if decode == "mfe" else decode, threshold=threshold, f1_share=f1_share, gamma=gamma, bpp=bpp,
        no_lonely_pairs=no_lonely_pairs, max_span=max_span, beam=beam, alternatives=alternatives, samples=samples,
        band=band, seed=seed,
    )
    call, of_each = folding(engine, constraint, probing, own)
    return stream(sequences, call, folded, on_error, of_each)


def eval(
    sequence: str,
    structure: StructureLike,
    parameters: Path = "turner2004",
    temperature: float = 37.0,
    *,
    dangles: Literal[0, 2] = 2,
) -> Evaluation:
    """Compute the free energy of a structure, loop by loop.

    Parameters
    ----------
    sequence : str
        Its letters, read as `fold` reads them; two strands are joined by "&". Gaps of an alignment are left out, with
        their positions in the structure.
    structure : str, Fold or Structure
        Its pairs, as text with "&" where the sequence has it. Pairs of letters other than AU, GC and GU have rough
        energies.
    parameters, temperature, dangles
        As of `fold`.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        The structure has a pseudoknot, or not as many bases as the sequence; or a character is no letter.

    Warns
    -----
    InputWarning
        Letters without a code were read as N.
    """
    brackets, other = parted(structure) if isinstance(structure, str) else (structure, None)
    letters, nick, remarks = letters_of(sequence)
    warn(remarks, depth=2)
    if isinstance(structure, str) and nick != other:
        raise InputError("two strands: expected one `&` in the sequence and in the structure, at the same place")
    pairs, length = pairs_and_length(brackets)
    if length != len(letters):
        raise InputError(f"the sequence has {len(letters)} letters, its structure {length} bases")
    letters, pairs, nick = _ungapped(letters, pairs, nick)
    engine = _engine_of(parameters, temperature, dangles, None, None)
    energy, loops = engine.evaluate(letters, pairs, nick)
    return Evaluation(energy, loops)


def _engine_of(
    parameters: Path, temperature: float, dangles: int, threads: int | None, max_memory: int | None
) -> _rinalmo.EnergyEngine:
    name = os.fspath(parameters)
    temperature, dangles = number("temperature", temperature), whole("dangles", dangles, 0, 255)
    threads, max_memory = thread_count(threads), perhaps(whole, "max_memory", max_memory)
    text = None
    if name not in BUILT_IN and os.path.exists(name):
        with open(name, encoding="utf-8") as file:
            text = file.read()
    return _engine(name, text, temperature, dangles, threads, max_memory)


@lru_cache(maxsize=8)
def _engine(
    name: str, text: str | None, temperature: float, dangles: int, threads: int | None, max_memory: int | None
) -> _rinalmo.EnergyEngine:
    return _rinalmo.EnergyEngine(name, text, temperature, dangles, threads, max_memory)


def _ungapped(
    letters: bytes, pairs: list[tuple[int, int]], nick: Optional[int]
) -> tuple[bytes, list[tuple[int, int]], Optional[int]]:
    """What is left without the positions that are gaps, and without the pairs of these."""
    is_base = [letter not in GAPS for letter in letters]
    if all(is_base):
        return letters, pairs, nick
    before = [0, *accumulate(is_base)]
    kept = [(before[i], before[j]) for i, j in pairs if is_base[i] and is_base[j]]
    if len(kept) < len(pairs):
        warn([f"pairs left out, as a gap stands where a base would pair: {len(pairs) - len(kept)}"], depth=3)
    return bytes(letter for letter in letters if letter not in GAPS), kept, None if nick is None else before[nick]
