"""Scores folding programs of PyPI next to a model, on the same sequences, by `rinalmo evaluate structure`.

    python3 benches/folders/run.py --reference known.csv                   # makes .venv first
    python3 benches/folders/run.py --reference known.csv --only squarna vienna-mea --model nano
    python3 benches/folders/run.py --reference known.csv --threads 1 -- --family-from prefix --max-length 500

What stands after `--` is for `rinalmo evaluate structure`. Each program is run on its own, one after the other, so that
times do not disturb each other. See README.md.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARIES = ["vienna-mfe", "vienna-mea", "vienna-centroid"]
LIBRARIES += ["linearpartition-eterna", "linearpartition-vienna", "contrafold-mea"]
WITH_TORCH = ["efold", "mxfold2"]
ENERGIES = ["turner2004", "rinalmo2026"]  # our own energy models, which are no networks


def environment(folder):
    """Makes a virtual environment with the programs, unless it is there and whole."""
    whole = folder / "installed"
    if not whole.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "-r", HERE / "requirements.txt"]
        subprocess.run(pip, check=True)
        whole.touch()
    return folder


def commands(args):
    """The words that each is run by."""
    venv = environment(args.venv).absolute()
    found = {name: [venv / "bin" / "python", HERE / "library.py", name] for name in LIBRARIES}
    found["squarna"] = [venv / "bin" / "SQUARNA", *([f"t={args.threads}"] if args.threads else [])]
    threads = ["--threads", str(args.threads)] if args.threads else []
    for name in ENERGIES:
        found[name] = [args.rinalmo, "fold", "-q", "-m", name, *threads]
    if args.torch_venv:
        torch = args.torch_venv.absolute() / "bin"
        found["efold"] = [torch / "efold"]
        found["mxfold2"] = [torch / "python", "-m", "mxfold2", "predict"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", required=True, type=Path, help="known structures with sequences")
    parser.add_argument("--rinalmo", default="rinalmo", help="the program (default: on the PATH)")
    parser.add_argument("--model", nargs="*", default=[], help="models to score next to them")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run only these")
    parser.add_argument("--threads", type=int, help="threads of models and programs (default: each its own)")
    parser.add_argument("--venv", default=HERE / ".venv", type=Path, help="environment with requirements.txt")
    parser.add_argument("--torch-venv", type=Path, help="environment with efold and mxfold2, which need torch")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("more", nargs="*", help="after `--`: options of `rinalmo evaluate structure`")
    args = parser.parse_args()
    program = shutil.which(args.rinalmo)
    if program is None:
        sys.exit(f"{args.rinalmo} cannot be run; --rinalmo says where the program is")
    args.rinalmo = os.path.abspath(program)
    known = commands(args)
    wanted = args.only or list(known)
    missing = [name for name in wanted if name not in known]
    if any(name in WITH_TORCH for name in missing):
        sys.exit(f"{', '.join(missing)}: --torch-venv says where the environment with these is")
    if missing:
        sys.exit(f"unknown: {', '.join(missing)}; there are {', '.join(known)}")
    words = [args.rinalmo, "evaluate", "structure", "--reference", args.reference]
    for name in wanted:
        words += ["--run", f"{name}={shlex.join(map(str, known[name]))}"]
    for model in args.model:
        words += ["--model", model]
    if args.json:
        words += ["--json", args.json]
    environment_of_all = dict(os.environ)
    if args.threads:
        words += ["--threads", str(args.threads)]
        environment_of_all["OMP_NUM_THREADS"] = str(args.threads)
    sys.exit(subprocess.run([*words, *args.more], env=environment_of_all).returncode)


main()
