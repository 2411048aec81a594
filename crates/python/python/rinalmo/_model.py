"""Models with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from . import _rinalmo
from ._embed import Embeds
from ._files import model_name
from ._fold import Folds
from ._options import perhaps, thread_count, whole, word
from ._predict import Predicts
from ._score import Scores

if TYPE_CHECKING:
    from typing import Literal

    from ._results import Path

    Dtype = Literal["auto", "f32", "bf16", "int8"]


class Model(Folds, Embeds, Scores, Predicts):
    """A model with its weights.

    Loading takes a moment; a model can be used by several threads at once, copied and pickled. A pickled model is loaded
    again from its name or path.

    Long calls release Python's lock. Ctrl-C raises `KeyboardInterrupt` within a tenth of a second; what was being
    computed for the batch at hand goes on in the background until the batch ends, and is dropped.

    Parameters
    ----------
    model : str or path
        The name of a bundled or downloaded model (`rinalmo model list` names them), or a path: an official .pt, a
        multimolecule folder, or a .safetensors file of this program. A text that names a bundled model is that model,
        as for the command; "./nano" is a file or folder of this name, and so is a `pathlib.Path`.
    device : str
        Where to compute: "cpu", or another device if the package was built for it. "auto" is the first that works.
    dtype : str
        What products are computed in: "f32", "bf16" or "int8". "auto" is bf16 on a CPU that multiplies it faster, else
        f32.
    threads : int, optional
        Threads to compute with; by default as many as there are cores, or as RAYON_NUM_THREADS says.
    heads : int, optional
        Number of attention heads, if neither the checkpoint nor a config.json next to it has it.
    max_memory : int, optional
        Bytes that work on sequences may take, without the weights; by default 80 % of the free memory.

    Raises
    ------
    InputError
        There is no model of this name, or an option is unknown.
    Error
        The file is not a model, or the device does not work.

    Examples
    --------
    >>> import rinalmo
    >>> model = rinalmo.Model("nano")
    >>> model.name, model.task
    ('nano', 'structure')
    """

    def __init__(
        self,
        model: Path = "nano",
        *,
        device: str = "auto",
        dtype: Dtype = "auto",
        threads: Optional[int] = None,
        heads: Optional[int] = None,
        max_memory: Optional[int] = None,
    ) -> None:
        name = model_name(model)
        threads = thread_count(threads)
        heads = perhaps(whole, "heads", heads)
        max_memory = perhaps(whole, "max_memory", max_memory)
        self._options: dict[str, Any] = {
            "device": device,
            "dtype": dtype,
            "threads": threads,
            "heads": heads,
            "max_memory": max_memory,
        }
        self._source = name
        self._engine = _rinalmo.Engine(
            name, word("device", device), word("dtype", dtype), threads, heads, max_memory
        )
        self._about = self._engine.about()
        self.dim = int(self._about["dim"])

    def __reduce__(self) -> tuple[Any, ...]:
        return _load, (self._source, self._options)

    def __copy__(self) -> Model:
        return self

    def __deepcopy__(self, memo: object) -> Model:
        return self

    def __repr__(self) -> str:
        return f"<Model {self.name}: {self.parameters:,} parameters, {self.task}, {self.device}, {self.dtype}>"

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._about["name"])

    @property
    def task(self) -> str:
        """What it does: "structure", "mlm", "splice", "mrl", "family", "sequence" or "token"; "encoder" without a head."""
        return str(self._about["task"])

    @property
    def device(self) -> str:
        """The device it is on."""
        return str(self._about["device"])

    @property
    def dtype(self) -> str:
        """What its products are computed in."""
        return str(self._about["dtype"])

    @property
    def parameters(self) -> int:
        """Number of its weights."""
        return int(self._about["parameters"])

    @property
    def license(self) -> Optional[str]:
        """The licence of its weights, if its file says."""
        found = self._about["license"]
        return None if found is None else str(found)

    @property
    def sha256(self) -> str:
        """SHA-256 of its file, in hex."""
        return self._engine.sha256()


def _load(source: str, options: dict[str, Any]) -> Model:
    return Model(source, **options)
