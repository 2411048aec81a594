"""Compares `rinalmo corpus build` with the pipeline of tools that would do the same: wall time, memory, size, clusters.

    python3 benches/peers/corpus.py --data ../shared/data --target target

The pipeline: zcat and awk (tables to FASTA), `seqkit seq -m 16 -M 8192`, `seqkit rmdup -s`, `mmseqs easy-linclust
--min-seq-id 0.7 -c 0.8`, then a Python program that writes sequences and clusters to LMDB (corpus_lmdb.py). It needs
Debian's seqkit, mmseqs2 and python3-lmdb. Rounds alternate; results are corpus.md and corpus.json in --output.
"""

import argparse
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import report
from workers import Contestant, alternate, whole_process

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SETS = ["TS0.tsv.gz", "VL0.tsv.gz", "ArchiveII.csv.gz"]

# Their ids become numbers, since files share some; letters that Debian's mmseqs crashes on become N. Both sides take
# U for T and lower case for upper case (`seqkit seq --rna2dna` does not where the first record is DNA).
PIPELINE = r"""
set -euo pipefail
fasta() { for file in "$@"; do case "$file" in
  *.tsv.gz) zcat "$file" | awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "seq") at = i; next } { print ">" NR; print $at }' ;;
  *) zcat "$file" ;;
esac; done; }
fasta "${inputs[@]}" \
  | sed '/^>/!y/uU/tT/' \
  | seqkit seq --upper-case --min-len 16 --max-len 8192 --line-width 0 --threads "$threads" \
  | seqkit rmdup --by-seq --line-width 0 --threads "$threads" 2> rmdup.log \
  | awk '/^>/ { print ">" n++; next } { gsub(/[^ACGTN]/, "N"); print }' > clean.fa
mmseqs easy-linclust clean.fa out tmp --min-seq-id 0.7 -c 0.8 --threads "$threads" -v 1 > mmseqs.log
rm -r tmp out_all_seqs.fasta out_rep_seq.fasta
"$python" "$writer" clean.fa out_cluster.tsv corpus.lmdb
"""


def main():
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    args.output.mkdir(parents=True, exist_ok=True)
    if not args.no_build:
        build = ["cargo", "build", "--release", "--manifest-path", ROOT / "Cargo.toml", "-p", "rinalmo-cli"]
        subprocess.run(build, check=True)
    inputs = sorted((args.data / "corpus").glob("*.gz"))
    sets = [args.data / "structure" / name for name in SETS]
    missing = [path for path in sets if not path.exists()]
    if not inputs or missing:
        sys.exit(f"{args.data}: no corpus/*.gz, or no {', '.join(map(str, missing)) or 'sets'}\nhint: see --data")
    excluding = [flag for path in sets for flag in ("--exclude", path)]
    contestants = [
        ours(args, "builtin", inputs, []),
        ours(args, "builtin, three sets excluded", inputs, excluding),
        ours(args, "mmseqs", inputs, ["--engine", "mmseqs"]),
        theirs(args, inputs),
    ]
    alternate(contestants, args.rounds, warm=False)
    facts = {**report.machine(args.threads), "versions": versions(args.python)}
    text = "\n\n".join([report.where(facts) + " " + facts["versions"] + ".", table(contestants)])
    print(text)
    (args.output / "corpus.md").write_text(text + "\n")
    records = [contestant.record() for contestant in contestants]
    (args.output / "corpus.json").write_text(json.dumps({"facts": facts, "contestants": records}, indent=1))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with corpus/*.gz and structure/")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", default="/usr/bin/python3", help="a Python that has lmdb")
    parser.add_argument("--work", type=Path, default=HERE / ".work" / "corpus", help="where stores go")
    parser.add_argument("--output", type=Path, default=HERE / ".work", help="where results go")
    parser.add_argument("--target", type=Path, default=ROOT / "target", help="cargo's target folder")
    parser.add_argument("--no-build", action="store_true", help="take the program that --target holds")
    args = parser.parse_args()
    args.data, args.work = args.data.resolve(), args.work.resolve()
    args.program = args.target.resolve() / "release" / "rinalmo"
    return args


def ours(args, note, inputs, flags):
    store, told = args.work / "ours.lmdb", args.work / "ours.json"

    def run():
        store.unlink(missing_ok=True)
        command = [args.program, "-q", "-j", str(args.threads), "corpus", "build", *inputs, "-o", store]
        took = measured([*command, "--report", told, *flags], args.threads)
        found = json.loads(told.read_text())
        stages = {stage["stage"]: round(stage["seconds"], 2) for stage in found["stages"]}
        clusters = found["clusters"]
        return {
            **took,
            "bytes": store.stat().st_size,
            "sequences": clusters["sequences"],
            "clusters": clusters["clusters"],
            "stages": stages,
        }

    return Contestant("rinalmo", "", run, note)


def theirs(args, inputs):
    folder = args.work / "theirs"

    def run():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        names = " ".join(f"'{path}'" for path in inputs)
        settings = f"cd '{folder}'; inputs=({names}); threads={args.threads}; "
        settings += f"python='{args.python}'; writer='{HERE / 'corpus_lmdb.py'}'"
        took = measured(["bash", "-c", settings + PIPELINE], args.threads)
        members = (folder / "out_cluster.tsv").read_text().splitlines()
        clusters = len({line.partition("\t")[0] for line in members})
        size = (folder / "corpus.lmdb").stat().st_size
        return {**took, "bytes": size, "sequences": len(members), "clusters": clusters}

    return Contestant("pipeline", "", run, "seqkit, mmseqs, python-lmdb")


def measured(command, threads):
    """A whole process; its peak is that of it and all its children at one moment, looked at every 20 ms."""
    peak, stop = [0], threading.Event()

    def look():
        while not stop.wait(0.02):
            peak[0] = max(peak[0], sum(map(resident, descendants(Path("/proc/self")))))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        took = whole_process(command, threads)
    finally:
        stop.set()
        thread.join()
    took["largest_process"] = took["peak"]
    took["peak"] = max(took["peak"], peak[0])
    return took


def descendants(process):
    """The children of a process, theirs, and so on."""
    try:
        tasks = list((process / "task").iterdir())
    except OSError:
        return
    for child in " ".join(read(task / "children") for task in tasks).split():
        yield Path("/proc") / child
        yield from descendants(Path("/proc") / child)


def resident(process):
    """Bytes of memory that a process holds, files it maps included."""
    lines = (line for line in read(process / "status").splitlines() if line.startswith("VmRSS:"))
    return next((int(line.split()[1]) * 1024 for line in lines), 0)


def read(path):
    """Of a process that may be gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


def versions(python):
    def say(*command):
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    lmdb = say(python, "-c", "import lmdb; print(lmdb.__version__)")
    return f"seqkit {say('seqkit', 'version').removeprefix('seqkit v')}, mmseqs {say('mmseqs', 'version')}, python-lmdb {lmdb}"


def table(contestants):
    rival = contestants[-1]
    rows = [
        "| | median s | fastest s | times as fast as the pipeline | peak memory MiB | store MiB | sequences | clusters |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for found in contestants:
        facts = found.facts
        mark = "†" if found.disturbed else ""
        rows.append(
            f"| {found.side} ({found.note}) | {found.median:.1f}{mark} | {min(found.seconds):.1f} "
            f"| {rival.median / found.median:.2f} | {found.peak / 2**20:.0f} | {facts['bytes'] / 2**20:.1f} "
            f"| {facts['sequences']:,} | {facts['clusters']:,} |"
        )
    if any(found.disturbed for found in contestants):
        rows += ["", "† Something else took over a tenth of a core meanwhile: not a figure to quote."]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
