"""Train models: pre-training on a corpus, fine-tuning on labelled data.

>>> import rinalmo
>>> from rinalmo.training import Step
>>> def shown(event):
...     if isinstance(event, Step):
...         print(event.step, event.loss)
>>> rinalmo.finetune(
...     "mrl", "utrs.csv", "runs/mrl", config="mrl", start_from="nano-mlm", callback=shown
... )  # doctest: +SKIP

A run is a folder, the same as that of the commands `rinalmo pretrain` and `rinalmo finetune`: config, log, curves,
checkpoints, and the best model, which `rinalmo.Model(folder)` opens.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Literal, Optional, Union

from . import _rinalmo
from ._errors import InputError
from ._files import model_name, paths
from ._model import Model
from ._options import flag, goes_on, perhaps, seconds_of, thread_count, whole, word

if TYPE_CHECKING:
    from ._files import Paths
    from ._results import Path

    Config = Union[Path, Mapping[str, Any]]

__all__ = [
    "Begun",
    "Callback",
    "Epoch",
    "Event",
    "Returned",
    "Saved",
    "Step",
    "Trained",
    "Validated",
    "finetune",
    "pretrain",
    "resume",
]


@dataclass(frozen=True)
class Begun:
    """Training begins."""

    step: int
    """Steps made before; 0 of a new run."""
    steps: Optional[int]
    """Steps at its end; None if neither steps nor epochs are limited."""
    parameters: int
    """Parameters of the model."""


@dataclass(frozen=True)
class Step:
    """A step was made."""

    step: int
    """Counted from 1."""
    epoch: int
    """Counted from 0."""
    loss: float
    """The mean loss of its batches."""
    rate: float
    """The learning rate."""
    norm: float
    """The gradients' norm before clipping."""
    clipped: bool
    """Whether they were clipped."""
    tokens: int
    """Tokens, padding not counted."""
    seconds: float
    """Its duration."""
    waited: float
    """Seconds of it spent waiting for batches."""


@dataclass(frozen=True)
class Epoch:
    """An epoch begins."""

    epoch: int
    """Counted from 0."""
    trained: int
    """Parameters that train in it."""
    parameters: int
    """Parameters of the model."""


@dataclass(frozen=True)
class Validated:
    """The model was validated."""

    step: int
    """After this many steps."""
    epoch: int
    """In this epoch."""
    figures: dict[str, float]
    """What was measured, by name: of a task the loss, and what it is judged by, such as "relaxed F1"; in pre-training
    the loss of all held-out sequences, and of parts of them."""
    best: bool
    """Whether it is the best so far."""
    seconds: float
    """How long it took."""


@dataclass(frozen=True)
class Saved:
    """A checkpoint was written."""

    step: int
    """After this many steps."""
    path: pathlib.Path
    """Its folder."""


@dataclass(frozen=True)
class Returned:
    """The loss exploded, and the run went back to a checkpoint with a lower rate."""

    step: int
    """The step of the checkpoint."""
    left: int
    """The step that was given up."""
    why: str
    """What was seen."""
    factor: float
    """The rates of the schedule are multiplied by this from now on."""


Event = Union[Begun, Step, Epoch, Validated, Saved, Returned]
"""What a callback is called with."""

Callback = Callable[[Event], object]
"""Called in the thread that called for the training. If it returns something false other than None, such as False, the
next step is the last."""

_EVENTS: dict[str, Callable[..., Event]] = {
    kind.__name__: kind for kind in (Begun, Step, Epoch, Validated, Saved, Returned)
}


@dataclass(frozen=True)
class Trained:
    """How a run ended."""

    folder: pathlib.Path
    """Its folder."""
    ended: Literal["finished", "stopped", "out of time"]
    """Why; `rinalmo.resume` continues it unless it is finished."""
    step: int
    """Steps made, counted from its start."""
    tokens: int
    """Tokens seen."""
    seconds: float
    """Seconds of training, of all sessions."""
    exported: Optional[int]
    """The step whose model is in the folder: the best by validation, else the last."""
    validation: Optional[dict[str, float]]
    """Figures of fine-tuning's best model, of pre-training's last one; None without validation data."""
    test: Optional[dict[str, float]]
    """The best model's figures on the test data; None without any, or before the end."""

    def model(self, **options: Any) -> Model:
        """Open the model; the options are those of `rinalmo.Model`."""
        return Model(self.folder, **options)


def pretrain(
    corpus: Path,
    out: Path,
    *,
    config: Config,
    start_from: Optional[Path] = None,
    changes: Optional[Mapping[str, Any]] = None,
    steps: Optional[int] = None,
    epochs: Optional[int] = None,
    seconds: Optional[float] = None,
    callback: Optional[Callback] = None,
    device: str = "auto",
    threads: Optional[int] = None,
) -> Trained:
    """Train a model to predict masked letters.

    Python's lock is released while it trains. Ctrl-C writes a checkpoint, then raises KeyboardInterrupt, and so does
    any exception of the callback; `rinalmo.resume` continues.

    Parameters
    ----------
    corpus : str or path
        A store, made by `rinalmo.corpus.build`.
    out : str or path
        The run's folder. It must not hold a run.
    config : str, path or dict
        A TOML file, the name of a built-in config (`rinalmo config list`), or the content as a dictionary, such as
        `{"model": {"preset": "nano"}, "data": {"tokens": 4096}, "train": {"until": {"steps": 1000}}}`.
    start_from : str or path, optional
        Start with the weights of this model, by name or path; by default with random ones of the size that the config
        says.
    changes : dict, optional
        Keys of the config with other values: `{"train.seed": 1}`, or nested, `{"train": {"seed": 1}}`. None removes a
        key.
    steps, epochs, seconds : number, optional
        Limits in place of the config's; the first that is reached counts. Steps and epochs are counted from the start
        of the run; of 0, none is made.
    callback : function, optional
        Called with each event, such as `Step` and `Validated`. If it returns something false other than None, such as
        False, the next step is the last, and a checkpoint is written. It may use models, and wait for others that do.
    device : str
        As for `rinalmo.Model`.
    threads : int, optional
        Threads to compute with; by default as many as there are cores, or as RAYON_NUM_THREADS says.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        The config is wrong, the data do not fit, or the folder holds a run.
    OSError
        A file cannot be read or written.
    """
    settings = _settings(
        out=out,
        config=config,
        start_from=start_from,
        changes=changes,
        steps=steps,
        epochs=epochs,
        seconds=seconds,
        device=device,
        threads=threads,
    )
    return _trained(out, _rinalmo.pretrain(os.fspath(corpus), settings, _told(callback)))


def finetune(
    task: str,
    data: Paths,
    out: Path,
    *,
    config: Config,
    validation: Paths = (),
    test: Paths = (),
    splits: Optional[Path] = None,
    fold: Optional[str] = None,
    start_from: Optional[Path] = None,
    fresh_head: bool = False,
    changes: Optional[Mapping[str, Any]] = None,
    steps: Optional[int] = None,
    epochs: Optional[int] = None,
    seconds: Optional[float] = None,
    callback: Optional[Callback] = None,
    device: str = "auto",
    threads: Optional[int] = None,
) -> Trained:
    """Train a model for a task on labelled data.

    `docs/finetuning.md` says which files each task reads, and what can be configured.

    Parameters
    ----------
    task : str
        "structure", "splice", "mrl", "family", "sequence" or "token".
    data : path or several
        Training data, in files or folders; with `splits`, all data.
    out : str or path
        The run's folder. It must not hold a run.
    config : str, path or dict
        As for `pretrain`.
    validation : path or several
        Data that choose the best model; by default a share of the training data is held out.
    test : path or several
        Data on which the best model is tested at the end.
    splits, fold : str, optional
        A table of `fold`, `partition` and `id` that divides `data`, and the fold to take.
    start_from : str or path, optional
        Start with this model, by name or path; by default with random weights.
    fresh_head : bool
        Start with a new head, even if that model has one for the task.
    changes, steps, epochs, seconds, callback, device, threads
        As for `pretrain`.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        The config is wrong, the data do not fit, or the folder holds a run.
    OSError
        A file cannot be read or written.
    """
    if (splits is None) != (fold is None):
        raise InputError("splits and fold belong together: a table, and the name of one of its folds")
    files = {
        "train": paths(data),
        "validation": paths(validation),
        "test": paths(test),
        "splits": None if splits is None else (os.fspath(splits), fold),
    }
    settings = _settings(
        out=out,
        config=config,
        start_from=start_from,
        fresh_head=fresh_head,
        changes=changes,
        steps=steps,
        epochs=epochs,
        seconds=seconds,
        device=device,
        threads=threads,
    )
    return _trained(out, _rinalmo.finetune(task, files, settings, _told(callback)))


def resume(
    out: Path,
    *,
    changes: Optional[Mapping[str, Any]] = None,
    steps: Optional[int] = None,
    epochs: Optional[int] = None,
    seconds: Optional[float] = None,
    callback: Optional[Callback] = None,
    device: str = "auto",
    threads: Optional[int] = None,
) -> Trained:
    """Continue a run after its newest complete checkpoint.

    It ends with the same weights, to the bit, as a run that never stopped.

    Parameters
    ----------
    out : str or path
        The run's folder.
    changes : dict, optional
        As for `pretrain`; only keys of `train`, other than the seed, and of `checkpoints` may change.
    steps, epochs, seconds, callback, device, threads
        As for `pretrain`; limits that are left out stay as they are.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        The folder holds no run, or a setting must not change.
    """
    settings = _settings(
        out=out,
        changes=changes,
        steps=steps,
        epochs=epochs,
        seconds=seconds,
        device=device,
        threads=threads,
    )
    return _trained(out, _rinalmo.resume(settings, _told(callback)))


def _settings(
    *,
    out: Path,
    config: Optional[Config] = None,
    start_from: Optional[Path] = None,
    fresh_head: bool = False,
    changes: Optional[Mapping[str, Any]],
    steps: Optional[int],
    epochs: Optional[int],
    seconds: Optional[float],
    device: str,
    threads: Optional[int],
) -> dict[str, Any]:
    """The settings as the extension module takes them."""
    content = _json("config", config) if isinstance(config, Mapping) else None
    return {
        "out": os.fspath(out),
        "config": None if config is None or isinstance(config, Mapping) else os.fspath(config),
        "content": content,
        "changes": [(key, _json(key, value)) for key, value in _flat(changes or {})],
        "start_from": None if start_from is None else model_name(start_from),
        "fresh_head": flag("fresh_head", fresh_head),
        "steps": perhaps(whole, "steps", steps),
        "epochs": perhaps(whole, "epochs", epochs),
        "seconds": seconds_of(seconds),
        "device": word("device", device),
        "threads": thread_count(threads),
    }


def _flat(changes: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Every key with its sections before it."""
    found: list[tuple[str, Any]] = []
    for key, value in changes.items():
        if isinstance(value, Mapping):
            found.extend(_flat(value, f"{above}{key}."))
        else:
            found.append((f"{above}{key}", value))
    return found


def _json(key: str, value: Any) -> str:
    try:
        return json.dumps(value, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{key}: {error}") from None


def _plain(value: Any) -> Any:
    """Paths and NumPy's numbers as JSON has them."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a config cannot hold a {type(value).__name__}")


def _told(callback: Optional[Callback]) -> Optional[Callable[[str, dict[str, Any]], bool]]:
    """Makes an event of what the extension module says; the answer is whether the run goes on."""
    if callback is None:
        return None

    def tell(name: str, fields: dict[str, Any]) -> bool:
        return goes_on(callback(_EVENTS[name](**fields)))

    return tell


def _trained(out: Path, fields: dict[str, Any]) -> Trained:
    return Trained(folder=pathlib.Path(out), **fields)
