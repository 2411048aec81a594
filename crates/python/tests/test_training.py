"""Training: corpora, pre-training, fine-tuning, callbacks, stops and what comes after."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import HAIRPIN, ROOT, command

import rinalmo
from rinalmo import training
from rinalmo.training import Begun, Epoch, Saved, Step, Validated

TOUR = ROOT / "examples/tour"
CONFIG = {
    "model": {"dim": 32, "blocks": 1, "heads": 2},
    "data": {"tokens": 1024},
    "train": {
        "validate": {"steps": 4},
        "save": {"steps": 4},
        "schedule": {"peak": 2e-3, "warm_up": {"from": 1e-7, "steps": 2}, "then": "constant"},
        "until": {"steps": 8},
    },
}
LABELS = {"train": {"save": {"steps": 5}, "until": {"steps": 10}}}


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("corpus") / "corpus.lmdb"
    stages: list[tuple[str, float | None]] = []
    report = rinalmo.corpus.build(
        TOUR / "sequences.fa", out, exclude=TOUR / "test.tsv", hold_out=0.1, callback=lambda *stage: stages.append(stage)
    )
    assert report["clusters"]["clusters"] > report["held_out"] > 0
    assert len(stages) == 10 and stages[0][1] is None and stages[1][1] >= 0
    return out


@pytest.fixture(scope="session")
def language(store, tmp_path_factory) -> tuple[training.Trained, list[training.Event]]:
    events: list[training.Event] = []
    out = tmp_path_factory.mktemp("runs") / "language"
    return rinalmo.pretrain(store, out, config=CONFIG, callback=events.append), events


def letters(run: training.Trained) -> np.ndarray:
    return run.model(dtype="f32").logits(HAIRPIN)[0]


def folds(language: tuple[training.Trained, list[training.Event]], out: Path, steps: int) -> training.Trained:
    """A model of structures, trained for so many steps."""
    return rinalmo.finetune(
        "structure",
        TOUR / "train.tsv",
        out,
        config=TOUR / "structure.toml",
        validation=TOUR / "validation.tsv",
        start_from=language[0].folder,
        steps=steps,
    )


def test_a_corpus_is_that_of_the_command(store, tmp_path):
    other = tmp_path / "other.lmdb"
    words = ["corpus", "build", TOUR / "sequences.fa", "-o", other, "--exclude", TOUR / "test.tsv", "--hold-out", "0.1"]
    assert command(*map(str, words)).returncode == 0
    assert command("corpus", "stats", str(other)).stdout == command("corpus", "stats", str(store)).stdout


def test_a_corpus_says_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError):
        rinalmo.corpus.build(tmp_path / "none.fa", tmp_path / "x.lmdb")
    with pytest.raises(rinalmo.InputError, match='odd_letters: expected "keep", "replace" or "drop", found "x"'):
        rinalmo.corpus.build(TOUR / "sequences.fa", tmp_path / "x.lmdb", odd_letters="x")
    with pytest.raises(rinalmo.InputError, match="nothing to store"):
        rinalmo.corpus.build(TOUR / "sequences.fa", tmp_path / "x.lmdb", min_length=8000)
    for options, message in [
        ({"identity": 2}, "identity: expected a number above 0, at most 1, found 2"),
        ({"coverage": 0}, "coverage: expected a number above 0, at most 1, found 0"),
        ({"exclude_identity": 3}, "exclude_identity: expected a number above 0, at most 1, found 3"),
        ({"single_base": float("nan")}, "a single base must be a number, found NaN"),
        ({"ambiguous": float("nan")}, "ambiguous letters must be a number, found NaN"),
        ({"min_length": -1}, "min_length: expected a whole number from 0"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
    ]:
        with pytest.raises(rinalmo.InputError, match=message):
            rinalmo.corpus.build(TOUR / "sequences.fa", tmp_path / "x.lmdb", **options)
    with pytest.raises(TypeError, match="^hold_out: expected a number, found str 'x'$"):
        rinalmo.corpus.build(TOUR / "sequences.fa", tmp_path / "x.lmdb", hold_out="x")
    for false in [False, np.bool_(False)]:
        with pytest.raises(rinalmo.Error, match="the same call continues"):
            rinalmo.corpus.build(TOUR / "sequences.fa", tmp_path / "x.lmdb", callback=lambda *_: false)
    assert not (tmp_path / "x.lmdb").exists()
    assert rinalmo.corpus.build([TOUR / "sequences.fa"], tmp_path / "x.lmdb")["store_bytes"] > 0


def test_events_come_in_order(language):
    run, events = language
    assert run.ended == "finished" and run.step == 8 and run.exported in (4, 8) and run.test is None
    assert isinstance(events[0], Begun) and (events[0].step, events[0].steps) == (0, 8)
    assert [event.step for event in events if isinstance(event, Step)] == list(range(1, 9))
    assert [event.step for event in events if isinstance(event, Saved)] == [4, 8]
    validated = [event for event in events if isinstance(event, Validated)]
    assert [event.step for event in validated] == [4, 8] and any(event.best for event in validated)
    assert any(isinstance(event, Epoch) for event in events)
    assert run.validation == validated[-1].figures
    steps = [event for event in events if isinstance(event, Step)]
    assert run.tokens == sum(step.tokens for step in steps) > 0
    assert all(step.loss > 0 and step.seconds > 0 for step in steps)


def test_a_run_is_that_of_the_command(language, store, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(
        "[model]\ndim = 32\nblocks = 1\nheads = 2\n[data]\ntokens = 1024\n[train]\nvalidate = { steps = 4 }\n"
        'save = { steps = 4 }\nschedule = { peak = 2e-3, warm_up = { from = 1e-7, steps = 2 }, then = "constant" }\n'
        "until = { steps = 8 }\n"
    )
    out = tmp_path / "run"
    printed = command("pretrain", str(config), "--corpus", str(store), "--out", str(out))
    assert printed.returncode == 0, printed.stderr
    run, _ = language
    assert (rinalmo.Model(out, dtype="f32").logits(HAIRPIN)[0] == letters(run)).all()
    assert (out / "config.toml").read_text() == (run.folder / "config.toml").read_text()


@pytest.mark.parametrize("how", ["false", "numpy", "exception"])
def test_a_stopped_run_continues_to_the_same_weights(language, store, tmp_path, how):
    def stopping(event: training.Event) -> object:
        if isinstance(event, Step) and event.step == 3:
            if how == "exception":
                raise RuntimeError("enough")
            return False if how == "false" else np.bool_(False)
        return None

    out = tmp_path / "run"
    if how == "exception":
        with pytest.raises(RuntimeError, match="enough"):
            rinalmo.pretrain(store, out, config=CONFIG, callback=stopping)
    else:
        stopped = rinalmo.pretrain(store, out, config=CONFIG, callback=stopping)
        assert (stopped.ended, stopped.step) == ("stopped", 4)  # the next step is the last
    events: list[training.Event] = []
    run = rinalmo.resume(out, callback=events.append)
    assert (run.ended, run.step) == ("finished", 8)
    assert isinstance(events[0], Begun) and events[0].step == 4
    assert (letters(run) == letters(language[0])).all()


def test_the_config_in_the_documentation_is_one(tmp_path):
    shown = re.search(r"`(\{.*?\})`\.", training.pretrain.__doc__, flags=re.DOTALL)[1]
    with pytest.raises(FileNotFoundError, match="none"):  # a config that cannot be read is said before
        rinalmo.pretrain(tmp_path / "none", tmp_path / "run", config=ast.literal_eval(shown))


def test_limits_of_nothing_make_no_steps(store, tmp_path):
    for limit in ["steps", "epochs"]:
        events: list[training.Event] = []
        run = rinalmo.pretrain(store, tmp_path / limit, config=CONFIG, callback=events.append, **{limit: 0})
        assert (run.ended, run.step) == ("finished", 0) and not any(isinstance(event, Step) for event in events)


NESTED = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import rinalmo
store, out, sequences, config = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
models = [rinalmo.Model("nano-mlm", threads=1), rinalmo.Model("nano-mlm")]
def use(event, *_):
    for model in models:
        assert model.embed("GGGGAAAACCCC").shape == (1, model.dim)
    assert rinalmo.energy.fold("GGGGAAAACCCC", threads=1)[0].mfe == -5.4
def elsewhere(event):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(use, event).result()
rinalmo.corpus.build(sequences, out + ".lmdb", callback=use, threads=1)
for number, callback in enumerate([use, elsewhere]):
    rinalmo.pretrain(store, f"{out}-{number}", config=config, steps=1, callback=callback, threads=1)
rinalmo.pretrain(store, f"{out}-2", config=config, steps=1, callback=use)
"""


def test_a_callback_may_use_models_however_few_threads_there_are(store, tmp_path):
    words = [sys.executable, "-c", NESTED, store, tmp_path / "run", TOUR / "sequences.fa", json.dumps(CONFIG)]
    environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
    ended = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=240, env=environment)
    assert ended.returncode == 0, ended.stderr


def test_ctrl_c_writes_a_checkpoint_first(store, tmp_path):
    program = (
        "import rinalmo, json, sys\n"
        "def told(event):\n"
        "    print(type(event).__name__, flush=True)\n"
        f"rinalmo.pretrain({str(store)!r}, {str(tmp_path / 'run')!r}, config=json.loads({json.dumps(CONFIG)!r}),\n"
        "                 steps=100000, callback=told)\n"
    )
    words = [sys.executable, "-c", program]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        while "Step" not in (line := running.stdout.readline()):
            assert line, running.communicate()[1]
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode != 0 and "KeyboardInterrupt" in errors
    stopped_at = json.loads((tmp_path / "run/run.json").read_text())["sessions"][-1]["to_step"]
    run = rinalmo.resume(tmp_path / "run", steps=stopped_at + 2)
    assert (run.ended, run.step) == ("finished", stopped_at + 2)


def test_labels_are_learned_and_tested(language, tmp_path):
    run = rinalmo.finetune(
        "sequence",
        TOUR / "gc.csv",
        tmp_path / "gc",
        config="sequence",
        test=[TOUR / "gc.csv"],
        start_from=language[0].folder,
        changes={"train.schedule.peak": np.float64(2e-3), "train": {"seed": np.int64(3)}},
        steps=10,
        threads=1,
    )
    assert run.ended == "finished" and run.validation and run.test and run.test["loss"] > 0
    assert run.model().task == "sequence"
    assert run.model().predict(HAIRPIN)[0].keys() >= {"id", "value"}
    text = (run.folder / "config.toml").read_text()
    assert "seed = 3" in text and "peak = 0.002" in text


def test_structures_are_learned(language, tmp_path):
    run = folds(language, tmp_path / "run", steps=2)
    assert run.ended == "finished" and run.model().task == "structure"
    assert "relaxed F1" in run.validation
    with pytest.raises(rinalmo.InputError, match="fresh_head=True"):
        rinalmo.finetune(
            "structure",
            TOUR / "train.tsv",
            tmp_path / "other",
            config=TOUR / "structure.toml",
            start_from=run.folder,
            changes={"data.channels": 3},
            steps=2,
        )


def test_a_model_is_calibrated_as_by_the_command(language, tmp_path):
    run = folds(language, tmp_path / "run", steps=20)
    known, mine, other = TOUR / "validation.tsv", tmp_path / "mine.safetensors", tmp_path / "other.safetensors"
    found = rinalmo.calibrate(run.folder, mine, known)
    assert found["structures"] == 50 and found["cross_fitted"]
    assert found["calibration_error"] <= found["calibration_error_before"]
    printed = command("model", "calibrate", str(run.folder), str(other), "--data", str(known))
    assert printed.returncode == 0 and f"mean relaxed F1 {found['relaxed_f1']:.4f} " in printed.stderr, printed.stderr
    assert mine.read_bytes() == other.read_bytes()
    assert rinalmo.Model(mine).fold(HAIRPIN)[0].expected_f1 is not None
    with pytest.raises(FileExistsError, match="overwrite=True"):
        rinalmo.calibrate(run.folder, mine, known)
    assert rinalmo.calibrate(run.folder, mine, known, decode="nested", threshold=0.3, overwrite=True)["threshold"] == 0.3
    for threshold in [1.0, -0.1, float("nan")]:
        with pytest.raises(rinalmo.InputError, match="threshold: expected a probability from 0 to below 1, found"):
            rinalmo.calibrate(run.folder, tmp_path / "x", known, threshold=threshold)
    with pytest.raises(rinalmo.InputError, match="max_length: expected a whole number from 0"):
        rinalmo.calibrate(run.folder, tmp_path / "x", known, max_length=-1)
    with pytest.raises(rinalmo.InputError, match='decode: expected "f1"'):
        rinalmo.calibrate(run.folder, tmp_path / "x", known, decode="mea")
    with pytest.raises(FileNotFoundError):
        rinalmo.calibrate(run.folder, tmp_path / "x", tmp_path / "none.tsv")


def test_what_is_wrong_is_said_as_elsewhere(language, store, tmp_path):
    run, _ = language
    out = tmp_path / "new"
    for call, exception, message in [
        (lambda: rinalmo.pretrain(store, run.folder, config=CONFIG), rinalmo.InputError, "rinalmo.resume continues it"),
        (lambda: rinalmo.pretrain(tmp_path / "none", out, config=CONFIG), FileNotFoundError, "none"),
        (lambda: rinalmo.pretrain(store, out, config="pretrain-nanoo"), rinalmo.InputError, "no config of this name"),
        (lambda: rinalmo.pretrain(store, out, config={"modle": {}}), rinalmo.InputError, "did you mean `model`"),
        (lambda: rinalmo.pretrain(store, out, config={"x": {1, 2}}), rinalmo.InputError, "cannot hold a set"),
        (
            lambda: rinalmo.pretrain(store, out, config=CONFIG, changes={"data.tokens": 512}),
            rinalmo.InputError,
            "do not hold one row of 1024",
        ),
        (
            lambda: rinalmo.pretrain(store, out, config=CONFIG, changes={"train.sed": 1}),
            rinalmo.InputError,
            "did you mean `seed`",
        ),
        (
            lambda: rinalmo.pretrain(store, out, config=CONFIG, changes={"train.until": None}),
            rinalmo.InputError,
            "steps=, epochs= or seconds=",
        ),
        (
            lambda: rinalmo.finetune("folding", TOUR / "gc.csv", out, config=LABELS),
            rinalmo.InputError,
            'task: expected one of "structure"',
        ),
        (
            lambda: rinalmo.finetune("sequence", TOUR / "none.csv", out, config="sequence", start_from="nano-mlm"),
            FileNotFoundError,
            "none.csv",
        ),
        (
            lambda: rinalmo.finetune("sequence", TOUR / "gc.csv", out, config="sequence", splits="x"),
            rinalmo.InputError,
            "splits and fold belong together",
        ),
        (lambda: rinalmo.pretrain(store, out, config=CONFIG, steps=-1), rinalmo.InputError, "steps: expected a whole"),
        (lambda: rinalmo.pretrain(store, out, config=CONFIG, steps=2**63), rinalmo.InputError, "steps: expected a"),
        (lambda: rinalmo.pretrain(store, out, config=CONFIG, epochs=2**63), rinalmo.InputError, "epochs: expected"),
        (lambda: rinalmo.pretrain(store, out, config=CONFIG, seconds=-1), rinalmo.InputError, "seconds: expected 0 or"),
        (lambda: rinalmo.pretrain(store, out, config=CONFIG, seconds=float("nan")), rinalmo.InputError, "seconds: ex"),
        (
            lambda: rinalmo.pretrain(store, out, config=CONFIG, changes={"train.until.seconds": -1.0}),
            rinalmo.InputError,
            "train.until.seconds = -1, expected 0 or more",
        ),
        (lambda: rinalmo.pretrain(store, out, config=CONFIG, steps="8"), TypeError, "steps: expected a whole number"),
        (lambda: rinalmo.resume(tmp_path), rinalmo.InputError, "holds no run to resume"),
        (lambda: rinalmo.resume(run.folder, changes={"train.seed": 7}), rinalmo.InputError, "a run keeps its settings"),
    ]:
        with pytest.raises(exception, match=message):
            call()
    assert not out.exists()
