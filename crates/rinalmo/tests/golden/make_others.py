"""Makes `golden/others`: tiny encoders of other papers with random weights, and what their own libraries compute.

    pip install torch==2.11.0 multimolecule==0.2.2
    python make_others.py            # the tiny ones, here
    python make_others.py OUT        # of the published sizes, 560 MB, for RINALMO_OTHER_MODELS=OUT

multimolecule (RNA-FM, SpliceBERT) and transformers (BERT, as SpliceBERT's authors saved it) are run, not read or
copied. Weights are drawn anew, norms and biases too, so that no tensor can be left out unnoticed.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from multimolecule import RnaFmConfig, RnaFmForPreTraining, SpliceBertConfig, SpliceBertForPreTraining
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM

PUBLISHED = len(sys.argv) > 1
OUT = Path(sys.argv[1]) if PUBLISHED else Path(__file__).parent / "others"
SEQUENCES = ["G", "GGGGAAAACCCC", "ACGUNACGUUAGCAUCGGAUCGAUUACGGCAUUCGA", "AGCMUCGA"]  # M: hidden
TINY = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, max_position_embeddings=66)
SPLICE_BERT = dict(
    hidden_size=512, num_hidden_layers=6, num_attention_heads=16, intermediate_size=2048, max_position_embeddings=1026
)
# multimolecule's defaults are the published sizes.
SIZES, SIZES_OF_BERT = ({}, SPLICE_BERT) if PUBLISHED else (TINY, TINY)
# Of random weights and of random biases; deeper models stay near 1 with smaller ones.
SPREAD = (0.05, 0.02) if PUBLISHED else (0.3, 0.2)
LIBRARY = "<pad> <cls> <eos> <unk> <mask> <null> A C G U N R Y S W K M B D H V I X | . * - ?".split()
AUTHORS = "[PAD] [UNK] [CLS] [SEP] [MASK] N A C G T".split()


def tokens(sequence, vocabulary):
    special = {"M": "<mask>", "<": "<cls>", ">": "<eos>"}
    if vocabulary is AUTHORS:
        special = {"M": "[MASK]", "<": "[CLS]", ">": "[SEP]", "U": "T"}
    return torch.tensor([[vocabulary.index(special.get(letter, letter)) for letter in f"<{sequence}>"]])


def make(name, model, vocabulary):
    model = model.eval().float()
    with torch.no_grad():
        for key, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn_like(tensor) * SPREAD[tensor.dim() == 1])
            if key.endswith(("layer_norm.weight", "LayerNorm.weight")):
                tensor.add_(1.0)
        model.tie_weights()
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    arrays = {}
    for number, sequence in enumerate(SEQUENCES):
        with torch.no_grad():
            ids = tokens(sequence, vocabulary)
            out = model(ids)
            encoded = model.base_model(ids).last_hidden_state
        logits = out.logits_lm if "logits_lm" in out else out.logits
        arrays[f"representation.{number}"] = encoded[0].contiguous()
        arrays[f"logits.{number}"] = logits[0].contiguous()
    save_file(arrays, folder / "expected.safetensors")
    config = json.loads((folder / "config.json").read_text())
    print(name, config["model_type"], {key: tuple(value.shape) for key, value in arrays.items()}, file=sys.stderr)


torch.manual_seed(7)
make("rna_fm", RnaFmForPreTraining(RnaFmConfig(**SIZES)), LIBRARY)
make("splice_bert", SpliceBertForPreTraining(SpliceBertConfig(**SIZES)), LIBRARY)
make("bert", BertForMaskedLM(BertConfig(vocab_size=len(AUTHORS), **SIZES_OF_BERT)), AUTHORS)
