"""Structures by the model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import HAIRPIN, ROOT, TRNA, command

import rinalmo


def test_a_fold_has_structure_pairs_and_probabilities(model):
    fold = model.fold(HAIRPIN)[0]
    assert (fold.id, fold.header, fold.sequence) == ("seq1", "seq1", HAIRPIN)
    assert fold.structure == "((((....))))"
    assert fold.pairs.dtype == np.int64 and fold.pairs.tolist() == [[0, 11], [1, 10], [2, 9], [3, 8]]
    bpp = fold.bpp
    assert bpp.dtype == np.float32 and bpp.shape == (12, 12)
    assert (bpp == bpp.T).all() and (np.diag(bpp) == 0).all()
    assert (fold.pair_probabilities == bpp[fold.pairs[:, 0], fold.pairs[:, 1]]).all()
    assert fold.score == pytest.approx(fold.pair_probabilities.mean(), abs=1e-6)
    assert fold.unpaired == pytest.approx(np.maximum(1 - bpp.sum(axis=1), 0), abs=1e-6)
    assert 0.5 < fold.expected_f1 <= 1 and fold.energy is None


def test_the_map_is_the_memory_it_was_computed_in(model):
    bpp = model.fold(HAIRPIN)[0].bpp
    owner = bpp
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    assert type(owner.base).__name__ == "PySliceContainer", "the array owns a vector of Rust"
    assert not bpp.flags.owndata and bpp.flags.c_contiguous and np.shares_memory(bpp, np.asarray(bpp))


def test_results_are_those_of_the_command_to_the_bit(model):
    file = ROOT / "examples/rnas.fa"
    printed = command("fold", "--dtype", "f32", "--format", "json", str(file))
    assert printed.returncode == 0, printed.stderr
    expected = [json.loads(line) for line in printed.stdout.splitlines()]
    folds = list(model.fold_iter(rinalmo.read(file)))
    assert len(folds) == len(expected) > 3
    for fold, other in zip(folds, expected):
        assert (fold.id, fold.sequence, fold.structure) == (other["id"], other["sequence"], other["structure"])
        assert round(fold.expected_f1, 6) == other["expected_f1"]
        pairs = [[i + 1, j + 1] for i, j in fold.pairs.tolist()]
        assert pairs == [pair[:2] for pair in other["pairs"]]
        assert np.round(fold.pair_probabilities.astype(np.float64), 6).tolist() == [pair[2] for pair in other["pairs"]]


@pytest.mark.parametrize("kind", ["dbn", "ct", "bpseq"])
def test_records_are_written_as_the_command_writes_them(model, kind):
    file = ROOT / "examples/rnas.fa"
    printed = command("fold", "--dtype", "f32", "--format", kind, str(file))
    folds = model.fold(rinalmo.read(file), bpp=False)
    write = {"dbn": rinalmo.Fold.to_dbn, "ct": rinalmo.Fold.to_ct, "bpseq": rinalmo.Fold.to_bpseq}[kind]
    assert "".join(map(write, folds)) == printed.stdout


def test_the_map_is_that_of_the_command_to_the_bit(model, tmp_path):
    command("fold", "--dtype", "f32", "--bpp", str(tmp_path / "p.npz"), TRNA)
    expected = np.load(tmp_path / "p.npz")["seq1"]
    assert (model.fold(TRNA)[0].bpp == expected).all()


def test_batches_and_threads_change_no_bit(model):
    sequences = [TRNA, HAIRPIN, TRNA[5:], TRNA * 3]
    together = model.fold(sequences)
    single = rinalmo.Model("nano", dtype="f32", threads=1)
    for sequence, fold in zip(sequences, together):
        alone = single.fold(sequence)[0]
        assert (alone.bpp == fold.bpp).all() and alone.structure == fold.structure


def test_constraints_are_obeyed(model):
    unpaired = model.fold(HAIRPIN, constraint="xxxx........")[0]
    assert unpaired.structure == "............" and unpaired.expected_f1 is None
    forced = model.fold({"a": HAIRPIN, "b": HAIRPIN}, constraint={"b": "(..........)"}, decode="nested")
    assert forced[1].structure[0] == "(" and forced[1].structure[11] == ")"
    assert forced[0].id == "a"
    each = model.fold([HAIRPIN, HAIRPIN], constraint=[None, "xxxxxxxxxxxx"])
    assert [fold.structure for fold in each] == ["((((....))))", "............"]


def test_options_reach_the_decoder(model):
    assert model.fold(HAIRPIN, threshold=0.999)[0].pairs.shape == (0, 2)
    greedy = model.fold(TRNA, decode="greedy", threshold=0.3)[0]
    assert greedy.threshold == pytest.approx(0.3) and greedy.expected_f1 is None
    all_energies = model.fold(TRNA, energy_share=1.0)[0].bpp
    assert not (all_energies == model.fold(TRNA)[0].bpp).all()


def test_reactivities_are_those_of_the_command(model, tmp_path):
    values = [0.1, None, 0.2, 0.1, 1.5, 0.9, 1.2, 2, 0.1, 0.3, float("nan"), 0]
    written = ",".join("NA" if value is None or value != value else str(value) for value in values)
    (tmp_path / "r.tsv").write_text(f"id\treactivity\na\t{written}\n")
    (tmp_path / "a.fa").write_text(f">a\n{HAIRPIN}\n")
    for reagent in ["shape", "dms"]:
        flags = ["--format", "json", "--reactivities", str(tmp_path / "r.tsv"), "--reagent", reagent]
        printed = json.loads(command("fold", "--dtype", "f32", *flags, str(tmp_path / "a.fa")).stdout)
        single = model.fold(HAIRPIN, reactivities=values, reagent=reagent)[0]
        named = model.fold({"b": HAIRPIN, "a": HAIRPIN}, reactivities={"a": values}, reagent=reagent)
        each = model.fold([HAIRPIN, HAIRPIN], reactivities=[None, np.array(values, float)], reagent=reagent)
        for fold in [single, named[1], each[1]]:
            assert fold.structure == printed["structure"] and fold.expected_f1 is None
            assert np.round(fold.pair_probabilities.astype(np.float64), 6).tolist() == [
                pair[2] for pair in printed["pairs"]
            ]
        assert named[0].expected_f1 == each[0].expected_f1 == model.fold(HAIRPIN)[0].expected_f1
        flags = ["-m", "turner2004", *flags, "--reactivity-slope", "2", "--reactivity-intercept", "-0.5"]
        printed = json.loads(command("fold", *flags, str(tmp_path / "a.fa")).stdout)
        fold = rinalmo.energy.fold(
            HAIRPIN, reactivities=values, reagent=reagent, reactivity_slope=2, reactivity_intercept=-0.5
        )[0]
        assert fold.mfe == pytest.approx(printed["mfe"]) and fold.energy == pytest.approx(printed["energy"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reactivities": [0.5]}, "reactivities: expected one for each of 12 bases, found 1"),
        ({"reactivities": []}, "reactivities: expected one for each of 12 bases, found 0"),
        ({"reactivities": ["x"] * 12}, "reactivities: expected numbers, None or NaN"),
        ({"reactivities": [0.5] * 12, "reagent": "cmct"}, 'reagent: expected "shape" or "dms", found "cmct"'),
        ({"reactivities": [0.5] * 12, "reactivity_slope": 1e9}, "reactivity_slope: expected a number from -100 to 100"),
        ({"decode": "best"}, 'decode: expected "greedy", "nested", "f1", "mea", "centroid", found "best"'),
        ({"threshold": 1.0}, "threshold: expected a probability from 0 to below 1, found 1"),
        ({"threshold": float("nan")}, "threshold: expected a probability from 0 to below 1, found NaN"),
        ({"gamma": 0.0}, "gamma: expected a number above 0"),
        ({"energy_share": 2.0}, "energy_share: expected a number from 0 to 1, found 2"),
        ({"constraint": "..."}, "3 characters for a sequence of 12 bases"),
        ({"constraint": "((((....))))("}, "`(` has no matching bracket"),
        ({"constraint": "A..........."}, "column 1: `A` is not one of"),
        ({"constraint": []}, "0 constraints, expected one for each sequence"),
    ],
)
def test_invalid_options_are_errors_in_words_of_the_library(model, options, message):
    with pytest.raises(rinalmo.InputError) as raised:
        model.fold(HAIRPIN, **options)
    assert message in str(raised.value)
    assert isinstance(raised.value, ValueError) and isinstance(raised.value, rinalmo.Error)


def test_other_structures_are_those_of_the_command(model):
    switch = "GGGCCCAAAAGGGCCCAAAAGGGCCC"
    asked = [
        ({"alternatives": 3}, ["--alternatives", "3"]),
        ({"samples": 20, "seed": 3}, ["--samples", "20", "--seed", "3"]),
    ]
    for options, flags in asked:
        printed = json.loads(command("fold", "--dtype", "f32", "-f", "json", *flags, switch).stdout)
        fold = model.fold(switch, **options)[0]
        expected = printed["alternatives"]
        assert [one.structure for one in fold.alternatives] == [one["structure"] for one in expected]
        assert [one.energy for one in fold.alternatives] == pytest.approx([one["energy"] for one in expected])
        assert all(0 <= one.share <= 1 for one in fold.alternatives)
    assert model.fold(switch)[0].alternatives is None
    near = rinalmo.energy.fold(switch, band=2.0)[0]
    assert near.alternatives[0].energy == pytest.approx(near.mfe)
    spans = [abs(i - j) for i, j in model.fold(TRNA, max_span=20)[0].pairs]
    assert spans and max(spans) < 20
    with pytest.raises(rinalmo.InputError, match="seed"):
        model.fold(switch, seed=1)


def test_pseudoknots_are_searched_in_a_second_pass(model):
    virus = "GCGGCCAGCUCCAGGCCGCCAAACAAUAUGGAGCAC"
    nested, knotted = model.fold(virus)[0], model.fold(virus, pseudoknots=True)[0]
    assert nested.crossing_left_out > 0 and knotted.crossing_left_out == 0
    assert "[" in knotted.structure and set(map(tuple, nested.pairs)) < set(map(tuple, knotted.pairs))


def test_probabilities_can_be_left_out(model):
    fold = model.fold(HAIRPIN, bpp=False)[0]
    with pytest.raises(rinalmo.InputError, match="fold with bpp=True"):
        fold.bpp
    assert fold.structure == "((((....))))"


def test_maps_that_do_not_fit_together_are_refused_before_the_work():
    small = rinalmo.Model("nano", max_memory=64 << 20)
    with pytest.raises(rinalmo.InputError, match=r"need \d+ MiB, 64 MiB are allowed\nhint: bpp=False"):
        small.fold(["ACGU" * 250] * 20)
    with pytest.raises(rinalmo.InputError, match=r"up to \d+ nt fit; raise max_memory"):
        small.fold("ACGU" * 5000, bpp=False)


def test_an_empty_sequence_is_an_error_that_names_its_record(model):
    with pytest.raises(rinalmo.InputError, match="record `b`: the sequence is empty"):
        model.fold([("a", HAIRPIN), ("b", "")])


def test_no_sequences_are_no_results(model):
    assert model.fold([]) == [] and list(model.fold_iter(iter(()))) == []
