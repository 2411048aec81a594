"""What several tests use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rinalmo

ROOT = Path(__file__).resolve().parents[3]
TRNA = "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA"
HAIRPIN = "GGGGAAAACCCC"


@pytest.fixture(scope="session")
def model() -> rinalmo.Model:
    return rinalmo.Model("nano", dtype="f32")


@pytest.fixture(scope="session")
def mlm() -> rinalmo.Model:
    return rinalmo.Model("nano-mlm", dtype="f32")


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command that was installed with the package."""
    program = Path(sys.executable).parent / "rinalmo"
    options = {"capture_output": True, "text": True, "timeout": 300, **options}
    return subprocess.run([os.fspath(program), *arguments], **options)
