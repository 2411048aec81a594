#!/usr/bin/env bash
# Tokens a second of one process with two threads and of two processes with one each, in turn.
#
#     benches/mpi.sh PROGRAM CORPUS [ROUNDS] [STEPS]
#
# PROGRAM is a release build with feature `mpi`. Nano, the same tokens a step on both sides: two batches of 4096, which
# one process accumulates and two have one of each; the first ten steps of each run are not counted. Medians of steps.
set -euo pipefail

program=$(realpath "$1") corpus=$(realpath "$2") rounds=${3:-3} steps=${4:-40}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
configs=$(realpath "$(dirname "$0")/../crates/runs/configs")

# speed NAME COMMAND...: runs it, and prints the median of tokens a second and of tokens a step
speed() {
    local name=$1 out="$folder/run"
    shift
    rm -rf "$out"
    "$@" -q pretrain "$configs/nano.toml" --corpus "$corpus" --out "$out" --steps "$steps" \
        --set data.sequences= --set data.tokens=4096 --set train.validate=never --set train.save=never \
        --set data.validation_batches=1 "${extra[@]}" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
    python3 - "$name" "$out/metrics.jsonl" <<'PYTHON'
import json, statistics, sys

steps = [line for line in map(json.loads, open(sys.argv[2])) if line["kind"] == "step"][10:]
speed = statistics.median(step["tokens"] / step["seconds"] for step in steps)
print(f"{sys.argv[1]:<28} {speed:>9.0f} tokens/s, {statistics.mean(s['tokens'] for s in steps):.0f} tokens a step", flush=True)
PYTHON
}

mpi=(mpirun --allow-run-as-root --oversubscribe)
for ((round = 1; round <= rounds; round++)); do
    extra=(--set train.accumulate=2 -j 2)
    speed "1 process, 2 threads" "$program"
    extra=(--set train.accumulate=1 -j 1)
    speed "2 processes, 1 thread each" "${mpi[@]}" -n 2 "$program"
    extra=(--set train.accumulate=2 -j 1)
    speed "1 process, 1 thread" "$program"
done
