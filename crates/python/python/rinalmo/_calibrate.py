"""Calibrating structure models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, Optional

from . import _rinalmo
from ._files import model_name, paths
from ._inputs import warn
from ._options import number, perhaps, thread_count, whole, word

if TYPE_CHECKING:
    from ._files import Paths
    from ._results import Path


def calibrate(
    model: Path,
    out: Path,
    data: Paths,
    *,
    max_length: int = 1000,
    energy_share: Optional[float] = None,
    decode: Optional[Literal["greedy", "nested", "f1"]] = None,
    threshold: Optional[float] = None,
    overwrite: bool = False,
    device: str = "auto",
    threads: Optional[int] = None,
    max_memory: Optional[int] = None,
) -> dict[str, Any]:
    """Calibrate a structure model on known structures, as `rinalmo model calibrate` does.

    Fits a curve for its probabilities, so that pairs of probability 0.3 are true in 30 % of the cases; the decoder and
    threshold of the best mean F1; and the F1 to expect of a single structure. The weights stay as they are.

    Parameters
    ----------
    model : str or path
        The model, by name or path, such as `Trained.folder`.
    out : str or path
        The calibrated model, a .safetensors file.
    data : path or several
        Known structures that the model was not trained on, in files or folders.
    max_length : int
        Leave out longer structures.
    energy_share : float, optional
        The share of the energies in the probabilities; by default the model's own.
    decode, threshold : optional
        A decoder and its threshold, from 0 to below 1, in place of the best ones.
    overwrite : bool
        Replace `out` if it exists.
    device, threads, max_memory
        As for `rinalmo.Model`.

    Returns
    -------
    dict
        structures, decode, threshold, and figures: relaxed_f1, calibration_error_before, calibration_error,
        expected_f1_error, expected_f1_r2. If `cross_fitted`, each structure is evaluated with a fit to others.

    Raises
    ------
    FileExistsError
        `out` exists.
    InputError
        The model has no structure head, or the data do not fit.

    Warns
    -----
    InputWarning
        A structure was left out.
    """
    if os.path.exists(out) and not overwrite:
        raise FileExistsError(f"{os.fspath(out)}: already exists; overwrite=True replaces it")
    settings = {
        "model": model_name(model),
        "out": os.fspath(out),
        "data": paths(data),
        "max_length": whole("max_length", max_length),
        "energy_share": perhaps(number, "energy_share", energy_share),
        "decode": perhaps(word, "decode", decode),
        "threshold": perhaps(number, "threshold", threshold),
        "device": word("device", device),
        "threads": thread_count(threads),
        "max_memory": perhaps(whole, "max_memory", max_memory),
    }
    found, notes = _rinalmo.calibrate(settings)
    warn(notes, depth=2)
    return found
