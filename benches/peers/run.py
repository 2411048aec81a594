"""Compares rinalmo with PyTorch and multimolecule on this machine's CPU: the same work in turn, as ratios.

    python3 benches/peers/run.py --data ../shared/data/structure            # everything, about an hour
    python3 benches/peers/run.py --only encoder --quick

Needs Python 3.11 or newer and cargo; everything else goes into an environment of its own. Results: results.md and
results.json in --output.
"""

import argparse
import subprocess
import sys
import venv
from pathlib import Path

import report
import shows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def main():
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    args.output.mkdir(parents=True, exist_ok=True)
    args.python = environment(args.venv)
    if not args.no_build:
        build()
    facts = report.facts(args)
    print(report.heading(facts), flush=True)
    results = []
    for name in args.only or shows.SHOWS:
        try:
            for result in shows.SHOWS[name](args):
                results.append({"show": name, **result})
                print(report.table([results[-1]]), flush=True)
                report.save(args.output, facts, results)
        except (RuntimeError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
    print(f"{args.output}/results.md", file=sys.stderr)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=shows.SHOWS, help="one comparison; may be repeated")
    parser.add_argument("--quick", action="store_true", help="two rounds, no giga, a twentieth of ArchiveII")
    parser.add_argument("--rounds", type=int, help="rounds a comparison [default: 5; 2 where one takes minutes]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=Path, help="folder with ArchiveII.csv.gz and TS0.tsv.gz")
    parser.add_argument("--model", default="nano-preview", help="a model that folds, for the accuracy of bf16 and int8")
    parser.add_argument("--venv", type=Path, default=HERE / ".venv", help="Python environment, made if missing")
    parser.add_argument("--work", type=Path, default=HERE / ".work", help="where random models go (4 GB)")
    parser.add_argument("--output", type=Path, default=HERE / ".work", help="where results go")
    parser.add_argument("--target", type=Path, default=ROOT / "target", help="cargo's target folder")
    parser.add_argument("--no-build", action="store_true", help="take the programs that --target holds")
    parser.add_argument("--only-size", action="append", help="of the encoder comparison, only this size")
    parser.add_argument("--fold-every", type=int, default=1, help="fold only every so manyth record of ArchiveII")
    parser.add_argument("--vienna", type=Path, help="Python with ViennaRNA's bindings, for the growth of folding")
    args = parser.parse_args()
    args.bin = args.target / "release"
    return args


def environment(folder):
    """The environment's Python; made, and filled from PyPI, if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
    return python


def build():
    cargo = ["cargo", "build", "--release", "--manifest-path", ROOT / "Cargo.toml"]
    examples = ["--example", "workload", "--example", "dtype_accuracy"]
    subprocess.run([*cargo, "-p", "rinalmo", *examples], check=True)
    subprocess.run([*cargo, "-p", "rinalmo-cli"], check=True)


if __name__ == "__main__":
    main()
