# The extension module. `import rinalmo` has what is for users.

from typing import Any, Callable, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "EnergyEngine",
    "Engine",
    "Reader",
    "__version__",
    "brackets",
    "build_corpus",
    "calibrate",
    "command",
    "compare",
    "draw",
    "finetune",
    "letters",
    "models",
    "pairs_of",
    "pdf",
    "place",
    "png",
    "pretrain",
    "read_structures",
    "resume",
    "write",
]

__version__: str
models: list[str]

_Given = list[tuple[str, bytes]]
_Pairs = list[tuple[int, int]]
_Results = tuple[list[Any], list[str]]
_Tell = Callable[[str, dict[str, Any]], bool]

@final
class Engine:
    def __new__(
        cls,
        name: str,
        device: str,
        dtype: str,
        threads: int | None,
        heads: int | None,
        max_memory: int | None,
    ) -> Engine: ...
    def about(self) -> dict[str, Any]: ...
    def sha256(self) -> str: ...
    def fold(self, given: _Given, first: int, on_error: str, settings: dict[str, Any]) -> _Results: ...
    def embed(
        self, given: _Given, first: int, on_error: str, kind: str, window: tuple[int, int] | None
    ) -> _Results: ...
    def score(self, given: _Given, first: int, on_error: str, unmasked: bool) -> _Results: ...
    def variants(
        self, given: _Given, first: int, on_error: str, variants: list[list[str]], unmasked: bool
    ) -> _Results: ...
    def predict(self, given: _Given, first: int, on_error: str, pad_to: int | None) -> _Results: ...

@final
class EnergyEngine:
    def __new__(
        cls,
        name: str,
        text: str | None,
        temperature: float,
        dangles: int,
        threads: int | None,
        max_memory: int | None,
    ) -> EnergyEngine: ...
    def fold(self, given: _Given, first: int, on_error: str, settings: dict[str, Any]) -> _Results: ...
    def evaluate(self, letters: bytes, pairs: _Pairs, nick: int | None) -> tuple[float, list[dict[str, Any]]]: ...

@final
class Reader:
    def __new__(cls, path: str, on_invalid: str, gaps: str) -> Reader: ...
    def next(self) -> tuple[str, str, str] | None: ...
    def goes_on(self) -> bool: ...
    def remarks(self) -> list[str]: ...

def letters(text: bytes, as_written: bool) -> tuple[bytes, int | None, list[str]]: ...
def read_structures(path: str, all: bool) -> tuple[list[dict[str, Any]], list[Exception], list[str]]: ...
def pairs_of(brackets: str) -> tuple[npt.NDArray[np.int64], int]: ...
def brackets(pairs: _Pairs, len: int) -> str: ...
def write(
    format: str, header: str, sequence: bytes, pairs: _Pairs, nick: int | None, remark: str | None
) -> str: ...
def compare(predicted: _Pairs, reference: _Pairs, len: int) -> dict[str, Any]: ...
def draw(settings: dict[str, Any]) -> str: ...
def png(svg: str) -> bytes: ...
def pdf(svg: str) -> bytes: ...
def command(arguments: list[str], closed: bool) -> int: ...
def build_corpus(settings: dict[str, Any], tell: Callable[[str, float | None], bool] | None) -> str: ...
def pretrain(corpus: str, settings: dict[str, Any], tell: _Tell | None) -> dict[str, Any]: ...
def finetune(task: str, data: dict[str, Any], settings: dict[str, Any], tell: _Tell | None) -> dict[str, Any]: ...
def resume(settings: dict[str, Any], tell: _Tell | None) -> dict[str, Any]: ...
def calibrate(settings: dict[str, Any]) -> tuple[dict[str, Any], list[str]]: ...
def place(
    vectors: npt.NDArray[np.float32],
    method: str,
    perplexity: float | None,
    neighbours: int | None,
    min_dist: float | None,
    seed: int,
    threads: int | None,
) -> dict[str, Any]: ...
