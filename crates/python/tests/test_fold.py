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
        ({"constraint": []}, "0 constraints, expected one for each sequence, of which there are 1"),
        ({"constraint": [None, None]}, "2 constraints, expected one for each sequence, of which there are 1"),
        ({"constraint": {"A": None}}, "constraint: no sequence for `A`\nhint: ids are `seq1`"),
        ({"constraint": [3]}, "constraint: expected a text or None, found int 3"),
        ({"constraint": 3}, "constraint: expected a text, one for each sequence, or a mapping of ids, found int 3"),
        ({"reactivities": {"A": [0.5] * 12, "B": None}}, "reactivities: no sequence for `A` and 1 more\nhint: ids are"),
        ({"reactivities": {1: None, "1": None}}, "reactivities: two keys are the same id"),
        ({"reactivities": [[0.5] * 12] * 2}, "2 lists of reactivities, expected one for each sequence"),
        ({"reactivities": [None] * 11}, "reactivities: expected one for each of 12 bases, found 11"),
        ({"reactivities": "0" * 12}, "reactivities: expected numbers, None or NaN"),
        ({"reactivities": {"seq1": "0" * 12}}, "reactivities: expected numbers, None or NaN"),
        ({"reactivities": [{0: 0.5}]}, "reactivities: expected numbers, None or NaN"),
        ({"reagent": "dms"}, "reagent: there are no reactivities; give reactivities too"),
        ({"reactivity_slope": 5}, "reactivity_slope: there are no reactivities"),
        ({"reactivity_intercept": 0}, "reactivity_intercept: there are no reactivities"),
        ({"decode": "mea", "threshold": 0.9}, "a threshold of probability needs the method greedy, nested or f1"),
        ({"decode": "centroid", "threshold": 0.9}, "a threshold of probability needs the method"),
        ({"gamma": 2.0}, "gamma needs the method mea"),
        ({"max_span": -1}, "max_span: expected a whole number from 0 to below 2^63, found -1"),
        ({"seed": -1, "samples": 1}, "seed: expected a whole number from 0"),
        ({"samples": 2**63}, "samples: expected a whole number from 0 to below 2^63, found 9223372036854775808"),
    ],
)
def test_invalid_options_are_errors_in_words_of_the_library(model, options, message):
    with pytest.raises(rinalmo.InputError) as raised:
        model.fold(HAIRPIN, **options)
    assert message in str(raised.value)
    assert isinstance(raised.value, ValueError) and isinstance(raised.value, rinalmo.Error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": "0.5"}, "threshold: expected a number, found str '0.5'"),
        ({"max_span": 2.5}, "max_span: expected a whole number, found float 2.5"),
        ({"min_loop": "3"}, "min_loop: expected a whole number, found str '3'"),
        ({"bpp": "no"}, "bpp: expected True or False, found str 'no'"),
        ({"decode": 3}, "decode: expected a text, found int 3"),
    ],
)
def test_options_of_a_wrong_type_are_named(model, options, message):
    with pytest.raises(TypeError) as raised:
        model.fold(HAIRPIN, **options)
    assert str(raised.value) == message


def test_numbers_of_numpy_are_numbers(model):
    options = {"threshold": np.float32(0.5), "max_span": np.int64(12), "bpp": np.bool_(False), "band": np.float64(1)}
    fold = model.fold(HAIRPIN, **options)[0]
    assert fold.structure == "((((....))))" and fold.threshold == 0.5


def test_ids_are_compared_as_text(model):
    fold = model.fold({7: HAIRPIN}, constraint={7: "xxxxxxxxxxxx"})[0]
    assert (fold.id, fold.structure) == ("7", "............")
    measured = model.fold({7: HAIRPIN, 8: HAIRPIN}, reactivities={7: [0.5] * 12})
    assert [fold.expected_f1 is None for fold in measured] == [True, False]


def test_a_stream_says_at_its_end_what_was_for_no_sequence(model):
    for option in ["constraint", "reactivities"]:
        for lost, message in [({"x": None}, "no sequence for `x`"), ([None] * 3, "of which there are 2")]:
            stream = model.fold_iter(iter([HAIRPIN, HAIRPIN]), bpp=False, **{option: lost})
            assert [next(stream).id, next(stream).id] == ["seq1", "seq2"]
            with pytest.raises(rinalmo.InputError, match=message):
                next(stream)
            stream = model.fold_iter(iter([HAIRPIN, HAIRPIN]), bpp=False, on_error="warn", **{option: lost})
            with pytest.warns(rinalmo.InputWarning, match=message):
                assert len(list(stream)) == 2
    with pytest.raises(rinalmo.InputError, match="1 constraints, expected .* of which there are more"):
        list(model.fold_iter([HAIRPIN, HAIRPIN], constraint=["x" * 12]))
    with pytest.raises(rinalmo.InputError, match="no sequence for `x`"):
        list(rinalmo.energy.fold_iter([HAIRPIN], constraint={"x": None}))


def test_no_reactivities_are_taken_as_such(model):
    usual = model.fold(HAIRPIN)[0].expected_f1
    assert [fold.expected_f1 for fold in model.fold([HAIRPIN] * 2, reactivities=[None, None])] == [usual, usual]
    stream = model.fold_iter([HAIRPIN] * 2, reactivities=[None, None])
    assert [fold.expected_f1 for fold in stream] == [usual, usual]
    assert model.fold(HAIRPIN, reactivities=[None])[0].expected_f1 == usual
    assert model.fold(HAIRPIN, reactivities=[None] * 12)[0].structure == "((((....))))"


def test_a_table_of_reactivities_is_refused(model):
    pandas = pytest.importorskip("pandas")
    column = pandas.DataFrame({"reactivity": [0.5] * 12})
    expected = model.fold(HAIRPIN, reactivities=[0.5] * 12)[0].score
    assert model.fold(HAIRPIN, reactivities=column["reactivity"])[0].score == expected
    for table in [column, pandas.DataFrame([[0.5] * 12])]:
        for given in [table, [table], {"seq1": table}]:
            with pytest.raises(rinalmo.InputError, match="reactivities: found a DataFrame, which is a table\nhint: "):
                model.fold(HAIRPIN, reactivities=given)


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
    assert knotted.score == pytest.approx(knotted.pair_probabilities.mean(), abs=1e-6)
    known = dict(zip(map(tuple, knotted.pairs.tolist()), knotted.pair_probabilities))
    crossing = set(known) - set(map(tuple, nested.pairs.tolist()))
    assert all(known[pair] > 0.5 > knotted.bpp[pair] for pair in crossing), "they are of another ensemble"
    without = model.fold(virus, pseudoknots=True, bpp=False)[0]
    pictures = [fold.draw(color_by="pair-probability").svg for fold in (knotted, without)]
    assert pictures[0] == pictures[1] != knotted.draw(color_by="pair-probability", bpp=knotted.bpp).svg


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
