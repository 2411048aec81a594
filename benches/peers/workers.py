"""Worker processes of both sides, and rounds that alternate between them."""

import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path


class Worker:
    """A process that answers one JSON line with another."""

    def __init__(self, command, threads):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )

    def ask(self, **job):
        """The answer, or RuntimeError with what went wrong."""
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"the worker ended with {self.process.wait()}"}
        if "error" in answer:
            raise RuntimeError(f"{job}: {answer['error']}")
        return answer

    def processor_seconds(self):
        """What the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


class Contestant:
    """One way to do a piece of work: who, in which precision, how; and what it took, round by round."""

    def __init__(self, side, dtype, run, note="", worker=None):
        self.side, self.dtype, self.run, self.note, self.worker = side, dtype, run, note, worker
        self.seconds, self.elsewhere, self.peak, self.facts = [], [], 0, {}

    def round(self, keep=True):
        before = [machine_seconds(), self.own_seconds(), time.perf_counter()]
        answer = self.run()
        after = [machine_seconds(), self.own_seconds(), time.perf_counter()]
        machine, own, wall = (b - a for a, b in zip(before, after))
        own += answer.pop("processor_seconds", 0)
        self.peak = max(self.peak, answer.pop("peak", 0))
        seconds = answer.pop("seconds")
        self.facts.update(answer)
        if keep:
            self.seconds.append(seconds)
            self.elsewhere.append(max(machine - own, 0) / wall)
        return seconds

    def own_seconds(self):
        return self.worker.processor_seconds() if self.worker else 0.0

    @classmethod
    def at(cls, worker, job, side, dtype, note=""):
        """One that a worker runs as a job."""
        return cls(side, dtype, lambda: worker.ask(**job), note, worker)

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def disturbed(self):
        """Did something else take over a tenth of a core in the middle round?"""
        return statistics.median(self.elsewhere) > 0.1

    def record(self):
        return {
            "side": self.side,
            "dtype": self.dtype,
            "note": self.note,
            "seconds": self.seconds,
            "median": self.median,
            "cores_taken_elsewhere": self.elsewhere,
            "peak_bytes": self.peak,
            **self.facts,
        }


def alternate(contestants, rounds, warm=True):
    """Everyone's round in turn, several times; the first is not counted."""
    for count in range(-1 if warm else 0, rounds):
        for contestant in contestants:
            contestant.round(keep=count >= 0)
            time.sleep(0.2)  # until the other side's threads have stopped looking for work


def whole_process(command, threads, output=subprocess.DEVNULL):
    """Seconds and peak memory of a command from start to end."""
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, env=environment)
    errors = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {status}\n{errors[-2000:]}")
    processor = usage.ru_utime + usage.ru_stime
    return {"seconds": seconds, "peak": usage.ru_maxrss * 1024, "processor_seconds": processor}


def sequences(count, length, seed):
    """Random RNA; the same rule as in our worker, so that both sides read the same letters."""
    state, out = seed, []
    for _ in range(count):
        letters = []
        for _ in range(length):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            letters.append("ACGU"[state >> 62])
        out.append("".join(letters))
    return out


def machine_seconds():
    """Processor time that everything on this machine has used, and that its host took away, so far."""
    user, nice, system, _, _, interrupts, soft, stolen = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def divan_medians(text):
    """Seconds by name, from the tree that a divan bench prints: fastest, slowest, median, mean."""
    units = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
    medians, parent = {}, ""
    for line in text.splitlines():
        found = re.search(r"[├╰]─ (\S+)", line)
        if not found:
            continue
        nested = line.startswith(("│", " "))
        name = f"{parent} {found[1]}" if nested else found[1]
        parent = parent if nested else found[1]
        times = re.findall(r"([\d.]+) (ns|µs|ms|s)\b", line)
        if len(times) >= 3:
            medians[name] = float(times[2][0]) * units[times[2][1]]
    return medians
