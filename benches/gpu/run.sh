#!/usr/bin/env bash
# What a GPU does with `rinalmo`, in minutes: parity with the CPU, speed beside plain PyTorch, and pre-training.
#
#     benches/gpu/run.sh KIT OUT check                              # parity and speed, two to three minutes
#     benches/gpu/run.sh KIT OUT pretrain SECONDS [KEY=VALUE...]    # nano, with a schedule that ends when the time does
#
# KIT is the folder in the archive of `cargo xtask gpu-kit`. `python3` is one with PyTorch, whose libraries the program
# uses. GPU=tch:cpu is a dry run: the same lines with a few tokens on a CPU, without PyTorch's side. Every line appears
# as it is measured, and every command has its own limit of time, so what was measured is never lost.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd) kit=$(realpath "$1") out=$2 what=$3
mkdir -p "$out"; out=$(realpath "$out"); shift 3
site=$(python3 -c 'import sys; print(sys.prefix)')
site=$(ls -d "$site"/lib/python3*/site-packages | head -n 1)
LD_LIBRARY_PATH="$site/torch/lib:$(ls -d "$site"/nvidia/*/lib 2>/dev/null | tr '\n' ':')${LD_LIBRARY_PATH:-}"
export LD_LIBRARY_PATH
rinalmo="$kit/rinalmo" device=${GPU:-tch:cuda}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

dry() { [ "$device" = tch:cpu ]; }
section() { printf '\n== %s (after %s s)\n' "$1" "$SECONDS"; }
within() { timeout "$1" "$rinalmo" -q "${@:2}"; }

# train NAME SECONDS ARGUMENTS...: some steps into $work/NAME
train() {
    local name=$1 limit=$2; shift 2
    dry && set -- "$@" --set data.tokens=1024
    within "$limit" pretrain "$here/nano.toml" --out "$work/$name" --set train.validate=never --set train.save=never \
        --set data.validation_batches=1 "$@" >"$work/log" 2>&1 || { echo "$name failed:"; tail -n 5 "$work/log"; return 1; }
}
speed() { python3 -S "$here/speed.py" "$1" "$work/$2/metrics.jsonl" 10; }
parity() { python3 "$here/parity.py" "$@"; }

check() {
    nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null
    "$rinalmo" --version
    section "twelve steps of pre-training beside the CPU's, 8,192 tokens each"
    local steps=(--corpus "$kit/corpus.lmdb" --set data.tokens=8192 --steps 12)
    train cpu 100 "${steps[@]}" --device cpu --set train.precision=f32
    for precision in f32 bf16; do
        train $precision 60 "${steps[@]}" --device "$device" --set train.precision=$precision &&
            echo "$precision:" && parity losses "$work/cpu/metrics.jsonl" "$work/$precision/metrics.jsonl"
    done
    section "embeddings and structures of 64 sequences beside the CPU's"
    head -n 128 "$kit/fixed.fa" >"$work/some.fa"
    within 60 embed "$work/some.fa" --device cpu --dtype f32 -o "$work/cpu.npz"
    within 60 fold "$work/some.fa" --device cpu --dtype f32 -o "$work/cpu.dbn"
    for dtype in f32 bf16; do
        echo "$dtype:"
        within 60 embed "$work/some.fa" --device "$device" --dtype $dtype -o "$work/$dtype.npz" &&
            parity arrays "$work/cpu.npz" "$work/$dtype.npz"
        within 60 fold "$work/some.fa" --device "$device" --dtype $dtype -o "$work/$dtype.dbn" &&
            parity structures "$work/cpu.dbn" "$work/$dtype.dbn"
    done
    section "training nano on the corpus"
    for precision in bf16 f32; do
        for tokens in 32768 65536; do
            train "$precision-$tokens" 40 --corpus "$kit/corpus.lmdb" --device "$device" --time 8s \
                --set data.tokens=$tokens --set train.precision=$precision && speed "nano, $precision, $tokens" "$precision-$tokens"
        done
    done
    section "training and inference on sequences of 256 tokens, beside PyTorch"
    within 60 corpus build "$kit/fixed.fa" -o "$work/fixed.lmdb" >/dev/null 2>&1
    sized nano 256; sized micro 128; dry || sized giga 32
    for count in 5000 20000; do
        head -n $((2 * count)) "$kit/fixed.fa" >"$work/some.fa"
        begun=$(date +%s%N)
        within 100 embed "$work/some.fa" --device "$device" --dtype bf16 --include mean --batch-tokens 65536 \
            -o "$work/all.npz" --force && echo "embed, bf16, $count sequences: $((($(date +%s%N) - begun) / 1000000)) ms"
        dry && break
    done
    section done
}

# sized SIZE SEQUENCES
sized() {
    train "$1" 40 --corpus "$work/fixed.lmdb" --device "$device" --time 8s --set model.preset="$1" \
        --set data.tokens=$(($2 * 256)) && speed "$1, bf16, $2 x 256" "$1"
    dry && return
    timeout 60 python3 "$here/torch_step.py" "$1" "$2" 256
    [ "$1" = giga ] || timeout 90 python3 "$here/torch_step.py" "$1" "$2" 256 compile
}

pretrain() {
    local seconds=$1 set=(); shift
    for pair in "$@"; do set+=(--set "$pair"); done
    train trial 40 --corpus "$kit/corpus.lmdb" --device "$device" --time 7s "${set[@]}" || return
    # A step has nearly as many tokens as the config says; 96 % leaves time for validations.
    local steps
    steps=$(python3 -S "$here/speed.py" trial "$work/trial/metrics.jsonl" 10 steps "$((seconds * 96 / 100))")
    echo "$steps steps in $seconds s"
    timeout $((seconds + 60)) "$rinalmo" pretrain "$here/nano.toml" --corpus "$kit/corpus.lmdb" --out "$work/run" \
        --device "$device" --time "${seconds}s" --set train.schedule.then.cosine.steps="$steps" "${set[@]}" \
        >"$out/log" 2>&1
    echo "ended with code $?"
    tr '\r' '\n' <"$out/log" | grep -v -P '\t' | tail -n 5
    cp "$work/run/metrics.jsonl" "$work/run/config.toml" "$work/run/model.safetensors" "$out/"
}

"$what" "$@"
