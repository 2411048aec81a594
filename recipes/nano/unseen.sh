#!/bin/sh
# A model that has seen no structure of ArchiveII's nine families or their relatives, to find out what to expect for unseen
# families. Run it after run.sh, in the same folder. Not bundled.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
S=$DATA/structure

KIN="5S* 5_8S* 16S* 23S* SSU* LSU* SRP* Archaea_SRP Bacteria_large_SRP Bacteria_small_SRP Dictyostelium_SRP Fungi_SRP
Metazoa_SRP Plant_SRP Protozoa_SRP tRNA* Tymo_tRNA-like tmRNA* alpha_tmRNA beta_tmRNA cyano_tmRNA mt-tmRNA RNase* Gl_RNase_MRP
Intron_gp* gpI* Telomerase* Sacc_telomerase TERC"
set -f # rinalmo expands the stars, not the shell
WITHOUT=$(for family in $KIN; do printf -- '--without %s ' "$family"; done)
# shellcheck disable=SC2086
rinalmo corpus structures "$S/stralign_nr80.tsv.gz" "$DATA/corpus/rfam14.2_seed.tsv.gz" --known-families $WITHOUT \
    --exclude "$S/ArchiveII.csv.gz" --exclude "$S/TS0.tsv.gz" --exclude "$S/VL0.tsv.gz" \
    --max-length 500 --canonical 0.5 --min-pairs 2 -o unseen.tsv
set +f

# The design before: logits, with the energies' probabilities among the head's inputs, on a first encoder.
rinalmo corpus build "$DATA"/corpus/*.gz -o corpus.lmdb \
    --exclude "$S/TS0.tsv.gz" --exclude "$S/VL0.tsv.gz" --exclude "$S/ArchiveII.csv.gz"
rinalmo pretrain "$HERE/pretrain.toml" --corpus corpus.lmdb --out pretrained --steps 1000
rinalmo finetune structure --config "$HERE/unseen.toml" --data unseen.tsv --validation validation.tsv --from pretrained --out unseen
rinalmo model calibrate unseen unseen.safetensors --data "$S/VL0.tsv.gz" --force

# The head of the bundled model, in an ensemble of energies that were not learned from structures. (The one in the model
# card was trained without 910 more families of Rfam, those without a sequence in bpRNA-1m.)
rinalmo finetune structure --config "$HERE/structure.toml" --data unseen.tsv --validation validation.tsv --from nano-mlm \
    --set 'data.ensemble="turner2004"' --set data.channels=64 --set train.schedule.then.cosine.steps=4000 --steps 4000 --out unseen-ensemble
rinalmo model calibrate unseen-ensemble unseen-ensemble.safetensors --data "$S/VL0.tsv.gz" --energy-share 0.4 --decode f1 --force

rinalmo evaluate structure --reference "$S/ArchiveII.csv.gz" --family-from prefix --model unseen.safetensors \
    --model unseen-ensemble.safetensors --run rnafold
