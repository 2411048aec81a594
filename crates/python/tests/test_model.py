"""Models as Python objects: names, copies, pickles, processes, threads, signals."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pathlib
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import HAIRPIN, TRNA

import rinalmo


def test_a_model_describes_itself(model):
    assert (model.name, model.task, model.device, model.dtype) == ("nano", "structure", "cpu", "f32")
    assert model.parameters > 7_000_000 and model.dim == 320 and len(model.sha256) == 64
    assert repr(model).startswith("<Model nano: 7,") and "structure, cpu, f32" in repr(model)
    assert rinalmo.models()[0] == "nano" and "nano-mlm" in rinalmo.models()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("nanno",), {}, "did you mean `nano`"),
        (("turner2004",), {}, "rinalmo.energy.fold"),
        (("nano",), {"dtype": "f64"}, 'dtype: expected "auto"'),
        (("nano",), {"device": "gpu"}, "`gpu` is not a device"),
        (("nano",), {"threads": 0}, "threads: expected 1 to 1024, found 0"),
        (("nano",), {"threads": -1}, "threads: expected 1 to 1024, found -1"),
        (("nano",), {"max_memory": -1}, "max_memory: expected a whole number from 0"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_an_error_that_helps(arguments, options, message):
    with pytest.raises(rinalmo.InputError, match=message):
        rinalmo.Model(*arguments, **options)


def test_a_file_that_is_no_model_is_an_error(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"no model")
    with pytest.raises(rinalmo.Error, match="x.safetensors"):
        rinalmo.Model(tmp_path / "x.safetensors")


def test_copies_share_the_weights(model):
    assert copy.copy(model) is model and copy.deepcopy([model])[0] is model


def test_models_and_results_can_be_pickled(model, tmp_path, monkeypatch):
    again = pickle.loads(pickle.dumps(model))
    assert (again.name, again.dtype) == ("nano", "f32")
    fold = model.fold(TRNA)[0]
    other = pickle.loads(pickle.dumps(fold))
    assert other.structure == fold.structure and (other.bpp == fold.bpp).all() and other.to_ct() == fold.to_ct()
    error = pickle.loads(pickle.dumps(rinalmo.InputError("a")))
    assert isinstance(error, rinalmo.InputError)


def folded(model, sequence):
    return model.fold(sequence, bpp=False)[0].structure


# Python warns that other libraries may not expect a fork; that this one does is tested.
FORK = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@FORK
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_fold_with_a_pickled_model(model, method):
    expected = [folded(model, TRNA), folded(model, HAIRPIN)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        results = pool.starmap_async(folded, [(model, TRNA), (model, HAIRPIN)])
        assert results.get(timeout=120) == expected


@FORK
def test_a_forked_process_folds_with_the_model_of_its_parent(model):
    expected = folded(model, TRNA)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    process = context.Process(target=lambda: results.put(folded(model, TRNA)))
    process.start()
    assert results.get(timeout=120) == expected
    process.join(timeout=30)
    assert process.exitcode == 0


def test_threads_use_one_model_at_once(model):
    sequences = [TRNA[: 40 + n] for n in range(24)]
    expected = [fold.structure for fold in model.fold(sequences)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda sequence: folded(model, sequence), sequences)) == expected


def test_other_threads_run_while_a_model_computes(model):
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.005)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    model.fold([TRNA * 8] * 2)
    seconds = time.monotonic() - start
    done.set()
    thread.join()
    gaps = np.diff([at for at in ticks if start <= at <= start + seconds])
    assert len(gaps) > 5 and gaps.max() < 0.5 * max(seconds, 0.2), "the lock was held"


INTERRUPTED = """
import signal, sys, threading, time, os
import rinalmo
{setup}
timer = threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT))
timer.start()
start = time.monotonic()
try:
    {work}
    print("finished")
except KeyboardInterrupt:
    print("interrupted after", time.monotonic() - start)
print(model.fold("GGGGAAAACCCC")[0].structure)
"""


@pytest.mark.parametrize(
    ("setup", "work"),
    [
        ('model = rinalmo.Model("nano")', 'model.fold(["ACGUUGCAGC" * 90] * 400, bpp=False)'),
        ('model = rinalmo.Model("nano")', 'list(model.fold_iter("ACGUUGCAGC" * 60 for _ in range(9000)))'),
        ('model = rinalmo.Model("nano")', 'rinalmo.energy.fold(["GCAUUGCAGC" * 300] * 9)'),
    ],
)
def test_ctrl_c_ends_a_long_call_at_once(setup, work):
    script = INTERRUPTED.format(setup=setup, work=work)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr
    first, after = ended.stdout.splitlines()
    assert first.startswith("interrupted after"), ended.stdout
    assert float(first.split()[-1]) < 5, "Ctrl-C came after 0.7 s"
    assert after == "((((....))))", "the model can be used afterwards"


def test_a_bundled_name_is_that_model_whatever_is_in_the_working_folder(model, tmp_path, monkeypatch):
    text = pickle.dumps(model)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nano").mkdir()
    for found in [rinalmo.Model("nano"), pickle.loads(text)]:
        assert (found.name, found.sha256) == ("nano", model.sha256)
    for path in ["./nano", tmp_path / "nano", pathlib.Path("nano")]:
        with pytest.raises(rinalmo.Error, match="nano"):
            rinalmo.Model(path)


def test_a_relative_path_means_the_same_file_elsewhere(tmp_path, monkeypatch):
    from conftest import command

    monkeypatch.chdir(tmp_path)
    made = command("model", "convert", "nano", "own.safetensors", cwd=tmp_path)
    if made.returncode != 0:
        pytest.skip(f"the bundled model cannot be written to a file: {made.stderr}")
    model = rinalmo.Model("own.safetensors")
    text = pickle.dumps(model)
    monkeypatch.chdir(os.path.dirname(tmp_path))
    assert pickle.loads(text).fold(HAIRPIN)[0].structure == model.fold(HAIRPIN)[0].structure
