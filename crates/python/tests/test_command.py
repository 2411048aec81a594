"""The command that is installed with the package."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import HAIRPIN, ROOT, TRNA, command

import rinalmo

PROGRAM = os.fspath(Path(sys.executable).parent / "rinalmo")


def test_it_is_the_command():
    assert command("--version").stdout.split()[:2] == ["rinalmo", rinalmo.__version__]
    folded = command("fold", HAIRPIN)
    assert folded.returncode == 0 and "((((....)))) expected_f1=" in folded.stdout
    as_module = subprocess.run([sys.executable, "-m", "rinalmo", "fold", HAIRPIN], capture_output=True, text=True)
    assert as_module.stdout == folded.stdout
    page = (ROOT / "docs/help/fold.txt").read_text()
    shown = command("fold", "--help", env={name: value for name, value in os.environ.items() if name != "COLUMNS"})
    assert "".join(line.rstrip() + "\n" for line in shown.stdout.splitlines()) == page


def test_exit_codes_are_those_of_the_command(tmp_path):
    (tmp_path / "x.fa").write_text(">a\nGG@\n>b\nGGGGAAAACCCC\n")
    assert command("fold", str(tmp_path / "x.fa")).returncode == 1
    missing = command("fold", str(tmp_path / "missing.fa"))
    assert missing.returncode == 2 and missing.stderr.startswith("error: ") and "Traceback" not in missing.stderr
    assert command("fold", "--no-such-flag").returncode == 2


def test_a_closed_pipe_is_a_normal_end():
    line = f'"{PROGRAM}" fold {ROOT}/examples/rnas.fa | head -n 1'
    ended = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True)
    assert ended.returncode == 0 and ended.stderr.count("Traceback") == 0


def test_a_closed_standard_output_is_an_error():
    ended = subprocess.run(["bash", "-c", f'"{PROGRAM}" fold {HAIRPIN} >&-'], capture_output=True, text=True)
    assert ended.returncode == 2 and "standard output is closed" in ended.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_stop_it_within_two_seconds(tmp_path, number, code):
    (tmp_path / "x.fa").write_text("".join(f">{n}\n{TRNA * 8}\n" for n in range(3000)))
    output = tmp_path / "x.dbn"
    process = subprocess.Popen(
        [PROGRAM, "fold", str(tmp_path / "x.fa"), "-o", str(output)], stderr=subprocess.PIPE, text=True
    )
    time.sleep(2.5)
    process.send_signal(number)
    start = time.monotonic()
    _, printed = process.communicate(timeout=30)
    assert process.returncode == code, printed
    assert time.monotonic() - start < 6 and "Traceback" not in printed


def test_ctrl_c_stops_a_command_that_handles_no_signals():
    process = subprocess.Popen([PROGRAM, "model", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=30)
    assert process.returncode in (-signal.SIGINT, 0, 1), "it ended by the signal, or before it came"
