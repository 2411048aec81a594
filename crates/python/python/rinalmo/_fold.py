"""The verb `fold` of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Optional

from ._inputs import Sequences
from ._results import Fold
from ._verbs import Constraint, Probing, Reactivities, folded, folding, run, settings, stream

if TYPE_CHECKING:
    from typing import Literal

    from . import _rinalmo
    from ._files import OnError

    Decode = Literal["greedy", "nested", "f1", "mea", "centroid"]
    Reagent = Literal["shape", "dms"]


class Folds:
    """What folds."""

    _engine: _rinalmo.Engine

    def fold(
        self,
        sequences: Sequences,
        *,
        constraint: Constraint = None,
        decode: Optional[Decode] = None,
        threshold: Optional[float] = None,
        f1_share: Optional[float] = None,
        gamma: Optional[float] = None,
        energy_share: Optional[float] = None,
        min_loop: Optional[int] = None,
        non_canonical: bool = False,
        pseudoknots: bool = False,
        bpp: bool = True,
        no_lonely_pairs: bool = False,
        max_span: Optional[int] = None,
        alternatives: Optional[int] = None,
        samples: Optional[int] = None,
        band: Optional[float] = None,
        seed: Optional[int] = None,
        reactivities: Reactivities = None,
        reagent: Reagent = "shape",
        reactivity_slope: Optional[float] = None,
        reactivity_intercept: Optional[float] = None,
    ) -> list[Fold]:
        """Predict secondary structures.

        Results are those of `rinalmo fold`, to the bit.

        Parameters
        ----------
        sequences : str, bytes, record, iterable or mapping
            One sequence or several: texts, records with `.id` and `.seq` (Biopython) or of `rinalmo.read`, pairs
            `(id, sequence)`, or a mapping of ids to sequences.
        constraint : str, sequence or mapping, optional
            What is known of the structure, a character for each base: `.` anything, `x` unpaired, `|` paired, `(` `)`
            with each other, `<` `>` with a base downstream, upstream. One for every sequence, one for each, or by id;
            an id without a sequence is an error, of a stream at its end.
        decode : str, optional
            How pairs are chosen: "greedy" (the paper's, allows pseudoknots), "nested", "f1", "mea" or "centroid". By
            default as the model was tuned.
        threshold : float, optional
            Predict only pairs at least this probable, with "greedy", "nested" or "f1"; by default the model's own.
        f1_share : float, optional
            With "f1", predict only pairs more probable than this share of the expected F1.
        gamma : float, optional
            With "mea", how much a base in a right pair counts, compared with a right unpaired base.
        energy_share : float, optional
            Share of the learned energy model in the probabilities, 0 to 1; by default the model's own.
        min_loop : int, optional
            Fewest unpaired bases of a hairpin; 3 by default.
        non_canonical : bool
            Allow pairs other than AU, GC and GU.
        pseudoknots : bool
            Also predict helices that cross the structure, searched among the bases that it leaves unpaired. Their
            probabilities are those among these bases; in `bpp` crossing pairs are rare, as its structures have no
            pseudoknots. This needs a model with an ensemble of structures, such as "nano"; others have
            `decode="greedy"`.
        bpp : bool
            Keep the probabilities of all pairs, 4 len² bytes a sequence.
        no_lonely_pairs : bool
            Leave out structures with a pair that stacks on no other. This and all up to `seed` need a model with an
            ensemble of structures, such as "nano".
        max_span : int, optional
            Leave out pairs that span more bases, both ends included.
        alternatives : int, optional
            Also return up to so many structures that differ from each other, with their shares of the ensemble.
        samples : int, optional
            Also return so many structures drawn by their probabilities; with `alternatives`, how many are drawn for
            these (1,000 by default).
        band : float, optional
            Also return all structures within so many kcal/mol above the best energy. Not with the other two.
        seed : int, optional
            The random numbers of `samples` and `alternatives`; 1 by default.
        reactivities : sequence or mapping, optional
            How strongly each base reacted with a probe, normalised so that 1 is high; None, NaN or less than 0 where it
            was not measured. Numbers for one sequence, a list of them for each, or by id. They count in the energies
            that the model adds to, sees or mixes with its own probabilities; a model without any refuses them.
        reagent : str
            "shape" for reagents that react with all bases; with "dms" only A and C count.
        reactivity_slope, reactivity_intercept : float, optional
            A base in a stack of two pairs gets slope · ln(reactivity + 1) + intercept, in kcal/mol. By default 1.8 and
            -0.6; 1.0 and -0.45 with a network in an ensemble, such as nano.

        Returns
        -------
        list of Fold
            In the order of the sequences.

        Raises
        ------
        InputError
            The first that any sequence meets: `fold_iter` can continue with the others.

        Examples
        --------
        >>> import rinalmo
        >>> fold = rinalmo.Model("nano").fold({"hairpin": "GGGGAAAACCCC"})[0]
        >>> fold.id, fold.structure, fold.pairs.shape, fold.bpp.shape
        ('hairpin', '((((....))))', (4, 2), (12, 12))
        """
        probing = Probing(reactivities, reagent, reactivity_slope, reactivity_intercept)
        call, _ = folding(self._engine, constraint, probing, settings(
            decode=decode, threshold=threshold, f1_share=f1_share, gamma=gamma, energy_share=energy_share,
            min_loop=min_loop, non_canonical=non_canonical, pseudoknots=pseudoknots, bpp=bpp,
            no_lonely_pairs=no_lonely_pairs, max_span=max_span, alternatives=alternatives, samples=samples, band=band,
            seed=seed,
        ))
        return run(sequences, call, folded)

    def fold_iter(
        self,
        sequences: Sequences,
        *,
        constraint: Constraint = None,
        decode: Optional[Decode] = None,
        threshold: Optional[float] = None,
        f1_share: Optional[float] = None,
        gamma: Optional[float] = None,
        energy_share: Optional[float] = None,
        min_loop: Optional[int] = None,
        non_canonical: bool = False,
        pseudoknots: bool = False,
        bpp: bool = True,
        no_lonely_pairs: bool = False,
        max_span: Optional[int] = None,
        alternatives: Optional[int] = None,
        samples: Optional[int] = None,
        band: Optional[float] = None,
        seed: Optional[int] = None,
        reactivities: Reactivities = None,
        reagent: Reagent = "shape",
        reactivity_slope: Optional[float] = None,
        reactivity_intercept: Optional[float] = None,
        on_error: OnError = "raise",
    ) -> Iterator[Fold]:
        """Predict secondary structures of sequences as they come, one batch in memory at a time.

        Parameters
        ----------
        sequences, constraint, decode, threshold, f1_share, gamma, energy_share, min_loop, non_canonical, pseudoknots, bpp
            As of `fold`.
        no_lonely_pairs, max_span, alternatives, samples, band, seed
            As of `fold`.
        reactivities, reagent, reactivity_slope, reactivity_intercept
            As of `fold`.
        on_error : str
            "raise" the error of a sequence after the results before it, or "warn" and continue with the next.

        Yields
        ------
        Fold
            In the order of the sequences.
        """
        probing = Probing(reactivities, reagent, reactivity_slope, reactivity_intercept)
        call, own = folding(self._engine, constraint, probing, settings(
            decode=decode, threshold=threshold, f1_share=f1_share, gamma=gamma, energy_share=energy_share,
            min_loop=min_loop, non_canonical=non_canonical, pseudoknots=pseudoknots, bpp=bpp,
            no_lonely_pairs=no_lonely_pairs, max_span=max_span, alternatives=alternatives, samples=samples, band=band,
            seed=seed,
        ))
        return stream(sequences, call, folded, on_error, own)
