"""Sequences in every form, streams, and files."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from conftest import HAIRPIN, ROOT, TRNA

import rinalmo


class Record:
    """As Biopython's, as far as it matters."""

    def __init__(self, id, seq):
        self.id, self.seq, self.description = id, seq, f"{id} of a test"


@pytest.mark.parametrize(
    ("sequences", "ids"),
    [
        (HAIRPIN, ["seq1"]),
        (HAIRPIN.encode(), ["seq1"]),
        (bytearray(HAIRPIN.encode()), ["seq1"]),
        ([HAIRPIN, HAIRPIN.encode()], ["seq1", "seq2"]),
        ([("a", HAIRPIN), HAIRPIN], ["a", "seq1"]),
        ({"a": HAIRPIN, "b": HAIRPIN.encode()}, ["a", "b"]),
        (Record("r", HAIRPIN), ["r"]),
        ([Record("r", HAIRPIN), ("s", Record("t", HAIRPIN))], ["r", "s"]),
        ([rinalmo.Record("q", "q with words", HAIRPIN)], ["q"]),
        ((HAIRPIN for _ in range(2)), ["seq1", "seq2"]),
        (np.array([HAIRPIN, HAIRPIN]), ["seq1", "seq2"]),
        ((HAIRPIN, HAIRPIN, HAIRPIN), ["seq1", "seq2", "seq3"]),
    ],
)
def test_every_form_of_sequences_is_taken(model, sequences, ids):
    folds = model.fold(sequences, bpp=False)
    assert [fold.id for fold in folds] == ids
    assert {fold.structure for fold in folds} == {"((((....))))"}


def test_headers_are_kept(model):
    assert model.fold(Record("r", HAIRPIN))[0].header == "r of a test"
    assert model.fold(rinalmo.Record("q", "q with words", HAIRPIN))[0].to_dbn().startswith(">q with words\n")


def test_records_of_biopython_are_taken(model):
    seq = pytest.importorskip("Bio.Seq")
    record = pytest.importorskip("Bio.SeqRecord")
    folds = model.fold([record.SeqRecord(seq.Seq(HAIRPIN), id="bio"), seq.Seq(HAIRPIN)])
    assert [(fold.id, fold.structure) for fold in folds] == [("bio", "((((....))))"), ("seq1", "((((....))))")]


@pytest.mark.parametrize("wrong", [3, None, [3], [None], [("a", 3)], [("a", HAIRPIN, "x")]])
def test_what_is_no_sequence_is_an_error(model, wrong):
    with pytest.raises(rinalmo.InputError, match="expected .*sequence"):
        model.fold(wrong)


@pytest.mark.parametrize("other", [TRNA, TRNA.encode(), Record("r", TRNA), rinalmo.Record("q", "q", TRNA)])
def test_a_tuple_that_may_be_a_pair_is_refused(model, other):
    for id in ["tRNA", np.str_("tRNA"), 7, None]:
        with pytest.raises(rinalmo.InputError, match="an id with its sequence or two sequences"):
            model.fold((id, other))


def test_rows_of_a_table_are_records_and_those_without_a_sequence_are_named(model):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": ["a", "b"], "sequence": [HAIRPIN, HAIRPIN]})
    assert [fold.id for fold in model.fold(frame.itertuples())] == ["a", "b"]
    assert [fold.id for fold in model.fold(frame.iterrows())] == ["0", "1"]
    assert [fold.id for fold in model.fold(zip(frame["id"], frame["sequence"]))] == ["a", "b"]
    with pytest.raises(rinalmo.InputError, match='found a DataFrame, which is a table\nhint: zip'):
        model.fold(frame)
    frame = pandas.DataFrame({"id": ["a", "b"], "sequence": [HAIRPIN, None]})
    frame["sequence"] = frame["sequence"].astype(object).where(frame["sequence"].notna(), float("nan"))
    for rows, name in [(frame.itertuples(), "b"), (frame.iterrows(), "1")]:
        with pytest.raises(rinalmo.InputError, match=f"record `{name}`: expected the letters .* in `.sequence`"):
            model.fold(rows)
    for missing in [None, float("nan"), 3]:
        with pytest.raises(rinalmo.InputError, match="record `r`: expected the letters of a sequence in `.seq`, found"):
            model.fold(Record("r", missing))
    with pytest.raises(rinalmo.InputError, match="record 2: expected the letters"):
        model.fold([HAIRPIN, Record(None, 3)])


def test_ids_are_kept_unless_there_is_none(model):
    sequences = [Record(0, HAIRPIN), (0, HAIRPIN), (None, HAIRPIN), Record(None, HAIRPIN), (float("nan"), HAIRPIN)]
    assert [fold.id for fold in model.fold(sequences, bpp=False)] == ["0", "0", "seq1", "seq2", "seq3"]
    assert [fold.id for fold in model.fold({0: HAIRPIN, None: HAIRPIN}, bpp=False)] == ["0", "seq1"]


def test_letters_are_read_as_the_command_reads_them(model):
    with pytest.warns(rinalmo.InputWarning, match="read as N"):
        fold = model.fold("GGGGXAAACCCC")[0]
    assert fold.sequence == "GGGGNAAACCCC"
    with pytest.warns(rinalmo.InputWarning, match="gap"):
        assert model.fold("GGGG--AAAACCCC")[0].sequence == HAIRPIN
    with pytest.raises(rinalmo.InputError, match="sequences:2: record `b`: character `@` is not an RNA base"):
        model.fold([("a", HAIRPIN), ("b", "GGGG@AAACCCC")])
    assert model.fold("ggggaaaacccc")[0].structure == model.fold("GGGG AAAA\nCCCC")[0].structure


def test_a_stream_gives_results_one_batch_after_the_other(model):
    read = 0

    def sequences():
        nonlocal read
        for _ in range(4000):
            read += 1
            yield TRNA

    stream = model.fold_iter(sequences(), bpp=False)
    first = next(stream)
    assert first.id == "seq1" and read < 1000
    assert next(stream).id == "seq2"


def test_a_stream_raises_an_error_after_the_results_before_it(model):
    stream = model.fold_iter([HAIRPIN, "", HAIRPIN])
    assert next(stream).id == "seq1"
    with pytest.raises(rinalmo.InputError, match="record `seq2`: the sequence is empty"):
        next(stream)


def test_a_stream_can_leave_failures_out_with_a_warning(model):
    with pytest.warns(rinalmo.InputWarning) as warned:
        folds = list(model.fold_iter([HAIRPIN, "", "GG@", HAIRPIN], on_error="warn"))
    assert [fold.id for fold in folds] == ["seq1", "seq4"]
    assert [str(one.message)[:25] for one in warned] == ["left out: record `seq2`: ", "left out: sequences:3: re"]
    with pytest.raises(rinalmo.InputError, match='on_error: expected "raise" or "warn"'):
        model.fold_iter([HAIRPIN], on_error="skip")


def test_files_of_every_kind_are_read(tmp_path):
    fasta = b">a first\nGGGG\nAAAA\n>b\nACGU\n"
    (tmp_path / "x.fa").write_bytes(fasta)
    (tmp_path / "x.fa.gz").write_bytes(gzip.compress(fasta))
    (tmp_path / "x.csv").write_text("id,sequence\na,GGGGAAAA\nb,ACGU\n")
    for name in ["x.fa", "x.fa.gz", "x.csv"]:
        records = list(rinalmo.read(tmp_path / name))
        assert [(one.id, one.sequence) for one in records] == [("a", "GGGGAAAA"), ("b", "ACGU")], name
    assert next(rinalmo.read(str(tmp_path / "x.fa"))).header == "a first"
    assert len(list(rinalmo.read(ROOT / "examples/rnas.fa"))) > 3


def test_reading_fails_as_python_programs_expect(tmp_path):
    with pytest.raises(FileNotFoundError):
        rinalmo.read(tmp_path / "missing.fa")
    (tmp_path / "x.fa").write_text(">a\nAC@U\n>b\nACGU\n")
    with pytest.raises(rinalmo.InputError, match=r"x.fa:2: record `a`: character `@`"):
        list(rinalmo.read(tmp_path / "x.fa"))
    with pytest.warns(rinalmo.InputWarning, match="left out: .*record `a`"):
        assert [one.id for one in rinalmo.read(tmp_path / "x.fa", on_error="warn")] == ["b"]
    with pytest.warns(rinalmo.InputWarning, match="read as unknown"):
        assert len(list(rinalmo.read(tmp_path / "x.fa", on_invalid="unk", gaps="keep"))) == 2
    assert [one.id for one in rinalmo.read(tmp_path / "x.fa", on_invalid="skip")] == ["b"]
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.4 no sequences")
    with pytest.raises(rinalmo.InputError):
        list(rinalmo.read(tmp_path / "x.pdf", on_error="warn"))
    with pytest.raises(rinalmo.InputError, match='gaps: expected "drop", "keep" or "error"'):
        rinalmo.read(tmp_path / "x.fa", gaps="none")


def test_structures_are_read(tmp_path):
    found = rinalmo.read_structures(ROOT / "examples/rnas.dbn")
    assert found and all(len(one.structure) == len(one) == len(one.sequence) for one in found)
    (tmp_path / "x.bpseq").write_text("1 G 5\n2 A 0\n3 A 0\n4 A 0\n5 C 1\n")
    one = rinalmo.read_structures(tmp_path / "x.bpseq")[0]
    assert (one.sequence, one.structure, one.pairs.tolist()) == ("GAAAC", "(...)", [[0, 4]])
    with pytest.raises(FileNotFoundError):
        rinalmo.read_structures(tmp_path / "missing.ct")
    (tmp_path / "y.dbn").write_text(">a\nGAAAC\n(..)\n>b\nGAAAC\n(...)\n")
    with pytest.raises(rinalmo.InputError, match="y.dbn"):
        rinalmo.read_structures(tmp_path / "y.dbn")
    with pytest.warns(rinalmo.InputWarning, match="left out"):
        assert [one.id for one in rinalmo.read_structures(tmp_path / "y.dbn", on_error="warn")] == ["b"]
