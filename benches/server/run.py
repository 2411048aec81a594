"""Requests a second of `rinalmo serve`, beside the same encoder in plain PyTorch behind FastAPI.

    python benches/server/run.py --program target/release/rinalmo [--rounds 3] [--json FILE]

Asks `/v1/embed` for vectors of random sequences of 100 nt with 1, 32 and 1,000 clients, by `wrk` on the same machine.
Servers run one at a time, in turn, and each answers two seconds of requests before it is measured. The peer
(`peer.py`) is tried in f32 and bf16, request by request and in batches, in one process and in two; the answers of both
servers are compared once. Needs wrk, and in this Python torch, fastapi and uvicorn (`requirements.txt`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS, PORT = "rinalmo serve", 8123

SCRIPT = """
local bodies = {}
for line in io.lines("BODIES") do bodies[#bodies + 1] = line end
local at, failed = 0, 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  at = at % #bodies + 1
  return wrk.format(nil, "/v1/embed", nil, bodies[at])
end
"""


def contestants(program: str) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Servers by name: the command, and what it adds to the environment."""
    serve = [program, "serve", "--port", str(PORT), "--model", "nano-mlm"]
    found = {OURS: (serve, {}), f"{OURS} --dtype int8": ([*serve, "--dtype", "int8"], {})}
    cores = len(os.sched_getaffinity(0))
    for dtype in ("f32", "bf16"):
        for batch in (1, 32):
            for workers in sorted({1, cores}):
                uvicorn = [sys.executable, "-m", "uvicorn", "peer:app", "--app-dir", str(HERE), "--port", str(PORT)]
                uvicorn += ["--log-level", "error", "--workers", str(workers)]
                threads = str(max(1, cores // workers))
                settings = {"PEER_DTYPE": dtype, "PEER_BATCH": str(batch), "PEER_THREADS": threads}
                words = f"PyTorch, {dtype}, {'in batches' if batch > 1 else 'one by one'}, {workers} processes"
                found[words] = (uvicorn, settings | {"OMP_NUM_THREADS": threads})
    return found


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]):
    """A server that answers; it is ended afterwards."""
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(
            command, env=os.environ | environment, stdout=said, stderr=said, start_new_session=True
        )
        try:
            for _ in range(300):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=1).close()
                    break
                if server.poll() is not None:
                    said.seek(0)
                    sys.exit(f"{' '.join(command)} ended: {said.read().decode(errors='replace')}")
                time.sleep(0.1)
            else:
                sys.exit(f"{' '.join(command)} does not answer")
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def vector(sequence: str) -> list[float]:
    """The answer for one sequence."""
    body = json.dumps({"inputs": sequence}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/v1/embed", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)[0]


def load(script: Path, clients: int, seconds: float) -> dict[str, float]:
    """What `wrk` measures: requests a second, p50 and p99 in seconds, and requests without a good answer."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "60s", "--latency", "-s", str(script)]
    text = subprocess.run(
        [*command, f"http://127.0.0.1:{PORT}"], capture_output=True, text=True, check=True
    ).stdout
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}

    def percentile(number: int) -> float:
        value, unit = re.search(rf"{number}%\s+([\d.]+)(us|ms|s|m)\b", text).groups()
        return float(value) * units[unit]

    bad = sum(int(number) for number in re.findall(r"(?:Non-2xx or 3xx responses: |timeout )(\d+)", text))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    return {"rate": rate, "p50": percentile(50), "p99": percentile(99), "bad": bad}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="target/release/rinalmo", help="our program")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32, 1000])
    parser.add_argument("--length", type=int, default=100, help="length of the sequences")
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="contestants whose name has this")
    parser.add_argument("--json", type=Path, help="write every figure into this file")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    everyone = contestants(arguments.program)
    chosen = {name: how for name, how in everyone.items() if arguments.only is None or arguments.only in name}
    figures: dict[tuple[str, int], list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        model, script = Path(folder) / "model", Path(folder) / "load.lua"
        convert = [arguments.program, "model", "convert", "nano-mlm", str(model), "--to", "multimolecule"]
        subprocess.run(convert, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        draw = random.Random(1)
        sequences = ["".join(draw.choices("ACGU", k=arguments.length)) for _ in range(2000)]
        bodies = Path(folder) / "bodies"
        bodies.write_text("".join(json.dumps({"inputs": one}) + "\n" for one in sequences))
        script.write_text(SCRIPT.replace("BODIES", str(bodies)))
        answers: dict[str, list[float]] = {}
        for round in range(arguments.rounds):
            for name, (command, environment) in chosen.items():
                with running(command, environment | {"PEER_MODEL": str(model)}):
                    answers.setdefault(name, vector(sequences[0]))
                    load(script, 32, 2)
                    for clients in arguments.clients:
                        measured = load(script, clients, arguments.seconds)
                        figures.setdefault((name, clients), []).append(measured)
                        print(f"round {round + 1}: {name}, {clients} clients: {measured}", file=sys.stderr)
    report(figures, answers, arguments)


def report(figures, answers, arguments) -> None:
    """The table, and the largest difference of an answer from the first server's."""
    def median(name, clients, what):
        return statistics.median(one[what] for one in figures[name, clients])

    for clients in arguments.clients:
        print(f"\n{clients} clients | requests a second | p50 | p99 | failed\n---|---|---|---|---")
        for name in answers:
            rate, p50, p99 = (median(name, clients, what) for what in ("rate", "p50", "p99"))
            bad = max(one["bad"] for one in figures[name, clients])
            print(f"{name} | {rate:.0f} | {1000 * p50:.1f} ms | {1000 * p99:.1f} ms | {bad}")
        peers = [median(name, clients, "rate") for name in answers if name.startswith("PyTorch")]
        if OURS in answers and peers:
            print(f"ours over the best of PyTorch: {median(OURS, clients, 'rate') / max(peers):.2f} ×")
    reference = next(iter(answers.values()))
    for name, answer in answers.items():
        print(f"{name}: at most {max(abs(a - b) for a, b in zip(answer, reference)):.1e} from the first")
    if arguments.json:
        rows = [{"server": name, "clients": clients, "rounds": rounds} for (name, clients), rounds in figures.items()]
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
