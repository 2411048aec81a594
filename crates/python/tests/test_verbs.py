"""Embeddings, scores, variants, predictions, energies, agreement, drawings, tables."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from conftest import HAIRPIN, ROOT, TRNA, command

import rinalmo
from rinalmo import energy, evaluate, vienna


def test_embeddings_are_those_of_the_command_to_the_bit(model, tmp_path):
    file = tmp_path / "x.fa"
    file.write_text(f">a\n{TRNA}\n>b\n{HAIRPIN}\n")
    output = tmp_path / "x.npz"
    printed = command("embed", "--model", "nano", "--dtype", "f32", "--include", "tokens,mean,cls", "-o", str(output), str(file))
    assert printed.returncode == 0, printed.stderr
    expected = np.load(output)
    mean, cls = model.embed(rinalmo.read(file)), model.embed(rinalmo.read(file), pool="cls")
    assert mean.shape == cls.shape == (2, model.dim) and mean.dtype == np.float32
    tokens = model.embed(rinalmo.read(file), pool=None)
    assert [array.shape for array in tokens] == [(len(TRNA), model.dim), (len(HAIRPIN), model.dim)]
    for row, name in enumerate("ab"):
        assert (mean[row] == expected[f"{name}/mean"]).all()
        assert (cls[row] == expected[f"{name}/cls"]).all()
        assert (tokens[row] == expected[f"{name}/tokens"]).all()


def test_embeddings_come_as_a_stream_with_ids(model):
    found = dict(model.embed_iter({"a": TRNA, "b": HAIRPIN}))
    assert (np.stack(list(found.values())) == model.embed([TRNA, HAIRPIN])).all() and list(found) == ["a", "b"]
    assert next(model.embed_iter(HAIRPIN, pool=None))[1].shape == (12, model.dim)


def test_windows_and_what_is_invalid(model):
    assert model.embed(TRNA, window=40).shape == (1, model.dim)
    assert model.embed([]).shape == (0, model.dim) and model.embed([], pool=None) == []
    for options, message in [
        ({"window": 0}, "window: expected at least 1"),
        ({"overlap": 3}, "there are no windows"),
        ({"window": 10, "overlap": 10}, "cannot overlap by 10 nt"),
        ({"window": 5, "overlap": -1}, "overlap: expected a whole number from 0"),
        ({"pool": "max"}, 'pool: expected "mean", "cls" or None, found "max"'),
        ({"pool": ""}, 'pool: expected "mean", "cls" or None, found ""'),
        ({"pool": "tokens"}, 'pool: expected "mean", "cls" or None, found "tokens"'),
        ({"pool": False}, 'pool: expected "mean", "cls" or None, found bool False'),
    ]:
        with pytest.raises(rinalmo.InputError, match=message):
            model.embed(TRNA, **options)


def test_logits_and_attentions_have_their_shapes(mlm):
    assert mlm.logits(HAIRPIN)[0].shape == (12, 22)
    maps = mlm.attentions(HAIRPIN)[0]
    assert maps.shape[2:] == (14, 14) and maps.sum(axis=-1) == pytest.approx(1, abs=1e-3)


def test_scores_are_those_of_the_command(mlm):
    printed = command("score", "--dtype", "f32", "--format", "json", HAIRPIN)
    assert printed.returncode == 0, printed.stderr
    expected = json.loads(printed.stdout)
    score = mlm.score(HAIRPIN)[0]
    assert np.float32(score["loss"]) == np.float32(expected["loss"])
    assert np.float32(score["perplexity"]) == np.float32(expected["perplexity"])
    assert score["marginal"] == expected["marginal"] == "masked" and score["length"] == 12
    assert score["loss"] == pytest.approx(-score["log_likelihoods"].mean(), abs=1e-5)
    assert score["perplexity"] == pytest.approx(math.exp(score["loss"]))
    assert mlm.score(HAIRPIN, unmasked=True)[0]["loss"] != score["loss"]
    assert [one["id"] for one in mlm.score_iter([HAIRPIN, HAIRPIN])] == ["seq1", "seq2"]


def test_variants_are_those_of_the_command(mlm):
    printed = command("score", "--dtype", "f32", "--format", "json", "--variants", "G1A,c.2G>U", HAIRPIN)
    expected = [json.loads(line) for line in printed.stdout.splitlines()]
    rows = mlm.variants(HAIRPIN, ["G1A", "c.2G>U"])
    assert [row["variant"] for row in rows] == [row["variant"] for row in expected] == ["G1A", "G2U"]
    assert [np.float32(row["llr"]) for row in rows] == [np.float32(row["llr"]) for row in expected]
    by_id = mlm.variants({"a": HAIRPIN, "b": HAIRPIN}, {"b": ["G1A+C12U"]})
    assert [(row["id"], row["variant"]) for row in by_id] == [("b", "G1A+C12U")]
    by_number = mlm.variants({7: HAIRPIN, 8: HAIRPIN}, {7: ["G1A"]})
    assert [(row["id"], row["variant"]) for row in by_number] == [("7", "G1A")]
    of_all = mlm.variants([HAIRPIN] * 3, (f"G{n}A" for n in (1, 2)))
    expected = [(f"seq{n}", f"G{at}A") for n in (1, 2, 3) for at in (1, 2)]
    assert [(row["id"], row["variant"]) for row in of_all] == expected


@pytest.mark.parametrize(
    ("variants", "message"),
    [
        (["A1G"], "position 1 is `G`, not `A`"),
        (["G99A"], "the sequence ends at position 12"),
        (["5del"], "a deletion; only substitutions"),
        (["hello"], "expected base, position, base"),
        ({"x": ["G1A"]}, "no sequence for `x`"),
        ({"seq1": ["G1A"], 3: ["G1A"], "x": []}, "no sequence for `3` and 1 more\nhint: ids are `seq1`"),
        ("G1A", "expected a list of texts"),
        ({"seq1": "G1A"}, "expected a list of texts"),
        ([3], "expected a list of texts, found int 3 in it"),
        (3, "expected a list of texts, found int 3"),
    ],
)
def test_variants_that_cannot_be_scored_are_errors(mlm, variants, message):
    with pytest.raises(rinalmo.InputError, match=message):
        mlm.variants(HAIRPIN, variants)


def test_predictions_are_those_of_the_command():
    family = rinalmo.Model("nano-family", dtype="f32")
    printed = command("predict", "family", "--dtype", "f32", "--format", "json", TRNA)
    expected = json.loads(printed.stdout)
    found = family.predict([("seq1", TRNA)])[0]
    assert found["family"] == expected["family"] == "tRNA"
    assert np.float32(found["probability"]) == np.float32(expected["probability"])
    assert found["outputs"].shape == (13,)
    assert [one["family"] for one in family.predict_iter([TRNA, TRNA])] == ["tRNA", "tRNA"]
    load = rinalmo.Model("nano-mrl", dtype="f32").predict(TRNA[:40])[0]
    printed = command("predict", "mrl", "--dtype", "f32", "--format", "json", TRNA[:40])
    expected = json.loads(printed.stdout)
    column = next(name for name in expected if name not in ("id", "model"))
    assert np.float32(load[column]) == np.float32(expected[column])


def test_padding_is_refused_where_there_is_none():
    with pytest.raises(rinalmo.InputError, match="pad_to: model `nano-family` pads no sequences"):
        rinalmo.Model("nano-family").predict(TRNA, pad_to=100)
    load = rinalmo.Model("nano-mrl")
    assert load.predict(TRNA[:40], pad_to=60)
    with pytest.raises(rinalmo.InputError, match="pad_to: expected at least 3"):
        load.predict(TRNA[:40], pad_to=2)
    with pytest.raises(rinalmo.InputError, match="pad_to: expected a whole number from 0"):
        load.predict(TRNA[:40], pad_to=-1)


def test_a_model_without_the_head_says_what_it_has(model, mlm):
    with pytest.raises(rinalmo.InputError, match="`nano` predicts no labels: its task is structure"):
        model.predict(TRNA)
    with pytest.raises(rinalmo.InputError, match="has no structure head"):
        mlm.fold(TRNA)


def test_energies_are_those_of_the_command(tmp_path):
    for name, temperature in [("turner2004", 37.0), ("turner2004", 50.0), ("rinalmo2026", 37.0)]:
        printed = command("fold", "-m", name, "-T", str(temperature), "--format", "json", TRNA)
        expected = json.loads(printed.stdout)
        fold = energy.fold(TRNA, name, temperature)[0]
        assert fold.structure == expected["structure"]
        assert [round(fold.mfe, 2), round(fold.ensemble_energy, 2)] == [expected["mfe"], expected["ensemble_energy"]]
        assert round(fold.energy, 2) == expected["energy"] and round(fold.diversity, 2) == expected["diversity"]
        assert fold.to_dbn().endswith(f" ({fold.energy:6.2f})\n")


def test_energies_leave_out_lonely_and_far_pairs():
    printed = command("fold", "-m", "turner2004", "--max-span", "30", "--format", "json", TRNA)
    near = energy.fold(TRNA, max_span=30)[0]
    assert near.structure == json.loads(printed.stdout)["structure"]
    assert max(j - i + 1 for i, j in energy.fold(TRNA)[0].pairs.tolist()) > 30
    assert max(j - i + 1 for i, j in near.pairs.tolist()) <= 30 and near.bpp[0, 40:].max() == 0
    lonely = "GGGAAACGAGCAAAGCUCC"
    for fold in energy.fold([lonely, TRNA], no_lonely_pairs=True, decode="mea"):
        pairs = {tuple(pair) for pair in fold.pairs.tolist()}
        assert all({(i + 1, j - 1), (i - 1, j + 1)} & pairs for i, j in pairs)
    long = energy.fold("GGGAAACCCAU" * 1000, max_span=50, bpp=False, max_memory=100 << 20)[0]
    assert long.mfe < 0 and len(long.structure) == 11_000


def test_energies_take_options_and_files(tmp_path):
    mea = energy.fold(TRNA, decode="mea", bpp=False)[0]
    assert mea.energy >= mea.mfe
    assert energy.fold(HAIRPIN, constraint="xxxxxxxxxxxx")[0].mfe == 0
    file = tmp_path / "own.par"
    file.write_text(command("energy", "parameters", "turner2004").stdout)
    assert energy.fold(TRNA, file)[0].mfe == energy.fold(TRNA)[0].mfe
    assert [fold.id for fold in energy.fold_iter([TRNA, HAIRPIN])] == ["seq1", "seq2"]
    for options, message in [
        ({"parameters": "turner1999"}, 'expected "turner2004", "rinalmo2026" or a file'),
        ({"temperature": 999.0}, "expected -100 to 200 °C"),
        ({"dangles": 1}, "dangles: expected 0 or 2"),
        ({"threshold": 0.4}, "a threshold of probability needs the method"),
        ({"parameters": __file__}, "test_verbs.py"),
        ({"max_span": -1}, "max_span: expected a whole number from 0"),
        ({"threads": -1}, "threads: expected 1 to 1024, found -1"),
        ({"dangles": 300}, "dangles: expected 0 to 255, found 300"),
    ]:
        with pytest.raises(rinalmo.InputError, match=message):
            energy.fold(TRNA, **options)


def test_structures_are_evaluated_loop_by_loop():
    found = energy.eval(HAIRPIN, "((((....))))")
    assert found.energy == -5.4 == float(found)
    assert sum(part["energy"] for part in found.loops) == pytest.approx(found.energy)
    assert [part["loop"] for part in found.loops] == ["exterior", "stack", "stack", "stack", "hairpin"]
    assert found.loops[-1]["closing"] == (3, 8) and found.loops[-1]["unpaired"] == 4
    assert energy.eval(TRNA, energy.fold(TRNA)[0]).energy == energy.fold(TRNA)[0].mfe
    with pytest.raises(rinalmo.InputError, match="12 letters, its structure 3 bases"):
        energy.eval(HAIRPIN, "...")
    with pytest.raises(rinalmo.InputError, match="pseudoknots"):
        energy.eval("GGGGAAAACCCCAAAACC", "((..[[..))..]]....")


def test_letters_are_counted_and_read_as_those_of_a_fold():
    structure = "((((....))))"
    with pytest.warns(rinalmo.InputWarning, match="1 letter that is no base is read as N"):
        odd = energy.eval("GGGGΨAAACCCC", structure)
    assert odd.energy == energy.eval("GGGGNAAACCCC", structure).energy and odd.loops[-1]["closing"] == (3, 8)
    assert energy.eval("gggg aaaa cccc", structure).energy == -5.4 == energy.eval(HAIRPIN.encode(), structure).energy
    assert energy.eval("GGGG--AAAACCCC", "((((......))))").energy == -5.4
    with pytest.warns(rinalmo.InputWarning, match="a gap stands where a base would pair: 1"):
        gapped = energy.eval("GGGGAAAA-CCC", structure)
    assert gapped.energy == energy.eval("GGGGAAAACCC", "(((.....)))").energy
    assert energy.eval("GG-GGA&UC-CCC", "((.(((&)).)))").energy == energy.eval("GGGGA&UCCCC", "(((((&)))))").energy
    for wrong, letter in [("GGGG7AAACCCC", "7"), ("GGGG*AAACCCC", r"\*"), ("GGGG@AAACCCC", "@")]:
        for call in (energy.eval, lambda letters, brackets: rinalmo.draw(brackets, letters)):
            with pytest.raises(rinalmo.InputError, match=f"character `{letter}` is not an RNA base"):
                call(wrong, structure)
    with pytest.raises(rinalmo.InputError, match="expected the letters of a sequence, found int 3"):
        energy.eval(3, structure)
    with pytest.warns(rinalmo.InputWarning, match="1 letter that is no base is read as unknown"):
        drawn = rinalmo.draw(structure, "GGGGΨAAACCCC").svg
    assert drawn == rinalmo.draw(structure, "GGGGXAAACCCC").svg and ">X<" in drawn
    assert ">P<" in rinalmo.draw(structure, "GGGGPAAACCCC").svg
    with pytest.raises(rinalmo.InputError, match="has 13 letters, its structure 12 bases"):
        rinalmo.draw(structure, "GGGGPAAACCCCC")


def test_two_strands_fold_together(model):
    duplex = "GGGGA&UCCCC"
    fold = energy.fold(duplex)[0]
    assert (fold.sequence, fold.structure, fold.mfe) == (duplex, "(((((&)))))", -7.7)
    assert (len(fold), fold.nick, fold.bpp.shape, fold.pairs.tolist()[0]) == (10, 5, (10, 10), [0, 9])
    assert fold.binding == pytest.approx(-7.985, abs=1e-3)
    assert fold.to_dbn() == f">seq1\n{duplex}\n(((((&))))) ( -7.70)\n"
    assert fold.to_dict()["binding"] == fold.binding and fold.to_dict()["length"] == 10
    for refused in (fold.to_ct, fold.to_bpseq, lambda: model.fold(duplex)):
        with pytest.raises(rinalmo.InputError, match="strands"):
            refused()
    single = energy.fold(HAIRPIN)[0]
    assert single.nick is None and single.binding is None
    assert energy.fold("AAAA&AAAA")[0].binding == float("inf")
    assert energy.fold(duplex, constraint="x....&.....")[0].structure == ".((((&))))."
    found = energy.eval(duplex, "(((((&)))))")
    assert found.energy == -7.7 == energy.eval(duplex, fold).energy and found.loops[-1]["loop"] == "nick"
    with pytest.raises(rinalmo.InputError, match="same place"):
        energy.eval(duplex, "((((&))))..")
    for letters, brackets in (("GG&CC&", "((&)).&"), ("GGCC&", "(())&"), ("&GGCC", "&(())")):
        with pytest.raises(rinalmo.InputError, match="expected one `&` between letters"):
            energy.eval(letters, brackets)
    assert fold.draw().svg.count("3′") == 2 and fold.draw(reference=fold).svg == fold.draw(reference="(((((&)))))").svg
    with pytest.raises(rinalmo.InputError, match="same place"):
        rinalmo.draw("(((((&)))))", "GGGGAUCCCC")
    assert vienna.cofold(duplex) == ("((((()))))", -7.7)
    assert vienna.eval_structure(duplex, "(((((&)))))") == -7.7


def test_helpers_have_the_shapes_of_viennarna():
    assert vienna.fold(HAIRPIN) == ("((((....))))", -5.4)
    table = vienna.bpp(HAIRPIN)
    assert table.shape == (13, 13) and (np.tril(table) == 0).all()
    assert table[1, 12] == energy.fold(HAIRPIN)[0].bpp[0, 11]
    assert vienna.eval_structure(HAIRPIN, "((((....))))") == -5.4


def test_viennarna_gives_the_same():
    RNA = pytest.importorskip("RNA")
    structure, mfe = RNA.fold(TRNA)
    assert vienna.fold(TRNA) == (structure, pytest.approx(mfe, abs=0.005))
    compound = RNA.fold_compound(TRNA)
    compound.pf()
    assert vienna.bpp(TRNA) == pytest.approx(np.array(compound.bpp()), abs=1e-4)


def test_agreement_counts_exact_and_near_pairs():
    scores = evaluate.structure("((........))", "((((....))))")
    assert (scores["precision"], scores["recall"], scores["predicted_pairs"]) == (1, 0.5, 2)
    near = evaluate.structure(".(........).", "(..........)")
    assert near["f1"] == 0 and near["relaxed_f1"] == 0
    near = evaluate.structure(".(.........)", "(..........)")
    assert near["f1"] == 0 and near["relaxed_f1"] == 1
    assert evaluate.structure("((((....))))", "((((....))))")["mcc"] == 1
    with pytest.raises(rinalmo.InputError, match="12 bases, the reference 3"):
        evaluate.structure("((((....))))", "...")
    with pytest.raises(rinalmo.InputError, match="1 predictions, 2 references"):
        evaluate.structures(["..."], ["...", "..."])
    with pytest.raises(rinalmo.InputError, match="unbalanced bracket"):
        evaluate.structure("(((", "...")


def test_predictions_are_compared_with_files(model):
    known = rinalmo.read_structures(ROOT / "examples/rnas.dbn")
    folds = model.fold((one.id, one.sequence) for one in known)
    scores = evaluate.structures(folds, known)
    assert len(scores) == len(known) and all(0 <= one["relaxed_f1"] <= 1 for one in scores)


def test_drawings_are_shown_and_saved(model, tmp_path):
    fold = model.fold(TRNA)[0]
    drawing = fold.draw()
    assert drawing._repr_svg_() == drawing.svg and drawing.svg.startswith("<svg ")
    assert len(re.findall(r'id="b\d+"', drawing.svg)) == len(TRNA)
    for ending, start in [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]:
        drawing.save(tmp_path / f"x.{ending}")
        assert (tmp_path / f"x.{ending}").read_bytes().startswith(start)
    with pytest.raises(rinalmo.InputError, match="ends in .svg, .png or .pdf"):
        drawing.save(tmp_path / "x.jpg")
    for layout in ["straight", "radial", "arcs", "circular", "dot-plot", "mountain"]:
        assert fold.draw(layout, reference="." * len(TRNA)).svg.startswith("<svg ")
    for color_by in ["letter", "part", "pair-probability", "paired", "confidence", "entropy", "none"]:
        assert fold.draw(color_by=color_by).svg.startswith("<svg ")
    plain = rinalmo.draw(fold.structure, TRNA, values=[None, *range(len(TRNA) - 1)], highlight=[(3, 9)], title="t <1>")
    assert "t &lt;1&gt;" in plain.svg
    turned = fold.draw(turn=[(30, 45), (12, "flip")])
    assert turned.svg != fold.draw().svg
    assert fold.draw(turn=[(30, 45.0), (30, -45.0)]).svg == fold.draw().svg


def test_a_drawing_is_that_of_the_command(model, tmp_path):
    command("fold", "--dtype", "f32", "--draw", str(tmp_path), TRNA)
    assert model.fold(TRNA)[0].draw().svg == (tmp_path / "seq1.svg").read_text()


def test_drawings_refuse_what_does_not_fit(model):
    fold = model.fold(HAIRPIN, bpp=False)[0]
    for options, message in [
        ({"layout": "round"}, 'layout: expected straight, radial, .* found "round"'),
        ({"palette": "jet"}, "palette: expected viridis"),
        ({"color_by": "age"}, "color_by: expected letter"),
        ({"color_by": "entropy"}, "fold with bpp=True"),
        ({"color_by": "value"}, "needs values"),
        ({"values": [1.0]}, "values: expected 12, one for each base, found 1"),
        ({"highlight": [(3, 13)]}, "within 0 to 12"),
        ({"turn": [(12, 30)]}, "turn: expected a position in a stem, from 0"),
        ({"turn": [(1, 30)], "layout": "arcs"}, "turn: needs the layout"),
        ({"reference": "..."}, "the reference has 3 bases"),
        ({"bpp": np.zeros((3, 3), dtype=np.float32)}, r"expected an array \[12, 12\], found \[3, 3\]"),
        ({"bpp": np.zeros(3)}, r"bpp: expected an array \[len, len\], found one of 1 dimensions"),
        ({"bpp": "x"}, "bpp: expected an array of numbers, found str 'x'"),
        ({"numbers": -1}, "numbers: expected a whole number from 0"),
        ({"highlight": [(-1, 3)]}, "highlight: expected a whole number from 0"),
        ({"turn": [(-1, 3)]}, "turn: expected a whole number from 0"),
    ]:
        with pytest.raises(rinalmo.InputError, match=message):
            fold.draw(**options)


def test_results_become_tables(model, mlm):
    pandas = pytest.importorskip("pandas")
    table = rinalmo.to_frame(model.fold([HAIRPIN, TRNA]))
    assert isinstance(table, pandas.DataFrame) and list(table["length"]) == [12, 76]
    assert "mfe" not in table and "mfe" in rinalmo.to_frame(energy.fold(HAIRPIN))
    assert list(rinalmo.to_frame(mlm.variants(HAIRPIN, ["G1A"]))) == ["id", "variant", "llr", "marginal"]


@pytest.mark.parametrize("method", ["umap", "tsne", "pca"])
def test_places_are_those_of_the_command(mlm, tmp_path, method):
    file = ROOT / "examples/rnas.fa"
    records = list(rinalmo.read(file))
    placed = rinalmo.place(mlm.embed(records), method)
    output = tmp_path / "map.tsv"
    words = ["map", str(file), "--model", "nano-mlm", "--dtype", "f32", "--method", method, "-o", str(output)]
    printed = command(*words)
    assert printed.returncode == 0, printed.stderr
    rows = [line.split("\t") for line in output.read_text().splitlines()]
    columns = [rows[0].index(name) for name in "xy"]
    assert [[float(row[column]) for column in columns] for row in rows[1:]] == pytest.approx(placed.places, abs=1e-5)
    assert len(placed.axes) == 2 and 0 < placed.trust <= 1 and placed.neighbours >= 1


def test_places_say_what_is_wrong():
    for vectors, options, message in [
        (np.eye(3), {}, "expected at least 4 vectors, found 3"),
        (np.eye(5), {"perplexity": 2}, "perplexity: umap has no such option, tsne has it"),
        (np.eye(5), {"method": "mds"}, 'method: expected one of "pca", "tsne", "umap"'),
        (np.ones(5), {}, "found one of 1 dimensions"),
        (np.full((5, 2), np.nan), {}, "is not finite"),
        (np.eye(5), {"seed": -1}, "seed: expected a whole number from 0"),
        (np.eye(5), {"neighbours": -1}, "neighbours: expected a whole number from 0"),
    ]:
        with pytest.raises(rinalmo.InputError, match=message):
            rinalmo.place(vectors, **options)
