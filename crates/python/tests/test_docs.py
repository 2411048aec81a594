"""The examples that users read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HAIRPIN, ROOT, TRNA

import rinalmo


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("page", ["docs/python.md", "crates/python/README.md", "README.md"])
def test_every_example_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "my.fa").write_text(f">a\n{TRNA}\n>b\n{HAIRPIN}\n")
    (tmp_path / "my.fa.gz").write_bytes((tmp_path / "my.fa").read_bytes())
    (tmp_path / "known.ct").write_text(rinalmo.energy.fold(HAIRPIN)[0].to_ct())
    names = {"sequences": [TRNA, HAIRPIN]}
    found = blocks(ROOT / page)
    assert found
    for block in found:
        exec(compile(block, page, "exec"), names)


def test_the_tour_runs_from_the_first_line_to_the_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    page, names = (ROOT / "docs/tour.md").read_text(), {}
    found = re.findall(r"```(sh|python)\n(.*?)```", page, flags=re.DOTALL)
    assert {language for language, _ in found} == {"sh", "python"}
    for language, block in found:
        if language == "sh":
            ended = subprocess.run(["sh", "-euc", block], capture_output=True, text=True, timeout=900)
            assert ended.returncode == 0, block + ended.stderr
        else:
            exec(compile(block, "docs/tour.md", "exec"), names)


def test_the_example_script_folds_and_draws(tmp_path):
    picture = tmp_path / "x.svg"
    script = ROOT / "examples/fold_and_draw.py"
    ended = subprocess.run(
        [sys.executable, str(script), str(ROOT / "examples/rnas.fa"), str(picture)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert picture.read_text().startswith("<svg ")
    lines = ended.stdout.splitlines()
    assert len(lines) > 3 and all(" pairs above 0.9" in line for line in lines[:-1])
