"""What was measured, as a Markdown table and as JSON."""

import datetime
import json
import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def facts(args):
    """Date, commit, machine, versions of theirs."""
    packages = ["torch", "multimolecule", "transformers"]
    look = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    told = subprocess.run([args.python, "-c", look, *packages], capture_output=True, text=True, check=True).stdout
    return {**machine(args.threads), **dict(zip(packages, told.split()))}


def machine(threads):
    """Date, commit, machine."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else ""),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.platform(),
    }


def git(*command):
    return subprocess.run(["git", "-C", ROOT, *command], capture_output=True, text=True).stdout.strip()


def processor():
    """Its name, family and model, as Linux tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = fields.get("model name", platform.machine())
    return f"{name}, family {fields.get('cpu family', '?')}, model {fields.get('model', '?')}"


def heading(facts):
    theirs = ("torch", "PyTorch"), ("multimolecule", "multimolecule"), ("transformers", "transformers")
    return where(facts) + " " + ", ".join(f"{name} {facts[key]}" for key, name in theirs) + "."


def where(facts):
    return (
        f"{facts['date']}, commit {facts['commit']} (a + means uncommitted changes). {facts['processor']}; "
        f"{facts['cores']} cores, {facts['threads']} threads, {facts['memory_gib']} GiB."
    )


def table(results):
    """Medians of rounds in turn; ratios above 1 say that ours is faster, or smaller."""
    rows = [
        "| work | precision | ours | PyTorch f32 | PyTorch bf16 | over f32 | over bf16 | peak memory, ours / theirs "
        "| of the ceiling | relative difference |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    texts = []
    for result in results:
        if "text" in result:
            texts.append(f"{result['work']}:\n\n{result['text']}")
            continue
        rivals = [c for c in result["contestants"] if c.side != "rinalmo"]
        theirs = {c.dtype: c for c in sorted(rivals, key=lambda c: -c.median)}  # the fastest of a precision
        for ours in (c for c in result["contestants"] if c.side == "rinalmo"):
            rows.append("| " + " | ".join(cells(result, ours, theirs)) + " |")
    disturbed = any(c.disturbed for result in results for c in result["contestants"])
    if disturbed:
        texts.append("† Something else took over a tenth of a core meanwhile: not a figure to quote, nor its ratios.")
    return "\n".join([*(rows if len(rows) > 2 else []), "", *texts])


def cells(result, ours, theirs):
    f32, bf16 = theirs.get("f32"), theirs.get("bf16")
    rival = bf16 if bf16 and ours.dtype != "f32" else f32
    yield result["work"]
    yield ours.dtype
    for contestant in (ours, f32, bf16):
        yield speed(result, contestant) if contestant else "–"
    for contestant in (f32, bf16):
        yield f"{contestant.median / ours.median:.2f} ×" if contestant else "–"
    yield f"{mebibytes(ours)} / {mebibytes(rival)}"
    ceiling = result.get("ceiling", {}).get(ours.dtype)
    yield f"{result['operations'] / ours.median / ceiling:.0%}" if ceiling else "–"
    difference = ours.facts.get("relative_difference")
    yield f"{difference:.1e}" if difference is not None else "–"


def speed(result, contestant):
    note = (f" ({contestant.note})" if contestant.note else "") + (" †" if contestant.disturbed else "")
    if result["unit"] == "tokens/s":
        return f"{contestant.facts['tokens'] / contestant.median:,.0f} tokens/s{note}"
    return f"{contestant.median:.3g} s{note}"


def mebibytes(contestant):
    return f"{contestant.peak / 2**20:,.0f} MiB" if contestant and contestant.peak else "–"


def save(folder, facts, results):
    """Both files, anew after each result, so that an interrupted run leaves what it has."""
    (folder / "results.md").write_text(f"{heading(facts)}\n\n{table(results)}\n")
    plain = [{**result, "contestants": [c.record() for c in result["contestants"]]} for result in results]
    (folder / "results.json").write_text(json.dumps({"facts": facts, "results": plain}, indent=1, ensure_ascii=False))
