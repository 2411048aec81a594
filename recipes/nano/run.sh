#!/bin/sh
# From data to the bundled models. DATA is the folder with corpus/, structure/ and mrl/ (data.sha256 lists the files). Everything else is written to the current folder. README.md says how long each step takes.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
S=$DATA/structure

(cd "$DATA" && sha256sum --check --quiet "$HERE/data.sha256")

# 1. Known structures: all except those like TS0 or VL0.
rinalmo corpus structures "$S/TR0.tsv.gz" "$DATA/corpus/bpRNA_1m.tsv.gz" "$S/stralign_nr80.tsv.gz" \
    "$DATA/corpus/rfam14.2_seed.tsv.gz@0.5" --exclude "$S/TS0.tsv.gz" --exclude "$S/VL0.tsv.gz" \
    --max-length 500 --canonical 0.5 --min-pairs 2 -o structures.tsv
zcat "$S/VL0.tsv.gz" | awk 'NR == 1 || NR % 5 == 0' > validation.tsv

# 2. A head in the ensemble of learned energies, on the encoder that was pre-trained on a GPU (README.md, which also says
# beside which energies nano's own was trained).
rinalmo finetune structure --config "$HERE/structure.toml" --data structures.tsv --validation validation.tsv \
    --from nano-mlm --out structure-ensemble
rinalmo finetune structure --config "$HERE/structure.toml" --data structures.tsv --validation validation.tsv \
    --from structure-ensemble --set train.schedule.peak=3e-4 --set train.schedule.warm_up.steps=100 --set train.seed=1 \
    --set data.max_len=500 --set train.schedule.then.cosine.steps=5000 --set train.until.steps=5000 \
    --out structure-ensemble-more

# 3. Calibrated probabilities, decoder, threshold, expected F1: on all of VL0.
rinalmo model calibrate structure-ensemble-more calibrated.safetensors --data "$S/VL0.tsv.gz" --energy-share 0.2 --decode f1 \
    --threshold 0.18 --force

# 4. Small heads with adapters, tested as `benchmark` does, on the same encoder.
rinalmo benchmark family --data "$DATA"/corpus/nrc_*.fasta.gz --from nano-mlm --config "$HERE/family.toml" --out bench-family
rinalmo benchmark mrl --data "$DATA/mrl" --from nano-mlm --config "$HERE/mrl.toml" --out bench-mrl

# 5. Two files, each with its encoder once, in bf16. models/nano and models/nano-mlm have their halves: `split --number 2`.
rinalmo model convert calibrated.safetensors nano.safetensors --name nano --dtype bf16 --license "MIT OR Apache-2.0" --force \
    --provenance "recipes/nano: from nano-mlm, fine-tuned on 60,909 structures, calibrated on VL0"
rinalmo model convert nano-mlm nano-mlm.safetensors --name nano-mlm --dtype bf16 --force \
    --license "MIT OR Apache-2.0" --provenance "recipes/nano: pre-trained on 157 M tokens of 268,167 sequences of structured RNA" \
    --with nano-family=bench-family/family/adapter.safetensors --with nano-mrl=bench-mrl/mrl/adapter.safetensors
