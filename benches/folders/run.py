"""Scores folding programs of PyPI next to a model, on the same sequences, by `rinalmo evaluate structure`.

    python3 benches/folders/run.py --reference known.csv                   # makes .venv first
    python3 benches/folders/run.py --reference known.csv --only squarna vienna-mea --model nano

Each is run on its own, one after the other, so that times do not disturb each other. See README.md.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARIES = ["vienna-mfe", "vienna-mea", "vienna-centroid"]
LIBRARIES += ["linearpartition-eterna", "linearpartition-vienna", "contrafold-mea"]


def environment(folder):
    """Makes a virtual environment with the programs, unless it is there."""
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "-r", HERE / "requirements.txt"]
        subprocess.run(pip, check=True)
    return folder


def commands(venv, torch):
    """What `--run` takes for each."""
    python = venv / "bin" / "python"
    found = {name: f"{name}={python} {HERE / 'library.py'} {name}" for name in LIBRARIES}
    found["squarna"] = f"squarna={venv / 'bin' / 'SQUARNA'}"
    if torch:
        found["efold"] = f"efold={torch / 'bin' / 'efold'}"
        found["mxfold2"] = f"mxfold2={torch / 'bin' / 'python'} -m mxfold2 predict"
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", required=True, type=Path, help="known structures with sequences")
    parser.add_argument("--rinalmo", default="rinalmo", help="the program (default: on the PATH)")
    parser.add_argument("--model", nargs="*", default=[], help="models to score next to them")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run only these")
    parser.add_argument("--venv", default=HERE / ".venv", type=Path, help="environment with requirements.txt")
    parser.add_argument("--torch-venv", type=Path, help="environment with efold and mxfold2, which need torch")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    args = parser.parse_args()
    known = commands(environment(args.venv).absolute(), args.torch_venv and args.torch_venv.absolute())
    wanted = args.only or list(known)
    missing = [name for name in wanted if name not in known]
    if missing:
        sys.exit(f"unknown: {', '.join(missing)}; there are {', '.join(known)}")
    words = [args.rinalmo, "evaluate", "structure", "--reference", args.reference]
    for name in wanted:
        words += ["--run", known[name]]
    for model in args.model:
        words += ["--model", model]
    if args.json:
        words += ["--json", args.json]
    sys.exit(subprocess.run(words).returncode)


main()
